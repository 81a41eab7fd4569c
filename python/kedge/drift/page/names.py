"""The picture of one column of categories: the names that changed most, then the frequent ones."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kedge._core import Categories
from kedge.drift.page.cells import Pair
from kedge.drift.page.element import Markup, element, joined, short
from kedge.drift.page.plot import changed
from kedge.drift.words import printable

__all__ = ["Names", "categories", "names_of"]

Floats = NDArray[np.float64]

_CHANGED = 8  # names by their change, the rest of the twelve by their share
_MOST_NAMES = 12
_MOST_NOVEL = 6


@dataclass(frozen=True)
class Line:
    """The shares of a name; or of several, and whether their bar is no longer than others."""

    name: str
    shares: Pair
    several: bool = False
    fits: bool = True


@dataclass(frozen=True)
class Names:
    """What there is to draw of a column of categories, and which names the last line stands for."""

    lines: list[Line]
    novel: str


def names_of(reference: Categories, current: Categories) -> Names:
    """The names to show, the most frequent first, then all others."""
    then, now = _shares(reference), _shares(current)
    chosen = _chosen(then[:-1], now[:-1])
    names = reference.names
    lines = [Line(names[i], Pair(float(then[i]), float(now[i]))) for i in chosen]
    unlisted = Pair(float(then[-1]), float(now[-1]))
    if len(names) > len(chosen):
        left = np.setdiff1d(np.arange(len(names)), chosen)
        pair = Pair(float(then[left].sum()), float(now[left].sum()))
        longest = max(unlisted.largest, *(line.shares.largest for line in lines))
        lines.append(Line(f"{left.size:,} other names", pair, True, pair.largest <= longest))
    if unlisted.largest > 0:
        lines.append(Line("not listed" if unlisted.reference else "new names", unlisted, True))
    return Names(lines, _novel(current, unlisted))


def categories(drawn: Names) -> Markup:
    """Two bars for each name."""
    full = max((line.shares.largest for line in drawn.lines if line.fits), default=0.0)
    if not full > 0:
        return element("p", "no value to draw", class_="note")
    rows = [_row(line, full) for line in drawn.lines]
    words = [element("p", drawn.novel, class_="note")] if drawn.novel else []
    return joined([element("table", *rows, class_="names"), *words])


def _shares(counted: Categories) -> Floats:
    """Of each listed name, and last of all others."""
    counts = np.append(counted.counts.astype(np.float64), float(counted.unlisted_count))
    return np.asarray(counts / max(counts.sum(), 1.0))


def _chosen(then: Floats, now: Floats) -> list[int]:
    """The names to show, the most frequent first; ties go by name."""
    by_change = np.argsort(-np.abs(now - then), kind="stable")[:_CHANGED]
    by_share = np.argsort(-np.maximum(then, now), kind="stable")
    wanted = dict.fromkeys([*by_change.tolist(), *by_share[:_MOST_NAMES].tolist()])
    first = list(wanted)[:_MOST_NAMES]
    return sorted(first, key=lambda i: (-max(then[i], now[i]), i))


def _row(line: Line, full: float) -> Markup:
    words = changed(line.shares)
    return element(
        "tr",
        element("th", short(line.name or "(empty)", 28), scope="row"),
        element("td", _bars(line.shares, full, words) if line.fits else "", class_="wide"),
        element("td", words, class_="figure"),
        class_="rest" if line.several else None,
    )


def _bars(pair: Pair, full: float, title: str) -> Markup:
    bars = [
        element("rect", y=y, width=f"{100 * share / full:.2f}%", height="8", class_=class_)
        for share, y, class_ in ((pair.reference, "2", "ref"), (pair.current, "11", "cur"))
    ]
    return element("svg", element("title", title), *bars, class_="pair", height="21", role="img")


def _novel(current: Categories, unlisted: Pair) -> str:
    novel = current.novel
    if not novel or not unlisted.current:
        return ""
    shown = [f"{printable(name) or '(empty)'} ({count:,})" for name, count in novel[:_MOST_NOVEL]]
    more = len(novel) - _MOST_NOVEL
    tail = f" and {more:,} more" if more > 0 else ""
    sample = "" if current.novel_is_complete else ", of a sample of them"
    head = "not listed" if unlisted.reference else "new"
    return f"{head}{sample}: {', '.join(shown)}{tail}"
