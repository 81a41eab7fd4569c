"""One column as its card and the overview show it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from kedge._core import Histogram
from kedge.drift.page.bins import Bars, Density, bars_of, density_of
from kedge.drift.page.cells import Cells, Pair, cells_of
from kedge.drift.page.element import Markup, element
from kedge.drift.page.names import Names, categories, names_of
from kedge.drift.page.picture import numbers
from kedge.drift.page.plot import FINE, outline
from kedge.drift.words import number_of, time_unit

if TYPE_CHECKING:
    from kedge.drift.report import ColumnDrift, Report

__all__ = ["View", "picture", "thumbnail", "view_of"]

Floats = NDArray[np.float64]
View = Bars | Density | Cells | Names

_SIDE_PART = 16  # of a thumbnail, for the bar at its side
_LENGTHS = "uint64"  # the type of a text's lengths
_WHOLE = ("int", "uint", "date32")


def view_of(report: Report, row: ColumnDrift) -> View:
    """What there is to draw of a column."""
    then, now, name = report.reference, report.current, row.column
    if row.kind == "category":
        return names_of(then.categories(name), now.categories(name))
    if row.kind == "text":
        return _numbers(then.lengths(name), now.lengths(name), _LENGTHS)
    return _numbers(then.histogram(name), now.histogram(name), then.type(name))


def _numbers(reference: Histogram, current: Histogram, kind: str) -> View:
    cells = cells_of(reference, current)
    if not cells.larger.any():
        return cells
    bars = bars_of(cells, number_of(kind))
    if bars is not None:
        return bars
    return density_of(cells, time=time_unit(kind) is not None, whole=kind.startswith(_WHOLE))


def picture(row: ColumnDrift, view: View, kind: str) -> Markup:
    """The large picture of a column whose type is `kind`."""
    if isinstance(view, Names):
        return categories(view)
    return numbers(row, view, _LENGTHS if row.kind == "text" else kind)


def thumbnail(view: View) -> Markup:
    """The same as small as a line of text."""
    if isinstance(view, Cells):
        return Markup("")
    reference, current = _steps(view)
    full = 1.04 * max(float(reference.max(initial=0)), float(current.max(initial=0)), 1e-9)
    return element(
        "svg",
        element("title", "grey: reference, line: current"),
        element("path", d=outline(reference, full, closed=True), class_="ref"),
        element("path", d=outline(current, full, closed=False), class_="line"),
        class_="thumb",
        height="24",
        viewBox=f"0 0 {FINE} {FINE}",
        preserveAspectRatio="none",
        role="img",
    )


def _steps(view: Bars | Density | Names) -> tuple[Floats, Floats]:
    if isinstance(view, Names):
        pairs = [line.shares for line in view.lines if line.fits]
        then, now = np.array([_both(pair) for pair in pairs]).reshape(-1, 2).T
        return then, now
    steps = np.array([view.reference, view.current])
    spikes = view.spikes if isinstance(view, Density) else []
    # What stands apart is no higher than the highest step, or nothing else could be seen.
    peak = float(steps.max())
    largest = max([view.below.largest, view.above.largest, *(s.shares.largest for s in spikes)])
    scale = min(1.0, peak / largest) if peak > 0 and largest > 0 else 1.0
    for spike in spikes:
        at = min(int(spike.at * steps.shape[1]), steps.shape[1] - 1)
        steps[:, at] = np.maximum(steps[:, at], scale * _both(spike.shares))
    parts = [steps]
    wide = -(-steps.shape[1] // _SIDE_PART)
    gap = np.zeros((2, wide))
    if view.below:
        parts = [gap + scale * _both(view.below)[:, None], gap, *parts]
    if view.above:
        parts = [*parts, gap, gap + scale * _both(view.above)[:, None]]
    then, now = np.concatenate(parts, axis=1)
    return then, now


def _both(pair: Pair) -> Floats:
    return np.array([pair.reference, pair.current])
