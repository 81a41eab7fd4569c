"""One row: from the base value, feature by feature, to its score."""

from __future__ import annotations

import numpy as np

from kedge.drift.page.element import Markup, element, joined
from kedge.drift.words import Number, aligned, brief, signed
from kedge.model.contributions import Contributions
from kedge.model.figure import Figure, Sheet

__all__ = ["waterfall"]

_TALL = 16.0  # of a bar
_LONGEST = 11  # characters that have room at the right
_NOTE = "Base value: the raw score of the average training row. The bars add up to the score."


def waterfall(drawn: Contributions) -> Figure:
    """Each bar starts where the one above it ends, so that all of them lead to the score."""
    lines = list(drawn.lines())
    added = [float(values[0]) for _, values in lines]
    reached = drawn.base + np.cumsum([0.0, *added])
    number = _number(added, reached.tolist())
    score = float(reached[-1])
    sheet = Sheet(float(reached.min()), float(reached.max()), len(lines) + 2)
    parts = [
        sheet.scale("raw score"),
        sheet.upright(drawn.base),
        _end(sheet, 0, drawn.base, "base value", number(drawn.base)),
    ]
    said = [f"The base value is {number(drawn.base)}. "]
    for i, (name, _) in enumerate(lines):
        value = _value(drawn, i)
        words = signed(number(added[i]))
        whole = f"{name} = {value}" if value else name
        parts.append(
            _bar(sheet, i + 1, float(reached[i]), float(reached[i + 1]), f"{whole}: {words}")
        )
        parts.append(sheet.name(i + 1, name, "soft" if i >= len(drawn.names) else None, value))
        parts.append(sheet.number(i + 1, words))
        said.append(f"{whole}: {words}. ")
    parts.append(_end(sheet, len(lines) + 1, score, "score", number(score)))
    said.append(f"The score is {number(score)}.")
    title = f"From the base value {number(drawn.base)} to the score {number(score)}"
    return Figure(drawn.titled(title), said, _NOTE, joined(parts), sheet.height)


def _number(added: list[float], reached: list[float]) -> Number:
    """Digits that show what is added, unless a far larger base would need too many."""
    number = aligned(added if any(added) else reached)
    return number if all(len(number(value)) <= _LONGEST for value in reached) else brief


def _value(drawn: Contributions, i: int) -> str:
    if drawn.rows is None or i >= len(drawn.places):
        return ""
    return drawn.rows.text(int(drawn.row_places[0]), drawn.places[i])


def _end(sheet: Sheet, line: int, value: float, name: str, words: str) -> Markup:
    """Where it starts, or ends: a mark across the line."""
    x, y = sheet.x(value), sheet.y(line)
    mark = element("rect", x=x - 1.5, width="3", y=y - _TALL / 2, height=_TALL, class_="mark")
    return joined([mark, sheet.name(line, name, "strong"), sheet.number(line, words, "strong")])


def _bar(sheet: Sheet, line: int, start: float, end: float, title: str) -> Markup:
    left, right, y = sheet.x(min(start, end)), sheet.x(max(start, end)), sheet.y(line)
    bar = element(
        "rect",
        element("title", title),
        x=left,
        width=right - left,
        y=y - _TALL / 2,
        height=_TALL,
        class_="up" if end >= start else "down",
    )
    ends = [(start, line - 0.5, -1), (end, line + 0.5, 1)]
    joints = [
        element(
            "line",
            x1=sheet.x(value),
            x2=sheet.x(value),
            y1=sheet.y(middle),
            y2=y + side * _TALL / 2,
            class_="joint",
        )
        for value, middle, side in ends
    ]
    return joined([*joints, bar])
