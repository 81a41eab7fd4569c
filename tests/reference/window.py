"""Windows over a stream by their definition, one row at a time: dicts and lists, no cleverness.

`Window` keeps the watermark and the late rows; one class for each kind of window says which rows
belong together and what is closed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from tests.reference.window_aggregates import Aggregate, Closed, Row
from tests.reference.window_grid import Bounds, Grid

Span = tuple[int | None, int | None, tuple[Any, ...], list[Row]]  # start, end, key, rows


class Kind(Protocol):
    """A kind of window. All three give what is closed, in the order it comes out."""

    def add(self, row: Row, time: int | None, key: tuple[Any, ...], mark: int | None) -> str | None:
        """Takes the row, or says why it is late at the watermark `mark`."""

    def closed(self, mark: int | None) -> list[Span]: ...

    def finish(self) -> list[Span]: ...


class Updating(Kind, Protocol):
    """A kind whose windows can be given before they are closed."""

    def so_far(self) -> list[Span]:
        """What is open."""


def key_order(key: tuple[Any, ...]) -> tuple[Any, ...]:
    """Nulls first. Python compares text by code points, which is the order of UTF-8 bytes."""
    return tuple((value is not None, 0 if value is None else value) for value in key)


def output_order(span: Span) -> tuple[Any, ...]:
    return (span[1], key_order(span[2]))


@dataclass
class OnGrid:
    """Tumbling, hopping and calendar windows, and those between bounds."""

    grid: Grid | Bounds
    open: dict[tuple[int, int, tuple[Any, ...]], list[Row]] = field(default_factory=dict)
    outside: int = 0

    def add(self, row: Row, time: int | None, key: tuple[Any, ...], mark: int | None) -> str | None:
        windows = self.grid.windows(time)
        if not windows:
            self.outside += 1
            return self.grid.outside
        if mark is not None and any(end <= mark for _, end in windows):
            return "closed"
        for start, end in windows:
            self.open.setdefault((start, end, key), []).append(row)
        return None

    def closed(self, mark: int | None) -> list[Span]:
        if mark is None:
            return []
        ready = [window for window in self.open if window[1] <= mark]
        return sorted(((*window, self.open.pop(window)) for window in ready), key=output_order)

    def so_far(self) -> list[Span]:
        return [(*window, list(rows)) for window, rows in self.open.items()]

    def finish(self) -> list[Span]:
        return self.closed(max((end for _, end, _ in self.open), default=None))


def rows_among(session: list[tuple[int, Row]], rows: list[tuple[int, Row]]) -> list[Row]:
    """The session's rows as they came."""
    taken = {id(row) for _, row in session}
    return [row for _, row in rows if id(row) in taken]


@dataclass
class Sessions:
    """Rows of a key that follow each other within less than the gap."""

    gap: int
    open: dict[tuple[Any, ...], list[tuple[int, Row]]] = field(default_factory=dict)

    def add(self, row: Row, time: int | None, key: tuple[Any, ...], mark: int | None) -> str | None:
        if mark is not None and time + self.gap <= mark:
            return "closed"
        self.open.setdefault(key, []).append((time, row))
        return None

    def sessions(self, key: tuple[Any, ...]) -> list[list[tuple[int, Row]]]:
        """The open rows of a key, cut where the gap or more lies between two neighbours in time."""
        found: list[list[tuple[int, Row]]] = []
        for time, row in sorted(self.open[key], key=lambda pair: pair[0]):
            if not found or time - found[-1][-1][0] >= self.gap:
                found.append([])
            found[-1].append((time, row))
        return found

    def closed(self, mark: int | None) -> list[Span]:
        ready: list[Span] = []
        if mark is None:
            return ready
        for key in list(self.open):
            for session in self.sessions(key):
                end = session[-1][0] + self.gap
                if end <= mark:
                    rows = rows_among(session, self.open[key])
                    ready.append((session[0][0], end, key, rows))
                    taken = {id(row) for row in rows}
                    self.open[key] = [p for p in self.open[key] if id(p[1]) not in taken]
        self.open = {key: rows for key, rows in self.open.items() if rows}
        return sorted(ready, key=output_order)

    def so_far(self) -> list[Span]:
        return [
            (session[0][0], session[-1][0] + self.gap, key, rows_among(session, self.open[key]))
            for key in self.open
            for session in self.sessions(key)
        ]

    def finish(self) -> list[Span]:
        ends = [time + self.gap for rows in self.open.values() for time, _ in rows]
        return self.closed(max(ends, default=None))


def span_of(key: tuple[Any, ...], rows: list[tuple[int | None, Row]]) -> Span:
    times = [time for time, _ in rows if time is not None]
    return (min(times, default=None), max(times, default=None), key, [row for _, row in rows])


def newest_of(rows: list[tuple[int | None, Row]]) -> int:
    return max(time for time, _ in rows if time is not None)


@dataclass
class Count:
    """Each `every` rows of a key, in the order they come."""

    every: int
    open: dict[tuple[Any, ...], list[tuple[int | None, Row]]] = field(default_factory=dict)

    def add(self, row: Row, time: int | None, key: tuple[Any, ...], mark: int | None) -> str | None:
        self.open.setdefault(key, []).append((time, row))
        return None

    def closed(self, mark: int | None) -> list[Span]:
        full = [key for key, rows in self.open.items() if len(rows) == self.every]
        return [span_of(key, self.open.pop(key)) for key in full]

    def expired(self, newest: int) -> list[Span]:
        gone = {key: rows for key, rows in self.open.items() if newest_of(rows) <= newest}
        self.open = {key: rows for key, rows in self.open.items() if key not in gone}
        left = sorted(gone.items(), key=lambda pair: key_order(pair[0]))
        return [span_of(key, rows) for key, rows in left]

    def finish(self) -> list[Span]:
        left = sorted(self.open.items(), key=lambda pair: key_order(pair[0]))
        self.open = {}
        return [span_of(key, rows) for key, rows in left]


@dataclass
class Global:
    """One window of all rows: every key of it begins with its first row and ends with its last."""

    open: dict[tuple[Any, ...], list[tuple[int | None, Row]]] = field(default_factory=dict)
    times: list[int] = field(default_factory=list)  # of all rows, also those of keys that are gone

    def add(self, row: Row, time: int | None, key: tuple[Any, ...], mark: int | None) -> str | None:
        self.open.setdefault(key, []).append((time, row))
        self.times += [] if time is None else [time]
        return None

    def closed(self, mark: int | None) -> list[Span]:
        return []

    def expired(self, newest: int) -> list[Span]:
        gone = [span for span in self.so_far() if newest_of(self.open[span[2]]) <= newest]
        for span in gone:
            del self.open[span[2]]
        return gone

    def so_far(self) -> list[Span]:
        start, end = min(self.times, default=None), max(self.times, default=None)
        left = sorted(self.open.items(), key=lambda pair: key_order(pair[0]))
        return [(start, end, key, [row for _, row in rows]) for key, rows in left]

    def finish(self) -> list[Span]:
        left = self.so_far()
        self.open, self.times = {}, []
        return left


@dataclass
class Watermark:
    """The largest time less the lateness, the least over partitions, and never back."""

    lateness: int = 0
    partitions: int = 1
    idle: int | None = None
    largest: dict[int, int] = field(default_factory=dict)
    mark: int | None = None

    def see(self, partition: int, time: int) -> None:
        self.largest[partition] = max(time, self.largest.get(partition, time))
        if self.idle is None:
            if len(self.largest) == self.partitions:
                self.advance_to(min(self.largest.values()) - self.lateness)
            return
        newest = max(self.largest.values())
        busy = [time for time in self.largest.values() if newest - time <= self.idle]
        self.advance_to(min(busy) - self.lateness)

    def advance_to(self, time: int) -> None:
        self.mark = time if self.mark is None else max(self.mark, time)


@dataclass
class Window:
    """The slow and plain twin of `kedge.Window`. Times are integers in the column's unit."""

    kind: Kind
    aggregates: Mapping[str, Aggregate]
    time: str | None = None
    key: Sequence[str] = ()
    watermark: Watermark = field(default_factory=Watermark)
    second: int = 1
    unsigned: frozenset[str] = frozenset()
    expire: int | None = None
    late: list[tuple[Row, str]] = field(default_factory=list)

    @property
    def front(self) -> int | None:
        mark = self.watermark
        return None if mark.mark is None else mark.mark + mark.lateness

    def push(self, rows: Iterable[Row], partition: int = 0) -> list[Closed]:
        closed: list[Closed] = []
        for row in rows:
            time = None if self.time is None else row[self.time]
            reason = self.add(row, time)
            if reason is not None:
                self.late.append((row, reason))
            before = self.front
            if time is not None:
                self.watermark.see(partition, time)
            closed += self.give([*self.kind.closed(self.watermark.mark), *self.expired(before)])
        return closed

    def expired(self, before: int | None) -> list[Span]:
        """Of keys without a row for long: looked for at multiples of `expire`, of the front."""
        step, now = self.expire, self.front
        if step is None or now is None or now == before:
            return []
        if before is not None and now // step == before // step:
            return []
        kind: Any = self.kind
        return kind.expired(now // step * step - step)

    def add(self, row: Row, time: int | None) -> str | None:
        if self.time is not None and time is None:
            return "null time"
        return self.kind.add(row, time, tuple(row[k] for k in self.key), self.watermark.mark)

    def advance_to(self, time: int) -> list[Closed]:
        before = self.front
        self.watermark.advance_to(time)
        return self.give([*self.kind.closed(self.watermark.mark), *self.expired(before)])

    def finish(self) -> list[Closed]:
        return self.give(self.kind.finish())

    def give(self, spans: Iterable[Span]) -> list[Closed]:
        return [Closed(*span, self.time, self.second, self.unsigned) for span in spans]

    def row(self, window: Closed) -> dict[str, Any]:
        """A closed window as it comes out, without its number."""
        times = (
            {} if self.time is None else {"window_start": window.start, "window_end": window.end}
        )
        keys = dict(zip(self.key, window.key, strict=True))
        values = {name: aggregate(window) for name, aggregate in self.aggregates.items()}
        return {**times, **keys, **values}
