"""Whether a monitor keeps its word, and how soon it finds what it should: many seeded streams.

Each line is a claim about a mean over the runs: kept when it holds within three standard errors.
`ever/..` and `fdr/..` are those of bench.evidence.simulate_verdicts.
`false/..`: updates until the first false alarm, cut off at five times the promise, which only
lowers the mean; at least the promise. `found/..`: updates until a shift is found; at most what is
asked of it.
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial

import numpy as np
import numpy.typing as npt

import kedge
from bench.evidence.simulate_verdicts import ALPHA, DRAWS, listed_share

__all__ = ["run_all"]

Values = npt.NDArray[np.float64]
Draw = Callable[[np.random.Generator, int], Values]

_LONGEST = 5  # promises

SHAPES: Mapping[str, Draw] = {
    "normal": lambda rng, n: rng.normal(size=n),
    "heavy": lambda rng, n: rng.standard_cauchy(n),
    "ties": lambda rng, n: rng.integers(0, 4, n).astype(float),
    "atoms": lambda rng, n: np.where(rng.random(n) < 0.6, 0.0, rng.lognormal(size=n)),
    "counts": lambda rng, n: rng.poisson(2, n).astype(float),
}


@dataclass(frozen=True)
class Claim:
    """A claim and what was measured."""

    work: str
    claim: str
    mean: float
    error: float
    bound: float
    runs: int

    @property
    def is_kept(self) -> bool:
        """Within three standard errors."""
        if self.claim == "at least":
            return self.mean + 3 * self.error >= self.bound
        return self.mean - 3 * self.error <= self.bound


def _first_alarm(monitor: kedge.Monitor, draw: Callable[[], dict[str, Values]], most: int) -> int:
    for look in range(1, most + 1):
        if monitor.update(draw()):
            return look
    return most


def _claim(work: str, claim: str, times: Sequence[float], bound: float) -> Claim:
    error = float(np.std(times)) / math.sqrt(len(times))
    return Claim(work, claim, float(np.mean(times)), error, bound, len(times))


def false_alarms(shape: str, rows: int, columns: int, reference_rows: int, runs: int) -> Claim:
    """Nothing changes, and min_effect is 0."""
    rng = np.random.default_rng([7, rows, columns, *shape.encode()])
    promise = 100
    names = [f"c{i}" for i in range(columns)]

    def table(count: int) -> dict[str, Values]:
        return {name: SHAPES[shape](rng, count) for name in names}

    times = []
    for _ in range(runs):
        reference = kedge.profile(table(reference_rows), cells=256)
        monitor = kedge.Monitor(reference, min_effect=0.0, false_alarms=1 / promise)
        times.append(_first_alarm(monitor, lambda: table(rows), _LONGEST * promise))
    return _claim(f"false/{shape} {rows} rows x {columns}", "at least", times, promise)


def boundary(rows: int, runs: int) -> Claim:
    """The chance of one value is exactly as far from the reference as is allowed."""
    rng = np.random.default_rng([8, rows])
    promise, min_effect, reference_rows = 100, 0.03, 100_000
    reference = kedge.profile({"x": (rng.random(reference_rows) >= 0.5).astype(float)})
    times = []
    for _ in range(runs):
        monitor = kedge.Monitor(reference, min_effect=min_effect, false_alarms=1 / promise)
        tolerance = monitor.plan(shifts=[0.2])["x"].tolerance
        zeros = 1 - reference.histogram("x").mean + tolerance

        def draw(zeros: float = zeros) -> dict[str, Values]:
            return {"x": (rng.random(rows) >= zeros).astype(float)}

        times.append(_first_alarm(monitor, draw, _LONGEST * promise))
    return _claim(f"false/boundary {rows} rows", "at least", times, promise)


def found(shift: float, rows: int, min_effect: float, most: float, runs: int) -> Claim:
    """A normal column moves; a false alarm in 1000 updates was promised."""
    rng = np.random.default_rng([9, rows, int(100 * shift), int(1000 * min_effect)])
    reference = kedge.profile({"x": rng.normal(size=1_000_000)})
    times = []
    for _ in range(runs):
        monitor = kedge.Monitor(reference, min_effect=min_effect, false_alarms=1 / 1000)
        draw = lambda: {"x": rng.normal(shift, 1, rows)}
        times.append(_first_alarm(monitor, draw, 500))
    return _claim(f"found/{shift} sigma {rows} rows, {min_effect}", "at most", times, most)


def ever_wrong(name: str, runs: int) -> Claim:
    """The share of streams in which something false is shown."""
    rng = np.random.default_rng([10, *name.encode()])
    shown = [DRAWS[name](rng) for _ in range(runs)]
    # The error is that of the promise: none in all runs is not certain either.
    error = math.sqrt(ALPHA * (1 - ALPHA) / runs)
    return Claim(f"ever/{name}", "at most", float(np.mean(shown)), error, ALPHA, runs)


def false_share(runs: int) -> Claim:
    """Of what a list tells."""
    rng = np.random.default_rng(11)
    fdr = 0.2
    shares = [listed_share(rng, fdr) for _ in range(runs)]
    return _claim("fdr/30 correlated columns", "at most", shares, fdr)


def claims(runs: int) -> list[tuple[str, Callable[[], Claim]]]:
    """All of them, by name."""
    few = max(10, runs // 10)
    works: list[tuple[str, Callable[[], Claim]]] = [
        (f"false/{shape}", partial(false_alarms, shape, rows, columns, 2000, count))
        for shape in SHAPES
        for rows, columns, count in ((1, 1, runs), (200, 1, runs), (200, 10, few))
    ]
    works.append(("false/normal", partial(false_alarms, "normal", 50, 200, 2000, few // 2)))
    works += [("false/boundary", partial(boundary, rows, runs)) for rows in (1, 20, 200)]
    works += [
        ("found/", partial(found, shift, rows, min_effect, most, runs))
        for shift, rows, min_effect, most in (
            (0.1, 200, 0.0, 10),
            (0.1, 2000, 0.0, 1.75),
            (0.2, 200, 0.0, 3.4),
            (0.2, 2000, 0.0, 1),
            (0.2, 200, 0.02, 8),
            (0.2, 2000, 0.02, 1),
        )
    ]
    works += [(f"ever/{name}", partial(ever_wrong, name, 5 * runs)) for name in DRAWS]
    works.append(("fdr/", partial(false_share, runs)))
    return works


def run_all(parts: Sequence[str], runs: int, as_json: bool) -> int:
    """Simulate and print; the exit code is 1 when a promise is broken.

    What is found later than asked is said, and is no broken promise.
    """
    broken = False
    for name, simulate in claims(runs):
        if not any(part in name for part in parts):
            continue
        claim = simulate()
        broken |= not claim.is_kept and not name.startswith("found/")
        if as_json:
            print(json.dumps(asdict(claim) | {"kept": claim.is_kept}), flush=True)
            continue
        print(
            f"{claim.work:36} {claim.mean:8.2f} +- {claim.error:<6.2f}"
            f" {claim.claim} {claim.bound:g}: {'kept' if claim.is_kept else 'NOT KEPT'}"
            f" ({claim.runs} runs)",
            flush=True,
        )
    if broken:
        print("a promise is broken", file=sys.stderr)
    return int(broken)
