"""Two histograms over the same cells as shares of their values."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from kedge._core import Histogram

__all__ = ["Cells", "Pair", "cells_of", "weighted_quantile"]

Floats = NDArray[np.float64]

_VISIBLE = 0.0015  # a bar for less cannot be seen
_LAST_POINT = 2.0**53  # beyond, a cell that looks like one value may hold several


@dataclass(frozen=True)
class Pair:
    """A share of the values in the reference and in the current data; true when it can be seen."""

    reference: float
    current: float

    def __bool__(self) -> bool:
        return self.largest >= _VISIBLE

    @property
    def largest(self) -> float:
        """The larger of the two."""
        return max(self.reference, self.current)


@dataclass(frozen=True)
class Cells:
    """The cells inside of the reference's range, and what is outside of it.

    Attributes:
        start: the smallest value of each cell, rising.
        end: the smallest value behind it.
        point: whether the cell holds one value only.
        reference: the share of the reference's values in each cell.
        current: likewise.
        below: the shares below the first cell.
        above: the shares above the last one.
        rows: values of the smaller side that has any.
    """

    start: Floats
    end: Floats
    point: NDArray[np.bool_]
    reference: Floats
    current: Floats
    below: Pair
    above: Pair
    rows: int

    @property
    def larger(self) -> Floats:
        """The larger of the two shares, cell by cell."""
        return np.maximum(self.reference, self.current)

    def step(self, *, whole: bool) -> float:
        """What the values are apart, or multiples of that; 0 for nothing. `whole`: at least 1."""
        least = 1.0 if whole else 0.0
        used = self.start[self.reference > 0]
        if used.size < 2 or self.larger[~self.point].any():
            return least
        with np.errstate(over="ignore", invalid="ignore"):
            gaps = np.diff(used)
            step = float(gaps.min())
            count = gaps / step
            even = np.all(np.abs(count - np.round(count)) < 1e-6)
        return step if even and math.isfinite(step) else least

    def only(self, chosen: NDArray[np.bool_]) -> Cells:
        """The cells of a mask."""
        return replace(
            self,
            start=self.start[chosen],
            end=self.end[chosen],
            point=self.point[chosen],
            reference=self.reference[chosen],
            current=self.current[chosen],
        )

    def widened(self, step: float) -> Cells:
        """Cells that meet half way between the values they hold, which are `step` apart."""
        used = self.only(self.larger > 0)
        last = np.where(used.point, used.start, np.ceil(used.end) - 1)
        return replace(used, start=np.ceil(used.start) - step / 2, end=last + step / 2)


def cells_of(reference: Histogram, current: Histogram) -> Cells:
    """What there is to draw of two histograms."""
    bounds = reference.bounds
    last = max(bounds.size + 1, 2)  # the slot of the last cell, which is outside of the range
    then, now = _shares(reference), _shares(current)
    start, end = bounds[:-1], bounds[1:]
    return Cells(
        start=start,
        end=end,
        point=(np.nextafter(start, np.inf) >= end) & (np.abs(start) < _LAST_POINT),
        reference=then[2:last],
        current=now[2:last],
        below=Pair(float(then[:2].sum()), float(now[:2].sum())),
        above=Pair(float(then[last:].sum()), float(now[last:].sum())),
        rows=min(filter(None, (reference.value_count, current.value_count)), default=0),
    )


def _shares(histogram: Histogram) -> Floats:
    counts = histogram.counts.astype(np.float64)
    return np.asarray(counts / max(counts.sum(), 1.0))


def weighted_quantile(values: Floats, weights: Floats, part: float) -> float:
    """The value, of rising ones, at which `part` of the weight is reached."""
    total = np.cumsum(weights)
    at = int(np.searchsorted(total, part * total[-1]))
    return float(values[min(at, values.size - 1)])
