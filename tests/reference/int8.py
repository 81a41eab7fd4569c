"""int8 steps as cpp/kedge/kernels/dense_int8.h defines them, without speed."""

from __future__ import annotations

import numpy as np

__all__ = ["quantized", "sums", "to_bytes", "to_floats"]


def quantized(x: np.ndarray, factor: np.ndarray, zero: np.ndarray) -> np.ndarray:
    """Floats to bytes: NaN is the zero, halves go to the even number."""
    factor, zero = np.asarray(factor, np.float32), np.asarray(zero, np.float32)
    value = np.asarray(x, np.float32) * factor
    value = np.where(np.isnan(value), np.float32(0), value)
    value = np.clip(value, -zero, np.float32(255) - zero)
    return (np.rint(value) + zero).astype(np.uint8)


def sums(x: np.ndarray, weights: np.ndarray, bias: np.ndarray) -> np.ndarray:
    """Whole numbers of 64 bits; `weights` has a row for each input."""
    return x.astype(np.int64) @ weights.astype(np.int64) + bias.astype(np.int64)


def to_bytes(
    total: np.ndarray, multiplier: np.ndarray, shift: np.ndarray, zero: int, relu: bool
) -> np.ndarray:
    """Halves go up, then what is no byte is clamped."""
    half = np.int64(1) << (shift.astype(np.int64) - 1)
    scaled = (total * multiplier.astype(np.int64) + half) >> shift.astype(np.int64)
    return np.clip(scaled + zero, zero if relu else 0, 255).astype(np.uint8)


def to_floats(total: np.ndarray, scale: np.ndarray, offset: np.ndarray) -> np.ndarray:
    """Rounded after each of the three steps."""
    return total.astype(np.float32) * np.asarray(scale, np.float32) + np.asarray(offset, np.float32)
