"""A report as one page to look at: the answer, all columns at a glance, a picture of each.

The page is plain HTML with its style and pictures inside. It asks nothing of the network, and all
of it can be read without its script, which only opens the card that a link points at.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kedge.drift.page.document import document, embedded
from kedge.drift.page.element import Markup, element, joined, short
from kedge.drift.page.facts import facts
from kedge.drift.page.overview import chip, overview, where
from kedge.drift.page.slices import slices
from kedge.drift.page.style import SCRIPT
from kedge.drift.page.view import View, picture, thumbnail, view_of
from kedge.drift.words import bounds, change, share

if TYPE_CHECKING:
    from kedge.drift.report import ColumnDrift, Report

__all__ = ["page", "summary"]

_MOST_LINES = 40  # in a notebook, which keeps its output
_CLASSES = {"yes": "yes", "no": "no", "not yet known": "open"}


def page(report: Report) -> str:
    """The whole page."""
    views = [view_of(report, row) for row in report.columns]
    cards = [_card(report, views[i], i) for i in range(len(views))]
    return document(
        _headline(report),
        _header(report),
        element("section", *_overview(report, views, linked=True)),
        element("section", *slices(report)),
        element("section", *cards),
        script=SCRIPT,
    )


def summary(report: Report) -> str:
    """The headline and the first lines of the overview, to be put into another page."""
    views = [view_of(report, row) for row in report.columns[:_MOST_LINES]]
    return embedded(_header(report), *_overview(report, views, linked=False))


def _headline(report: Report) -> str:
    count = len(report)
    if not count:
        return "No column to compare"
    drifted = sum(row.drifted for row in report)
    if drifted:
        return f"{drifted} of {count} column{'s' if count > 1 else ''} drifted"
    if report.verdict == "no":
        return "Nothing that matters changed"
    return "Not yet known: too few rows"


def _header(report: Report) -> Markup:
    then, now = report.reference.row_count, report.current.row_count
    rows = element(
        "p",
        element("span", f"reference, {then:,} rows", class_="key ref"),
        element("span", f"current, {now:,} rows", class_="key cur"),
    )
    meaning = (
        f"What moves at most {100 * report.min_effect:g}% of the values does not count"
        f" (min_effect {report.min_effect:g}); that no bound on this page is wrong has"
        f" confidence {report.confidence:g}."
    )
    class_ = _CLASSES[report.verdict]
    return element(
        "header",
        element("h1", _headline(report)),
        element("p", _rest(report)),
        rows,
        element("p", meaning, class_="note"),
        class_=class_,
    )


def _rest(report: Report) -> str:
    """What the headline leaves out."""
    verdicts = [row.verdict for row in report]
    same, unknown = verdicts.count("no"), verdicts.count("not yet known")
    parts = [
        f"{unknown} not yet known, for want of rows" if unknown else "",
        f"{same} within min_effect" if same else "",
    ]
    return "; ".join(part for part in parts if part)


def _overview(report: Report, views: list[View], *, linked: bool) -> list[Markup]:
    """The lines of the columns that have a view, which are the first ones."""
    if not views:
        return []
    parts = [overview(report, [*map(thumbnail, views)], linked=linked)]
    left = report.columns[len(views) :]
    if left:
        drifted = sum(row.drifted for row in left)
        words = f"{len(left)} more columns, {drifted} of them drifted: to_html() shows all."
        parts.append(element("p", words))
    note = (
        "Bar: the distance of the two samples, between two certain bounds. Whisker: that of what"
        " they were drawn from. Dashed: min_effect. The axis is a square root."
    )
    return [*parts, element("p", note, class_="note")]


def _card(report: Report, view: View, i: int) -> Markup:
    row = report.columns[i]
    kind = report.reference.type(row.column)
    is_open = row.drifted or (i == 0 and not report.drifted)
    head = element(
        "summary",
        element("b", short(row.column, 60)),
        chip(row),
        element("span", f"distance {bounds(row.lower, row.upper, 4)}", class_="distance"),
        element("span", short(where(row, kind), 80), class_="where"),
    )
    text = f"{kind}, lengths in bytes" if row.kind == "text" else kind
    rows = f"{row.reference_rows:,} values → {row.current_rows:,}"
    figure = element(
        "div",
        picture(row, view, kind),
        _nulls(row, moved=row.null_at_least > report.min_effect),
        element("p", f"{text}; {rows}", class_="note"),
        class_="figure",
    )
    body = element("div", figure, facts(row, kind), class_="card")
    class_ = "moved" if row.at_least > report.min_effect else None
    return element(
        "details", head, body, id=f"c{i}", class_=class_, open="open" if is_open else None
    )


def _nulls(row: ColumnDrift, *, moved: bool) -> Markup:
    """The share of nulls among all rows, as two bars of the same length."""
    then, now = row.reference_null_share, row.current_null_share
    if not then > 0 and not now > 0:
        return Markup("")
    words = f"null {change(then, now, arrow='→')}"
    bars = [
        joined(
            [
                element("rect", width="100%", y=y, height="6", class_="rows"),
                element("rect", width=share(value), y=y, height="6", class_=class_),
            ]
        )
        for value, y, class_ in ((then, "1", "ref"), (now, "9", "cur"))
    ]
    drawn = element("svg", element("title", words), *bars, height="16", class_="pair", role="img")
    return element("div", element("span", words), drawn, class_="nulls moved" if moved else "nulls")
