"""The chi-square, likelihood-ratio and exact tests on counts equal SciPy's."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pyarrow as pa
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st

import kedge
from kedge import _core

COUNTS = st.integers(0, 60) | st.integers(0, 10**9)
CELLS = st.integers(0, 12) | st.integers(0, 300)


@st.composite
def pairs(draw: st.DrawFn) -> tuple[list[int], list[int]]:
    both = draw(st.lists(st.tuples(COUNTS, COUNTS), min_size=1, max_size=40))
    return [a for a, _ in both], [b for _, b in both]


def kept(x: list[int], y: list[int]) -> np.ndarray:
    table = np.array([x, y], dtype=float)
    return table[:, table.sum(axis=0) > 0]


@given(pairs())
def test_both_statistics_equal_scipy(pair: tuple[list[int], list[int]]) -> None:
    x, y = pair
    table = kept(x, y)
    pearson, ratio = kedge.chi_square_test(x, y), _core.g_test(x, y)
    if not all(table.sum(axis=1)) or table.shape[1] < 2:
        assert (pearson.statistic, pearson.pvalue, pearson.dof) == (0, 1, 0)
        assert ratio == (0, 1, 0)
        return
    rounding = 1e-14 * table.sum()  # of scipy's sum of large terms with both signs
    theirs = scipy.stats.chi2_contingency(table, correction=False)
    assert pearson.dof == theirs.dof
    assert pearson.statistic == pytest.approx(theirs.statistic, rel=1e-12, abs=1e-9)
    tail = scipy.stats.chi2.sf(pearson.statistic, pearson.dof)
    assert pearson.pvalue == pytest.approx(tail, rel=1e-9, abs=1e-300)
    theirs = scipy.stats.chi2_contingency(table, correction=False, lambda_="log-likelihood")
    assert ratio[0] == pytest.approx(theirs.statistic, rel=1e-12, abs=rounding)
    tail = scipy.stats.chi2.sf(ratio[0], ratio[2])
    assert ratio[1] == pytest.approx(tail, rel=1e-9, abs=1e-300)


@given(pairs())
def test_sides_and_order_do_not_matter(pair: tuple[list[int], list[int]]) -> None:
    x, y = pair
    ours = kedge.chi_square_test(x, y)
    for other in (kedge.chi_square_test(y, x), kedge.chi_square_test(x[::-1], y[::-1])):
        assert other.statistic == pytest.approx(ours.statistic, rel=1e-12)
        assert other.dof == ours.dof


def test_counts_come_in_any_type() -> None:
    x, y = [30, 50, 20], [45, 35, 20]
    ours = kedge.chi_square_test(x, y)
    for kind in (np.uint8, np.int16, np.int64, np.uint64, np.float32, np.float64):
        assert kedge.chi_square_test(np.array(x, kind), pa.array(y)) == ours


def test_bad_counts_are_refused_by_index_and_value() -> None:
    for bad, text in ((-1, "-1"), (2.5, "2.5"), (math.nan, "nan"), (math.inf, "inf")):
        with pytest.raises(kedge.InvalidArgument, match=rf"y\[1\] = {text}: a count is"):
            kedge.chi_square_test([1, 2], [3, bad])
    with pytest.raises(kedge.InvalidArgument, match=r"x\[1\] is null"):
        kedge.chi_square_test(pa.array([1, None]), [3, 4])
    with pytest.raises(kedge.InvalidArgument, match="reference has 2 bins, the current counts 3"):
        kedge.chi_square_test([1, 2], [3, 4, 5])
    with pytest.raises(kedge.InvalidArgument, match=r"counts\[1\] = 1: .* at most 2\^53"):
        kedge.chi_square_test([2**53, 1], [3, 4])
    with pytest.raises(kedge.Unsupported, match="x is utf8, counts are wanted"):
        kedge.chi_square_test(pa.array(["a"]), [1])


def exact(a: int, b: int, c: int, d: int) -> Fraction:
    first, second, left = a + b, c + d, a + c
    weights = [
        math.comb(first, k) * math.comb(second, left - k)
        for k in range(max(0, left - second), min(left, first) + 1)
    ]
    seen = math.comb(first, a) * math.comb(second, c)
    return Fraction(sum(w for w in weights if w <= seen), math.comb(first + second, left))


@given(CELLS, CELLS, CELLS, CELLS)
def test_fisher_is_the_sum_over_all_tables(a: int, b: int, c: int, d: int) -> None:
    for table in ((a, b, c, d), (a, b, b, a), (a, b, c, a)):
        ours = _core.fisher_exact(*table)
        assert ours == pytest.approx(float(exact(*table)), rel=1e-11)
        theirs = scipy.stats.fisher_exact([table[:2], table[2:]]).pvalue
        assert ours == pytest.approx(theirs, rel=1e-9)


# mpmath, 30 digits: terms from log-gamma, added one by one.
@pytest.mark.parametrize(
    ("table", "pvalue"),
    [
        ((1096975, 2860504, 15884243, 41536168), 0.016076962001072025),
        ((74595404, 5554374, 106135132, 8006467), 9.896383001810186e-115),
        ((28113705, 29226466, 1626180, 1690958), 0.829173064033672),
        ((195899517, 140171654, 50853332, 36543996), 5.61393159495980e-70),
    ],
)
def test_wide_tables_are_integrated(table: tuple[int, int, int, int], pvalue: float) -> None:
    assert _core.fisher_exact(*table) == pytest.approx(pvalue, rel=1e-12)


def test_fisher_meets_the_normal_limit_at_the_largest_tables() -> None:
    quarter, step = 2**51, 10**8
    pvalue = _core.fisher_exact(quarter + step, quarter - step, quarter - step, quarter + step)
    z = (step - 0.5) / math.sqrt(quarter / 4)
    assert pvalue == pytest.approx(math.erfc(z / math.sqrt(2)), rel=1e-6)
    assert _core.fisher_exact(quarter, quarter, quarter, quarter) == 1
    assert _core.fisher_exact(quarter, 0, 0, quarter) == 0
    with pytest.raises(kedge.InvalidArgument, match=r"may hold 2\^53 values in all"):
        _core.fisher_exact(2**53, 1, 0, 0)


def test_five_percent_of_alarms_are_false() -> None:
    rng = np.random.default_rng(11)
    shares = np.full(20, 1 / 20)
    draws = rng.multinomial(2000, shares, size=(1500, 2))
    alarms = np.mean([kedge.chi_square_test(x, y).pvalue < 0.05 for x, y in draws])
    assert alarms == pytest.approx(0.05, abs=0.02)
