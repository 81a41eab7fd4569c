"""Explanations to look at: in a notebook, as a page, as SVG."""

from __future__ import annotations

import os
from pathlib import Path

from kedge._core import Explanation, InvalidArgument
from kedge.drift.page.document import document, embedded
from kedge.drift.page.element import Markup, element
from kedge.drift.page.style import STYLE
from kedge.model.bars import bars
from kedge.model.beeswarm import beeswarm
from kedge.model.contributions import Contributions, contributions_of
from kedge.model.figure import WIDTH, Figure
from kedge.model.waterfall import waterfall

__all__ = ["Picture", "draw"]

_MOST_OUTPUTS = 8  # so that a page of a hundred classes can be opened
_GAP = 14.0


class Picture:
    """What `Explanation.plot` gives: notebooks show it, `save` writes it.

    It needs no network, fonts or scripts, and follows the reader's choice of light or dark.
    """

    def __init__(
        self, drawn: list[Contributions], *, left_out: int, drawn_from: int | None
    ) -> None:
        """Of the outputs to draw; `left_out` counts rows whose contributions are not finite."""
        self._drawn_from = drawn_from
        self._outputs = len(drawn)
        drawn = drawn[:_MOST_OUTPUTS]
        self._figures = [_figures(one) for one in drawn]
        self._head = _head(drawn)
        self._left_out = left_out

    def to_html(self) -> str:
        """One page."""
        return document(self._head, *self._parts())

    def to_svg(self) -> str:
        """All figures below each other in one file."""
        figures = [figure for section in self._figures for figure in section]
        parts, y = [], 0.0
        for figure in figures:
            parts.append(figure.svg(y))
            y += figure.height + _GAP
        return element(
            "svg",
            element("title", self._head),
            element("style", Markup(STYLE)),
            *parts,
            xmlns="http://www.w3.org/2000/svg",
            class_="kedge",
            viewBox=f"0 0 {WIDTH:g} {y:g}",
            width=WIDTH,
            height=y,
            role="group",
            aria_label=self._head,
        )

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write a page or an SVG, by the ending of the name.

        Raises:
            InvalidArgument: it ends in neither .html nor .svg.
        """
        path = Path(path)
        forms = {".html": self.to_html, ".htm": self.to_html, ".svg": self.to_svg}
        form = forms.get(path.suffix.lower())
        if form is None:
            raise InvalidArgument(f'"{path}": expected a name that ends in .html or .svg')
        path.write_text(form(), encoding="utf-8")

    def _repr_html_(self) -> str:
        """For notebooks."""
        return embedded(*self._parts())

    def _repr_svg_(self) -> str:
        """For what shows no HTML."""
        return self.to_svg()

    def __repr__(self) -> str:
        return f"<Picture: {self._head}>"

    def _parts(self) -> list[Markup]:
        head = [element("h1", self._head), element("p", self._limits(), class_="note")]
        sections = [
            element(
                "section",
                *(_scrolled(figure) for figure in figures),
            )
            for figures in self._figures
        ]
        return [element("header", *head, class_="calm"), *sections]

    def _limits(self) -> str:
        """What the numbers are, and what is not shown."""
        words = ["Contributions to the raw score, before the link: exact Shapley values."]
        if self._drawn_from is not None:
            words.append(
                f"The rows are a random sample of {self._drawn_from:,}, the same each time."
            )
        if self._left_out:
            rows = "1 row" if self._left_out == 1 else f"{self._left_out:,} rows"
            words.append(f"Left out: {rows} whose contributions are not finite.")
        more = self._outputs - len(self._figures)
        if more > 0:
            words.append(f"The first {_MOST_OUTPUTS} outputs, and {more} more: output= shows one.")
        return " ".join(words)


def draw(
    found: Explanation,
    rows: object = None,
    *,
    row: int | None = None,
    output: int | None = None,
    most: int = 12,
    drawn_from: int | None = None,
) -> Picture:
    """The picture of an explanation, as `Explanation.plot` says.

    `drawn_from` says of how many rows these are a sample.

    Raises:
        InvalidArgument: there is nothing to draw, `row` or `output` does not exist, `most` is not
            above 0, or `rows` are not those that were explained.
    """
    drawn = contributions_of(found, rows, row=row, output=output, most=most)
    wanted = len(found) if row is None else 1
    return Picture(drawn, left_out=wanted - len(drawn[0].row_places), drawn_from=drawn_from)


def _scrolled(figure: Figure) -> Markup:
    """What is wider than a telephone moves by finger or by key."""
    return element(
        "div",
        figure.svg(),
        class_="wide-figure",
        tabindex="0",
        role="group",
        aria_label=figure.title,
    )


def _figures(drawn: Contributions) -> list[Figure]:
    if len(drawn.row_places) == 1:
        return [waterfall(drawn)]
    return [bars(drawn), beeswarm(drawn)]


def _head(drawn: list[Contributions]) -> str:
    count = len(drawn[0].row_places)
    return "What made the score" if count == 1 else f"What moves the score, in {count:,} rows"
