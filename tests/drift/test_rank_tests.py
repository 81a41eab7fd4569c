"""Both rank tests equal SciPy's statistics; their limits' tails are right far out."""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st

from kedge import _core


@st.composite
def pairs(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray]:
    counts = st.integers(0, draw(st.sampled_from([1, 3, 40])))
    both = draw(st.lists(st.tuples(counts, counts), min_size=2, max_size=30))
    return np.array([a for a, _ in both]), np.array([b for _, b in both])


def values(counts: np.ndarray) -> np.ndarray:
    return np.repeat(np.arange(len(counts)), counts)


def scipy_anderson(x: np.ndarray, y: np.ndarray) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return scipy.stats.anderson_ksamp([x, y], midrank=True)


def comparable(x: np.ndarray, y: np.ndarray) -> bool:
    return bool(x.sum() and y.sum() and np.count_nonzero(x + y) > 1)


@given(pairs())
def test_the_statistics_equal_scipy(pair: tuple[np.ndarray, np.ndarray]) -> None:
    x, y = pair
    ours = _core.rank_tests(x, y)
    if not comparable(x, y):
        assert ours["ad_statistic"] == ours["cvm_statistic"] == ours["ad_standardised"] == 0
        assert ours["ad_pvalue"] == ours["cvm_pvalue"] == ours["cvm_untied_pvalue"] == 1
        return
    first, second = values(x), values(y)
    if len(first) + len(second) >= 4:
        theirs = scipy_anderson(first, second).statistic
        assert ours["ad_standardised"] == pytest.approx(theirs, rel=1e-10, abs=1e-10)
    if min(len(first), len(second)) >= 2:
        cvm = scipy.stats.cramervonmises_2samp(first, second, method="asymptotic")
        assert ours["cvm_statistic"] == pytest.approx(cvm.statistic, rel=1e-10, abs=1e-11)
        # scipy ends its series at terms of 1e-7; test_the_limits_are_mpmaths has the digits beyond.
        assert ours["cvm_pvalue"] == pytest.approx(cvm.pvalue, rel=1e-8, abs=1e-7)


@given(pairs())
def test_the_statistics_are_their_definitions(pair: tuple[np.ndarray, np.ndarray]) -> None:
    x, y = pair
    if not comparable(x, y):
        return
    n, m = x.sum(), y.sum()
    total, both = n + m, x + y
    rank = both.cumsum() - both / 2
    f, g = (x.cumsum() - x / 2) / n, (y.cumsum() - y / 2) / m
    used = both > 0
    spread = (rank * (total - rank) - total * both / 4)[used]
    squares = (both * (f - g) ** 2)[used]
    ours = _core.rank_tests(x, y)
    expected = n * m * (total - 1) / total * np.sum(squares / spread)
    assert ours["ad_statistic"] == pytest.approx(expected, rel=1e-11)
    assert ours["cvm_untied"] == pytest.approx(n * m / total**2 * squares.sum(), rel=1e-11)
    assert ours["ad_pvalue"] == _core.anderson_darling_sf(ours["ad_statistic"])
    assert ours["cvm_untied_pvalue"] == _core.cramer_von_mises_sf(ours["cvm_untied"])


@pytest.mark.parametrize("sizes", [(4, 3), (20, 20), (21, 20), (300, 500), (5000, 40)])
def test_without_ties_both_cramer_von_mises_are_one(sizes: tuple[int, int]) -> None:
    rng = np.random.default_rng(sizes[0])
    mine = rng.permutation(np.arange(sum(sizes)) < sizes[0])
    ours = _core.rank_tests(mine.astype(int), 1 - mine)
    untied = ours["cvm_untied"] + 1 / (4 * sum(sizes))
    assert ours["cvm_statistic"] == pytest.approx(untied, rel=1e-11)
    theirs = scipy_anderson(np.flatnonzero(mine), np.flatnonzero(~mine)).statistic
    assert ours["ad_standardised"] == pytest.approx(theirs, rel=1e-9)


def test_equal_shares_are_no_distance_whatever_the_sizes() -> None:
    shares = np.array([5, 1, 0, 12, 3])
    ours = _core.rank_tests(1000 * shares, 7 * shares)
    assert ours["ad_statistic"] == ours["cvm_untied"] == 0
    assert ours["ad_pvalue"] == ours["cvm_untied_pvalue"] == 1
    assert ours["cvm_pvalue"] < 1e-6  # scipy's, too: what `untied` is for


# mpmath, 60 digits: 1 less the distribution function's series of Anderson and Darling (1952), with
# a quadrature, and the one with the Bessel function K(1/4).
ANDERSON_DARLING = [
    (0.05, 0.9999999998268507),
    (0.3, 0.9381576360571231),
    (1.0, 0.35726667321401906),
    (2.4924, 0.04999801609242245),
    (6.0, 0.0009674519415209229),
    (10.0, 1.3815035410685864e-05),
    (25.0, 2.6951386239223034e-12),
]
CRAMER_VON_MISES = [
    (0.01, 0.9999941355671901),
    (0.1, 0.5848734384067948),
    (0.46136, 0.05000038313265128),
    (1.5, 0.00017269621978801883),
    (3.0, 7.56774345931602e-08),
    (5.0, 3.0539290331033876e-12),
]


def test_the_limits_are_mpmaths() -> None:
    for x, tail in ANDERSON_DARLING:
        assert _core.anderson_darling_sf(x) == pytest.approx(tail, rel=1e-13)
    for x, tail in CRAMER_VON_MISES:
        assert _core.cramer_von_mises_sf(x) == pytest.approx(tail, rel=1e-13)


def test_the_limits_fall_and_stay_positive() -> None:
    for sf, end in ((_core.anderson_darling_sf, 705), (_core.cramer_von_mises_sf, 142)):
        tails = np.array([sf(x) for x in np.geomspace(1e-3, end, 4000)])
        assert np.all(tails[1:] <= tails[:-1] * (1 + 1e-13))
        assert tails[0] == 1
        assert 0 < tails[-1] < 1e-300
        assert (sf(0.0), sf(-1.0), sf(1e6), sf(math.inf)) == (1, 1, 0, 0)
        assert math.isnan(sf(math.nan))


def test_far_out_the_tails_are_their_first_term() -> None:
    # Zolotarev: exp(-x u1 / 2) / sqrt(x / 2) over Gamma(1/2) and the other factors of D at u1.
    for x in (300.0, 600.0):
        first = math.exp(-x) * math.sqrt(3 / (math.pi * x))
        assert _core.anderson_darling_sf(x) == pytest.approx(first, rel=2 / x)


def test_five_percent_of_alarms_are_false() -> None:
    rng = np.random.default_rng(5)
    alarms = np.zeros(2)
    for _ in range(1000):
        mine = rng.permutation(np.arange(700) < 400)
        ours = _core.rank_tests(mine.astype(int), 1 - mine)
        alarms += (ours["ad_pvalue"] < 0.05, ours["cvm_untied_pvalue"] < 0.05)
    assert alarms / 1000 == pytest.approx(0.05, abs=0.025)
