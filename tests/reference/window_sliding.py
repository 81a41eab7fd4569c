"""Sliding windows by their definition: each row has a window of its own, that ends with it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from tests.reference.window_aggregates import Row

Span = tuple[int | None, int | None, tuple[Any, ...], list[Row]]
Arrived = tuple[int, int, Row]  # time, arrival, row


@dataclass
class SlidingTime:
    """The rows of a key in the `length` of time up to a row. It waits for the watermark.

    Of rows of one time the one that came first does not see those that came later.
    """

    length: int
    waiting: list[tuple[Arrived, tuple[Any, ...]]] = field(default_factory=list)
    past: dict[tuple[Any, ...], list[Arrived]] = field(default_factory=dict)
    arrived: int = 0

    def add(self, row: Row, time: int | None, key: tuple[Any, ...], mark: int | None) -> str | None:
        if mark is not None and time < mark:
            return "closed"
        self.arrived += 1
        self.waiting.append(((time, self.arrived, row), key))
        return None

    def closed(self, mark: int | None) -> list[Span]:
        if mark is None:
            return []
        ready = sorted((w for w in self.waiting if w[0][0] <= mark), key=lambda w: w[0][:2])
        self.waiting = [w for w in self.waiting if w[0][0] > mark]
        return [self.slide(arrived, key) for arrived, key in ready]

    def slide(self, arrived: Arrived, key: tuple[Any, ...]) -> Span:
        begin, end = arrived[0] - self.length, arrived[0]
        rows = self.past.setdefault(key, [])
        rows.append(arrived)
        inside = sorted((one for one in rows if begin < one[0]), key=lambda one: one[1])
        return (begin, end, key, [row for _, _, row in inside])

    def finish(self) -> list[Span]:
        return self.closed(max((time for (time, _, _), _ in self.waiting), default=None))


@dataclass
class SlidingRows:
    """A row and those of its key that came before it, `most` in all, in the order they came.

    Its window lies between the time of the one that came first and its own.
    """

    most: int
    past: dict[tuple[Any, ...], list[tuple[int | None, Row]]] = field(default_factory=dict)
    ready: list[Span] = field(default_factory=list)

    def add(self, row: Row, time: int | None, key: tuple[Any, ...], mark: int | None) -> str | None:
        rows = self.past.setdefault(key, [])
        rows.append((time, row))
        inside = rows[-self.most :]
        ends = [one for one in (inside[0][0], time) if one is not None]
        first, last = min(ends, default=None), max(ends, default=None)
        self.ready.append((first, last, key, [row for _, row in inside]))
        return None

    def closed(self, mark: int | None) -> list[Span]:
        ready, self.ready = self.ready, []
        return ready

    def expired(self, newest: int) -> list[Span]:
        for key, rows in list(self.past.items()):
            if max(time for time, _ in rows[-self.most :] if time is not None) <= newest:
                del self.past[key]
        return []

    def finish(self) -> list[Span]:
        return []
