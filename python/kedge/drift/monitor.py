"""A stream held against a reference, with alarms whose promise holds however often one looks."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from kedge import _core
from kedge._core import InvalidArgument, Profile, RawAlarm, StreamMonitor
from kedge.drift import words
from kedge.drift.plan import Plan, plan_of
from kedge.drift.report import Report, compare
from kedge.drift.spans import rate_per_second, seconds_of

__all__ = ["Alarm", "Monitor", "ValueFeed"]

_MOST_LOG = 700.0  # beyond, e to this power is no float
_MOST_GROUP = 1 << 30  # this and the next as the core has them
_MOST_FED = 1 << 24


@dataclass(frozen=True)
class Alarm:
    """A column that has changed.

    Attributes:
        column: its name.
        by: the slicing column, when only one slice of the rows changed; else empty.
        slice: that column's value in the slice.
        what: "values", "below the range" or "above the range" of numbers; "name", "other names" or
            "new names" of categories; "lengths" or "hashes" of text; "missing" of them all.
        distance: how far: Kolmogorov and Smirnov's distance at the monitor's cuts for values,
            lengths and hashes, else the change of the share.
        at_least: the distance of the populations is at least this; that it is above `min_effect` is
            what the alarm promises, the rest is an estimate: its rows were chosen after the fact.
        at_most: and at most this, likewise.
        evidence: how much there is, as a factor; an alarm takes as much as the columns divided by
            `false_alarms`.
        update: the update that gave the alarm, from 1.
        since: the first update after the change, estimated.
        episode: the update of the first of the alarms in a row that this one belongs to: a column
            starts anew after its alarm, and goes on alarming until it is back.
        rows: rows since then that could show it, about; the shares are those of these rows.
        low: the numbers (of a text: the lengths) whose share changed most, from here; else NaN.
        high: up to here.
        name: the category; empty when it is not one.
        reference_share: the share of these values or rows in the reference.
        current_share: their share since the change.
    """

    column: str
    by: str
    slice: str
    what: str
    distance: float
    at_least: float
    at_most: float
    evidence: float
    update: int
    since: int
    episode: int
    rows: int
    low: float
    high: float
    name: str
    reference_share: float
    current_share: float

    @property
    def is_first(self) -> bool:
        """Whether the column was not in alarm before."""
        return self.episode == self.update

    @property
    def where(self) -> str:
        """The values or rows whose share changed most, and how."""
        if self.what in ("values", "below the range", "above the range"):
            place = words.range_of(self.low, self.high)
        elif self.what == "lengths":
            place = words.range_of(self.low, self.high, unit=" bytes")
        else:
            place = words.printable(self.name) if self.what == "name" else self.what
        return f"{place}: {words.change(self.reference_share, self.current_share)}"

    def __str__(self) -> str:
        slice_ = f" in {self.by} = {words.printable(self.slice)}" if self.by else ""
        return (
            f"update {self.update}: {words.printable(self.column)}{slice_}: {self.what} moved by"
            f" {self.distance:.3f} ({words.bounds(self.at_least, self.at_most, 3)})"
            f" since update {self.since}; {self.where}"
        )


class Monitor:
    """Watches a stream for columns that no longer look like the reference.

    An alarm says that a column's distribution is farther than `min_effect` from that of the
    population the reference was drawn from: in the share of values up to a cut (Kolmogorov and
    Smirnov's distance), of a name, of names or values that the reference did not have, or of nulls.

    **The promise.** However often one looks, in `n` updates at most `n * false_alarms` alarms of
    columns that did not change are expected, all columns and slices together and whatever the
    others do, and the mean time to the first one is at least `1 / false_alarms`. That holds with
    probability `confidence` over the reference, whose own sampling error is allowed for, and for
    rows each of which, given those before it, is drawn from such a distribution. With `group`, up
    to so many rows of a batch may depend on each other in any way; it costs as many times the rows.

    `false_alarms` is a rate for each update, or a text such as "1/30d" (units s, m, h, d, w): then
    `update` wants to be told how much time passed, or `clock` names the column of the events' times
    that tell it: the latest so far is now. With `fdr` there is a list instead: at any
    moment at most that share of the columns on it is expected to be false, and an alarm is a
    column's way onto it.

    `window` keeps the counts of the newest rows, `newest`, which `report` is then about: those of
    the last updates when it is a number, or of a length of time such as "7d". It slides, exact to a
    64th of its length (so, to the update for up to 64 of them); with `tumbling` it begins anew at
    each multiple of its length, by a `clock` from 1970 on. The evidence is of the whole stream.

    `plan` says before going live how many rows it takes to detect which shift.

    >>> import numpy as np
    >>> import kedge
    >>> rng = np.random.default_rng(1)
    >>> monitor = Monitor(kedge.profile({"x": rng.normal(size=100_000)}))
    >>> [monitor.update({"x": rng.normal(size=1000)}) for _ in range(20)] == [[]] * 20
    True
    >>> [alarm.column for alarm in monitor.update({"x": rng.normal(0.5, size=1000)})]
    ['x']

    Raises:
        InvalidArgument: an option is out of its bounds.
    """

    def __init__(
        self,
        profile: Profile,
        *,
        min_effect: float = 0.02,
        false_alarms: float | str = 1 / 10_000,
        fdr: float | None = None,
        confidence: float = 0.99,
        group: int = 1,
        clock: str | None = None,
        window: int | str | timedelta | None = None,
        tumbling: bool = False,
    ) -> None:
        if not isinstance(profile, Profile):
            raise InvalidArgument("profile must be a Profile; make one with kedge.profile(data)")
        if fdr is not None and not 0 < fdr < 1:
            raise InvalidArgument(f"fdr = {fdr} is not between 0 and 1")
        clocked = isinstance(false_alarms, str)
        rate = _rate(false_alarms)
        if clock == "":
            raise InvalidArgument('clock = "" names no column')
        if tumbling and window is None:
            raise InvalidArgument("tumbling is of a window; there is none")
        length, in_time = _window(window)
        _check_whole("group", group, _MOST_GROUP)
        self._core = StreamMonitor(
            profile,
            min_effect,
            rate,
            fdr or 0.0,
            confidence,
            group,
            clocked,
            clock or "",
            length,
            in_time,
            tumbling,
        )

    def update(self, data: object, *, elapsed: timedelta | float | None = None) -> list[Alarm]:
        """Count the rows of `data`, look, and tell which columns have changed.

        `data` is a batch as `Profile.update` takes it, or a profile made with `reference.like()`
        that counted it elsewhere. All of it is one update; without rows there is none. After its
        alarm a column starts anew, so one that stays changed alarms again and again;
        `Alarm.is_first` tells the first of them.

        `elapsed` is the time since the update before, as a timedelta or in seconds; it is wanted
        when `false_alarms` is a rate in time without a `clock`, and only then.

        Raises:
            InvalidArgument: a column is missing, or `elapsed` is not a time above 0, or the first
                rows have no time, or a profile, which has none, meets a clock.
            Unsupported: the column of the clock has no times.
        """
        return [_alarm(raw) for raw in self._core.update(data, self._elapsed(elapsed))]

    def _elapsed(self, elapsed: timedelta | float | None) -> float:
        is_wanted = self._core.clocked and not self._core.clock
        if is_wanted != (elapsed is not None):
            why = "is a rate in time" if self._core.clocked else "is a rate for each update"
            if self._core.clock:
                raise InvalidArgument(f'elapsed is not wanted: "{self._core.clock}" is the clock')
            wanted = "wanted" if is_wanted else "not wanted"
            raise InvalidArgument(f"elapsed is {wanted}: false_alarms {why}")
        if elapsed is None:
            return 1.0
        return elapsed.total_seconds() if isinstance(elapsed, timedelta) else elapsed

    def plan(self, shifts: Sequence[float] = (0.03, 0.05, 0.1, 0.2, 0.4)) -> Plan:
        """How many rows after a shift, of such a Kolmogorov distance, lead to the alarm."""
        return plan_of(self._core, shifts)

    def feed(self, *, every: int = 64) -> ValueFeed:
        """A way to tell a monitor of one column of numbers its values one at a time.

        Each time `every` of them are there, they are one update.

        >>> import kedge
        >>> monitor = Monitor(kedge.profile({"x": [0.1 * i for i in range(1000)]}))
        >>> feed = monitor.feed(every=10)
        >>> any(feed.add(200.0) for _ in range(9)), feed.add(200.0)
        (False, True)
        >>> [alarm.what for alarm in feed.take_alarms()]
        ['above the range']

        Raises:
            InvalidArgument: the monitor has more columns, or slices, or its rate is one in time.
        """
        _check_whole("every", every, _MOST_FED)
        if self._core.clocked:
            raise InvalidArgument("values one at a time have no clock; use a rate for each update")
        return ValueFeed(self._core, every)

    def evidence(self) -> dict[str, float]:
        """The evidence of each column so far, as `Alarm.evidence` has it; slices left out."""
        return {
            column: _factor(log_evidence)
            for column, by, _, log_evidence in self._core.state
            if not by
        }

    def report(self) -> Report:
        """All rows so far, or those of the window, against the reference: see `kedge.compare`."""
        return compare(
            self.reference,
            self.counted if self.newest is None else self.newest,
            min_effect=self._core.min_effect,
            confidence=self._core.confidence,
        )

    @property
    def reference(self) -> Profile:
        """The profile that the stream is held against."""
        return self._core.reference

    @property
    def counted(self) -> Profile:
        """The profile of all rows so far."""
        return self._core.counted

    @property
    def newest(self) -> Profile | None:
        """The profile of the rows in the window; None without one."""
        return self._core.newest_rows

    @property
    def is_clocked(self) -> bool:
        """Whether the rate of false alarms is one in time."""
        return self._core.clocked

    @property
    def updates(self) -> int:
        """How many updates there were."""
        return self._core.looks

    def to_bytes(self) -> bytes:
        """The stored form, equal for equal streams on every machine."""
        return self._core.to_bytes()

    @classmethod
    def from_bytes(cls, data: bytes) -> Monitor:
        """Read the stored form; the stream goes on from there.

        Raises:
            CorruptData: these bytes are no monitor's.
        """
        return cls._around(StreamMonitor.from_bytes(data))

    @classmethod
    def _around(cls, core: StreamMonitor) -> Monitor:
        monitor = cls.__new__(cls)
        monitor._core = core
        return monitor

    def __reduce__(self) -> tuple[object, tuple[bytes]]:
        return Monitor.from_bytes, (self.to_bytes(),)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Monitor) and self._core == other._core

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        columns = len(self.reference.columns)
        return f"Monitor of {columns} columns after {self.updates} updates"


class ValueFeed:
    """Values one at a time; made by `Monitor.feed`.

    `add(value)` takes one and says whether it completed an update with an alarm. Values of an
    update that is not complete are the feed's, not the monitor's: they are in none of its bytes.
    """

    __slots__ = ("_feed", "add")

    def __init__(self, monitor: StreamMonitor, every: int) -> None:
        self._feed = _core.ValueFeed(monitor, every)
        self.add = self._feed.add  # no call of ours in between: a value takes a tenth of a us

    def take_alarms(self) -> list[Alarm]:
        """The alarms since they were last taken."""
        return [_alarm(raw) for raw in self._feed.take_alarms()]


def _rate(false_alarms: float | str) -> float:
    if not isinstance(false_alarms, str):
        if not 0 < false_alarms <= 1:
            raise InvalidArgument(
                f"false_alarms = {false_alarms} is not above 0 and up to 1: for each update"
            )
        return false_alarms
    try:
        return rate_per_second(false_alarms)
    except InvalidArgument as error:
        raise InvalidArgument(f'false_alarms = "{false_alarms}": {error}') from None


def _check_whole(name: str, value: int, most: int) -> None:
    """Refuse what the core would name by what is left of it in 32 bits."""
    if not 1 <= value <= most:
        raise InvalidArgument(f"{name} = {value} is not from 1 to {most}")


def _window(window: int | str | timedelta | None) -> tuple[float, bool]:
    """Its length, and whether that is in seconds."""
    if window is None:
        return 0.0, False
    if isinstance(window, str | timedelta):
        try:
            return seconds_of(window), True
        except InvalidArgument as error:
            raise InvalidArgument(f"window = {window!r}: {error}") from None
    if isinstance(window, bool) or not isinstance(window, int) or not 1 <= window <= 2**53:
        raise InvalidArgument(f"window = {window!r} is neither a number of updates nor a time")
    return float(window), False


def _factor(log_evidence: float) -> float:
    return math.exp(min(log_evidence, _MOST_LOG))


def _alarm(raw: RawAlarm) -> Alarm:
    return Alarm(
        column=raw.column,
        by=raw.by,
        slice=raw.slice,
        what=raw.what,
        distance=raw.distance,
        at_least=raw.at_least,
        at_most=raw.at_most,
        evidence=_factor(raw.log_evidence),
        update=raw.update,
        since=raw.since,
        episode=raw.episode,
        rows=raw.rows,
        low=raw.low,
        high=raw.high,
        name=raw.name,
        reference_share=raw.reference_share,
        current_share=raw.current_share,
    )
