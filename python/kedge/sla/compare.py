"""Whether one run was slower than another: by quantiles, in pairs where they took turns."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any

import numpy as np

from kedge.sla.calls import Calls
from kedge.sla.interval import LEAST_BLOCKS, Interval, student
from kedge.sla.verdict import APART, ratio_interval

__all__ = ["QUANTILES", "Difference", "differences"]

QUANTILES = (0.5, 0.9, 0.99, 0.999)
_LEAST_CALLS = 10  # beyond a quantile, in a block: fewer say nothing of it
_BLOCKS = 20


@dataclass(frozen=True)
class Difference:
    """One quantile of two runs.

    Attributes:
        quantile: which.
        ratio: of the second to the first.
        interval: of that ratio.
        verdict: what the second one is: "slower", "faster" or "not known".
    """

    quantile: float
    ratio: float
    interval: Interval
    verdict: str

    def to_dict(self) -> dict[str, Any]:
        """As plain data."""
        numbers = {"ratio": self.ratio, "low": self.interval.low, "high": self.interval.high}
        finite = {name: x if math.isfinite(x) else None for name, x in numbers.items()}
        return {"quantile": self.quantile, **finite, "verdict": self.verdict}


def differences(
    first: Sequence[Calls], second: Sequence[Calls], *, paired: bool, confidence: float
) -> list[Difference]:
    """All quantiles that there are calls enough for.

    Rounds that took turns are held against their neighbours. Of runs at different times nobody
    knows what else was different: their blocks are held against each other, and a tenth does not
    count.
    """
    found = []
    for q in QUANTILES:
        a, b = (first, second) if paired else (_blocks(first, q), _blocks(second, q))
        least = min((calls.count for calls in [*a, *b]), default=0)
        if least * (1 - q) < _LEAST_CALLS:
            continue
        margin = 1.0 if paired else APART
        ratio, interval = (
            ratio_interval(b, a, q, confidence) if paired else _apart(a, b, q, confidence)
        )
        found.append(Difference(q, ratio, interval, _verdict(a, b, interval, margin)))
    return found


def _verdict(a: Sequence[Calls], b: Sequence[Calls], of: Interval, margin: float) -> str:
    if min(len(a), len(b)) < LEAST_BLOCKS:
        return "not known"
    if of.low > margin:
        return "slower"
    return "faster" if of.high < 1 / margin else "not known"


def _blocks(rounds: Sequence[Calls], q: float) -> list[Calls]:
    """As many blocks of slices as have calls enough beyond the quantile; five at least."""
    whole = reduce(lambda a, b: a + b, rounds)
    most = min(_BLOCKS, len(whole.codes), int(whole.count * (1 - q) / _LEAST_CALLS))
    parts = np.array_split(np.arange(len(whole.codes)), max(most, LEAST_BLOCKS))
    return [Calls(whole.latency[part], whole.codes[part], whole.slice_s) for part in parts]


def _apart(
    first: Sequence[Calls], second: Sequence[Calls], q: float, confidence: float
) -> tuple[float, Interval]:
    """Welch's interval of the difference of logarithms."""
    a, b = (np.log([one.quantile(q) for one in side]) for side in (first, second))
    if min(len(a), len(b)) < 2 or not np.isfinite([*a, *b]).all():
        return math.nan, Interval(0.0, math.inf)
    parts = float(a.var(ddof=1)) / len(a), float(b.var(ddof=1)) / len(b)
    freedom = min(len(a), len(b)) - 1  # no more than Welch's
    middle = float(b.mean() - a.mean())
    half = student(confidence, freedom) * math.sqrt(sum(parts))
    return math.exp(middle), Interval(math.exp(middle - half), math.exp(middle + half))
