"""The parts of a picture. Across, all is in per cent of the width, so that text keeps its size."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kedge.drift.page.axis import clean, steps
from kedge.drift.page.cells import Pair
from kedge.drift.page.element import Markup, element, joined
from kedge.drift.words import change, share

__all__ = [
    "BASE",
    "FINE",
    "TOP",
    "Frame",
    "beyond",
    "changed",
    "foot",
    "frame_of",
    "grid",
    "label",
    "outline",
    "shade",
    "svg",
    "twins",
]

Floats = NDArray[np.float64]

FINE = 1000  # units of an outline, both ways
TOP, BASE = 22, 238  # pixels: where the plot starts and where its foot is
_HEIGHT = 260
_SIDE = 13.0  # for what is beyond an end
_LEAST = 0.8  # width of the shade over one value
_ARROW = "→"


@dataclass(frozen=True)
class Frame:
    """Where the plot lies, between the bars for what is beyond its ends."""

    left: float
    right: float

    @property
    def width(self) -> float:
        """From end to end."""
        return self.right - self.left

    def at(self, position: float) -> float:
        """Where a position from 0 to 1 is."""
        return self.left + position * self.width


def frame_of(below: Pair, above: Pair) -> Frame:
    """Room at the sides only where there is something to show."""
    return Frame(_SIDE if below else 1.0, 100 - _SIDE if above else 99.0)


def changed(pair: Pair) -> str:
    """Two shares, then and now."""
    return change(pair.reference, pair.current, arrow=_ARROW)


def svg(title: str, *children: str) -> Markup:
    """The picture, with what it shows for those who cannot see it."""
    return element(
        "svg", element("title", title), *children, class_="plot", height=str(_HEIGHT), role="img"
    )


def label(at: float, y: float, words: str, class_: str = "tick", anchor: str = "") -> Markup:
    """A text that does not leave the picture."""
    anchor = anchor or ("start" if at < 5 else "end" if at > 95 else "middle")
    anchor = "" if anchor == "start" else anchor
    return element("text", words, x=f"{at:.1f}%", y=y, class_=class_, text_anchor=anchor or None)


def _column(at: float, width: float, part: float, class_: str, title: str) -> Markup:
    tall = part * (BASE - TOP)
    return element(
        "rect",
        element("title", title),
        x=f"{at:.2f}%",
        y=BASE - tall,
        width=f"{width:.2f}%",
        height=tall,
        class_=class_,
    )


def twins(at: float, width: float, pair: Pair, full: float, title: str) -> Markup:
    """A bar for the reference, and one for the current data at its right."""
    half = width / 2
    return joined(
        [
            _column(at - half, half, pair.reference / full, "ref", title),
            _column(at, half, pair.current / full, "cur", title),
        ]
    )


def grid(frame: Frame, full: float) -> Markup:
    """Lines at round shares, when the plot's top is at the share `full`."""
    lines = []
    for mark in steps(0.0, full, 3)[1:]:
        y = BASE - mark / full * (BASE - TOP)
        ends = {"x1": f"{frame.left:.1f}%", "x2": f"{frame.right:.1f}%"}
        lines.append(element("line", y1=y, y2=y, class_="grid", **ends))
        words = f"{clean(round(mark * 100, 6))}%"
        # Left of the picture, where the style keeps a margin.
        lines.append(element("text", words, x="-6", y=y + 4, class_="tick", text_anchor="end"))
    return joined(lines)


def outline(shares: Floats, full: float, *, closed: bool) -> str:
    """The steps of a histogram; not closed, they leave the foot and come back to it."""
    edges = np.rint(np.linspace(0, FINE, shares.size + 1)).astype(int)
    tops = np.rint(FINE * (1 - np.minimum(shares / full, 1.0))).astype(int)
    parts = [f"M0 {FINE}"]
    height = FINE
    for i, top in enumerate(tops):
        if top != height:
            parts.append(f"H{edges[i]}V{top}" if i else f"V{top}")
            height = top
    return "".join([*parts, f"H{FINE}V{FINE}", "Z" if closed else ""])


def foot() -> Markup:
    """The line on which everything stands."""
    return element("line", x1="0", x2="100%", y1=float(BASE), y2=float(BASE), class_="foot")


def beyond(below: Pair, above: Pair, full: float, names: tuple[str, str]) -> Markup:
    """The bars at the sides."""
    parts = []
    for pair, at, name in ((below, _SIDE / 2 - 1, names[0]), (above, 101 - _SIDE / 2, names[1])):
        if pair:
            parts.append(twins(at, _SIDE / 3, pair, full, f"{name}: {changed(pair)}"))
            parts.append(label(at, BASE + 15, name))
            height = pair.largest / full * (BASE - TOP)
            parts.append(label(at, BASE - height - 4, share(pair.current), "now"))
    return joined(parts)


def shade(low: float, high: float, shares: Pair) -> Markup:
    """The values that carry the change, from `low` to `high` per cent of the width."""
    width = max(high - low, _LEAST)
    low = min(max((low + high - width) / 2, 0.0), 100 - width)
    middle = low + width / 2
    at, anchor = (low, "start") if middle < 33 else (low + width, "end")
    if 33 <= middle <= 67:
        at, anchor = middle, "middle"
    box = element(
        "rect",
        x=f"{low:.2f}%",
        y=str(TOP - 6),
        width=f"{width:.2f}%",
        height=str(BASE - TOP + 6),
        class_="shade",
    )
    return joined([box, label(at, TOP - 10, changed(shares), "carry", anchor)])
