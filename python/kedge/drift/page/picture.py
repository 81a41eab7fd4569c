"""The picture of one column of numbers: reference and current over one axis."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from kedge.drift.page.axis import clean, ticks
from kedge.drift.page.bins import Bars, Density
from kedge.drift.page.cells import Cells, Pair
from kedge.drift.page.element import Markup, element, joined
from kedge.drift.page.plot import (
    BASE,
    FINE,
    TOP,
    Frame,
    beyond,
    changed,
    foot,
    frame_of,
    grid,
    label,
    outline,
    shade,
    svg,
    twins,
)
from kedge.drift.words import Number, number_of, time_unit

if TYPE_CHECKING:
    from kedge.drift.report import ColumnDrift

__all__ = ["numbers"]

_HEADROOM = 1.06


def numbers(row: ColumnDrift, drawn: Bars | Density | Cells, kind: str) -> Markup:
    """The picture of a column whose type is `kind`, and what must be said below it."""
    if isinstance(drawn, Bars):
        return _bars(row, drawn, kind)
    return _density(row, drawn, kind) if isinstance(drawn, Density) else _without_axis(drawn)


def _without_axis(cells: Cells) -> Markup:
    sides = [
        f"{name}: {changed(pair)}"
        for name, pair in (("below the range", cells.below), ("above it", cells.above))
        if pair
    ]
    return _note(*sides) if sides else _note("no value to draw")


def _note(*parts: str) -> Markup:
    return element("p", "; ".join(part for part in parts if part), class_="note")


def _bars(row: ColumnDrift, bars: Bars, kind: str) -> Markup:
    frame = frame_of(bars.below, bars.above)
    largest = max(bars.reference.max(), bars.current.max())
    full = _HEADROOM * max(float(largest), bars.below.largest, bars.above.largest)
    width = frame.width / len(bars.labels)
    every = -(-len(bars.labels) * max(4, *map(len, bars.labels)) // 50)
    parts = []
    for i, name in enumerate(bars.labels):
        at = frame.left + (i + 0.5) * width
        pair = Pair(float(bars.reference[i]), float(bars.current[i]))
        parts.append(twins(at, min(0.76 * width, 14.0), pair, full, f"{name}: {changed(pair)}"))
        if i % every == 0:
            parts.append(label(at, BASE + 15, name, anchor="middle"))
    first = int(np.searchsorted(bars.end, row.low, side="right"))
    behind = int(np.searchsorted(bars.start, row.high, side="right"))
    shaded = _shaded(row, frame, first / len(bars.labels), behind / len(bars.labels))
    sides = beyond(bars.below, bars.above, full, (f"< {bars.labels[0]}", f"> {bars.labels[-1]}"))
    return svg(_title(row, kind), shaded, *parts, grid(frame, full), sides, foot())


def _shaded(row: ColumnDrift, frame: Frame, low: float, high: float) -> Markup:
    """The carrying values between two positions of the plot; an open end takes the side in."""
    if math.isnan(row.low):
        return Markup("")
    left = frame.at(low) if row.low > -math.inf else 0.0
    right = frame.at(high) if row.high < math.inf else 100.0
    return shade(left, right, Pair(row.reference_share, row.current_share))


def _title(row: ColumnDrift, kind: str) -> str:
    where = row.where_as(number_of(kind), "to")
    return f"{row.column}, reference and current{'' if where == '-' else f': {where}'}"


def _density(row: ColumnDrift, drawn: Density, kind: str) -> Markup:
    frame = frame_of(drawn.below, drawn.above)
    peak = _HEADROOM * max(float(drawn.reference.max()), float(drawn.current.max()), 1e-9)
    apart = [spike.shares.largest for spike in drawn.spikes]
    # Spikes are mostly far higher than any bin: drawn to its scale they would flatten it.
    tall = max(peak, _HEADROOM * max([*apart, drawn.below.largest, drawn.above.largest]))
    spikes = [
        twins(
            frame.at(spike.at),
            1.8,
            spike.shares,
            tall,
            f"{number_of(kind)(spike.value)}: {changed(spike.shares)}",
        )
        for spike in drawn.spikes
    ]
    marks = [_mark(frame.at(tick.at), tick.label) for tick in ticks(drawn.axis, kind)]
    half = drawn.step / 2
    low, high = (float(drawn.axis.at(end)) for end in (row.low - half, row.high + half))
    picture = svg(
        _title(row, kind),
        _shaded(row, frame, low, high),
        _area(frame, drawn, peak),
        grid(frame, peak),
        *spikes,
        *marks,
        beyond(drawn.below, drawn.above, tall, _ends(drawn, kind)),
        foot(),
    )
    return joined([picture, _remarks(drawn, number_of(kind), rescaled=tall > peak)])


def _mark(at: float, words: str) -> Markup:
    stroke = element("line", x1=f"{at:.1f}%", x2=f"{at:.1f}%", y1=float(BASE), y2=BASE + 4.0)
    return joined([stroke, label(at, BASE + 17, words)])


def _ends(drawn: Density, kind: str) -> tuple[str, str]:
    if time_unit(kind) is not None:
        return "before", "after"
    low, high = drawn.ends
    return f"< {clean(_round(low))}", f"> {clean(_round(high))}"


def _round(value: float) -> float:
    return float(f"{value:.3g}")


def _remarks(drawn: Density, number: Number, *, rescaled: bool) -> Markup:
    spikes = [f"{number(spike.value)} {changed(spike.shares)}" for spike in drawn.spikes[:4]]
    more = f" and {len(drawn.spikes) - 4} more" if len(drawn.spikes) > 4 else ""
    bars = "spikes" if drawn.spikes else "side bars"
    words = [
        f"shares of the values in {drawn.reference.size} bins",
        f"{bars} on their own scale" if rescaled else "",
        f"spikes: {', '.join(spikes)}{more}" if spikes else "",
        drawn.axis.note,
        "the axis leaves out the outermost 0.1%" if drawn.cut else "",
    ]
    return _note(*words)


def _area(frame: Frame, drawn: Density, peak: float) -> Markup:
    paths = [
        element("path", d=outline(drawn.reference, peak, closed=True), class_="ref"),
        element("path", d=outline(drawn.current, peak, closed=False), class_="line"),
    ]
    return element(
        "svg",
        element("title", "grey: reference, line: current"),
        *paths,
        x=f"{frame.left:.2f}%",
        y=str(TOP),
        width=f"{frame.width:.2f}%",
        height=str(BASE - TOP),
        viewBox=f"0 0 {FINE} {FINE}",
        preserveAspectRatio="none",
    )
