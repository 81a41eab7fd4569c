"""A net of affine steps, one number at a time: what its scores are, to the bit.

A sum begins with the bias and goes on in the order of the inputs. Each product is added to it
exactly, by fractions, and rounded once to a float32.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import numpy as np

__all__ = ["Layer", "nearest_float32", "scores"]

Layer = tuple[np.ndarray, np.ndarray]  # weights, a row of outputs for each input; bias

_SMALLEST = -149  # the exponent of the least denormal


def nearest_float32(exact: Fraction) -> np.float32:
    """The float32 next to a number that is none; the even one of two. Too large is infinite."""
    if exact == 0:
        return np.float32(0)
    size = abs(exact)
    exponent = size.numerator.bit_length() - size.denominator.bit_length()
    if Fraction(2) ** exponent > size:
        exponent -= 1
    unit = Fraction(2) ** max(exponent - 23, _SMALLEST)
    rounded = round(exact / unit) * unit  # `round` of a fraction prefers the even one
    if abs(rounded) >= 2**128:
        return np.float32(np.inf if exact > 0 else -np.inf)
    return np.float32(float(rounded))


def _output(row: Sequence[np.float32], weights: np.ndarray, bias: np.float32) -> np.float32:
    total = bias
    for value, weight in zip(row, weights, strict=True):
        total = nearest_float32(
            Fraction(float(value)) * Fraction(float(weight)) + Fraction(float(total))
        )
    return total


def scores(layers: Sequence[Layer], rows: np.ndarray) -> np.ndarray:
    """Finite rows through affine layers with max(x, 0) between them."""
    answers = []
    for row in rows:
        values = list(row)
        for i, (weights, bias) in enumerate(layers):
            outputs = range(weights.shape[1])
            values = [_output(values, weights[:, k], bias[k]) for k in outputs]
            if i + 1 < len(layers):
                values = [max(value, np.float32(0)) for value in values]
        answers.append(values)
    return np.array(answers, np.float32)
