"""Evidence equals its definitions, survives any size, and comes back from its bytes."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import kedge
from kedge import _core
from kedge._core import (
    BernsteinInterval,
    BettingInterval,
    ChangeDetector,
    DetectorForm,
    MeanBet,
    MeanHedge,
    TwoSampleRatio,
)
from tests.reference import evidence as plain

SHARES = st.floats(0, 1)
MEANS = st.floats(0.01, 0.99)
FACTORS = st.lists(st.floats(0.01, 100), min_size=1, max_size=20)


@given(st.lists(SHARES, min_size=1, max_size=30), MEANS)
def test_capital_equals_the_definition(shares: list[float], mean: float) -> None:
    low, high = -3.0, 5.0
    values = np.array([low + (high - low) * share for share in shares])
    m = low + (high - low) * mean
    for made, path in ((MeanBet, plain.bet_path), (MeanHedge, plain.hedge_path)):
        ours = np.exp(made(m, low, high).path(values))
        assert ours == pytest.approx(path(values.tolist(), m, low, high), rel=1e-9)


@given(st.lists(SHARES, min_size=1, max_size=30), st.floats(0.001, 0.5))
def test_bernstein_limits_equal_the_definition(values: list[float], alpha: float) -> None:
    interval = BernsteinInterval(0, 1, alpha)
    interval.update(np.array(values))
    assert interval.limits == pytest.approx(plain.bernstein_limits(values, alpha), rel=1e-9)


@given(st.lists(SHARES, min_size=1, max_size=25), st.floats(0.01, 0.5))
def test_betting_limits_leave_out_what_the_bets_show(values: list[float], alpha: float) -> None:
    points = 16
    interval = BettingInterval(0, 1, alpha, points)
    interval.update(np.array(values))
    grid = [(i + 0.5) / points for i in range(points)]
    too_low = [max(plain.bet_path(values, m, 0, 1)) >= 2 / alpha for m in grid]
    mirrored = [-value for value in values]
    too_high = [max(plain.bet_path(mirrored, -m, -1, 0)) >= 2 / alpha for m in grid]
    first = next((i for i, shown in enumerate(too_low) if not shown), points)
    last = points - next((i for i, shown in enumerate(reversed(too_high)) if not shown), points)
    if first < last:  # else what is left out first stops the other
        expected = (0.0 if first == 0 else grid[first - 1], 1.0 if last == points else grid[last])
        assert interval.limits == pytest.approx(expected)


@given(
    st.lists(st.tuples(st.integers(0, 5), st.integers(0, 3)), min_size=1, max_size=10),
    st.booleans(),
)
def test_two_sample_factors_equal_the_definition(
    blocks: list[tuple[int, int]], one_sided: bool
) -> None:
    test = TwoSampleRatio(one_sided)
    past = (0, 0, 0, 0)
    for hits_a, hits_b in blocks:
        block = (hits_a, 5, hits_b, 3)
        expected = plain.two_sample_factor(past, block, one_sided=one_sided)
        assert math.exp(test.update(*block)) == pytest.approx(expected, rel=1e-9)
        past = tuple(map(sum, zip(past, block, strict=True)))  # type: ignore[assignment]


def test_a_block_is_worth_at_most_one_where_b_is_not_above_a() -> None:
    blocks = list(itertools.product(range(4), range(3)))
    for past in ((0, 0, 0, 0), (1, 20, 3, 10), (5, 10, 9, 10)):
        factors = [plain.two_sample_factor(past, (a, 3, b, 2), one_sided=True) for a, b in blocks]
        for chance_a, chance_b in itertools.product(np.linspace(0.02, 0.98, 25), repeat=2):
            if chance_b > chance_a:
                continue
            chances = [
                math.comb(3, a)
                * chance_a**a
                * (1 - chance_a) ** (3 - a)
                * math.comb(2, b)
                * chance_b**b
                * (1 - chance_b) ** (2 - b)
                for a, b in blocks
            ]
            assert np.dot(chances, factors) <= 1 + 1e-12


@given(FACTORS, st.lists(st.floats(0.1, 5), min_size=20, max_size=20))
def test_detectors_add_up_all_beginnings(factors: list[float], elapsed: list[float]) -> None:
    detector = ChangeDetector(DetectorForm.shiryaev_roberts)
    forever = ChangeDetector(DetectorForm.never_false)
    best = ChangeDetector(DetectorForm.cusum)
    sums, means = plain.shiryaev_roberts(factors, elapsed)
    never = plain.never_false(factors)
    for n, factor in enumerate(factors, 1):
        detector.update(math.log(factor), elapsed[n - 1])
        forever.update(math.log(factor), elapsed[n - 1])
        best.update(math.log(factor), elapsed[n - 1])
        assert math.exp(detector.log_evidence) == pytest.approx(sums[n - 1], rel=1e-9)
        assert detector.since == pytest.approx(means[n - 1], rel=1e-9)
        assert math.exp(forever.log_evidence) == pytest.approx(never[n - 1], rel=1e-9)
        largest = max(elapsed[j] * math.prod(factors[j:n]) for j in range(n))
        assert math.exp(best.log_evidence) == pytest.approx(largest, rel=1e-9)
        assert best.log_evidence <= detector.log_evidence + 1e-9


@given(st.lists(st.floats(-5, 12), max_size=12), st.floats(0.01, 0.9))
def test_the_best_tests_are_rejected_together(log_evidence: list[float], alpha: float) -> None:
    found = _core.e_benjamini_hochberg(log_evidence, alpha)
    assert set(found) == plain.e_rejections([math.exp(log) for log in log_evidence], alpha)
    assert [log_evidence[i] for i in found] == sorted(log_evidence[i] for i in found)[::-1]


def test_the_mixture_bound_is_narrow_where_it_should_be() -> None:
    for variance, alpha in ((1.0, 0.05), (250.0, 0.01)):
        rho = _core.mixture_rho(variance, alpha)
        best = _core.mixture_bound(variance, rho, alpha)
        assert best == pytest.approx(plain.mixture_bound(variance, rho, alpha), rel=1e-12)
        others = [_core.mixture_bound(variance, r * rho, alpha) for r in np.geomspace(0.01, 100)]
        assert best <= min(others) * 1.01


def test_no_evidence_overflows() -> None:
    bet = MeanBet(0.01, 0, 1)
    assert np.isfinite(bet.path(np.ones(100_000))).all()
    detector = ChangeDetector(DetectorForm.shiryaev_roberts)
    for factor in (700.0, 1e6, -1e6, -1e9, 1e9):
        detector.update(factor)
        assert math.isfinite(detector.log_evidence)
        assert math.isfinite(detector.since)
    assert _core.count_ratio(1e-9, 0.4, 10**12, 10**12) > 1e13


def test_bytes_bring_everything_back() -> None:
    rng = np.random.default_rng(1)
    values = rng.random(200)
    for made in (
        MeanBet(0.4, 0, 1),
        MeanHedge(0.4, -1, 2, 0.99),
        BernsteinInterval(0, 1, 0.05),
        BettingInterval(0, 1, 0.05, 64),
    ):
        update = made.path if isinstance(made, MeanBet | MeanHedge) else made.update
        update(values[:100])
        other = type(made).from_bytes(made.to_bytes())
        again = other.path if isinstance(other, MeanBet | MeanHedge) else other.update
        update(values[100:])
        again(values[100:])
        assert other.to_bytes() == made.to_bytes()
    test = TwoSampleRatio(True)
    test.update(1, 10, 2, 3)
    assert TwoSampleRatio.from_bytes(test.to_bytes()).to_bytes() == test.to_bytes()
    detector = ChangeDetector(DetectorForm.cusum)
    detector.update(1.5)
    assert ChangeDetector.from_bytes(detector.to_bytes()).to_bytes() == detector.to_bytes()


def test_capital_of_two_runs_multiplies() -> None:
    rng = np.random.default_rng(2)
    first, second = MeanHedge(0.5, 0, 1), MeanHedge(0.5, 0, 1)
    more, less = MeanBet(0.5, 0, 1), MeanBet(0.5, 0, 1)
    first.path(rng.random(50))
    more.path(rng.random(50))
    less.path(rng.random(50))
    expected = more.log_capital + less.log_capital
    more.merge(less)
    assert more.log_capital == pytest.approx(expected)
    with pytest.raises(kedge.InvalidArgument, match="cannot merge bets on a mean"):
        more.merge(MeanBet(0.4, 0, 1))
    first.merge(second)


def test_what_has_no_meaning_is_refused() -> None:
    for refused in (
        lambda: MeanBet(1, 0, 1),
        lambda: MeanBet(0.5, 0, math.inf),
        lambda: MeanBet(0.5, 0, 1, 0),
        lambda: BernsteinInterval(0, 1, 0),
        lambda: BettingInterval(0, 1, 0.05, 1),
        lambda: _core.count_ratio(0.5, 0.4, 1, 2),
        lambda: _core.e_benjamini_hochberg([1.0], 1.0),
    ):
        with pytest.raises(kedge.InvalidArgument):
            refused()
    stored = MeanBet(0.5, 0, 1).to_bytes()
    for damaged in (stored[:-1], stored + b"x", stored[:16] + b"\xff" * 8 + stored[24:]):
        with pytest.raises(kedge.CorruptData):
            MeanBet.from_bytes(damaged)
