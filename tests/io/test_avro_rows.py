"""Rows as Avro are those of an encoder that goes value by value, and are read back."""

from __future__ import annotations

import json
import struct
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import kedge
from kedge.io.avro_rows import AvroRows
from kedge.records import AvroRecords
from tests.reference.avro import encode

COLUMNS: dict[str, tuple[Any, pa.DataType, st.SearchStrategy[Any]]] = {
    "ok": ("boolean", pa.bool_(), st.booleans()),
    "small": ("int", pa.int16(), st.integers(-(2**15), 2**15 - 1)),
    "n": ("long", pa.int64(), st.integers(-(2**63), 2**63 - 1) | st.integers(-200, 200)),
    "f": ("float", pa.float32(), st.floats(width=32, allow_nan=False)),
    "x": ("double", pa.float64(), st.floats(allow_nan=False)),
    "raw": ("bytes", pa.binary(), st.binary(max_size=200)),
    "name": ("string", pa.string(), st.text(max_size=5)),
    "kind": ("string", pa.dictionary(pa.int8(), pa.string()), st.sampled_from(["a", "", "\u00e4"])),
    "day": ({"type": "int", "logicalType": "date"}, pa.date32(), st.integers(-(2**31), 2**31 - 1)),
    "at": (
        {"type": "long", "logicalType": "timestamp-micros"},
        pa.timestamp("us", "UTC"),
        st.integers(-(2**62), 2**62),
    ),
    "wall": (
        {"type": "long", "logicalType": "local-timestamp-millis"},
        pa.timestamp("ms"),
        st.integers(-(2**62), 2**62),
    ),
}


def schema_of(unions: dict[str, str]) -> dict[str, Any]:
    fields = []
    for name, (kind, _, _) in COLUMNS.items():
        of = {"none": kind, "first": ["null", kind], "last": [kind, "null"]}[unions[name]]
        fields.append({"name": name, "type": of})
    return {"type": "record", "name": "Row", "fields": fields}


def column(name: str, values: list[Any]) -> pa.ChunkedArray:
    type = COLUMNS[name][1]
    if pa.types.is_temporal(type):
        whole = pa.int32() if type == pa.date32() else pa.int64()
        made = pa.array(values, whole).view(type)
    elif pa.types.is_dictionary(type):
        made = pa.array(values, pa.string()).dictionary_encode().cast(type)
    else:
        made = pa.array(values, type)
    cut = len(values) // 3
    return pa.chunked_array([made.slice(0, cut), made.slice(cut)])


@st.composite
def streams(draw: st.DrawFn) -> tuple[dict[str, str], list[dict[str, Any]]]:
    kinds = st.sampled_from(["none", "first", "last"])
    unions = draw(st.fixed_dictionaries(dict.fromkeys(COLUMNS, kinds)))
    values = {
        name: its if unions[name] == "none" else its | st.none()
        for name, (_, _, its) in COLUMNS.items()
    }
    return unions, draw(st.lists(st.fixed_dictionaries(values), max_size=8))


def plainly(schema: dict[str, Any], row: dict[str, Any]) -> bytes:
    branched = {}
    for field in schema["fields"]:
        value, of = row[field["name"]], field["type"]
        if isinstance(of, list):
            place = of.index("null")
            value = (place, None) if value is None else (1 - place, value)
        branched[field["name"]] = value
    return encode(schema, branched)


@given(streams(), st.none() | st.integers(0, 2**32 - 1))
@settings(max_examples=150)
def test_each_row_is_what_was_encoded_value_by_value(
    stream: tuple[dict[str, str], list[dict[str, Any]]], id: int | None
) -> None:
    unions, rows = stream
    schema = schema_of(unions)
    text = json.dumps(schema)
    table = pa.table({name: column(name, [row[name] for row in rows]) for name in COLUMNS})
    records = AvroRows(text, id).encode(table)
    head = b"" if id is None else b"\0" + struct.pack(">I", id)
    assert records == [head + plainly(schema, row) for row in rows]
    types = {it.name: it.type for it in table.schema if it.name != "raw"}
    plain = {name: type for name, type in types.items() if not pa.types.is_dictionary(type)}
    reader = AvroRecords(pa.schema(plain), text if id is None else {id: text})
    found, rejected = reader.decode(records)
    assert not rejected
    assert pa.table(found).cast(pa.schema(plain)) == table.select(list(plain)).combine_chunks()


def test_numbers_without_a_sign_keep_their_bits() -> None:
    text = json.dumps({"type": "record", "name": "R", "fields": [{"name": "id", "type": "long"}]})
    rows = pa.table({"id": pa.array([2**64 - 1, 1], pa.uint64())})
    assert AvroRows(text).encode(rows) == [b"\x01", b"\x02"]


def test_what_is_wrong_names_the_column() -> None:
    def rows(type: Any) -> AvroRows:
        fields = [{"name": "x", "type": type}]
        return AvroRows(json.dumps({"type": "record", "name": "R", "fields": fields}))

    for type in ({"type": "array", "items": "int"}, ["int", "string"], ["null", "int", "long"]):
        with pytest.raises(kedge.Unsupported, match='field "x"'):
            rows(type)
    with pytest.raises(kedge.Unsupported, match="expected a record"):
        AvroRows('"int"')
    with pytest.raises(kedge.InvalidArgument, match="4294967296"):
        AvroRows('{"type": "record", "name": "R", "fields": []}', 2**32)
    with pytest.raises(kedge.CorruptData):
        AvroRows("{")
    with pytest.raises(kedge.InvalidArgument, match='no column "x"'):
        rows("int").encode(pa.table({"y": [1]}))
    with pytest.raises(kedge.InvalidArgument, match='column "x" has nulls'):
        rows("int").encode(pa.table({"x": [1, None]}))
    with pytest.raises(kedge.InvalidArgument, match=r'column "x": .*4000000000'):
        rows("int").encode(pa.table({"x": [4_000_000_000]}))
    with pytest.raises(kedge.InvalidArgument, match='column "x"'):
        rows({"type": "long", "logicalType": "timestamp-millis"}).encode(
            pa.table({"x": pa.array([1], pa.timestamp("us"))})
        )
