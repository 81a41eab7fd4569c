"""What a histogram over cells must be, one value at a time."""

from __future__ import annotations

import numpy as np


def counts(values: np.ndarray, bounds: np.ndarray) -> np.ndarray:
    """Rows in -inf, in each cell between `bounds` in rising order, in +inf; NaN left out.

    A cell starts at its bound, so it is found on the right of every bound up to the value. Bounds
    that no value reaches are +inf and leave their cells empty.
    """
    values = values[~np.isnan(values)]
    finite = values[np.isfinite(values)]
    cell = np.searchsorted(bounds, finite, side="right")
    inside = np.bincount(cell, minlength=len(bounds) + 1)
    return np.concatenate([[np.sum(values == -np.inf)], inside, [np.sum(values == np.inf)]])


def ks_distance(x: np.ndarray, y: np.ndarray) -> float:
    """The largest distance between two distribution functions, from its definition."""
    points = np.concatenate([x, y])
    f = np.array([np.mean(x <= point) for point in points])
    g = np.array([np.mean(y <= point) for point in points])
    return float(np.max(np.abs(f - g)))
