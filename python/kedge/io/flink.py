"""Windows of Flink tables: each shard has all rows of its keys, and a window over them.

The watermark is Flink's, which all shards see at the same place between rows: what one process has
from the rows themselves when a table says `WATERMARK FOR ts AS ts - INTERVAL '5' SECOND` and a
window `lateness="5s"`. Rows of a shard wait until it moves, so that Python folds whole runs of
them. Where it moves with each row (`pipeline.auto-watermark-interval` = 0), rows do not wait for
each other on their way to Python (`python.fn-execution.bundle.size` = 1) and one task reads the
source, the late rows are those of one process as well.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from kedge._core import Unsupported
from kedge.window import Window

try:
    import pyarrow as pa
    from pyflink.common import Row
    from pyflink.common.typeinfo import ExternalTypeInfo, LocalTimeTypeInfo, TypeInformation, Types
    from pyflink.datastream import KeyedProcessFunction, RuntimeContext
    from pyflink.datastream.state import ListStateDescriptor, ValueStateDescriptor
    from pyflink.table import StreamTableEnvironment, Table
    from pyflink.table.types import LocalZonedTimestampType, to_arrow_type
except ImportError as error:
    raise Unsupported(f'kedge.io.flink: {error}; pip install "kedge[flink]"') from error

from kedge.io.shards import NO_MARK, Definition

__all__ = ["late_rows", "windows"]

_SHARDS = 128
_FIRST = -(2**52)  # milliseconds; a watermark before all that one can be
_LAST = 2**63 - 1  # Flink's watermark behind everything
_LOCAL = LocalTimeTypeInfo.TimeType
_TYPES = {
    pa.bool_(): Types.BOOLEAN,
    pa.int8(): Types.BYTE,
    pa.int16(): Types.SHORT,
    pa.int32(): Types.INT,
    pa.int64(): Types.LONG,
    pa.float32(): Types.FLOAT,
    pa.float64(): Types.DOUBLE,
    pa.string(): Types.STRING,
    pa.large_string(): Types.STRING,
}


def windows(
    environment: StreamTableEnvironment, table: Table, window: Window, *, shards: int = _SHARDS
) -> Table:
    """The windows of a table, as one process gives them.

    Args:
        environment: of the table.
        table: with a watermark of the column of time, which a cast to TIMESTAMP does not take away.
        window: that has taken no row. Its limits are those of each shard.
        shards: parts that the keys go to, each with a state: as many as there may ever be tasks.

    Raises:
        Unsupported: a window that has no key or no time, or gives results before the last; or a
            column's type.
    """
    return _applied(environment, table, window, shards, late=False)


def late_rows(
    environment: StreamTableEnvironment, table: Table, window: Window, *, shards: int = _SHARDS
) -> Table:
    """The rows that came too late for `windows` of the same arguments, with `late_reason`."""
    return _applied(environment, table, window, shards, late=True)


def _applied(
    environment: StreamTableEnvironment, table: Table, window: Window, shards: int, *, late: bool
) -> Table:
    definition = Definition(window, _schema(table), late=late)
    result = Types.ROW_NAMED(definition.output.names, [_type(it) for it in definition.output])
    places = [definition.schema.get_field_index(name) for name in definition.key]

    def shard_of(row: Row) -> int:
        # Not hash(): each of Flink's processes would have one of its own.
        return crc32(repr([row[place] for place in places]).encode()) % shards

    rows = environment.to_data_stream(table)
    given = rows.key_by(shard_of, key_type=Types.INT()).process(
        _Windows(definition), output_type=ExternalTypeInfo(result)
    )
    return environment.from_data_stream(given)


class _Windows(KeyedProcessFunction):  # type: ignore[misc]  # pyflink has no types
    """Rows wait with the watermark before them until that moves, and become one batch."""

    def __init__(self, definition: Definition) -> None:
        self._definition = definition

    def open(self, runtime_context: RuntimeContext) -> None:
        pickled = Types.PICKLED_BYTE_ARRAY()
        self._state = runtime_context.get_state(ValueStateDescriptor("windows", pickled))
        self._rows = runtime_context.get_list_state(ListStateDescriptor("rows", pickled))

    def process_element(self, value: Row, ctx: KeyedProcessFunction.Context) -> None:
        mark = ctx.timer_service().current_watermark()
        self._rows.add((mark, tuple(value)))
        ctx.timer_service().register_event_time_timer(mark + 1)

    def on_timer(self, timestamp: int, ctx: KeyedProcessFunction.OnTimerContext) -> Iterator[Row]:
        shard = self._definition.begin(self._state.value())
        waiting = list(self._rows.get() or ())
        self._rows.clear()
        if waiting:
            yield from _flink_rows(shard.push(*self._columns(waiting)))
        mark = ctx.timer_service().current_watermark()
        if mark == _LAST:
            yield from _flink_rows(shard.finish())
            self._state.clear()
            return
        yield from _flink_rows(shard.advance_to(int(self._marks([mark])[0])))
        self._state.update(shard.snapshot())
        if shard.is_open:
            ctx.timer_service().register_event_time_timer(mark + 1)

    def _columns(
        self, waiting: list[tuple[int, tuple[Any, ...]]]
    ) -> tuple[pa.Table, NDArray[np.int64]]:
        schema = self._definition.schema
        marks, rows = zip(*waiting, strict=True)
        columns = zip(zip(*rows, strict=True), schema.types, strict=True)
        arrays = [pa.array(values, type) for values, type in columns]
        return pa.table(arrays, schema=schema), self._marks(marks)

    def _marks(self, milliseconds: Sequence[int]) -> NDArray[np.int64]:
        """Watermarks in the ticks of the time column."""
        unit = self._definition.schema.field(self._definition.time).type.unit
        known = np.array([max(it, _FIRST) for it in milliseconds], "M8[ms]")
        marks = known.astype(f"M8[{unit}]").astype(np.int64)
        return np.where(known.astype(np.int64) > _FIRST, marks, NO_MARK)


def _flink_rows(tables: Iterable[pa.Table]) -> Iterator[Row]:
    for table in tables:
        columns = [column.to_pylist() for column in table.columns]
        for values in zip(*columns, strict=True):
            yield Row(*values)


def _schema(table: Table) -> pa.Schema:
    its = table.get_schema()
    names, types = its.get_field_names(), its.get_field_data_types()
    for name, type in zip(names, types, strict=True):
        if isinstance(type, LocalZonedTimestampType):
            raise Unsupported(f'column "{name}": TIMESTAMP_LTZ; cast it to TIMESTAMP')
    return pa.schema([(name, to_arrow_type(it)) for name, it in zip(names, types, strict=True)])


def _type(field: pa.Field) -> TypeInformation:
    if pa.types.is_timestamp(field.type):
        return LocalTimeTypeInfo(_LOCAL.LOCAL_DATE_TIME)
    if pa.types.is_date(field.type):
        return LocalTimeTypeInfo(_LOCAL.LOCAL_DATE)
    if field.type not in _TYPES:
        raise Unsupported(f'column "{field.name}": {field.type} has no type of Flink\'s here')
    return _TYPES[field.type]()
