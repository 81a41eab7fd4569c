"""All columns at a glance: how far each moved, how sure that is, and where."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from kedge.drift.page.element import Markup, element, short
from kedge.drift.words import bounds, change, number_of

if TYPE_CHECKING:
    from kedge.drift.report import ColumnDrift, Report

__all__ = ["bar", "chip", "overview", "where"]

_ARROW = "→"
_CHIPS = {
    "yes": ("yes", "drifted"),
    "no": ("no", "no drift"),
    "not yet known": ("open", "too few rows"),
}
_MARKS = (0.0, 0.1, 0.25, 0.5, 1.0)
_MIDDLE = 11.0  # of a line of 22 pixels
_APART = 7.0  # per cent: closer marks would overlap


def chip(row: ColumnDrift) -> Markup:
    """The verdict in its colour."""
    class_, words = _CHIPS[row.verdict]
    return element("span", words, class_=f"chip {class_}")


def where(row: ColumnDrift, kind: str) -> str:
    """The values whose share changed most, as they are written in their column."""
    found = row.where_as(number_of(kind), _ARROW)
    return "" if found == "-" else found


def overview(report: Report, thumbnails: list[Markup], *, linked: bool) -> Markup:
    """The table of the columns that have a thumbnail; `linked` when each has a card behind it."""
    head = element(
        "tr",
        *(element("th", name, scope="col") for name in ("column", "verdict", "shape")),
        element("th", "distance", _scale(report.min_effect), scope="col", class_="wide"),
        *(element("th", name, scope="col") for name in ("null", "where")),
    )
    lines = [
        _line(row, i, report, small, linked=linked)
        for i, (row, small) in enumerate(zip(report.columns, thumbnails, strict=False))
    ]
    return element("table", element("thead", head), element("tbody", *lines), class_="overview")


def _line(row: ColumnDrift, i: int, report: Report, small: Markup, *, linked: bool) -> Markup:
    name = short(row.column, 34)
    words = where(row, report.reference.type(row.column))
    return element(
        "tr",
        element("th", element("a", name, href=f"#c{i}") if linked else name, scope="row"),
        element("td", chip(row)),
        element("td", small, class_="shape"),
        element("td", bar(row, report.min_effect), class_="wide"),
        element("td", _nulls(row, report.min_effect), class_="null"),
        element("td", short(words, 60), class_="where"),
    )


def _nulls(row: ColumnDrift, min_effect: float) -> Markup:
    words = change(row.reference_null_share, row.current_null_share, arrow=_ARROW)
    if row.null_at_least > min_effect:
        return element("strong", words)
    if row.reference_null_share > 0 or row.current_null_share > 0:
        return element("span", words)
    return element("span", "—", class_="none")


def _place(distance: float) -> float:
    """Per cent of the line: a square root, so that small distances can be told apart."""
    return 1.0 + 98.0 * math.sqrt(min(max(distance, 0.0), 1.0))


def _scale(min_effect: float) -> Markup:
    line = _place(min_effect)
    marks = [mark for mark in _MARKS if abs(_place(mark) - line) >= _APART]
    parts = [_number(_place(mark), f"{mark:g}", "tick") for mark in marks]
    if min_effect > 0:
        parts.append(_number(line, f"{min_effect:g}", "tick limit"))
    title = element("title", "distance, on a square-root axis")
    return element("svg", title, *parts, height="14", class_="bar", role="img")


def _number(at: float, words: str, class_: str) -> Markup:
    anchor = "start" if at < 5 else "end" if at > 95 else "middle"
    return element("text", words, x=f"{at:.1f}%", y="11", class_=class_, text_anchor=anchor)


def bar(row: ColumnDrift, min_effect: float) -> Markup:
    """The certain distance of the samples as a bar, the populations' as a whisker."""
    limit = _place(min_effect)
    parts = [_line_of(limit, limit, 0.0, 2 * _MIDDLE, "limit")]
    words = "no distance"
    if not math.isnan(row.at_least):
        low, high = _place(row.at_least), _place(row.at_most)
        parts.append(_line_of(low, high, _MIDDLE, _MIDDLE, "whisker"))
        parts += [_line_of(end, end, _MIDDLE - 3, _MIDDLE + 3, "whisker") for end in (low, high)]
        words = f"populations {bounds(row.at_least, row.at_most, 3)}"
    if not math.isnan(row.lower):
        left, right = _place(row.lower), _place(row.upper)
        parts.append(
            element(
                "rect",
                x=f"{left:.2f}%",
                width=f"{max(right - left, 0.7):.2f}%",
                y=f"{_MIDDLE - 5:g}",
                height="10",
                class_=_CHIPS[row.verdict][0],
            )
        )
        words = f"samples {bounds(row.lower, row.upper, 4)}, {words}"
    return element("svg", element("title", words), *parts, height="22", class_="bar", role="img")


def _line_of(x1: float, x2: float, y1: float, y2: float, class_: str) -> Markup:
    return element("line", x1=f"{x1:.2f}%", x2=f"{x2:.2f}%", y1=y1, y2=y2, class_=class_)
