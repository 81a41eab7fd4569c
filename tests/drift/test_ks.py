"""The exact test equals SciPy's; the bracket holds what it promises."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st

import kedge
from kedge import _core
from tests.reference.cells import ks_distance
from tests.strategies import columns, draw_column, with_specials

SHAPES = ("normal", "tied", "heavy", "clusters", "constant", "wild", "integers", "zeros")


def scipy_answer(x: np.ndarray, y: np.ndarray) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        return scipy.stats.ks_2samp(x, y)


def check_equal(x: np.ndarray, y: np.ndarray) -> None:
    ours, theirs = kedge.ks_test(x, y), scipy_answer(x, y)
    assert ours.statistic == pytest.approx(theirs.statistic, rel=0, abs=1e-12)
    assert ours.pvalue == pytest.approx(theirs.pvalue, rel=1e-9, abs=1e-300)
    assert (ours.first_count, ours.second_count) == (len(x), len(y))
    f, g = np.mean(x <= ours.location), np.mean(y <= ours.location)
    assert ours.sign * (f - g) == pytest.approx(ours.statistic, abs=1e-12)


def test_ten_thousand_random_cases_equal_scipy() -> None:
    rng = np.random.default_rng(20)
    for case in range(10_000):
        shapes = rng.choice(SHAPES, 2) if case % 3 == 0 else [rng.choice(SHAPES)] * 2
        n, m = (int(size) for size in rng.choice([1, 2, 3, 5, 9, 17, 40, 90, 200], 2))
        x, y = (
            with_specials(rng, draw_column(rng, shape, size), nan=False)
            for shape, size in zip(shapes, (n, m), strict=True)
        )
        x, y = np.where(np.isnan(x), 0.5, x), np.where(np.isnan(y), 0.5, y)
        check_equal(x, y)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("sizes", [(9_000, 9_000), (20_000, 1), (10_001, 300), (60_000, 50_000)])
def test_large_samples_equal_scipy(shape: str, sizes: tuple[int, int]) -> None:
    rng = np.random.default_rng(len(shape) + sizes[0])
    x, y = (draw_column(rng, shape, size) for size in sizes)
    x, y = x[~np.isnan(x)], y[~np.isnan(y)]
    check_equal(x, y)
    check_equal(x, x[::-1])
    check_equal(x, y * 1.001)


@given(columns(max_size=60, nan=False), columns(max_size=60, nan=False))
def test_the_statistic_is_its_definition(x: np.ndarray, y: np.ndarray) -> None:
    if len(x) and len(y):
        assert kedge.ks_test(x, y).statistic == pytest.approx(ks_distance(x, y), abs=1e-12)


@pytest.mark.parametrize("seed", range(12))
def test_large_samples_with_nulls_and_infinities_equal_scipy(seed: int) -> None:
    rng = np.random.default_rng(seed)
    x, y = (draw_column(rng, SHAPES[seed % 8], size) for size in (12_000, 9_000))
    x, y = (
        np.where(rng.random(v.size) < 0.05, rng.choice([np.inf, -np.inf, 0.0], v.size), v)
        for v in (x, y)
    )
    mask = rng.random(x.size) < 0.2
    nulls = pa.array(x, mask=mask)[3:]
    first, second = x[3:][~mask[3:]], y[~np.isnan(y)]
    first = first[~np.isnan(first)]
    ours, theirs = kedge.ks_test(nulls, y), scipy_answer(first, second)
    assert ours.statistic == pytest.approx(theirs.statistic, rel=0, abs=1e-12)
    assert ours.pvalue == pytest.approx(theirs.pvalue, rel=1e-9, abs=1e-300)
    assert (ours.first_count, ours.second_count) == (len(first), len(second))


@pytest.mark.parametrize("scale", [1e-305, 1e305, 5e-324])
def test_samples_at_the_ends_of_the_range(scale: float) -> None:
    rng = np.random.default_rng(8)
    x, y = (np.floor(rng.random(10_000) * 1000) * scale for _ in range(2))
    check_equal(x, y)


def test_location_and_sign_are_scipys() -> None:
    rng = np.random.default_rng(3)
    for size in (50, 30_000):
        x, y = rng.normal(size=size), rng.normal(0.3, 1.1, size)
        theirs = scipy.stats.ks_2samp(x, y)
        ours = kedge.ks_test(x, y)
        assert (ours.location, ours.sign) == (theirs.statistic_location, theirs.statistic_sign)


def test_integers_beyond_two_to_the_53_are_told_apart() -> None:
    base = 2**60
    x = np.arange(base, base + 9000)
    y = x + 5
    result = kedge.ks_test(x, y)
    assert result.statistic == pytest.approx(5 / 9000, abs=1e-15)
    assert result.location == base + 4
    stamps = x.view("datetime64[ns]")
    assert kedge.ks_test(stamps, y.view("datetime64[ns]")).statistic == result.statistic


def test_null_and_nan_are_left_out_and_counted() -> None:
    x = pa.array([1.0, None, 2.0, float("nan"), 3.0])
    y = pa.chunked_array([[1.5], [None, 2.5]], type=pa.float32())
    result = kedge.ks_test(x, y)
    assert (result.first_count, result.second_count) == (3, 2)
    assert result.statistic == scipy.stats.ks_2samp([1, 2, 3], [1.5, 2.5]).statistic


def test_bad_samples_are_refused_by_name() -> None:
    with pytest.raises(kedge.InvalidArgument, match="second sample has no value"):
        kedge.ks_test([1.0], pa.array([None], pa.float64()))
    with pytest.raises(kedge.Unsupported, match="first sample is utf8, numbers are wanted"):
        kedge.ks_test(pa.array(["a"]), [1.0])
    with pytest.raises(kedge.InvalidArgument, match="second sample has 2 columns"):
        kedge.ks_test([1.0], np.ones((2, 2)))
    with pytest.raises(kedge.Unsupported, match="uint64 against int64"):
        kedge.ks_test(np.ones(2, np.uint64), np.ones(2, np.int64))
    seconds = np.array([1, 2], "M8[s]")
    with pytest.raises(kedge.Unsupported, match=r"timestamp\[s\] against timestamp\[ns\]"):
        kedge.ks_test(seconds, seconds.astype("M8[ns]"))


@settings(max_examples=400)
@given(columns(), columns(), st.sampled_from([8, 64, 4096]))
def test_the_bracket_holds_and_is_as_narrow_as_promised(
    x: np.ndarray, y: np.ndarray, cells: int
) -> None:
    reference = kedge.profile({"v": x}, cells=cells)
    current = reference.like()
    current.update({"v": y})
    f, g = reference.histogram("v"), current.histogram("v")
    lower, upper = _core.ks_bracket(f, g)
    x, y = x[~np.isnan(x)], y[~np.isnan(y)]
    if not len(x) or not len(y):
        assert (lower, upper) == (0, 1)
        return
    exact = ks_distance(x, y)
    assert lower - 1e-12 <= exact <= upper + 1e-12
    assert upper - lower <= max(f.counts) / len(x) + 1e-12


@given(columns(max_size=200, nan=False))
def test_a_small_reference_leaves_no_bracket_for_its_own_values(x: np.ndarray) -> None:
    # Beyond 2**53 several integers are one double, so no cell there is taken for one value.
    x = x[(np.abs(x) < 2**53) | np.isinf(x)]
    if not len(x):
        return
    reference = kedge.profile({"v": x})
    current = reference.like()
    current.update({"v": x[: len(x) // 2 + 1]})
    lower, upper = _core.ks_bracket(reference.histogram("v"), current.histogram("v"))
    assert upper - lower <= 1 / len(x) + 1e-12
