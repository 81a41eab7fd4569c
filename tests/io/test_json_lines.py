"""Lines of JSON are those of Python's encoder, row by row."""

from __future__ import annotations

import json
from datetime import timezone
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kedge.io.json_lines import json_lines, json_rows

VALUES: dict[pa.DataType, st.SearchStrategy[Any]] = {
    pa.bool_(): st.booleans(),
    pa.int8(): st.integers(-128, 127),
    pa.uint64(): st.integers(0, 2**64 - 1),
    pa.float32(): st.floats(width=32),
    pa.float64(): st.floats(),
    pa.string(): st.text(max_size=5),
    pa.dictionary(pa.int32(), pa.string()): st.sampled_from(["a", '"%s"']),
    pa.timestamp("us"): st.datetimes(),
    pa.timestamp("us", "UTC"): st.datetimes(timezones=st.just(timezone.utc)),
    pa.date32(): st.dates(),
    pa.binary(): st.binary(max_size=3),
    pa.decimal128(9, 2): st.decimals(-99, 99, places=2),
    pa.list_(pa.int64()): st.lists(st.integers(0, 9), max_size=2),
    pa.null(): st.none(),
}


@st.composite
def tables(draw: st.DrawFn) -> pa.Table:
    """Columns of any types and names, in chunks, with nulls and without."""
    types = draw(st.lists(st.sampled_from(list(VALUES)), max_size=4))
    rows, chunks = draw(st.integers(0, 6)), draw(st.integers(1, 2))
    names = draw(
        st.lists(st.text(max_size=3), min_size=len(types), max_size=len(types), unique=True)
    )
    columns = []
    for type in types:
        value = st.none() | VALUES[type] if draw(st.booleans()) else VALUES[type]
        each = st.lists(value, min_size=rows, max_size=rows)
        columns.append(pa.chunked_array([pa.array(draw(each), type) for _ in range(chunks)], type))
    return pa.table(columns, names=names)


@given(tables())
def test_lines_are_those_of_pythons_encoder(table: pa.Table) -> None:
    wanted = [json.dumps(row, allow_nan=False) for row in json_rows(table)]
    assert json_lines(table) == wanted


BEYOND = pa.array([253_402_300_800_000_000, 0], pa.int64())  # the year 10000


@pytest.mark.parametrize(
    ("column", "text"),
    [
        (BEYOND.cast(pa.timestamp("us")), "10000-01-01 00:00:00.000000"),
        (BEYOND.cast(pa.timestamp("us", "UTC")), "10000-01-01 00:00:00.000000Z"),
        (pa.array([2_932_897, 0], pa.int32()).cast(pa.date32()), "10000-01-01"),
        (pa.array([2**62, 0]).cast(pa.duration("s")), str(2**62)),
    ],
)
def test_a_time_that_python_has_not_is_a_text(column: pa.Array, text: str) -> None:
    table = pa.table({"t": column, "l": pa.array([[it] for it in column], pa.list_(column.type))})
    table = table.append_column("s", pa.StructArray.from_arrays([table["l"].chunk(0)], ["l"]))
    first, second = json_rows(table)
    other = column[1].as_py()
    assert (first["t"], second["t"]) == (text, str(other))
    assert (first["l"], second["l"]) == (str([text]), str([other]))
    assert first["s"] == str({"l": [text]})
    assert json_lines(table) == [json.dumps(it) for it in (first, second)]


def test_rows_without_columns() -> None:
    table = pa.table({"x": [1, 2]})
    assert json_lines(table.select([])) == ["{}"] * table.select([]).num_rows


@pytest.mark.parametrize("value", [float("nan"), float("inf"), None])
def test_what_is_no_number_is_null(value: float | None) -> None:
    assert json_lines(pa.table({"x": pa.array([1.0, value], pa.float64())})) == [
        '{"x": 1.0}',
        '{"x": null}',
    ]
