"""What all benchmarks measured, as one page."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from kedge.drift.page.document import document
from kedge.drift.page.element import Markup, element
from kedge.sla.report import duration

__all__ = ["page", "times", "times_as_fast"]

_OURS = "kedge"
_WIDE = 160.0
_MOST = 1000.0  # times as fast, where a bar ends


def page(results: Mapping[str, Any]) -> str:
    """The whole page."""
    machine, versions = results["machine"], results["versions"]
    runs = results["runs"]
    bad = [run["name"] for run in runs if run["ended"] != "done"]
    title = f"kedge: {len(runs)} benchmarks"
    said = ", ".join(f"{name} {text}" for name, text in machine.items())
    with_ = ", ".join(f"{name} {text}" for name, text in versions.items())
    left = ", ".join(results["left_out"])
    header = element(
        "header",
        element("h1", title),
        element("p", said),
        element("p", with_, class_="note"),
        element("p", f"Not to the end: {', '.join(bad)}." if bad else "All ran to their end."),
        element("p", f"Left out of a short run: {left}." if left else "", class_="note"),
        class_="open" if bad else "no",
    )
    return document(title, header, *(element("section", *_run(run)) for run in runs))


def times_as_fast(line: Mapping[str, Any]) -> float | None:
    """How many times as fast as this engine kedge is; None of itself, or where nobody raced."""
    ratio = line.get("ratio")
    if not ratio or str(line.get("engine", "")).startswith(_OURS):
        return None
    return 1 / float(ratio)


def times(ratio: float) -> str:
    """So many times, in two digits or more."""
    return f"{ratio:.0f}x" if ratio >= 9.95 else f"{ratio:.2g}x"


def _run(run: Mapping[str, Any]) -> Iterator[Markup]:
    yield element("h2", run["name"])
    ended = f"{run['ended']}, {run['seconds']} s, {run['made']}, load {run['load']}"
    yield element("p", f"{run['command']}: {ended}", class_="note")
    rows = [_row(line) for line in run["lines"] if "work" in line and "engine" in line]
    if rows:
        head = ("work", "engine", "version", "median", "p99", "kedge is so many times as fast", "")
        yield element(
            "table",
            element("thead", element("tr", *(element("th", text) for text in head))),
            element("tbody", *rows),
            class_="overview",
        )
    for text in run["said"]:
        yield element("p", text, class_="note")


def _row(line: Mapping[str, Any]) -> Markup:
    faster = times_as_fast(line)
    cells = [
        str(line["work"]),
        str(line["engine"]),
        str(line.get("version", "")),
        *(duration(float(line[name])) if name in line else "" for name in ("median_ns", "p99_ns")),
        "" if faster is None else times(faster),
        "" if faster is None else _bar(faster),
    ]
    return element("tr", *(element("td", cell) for cell in cells))


def _bar(faster: float) -> Markup:
    """To the right of the middle where kedge is faster, each power of ten as long."""
    middle = _WIDE / 2
    length = max(min(math.log(faster) / math.log(_MOST), 1.0), -1.0) * middle
    return element(
        "svg",
        element("line", x1=middle, x2=middle, y1=0.0, y2=14.0, class_="grid"),
        element(
            "rect",
            x=min(middle, middle + length),
            y=2.0,
            width=abs(length),
            height=10.0,
            class_="no" if faster >= 1 else "yes",
        ),
        viewBox=f"0 0 {_WIDE:.0f} 14",
        style=f"width:{_WIDE:.0f}px",
        class_="bar",
    )
