"""How often a verdict is ever wrong, with the truth where it is hardest: many seeded streams.

`ever/..`: the share of the runs in which something false is shown, at one of many looks; at most
the promise. `fdr/..`: the share of the columns told that are false; at most what was asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

import numpy as np
import numpy.typing as npt

import kedge

__all__ = ["DRAWS", "listed_share"]

Draw = Callable[[np.random.Generator], bool]
ALPHA = 0.1
_LOOKS = 40


def fairness(rng: np.random.Generator, wrong: str) -> bool:
    """The rates of two groups are at the very minimum of their ratio, 0.8."""
    counted = kedge.Fairness(decision="d", group="g", groups=["a", "b"], alpha=ALPHA)
    groups = np.repeat(["a", "b"], 100)
    rates = np.repeat([0.4, 0.5], 100)
    for _ in range(_LOOKS):
        counted.update({"d": rng.random(200) < rates, "g": groups})
        if counted.result().selection.verdict == wrong:
            return True
    return False


def calibration(rng: np.random.Generator) -> bool:
    """Scores that are probabilities, of values that drift."""
    counted = kedge.Calibration(score="p", target="y", alpha=ALPHA)
    for look in range(_LOOKS):
        p = rng.beta(1 + look / 10, 3, 100)
        counted.update({"p": p, "y": (rng.random(100) < p).astype(float)})
    return counted.result().verdict == "miscalibration shown"  # of the most evidence there was


def canary(rng: np.random.Generator) -> bool:
    """Equal error rates: a rollback is wrong."""
    test = kedge.Canary(arm="arm", error="error", alpha=ALPHA)
    for _ in range(_LOOKS):
        arms = (rng.random(500) < 0.1).astype(float)
        test.update({"arm": arms, "error": (rng.random(500) < 0.03).astype(float)})
    return test.decision().verdict == "no"


def shadow(rng: np.random.Generator, wrong: str) -> bool:
    """The candidate's loss is larger by exactly what is allowed."""
    test = kedge.Shadow(live="old", candidate="new", bound=1, delta=0.05, alpha=ALPHA)
    for _ in range(_LOOKS):
        old = rng.random(100) * 0.9
        new = old + np.where(rng.random(100) < 0.5, 0.1, 0.0)
        test.update({"old": old, "new": new})
        if test.decision().verdict == wrong:
            return True
    return False


DRAWS: Mapping[str, Draw] = {
    "fairness, violation": partial(fairness, wrong="violation shown"),
    "fairness, compliance": partial(fairness, wrong="compliance shown"),
    "calibration": calibration,
    "canary, rollback": canary,
    "shadow, yes": partial(shadow, wrong="yes"),
}


def listed_share(rng: np.random.Generator, fdr: float) -> float:
    """Of a list of correlated columns, of which six of thirty move, what is false."""
    columns, real = 30, 6

    def table(rows: int, shift: float) -> dict[str, npt.NDArray[np.float64]]:
        common = rng.normal(size=rows)
        return {
            f"c{i}": 0.7 * common + 0.7 * rng.normal(size=rows) + shift * (i < real)
            for i in range(columns)
        }

    monitor = kedge.Monitor(kedge.profile(table(2000, 0), cells=64), min_effect=0.0, fdr=fdr)
    told = [int(alarm.column[1:]) for _ in range(20) for alarm in monitor.update(table(300, 0.4))]
    return sum(i >= real for i in told) / max(1, len(told))
