"""Windows: batches of a stream in, closed windows out.

>>> import kedge, pyarrow as pa
>>> window = kedge.Window(
...     time="ts",
...     key="user",
...     every="10s",
...     lateness="5s",
...     aggregates={"n": kedge.count(), "spend": kedge.sum("amount")},
... )
>>> def at(*seconds: int) -> pa.Array:
...     return pa.array([s * 1_000_000 for s in seconds], pa.timestamp("us"))
>>> batch = pa.table({"ts": at(1, 4, 12, 26), "user": ["a", "b", "a", "b"],
...                   "amount": [1.0, 2.0, 4.0, 8.0]})
>>> closed = pa.table(window.push(batch))
>>> closed.select(["user", "n", "spend"]).to_pylist()
[{'user': 'a', 'n': 1, 'spend': 1.0}, {'user': 'b', 'n': 1, 'spend': 2.0}, \
{'user': 'a', 'n': 1, 'spend': 4.0}]

**Which windows.** `every` and `length` are durations ("10s", "5m", "1d", "1mo", a
`datetime.timedelta`) or whole numbers, which are rows of a key:

| given                      | windows                                                         |
|----------------------------|-----------------------------------------------------------------|
| `every="10s"`              | tumbling: one after the other                                   |
| `every="1s", length="60s"` | hopping: 60 s long, one begins each second                      |
| `gap="30s"`                | sessions: rows of a key that follow each other within the gap   |
| `every=100`                | count: each 100 rows of a key                                   |
| `length="60s"`             | sliding: for each row the rows of the last 60 s of its key       |
| `length=100`               | sliding: for each row the last 100 rows of its key, it included |
| `bounds=times`             | from each of the rising times to the next                       |
| none                       | global: one window of all rows, closed by `finish`              |

Windows begin at whole multiples of `every` since 1970-01-01T00:00:00 (weeks: since Monday,
1970-01-05), or since `align_to`. With `time_zone`, days, weeks, months and years begin at local
midnight, so that a day has 23 or 25 hours when clocks change. A window holds
`window_start <= time < window_end`, a sliding one `window_start < time <= window_end`.

**When they close.** The watermark is the largest time seen less `lateness`; with several
`partitions` the least over them. It moves with each row, so that the answer does not depend on how
the stream was cut into batches. A window is closed, and its result given, when the watermark
reaches its end. A row that comes when a window it belongs to is closed goes to none: it is late.
`late` gives such rows back with the reason; rows whose time is null are late too.

**Results before that.** With `mode="update"` a window is also given as soon as the newest time has
reached its end, although rows may still come within the lateness; and again, each time the newest
time reaches another window's end (for sessions: a multiple of the gap), for the keys that have had
rows since. With `trigger="1s"` results so far are given at each multiple of 1 s instead, also of
windows that are still filling; a global window, which is never closed by time, needs a trigger,
and `trigger=1000` is each 1000 rows of the stream for it. `window_revision` counts the results of
one `window_id` from 0, `window_update` says what each is: "early"; "final" when the window is
closed, and these rows alone are what `mode="closed"` gives; "retracted" when a session that was
given has come to begin earlier or was joined to another, so that its `window_id` is no more. A sink
keeps the row of the greatest revision of each id, and drops ids that were retracted.

**What comes out.** Rows in the order of (window_end, key), nulls first: `window_start`,
`window_end`, the key columns, the aggregates, and `window_id`, which is the same number whenever
the same definition sees the same key and start, so that a sink can upsert. `histogram` and `top`
give lists, `profile_of` bytes; how far an estimate may be off stands in its column's metadata.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from kedge._core import InvalidArgument, Table, WindowStream
from kedge.window import toml
from kedge.window.aggregates import Aggregate
from kedge.window.codes import Code, Codes, columns_of
from kedge.window.durations import (
    DurationLike,
    TimeLike,
    duration_text,
    is_whole,
    ticks,
    zone_spans,
)

__all__ = ["Window"]


class Window:
    """A definition of windows and what is open of them; see the module's text for what it means.

    Threads may share one: each call has the window for itself, and other threads run meanwhile.

    Args:
        aggregates: what comes out, by the name of its column.
        time: a timestamp or date column; rows whose time is null are late.
        key: no column, one or several; null is a key like any other.
        every: how often a window begins, or how many rows of a key it has.
        length: how long a window is, when that is not `every`; alone, of sliding windows.
        gap: sessions end when a key has had no row for so long.
        bounds: rising times; windows lie between them.
        lateness: how long rows may come after later ones.
        align_to: a time at which a window begins.
        time_zone: whose midnights days, weeks, months and years begin at.
        partitions: how many there are for `push` to name.
        expire: a key of count, global or sliding windows of rows that has had no row for so long
            is forgotten: what is open of it comes out, and its next row begins anew.
        mode: "closed" gives results that are final; "update" also earlier ones.
        trigger: how often "update" gives windows that are still filling.
        idle: a partition that is so far behind the newest row of all does not hold windows open.
        max_keys: more keys at one time are refused with ResourceExhausted.
        max_state_bytes: no push is taken while the state is larger.
    """

    def __init__(
        self,
        *,
        aggregates: Mapping[str, Aggregate],
        time: str | None = None,
        key: str | Sequence[str] = (),
        every: DurationLike | int | None = None,
        length: DurationLike | int | None = None,
        gap: DurationLike | None = None,
        bounds: Sequence[TimeLike] | None = None,
        lateness: DurationLike = "0s",
        align_to: TimeLike | None = None,
        time_zone: str | None = None,
        partitions: int = 1,
        idle: DurationLike | None = None,
        expire: DurationLike | None = None,
        mode: str = "closed",
        trigger: DurationLike | int | None = None,
        max_keys: int | None = None,
        max_state_bytes: int | None = None,
    ) -> None:
        if not isinstance(aggregates, Mapping):
            raise InvalidArgument(
                f'aggregates: expected a dict such as {{"n": kedge.count()}}, got {aggregates!r}'
            )
        definition: dict[str, Any] = {
            "keys": [key] if isinstance(key, str) else list(key),
            "lateness": duration_text(lateness, "lateness"),
            "partitions": partitions,
            "aggregates": [_aggregate(name, made) for name, made in aggregates.items()],
        }
        definition |= _kind(every, length, gap, bounds) | _updates(mode, trigger)
        if time is not None:
            definition["time"] = time
        if align_to is not None:
            definition["align_to"] = ticks(align_to, "ns", "align_to")
        if idle is not None:
            definition["idle"] = duration_text(idle, "idle")
        if expire is not None:
            definition["expire"] = duration_text(expire, "expire")
        if time_zone is not None:
            definition["zone"] = time_zone
            definition["zone_spans"] = zone_spans(time_zone)
        for name, limit in (("max_keys", max_keys), ("max_state_bytes", max_state_bytes)):
            if limit is not None:
                if limit <= 0:
                    raise InvalidArgument(f"{name} = {limit} is not above 0")
                definition[name] = limit
        columns = columns_of(aggregates.values())
        definition["columns"] = [column.definition for column in columns]
        self._codes = Codes.of(aggregates.values(), columns)
        self._stream = WindowStream(definition, self._codes)
        self._note = b""
        self._paths = {name: made.path for name, made in aggregates.items()}

    def push(self, batch: object, partition: int = 0) -> Table:
        """Take rows, in their order; the windows that they close come back."""
        return self._stream.push(batch, partition)

    def push_many(self, batches: Mapping[int, object]) -> Table:
        """Take rows of several partitions, partition by partition in rising order."""
        return self._stream.push_many(sorted(batches.items(), key=lambda part: part[0]))

    def advance_to(self, time: TimeLike | int) -> Table:
        """Event time has come so far, rows or none; an int is in the time column's unit."""
        if not is_whole(time):
            time = ticks(time, self._stream.time_unit or "ns", "advance_to")
        return self._stream.advance_to(int(time))

    def finish(self) -> Table:
        """Close all windows that are open. Rows that come afterwards are late."""
        return self._stream.finish()

    def late(self) -> Table:
        """The rows that came too late since the last call, with `late_reason` behind them."""
        return self._stream.late()

    @property
    def watermark(self) -> int | None:
        """In the time column's unit; None until every partition has had a row."""
        return self._stream.watermark

    @property
    def time_unit(self) -> str | None:
        """Of `watermark`, as NumPy names it; None before the first batch."""
        return self._stream.time_unit

    @property
    def definition(self) -> dict[str, Any]:
        """What it was made with, without defaults, as plain values."""
        made: dict[str, Any] = self._stream.definition
        return made

    @property
    def max_state_bytes(self) -> int | None:
        """As it was given."""
        limit: int | None = self.definition.get("max_state_bytes")
        return limit

    @property
    def stats(self) -> dict[str, int]:
        """Counters: rows and late rows so far; keys, open windows and bytes of state now."""
        return self._stream.stats()

    @property
    def hash(self) -> int:
        """Equal for equal definitions, on every machine."""
        return self._stream.hash

    @classmethod
    def from_toml(cls, source: str | os.PathLike[str]) -> Window:
        """A window of a TOML document, or of the file at a path; `kedge.window.toml` shows one.

        Raises:
            InvalidArgument: with the file, the line, the key, its value and what is allowed.
        """
        return toml.read(source, cls)

    def to_toml(self) -> str:
        """The definition as TOML; `from_toml` reads an equal one.

        It has the name of the time zone, not its table: where another table stands under that name
        the definition is another one, and `hash` tells. So it is with the reference of `profile_of`
        when that was given by its path; else, and after `restore`, the document holds it.
        """
        return toml.write(self._stream.definition, self._paths)

    def snapshot(self, note: bytes = b"") -> bytes:
        """All that a later push depends on, and a note of the caller's: where its sources stand."""
        return self._stream.snapshot(note)

    @property
    def note(self) -> bytes:
        """The note of the snapshot that this window was restored from."""
        return self._note

    @classmethod
    def restore(
        cls,
        data: bytes,
        expected: Window | None = None,
        *,
        aggregates: Iterable[Code] = (),
        columns: Iterable[Code] = (),
    ) -> Window:
        """A window as it was when the snapshot was taken.

        With `expected`, a snapshot of another definition is refused with the differences. The code
        of users' aggregates and columns is not in the snapshot: it is taken from `aggregates`,
        `columns` and `expected`.
        """
        known = [] if expected is None else expected._codes.made
        restored = cls.__new__(cls)
        stream = None if expected is None else expected._stream
        restored._restore(data, stream, [*known, *aggregates, *columns])
        return restored

    def _restore(self, data: bytes, expected: WindowStream | None, made: Iterable[Code]) -> None:
        self._paths = {}
        self._codes = Codes(made)
        self._stream, self._note = WindowStream.restore(data, expected, self._codes)

    def __getstate__(self) -> tuple[bytes | dict[str, Any], list[Code]]:
        # Before the first rows there is nothing to a window but its definition.
        has_begun = self.time_unit is not None or self.stats["rows"] > 0
        state = self.snapshot(self._note) if has_begun else self.definition
        return state, self._codes.made

    def __setstate__(self, state: tuple[bytes | dict[str, Any], list[Code]]) -> None:
        held, made = state
        if isinstance(held, bytes):
            self._restore(held, None, made)
            return
        self._codes, self._note, self._paths = Codes(made), b"", {}
        self._stream = WindowStream(held, self._codes)


def _aggregate(name: str, made: Aggregate) -> dict[str, Any]:
    if not isinstance(made, Aggregate):
        raise InvalidArgument(
            f'aggregates["{name}"]: expected kedge.count() or the like, got {made!r}'
        )
    return {"name": name, **vars(made)}


def _rows(rows: int, argument: str) -> int:
    if rows <= 0:
        raise InvalidArgument(f"{argument} = {rows} rows is not above 0")
    return rows


def _updates(mode: str, trigger: DurationLike | int | None) -> dict[str, Any]:
    if trigger is None:
        return {"mode": mode}
    if is_whole(trigger):
        return {"mode": mode, "trigger_rows": _rows(int(trigger), "trigger")}
    return {"mode": mode, "trigger": duration_text(trigger, "trigger")}


def _kind(
    every: DurationLike | int | None,
    length: DurationLike | int | None,
    gap: DurationLike | None,
    bounds: Sequence[TimeLike] | None,
) -> dict[str, Any]:
    given = [
        name
        for name, value in (("every", every), ("gap", gap), ("bounds", bounds))
        if value is not None
    ]
    if len(given) > 1:
        raise InvalidArgument(f"{' and '.join(given)}: only one of them can be given")
    if length is not None and given not in ([], ["every"]):
        raise InvalidArgument(f"{given[0]} and length: only one of them can be given")
    if gap is not None:
        return {"kind": "session", "gap": duration_text(gap, "gap")}
    if bounds is not None:
        return {"kind": "bounds", "bounds": [ticks(bound, "ns", "bounds") for bound in bounds]}
    if every is None:
        if length is None:
            return {"kind": "global"}
        if is_whole(length):
            return {"kind": "sliding", "rows": _rows(int(length), "length")}
        return {"kind": "sliding", "length": duration_text(length, "length")}
    if is_whole(every):
        if length is not None:
            raise InvalidArgument(f"length = {length!r}: every = {every} counts rows")
        return {"kind": "count", "rows": _rows(int(every), "every")}
    begins = duration_text(every, "every")
    if is_whole(length):
        raise InvalidArgument(f"length = {length} counts rows, every = {every!r} does not")
    lasts = begins if length is None else duration_text(length, "length")
    return {"kind": "time", "every": begins, "length": lasts}
