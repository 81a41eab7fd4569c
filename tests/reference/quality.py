"""Quality as its definitions say, row by row, in fractions where sums are exact."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from fractions import Fraction

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


def mean(values: list[float]) -> float:
    """The exact sum, rounded once, over the number."""
    return float(sum(map(Fraction, values), Fraction(0))) / len(values)


def roc_area(targets: Floats, scores: Floats) -> float:
    """The share of pairs of a positive and a negative that are in order, ties half."""
    positive, negative = scores[targets == 1], scores[targets == 0]
    won = sum((p > negative).sum() + (p == negative).sum() / 2 for p in positive)
    return float(won / (positive.size * negative.size))


def precision_area(targets: Floats, scores: Floats) -> float:
    """The mean over the positives of the precision at their score."""
    at = [
        targets[scores >= score].sum() / (scores >= score).sum() for score in scores[targets == 1]
    ]
    return float(np.mean(at))


def weighted_mean(values: Sequence[float], weights: Sequence[float]) -> float:
    """The exact sums, their ratio rounded once."""
    pairs = zip(map(Fraction, values), map(Fraction, weights), strict=True)
    return float(sum(v * w for v, w in pairs) / sum(map(Fraction, weights)))


def class_losses(target: str, shares: Mapping[str, float]) -> tuple[float, float]:
    """A row's log loss and sum of squares; a class without a share has 0."""
    said = min(max(shares.get(target, 0.0), 2.0**-52), 1 - 2.0**-52)
    names = [*shares, *({target} - shares.keys())]
    return -math.log(said), math.fsum(
        (shares.get(name, 0.0) - (name == target)) ** 2 for name in names
    )


def pinball(targets: Floats, predictions: Floats, quantile: float) -> float:
    """The mean quantile loss."""
    off = predictions - targets
    return float(np.mean(np.where(off < 0, quantile * -off, (1 - quantile) * off)))
