"""Every kind of window, as `kedge.Window` is told of it and as the reference is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from tests.reference.window import Count, Global, Kind, OnGrid, Sessions
from tests.reference.window_grid import Bounds, Grid, Ticks
from tests.reference.window_sliding import SlidingRows, SlidingTime
from tests.window.streams import Clock

Given = tuple[dict[str, Any], Kind]


def hopping(every: int, length: int) -> Callable[[Clock], Given]:
    def given(clock: Clock) -> Given:
        grid = Grid(Ticks(), every * clock.step, length * clock.step)
        return {"every": clock.text(every), "length": clock.text(length)}, OnGrid(grid)

    return given


def tumbling(clock: Clock) -> Given:
    return {"every": clock.text(10)}, OnGrid(Grid(Ticks(), 10 * clock.step, 10 * clock.step))


def aligned(clock: Clock) -> Given:
    begin = clock.moment(clock.base + 3 * clock.step)
    grid = Grid(Ticks(clock.at(begin)), 10 * clock.step, 20 * clock.step)
    given = {"every": clock.text(10), "length": clock.text(20), "align_to": begin}
    return given, OnGrid(grid)


def bounds(clock: Clock) -> Given:
    moments = [clock.moment(clock.base + i * clock.step) for i in (0, 5, 6, 20, 60)]
    return {"bounds": moments}, OnGrid(Bounds([clock.at(moment) for moment in moments]))


def sessions(clock: Clock) -> Given:
    return {"gap": clock.text(3)}, Sessions(3 * clock.step)


def sliding(clock: Clock) -> Given:
    return {"length": clock.text(6)}, SlidingTime(6 * clock.step)


@dataclass(frozen=True)
class WindowKind:
    name: str
    given: Callable[[Clock], Given]
    closes_by_time: bool = True
    updates: bool = False
    trigger: int | None = None  # in steps
    trigger_rows: int | None = None
    expire: int | None = None  # in steps

    def __str__(self) -> str:
        return self.name


KINDS = [
    WindowKind("tumbling", tumbling),
    WindowKind("hopping", hopping(3, 12)),
    WindowKind("hopping, length no multiple", hopping(4, 10)),
    WindowKind("hopping with holes", hopping(10, 4)),
    WindowKind("aligned", aligned),
    WindowKind("bounds", bounds),
    WindowKind("sessions", sessions),
    WindowKind("sliding", sliding),
    WindowKind("sliding rows", lambda clock: ({"length": 4}, SlidingRows(4)), closes_by_time=False),
    WindowKind("count", lambda clock: ({"every": 7}, Count(7)), closes_by_time=False),
    WindowKind("global", lambda clock: ({}, Global()), closes_by_time=False),
]
UPDATING = [
    replace(kind, name=f"{kind.name}, updates{more}", updates=True, trigger=trigger)
    for kind in KINDS
    if "sliding" not in kind.name and kind.name != "count"
    for more, trigger in (("", None), (" each 4", 4))
    if trigger is not None or kind.name != "global"
]
UPDATING.append(replace(KINDS[-1], name="global, updates by rows", updates=True, trigger_rows=9))
EXPIRING = [
    replace(kind, name=f"{kind.name}, expires", expire=5)
    for kind in (*KINDS, *UPDATING)
    if not kind.closes_by_time
]
BY_TIME = [kind for kind in KINDS if kind.closes_by_time]
BY_NAME = {kind.name: kind for kind in KINDS}
