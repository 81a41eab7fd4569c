"""A session as one page to look at: the verdict, the latency curve, and a heat map over time."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from kedge.drift.page.document import document
from kedge.drift.page.element import Markup, element, joined
from kedge.sla.calls import BOUNDS, Calls, Counts, quantile
from kedge.sla.report import amount, duration
from kedge.sla.session import Answered, Side
from kedge.sla.verdict import FAIL, PASS

__all__ = ["page"]

_WIDE, _HIGH = 860.0, 300.0
_LEFT, _RIGHT, _TOP, _FOOT = 70.0, 16.0, 14.0, 34.0
_HEAT_ROWS = 44
_CLASSES = {PASS: "no", FAIL: "yes"}  # the pages' colours: green for no, red for yes
_LINES = ("line", "line plain")


def page(answered: Answered, settings: dict[str, object]) -> str:
    """The whole page."""
    title = f"kedge bench: {answered.verdict}"
    return document(
        title,
        _header(answered, settings),
        element("section", *_limits(answered)),
        element("section", *_tables(answered.sides)),
        element("section", element("h2", "Latency by percentile"), _curve(answered)),
        *(
            element("section", element("h2", f"Over time: {side.name}"), _heat(side))
            for side in answered.sides
        ),
    )


def _header(answered: Answered, settings: dict[str, object]) -> Markup:
    said = ", ".join(
        f"{name} {value}" for name, value in settings.items() if value not in ("", None)
    )
    return element(
        "header",
        element("h1", f"{answered.sides[0].name}: {answered.verdict}"),
        element("p", said),
        element(
            "p",
            "Latency counts from when a call was due, not from when it was sent, so that a stall"
            " counts for every call that it kept waiting.",
            class_="note",
        ),
        class_=_CLASSES.get(answered.verdict, "open"),
    )


def _limits(answered: Answered) -> list[Markup]:
    rows = [
        (
            one.limit.text,
            _chip(one.verdict),
            amount(one, one.value),
            f"{amount(one, one.interval.low)} to {amount(one, one.interval.high)}",
        )
        for one in answered.verdicts
    ]
    parts = [_table(("limit", "verdict", "measured", "surely between"), rows)] if rows else []
    apart = [
        (
            f"p{100 * one.quantile:g}",
            one.verdict,
            f"{one.ratio:.3f}",
            f"{one.interval.low:.3f} to {one.interval.high:.3f}",
        )
        for one in answered.differences
    ]
    if apart:
        names = [side.name for side in answered.sides]
        parts.append(element("h2", f"{names[1]} against {names[0]}"))
        parts.append(_table(("percentile", "verdict", "ratio", "surely between"), apart))
    if answered.found is not None:
        tried = [(f"{rate:,.0f}", what) for rate, what in answered.found.tried]
        parts.append(element("h2", f"Holds up to {answered.found.holds:,.0f} calls a second"))
        parts.append(element("p", answered.found.reason))
        parts.append(_table(("calls a second", "verdict"), tried))
    return parts


def _tables(sides: Sequence[Side]) -> list[Markup]:
    rows = []
    for side in sides:
        whole, cost = side.whole, side.cost
        calls = whole.calls
        cpu = f"{cost['cpu_us_per_call']:.3g} us" if "cpu_us_per_call" in cost else ""
        peak = f"{cost['peak_bytes'] / 1e6:.0f} MB" if cost.get("peak_bytes") else ""
        rows.append(
            (
                side.name,
                f"{calls.count:,}",
                f"{calls.errors:,}",
                *(duration(calls.quantile(q)) for q in (0.5, 0.9, 0.99, 0.999, 1.0)),
                f"{duration(quantile(whole.lag, 0.5))}, {duration(quantile(whole.lag, 0.99))}",
                cpu,
                peak,
            )
        )
    head = ("", "calls", "errors", "p50", "p90", "p99", "p99.9", "max")
    return [_table((*head, "generator late (p50, p99)", "processor a call", "peak"), rows)]


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Markup:
    return element(
        "table",
        element("thead", element("tr", *(element("th", text) for text in head))),
        element("tbody", *(element("tr", *(element("td", one) for one in row)) for row in rows)),
        class_="overview",
    )


def _chip(verdict: str) -> Markup:
    return element("span", verdict, class_=f"chip {_CLASSES.get(verdict, 'open')}")


def _powers(low: float, high: float) -> list[float]:
    return [10.0**e for e in range(math.ceil(math.log10(low)), math.floor(math.log10(high)) + 1)]


class _Scale:
    """Latencies on a logarithmic axis, from the foot up."""

    def __init__(self, everyone: Sequence[Calls]) -> None:
        seen = np.flatnonzero(np.sum([calls.total for calls in everyone], axis=0))
        ends = BOUNDS[seen[[0, -1]]] if seen.size else np.array([1_000, 1_000_000])
        self.low, self.high = float(max(ends[0], 1)) / 1.15, float(ends[1]) * 1.15

    def at(self, ns: float) -> float:
        share = math.log(max(ns, self.low) / self.low) / math.log(self.high / self.low)
        return _HIGH - _FOOT - share * (_HIGH - _FOOT - _TOP)

    def lines(self) -> list[Markup]:
        """Lines at powers of ten, with their labels."""
        parts = []
        for power in _powers(self.low, self.high):
            y = self.at(power)
            parts.append(element("line", x1=_LEFT, x2=_WIDE - _RIGHT, y1=y, y2=y, class_="grid"))
            parts.append(element("text", duration(power), x=_LEFT - 8, y=y + 4, text_anchor="end"))
        return parts


def _svg(*parts: Markup) -> Markup:
    box = f"0 0 {_WIDE:.0f} {_HIGH:.0f}"
    picture = element("svg", *parts, viewBox=box, role="img", class_="drawn")
    return element("div", picture, class_="wide-figure")


def _curve(answered: Answered) -> Markup:
    """Each percentile's latency, percentiles on an axis where each nine takes as much room."""
    wholes = [side.whole.calls for side in answered.sides]
    scale = _Scale(wholes)
    nines = max(math.log10(max(calls.count, 10)) for calls in wholes)

    def across(q: float) -> float:
        share = min(-math.log10(max(1 - q, 1e-12)) / nines, 1.0)
        return _LEFT + share * (_WIDE - _LEFT - _RIGHT)

    parts = scale.lines()
    for exponent in range(math.floor(nines) + 1):
        q = 1 - 10.0**-exponent
        x = across(q)
        label = "p0" if exponent == 0 else f"p{100 * q:.{max(exponent - 2, 0)}f}"
        parts.append(element("line", x1=x, x2=x, y1=_TOP, y2=_HIGH - _FOOT, class_="grid"))
        parts.append(element("text", label, x=x, y=_HIGH - _FOOT + 18, text_anchor="middle"))
    for limit in (one.limit for one in answered.verdicts):
        if limit.quantile is not None and not limit.is_ratio:
            x, y = across(limit.quantile), scale.at(limit.most)
            parts.append(
                element("line", x1=_LEFT, x2=x, y1=y, y2=y, class_="limit", stroke="currentColor")
            )
            parts.append(element("text", limit.text, x=x - 4, y=y - 4, text_anchor="end"))
    for calls, class_ in zip(wholes, _LINES, strict=False):
        parts.append(element("path", d=_steps(calls, across, scale), class_=class_))
    keys = [
        element("span", side.name, class_=f"key {'cur' if i == 0 else 'ref'}")
        for i, side in enumerate(answered.sides)
    ]
    return joined([element("p", *keys), _svg(*parts)])


def _steps(calls: Calls, across: Callable[[float], float], scale: _Scale) -> str:
    present = np.flatnonzero(calls.total)
    below = np.cumsum(calls.total)[present] / max(int(calls.total.sum()), 1)
    starts = np.concatenate([[0.0], below[:-1]])
    points = [
        f"{across(q):.1f} {scale.at(float(BOUNDS[cell])):.1f}"
        for cell, q in zip(present, starts, strict=True)
    ]
    return "M" + "L".join(points) if points else ""


def _heat(side: Side) -> Markup:
    """How latencies spread over time: a column for each slice, darker where more calls are."""
    calls = side.whole.calls
    scale = _Scale([calls])
    columns = np.array_split(calls.latency, min(len(calls.latency), 100))
    edges = np.geomspace(scale.low, scale.high, _HEAT_ROWS + 1)
    rows = np.clip(np.searchsorted(edges, BOUNDS) - 1, 0, _HEAT_ROWS - 1)
    width = (_WIDE - _LEFT - _RIGHT) / len(columns)
    parts = scale.lines()
    for i, column in enumerate(columns):
        parts += _column(_summed(rows, column.sum(0)), i * width, width, edges, scale)
    seconds = calls.slice_s * len(calls.latency)
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        x = _LEFT + share * (_WIDE - _LEFT - _RIGHT)
        text = duration(seconds * share * 1e9) if share else "0"
        parts.append(element("text", text, x=x, y=_HIGH - _FOOT + 18, text_anchor="middle"))
    return _svg(*parts)


def _summed(rows: Counts, counts: Counts) -> Counts:
    sums = np.zeros(_HEAT_ROWS, np.int64)
    np.add.at(sums, rows, counts)
    return sums


def _column(
    counts: Counts, x: float, width: float, edges: NDArray[np.float64], scale: _Scale
) -> list[Markup]:
    most = max(float(counts.sum()), 1.0)
    parts = []
    for row in np.flatnonzero(counts):
        top, foot = scale.at(float(edges[row + 1])), scale.at(float(edges[row]))
        strength = 0.12 + 0.88 * math.sqrt(float(counts[row]) / most)
        parts.append(
            element(
                "rect",
                element("title", f"{int(counts[row]):,} calls up to {duration(edges[row + 1])}"),
                x=_LEFT + x,
                y=top,
                width=width,
                height=max(foot - top, 0.5),
                fill_opacity=strength,
                class_="cur",
            )
        )
    return parts
