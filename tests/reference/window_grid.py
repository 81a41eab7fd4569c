"""Where windows on a grid begin and end: the line of time is cut into units at `edge(u)`.

A window begins at each whole multiple of `every` units and is `length` units long.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol
from zoneinfo import ZoneInfo

DAY_SECONDS = 86_400
EPOCH = dt.date(1970, 1, 1)
MONDAY = dt.date(1970, 1, 5)
UTC = dt.timezone.utc


class Line(Protocol):
    """A line of time cut into units."""

    def edge(self, unit: int) -> int: ...

    def unit(self, time: int) -> int:
        """The unit with edge(unit) <= time < edge(unit + 1)."""


@dataclass(frozen=True)
class Ticks:
    """Units of the time column itself, counted from `origin`."""

    origin: int = 0

    def edge(self, unit: int) -> int:
        return self.origin + unit

    def unit(self, time: int) -> int:
        return time - self.origin


@dataclass(frozen=True)
class Calendar:
    """Days, weeks, months or years of a time zone, counted from 1970-01-01 (weeks: 01-05)."""

    name: str  # "d", "w", "mo" or "y"
    zone: str = "UTC"
    second: int = 1  # units of the time column in a second

    def first_date(self, unit: int) -> dt.date:
        if self.name == "d":
            return EPOCH + dt.timedelta(days=unit)
        if self.name == "w":
            return MONDAY + dt.timedelta(weeks=unit)
        months = unit if self.name == "mo" else 12 * unit
        return dt.date(1970 + months // 12, months % 12 + 1, 1)

    def unit_of_date(self, date: dt.date) -> int:
        if self.name == "d":
            return (date - EPOCH).days
        if self.name == "w":
            return (date - MONDAY).days // 7
        months = 12 * (date.year - 1970) + date.month - 1
        return months if self.name == "mo" else months // 12

    def edge(self, unit: int) -> int:
        return midnight(self.first_date(unit), ZoneInfo(self.zone)) * self.second

    def unit(self, time: int) -> int:
        unit = self.unit_of_date(local_date(time // self.second, ZoneInfo(self.zone)))
        # Where clocks go back over midnight a date comes twice; a window is one piece still.
        while self.edge(unit + 1) <= time:
            unit += 1
        while self.edge(unit) > time:
            unit -= 1
        return unit


def local_date(seconds: int, zone: ZoneInfo) -> dt.date:
    instant = dt.datetime(1970, 1, 1, tzinfo=UTC) + dt.timedelta(seconds=seconds)
    return instant.astimezone(zone).date()


def midnight(date: dt.date, zone: ZoneInfo) -> int:
    """The first second of a date in a zone, which is not always 00:00."""
    naive = dt.datetime.combine(date, dt.time())
    guess = int((naive.replace(tzinfo=zone)).timestamp())
    if local_date(guess, zone) == date and local_date(guess - 1, zone) < date:
        return guess
    low, high = guess - 2 * DAY_SECONDS, guess + 2 * DAY_SECONDS
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if local_date(middle, zone) >= date else (middle, high)
    return high


@dataclass(frozen=True)
class Grid:
    """Tumbling when length is every, else hopping; with holes when length is less."""

    line: Line
    every: int
    length: int

    outside = None  # a row between windows is not late

    def windows(self, time: int) -> list[tuple[int, int]]:
        """All windows that hold the time, the earliest first."""
        unit = self.line.unit(time)
        last = unit // self.every
        found = []
        for i in range(last - self.length // self.every - 1, last + 1):
            begin = i * self.every
            if begin <= unit < begin + self.length:
                found.append((self.line.edge(begin), self.line.edge(begin + self.length)))
        return found

    def last_end(self, time: int) -> int:
        """Where the last window ends that ends at this time or before it."""
        last = (self.line.unit(time) - self.length) // self.every
        return self.line.edge(last * self.every + self.length)


@dataclass(frozen=True)
class Bounds:
    """From each of the rising times to the next."""

    times: Sequence[int]

    outside = "outside bounds"

    def windows(self, time: int) -> list[tuple[int, int]]:
        pairs = zip(self.times, self.times[1:], strict=False)
        return [(start, end) for start, end in pairs if start <= time < end]

    def last_end(self, time: int) -> int | None:
        return max((end for end in self.times[1:] if end <= time), default=None)
