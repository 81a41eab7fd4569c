"""Durations, times and zones as people write them, on their way to the core."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime, timedelta, timezone
from functools import cache
from typing import TypeGuard
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np

from kedge._core import InvalidArgument, normal_duration

__all__ = [
    "DurationLike",
    "TimeLike",
    "duration_text",
    "is_whole",
    "seconds_of",
    "ticks",
    "zone_spans",
]

DurationLike = str | timedelta | np.timedelta64
TimeLike = datetime | date | np.datetime64 | str


def is_whole(value: object) -> TypeGuard[int]:
    """A whole number; NumPy's durations and Python's bools say that they are some, and are not."""
    return isinstance(value, int | np.integer) and not isinstance(value, bool | np.timedelta64)


def duration_text(value: DurationLike | int, argument: str) -> str:
    """The shortest spelling of a duration: "90s" is "1m30s"."""
    if isinstance(value, np.timedelta64):
        exact = value.astype("timedelta64[ns]")
        has_length = np.datetime_data(value.dtype)[0] not in ("Y", "M")
        # There and back: NumPy lets what does not fit into 64 bits wrap around; NaT equals nothing.
        if not has_length or exact != value or exact.astype(value.dtype) != value:
            raise InvalidArgument(f"{argument}: {value!r} is no whole number of nanoseconds")
        value = f"{exact.astype(np.int64)}ns"
    elif isinstance(value, timedelta):
        value = f"{value // timedelta(microseconds=1)}us"
    if not isinstance(value, str):
        raise InvalidArgument(f'{argument}: expected a duration such as "10s", got {value!r}')
    try:
        return normal_duration(value)
    except InvalidArgument as error:
        raise InvalidArgument(f"{argument}: {error}") from None


def ticks(value: TimeLike | int, unit: str, argument: str) -> int:
    """A time as a number of `unit`s since 1970, "D" for dates."""
    if not isinstance(value, datetime | date | np.datetime64 | str):
        raise InvalidArgument(f"{argument}: expected a time, got {value!r}")
    if isinstance(value, datetime) and value.tzinfo is not None:
        value = value.astimezone(timezone.utc).replace(tzinfo=None)
    try:
        exact = np.datetime64(value)
    except ValueError:
        raise InvalidArgument(f"{argument}: {value!r} is no time") from None
    rounded = exact.astype(f"datetime64[{unit}]")
    # There and back: NumPy lets what does not fit into 64 bits wrap around.
    if rounded != exact or rounded.astype(exact.dtype) != exact:
        raise InvalidArgument(f"{argument}: {value} is no whole number of {unit} in 64 bits")
    return int(rounded.astype(np.int64))


_FIRST, _LAST = datetime(1900, 1, 1), datetime(2100, 1, 1)


@cache
def zone_spans(name: str) -> tuple[tuple[int, int], ...]:
    """From which second on which offset holds, between 1900 and 2100.

    >>> zone_spans("UTC")
    ((-9223372036854775808, 0),)
    """
    try:
        zone = ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise InvalidArgument(f"time_zone: there is no zone {name!r}") from None

    epoch = datetime(1970, 1, 1, tzinfo=timezone.utc)

    def offset_at(second: int) -> int:
        moment = (epoch + timedelta(seconds=second)).astimezone(zone)
        offset = moment.utcoffset()
        assert offset is not None
        return round(offset.total_seconds())

    first = int((_FIRST - datetime(1970, 1, 1)).total_seconds())
    last = int((_LAST - datetime(1970, 1, 1)).total_seconds())
    spans = [(-(2**63), offset_at(first))]
    for second in range(first, last, 86_400):
        _add_changes(spans, offset_at, second, second + 86_400)
    return tuple(spans)


def _add_changes(
    spans: list[tuple[int, int]], offset_at: Callable[[int], int], low: int, high: int
) -> None:
    """The change of offset in (low, high], by halving: zones change at most once a day."""
    if offset_at(high) == spans[-1][1]:
        return
    while high - low > 1:
        middle = (low + high) // 2
        if offset_at(middle) == spans[-1][1]:
            low = middle
        else:
            high = middle
    spans.append((high, offset_at(high)))


_SECONDS = {"ns": 1e-9, "us": 1e-6, "ms": 1e-3, "s": 1, "m": 60, "h": 3600, "d": 86_400}
_SECONDS["w"] = 7 * _SECONDS["d"]


def seconds_of(duration: str) -> float:
    """A duration as `normal_duration` spells it, of units that have a fixed length.

    >>> seconds_of("1m30s")
    90.0
    """
    total = 0.0
    for count, unit in re.findall(r"(\d+)([a-z]+)", duration):
        if unit not in _SECONDS:
            raise InvalidArgument(f'"{duration}" has no fixed length')
        total += int(count) * _SECONDS[unit]
    return total
