"""The sheet that pictures of explanations are drawn on: names, an axis, numbers at the right."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass

from kedge.drift.page.axis import Axis, ticks
from kedge.drift.page.element import Markup, element, joined
from kedge.drift.words import printable

__all__ = ["WIDTH", "Figure", "Sheet"]

WIDTH = 860.0
LEFT, RIGHT = 266, 750  # of the plot
_NAMES, _NUMBERS = 254.0, 856.0  # where these end
_TOP, _FOOT = 34.0, 48.0
_MOST = sys.float_info.max
_LONGEST, _LONGEST_VALUE = 34, 14


@dataclass(frozen=True)
class Figure:
    """A picture, what it shows in words, how to read it, and how high it is."""

    title: str
    description: Sequence[str]
    note: str
    parts: Markup
    height: float

    def svg(self, y: float | None = None) -> Markup:
        """The picture, with what it shows for those who cannot see it."""
        return element(
            "svg",
            element("title", self.title),
            element("desc", *self.description),
            element("text", self.title, x="0", y="17", class_="head"),
            self.parts,
            element("text", self.note, x="0", y=self.height - 8, class_="tick"),
            class_="drawn",
            viewBox=f"0 0 {WIDTH:g} {self.height:g}",
            width=None if y is None else WIDTH,
            height=None if y is None else self.height,
            y=y,
            role="img",
            aria_label=self.title,
        )


@dataclass(frozen=True)
class Sheet:
    """Lines below each other over one axis."""

    low: float
    high: float
    lines: int
    line_height: float = 26.0

    @property
    def height(self) -> float:
        """Of all."""
        return self.foot + _FOOT

    @property
    def foot(self) -> float:
        """Where the plot ends."""
        return _TOP + self.lines * self.line_height

    @property
    def axis(self) -> Axis:
        """From end to end, with some room."""
        room = 0.02 * self.high - 0.02 * self.low or max(abs(self.low), 1.0) / 2
        return Axis("linear", max(self.low - room, -_MOST), min(self.high + room, _MOST))

    def x(self, value: float) -> float:
        """Where a value is."""
        return LEFT + float(self.axis.at(value)) * (RIGHT - LEFT)

    def y(self, line: float) -> float:
        """The middle of a line."""
        return _TOP + (line + 0.5) * self.line_height

    def name(self, line: int, name: str, class_: str | None = None, value: str = "") -> Markup:
        """At the left, with the value that goes with it."""
        shown = printable(name, _LONGEST - (min(len(value), _LONGEST_VALUE) + 3 if value else 0))
        equals = f" = {printable(value, _LONGEST_VALUE)}" if value else ""
        whole = f"{name} = {value}" if value else name
        parts: list[str] = [element("title", whole)] if whole != shown + equals else []
        if equals:
            parts.append(element("tspan", shown))
            parts.append(element("tspan", equals, class_="soft"))
        else:
            parts.append(shown)
        y = self.y(line) + 4.5
        return element("text", *parts, x=_NAMES, y=y, text_anchor="end", class_=class_)

    def number(self, line: int, words: str, class_: str | None = None) -> Markup:
        """At the right."""
        y = self.y(line) + 4.5
        return element("text", words, x=_NUMBERS, y=y, text_anchor="end", class_=class_)

    def scale(self, words: str) -> Markup:
        """Grid lines, and the numbers below them."""
        parts = []
        for tick in ticks(self.axis, "float64"):
            x = LEFT + tick.at * (RIGHT - LEFT)
            parts.append(element("line", x1=x, x2=x, y1=_TOP, y2=self.foot, class_="grid"))
            parts.append(
                element(
                    "text", tick.label, x=x, y=self.foot + 16, class_="tick", text_anchor="middle"
                )
            )
        parts.append(
            element("text", words, x=_NAMES, y=self.foot + 16, class_="tick", text_anchor="end")
        )
        return joined(parts)

    def upright(self, value: float, class_: str = "limit") -> Markup:
        """A line through the whole plot."""
        x = self.x(value)
        return element("line", x1=x, x2=x, y1=_TOP, y2=self.foot, class_=class_)
