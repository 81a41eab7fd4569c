"""Many rows: every contribution as a dot, coloured by the feature's value.

Dots stand in columns of equal width, so that a picture of a million rows is as small as that of a
thousand: what overflows a column makes dots stand for several rows. Nothing is drawn at random.
"""

from __future__ import annotations

import math
from collections import defaultdict

import numpy as np
from numpy.typing import NDArray

from kedge.drift.page.element import Markup, element, joined
from kedge.drift.words import aligned, signed
from kedge.model.contributions import Contributions
from kedge.model.figure import LEFT, RIGHT, Figure, Sheet

__all__ = ["beeswarm"]

_DOT = 4  # pixels from dot to dot
_MOST_DOTS = 7  # above each other
_LINE = 34.0
_LEVELS = 5
_PLAIN = _LEVELS  # no value, or a name: the colour says nothing
_CLASSES = {-1: "dots missing", _PLAIN: "dots plain", **{i: f"dots v{i}" for i in range(_LEVELS)}}
_NOTE = (
    "A dot is a row; where not all rows fit, dots grow with the root of their number."
    " 0 is the base value."
)


def beeswarm(drawn: Contributions) -> Figure:
    """A line of dots for each feature, around what adds nothing."""
    lines = list(drawn.lines())
    every = np.concatenate([values for _, values in lines])
    low, high = min(float(every.min()), 0.0), max(float(every.max()), 0.0)
    sheet = Sheet(low, high, len(lines), _LINE)
    number = aligned([low, high])
    parts = [sheet.scale("contribution"), sheet.upright(0.0)]
    said = []
    for i, (name, values) in enumerate(lines):
        is_rest = i >= len(drawn.names)
        parts.append(_dots(sheet, i, values, _levels(drawn, i, len(values))))
        parts.append(sheet.name(i, name, "soft" if is_rest else None))
        ends = [signed(number(float(end))) for end in (values.min(), values.max())]
        said.append(f"{name}: {ends[0]} to {ends[1]}. ")
    if drawn.rows is not None:
        parts.append(_legend())
    title = drawn.titled(f"What each feature adds, in {len(drawn.scores):,} rows")
    return Figure(title, said, _NOTE, joined(parts), sheet.height)


def _levels(drawn: Contributions, i: int, count: int) -> NDArray[np.int64]:
    plain = np.full(count, _PLAIN)
    if drawn.rows is None:
        return np.zeros_like(plain)
    if i >= len(drawn.places):
        return plain
    levels = drawn.rows.levels(drawn.places[i], _LEVELS)
    return plain if levels is None else levels[drawn.row_places]


def _dots(
    sheet: Sheet, line: int, values: NDArray[np.float64], levels: NDArray[np.int64]
) -> Markup:
    """In each column the dots of low values are below those of high ones."""
    columns = np.floor(sheet.axis.at(values) * ((RIGHT - LEFT) / _DOT)).astype(np.int64)
    kinds = len(_CLASSES)
    length = kinds * (int(columns.max()) + 1)
    counts = np.bincount(columns * kinds + levels + 1, minlength=length).reshape(-1, kinds)
    behind = counts.cumsum(axis=1)  # of each column, the rows of a level and those below it
    most = int(behind[:, -1].max())
    paths: dict[int, list[str]] = defaultdict(list)
    for column in np.flatnonzero(behind[:, -1]).tolist():
        count = dots = int(behind[column, -1])
        if most > _MOST_DOTS:
            dots = min(count, math.ceil(_MOST_DOTS * math.sqrt(count / most)))
        x = LEFT + _DOT * column + _DOT // 2
        bottom = int(sheet.y(line)) + _DOT * (dots - 1) // 2
        middles = (2 * np.arange(dots) + 1) * count // (2 * dots)  # of the rows of each dot
        for k, level in enumerate(np.searchsorted(behind[column], middles, "right") - 1):
            paths[int(level)].append(f"M{x} {bottom - _DOT * k}h0")
    return joined(
        element("path", d="".join(paths[level]), class_=_CLASSES[level]) for level in sorted(paths)
    )


def _legend() -> Markup:
    """Which colour is which value, at the right of the title."""
    dots = [element("path", d=f"M{706 + 8 * i} 13h0", class_=_CLASSES[i]) for i in range(_LEVELS)]
    words = [
        element("text", text, x=x, y="17", class_="tick", text_anchor=anchor)
        for text, x, anchor in (("value: low", "698", "end"), ("high", "746", None))
    ]
    missing = [
        element("path", d="M788 13h0", class_=_CLASSES[-1]),
        element("text", "missing", x="796", y="17", class_="tick"),
    ]
    return joined([*dots, *words, *missing])
