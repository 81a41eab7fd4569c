"""Mode "update" by its definition: what was given is remembered, and compared with what is open."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from tests.reference.window import Global, OnGrid, Sessions, Span, Window, output_order
from tests.reference.window_aggregates import Closed, Row

Name = tuple[int | None, tuple[Any, ...]]  # a window's start, and its key


@dataclass(frozen=True)
class Result(Closed):
    """A result, how many there were before of the same window, and what it is worth."""

    revision: int
    update: str


@dataclass
class Given:
    span: Span
    times: int


@dataclass
class Updates(Window):
    """Gives windows as `Window` does when they are closed, and before that when they changed.

    Without a trigger the windows whose end the front has reached are looked at each time it reaches
    another one's (or, of sessions, a multiple of the gap); with one, all are, at its multiples, or
    after each so many rows.
    """

    trigger: int | None = None
    trigger_rows: int | None = None
    given: dict[Name, Given] = field(default_factory=dict)
    rows: int = 0

    def push(self, rows: Iterable[Row], partition: int = 0) -> list[Closed]:
        out: list[Closed] = []
        for row in rows:
            before = self.front
            time = None if self.time is None else row[self.time]
            reason = self.add(row, time)
            if reason is not None:
                self.late.append((row, reason))
            self.rows += reason is None
            if time is not None:
                self.watermark.see(partition, time)
            out += self.results(self.kind.closed, before)
        return out

    def advance_to(self, time: int) -> list[Closed]:
        before = self.front
        self.watermark.advance_to(time)
        return self.results(self.kind.closed, before)

    def finish(self) -> list[Closed]:
        return self.results(lambda _: self.kind.finish(), self.front)

    def results(self, close: Any, before: int | None) -> list[Closed]:
        gone = self.retracted()
        closed = [*close(self.watermark.mark), *self.expired(before)]
        due = self.is_due(before)
        out = [self.result(span, "retracted") for span in gone if closed or due]
        out += [self.result(span, "final") for span in closed]
        if due:
            self.rows = 0
            out += [self.result(span, "early") for span in self.changed()]
        return out

    def retracted(self) -> list[Span]:
        """What was given under a name that no open window has."""
        if not isinstance(self.kind, Sessions):
            return []
        names = {self.name(span) for span in self.kind.so_far()}
        gone = [given.span for name, given in self.given.items() if name not in names]
        return sorted(((*span[:3], []) for span in gone), key=lambda s: (output_order(s), s[0]))

    def is_due(self, before: int | None) -> bool:
        if self.trigger_rows is not None:
            return self.rows >= self.trigger_rows
        now = self.front
        if now is None or now == before:
            return False
        if before is None:
            return True
        if self.trigger is None and isinstance(self.kind, OnGrid):
            end = self.kind.grid.last_end(now)
            return end is not None and end > before
        step = self.kind.gap if self.trigger is None else self.trigger
        return now // step > before // step

    def changed(self) -> list[Span]:
        is_whole = self.trigger is None and self.trigger_rows is None
        found = []
        for span in self.kind.so_far():
            given = self.given.get(self.name(span))
            is_new = given is None or len(given.span[3]) != len(span[3])
            if is_new and (not is_whole or span[1] <= self.front):
                found.append(span)
        return found if isinstance(self.kind, Global) else sorted(found, key=output_order)

    def name(self, span: Span) -> Name:
        return (None if isinstance(self.kind, Global) else span[0], span[2])

    def result(self, span: Span, update: str) -> Result:
        before = self.given.get(self.name(span))
        times = 0 if before is None else before.times
        if update == "early":
            self.given[self.name(span)] = Given(span, times + 1)
        else:
            self.given.pop(self.name(span), None)
        return Result(*span, self.time, self.second, self.unsigned, times, update)

    def row(self, window: Closed) -> dict[str, Any]:
        assert isinstance(window, Result)
        more = {"window_revision": window.revision, "window_update": window.update}
        return {**super().row(window), **more}
