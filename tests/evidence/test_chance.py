"""Evidence about chances: its definition, and its promise under continuous looking."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import optimize, special

from kedge import InvalidArgument
from kedge._core import chance_limits, log_evidence_between, log_growth_between

COUNTS = st.integers(0, 400).flatmap(lambda rows: st.tuples(st.integers(0, rows), st.just(rows)))


def log_mixture(counts: tuple[int, int], chance: float) -> float:
    """By its definition: the likelihood under Jeffreys' prior over that of one chance."""
    hits, rows = counts
    mixed = special.betaln(hits + 0.5, rows - hits + 0.5) - special.betaln(0.5, 0.5)
    return float(mixed - special.xlogy(hits, chance) - special.xlogy(rows - hits, 1 - chance))


@given(COUNTS, st.sampled_from([0.5, 0.05, 1e-6]))
def test_limits_are_the_chances_that_are_not_refuted(counts: tuple[int, int], alpha: float) -> None:
    low, high = chance_limits(*counts, alpha)
    share = counts[0] / counts[1] if counts[1] else 0.5
    assert 0 <= low <= share <= high <= 1
    bound = -math.log(alpha)
    for end in (low, high):
        if 0 < end < 1:
            assert log_mixture(counts, end) == pytest.approx(bound, rel=1e-6, abs=1e-6)


@given(COUNTS, COUNTS, st.floats(0.2, 3), st.floats(-0.15, 0.5))
def test_evidence_is_that_against_the_best_chances_that_are_allowed(
    a: tuple[int, int], b: tuple[int, int], factor: float, margin: float
) -> None:
    def divergence(chance_b: float) -> float:
        chance_a = min(max(factor * chance_b + margin, 0.0), 1.0)
        return log_mixture(a, chance_a) + log_mixture(b, chance_b)

    least, most = max(0.0, -margin / factor), min(1.0, (1 - margin) / factor)
    for is_above in (False, True):
        found = log_evidence_between(a, b, factor, margin, is_above)
        if not a[1] or not b[1]:
            assert found <= 1e-12
            continue
        off = a[0] / a[1] - factor * b[0] / b[1] - margin
        if (off > 0) != is_above:
            assert found <= 1e-12
            continue
        best = optimize.minimize_scalar(
            divergence, bounds=(least, most), method="bounded", options={"xatol": 1e-12}
        )
        ends = [divergence(end) for end in (least, most)]
        expected = min([best.fun, *(end for end in ends if not math.isnan(end))])
        assert found <= expected + 1e-6
        assert found == pytest.approx(expected, rel=1e-4, abs=1e-4)


def test_limits_hold_at_all_times() -> None:
    rng = np.random.default_rng(3)
    runs, rows, alpha, wrong = 400, 1500, 0.1, 0
    for _ in range(runs):
        chance = rng.choice([0.02, 0.3, 0.5])
        hits = np.cumsum(rng.random(rows) < chance)
        limits = [chance_limits(int(hits[n]), n + 1, alpha) for n in range(0, rows, 3)]
        wrong += any(not low <= chance <= high for low, high in limits)
    # Three standard errors of the rate at the promise.
    assert wrong / runs <= alpha + 3 * math.sqrt(alpha * (1 - alpha) / runs)


@pytest.mark.parametrize(
    ("a", "b", "factor", "margin", "is_above"),
    [(0.16, 0.2, 0.8, 0, False), (0.16, 0.2, 0.8, 0, True), (0.03, 0.02, 1, 0.01, False)],
)
def test_evidence_at_the_boundary_is_rarely_large_however_often_one_looks(
    a: float, b: float, factor: float, margin: float, is_above: bool
) -> None:
    rng = np.random.default_rng(4)
    runs, rows, alpha, wrong = 400, 2000, 0.1, 0
    for _ in range(runs):
        hits_a = np.cumsum(rng.random(rows) < a)
        hits_b = np.cumsum(rng.random(rows) < b)
        wrong += any(
            log_evidence_between(
                (int(hits_a[n]), n + 1), (int(hits_b[n]), n + 1), factor, margin, is_above
            )
            >= -math.log(alpha)
            for n in range(0, rows, 5)
        )
    assert wrong / runs <= alpha + 3 * math.sqrt(alpha * (1 - alpha) / runs)


def test_growth_is_what_a_row_adds_in_the_long_run() -> None:
    a, b = (300_000, 1_000_000), (1_200_000, 3_000_000)
    growth = log_growth_between(0.3, 0.4, 0.25, 0.9, 0, False)
    assert growth * 4_000_000 == pytest.approx(log_evidence_between(a, b, 0.9, 0, False), rel=1e-2)
    assert log_growth_between(0.3, 0.4, 0.25, 0.9, 0, True) == 0


def test_large_counts_keep_their_digits() -> None:
    low, high = chance_limits(2**52, 2**53, 0.05)
    assert 0.5 - 1e-7 < low < 0.5 < high < 0.5 + 1e-7


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: chance_limits(3, 2, 0.05), "3 hits in 2 rows"),
        (lambda: chance_limits(1, 2, 0.0), "alpha = 0 is not between 0 and 1"),
        (lambda: log_evidence_between((0, 1), (0, 1), 0.0, 0, True), "factor = 0 is not above 0"),
        (lambda: log_evidence_between((0, 1), (0, 1), 0.8, -0.8, True), "margin = -0.8"),
        (lambda: log_evidence_between((0, 1), (0, 1), 0.8, math.nan, True), "margin = nan"),
    ],
)
def test_refusals(call: object, message: str) -> None:
    with pytest.raises(InvalidArgument, match=message):
        call()  # type: ignore[operator]
