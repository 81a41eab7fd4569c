"""Which part of the rows changed: the slices that drifted, or came nearest to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kedge.drift.page.element import Markup, element, short
from kedge.drift.page.overview import bar, chip, where

if TYPE_CHECKING:
    from kedge.drift.report import Report, SliceDrift

__all__ = ["slices"]

_MOST_DRIFTED = 20
_FEWEST = 3  # are shown when none drifted


def slices(report: Report) -> list[Markup]:
    """A table of the slices, the farthest moved first; nothing for a report without slices."""
    if not report.slices:
        return []
    drifted = sum(row.drift.drifted for row in report.slices)
    shown = report.slices[: min(max(drifted, _FEWEST), _MOST_DRIFTED)]
    head = element(
        "tr",
        *(element("th", name, scope="col") for name in ("slice", "column", "verdict")),
        element("th", "distance", scope="col", class_="wide"),
        element("th", "where", scope="col"),
    )
    lines = [_line(row, report) for row in shown]
    table = element("table", element("thead", head), element("tbody", *lines), class_="overview")
    words = (
        f"{drifted} of {len(report.slices)} slices and columns drifted. Their bounds hold for all"
        " of these together, apart from those of the columns."
    )
    return [element("h2", "Slices"), table, element("p", words, class_="note")]


def _line(row: SliceDrift, report: Report) -> Markup:
    found = where(row.drift, report.reference.type(row.drift.column))
    return element(
        "tr",
        element("th", short(f"{row.by} = {row.value}", 34), scope="row"),
        element("td", short(row.drift.column, 34)),
        element("td", chip(row.drift)),
        element("td", bar(row.drift, report.min_effect), class_="wide"),
        element("td", short(found, 60), class_="where"),
    )
