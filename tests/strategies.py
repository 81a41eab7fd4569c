"""Columns that hurt: ties, infinities, denormals, clusters, heavy tails, one value only."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

_SHAPES = ("normal", "tied", "heavy", "clusters", "constant", "wild", "integers", "zeros")


def draw_column(rng: np.random.Generator, shape: str, size: int) -> np.ndarray:
    """One column of `size` float64 values of the named shape."""
    if shape == "normal":
        return rng.normal(rng.normal(), np.exp(rng.normal()), size)
    if shape == "tied":
        return rng.integers(0, 6, size) / 4
    if shape == "heavy":
        return rng.standard_cauchy(size) * 10.0 ** rng.integers(-200, 200)
    if shape == "clusters":
        return rng.normal(size=size) + 1e6 * rng.integers(0, 3, size)
    if shape == "constant":
        return np.full(size, rng.choice([0.0, -0.0, 0.1, 5e-324, 1e308, np.inf, -np.inf]))
    if shape == "wild":
        return rng.integers(0, 2**64, size, dtype=np.uint64).view(np.float64)
    if shape == "integers":
        return rng.integers(-40, 40, size).astype(np.float64)
    return np.where(rng.random(size) < 0.5, 0.0, rng.lognormal(0, 2, size))


def with_specials(rng: np.random.Generator, column: np.ndarray, *, nan: bool) -> np.ndarray:
    """The column with some of its values made infinite, zero of either sign, or NaN."""
    choices = [np.inf, -np.inf, 0.0, -0.0, 5e-324] + ([np.nan] if nan else [])
    at = rng.random(column.size) < rng.choice([0, 0, 0.1])
    return np.where(at, rng.choice(choices, column.size), column)


@st.composite
def columns(draw: st.DrawFn, *, max_size: int = 300, nan: bool = True) -> np.ndarray:
    """Columns of every shape, some with specials among them."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    column = draw_column(rng, draw(st.sampled_from(_SHAPES)), draw(st.integers(1, max_size)))
    column = with_specials(rng, column, nan=nan)
    return column if nan else column[~np.isnan(column)]


def rows_on_thresholds(
    rng: np.random.Generator, thresholds: list[list[float]], size: int, *, infinite: bool
) -> np.ndarray:
    """Rows for trees over float32: on each threshold, one step beside it, and elsewhere."""
    rows = rng.normal(size=(size, len(thresholds))).astype(np.float32) * 3
    for feature, values in enumerate(thresholds):
        if values:
            on = rng.choice(np.array(values, np.float32), size)
            to = rng.choice(np.array([-np.inf, np.inf], np.float32), size)
            with np.errstate(over="ignore", under="ignore"):
                beside = np.nextafter(on, to)
            rows[:, feature] = np.choose(rng.integers(0, 3, size), [rows[:, feature], on, beside])
    wild = [np.nan, 0.0, -0.0, 1e-45, -1e-40, 3e38, -3e38] + [np.inf, -np.inf] * infinite
    at = rng.random(rows.shape) < 0.2
    return np.where(at, rng.choice(np.array(wild, np.float32), rows.shape), rows)
