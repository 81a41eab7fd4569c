"""What comes out has the type that went in, or the one that is stated."""

from __future__ import annotations

import datetime as dt
import math
from typing import Any

import polars as pl
import pyarrow as pa
import pytest

import kedge
from tests.window.streams import CLOCKS, WORDS, Clock, plain

INTEGERS = [pa.int8(), pa.int16(), pa.int32(), pa.int64()]
INTEGERS += [pa.uint8(), pa.uint16(), pa.uint32(), pa.uint64()]
FLOATS = [pa.float32(), pa.float64()]
TIMES = [pa.timestamp("s"), pa.timestamp("ns", "Europe/Riga"), pa.date32(), pa.date64()]


def some(kind: pa.DataType) -> pa.Array:
    if kind == pa.bool_():
        return pa.array([True, False, None])
    if kind == pa.date64():
        return pa.array([3 * 86_400_000, 0, None], pa.int64()).cast(kind)
    width = pa.int32() if kind == pa.date32() else pa.int64()
    return pa.array([3, 1, None], width).cast(kind)


def whole(values: pa.Array, aggregate: Any) -> pa.ChunkedArray:
    window = kedge.Window(aggregates={"a": aggregate})
    window.push(pa.table({"v": values}))
    return pa.table(window.finish())["a"]


@pytest.mark.parametrize("kind", [pa.bool_(), *INTEGERS, *FLOATS, *TIMES], ids=str)
def test_values_of_a_column_keep_its_type(kind: pa.DataType) -> None:
    for way, place in (("min", 1), ("max", 0), ("first", 0), ("last", 1)):
        values = some(kind)
        given = whole(values, getattr(kedge, way)("v"))
        assert given.type == kind, way
        assert plain(given) == [plain(values)[place]], way


@pytest.mark.parametrize("kind", [pa.bool_(), *INTEGERS, *FLOATS, *TIMES], ids=str)
def test_what_is_said_at_an_extreme_keeps_its_type(kind: pa.DataType) -> None:
    values = some(kind)
    window = kedge.Window(
        aggregates={
            "least": kedge.argmin("i", of="v"),
            "greatest": kedge.argmax("i", of="v"),
            "by itself": kedge.argmin("v", of="v"),
        }
    )
    window.push(pa.table({"v": values, "i": [2, 1, 3]}))
    given = pa.table(window.finish())
    assert given.schema.types[:3] == [kind] * 3
    first, second, null = plain(values)
    least = min(first, second)
    assert [plain(given[i])[0] for i in range(3)] == [second, null, least]


@pytest.mark.parametrize("kind", [pa.bool_(), *INTEGERS, *FLOATS], ids=str)
def test_sums_are_of_64_bits(kind: pa.DataType) -> None:
    given = whole(some(kind), kedge.sum("v"))
    expected = pa.uint64() if kind == pa.uint64() else pa.int64()
    assert given.type == (pa.float64() if kind in FLOATS else expected)
    assert given.to_pylist() == [1 if kind == pa.bool_() else 4]
    assert whole(some(kind), kedge.mean("v")).type == pa.float64()


def test_counts_are_uint64() -> None:
    values = some(pa.int32())
    assert (whole(values, kedge.count()).type, whole(values, kedge.count("v")).type) == (
        pa.uint64(),
        pa.uint64(),
    )


def test_sums_that_do_not_fit_are_null_and_come_back() -> None:
    top = 2**63 - 1
    for values, kind, expected in (
        ([top, 1], pa.int64(), None),
        ([top, 1, -1], pa.int64(), top),
        ([-top, -1, -1], pa.int64(), None),
        ([top, top], pa.uint64(), 2 * top),
        ([2**64 - 1, 1], pa.uint64(), None),
    ):
        assert whole(pa.array(values, kind), kedge.sum("v")).to_pylist() == [expected], values


def test_sums_of_floats_lose_nothing_on_the_way() -> None:
    for values, expected in (
        ([1e16, 1.0, -1e16], 1.0),
        ([1.0, 1e100, 1.0, -1e100], 2.0),
        ([0.1] * 10, 1.0),
        ([math.inf, 1.0], math.inf),
        ([-math.inf, 1e308, 1e308], -math.inf),
        ([1e308, 1e308], math.inf),
    ):
        assert whole(pa.array(values), kedge.sum("v")).to_pylist() == [expected], values
    for values in ([math.inf, -math.inf], [math.nan, 1.0]):
        assert math.isnan(whole(pa.array(values), kedge.sum("v"))[0].as_py()), values


def test_variance_survives_a_large_mean() -> None:
    values = pa.array([1e9 + x for x in (4.0, 7.0, 13.0, 16.0)] * 100)
    assert whole(values, kedge.variance("v", ddof=0))[0].as_py() == pytest.approx(22.5, rel=1e-12)


def test_nan_is_no_extreme_unless_there_is_nothing_else() -> None:
    for values, least in (([math.nan, 2.0, math.nan], 2.0), ([math.inf, math.nan], math.inf)):
        assert whole(pa.array(values), kedge.min("v")).to_pylist() == [least]
        assert whole(pa.array(values), kedge.max("v")).to_pylist() == [least]
    for aggregate in (kedge.min("v"), kedge.max("v")):
        assert math.isnan(whole(pa.array([math.nan, math.nan, None]), aggregate)[0].as_py())


@pytest.mark.parametrize("clock", CLOCKS, ids=lambda clock: f"{clock.type} {clock.base}")
def test_edges_have_the_type_of_the_time_column(clock: Clock) -> None:
    window = kedge.Window(time="t", every=clock.text(10), aggregates={"n": kedge.count()})
    window.push(pa.table({"t": clock.column([clock.base])}))
    given = pa.table(window.finish())
    assert given["window_start"].type == given["window_end"].type == clock.type
    (start,), (end,) = plain(given["window_start"]), plain(given["window_end"])
    assert start <= clock.base < end == start + 10 * clock.step
    assert start % (10 * clock.step) == 0


TEXTS = [pa.string(), pa.large_string(), pa.string_view()]


@pytest.mark.parametrize("kind", [*TEXTS, pa.dictionary(pa.int16(), pa.string())], ids=str)
def test_texts_come_out_as_large_strings(kind: pa.DataType) -> None:
    words = pa.array(["b", None, WORDS[5], "", "ab"]).cast(kind)
    for way, expected in (("min", ""), ("max", "b"), ("first", "b"), ("last", "ab")):
        given = whole(words, getattr(kedge, way)("v"))
        assert (given.type, given.to_pylist()) == (pa.large_string(), [expected]), way
        nothing = whole(words, getattr(kedge, way)("v", where="false"))
        assert nothing.to_pylist() == [None]
    window = kedge.Window(
        aggregates={"a": kedge.argmax("i", of="v"), "b": kedge.argmin("i", of="v")}
    )
    window.push(pa.table({"v": words, "i": [1, 0, 3, 2, 3]}))
    given = pa.table(window.finish()).drop_columns(["window_id"])
    assert given.schema.types == [pa.large_string()] * 2
    assert given.to_pylist() == [{"a": WORDS[5], "b": None}]


def test_entries_of_dictionaries_may_be_null() -> None:
    coded = pa.DictionaryArray.from_arrays(pa.array([1, 0, 1], pa.int8()), pa.array(["x", None]))
    for way in ("min", "max", "first", "last"):
        assert whole(coded, getattr(kedge, way)("v")).to_pylist() == ["x"]


def test_texts_are_no_numbers() -> None:
    for aggregate in (kedge.sum("v"), kedge.delta("v"), kedge.quantile("v", 0.5)):
        with pytest.raises(kedge.Unsupported, match=r'takes numbers.*"v" is utf8'):
            whole(pa.array(["a"]), aggregate)


KEYS = [pa.bool_(), *INTEGERS, *TIMES, *TEXTS]


@pytest.mark.parametrize("kind", KEYS, ids=str)
def test_keys_come_out_as_given_in_rising_order(kind: pa.DataType) -> None:
    if kind in TEXTS:
        values = pa.array([*WORDS, None, *reversed(WORDS)], kind)
    else:
        values = pa.concat_arrays([some(kind), some(kind)])
    window = kedge.Window(key="v", aggregates={"n": kedge.count()})
    window.push(pa.table({"v": values}))
    given = pa.table(window.finish())
    assert given["v"].type == (pa.large_string() if kind in TEXTS else kind)
    wanted = sorted({x for x in plain(values) if x is not None})
    assert plain(given["v"]) == [None, *wanted]
    assert sum(given["n"].to_pylist()) == len(values)


def test_keys_of_dictionaries_come_out_as_text_whatever_their_codes() -> None:
    window = kedge.Window(key="v", aggregates={"n": kedge.count()})
    for indices, words in (([0, 1, None], ["b", "a"]), ([1, 0, 2], ["b", "c", None])):
        coded = pa.DictionaryArray.from_arrays(pa.array(indices, pa.int8()), pa.array(words))
        window.push(pa.table({"v": coded}))
    given = pa.table(window.finish())
    assert given["v"].type == pa.large_string()
    assert given["v"].to_pylist() == [None, "a", "b", "c"]
    assert given["n"].to_pylist() == [2, 1, 2, 1]


def test_key_columns_keep_their_order_and_names() -> None:
    window = kedge.Window(key=["b", "a"], aggregates={"z": kedge.count(), "y": kedge.sum("a")})
    window.push(pa.table({"a": [2, 1, 1], "b": ["x", "y", "x"]}))
    given = pa.table(window.finish())
    assert given.column_names == ["b", "a", "z", "y", "window_id"]
    assert given["b"].to_pylist() == ["x", "x", "y"]
    assert given["a"].to_pylist() == [1, 2, 1]


def test_batches_may_be_polars_frames_and_record_batches() -> None:
    table = pa.table({"k": ["a", "b", "a"], "v": [1.0, 2.0, 4.0]})
    expected = [{"k": "a", "s": 5.0}, {"k": "b", "s": 2.0}]
    for data in (table, table.to_batches()[0], pl.DataFrame(table), table.to_reader()):
        window = kedge.Window(key="k", aggregates={"s": kedge.sum("v")})
        window.push(data)
        assert pa.table(window.finish()).select(["k", "s"]).to_pylist() == expected


def test_what_comes_out_goes_to_polars() -> None:
    window = kedge.Window(time="t", every="1d", aggregates={"n": kedge.count()})
    window.push(pa.table({"t": pa.array([dt.date(2024, 2, 1)])}))
    assert pl.DataFrame(window.finish())["n"].to_list() == [1]


def test_slices_and_chunks_are_read_where_they_begin() -> None:
    table = pa.table({"k": ["x", "a", None, "b", "a"], "v": [9, None, 3, 4, 5]})
    view = pa.concat_tables([table[1:3], table[3:3], table[3:]])
    window = kedge.Window(key="k", aggregates={"s": kedge.sum("v"), "n": kedge.count("v")})
    window.push(view)
    given = pa.table(window.finish())
    assert given["s"].to_pylist() == [3, 5, 4]
    assert given["n"].to_pylist() == [1, 1, 1]
