"""Any Arrow object or NumPy array comes in without a copy and goes out as it came."""

from __future__ import annotations

import contextlib
import datetime
import math
from typing import Any

import duckdb
import nanoarrow as na
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

import kedge
from kedge._core import Table

UNITS = ("s", "ms", "us", "ns")
NUMBERS = [
    *(pa.int8(), pa.int16(), pa.int32(), pa.int64()),
    *(pa.uint8(), pa.uint16(), pa.uint32(), pa.uint64()),
    *(pa.float16(), pa.float32(), pa.float64()),
]
STRINGS = [pa.utf8(), pa.large_utf8(), pa.string_view()]
TIMES = [pa.timestamp(unit, tz) for unit in UNITS for tz in (None, "Europe/Riga")]
DICTIONARIES = [pa.dictionary(pa.int8(), pa.utf8()), pa.dictionary(pa.uint32(), pa.int64())]
TYPES = [pa.bool_(), *NUMBERS, *TIMES, pa.date32(), pa.date64(), *STRINGS, *DICTIONARIES]


def some_values(kind: pa.DataType, size: int = 23) -> pa.Array:
    """Values of a type with nulls among them; strings short, empty and long."""
    if pa.types.is_dictionary(kind):
        values = some_values(kind.value_type, size)
        return pa.DictionaryArray.from_arrays(
            pa.array([None if i % 5 == 3 else i % 4 for i in range(size)], kind.index_type),
            values.drop_null()[:4],
        )
    if kind in STRINGS:
        words = ["", "kedge", "a string of more than twelve bytes", "ŋ"]
        return pa.array([None if i % 7 == 2 else words[i % 4] for i in range(size)], kind)
    raw = [None if i % 6 == 4 else i % 2 == 0 if kind == pa.bool_() else i for i in range(size)]
    if kind == pa.date64():
        raw = [None if i is None else i * 86_400_000 for i in raw]
    if kind == pa.float16():
        return pa.array([None if i is None else np.float16(i) for i in raw], kind)
    if pa.types.is_temporal(kind):
        width = pa.int32() if kind == pa.date32() else pa.int64()
        return pa.array(raw, width).cast(kind)
    return pa.array(raw, kind)


class OnlyArray:
    """An object with nothing but the array protocol's method."""

    def __init__(self, array: pa.Array | pa.RecordBatch) -> None:
        self.array = array

    def __arrow_c_array__(self, requested_schema: object = None) -> Any:
        return self.array.__arrow_c_array__(requested_schema)


class OnlyStream:
    """An object with nothing but the stream protocol's method."""

    def __init__(self, table: pa.Table) -> None:
        self.table = table

    def __arrow_c_stream__(self, requested_schema: object = None) -> Any:
        return self.table.__arrow_c_stream__(requested_schema)


class ChunkedOrOne(OnlyStream):
    """As an array only what lies in one piece."""

    def __arrow_c_array__(self, requested_schema: object = None) -> Any:
        batches = self.table.to_batches()
        if len(batches) != 1:
            raise ValueError("several chunks are no array")
        return batches[0].__arrow_c_array__(requested_schema)


def test_what_is_no_array_is_read_as_a_stream() -> None:
    one = pa.table({"v": [1.0, 2.0]})
    for table in (one, pa.concat_tables([one, one])):
        assert pa.table(Table(ChunkedOrOne(table))).to_pydict() == table.to_pydict()


@pytest.mark.parametrize("kind", TYPES, ids=str)
def test_every_type_goes_out_as_it_came(kind: pa.DataType) -> None:
    column = some_values(kind)
    table = pa.table({"c": column, "row": pa.array(range(len(column)))})
    for view in (table, table.slice(3, 11), table.slice(23), pa.concat_tables([table, table[5:]])):
        back = pa.table(Table(view))
        back.validate(full=True)
        assert back.schema == view.schema
        assert back.equals(view)
        assert Table(view).num_rows == len(view)


@pytest.mark.parametrize("kind", TYPES, ids=str)
def test_python_values_are_the_values(kind: pa.DataType) -> None:
    column = some_values(kind)
    expected = column
    if pa.types.is_temporal(kind):
        expected = column.cast(pa.int32() if kind == pa.date32() else pa.int64())
    assert Table(pa.table({"c": column[4:]})).to_pydict() == {"c": expected[4:].to_pylist()}


@pytest.mark.parametrize("kind", TYPES, ids=str)
def test_ipc_is_read_and_written_as_pyarrow_does(kind: pa.DataType) -> None:
    column = some_values(kind)
    table = pa.table({"c": column, "row": pa.array(range(len(column)))})
    for view in (table, table.slice(3, 11), table.slice(23), pa.concat_tables([table, table[5:]])):
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, view.schema) as writer:
            writer.write_table(view)
        assert pa.table(Table.from_ipc(sink.getvalue().to_pybytes())).equals(view)
        with pa.ipc.open_stream(Table(view).to_ipc()) as reader:
            back = reader.read_all()
        back.validate(full=True)
        assert back.equals(view)


def test_fixed_width_columns_are_not_copied_either_way() -> None:
    values = pa.array(np.arange(1000.0))
    back = pa.table(Table(pa.table({"v": values[10:]})))["v"].chunk(0)
    assert back.buffers()[1].address == values.buffers()[1].address
    array = np.arange(1000.0)
    array.flags.writeable = False
    out = pa.table(Table(array))[0].chunk(0)
    assert out.buffers()[1].address == array.__array_interface__["data"][0]


def test_a_struct_column_comes_back_whole_and_its_nulls_reach_its_children() -> None:
    points = pa.array([{"x": 1.0, "y": 2}, None, {"x": None, "y": 4}, {"x": 7.0, "y": 8}])
    table = pa.table({"id": [1, 2, 3, 4], "p": points})
    assert pa.table(Table(table)).equals(table)
    assert pa.table(Table(table.slice(1, 2))).equals(table.slice(1, 2))
    profile = kedge.profile(table)
    assert profile.columns == ["id", "p.x", "p.y"]
    assert profile.histogram("p.x").null_count == 2
    assert profile.histogram("p.y").null_count == 1
    batch = pa.RecordBatch.from_struct_array(points.drop_null())
    assert kedge.profile(OnlyArray(batch)).columns == ["x", "y"]


def test_every_producer_is_understood() -> None:
    values = np.arange(100.0)
    table = pa.table({"v": values})
    frame = pl.DataFrame({"v": values})
    producers: list[object] = [
        table,
        table.to_batches()[0],
        table.to_reader(),
        frame,
        na.ArrayStream(table),
        duckdb.sql("select range::double as v from range(100)").to_arrow_table(),
        duckdb.sql("select range::double as v from range(100)"),
        OnlyStream(table),
        OnlyArray(table.to_batches()[0]),
        {"v": values},
        {"v": values.tolist()},
        {"v": frame["v"]},
        {"v": na.Array(table["v"].chunk(0))},
    ]
    expected = kedge.profile(table)
    for producer in producers:
        assert kedge.profile(producer) == expected


def test_numpy_arrays_of_any_stride_and_dtype() -> None:
    matrix = np.arange(60.0).reshape(12, 5)
    for view in (matrix, matrix.T, matrix[::2, ::-1], np.asfortranarray(matrix), matrix[:0]):
        table = pa.table(Table(view))
        assert table.num_columns == view.shape[1]
        for i, column in enumerate(table.columns):
            assert column.to_pylist() == view[:, i].tolist()
    for code in "?bBhHiIlLqQefd":
        array = np.array([0, 1, 1, 0], code)
        assert pa.table(Table(array[::-1]))[0].to_pylist() == [0, 1, 1, 0]
    stamps = np.array(["2026-01-01", "NaT", "1969-12-31"], "datetime64[us]")
    assert pa.table(Table(stamps))[0].to_pylist() == [
        datetime.datetime(2026, 1, 1),
        None,
        datetime.datetime(1969, 12, 31),
    ]
    unaligned = np.frombuffer(b"x" + np.arange(4.0).tobytes(), np.uint8)[1:].view(np.float64)
    assert pa.table(Table(unaligned))[0].to_pylist() == [0, 1, 2, 3]


def test_memory_lives_as_long_as_the_last_that_needs_it() -> None:
    table = pa.table(Table({"v": np.arange(1000.0), "w": np.arange(1000)[::-1]}))
    assert table["v"].to_pylist() == list(range(1000))
    assert table["w"].to_pylist() == list(range(999, -1, -1))
    profile = kedge.profile(pa.table({"v": np.arange(10.0)}))
    histogram = profile.histogram("v")
    del profile
    assert histogram.row_count == 10


def test_a_stream_is_consumed_once() -> None:
    reader = pa.table({"v": [1.0]}).to_reader()
    assert Table(reader).num_rows == 1
    capsule = pa.table({"v": [1.0]}).__arrow_c_stream__()

    class Again:
        def __arrow_c_stream__(self, requested_schema: object = None) -> object:
            return capsule

    assert Table(Again()).num_rows == 1
    with pytest.raises(kedge.InvalidArgument, match="stream was already consumed"):
        Table(Again())


@pytest.mark.parametrize(
    ("column", "name"),
    [
        (pa.array([1], pa.decimal128(5, 2)), "decimal"),
        (pa.array([[1.0]]), "list"),
        (pa.array([b"x"]), "binary"),
        (pa.array([None]), "null"),
        (pa.array([datetime.timedelta(1)]), "duration"),
        (pa.array([datetime.time(1)]), "time"),
        (pa.array([{"b": {"c": 1}}]), "nested struct"),
        (pa.array([[("k", 1)]], pa.map_(pa.utf8(), pa.int64())), "map"),
        (
            pa.UnionArray.from_sparse(pa.array([0], pa.int8()), [pa.array([1])]),
            "sparse_union",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_types_that_are_not_supported_are_refused_by_name(column: pa.Array, name: str) -> None:
    with pytest.raises(kedge.Unsupported, match=f'column "price.*": type {name} is not supported'):
        Table(pa.table({"price": column}))


def test_a_column_that_nobody_asked_for_is_carried_past() -> None:
    table = pa.table(
        {
            "x": [1.0, 2.0],
            "price": pa.array([1, 2], pa.decimal128(5, 2)),
            "tags": [["a"], []],
            "deep": [{"a": {"b": 1}, "c": 2}, {"a": None, "c": 3}],
        }
    )
    reference = kedge.profile(table, columns=["x", "deep.c"])
    current = reference.like()
    current.update(table)
    assert current == reference
    with pytest.raises(kedge.Unsupported, match='"price": decimal cannot be profiled'):
        kedge.profile(table)
    with pytest.raises(kedge.Unsupported, match=r'"deep.a": nested struct cannot be profiled'):
        kedge.profile(table, columns=["deep.a"])


def test_chunks_of_a_dict_may_end_anywhere() -> None:
    a = pa.chunked_array([[1.0, 2.0], [], [3.0, 4.0, 5.0]])
    b = pa.chunked_array([["v"], ["w", "x", "y", "z"]])
    back = pa.table(Table({"a": a, "b": b}))
    assert back.to_pydict() == {"a": a.to_pylist(), "b": b.to_pylist()}
    assert pa.table(Table({"a": pa.chunked_array([], pa.float64())})).num_rows == 0


def test_contents_that_point_outside_are_refused_when_they_are_followed() -> None:
    words = pa.array(["a", "b"])
    outside = pa.DictionaryArray.from_arrays(pa.array([0, 7]), words, safe=False)
    with pytest.raises(kedge.InvalidArgument, match='"d": the dictionary index 7 at row 1'):
        Table(pa.table({"d": outside})).to_pydict()
    offsets = pa.py_buffer(np.array([0, 9, 2], np.int32))
    falling = pa.Array.from_buffers(pa.utf8(), 2, [None, offsets, pa.py_buffer(b"ab")])
    with pytest.raises(
        kedge.InvalidArgument, match='"s": string offsets fall from 9 to 2 at row 1'
    ):
        Table(pa.table({"s": falling})).to_ipc()
    view = np.array([20, 0, 5, 0], np.int32)
    lost = pa.Array.from_buffers(pa.string_view(), 1, [None, pa.py_buffer(view)])
    with pytest.raises(
        kedge.InvalidArgument, match='"v": the view at row 0 has 20 bytes at 0 of b'
    ):
        Table(pa.table({"v": lost})).to_pydict()


def test_numpy_strings_are_strings() -> None:
    words = ["", "Rīga", "a string of more than twelve bytes"]
    for array in (np.array(words), np.array([*words, None, math.nan], object), words):
        column = Table({"city": array}).to_pydict()["city"]
        assert column[:3] == words
        assert column[3:] in ([], [None, None])
    with pytest.raises(kedge.InvalidArgument, match="strings has 1 dimension here, got 2"):
        Table(np.array([["a"]]))


def test_what_is_no_data_is_refused_by_name() -> None:
    with pytest.raises(kedge.InvalidArgument, match="a dict or list of such, got int"):
        Table(3)
    with pytest.raises(kedge.Unsupported, match="row 1 of a NumPy array of objects is a dict"):
        Table(np.array([None, {}]))
    with pytest.raises(kedge.Unsupported, match=r"dtype datetime64\[D\] is not supported"):
        Table(np.array(["2026-01-01"], "datetime64[D]"))
    for foreign in (np.ones(3, ">f8"), np.ones(3, ">M8[ns]")):
        with pytest.raises(kedge.Unsupported, match=f"dtype {foreign.dtype}".replace("[", r"\[")):
            Table(foreign)
    with pytest.raises(kedge.Unsupported, match="masked array is not supported"):
        Table(np.ma.array([1.0, 2.0], mask=[True, False]))
    with pytest.raises(kedge.Unsupported, match='column "city": a NumPy array of dtype complex128'):
        Table({"city": np.array([1j])})
    with pytest.raises(kedge.InvalidArgument, match="got NoneType"):
        kedge.profile(None)
    with pytest.raises(kedge.InvalidArgument, match="1 or 2 dimensions here, got 3"):
        Table(np.ones((1, 1, 1)))
    with pytest.raises(kedge.InvalidArgument, match='"b" has 3 rows, "a" has 2'):
        Table({"a": [1.0, 2.0], "b": [1.0, 2.0, 3.0]})


@given(st.binary(max_size=400))
def test_any_bytes_are_a_table_or_a_named_error(data: bytes) -> None:
    with contextlib.suppress(kedge.KedgeError):
        Table.from_ipc(data)


def test_an_index_of_pandas_is_a_column_where_it_has_a_name() -> None:
    frame = pd.DataFrame({"a": np.arange(6.0)})
    wanted = kedge.profile(frame.iloc[[0, 2, 3]].reset_index(drop=True)).to_bytes()
    assert kedge.profile(frame.iloc[[0, 2, 3]]).to_bytes() == wanted
    twofold = frame.set_index([[1, 1, 2, 2, 3, 3], [1, 2, 1, 2, 1, 2]])
    assert list(kedge.profile(twofold).columns) == ["a"]
    assert sorted(kedge.profile(frame.set_index(frame.a.rename("at"))).columns) == ["a", "at"]
