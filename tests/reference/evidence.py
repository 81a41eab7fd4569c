"""Evidence by its definitions, in plain numbers: slow, and it overflows where the core must not."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

__all__ = [
    "bernstein_limits",
    "bet_path",
    "e_rejections",
    "hedge_path",
    "mixture_bound",
    "never_false",
    "shiryaev_roberts",
    "two_sample_factor",
]


def bet_path(values: Sequence[float], mean: float, low: float, high: float) -> list[float]:
    """The capital after each value, betting that the mean is larger."""
    path, capital, gains = [], 1.0, []
    for value in values:
        m, x = (mean - low) / (high - low), (value - low) / (high - low)
        stake = sum(gains) / (0.25 + sum(gain * gain for gain in gains))
        stake = min(max(stake, 0.0), 0.5 / m)
        capital *= 1 + stake * (x - m)
        gains.append(x - m)
        path.append(capital)
    return path


def hedge_path(values: Sequence[float], mean: float, low: float, high: float) -> list[float]:
    """The capital of half a bet on more and half a bet on less."""
    more = bet_path(values, mean, low, high)
    less = bet_path([-value for value in values], -mean, -high, -low)
    return [(a + b) / 2 for a, b in zip(more, less, strict=True)]


def bernstein_limits(values: Sequence[float], alpha: float) -> tuple[float, float]:
    """The narrowest empirical-Bernstein limits so far, for values from 0 to 1."""
    lower, upper = 0.0, 1.0
    stakes = staked = penalty = 0.0
    means = [0.5]
    squares = 0.25
    for t, x in enumerate(values, 1):
        stake = min(0.5, math.sqrt(2 * math.log(2 / alpha) / (squares / t * t * math.log1p(t))))
        stakes += stake
        staked += stake * x
        penalty += 4 * (x - means[-1]) ** 2 * (-math.log1p(-stake) - stake) / 4
        means.append((0.5 + sum(values[:t])) / (t + 1))
        squares += (x - means[-1]) ** 2
        half = (math.log(2 / alpha) + penalty) / stakes
        lower, upper = max(lower, staked / stakes - half), min(upper, staked / stakes + half)
    return lower, upper


def mixture_bound(variance: float, rho: float, alpha: float) -> float:
    """The normal mixture's bound of a sum."""
    both = variance + rho
    return math.sqrt(both * math.log(both / (rho * alpha**2)))


def two_sample_factor(
    past: tuple[int, int, int, int], block: tuple[int, int, int, int], *, one_sided: bool
) -> float:
    """The factor of a block of (hits of a, rows of a, hits of b, rows of b) after the past."""
    chance_a = (past[0] + 0.18) / (past[1] + 0.36)
    chance_b = (past[2] + 0.18) / (past[3] + 0.36)
    if one_sided and chance_b <= chance_a:
        return 1.0
    hits_a, rows_a, hits_b, rows_b = block
    if rows_a == 0 or rows_b == 0:
        return 1.0
    pooled = (rows_a * chance_a + rows_b * chance_b) / (rows_a + rows_b)

    def likelihood(hits: int, rows: int, chance: float) -> float:
        return float(chance**hits * (1 - chance) ** (rows - hits))

    return (
        likelihood(hits_a, rows_a, chance_a)
        * likelihood(hits_b, rows_b, chance_b)
        / likelihood(hits_a + hits_b, rows_a + rows_b, pooled)
    )


def shiryaev_roberts(
    factors: Sequence[float], inflow: Sequence[float]
) -> tuple[list[float], list[float]]:
    """The sum over all beginnings of their products, and the mean beginning, at each look."""
    sums, means = [], []
    for n in range(1, len(factors) + 1):
        weights = [inflow[j] * math.prod(factors[j:n]) for j in range(n)]
        times = [sum(inflow[: j + 1]) for j in range(n)]
        sums.append(sum(weights))
        means.append(float(np.average(times, weights=weights)))
    return sums, means


def never_false(factors: Sequence[float]) -> list[float]:
    """The same with weights that sum to 1."""
    return shiryaev_roberts(factors, [1 / (n * (n + 1)) for n in range(1, len(factors) + 1)])[0]


def e_rejections(evidence: Sequence[float], alpha: float) -> set[int]:
    """The tests that the e-BH procedure rejects."""
    tests = len(evidence)
    order = sorted(range(tests), key=lambda i: -evidence[i])
    kept = [k for k in range(1, tests + 1) if k * evidence[order[k - 1]] / tests >= 1 / alpha]
    return set(order[: max(kept)]) if kept else set()
