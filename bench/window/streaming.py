"""The streaming engines, a call of Python for each row, and river's statistics in dictionaries.

Hopping windows are combined from panes as long as the hop, which costs them far less than a copy of
each row in every window.
"""

from __future__ import annotations

import importlib
import os
import tempfile
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta, timezone
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from bench.window.engine import BATCH, Engine
from bench.window.exact import Table, slid
from bench.window.works import LATENESS, Rows

__all__ = [
    "bytewax_hopping",
    "bytewax_tumbling",
    "pathway_hopping",
    "pathway_tumbling",
    "quixstreams_hopping",
    "quixstreams_tumbling",
    "river_sliding",
    "river_tumbling",
]

# A window's state is a list: count, sum, sum of squares, min, max.
_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_MILLISECOND = 1000


def _empty() -> list[float]:
    return [0, 0.0, 0.0, float("inf"), float("-inf")]


def _added(state: Sequence[float], value: float) -> list[float]:
    count, total, squares, low, high = state
    return [
        count + 1,
        total + value,
        squares + value * value,
        min(low, value),
        max(high, value),
    ]


def _merged(state: Sequence[float], other: Sequence[float]) -> list[float]:
    count, total, squares, low, high = state
    return [
        count + other[0],
        total + other[1],
        squares + other[2],
        min(low, other[3]),
        max(high, other[4]),
    ]


def _table(rows: Rows, starts: Iterable[int], keys: Iterable[int], states: Any) -> Table:
    count, total, squares, low, high = np.array(states, np.float64).T
    with np.errstate(invalid="ignore", divide="ignore"):
        variance = np.maximum(squares - total**2 / count, 0) / (count - 1)
    columns = {
        "count": count,
        "sum": total,
        "mean": total / count,
        "min": low,
        "max": high,
        "stddev": np.where(count > 1, np.sqrt(variance), np.nan),
    }
    names = {"start": np.array(list(starts), np.int64), "key": np.array(list(keys), np.int64)}
    return {**names, **{name: columns[name] for name in rows.work.aggregates}}


def bytewax_tumbling(rows: Rows) -> Engine:
    """`fold_window`, in the order of arrival."""
    return _bytewax(rows, rows.work.every)


def bytewax_hopping(rows: Rows) -> Engine:
    """`fold_window` twice: panes, then windows of them."""
    return _bytewax(rows, rows.work.every, rows.work.length)


def _bytewax(rows: Rows, every: int, length: int = 0) -> Engine:
    operators = importlib.import_module("bytewax.operators")
    windowing = importlib.import_module("bytewax.operators.windowing")
    dataflow = importlib.import_module("bytewax.dataflow")
    testing = importlib.import_module("bytewax.testing")
    step = timedelta(microseconds=every)
    moments = [_EPOCH + timedelta(microseconds=time) for time in rows.time.tolist()]
    items = list(
        zip(
            map(str, rows.key.tolist()), zip(moments, rows.value.tolist(), strict=True), strict=True
        )
    )
    clock = windowing.EventClock(
        ts_getter=lambda item: item[0],
        wait_for_system_duration=timedelta(microseconds=LATENESS),
        # Time passes with the rows alone: no result depends on the machine.
        now_getter=lambda: _EPOCH,
        to_system_utc=lambda moment: None,
    )
    tumbling = windowing.TumblingWindower(length=step, align_to=_EPOCH)

    def folded(name: str, stream: Any, windower: Any, folder: Any) -> Any:
        return windowing.fold_window(
            name, stream, clock, windower, _empty, folder, _merged, ordered=False
        ).down

    def run() -> Any:
        closed: list[Any] = []
        flow = dataflow.Dataflow("windows")
        stream = operators.input("in", flow, testing.TestingSource(items, batch_size=BATCH))
        found = folded("panes", stream, tumbling, lambda state, item: _added(state, item[1]))
        if length:
            panes = operators.map_value(
                "timed", found, lambda pane: (_EPOCH + step * pane[0], pane[1])
            )
            hopping = windowing.SlidingWindower(
                length=timedelta(microseconds=length), offset=step, align_to=_EPOCH
            )
            found = folded("windows", panes, hopping, lambda state, item: _merged(state, item[1]))
        operators.output("out", found, testing.TestingSink(closed))
        testing.run_main(flow)
        return closed

    def table(closed: Any) -> Table:
        starts = (place * every for _, (place, _) in closed)
        return _table(rows, starts, (int(key) for key, _ in closed), [row[1][1] for row in closed])

    return Engine(version("bytewax"), run, table)


def pathway_tumbling(rows: Rows) -> Engine:
    """`groupby` of the window's number, which is faster than `windowby`."""
    return _pathway(rows, hopping=False)


def pathway_hopping(rows: Rows) -> Engine:
    """Panes by `groupby`, each given to its windows, and `groupby` again."""
    return _pathway(rows, hopping=True)


def _pathway(rows: Rows, *, hopping: bool) -> Engine:
    """Rows come from a file: all other ways in make a Python object of each, and are slower."""
    os.environ["PATHWAY_THREADS"] = "1"
    pathway = importlib.import_module("pathway")
    graph = importlib.import_module("pathway.internals.parse_graph").G
    this, reducers = pathway.this, pathway.reducers
    every, panes = rows.work.every, rows.work.length // rows.work.every
    folder = tempfile.TemporaryDirectory()
    lines = zip(rows.time.tolist(), rows.key.tolist(), rows.value.tolist(), strict=True)
    text = "".join(f"{time},{key},{value!r}\n" for time, key, value in lines)
    Path(folder.name, "rows.csv").write_text("time,key,value\n" + text)
    schema = pathway.schema_from_types(time=int, key=int, value=float)

    def reduced(table: Any) -> Any:
        return table.groupby(this.start, this.key).reduce(
            this.start,
            this.key,
            count=reducers.sum(this.count),
            sum=reducers.sum(this.sum),
            squares=reducers.sum(this.squares),
            min=reducers.min(this.min),
            max=reducers.max(this.max),
        )

    def run() -> Any:
        graph.clear()
        given = pathway.io.csv.read(folder.name, schema=schema, mode="static")
        found = reduced(
            given.select(
                this.key,
                start=this.time // every * every,
                count=1,
                sum=this.value,
                squares=this.value * this.value,
                min=this.value,
                max=this.value,
            )
        )
        if hopping:
            shifts = tuple(range(0, panes * every, every))
            spread = found.with_columns(shift=shifts).flatten(this.shift)
            shift = pathway.declare_type(int, this.shift)
            found = reduced(spread.with_columns(start=this.start - shift))
        return pathway.debug.table_to_dicts(found), folder

    def table(result: Any) -> Table:
        columns = {name: list(of.values()) for name, of in result[0][1].items()}
        order = [columns[name] for name in ("count", "sum", "squares", "min", "max")]
        return _table(rows, columns["start"], columns["key"], list(zip(*order, strict=True)))

    return Engine(version("pathway"), run, table)


def quixstreams_tumbling(rows: Rows) -> Engine:
    """A tumbling window over its RocksDB state, in one transaction."""
    return _quixstreams(rows, rows.work.every)


def quixstreams_hopping(rows: Rows) -> Engine:
    """A tumbling window for panes, whose results go to a hopping one."""
    return _quixstreams(rows, rows.work.every, rows.work.length)


def _quixstreams(rows: Rows, every: int, length: int = 0) -> Engine:
    """Without Kafka, whose messages would cost more: rows go straight to the window."""
    aggregations = importlib.import_module("quixstreams.dataframe.windows.aggregations")
    time_based = importlib.import_module("quixstreams.dataframe.windows.time_based")
    stores = importlib.import_module("quixstreams.state.rocksdb.windowed.store")
    milliseconds = (rows.time // _MILLISECOND).tolist()
    items = list(zip(milliseconds, map(str, rows.key.tolist()), rows.value.tolist(), strict=True))

    def window(name: str, folder: Any, length: int, step: int | None) -> tuple[Any, Any, Any]:
        class States(aggregations.Aggregator):  # type: ignore[misc, name-defined]
            initialize = staticmethod(_empty)

            def agg(self, old: Any, new: Any, timestamp: int) -> Any:
                return _added(old, new) if step is None else _merged(old, new)

            def result(self, value: Any) -> Any:
                return value

        made = time_based.FixedTimeWindowSingleAggregation(
            duration_ms=length // _MILLISECOND,
            step_ms=step,
            grace_ms=LATENESS // _MILLISECOND,
            name=name,
            dataframe=None,
            aggregators={"value": States()},
            collectors={},
        )
        store = stores.WindowedRocksDBStore(name, "stream", folder)
        return made, store, store.assign_partition(0).begin()

    def run() -> Any:
        with tempfile.TemporaryDirectory() as folder:
            tumbling = window("tumbling", folder, every, None)
            closed = _fed(tumbling, items)
            if length:
                hopping = window("hopping", folder, length, every // _MILLISECOND)
                panes = sorted((start, key, state) for key, start, state in closed)
                closed = _fed(hopping, panes)
        return closed

    def table(closed: Any) -> Table:
        starts = (start * _MILLISECOND for _, start, _ in closed)
        return _table(rows, starts, (int(key) for key, _, _ in closed), [row[2] for row in closed])

    return Engine(version("quixstreams"), run, table)


def _fed(window: tuple[Any, Any, Any], items: Iterable[Any]) -> list[Any]:
    """What a window gives of all items, at last of what is still open: key, start, state."""
    made, store, transaction = window
    closed: list[Any] = []
    process = made.process_window
    for time, key, value in items:
        _, expired = process(value, key, time, None, transaction)
        for _, result in expired:
            closed.append((key, result["start"], result["value"]))
    transaction.prepare()
    transaction.flush()
    rest = (
        store.partitions[0]
        .begin()
        .expire_all_windows(
            max_end_time=2**60, step_ms=made._step_ms or made._duration_ms, delete=False
        )
    )
    for (start, _), state, _, prefix in rest:
        closed.append((prefix.decode().strip('"'), start, state))
    store.close()
    return closed


def river_tumbling(rows: Rows) -> Engine:
    """Statistics in a dictionary by window and key, all closed at the end."""
    stats = importlib.import_module("river.stats")
    work = rows.work
    items = list(zip(rows.time.tolist(), rows.key.tolist(), rows.value.tolist(), strict=True))
    if work.has_visitors:
        return _river_ranks(rows, stats, list(zip(items, rows.visitor.tolist(), strict=True)))

    def run() -> Any:
        every = work.every
        states: dict[Any, Any] = {}
        for time, key, value in items:
            place = (time // every, key)
            state = states.get(place)
            if state is None:
                state = states[place] = (stats.Sum(), stats.Var(), stats.Min(), stats.Max())
            total, spread, low, high = state
            total.update(value)
            spread.update(value)
            low.update(value)
            high.update(value)
        return states

    def table(states: Any) -> Table:
        found = []
        for (place, key), (total, spread, low, high) in states.items():
            count = spread.mean.n
            stddev = spread.get() ** 0.5 if count > 1 else np.nan
            basics = (count, total.get(), spread.mean.get(), low.get(), high.get(), stddev)
            found.append((place * work.every, key, *basics))
        return _columns(work.aggregates, found)

    return Engine(version("river"), run, table)


def _columns(aggregates: Sequence[str], found: Sequence[Sequence[Any]]) -> Table:
    starts, keys, *columns = zip(*found, strict=True)
    names = {"start": np.array(starts, np.int64), "key": np.array(keys, np.int64)}
    return {**names, **{name: np.array(of) for name, of in zip(aggregates, columns, strict=True)}}


def _river_ranks(rows: Rows, stats: Any, items: Sequence[Any]) -> Engine:
    """P-square quantiles, and a set for what river does not count."""
    every = rows.work.every

    def run() -> Any:
        states: dict[Any, Any] = {}
        for (time, key, value), visitor in items:
            place = (time // every, key)
            state = states.get(place)
            if state is None:
                state = states[place] = (stats.Quantile(0.5), stats.Quantile(0.99), set())
            middle, high, visitors = state
            middle.update(value)
            high.update(value)
            visitors.add(visitor)
        return states

    def table(states: Any) -> Table:
        found = [
            (place * every, key, middle.get(), high.get(), len(visitors))
            for (place, key), (middle, high, visitors) in states.items()
        ]
        return _columns(rows.work.aggregates, found)

    return Engine(version("river"), run, table)


def river_sliding(rows: Rows) -> Engine:
    """`utils.Rolling` of what can be reverted, and `RollingMax`."""
    stats = importlib.import_module("river.stats")
    rolling = importlib.import_module("river.utils").Rolling
    length = rows.work.length
    values = rows.value.tolist()

    def run() -> Any:
        spread, highest = rolling(stats.Var(), length), stats.RollingMax(length)
        found = []
        for value in values:
            spread.update(value)
            highest.update(value)
            found.append((spread.mean.get(), highest.get(), spread.get() ** 0.5))
        return found

    def table(found: Any) -> Table:
        return slid(length, **dict(zip(("mean", "max", "stddev"), np.array(found).T, strict=True)))

    return Engine(version("river"), run, table)
