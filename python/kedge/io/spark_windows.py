"""Windows of Spark DataFrames: each partition has all rows of its keys, and a window over them.

A batch is in order of `arrival`, or of time; the mark before each row comes from a running maximum
in parts. A stream is in order of its micro-batches, and within one of time: Spark's own order of
late, without its watermark, for that drops rows which a window that is open would take.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyspark import TaskContext
from pyspark.sql import Column, DataFrame
from pyspark.sql import Window as Over
from pyspark.sql import functions as F
from pyspark.sql.pandas.types import from_arrow_schema, to_arrow_type
from pyspark.sql.types import (
    DateType,
    NumericType,
    StructType,
    TimestampNTZType,
    TimestampType,
)

from kedge._core import InvalidArgument
from kedge.io.shards import NO_MARK, Definition, from_bytes, moments, to_bytes
from kedge.window import Window

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["late_rows", "windows"]

_PARTS = 256  # of a batch in order, for the running maximum
_SHARDS = 16
_TOP = "kedge_top"  # the greatest time of earlier rows
_PART = "kedge_part"
_PACKED = "shard int, task int, number int, top bigint, rows binary"
_Batches = Iterable[pa.RecordBatch]


def windows(
    df: DataFrame, window: Window, *, arrival: str | None = None, shards: int = _SHARDS
) -> DataFrame:
    """The windows of a batch or a stream, as one process gives them.

    Of a batch they are those of `window.push(rows)` and `window.finish()` with the rows in order of
    `arrival`, and of time where that is equal; without `arrival` none is late but rows without a
    time. Of a stream they are those of a push for each micro-batch, its rows in order of time.
    Windows that are open when a stream is stopped stay so in its checkpoint.

    Rows of one key that have the same arrival and time come in any order. `window_id` has the
    same 64 bits, as a bigint.

    Args:
        df: with the window's columns.
        window: that has taken no row. Its limits are those of each partition or shard.
        arrival: of a batch: a column that says in which order rows came.
        shards: of a stream: parts that the keys go to, each with a state; fixed by the checkpoint.

    Raises:
        Unsupported: a window that has no key or no time, or gives results before the last.
        InvalidArgument: a column is missing, or `arrival` is neither a number nor a time.
    """
    return _applied(df, window, arrival, shards, late=False)


def late_rows(
    df: DataFrame, window: Window, *, arrival: str | None = None, shards: int = _SHARDS
) -> DataFrame:
    """The rows that came too late for `windows` of the same arguments, with `late_reason`."""
    return _applied(df, window, arrival, shards, late=True)


def _applied(
    df: DataFrame, window: Window, arrival: str | None, shards: int, *, late: bool
) -> DataFrame:
    definition = Definition(window, _arrow_schema(df.schema), late=late)
    if df.isStreaming:
        if arrival is not None:
            raise InvalidArgument("arrival: a stream comes in the order of its micro-batches")
        return _of_stream(df, definition, shards)
    return _of_batch(df, definition, arrival)


def _of_batch(df: DataFrame, definition: Definition, arrival: str | None) -> DataFrame:
    time = _column(definition.time)
    order = [time]
    if arrival is not None:
        order = [_column(arrival), time]
        df = _with_tops(df, order, _number(df, arrival))
    mine = df.repartition(*map(_column, definition.key)).sortWithinPartitions(*order)
    return mine.mapInArrow(_whole_part(definition), from_arrow_schema(definition.output))


def _number(df: DataFrame, arrival: str) -> Column:
    """A number that does not fall where the column rises."""
    if arrival not in df.columns:
        raise InvalidArgument(f'arrival: there is no column "{arrival}"')
    type = df.schema[arrival].dataType
    if isinstance(type, DateType | TimestampType | TimestampNTZType):
        return _column(arrival).cast("timestamp").cast("double")
    if not isinstance(type, NumericType):
        raise InvalidArgument(
            f'arrival: column "{arrival}" is {type.simpleString()}, expected numbers or times'
        )
    return _column(arrival).cast("double")


def _with_tops(df: DataFrame, order: list[Column], number: Column) -> DataFrame:
    """With the greatest time of all rows before each, in order: within parts, and from the parts
    before."""
    time = order[-1]
    low, high = df.agg(F.min(number), F.max(number)).first() or (None, None)
    width = ((high or 0.0) - (low or 0.0)) / _PARTS or 1.0
    part = F.coalesce(F.floor((number - F.lit(low or 0.0)) / F.lit(width)), F.lit(-1))
    rows = df.withColumn(_PART, part)
    tops = rows.groupBy(_PART).agg(F.max(time).alias(_TOP))
    until = Over.orderBy(_PART).rowsBetween(Over.unboundedPreceding, -1)
    before = tops.select(F.col(_PART), F.max(_TOP).over(until).alias(_TOP))
    within = Over.partitionBy(_PART).orderBy(*order).rowsBetween(Over.unboundedPreceding, -1)
    joined = rows.join(F.broadcast(before), _PART)
    top = F.greatest(F.col(_TOP), F.max(time).over(within))
    return joined.withColumn(_TOP, top).drop(_PART)


def _whole_part(definition: Definition) -> Callable[[_Batches], Iterator[pa.RecordBatch]]:
    def run(batches: _Batches) -> Iterator[pa.RecordBatch]:
        shard = definition.begin()
        for batch in batches:
            table = pa.Table.from_batches([batch])
            for given in shard.push(table, _marks(table, definition)):
                yield from _for_spark(given)
        for given in shard.finish():
            yield from _for_spark(given)

    return run


def _marks(table: pa.Table, definition: Definition) -> NDArray[np.int64] | None:
    if _TOP not in table.column_names:
        return None
    tops = moments(table[_TOP])
    return np.where(tops > NO_MARK, tops - definition.lateness, NO_MARK)


def _of_stream(df: DataFrame, definition: Definition, shards: int) -> DataFrame:
    shard = F.pmod(F.hash(*map(_column, definition.key)), F.lit(shards)).alias(_PART)
    packed = df.select("*", shard).mapInArrow(_packing(definition, shards), _PACKED)
    given = packed.groupBy("shard").applyInPandasWithState(
        _stepping(definition), "rows binary", "state binary", "append", "NoTimeout"
    )
    return given.mapInArrow(_unpacked, from_arrow_schema(definition.output))


def _packing(definition: Definition, shards: int) -> Callable[[_Batches], Iterator[pa.RecordBatch]]:
    """Rows of each shard as bytes, so that nothing becomes pandas'; and for every shard, whether it
    has rows or not, how far time has come."""

    def run(batches: _Batches) -> Iterator[pa.RecordBatch]:
        context = TaskContext.get()
        task = 0 if context is None else context.partitionId()
        for number, batch in enumerate(batches):
            table = pa.Table.from_batches([batch])
            shard_of = table[_PART].to_numpy()
            rows = table.select(definition.schema.names).cast(definition.schema)
            parts = [rows.take(np.flatnonzero(shard_of == it)) for it in range(shards)]
            top = int(moments(rows[definition.time]).max(initial=NO_MARK))
            yield pa.record_batch(
                {
                    "shard": pa.array(range(shards), pa.int32()),
                    "task": pa.array([task] * shards, pa.int32()),
                    "number": pa.array([number] * shards, pa.int32()),
                    "top": pa.array([top] * shards, pa.int64()),
                    "rows": pa.array([to_bytes([it], rows.schema) for it in parts], pa.binary()),
                }
            )

    return run


def _stepping(definition: Definition) -> Callable[..., Iterator[pd.DataFrame]]:
    """A micro-batch of a shard."""

    def step(key: Any, frames: Iterable[pd.DataFrame], state: Any) -> Iterator[pd.DataFrame]:
        import pandas as pd

        packs = pd.concat(frames).sort_values(["task", "number"])
        rows = pa.concat_tables(from_bytes(it) for it in packs["rows"])
        shard = definition.begin(state.get[0] if state.exists else None)
        given = list(shard.push(rows.sort_by(definition.time)))
        top = int(packs["top"].max())
        given += shard.advance_to(top - definition.lateness if top > NO_MARK else NO_MARK)
        state.update((shard.snapshot(),))
        yield pd.DataFrame({"rows": [to_bytes(given, definition.output)]})

    return step


def _unpacked(batches: _Batches) -> Iterator[pa.RecordBatch]:
    for batch in batches:
        for rows in batch.column(0):
            yield from _for_spark(from_bytes(rows.as_py()))


def _for_spark(table: pa.Table) -> Iterator[pa.RecordBatch]:
    yield from table.cast(_arrow_schema(from_arrow_schema(table.schema))).to_batches()


def _arrow_schema(schema: StructType) -> pa.Schema:
    """As Spark hands rows over, but for the name of the zone."""
    utc = pa.timestamp("us", "UTC")  # releases of Spark differ in how they ask for it
    types = [it.dataType for it in schema]
    arrow = [utc if isinstance(it, TimestampType) else to_arrow_type(it) for it in types]
    return pa.schema(list(zip(schema.names, arrow, strict=True)))


def _column(name: str) -> Column:
    quoted = name.replace("`", "``")
    return F.col(f"`{quoted}`")
