"""One definition of windows for rows that an engine has shared out by key.

A shard has all rows of some keys. What it does with them depends on the other shards in one thing:
how far event time has come, for that says which rows are late. So every row comes with a mark, the
watermark of all rows before it, wherever those are. As the watermark itself closes no window that
a row in time still belongs to, marks matter for the rows behind them alone, and a shard is pushed
whole runs of rows between these.
"""

from __future__ import annotations

import pickle
from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from kedge._core import InvalidArgument, Unsupported
from kedge.window import Window
from kedge.window.durations import seconds_of

__all__ = ["NO_MARK", "Definition", "Shard", "as_signed", "from_bytes", "moments", "to_bytes"]

NO_MARK = -(2**62) + 1
"""Before any time that a row can have."""

_NUMBERED = ("count", "sliding")
_FARTHEST = 2**62  # ticks; the core's bound
_IN_A_SECOND = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}


class Definition:
    """What each shard is made of.

    Args:
        window: that has taken no row.
        schema: of the rows.
        late: shards give the rows that come too late, and no windows.

    Attributes:
        key: columns.
        time: the column.
        schema: of the rows.
        output: of what shards give; count and sliding windows have no `window_id` there, for it has
            a row's number in the whole stream.
        lateness: in the ticks of the time column.

    Raises:
        Unsupported: shards would need more of each other than the watermark.
        InvalidArgument: a column is missing or has a type that the window cannot take.
    """

    def __init__(self, window: Window, schema: pa.Schema, *, late: bool = False) -> None:
        if window.stats["rows"]:
            raise InvalidArgument("the window has taken rows; shards begin with none")
        _check(window.definition)
        tried: Window = pickle.loads(pickle.dumps(window))
        closed = pa.table(tried.push(schema.empty_table()))
        self.key: list[str] = window.definition["keys"]
        self.time: str = window.definition["time"]
        self.schema, self._late = schema, late
        given = as_signed(pa.table(tried.late()) if late else closed).schema.remove_metadata()
        has_id = late or window.definition["kind"] not in _NUMBERED
        self.output = given if has_id else given.remove(given.get_field_index("window_id"))
        self.lateness = _ticks(window.definition["lateness"], schema.field(self.time).type)
        self._begun = pickle.dumps(tried)

    def begin(self, state: bytes | None = None) -> Shard:
        """A shard, from the beginning or as its `snapshot` said."""
        window: Window = pickle.loads(self._begun)
        if state is not None:
            window = Window.restore(state, window)
        return Shard(window, self)

    def given(self, window: Window, closed: object) -> pa.Table:
        """Of what a window gave the part that is asked for, as `output` has it."""
        found = pa.table(window.late()) if self._late else pa.table(closed)
        if not self._late:
            window.late()
        return as_signed(found).select(self.output.names).cast(self.output)


class Shard:
    """Windows of some of the keys."""

    def __init__(self, window: Window, definition: Definition) -> None:
        self._window, self._definition = window, definition

    def push(self, rows: pa.Table, marks: NDArray[np.int64] | None = None) -> Iterator[pa.Table]:
        """Take rows in their order, each with the watermark of all rows before it, or NO_MARK.

        No marks: none of the rows is behind what `advance_to` was told.
        """
        rows = rows.select(self._definition.schema.names).cast(self._definition.schema)
        cuts = [] if marks is None else self._behind(rows, marks)
        for begin, end in pairwise([0, *cuts, rows.num_rows]):
            if marks is not None and cuts and begin >= cuts[0]:
                yield from self.advance_to(int(marks[begin]))
            if end > begin:
                closed = self._window.push(rows.slice(begin, end - begin))
                yield from self._given(closed)

    def advance_to(self, mark: int) -> Iterator[pa.Table]:
        """Close what the watermark of all shards has reached."""
        if mark > NO_MARK:
            yield from self._given(self._window.advance_to(min(mark, _FARTHEST - 1)))

    def finish(self) -> Iterator[pa.Table]:
        """Close what is open."""
        yield from self._given(self._window.finish())

    @property
    def is_open(self) -> bool:
        """Whether there is anything to close."""
        return self._window.stats["open"] > 0

    def snapshot(self) -> bytes:
        """What `Definition.begin` goes on from."""
        return self._window.snapshot()

    def _given(self, closed: object) -> Iterator[pa.Table]:
        given = self._definition.given(self._window, closed)
        if given.num_rows:
            yield given

    def _behind(self, rows: pa.Table, marks: NDArray[np.int64]) -> list[int]:
        """Rows behind a mark that is higher than that of the last such row."""
        times = moments(rows[self._definition.time])
        behind = np.flatnonzero((times < marks) & (times > NO_MARK))
        highest = np.maximum.accumulate(marks[behind])
        cuts: list[int] = behind[np.diff(highest, prepend=NO_MARK) > 0].tolist()
        return cuts


def moments(times: pa.ChunkedArray) -> NDArray[np.int64]:
    """In the column's own ticks; NO_MARK where there is none that a row can have."""
    whole = times.cast(pa.int32()) if pa.types.is_date32(times.type) else times
    ticks = whole.cast(pa.int64()).fill_null(NO_MARK).to_numpy()
    return np.where(np.abs(ticks) < _FARTHEST, ticks, NO_MARK)


def as_signed(table: pa.Table) -> pa.Table:
    """With the same 64 bits where numbers have no sign, for engines that have none but such."""
    for place, field in enumerate(table.schema):
        if field.type == pa.uint64():
            chunks = [chunk.view(pa.int64()) for chunk in table[place].chunks]
            column = pa.chunked_array(chunks, pa.int64())
            table = table.set_column(place, field.name, column)
    return table


def to_bytes(tables: Iterable[pa.Table], schema: pa.Schema) -> bytes:
    """As an Arrow IPC stream."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, schema) as writer:
        for table in tables:
            writer.write_table(table)
    return bytes(sink.getvalue())


def from_bytes(data: bytes) -> pa.Table:
    """What `to_bytes` wrote."""
    return pa.ipc.open_stream(data).read_all()


def _check(definition: dict[str, Any]) -> None:
    if not definition["keys"]:
        raise Unsupported("a window without a key cannot be shared out by key")
    if definition["kind"] == "global":
        raise Unsupported("a global window lasts from the first row of all keys to the last")
    if "time" not in definition:
        raise Unsupported("a window without a time column: an engine keeps no other order of rows")
    if definition.get("mode", "closed") != "closed":
        raise Unsupported('mode = "update": results before the last go by the rows of other keys')
    if "expire" in definition:
        raise Unsupported("expire: it goes by the rows of other keys")
    if definition.get("partitions", 1) != 1:
        raise Unsupported("partitions: the engine has its own")


def _ticks(duration: str, type: pa.DataType) -> int:
    seconds = seconds_of(duration)
    if pa.types.is_timestamp(type):
        return round(seconds * _IN_A_SECOND[type.unit])
    return round(seconds * 1000) if pa.types.is_date64(type) else round(seconds / 86_400)
