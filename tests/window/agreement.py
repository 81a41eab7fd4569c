"""kedge.Window and the reference on the same stream, and what it means that they agree."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
import pyarrow as pa

import kedge
from tests.reference import window as reference
from tests.reference import window_aggregates
from tests.reference.window_aggregates import Closed
from tests.reference.window_updates import Updates
from tests.window.kinds import WindowKind
from tests.window.streams import Stream, plain, rows_of


@dataclass(frozen=True)
class Ask:
    """An aggregate by its name and arguments, the same for both sides."""

    name: str
    args: tuple[Any, ...] = ()
    options: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return " ".join([self.name, *map(str, self.args), *map(str, self.options.values())])

    def ours(self) -> Any:
        return getattr(kedge, self.name)(*self.args, **self.options)

    def plain(self) -> window_aggregates.Aggregate:
        durations = ("per", "halflife")
        options = {
            name: float(value.removesuffix("s")) if name in durations else value
            for name, value in self.options.items()
        }
        return getattr(window_aggregates, self.name)(*self.args, **options)


def pair(
    stream: Stream, kind: WindowKind, asks: Sequence[Ask], **more: Any
) -> tuple[kedge.Window, reference.Window]:
    """Both windows of one definition. `more` are partitions and idle (in steps)."""
    given, plain_kind = kind.given(stream.clock)
    lateness, idle = stream.lateness, more.get("idle")
    ours = kedge.Window(
        time="t",
        key=list(stream.key),
        lateness=stream.clock.text(lateness),
        aggregates={str(ask): ask.ours() for ask in asks},
        partitions=more.get("partitions", 1),
        **({} if idle is None else {"idle": stream.clock.text(idle)}),
        **({"mode": "update"} if kind.updates else {}),
        **({} if kind.trigger is None else {"trigger": stream.clock.text(kind.trigger)}),
        **({} if kind.expire is None else {"expire": stream.clock.text(kind.expire)}),
        **({} if kind.trigger_rows is None else {"trigger": kind.trigger_rows}),
        **given,
    )
    step = stream.clock.step
    mark = reference.Watermark(
        lateness * step, more.get("partitions", 1), None if idle is None else idle * step
    )
    make: Any = reference.Window
    if kind.updates:
        trigger = None if kind.trigger is None else kind.trigger * step
        make = partial(Updates, trigger=trigger, trigger_rows=kind.trigger_rows)
    plain_window = make(
        plain_kind,
        {str(ask): ask.plain() for ask in asks},
        time="t",
        key=stream.key,
        watermark=mark,
        second=stream.clock.second,
        expire=None if kind.expire is None else kind.expire * step,
        unsigned=frozenset({"u"}),
    )
    return ours, plain_window


def the_same(a: Any, b: Any) -> bool:
    if isinstance(a, float) and isinstance(b, float):
        return a == b or (math.isnan(a) and math.isnan(b))
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(the_same, a, b))
    if isinstance(a, dict) and isinstance(b, dict):
        return list(a) == list(b) and all(map(the_same, a.values(), b.values()))
    return type(a) is type(b) and a == b


EPSILON = 2.0**-52
COMPENSATED = {"sum", "mean", "rate"}


def allowance(ask: Ask, value: float, window: Closed) -> float:
    """How far a float may be from the exact answer: what rounding the best known way costs."""
    if ask.name in ("delta", "quantile"):
        return 4 * EPSILON * abs(value) + 4 * EPSILON * largest(ask, window)
    scale, n = largest(ask, window), len(window.rows)
    if ask.name in COMPENSATED:
        return 1e-15 * abs(value) + n * scale * EPSILON**2
    if ask.name == "ema":
        return 1e-12 * scale
    found = [x for x in window_aggregates.values(window, ask.args[0]) if math.isfinite(x)]
    deviation = float(np.std(found)) if found else 0.0
    if ask.name in ("variance", "stddev"):
        square = n * EPSILON * (deviation * (scale + deviation) + n * EPSILON * scale**2)
        return 4 * square if ask.name == "variance" else 4 * square / max(value, math.sqrt(square))
    condition = 1 + scale / deviation if deviation else math.inf
    return 16 * n * EPSILON * condition**2 * (1 + abs(value))


def largest(ask: Ask, window: Closed) -> float:
    if not ask.args:
        return 1.0
    found = window_aggregates.values(window, ask.args[0])
    return max((abs(float(x)) for x in found if math.isfinite(x)), default=0.0) or 5e-324


def agrees(ask: Ask, ours: Any, exact: Any, window: Closed) -> bool:
    if the_same(ours, exact):
        return True
    if not isinstance(ours, float) or not isinstance(exact, float):
        return False
    return abs(ours - exact) <= allowance(ask, exact, window)


def check(ours: pa.Table, exact: Sequence[Closed], asks: Sequence[Ask], twin: Any) -> None:
    """Row by row, with the column and the window's rows in the message."""
    expected = [twin.row(window) for window in exact]
    frame = [name for name in ours.column_names if name not in {*map(str, asks), "window_id"}]
    rows = rows_of(ours.select(frame)) if frame else [{} for _ in range(len(ours))]
    wanted = [{name: row[name] for name in frame} for row in expected]
    assert rows == wanted
    for ask in asks:
        exact_values = (row[str(ask)] for row in expected)
        for row, window, a, b in zip(rows, exact, plain(ours[str(ask)]), exact_values, strict=True):
            names = {"t", *ask.args, *ask.options.values()}
            inside = [{n: x for n, x in one.items() if n in names} for one in window.rows]
            text = f"{ask}: {a!r}, by definition {b!r}; window {row}, rows {inside}"
            assert agrees(ask, a, b, window), text


def concat(tables: Sequence[pa.Table]) -> pa.Table:
    return pa.concat_tables(tables)


def check_late(ours: pa.Table, twin: reference.Window, stream: Stream) -> None:
    """All columns as they were given, and why."""
    expected = [{**row, "late_reason": reason} for row, reason in twin.late]
    assert ours.column_names == [*stream.table.column_names, "late_reason"]
    names = [name for name in ours.column_names if name not in "vwf"]
    assert [{n: row[n] for n in names} for row in rows_of(ours)] == [
        {n: row[n] for n in names} for row in expected
    ]
    assert bits(ours.drop_columns(["late_reason"])) == bits(
        stream.table.take(pa.array([row["row"] for row, _ in twin.late], pa.int32()))
    )


def bits(table: pa.Table) -> dict[str, list[Any]]:
    """Columns as values that compare by their bits: NaN with NaN, and the zeros apart."""
    columns = {}
    for name in table.column_names:
        column = table[name].combine_chunks()
        values = plain(column)
        if pa.types.is_floating(column.type):
            values = [None if x is None else np.float64(x).tobytes() for x in values]
        if pa.types.is_list(column.type):
            values = list(map(repr, values))  # all digits, NaN, and the zeros apart
        columns[name] = ["text" if is_text(column.type) else str(column.type), *values]
    return columns


def is_text(kind: pa.DataType) -> bool:
    """In whatever form: test_types tells which one comes out."""
    return pa.types.is_dictionary(kind) or "string" in str(kind)


def run(window: kedge.Window, batches: Any) -> pa.Table:
    """All that comes out of a stream to its end."""
    tables = [pa.table(window.push(batch)) for batch in batches]
    return concat([*tables, pa.table(window.finish())])


def assert_agree(stream: Stream, kind: WindowKind, asks: Sequence[Ask]) -> None:
    """The same windows after each batch, the same late rows and the same watermark."""
    ours, twin = pair(stream, kind, asks)
    tables, exact = [], []
    for batch in stream.batches():
        tables.append(pa.table(ours.push(batch)))
        exact.append(twin.push(rows_of(batch)))
        assert ours.watermark == twin.watermark.mark
        assert len(tables[-1]) == len(exact[-1])
    tables.append(pa.table(ours.finish()))
    exact.append(twin.finish())
    check(concat(tables), [window for part in exact for window in part], asks, twin)
    assert ours.stats["rows"] == len(stream.table)
    assert ours.stats["late"] == len(twin.late)
    check_late(pa.table(ours.late()), twin, stream)
