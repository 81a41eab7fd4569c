"""Chooses how a column of numbers is drawn: bars for few values, else a density with spikes."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kedge.drift.page.axis import Axis
from kedge.drift.page.cells import Cells, Pair, weighted_quantile
from kedge.drift.words import Number

__all__ = ["Bars", "Density", "Spike", "bars_of", "density_of"]

Floats = NDArray[np.float64]

_MOST_BARS = 24
_MOST_BINS = 60
_FEWEST_BINS = 8
_SPIKE = 0.04  # a value with this share, and this many times a bin's fair one, is a spike
_SPIKE_TIMES = 2.5
_HEAVY = 7.0  # times the quartiles' distance: 3.8 for the normal, 4.8 for the exponential
_TAIL = 0.001  # left off the axis on each side, when that makes it much shorter
_SHORTER = 1.7
_MOST_EACH = 1000  # values in a bin: with more, one that is not full does not show


@dataclass(frozen=True)
class Bars:
    """Every value that occurs, side by side."""

    labels: list[str]
    start: Floats
    end: Floats
    reference: Floats
    current: Floats
    below: Pair
    above: Pair


@dataclass(frozen=True)
class Spike:
    """One value that holds much more than its neighbours, and its position on the axis."""

    value: float
    at: float
    shares: Pair


@dataclass(frozen=True)
class Density:
    """Shares in bins of equal width on the axis; what is not in a bin is a spike or beyond.

    Attributes:
        axis: from the first bin to the last.
        step: what the values are multiples of; 0 for none.
        reference: the reference's share in each bin.
        current: likewise.
        spikes: values apart.
        below: the shares below the axis.
        above: the shares above it.
        ends: the least and the greatest value in the bins.
        cut: whether the axis leaves some of the reference's range out.
    """

    axis: Axis
    step: float
    reference: Floats
    current: Floats
    spikes: list[Spike]
    below: Pair
    above: Pair
    ends: tuple[float, float]
    cut: bool


def bars_of(cells: Cells, number: Number) -> Bars | None:
    """The values one by one, or None when there are too many."""
    used = cells.only(cells.larger > 0)
    if used.start.size > _MOST_BARS or used.reference[~used.point].any():
        return None
    labels = [
        number(float(start)) if point else f"{number(float(start))} .. {number(float(end))}"
        for start, end, point in zip(used.start, used.end, used.point, strict=True)
    ]
    return Bars(labels, used.start, used.end, used.reference, used.current, used.below, used.above)


def density_of(cells: Cells, *, time: bool, whole: bool) -> Density:
    """Bins, spikes and an axis. There is a value inside of the range."""
    bins = int(min(max(2 * cells.rows ** (1 / 3), _FEWEST_BINS), _MOST_BINS))
    step = cells.step(whole=whole)
    spiked = cells.point & (cells.larger > max(_SPIKE, _SPIKE_TIMES / bins))
    if step:
        spiked &= _above_neighbours(cells)
    smooth = cells.only(~spiked)
    if not smooth.larger.any():
        smooth, spiked = cells, np.zeros_like(spiked)
    axis = _axis(cells, smooth, step, time=time)
    ends = (axis.low, axis.high)
    if step:
        smooth = smooth.widened(step)
        axis, bins = _aligned(axis, step, bins)
    reference, below_then, above_then = _binned(smooth, smooth.reference, axis, bins)
    current, below_now, above_now = _binned(smooth, smooth.current, axis, bins)
    spikes = [
        Spike(
            value=float(cells.start[i]),
            at=float(axis.at(float(cells.start[i]))),
            shares=Pair(float(cells.reference[i]), float(cells.current[i])),
        )
        for i in np.flatnonzero(spiked)
    ]
    low, high = float(cells.start[0]), float(cells.end[-1])
    return Density(
        axis=axis,
        step=step,
        reference=reference,
        current=current,
        spikes=spikes,
        below=Pair(cells.below.reference + below_then, cells.below.current + below_now),
        above=Pair(cells.above.reference + above_then, cells.above.current + above_now),
        ends=ends,
        cut=ends[0] > low or math.nextafter(ends[1], math.inf) < high,
    )


def _above_neighbours(cells: Cells) -> NDArray[np.bool_]:
    """Among even steps, a value stands out against the next ones only."""
    used = np.flatnonzero(cells.larger > 0)
    shares = np.concatenate(([0.0], cells.larger[used], [0.0]))
    found = np.zeros(cells.larger.size, dtype=np.bool_)
    found[used] = shares[1:-1] > _SPIKE_TIMES * np.maximum(shares[:-2], shares[2:])
    return found


def _axis(cells: Cells, smooth: Cells, step: float, *, time: bool) -> Axis:
    """The range without its outermost tails, spikes and all, on the scale that suits it."""
    full = (float(cells.start[0]), float(np.nextafter(cells.end[-1], -np.inf)))
    weights = smooth.reference + smooth.current
    low, q1, q3, high = (
        weighted_quantile(smooth.start / 2, weights, part) for part in (0.005, 0.25, 0.75, 0.995)
    )
    heavy = not time and high - low > _HEAVY * (q3 - q1)
    ends = [
        weighted_quantile(cells.start, side, part)
        for side in (cells.reference, cells.current)
        if side.any()
        for part in (_TAIL, 1 - _TAIL)
    ]
    spikes = cells.start[cells.larger > _SPIKE]
    short = (min([*ends, *spikes]), max([*ends, *spikes]))
    axis = _scale(full, short, smooth, step, heavy=heavy)
    start, stop = axis.at(short[0]), axis.at(short[1])
    longer = float(stop - start) * _SHORTER < 1.0 and short[0] < short[1]
    return Axis(axis.kind, *short, axis.bend) if longer else axis


def _scale(
    full: tuple[float, float],
    short: tuple[float, float],
    smooth: Cells,
    step: float,
    *,
    heavy: bool,
) -> Axis:
    low, high = full
    if not heavy:
        return Axis("linear", low, high)
    if low > 0:
        return Axis("log" if short[1] > 10 * short[0] else "linear", low, high)
    return Axis("asinh", low, high, max(_bend(smooth), step, max(-low, high) * 1e-12, 1e-300))


def _bend(smooth: Cells) -> float:
    """A low quantile of the sizes, zero left out; a high one where there are both signs.

    Around zero a short even part would show one peak as two.
    """
    sizes = np.abs(smooth.start)
    order = np.argsort(sizes, kind="stable")
    order = order[sizes[order] > 0]
    weights = (smooth.reference + smooth.current)[order]
    if not weights.any():
        return 0.0
    negative = float(weights[smooth.start[order] < 0].sum() / weights.sum())
    one_sign = min(negative, 1 - negative) < 0.01
    return weighted_quantile(sizes[order], weights, 0.1 if one_sign else 0.75)


def _aligned(axis: Axis, step: float, bins: int) -> tuple[Axis, int]:
    """Ends half way between values, and on an even axis the same number of values in each bin."""
    low, high = axis.low - step / 2, axis.high + step / 2
    if axis.kind == "log":
        low = max(low, axis.low / 2)
    if axis.kind != "linear":
        return Axis(axis.kind, low, high, axis.bend), bins
    values = max(round(min((high - low) / step, 1e15)), 1)
    least = -(-values // bins)
    # The last bin is to be as full as the others, or it would look like a drop.
    each = min(range(least, min(2 * least, _MOST_EACH) + 1) or [least], key=lambda n: -values % n)
    bins = -(-values // each)
    return Axis("linear", low, low + bins * each * step), bins


def _binned(cells: Cells, shares: Floats, axis: Axis, bins: int) -> tuple[Floats, float, float]:
    """Shares per bin, below the axis and above it: a cell's is spread evenly on the axis."""
    ends = np.column_stack((cells.start, cells.end)).ravel()
    inside = (ends >= axis.low) & (ends <= math.nextafter(axis.high, math.inf))
    total = np.cumsum(shares)
    until = np.column_stack((total - shares, total)).ravel()
    if not inside.any():
        return np.zeros(bins), 0.0, 0.0
    places, until = axis.at(ends[inside]), until[inside]
    at_edges = np.interp(np.linspace(0.0, 1.0, bins + 1), places, until)
    at_edges[0], at_edges[-1] = until[0], until[-1]
    return (
        np.maximum(np.diff(at_edges), 0.0),
        float(until[0]),
        float(max(total[-1] - until[-1], 0.0)),
    )
