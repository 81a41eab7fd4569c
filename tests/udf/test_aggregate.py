"""Users' aggregates are what their definitions say, in windows of every kind, however cut."""

from __future__ import annotations

import gc
import inspect
import pickle
import weakref
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings

import kedge
from tests.udf import classes
from tests.udf.classes import (
    ALL,
    ASKS,
    CLASSES,
    COMPENSATED,
    ORDERED,
    CompensatedSum,
    Rows,
    Spread,
)
from tests.window.agreement import Ask, assert_agree, bits, pair, run
from tests.window.kinds import BY_NAME, KINDS, WindowKind
from tests.window.streams import Stream, streams


@pytest.mark.parametrize("kind", KINDS, ids=str)
@given(stream=streams(max_size=120))
@settings(max_examples=15)
def test_the_answers_are_those_of_the_definition(kind: WindowKind, stream: Stream) -> None:
    assert_agree(stream, kind, ASKS)


@pytest.mark.parametrize("name", ["tumbling", "bounds", "count", "global", "sliding rows"])
@given(stream=streams(max_size=120))
@settings(max_examples=15)
def test_rows_come_in_the_order_of_the_stream(name: str, stream: Stream) -> None:
    assert_agree(stream, BY_NAME[name], [ORDERED])


@pytest.mark.parametrize("kind", KINDS, ids=str)
@given(stream=streams(max_size=120))
@settings(max_examples=15)
def test_the_formula_of_a_built_in_gives_its_bits(kind: WindowKind, stream: Stream) -> None:
    window, _ = pair(stream, kind, [COMPENSATED, Ask("sum", ("v",))])
    table = run(window, stream.batches())
    columns = bits(table.select([str(COMPENSATED), "sum v"]))
    assert columns[str(COMPENSATED)] == columns["sum v"]


@pytest.mark.parametrize("kind", KINDS, ids=str)
@given(stream=streams(max_size=120))
@settings(max_examples=15)
def test_any_split_and_any_restart_give_the_same_bytes(kind: WindowKind, stream: Stream) -> None:
    whole = run(pair(stream, kind, ALL)[0], stream.batches(()))
    window, tables = pair(stream, kind, ALL)[0], []
    for batch in stream.batches():
        tables.append(pa.table(window.push(batch)))
        data = window.snapshot()
        window = kedge.Window.restore(data, aggregates=CLASSES)
        assert window.snapshot() == data
    tables.append(pa.table(window.finish()))
    assert bits(pa.concat_tables(tables)) == bits(whole)


def test_a_condition_leaves_rows_out() -> None:
    window = kedge.Window(
        aggregates={
            "rows": Rows(where="x > 1"),
            "spread": Spread("x * 10", where="x > 1"),
            "sum": CompensatedSum("x", where="x > 1"),
        }
    )
    window.push(pa.table({"x": pa.array([1, 2, None, 5], pa.int16())}))
    closed = pa.table(window.finish()).drop_columns(["window_id"])
    assert closed.to_pylist() == [{"rows": 2, "spread": 30, "sum": 7.0}]


def test_columns_come_as_numbers_of_eight_bytes() -> None:
    """Each type once: what a class gives for them tells how they came."""

    @kedge.aggregate
    class Kept:
        state = {"sum": "float64"}

        def step(state, f, i, u, b, t):
            state.sum += f * 1000 + i * 100 + u * 10 + b + t / 1000

        def merge(into, other):
            into.sum += other.sum

        def finish(state):
            return state.sum

    window = kedge.Window(aggregates={"kept": Kept("f", "i", "u", "b", "t")})
    window.push(
        pa.table(
            {
                "f": pa.array([1.5], pa.float32()),
                "i": pa.array([-2], pa.int8()),
                "u": pa.array([3], pa.uint64()),
                "b": pa.array([True]),
                "t": pa.array([4], pa.timestamp("ms")),
            }
        )
    )
    assert pa.table(window.finish())["kept"].to_pylist() == [1500 - 200 + 30 + 1 + 0.004]


def test_types_come_out_as_finish_has_them() -> None:
    window = kedge.Window(aggregates={str(ask): ask.ours() for ask in ALL})
    window.push(
        pa.table({"i": [1], "b": [True], "u": pa.array([1], pa.uint64()), "v": [0.5], "f": [1.0]})
    )
    schema = pa.table(window.finish()).schema
    types = [schema.field(str(ask)).type for ask in ALL]
    assert types == [pa.int64(), pa.uint64(), pa.int64(), pa.bool_(), pa.uint64(), pa.float64()]


def test_one_class_serves_windows_over_other_types() -> None:
    for values, expected in (([1, 2], 3.0), ([0.5, 1.0], 1.5), ([True, True], 2.0)):
        window = kedge.Window(aggregates={"sum": CompensatedSum("x")})
        window.push(pa.table({"x": values}))
        assert pa.table(window.finish())["sum"].to_pylist() == [expected]


def test_a_window_and_a_class_that_know_each_other_are_collected() -> None:
    """Before anything is compiled: Numba keeps what it has compiled."""
    namespace: dict[str, Any] = {}
    exec(inspect.getsource(classes), namespace)  # noqa: S102  a class whose globals have the window
    window = kedge.Window(aggregates={"rows": namespace["Rows"]()})
    namespace["window"], gone = window, weakref.ref(window)
    del window, namespace
    gc.collect()
    assert gone() is None


def test_windows_are_pickled_with_the_name_of_their_code() -> None:
    window = kedge.Window(aggregates={"rows": Rows()})
    window.push(pa.table({"x": [1, 2]}))
    again = pickle.loads(pickle.dumps(window))
    assert pa.table(again.finish())["rows"].to_pylist() == [2]
