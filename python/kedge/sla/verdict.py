"""Whether a service level holds: yes, no, or not yet known."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from kedge._core import InvalidArgument
from kedge.sla.calls import Calls
from kedge.sla.interval import LEAST_BLOCKS, Interval, mean_interval
from kedge.sla.limits import Limit

__all__ = [
    "APART",
    "FAIL",
    "PASS",
    "UNKNOWN",
    "Verdict",
    "judge",
    "judge_ratio",
    "overall",
    "ratio_interval",
]

PASS, FAIL, UNKNOWN = "pass", "fail", "not yet known"
APART = 1.1  # what runs at different times differ by without a cause, at the least


@dataclass(frozen=True)
class Verdict:
    """What is known of one limit.

    Attributes:
        limit: which.
        verdict: "pass", "fail" or "not yet known".
        value: what was measured: nanoseconds, a share or a ratio.
        interval: between which values it is, with the run's confidence.
    """

    limit: Limit
    verdict: str
    value: float
    interval: Interval

    def to_dict(self) -> dict[str, Any]:
        """As plain data; what has no bound is None."""
        numbers = {"value": self.value, "low": self.interval.low, "high": self.interval.high}
        finite = {name: x if math.isfinite(x) else None for name, x in numbers.items()}
        return {"limit": self.limit.text, "verdict": self.verdict, **finite}


def judge(calls: Calls, limit: Limit, confidence: float) -> Verdict:
    """A limit of its own, held against the calls' interval over blocks of time.

    Raises:
        InvalidArgument: it is a ratio, for which there is no peer.
    """
    if limit.is_ratio:
        raise InvalidArgument(f"{limit.text}: a ratio wants a peer of the same run, see --vs")
    if limit.quantile is None:
        value, interval = calls.errors / max(calls.count, 1), calls.error_interval(confidence)
    else:
        value = calls.quantile(limit.quantile)
        interval = calls.quantile_interval(limit.quantile, confidence)
        return Verdict(limit, _latency_verdict(calls, limit, confidence), value, interval)
    if len(calls.codes) < LEAST_BLOCKS or not calls.count:
        verdict = UNKNOWN
    else:
        verdict = _held_to(limit.most, interval)
    return Verdict(limit, verdict, value, interval)


def _held_to(most: float, interval: Interval) -> str:
    if interval.high < most:
        return PASS
    return FAIL if interval.low > most else UNKNOWN


def _latency_verdict(calls: Calls, limit: Limit, confidence: float) -> str:
    """Blocks of one run do not know what another hour is like: a tenth about the limit is open."""
    assert limit.quantile is not None
    if len(calls.codes) < LEAST_BLOCKS or not calls.count:
        return UNKNOWN
    most = 1 - limit.quantile
    if calls.over(limit.most / APART, confidence).high < most:
        return PASS
    return FAIL if calls.over(limit.most * APART, confidence).low > most else UNKNOWN


def ratio_interval(
    ours: Sequence[Calls], peers: Sequence[Calls], quantile: float, confidence: float
) -> tuple[float, Interval]:
    """A quantile's ratio over rounds that took turns, each against its neighbour."""
    pairs = zip(ours, peers, strict=True)
    logs = np.log([a.quantile(quantile) / b.quantile(quantile) for a, b in pairs])
    if not np.isfinite(logs).all():
        return math.nan, Interval(0.0, math.inf)
    interval = mean_interval(logs, confidence)
    with np.errstate(over="ignore"):
        low, high = (float(x) for x in np.exp([interval.low, interval.high]))
    return float(np.exp(logs.mean())), Interval(low, high)


def judge_ratio(
    ours: Sequence[Calls], peers: Sequence[Calls], limit: Limit, confidence: float
) -> Verdict:
    """A limit that is a ratio to a peer, round by round."""
    assert limit.quantile is not None
    value, interval = ratio_interval(ours, peers, limit.quantile, confidence)
    if len(ours) < LEAST_BLOCKS or math.isnan(value):
        verdict = UNKNOWN
    else:
        verdict = _held_to(limit.most, interval)
    return Verdict(limit, verdict, value, interval)


def overall(verdicts: Iterable[str]) -> str:
    """One no is no; then one that is not known leaves the whole open.

    >>> overall(["pass", "not yet known"])
    'not yet known'
    """
    found = set(verdicts)
    return next((one for one in (FAIL, UNKNOWN) if one in found), PASS)
