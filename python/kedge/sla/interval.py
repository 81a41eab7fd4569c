"""How surely a share is known from blocks of time.

Latencies that follow each other are alike: a pause of the server slows a thousand calls, which say
no more than one. Whole blocks of time say how much calls vary together, and the interval is as wide
as that: it is Wilson's, for as many calls as would vary so much if they were independent, with
Student's quantile for the number of blocks.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["LEAST_BLOCKS", "Interval", "mean_interval", "share_interval", "student"]

LEAST_BLOCKS = 5
_ANGLES = 20_001

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Interval:
    """Between which values it is, with the stated confidence."""

    low: float
    high: float


@cache
def student(confidence: float, freedom: int) -> float:
    """The two-sided quantile of Student's distribution.

    With t = sqrt(freedom) tan(angle) its density is a power of the angle's cosine, summed up here.
    """
    angles = np.linspace(0, math.pi / 2, _ANGLES)
    density = np.cos(angles) ** (freedom - 1)
    sums = np.concatenate([[0.0], np.cumsum(density[1:] + density[:-1])])
    angle = float(np.interp(confidence * sums[-1], sums, angles))
    return math.sqrt(freedom) * math.tan(angle)


def share_interval(hits: Any, calls: Any, confidence: float) -> tuple[Floats, Floats]:
    """The lower and upper bounds of shares.

    Args:
        hits: how many calls of each block were meant, [blocks] or [blocks, questions].
        calls: how many there were, [blocks].
        confidence: that a share is within its bounds.
    """
    hit, total = np.asarray(hits, np.float64), np.asarray(calls, np.float64)
    total = total.reshape(-1, *[1] * (hit.ndim - 1))
    blocks, n = len(total), float(total.sum())
    if n == 0 or blocks < 2:
        return np.zeros(hit.shape[1:]), np.ones(hit.shape[1:])
    share = hit.sum(0) / n
    together = ((hit - share * total) ** 2).sum(0) * blocks / (blocks - 1) / n**2
    alone = share * (1 - share) / n
    alike = np.maximum(np.divide(together, alone, where=alone > 0, out=np.ones_like(alone)), 1)
    effective = n / alike
    t2 = student(confidence, blocks - 1) ** 2
    middle = (share + t2 / (2 * effective)) / (1 + t2 / effective)
    half = np.sqrt(t2 * (share * (1 - share) / effective + t2 / (4 * effective**2)))
    half /= 1 + t2 / effective
    return np.maximum(middle - half, 0), np.minimum(middle + half, 1)


def mean_interval(values: Any, confidence: float) -> Interval:
    """Student's interval of a mean; without bounds where there are fewer values than two."""
    x = np.asarray(values, np.float64)
    if len(x) < 2:
        return Interval(-math.inf, math.inf)
    half = student(confidence, len(x) - 1) * float(x.std(ddof=1)) / math.sqrt(len(x))
    return Interval(float(x.mean()) - half, float(x.mean()) + half)
