"""Distances between counts equal SciPy's and their definitions, and noise is what it says."""

from __future__ import annotations

import math

import numpy as np
import pytest
import scipy.spatial.distance
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st

import kedge
from kedge import _core

COUNTS = st.integers(0, 4) | st.integers(0, 10**6)


@st.composite
def pairs(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray]:
    both = draw(st.lists(st.tuples(COUNTS, COUNTS), min_size=2, max_size=40))
    return np.array([a for a, _ in both]), np.array([b for _, b in both])


@given(pairs())
def test_distances_are_their_definitions(pair: tuple[np.ndarray, np.ndarray]) -> None:
    x, y = pair
    ours = _core.count_distances(x, y)
    if not x.sum() or not y.sum():
        assert set(ours.values()) == {0}
        return
    used = x + y > 0
    x, y = x[used], y[used]
    p, q = x / x.sum(), y / y.sum()
    js = scipy.spatial.distance.jensenshannon(p, q)
    assert ours["js"] ** 2 == pytest.approx(js**2, rel=1e-12, abs=1e-15)
    assert ours["total_variation"] == pytest.approx(np.abs(p - q).sum() / 2, rel=1e-12)
    affinity = np.sqrt(p * q).sum()
    assert ours["hellinger"] ** 2 == pytest.approx(1 - affinity, rel=1e-12, abs=1e-15)
    if np.any((x == 0) != (y == 0)):
        p = (x + 0.5) / (x.sum() + len(x) / 2)
        q = (y + 0.5) / (y.sum() + len(y) / 2)
    assert ours["kl"] == pytest.approx(scipy.stats.entropy(q, p), rel=1e-12, abs=1e-15)
    psi = np.sum((p - q) * np.log(p / q))
    assert ours["psi"] == pytest.approx(psi, rel=1e-12, abs=1e-15)


def test_the_distances_of_what_has_nothing_in_common() -> None:
    ours = _core.count_distances([5, 0], [0, 9])
    assert ours["js"] == pytest.approx(math.sqrt(math.log(2)))
    assert (ours["hellinger"], ours["total_variation"]) == (1, 1)
    assert 0 < ours["kl"] < ours["psi"] < math.inf


def test_equal_shares_are_no_distance() -> None:
    ours = _core.count_distances([1, 2, 0, 4], [10, 20, 0, 40])
    assert max(ours.values()) < 1e-15


def simulated(bins: int, rows: int, seeds: int) -> tuple[float, float]:
    """How often PSI and JS exceed their level of 99 %."""
    rng = np.random.default_rng(bins + rows)
    psi = _core.psi_noise(bins, rows, rows, 0.99)
    js = _core.js_noise(bins, rows, rows, 0.99)
    draws = rng.multinomial(rows, np.full(bins, 1 / bins), size=(seeds, 2)).astype(float)
    found = [_core.count_distances(x, y) for x, y in draws]
    return (
        float(np.mean([one["psi"] > psi for one in found])),
        float(np.mean([one["js"] > js for one in found])),
    )


def test_noise_is_exceeded_as_often_as_it_says() -> None:
    # Four deviations of 4000 draws are 0.6 %.
    assert simulated(20, 2000, 4000) == pytest.approx((0.01, 0.01), abs=0.0065)


def test_noise_of_one_bin_or_no_rows() -> None:
    assert _core.psi_noise(1, 10, 10, 0.99) == 0
    assert _core.js_noise(5, 0, 10, 0.99) == math.inf
    tail = scipy.stats.chi2.isf(0.01, 19) * 2 / 2000
    assert _core.psi_noise(20, 2000, 2000, 0.99) == pytest.approx(tail, rel=1e-11)
    assert _core.js_noise(20, 2000, 2000, 0.99) ** 2 == pytest.approx(tail / 8, rel=1e-11)
    for level in (0.0, 1.0, math.nan):
        with pytest.raises(kedge.InvalidArgument, match="must be above 0 and below 1"):
            _core.psi_noise(5, 10, 10, level)


@st.composite
def points(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    places = draw(st.lists(st.integers(-10_000, 10_000), min_size=1, max_size=20, unique=True))
    counts = st.lists(st.integers(0, 50), min_size=len(places), max_size=len(places))
    return np.sort(places) / 16, np.array(draw(counts)), np.array(draw(counts))


@given(points())
def test_points_equal_scipy(case: tuple[np.ndarray, np.ndarray, np.ndarray]) -> None:
    places, x, y = case
    ends = np.repeat(places, 2)
    first, second = (np.zeros(len(ends) - 1, int) for _ in range(2))
    first[::2], second[::2] = x, y
    ours = _core.wasserstein(first, second, ends), _core.energy_distance(first, second, ends)
    if not x.sum() or not y.sum():
        assert ours == (0, 0)
        return
    theirs = (
        scipy.stats.wasserstein_distance(places, places, x, y),
        scipy.stats.energy_distance(places, places, x, y),
    )
    assert ours == pytest.approx(theirs, rel=1e-12, abs=1e-12)


@given(pairs(), st.integers(0, 2**32))
def test_even_bins_are_the_limit_of_many_points(
    pair: tuple[np.ndarray, np.ndarray], seed: int
) -> None:
    x, y = pair
    if not x.sum() or not y.sum():
        return
    rng = np.random.default_rng(seed)
    ends = np.cumsum(rng.integers(0, 3, len(x) + 1)).astype(float)
    shares = [np.append(0, v.cumsum() / v.sum()) for v in (x, y)]
    gap = shares[0] - shares[1]
    steps = (np.arange(2000) + 0.5) / 2000
    inside = gap[:-1, None] + (gap[1:] - gap[:-1])[:, None] * steps
    widths = np.diff(ends)
    expected = (
        widths @ np.abs(inside).mean(axis=1),
        math.sqrt(2 * (widths @ (inside**2).mean(axis=1))),
    )
    ours = _core.wasserstein(x, y, ends), _core.energy_distance(x, y, ends)
    assert ours == pytest.approx(expected, rel=1e-5, abs=1e-5)


def test_positions_at_the_ends_of_the_range() -> None:
    ends = [-1.7e308, 1.7e308, 1.7e308]
    assert _core.wasserstein([5, 5], [3, 3], ends) == 0
    assert _core.wasserstein([5, 5], [3, 4], ends) == math.inf


@pytest.mark.parametrize(
    ("positions", "text"),
    [
        ([0.0, 1.0], "2 bins have 3 ends, got 2"),
        ([0.0, math.nan, 1.0], r"positions\[1\] = nan: must be finite"),
        ([0.0, 1.0, 0.5], r"positions\[2\] = 0.5: must not be below 1"),
    ],
)
def test_bad_positions_are_refused(positions: list[float], text: str) -> None:
    for distance in (_core.wasserstein, _core.energy_distance):
        with pytest.raises(kedge.InvalidArgument, match=text):
            distance([1, 2], [2, 1], positions)
