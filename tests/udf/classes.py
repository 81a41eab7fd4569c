"""Users' aggregates, and what they mean by a definition of their own over a window's rows."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

import kedge
from tests.reference.window_aggregates import Closed
from tests.window.agreement import Ask

BASE = np.uint64(1_099_511_628_211)


@kedge.aggregate
class CompensatedSum:
    """The formula of kedge.sum for floats, in its order."""

    state = {"total": "float64", "n": "int64", "rest": "float64"}

    def step(state, x):
        before = state.total
        state.total = before + x
        added = state.total - before
        state.rest += (before - (state.total - added)) + (x - added)
        state.n += 1

    def merge(into, other):
        before = into.total
        into.total = before + other.total
        added = into.total - before
        rest = (before - (into.total - added)) + (other.total - added)
        into.rest = into.rest + (rest + other.rest)
        into.n += other.n

    def finish(state):
        if state.n == 0:
            return None
        return state.total + state.rest if np.isfinite(state.total) else state.total


@kedge.aggregate
class Spread:
    """Greatest less least; null without values."""

    state = {"least": "int64", "greatest": "int64"}

    def init(state):
        state.least = 2**62
        state.greatest = -(2**62)

    def step(state, x):
        state.least = min(state.least, x)
        state.greatest = max(state.greatest, x)

    def merge(into, other):
        into.least = min(into.least, other.least)
        into.greatest = max(into.greatest, other.greatest)

    def finish(state):
        if state.least > state.greatest:
            return None
        return state.greatest - state.least


@kedge.aggregate
class Rows:
    state = {"n": "uint64"}

    def step(state):
        state.n += 1

    def merge(into, other):
        into.n += other.n

    def finish(state):
        return state.n


@kedge.aggregate
class Commonest:
    """The digit that is most often the last one of x, the least among equals; an array as state."""

    state = {"counts": ("int64", 10)}

    def step(state, x):
        state.counts[abs(x) % 10] += 1

    def merge(into, other):
        for i in range(10):
            into.counts[i] += other.counts[i]

    def finish(state):
        best = 0
        for i in range(10):
            if state.counts[i] > state.counts[best]:
                best = i
        return best


@kedge.aggregate
class AnyTrueBelow:
    """A bool and an integer in, a bool out."""

    state = {"found": "int64"}

    def step(state, flag, x):
        if flag and x < 0:
            state.found = 1

    def merge(into, other):
        into.found |= other.found

    def finish(state):
        return state.found != 0


@kedge.aggregate
class Ordered:
    """Differs when two rows change places."""

    state = {"mixed": "uint64", "power": "uint64"}

    def init(state):
        state.power = 1

    def step(state, x):
        state.mixed = state.mixed * BASE + x
        state.power *= BASE

    def merge(into, other):
        into.mixed = into.mixed * other.power + other.mixed
        into.power *= other.power

    def finish(state):
        return state.mixed


def spread(rows: Sequence[tuple[int]]) -> int | None:
    found = [x for (x,) in rows]
    return max(found) - min(found) if found else None


def commonest(rows: Sequence[tuple[int]]) -> int:
    digits = [abs(x) % 10 for (x,) in rows]
    return max(range(10), key=lambda digit: (digits.count(digit), -digit))


def any_true_below(rows: Sequence[tuple[bool, int]]) -> bool:
    return any(flag and x < 0 for flag, x in rows)


def ordered(rows: Sequence[tuple[int]]) -> int:
    return sum(x * int(BASE) ** i for i, (x,) in enumerate(reversed(rows))) % 2**64


@dataclass(frozen=True)
class UserAsk(Ask):
    """A user's aggregate over columns, and the definition over their values."""

    made: Any = None
    definition: Callable[[Sequence[Any]], Any] = len

    def ours(self) -> Any:
        return self.made(*self.args, **self.options)

    def plain(self) -> Any:
        def value(window: Closed) -> Any:
            rows = [tuple(row[name] for name in self.args) for row in window.rows]
            return self.definition([row for row in rows if None not in row])

        return value


ASKS = [
    UserAsk("spread", ("i",), made=Spread, definition=spread),
    UserAsk("rows", (), made=Rows),
    UserAsk("commonest", ("i",), made=Commonest, definition=commonest),
    UserAsk("any true below", ("b", "i"), made=AnyTrueBelow, definition=any_true_below),
]
ORDERED = UserAsk("ordered", ("u",), made=Ordered, definition=ordered)
COMPENSATED = UserAsk("compensated", ("v",), made=CompensatedSum, definition=math.fsum)
ALL = [*ASKS, ORDERED, COMPENSATED]
CLASSES = [CompensatedSum, Spread, Rows, Commonest, AnyTrueBelow, Ordered]
