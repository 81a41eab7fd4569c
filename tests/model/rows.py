"""Rows that tell importers apart which nearly agree."""

from __future__ import annotations

import numpy as np

FLOAT32_ZERO = float(np.float32(1e-35))
HARD = (
    np.nan,
    np.inf,
    -np.inf,
    0.0,
    -0.0,
    5e-324,
    -5e-324,
    1e-36,
    -1e-36,
    FLOAT32_ZERO,
    -FLOAT32_ZERO,
    np.nextafter(FLOAT32_ZERO, 1),
    np.nextafter(-FLOAT32_ZERO, -1),
    1e-40,
    1e300,
    -1e300,
    1e39,
    -0.5,
    -1.0,
    -2.0,
    0.5,
    2.9,
    69.0,
    70.0,
    1e6,
    2.0**31 - 1,
    2.0**31,
    2.0**32,
    -(2.0**31),
    1e19,
)


def hard_rows(rows: np.ndarray, thresholds: np.ndarray, seed: int = 1) -> np.ndarray:
    """The rows with most values replaced by hard ones, thresholds and their neighbours."""
    rng = np.random.default_rng(seed)
    hard = rng.choice(HARD, rows.shape)
    near = rng.choice(thresholds, rows.shape)
    toward = rng.choice([-np.inf, np.inf], rows.shape)
    near = np.where(rng.random(rows.shape) < 0.3, np.nextafter(near, toward), near)
    kind = rng.integers(0, 3, rows.shape)
    return np.where(kind == 0, rows, np.where(kind == 1, hard, near))


def same_bits(left: np.ndarray, right: np.ndarray) -> bool:
    """Whether the numbers are equal bit for bit; one NaN is as good as another."""
    return left.shape == right.shape and bool(
        np.all((left.view(np.int64) == right.view(np.int64)) | (np.isnan(left) & np.isnan(right)))
    )
