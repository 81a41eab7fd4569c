"""Avro records are the values that were encoded, or are refused as a whole."""

from __future__ import annotations

import json
import struct
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import kedge
from kedge.records import AvroRecords, avro_canonical, avro_fingerprint, schema_id
from tests.reference.avro import encode, long

COLOURS = ["red", "green", "blue"]
ENUM = {"type": "enum", "name": "Colour", "symbols": COLOURS}
OTHER = {
    "type": "record",
    "name": "Other",
    "fields": [
        {"name": "list", "type": {"type": "array", "items": ["null", "string", "long"]}},
        {"name": "map", "type": {"type": "map", "values": {"type": "array", "items": "null"}}},
        {"name": "fixed", "type": {"type": "fixed", "name": "Three", "size": 3}},
        {"name": "bytes", "type": "bytes"},
    ],
}
USER = {
    "type": "record",
    "name": "User",
    "fields": [
        {"name": "other", "type": OTHER},
        {"name": "id", "type": "int"},
        {"name": "colour", "type": [ENUM, "null"]},
    ],
}
WRITER = {
    "type": "record",
    "name": "Event",
    "namespace": "org.kedge",
    "fields": [
        {"name": "x", "type": "double"},
        {"name": "n", "type": ["null", "long"]},
        {"name": "at", "type": {"type": "long", "logicalType": "timestamp-millis"}},
        {"name": "day", "type": {"type": "int", "logicalType": "date"}},
        {"name": "user", "type": ["null", USER]},
        {"name": "y", "type": ["float", "string"]},
        {"name": "name", "type": "string"},
        {"name": "ok", "type": "boolean"},
    ],
}
SCHEMA = {
    "name": "utf8",
    "n": "int16",
    "x": "float64",
    "at": "timestamp[us]",
    "day": "date32",
    "user.id": "uint8",
    "user.colour": "utf8",
    "ok": "bool not null",
    "absent": "float32",
}

LONGS = st.integers(-(2**63), 2**63 - 1)
OTHERS = st.fixed_dictionaries(
    {
        "list": st.lists(
            st.just((0, None)) | st.tuples(st.just(1), st.text()) | st.tuples(st.just(2), LONGS),
            max_size=4,
        ),
        "map": st.dictionaries(st.text(max_size=3), st.lists(st.none(), max_size=3), max_size=3),
        "fixed": st.binary(min_size=3, max_size=3),
        "bytes": st.binary(max_size=5),
    }
)
USERS = st.fixed_dictionaries(
    {
        "other": OTHERS,
        "id": st.integers(-5, 300),
        "colour": st.tuples(st.just(0), st.sampled_from(COLOURS)) | st.just((1, None)),
    }
)
EVENTS = st.fixed_dictionaries(
    {
        "x": st.floats(allow_nan=False),
        "n": st.just((0, None)) | st.tuples(st.just(1), st.integers(-(2**15) - 3, 2**15 + 3)),
        "at": st.integers(-(10**13), 10**13) | LONGS,
        "day": st.integers(-(2**31), 2**31 - 1),
        "user": st.just((0, None)) | st.tuples(st.just(1), USERS),
        "y": st.tuples(st.just(0), st.floats(width=32)) | st.tuples(st.just(1), st.text()),
        "name": st.text(max_size=20),
        "ok": st.booleans(),
    }
)


def row_of(event: dict[str, Any]) -> dict[str, Any] | None:
    """None for what is no row of SCHEMA."""
    user = event["user"][1] or {"id": None, "colour": (1, None)}
    row = {
        "name": event["name"],
        "n": event["n"][1],
        "x": event["x"],
        "at": 1000 * event["at"],
        "day": event["day"],
        "user.id": user["id"],
        "user.colour": user["colour"][1],
        "ok": event["ok"],
        "absent": None,
    }
    fits = [
        row["n"] is None or -(2**15) <= row["n"] < 2**15,
        -(2**63) <= row["at"] < 2**63,
        row["user.id"] is None or 0 <= row["user.id"] < 256,
    ]
    return row if all(fits) else None


@given(st.lists(EVENTS, max_size=6), st.booleans(), st.booleans())
@settings(max_examples=120, deadline=None)
def test_what_was_encoded_is_read(events: list[dict[str, Any]], sized: bool, framed: bool) -> None:
    records = [encode(WRITER, event, sized) for event in events]
    text = json.dumps(WRITER)
    if framed:
        records = [b"\0" + struct.pack(">I", 70_000) + record for record in records]
    decoder = AvroRecords(SCHEMA, {70_000: text} if framed else text)
    table, rejected = decoder.decode(records)
    rows = [row_of(event) for event in events]
    assert [r.index for r in rejected] == [i for i, row in enumerate(rows) if row is None]
    kept = [row for row in rows if row is not None]
    assert table.to_pydict() == {name: [row[name] for row in kept] for name in SCHEMA}
    pa.table(table).validate(full=True)


@given(EVENTS, st.data())
@settings(max_examples=200, deadline=None)
def test_changed_bytes_are_a_row_or_a_reason(event: dict[str, Any], data: st.DataObject) -> None:
    record = encode(WRITER, event)
    cut = data.draw(st.integers(0, len(record) - 1))
    changed = bytearray(record)
    changed[cut] = data.draw(st.integers(0, 255))
    table, rejected = AvroRecords(SCHEMA, json.dumps(WRITER)).decode(
        [bytes(changed), record[:cut], record + b"\0", record]
    )
    assert {1, 2} <= {r.index for r in rejected}
    assert all(r.reason for r in rejected)
    assert pa.table(table).num_rows == 4 - len(rejected)
    pa.table(table).validate(full=True)


def one_field(type_: Any) -> str:
    return json.dumps({"type": "record", "name": "R", "fields": [{"name": "v", "type": type_}]})


@pytest.mark.parametrize(
    ("type_", "column", "error", "reason"),
    [
        ("string", "int64", kedge.InvalidArgument, "int64 is wanted, which the writer's string is"),
        ("double", "float32", kedge.InvalidArgument, "the writer's double is not"),
        (
            {"type": "int", "logicalType": "date"},
            "timestamp[ms]",
            kedge.InvalidArgument,
            "the writer's int is not",
        ),
        (["null", "long", "string"], "int64", kedge.InvalidArgument, "the writer's string is not"),
        ({"type": "array", "items": "int"}, "int32", kedge.InvalidArgument, "writer's array"),
        (
            {"type": "bytes", "logicalType": "decimal", "precision": 4},
            "float64",
            kedge.Unsupported,
            'column "v": the writer\'s decimals are not read',
        ),
        ("Nothing", "int64", kedge.CorruptData, 'no type is called "Nothing"'),
        ([["int"]], "int64", kedge.CorruptData, "a union in a union"),
        ({"type": "fixed", "name": "1", "size": 1}, "utf8", kedge.CorruptData, "is no name"),
        ({"type": "enum", "name": "E", "symbols": ["a", "a"]}, "utf8", kedge.CorruptData, "twice"),
    ],
)
def test_a_writer_that_cannot_be_resolved_is_refused(
    type_: Any, column: str, error: type[Exception], reason: str
) -> None:
    with pytest.raises(error, match=reason):
        AvroRecords({"v": column}, one_field(type_))


def test_columns_that_nobody_writes_are_null_or_refused() -> None:
    assert AvroRecords({"w": "int8"}, one_field("int")).decode([b"\0"])[0].to_pydict() == {
        "w": [None]
    }
    with pytest.raises(kedge.InvalidArgument, match='"w": it may not be null'):
        AvroRecords({"w": "int8 not null"}, one_field("int"))
    with pytest.raises(kedge.InvalidArgument, match='field "v": columns are asked of it'):
        AvroRecords({"v.w": "int8"}, one_field("int"))


@pytest.mark.parametrize(
    ("type_", "column", "record", "reason"),
    [
        ("boolean", "bool", b"\2", "byte 1: a boolean of 2"),
        ("int", "int64", long(2**31), "an int of 2147483648"),
        ("long", "int64", b"\xff" * 9 + b"\2", "an integer of more than 64 bits"),
        ("long", "int64", b"\xff", "expected an integer, got the end"),
        ("string", "utf8", long(-1), "a text of -1 bytes, 0 are left"),
        ("string", "utf8", long(3) + b"ab", "a text of 3 bytes, 2 are left"),
        ("bytes", "utf8", long(1) + b"\xff", "wanted utf8, got bytes that are not UTF-8"),
        (["null", "int"], "int64", long(2), "choice 2 of 2"),
        ("long", "int64", b"\0\0", "byte 1: 1 bytes behind the record"),
        ({"type": "array", "items": "int"}, None, long(2**40), "a block of 1099511627776 items"),
        (
            {"type": "long", "logicalType": "timestamp-micros"},
            "timestamp[ms]",
            long(1001),
            "wanted timestamp[ms], got 1001 of a finer unit",
        ),
    ],
)
def test_a_refusal_says_why(type_: Any, column: str | None, record: bytes, reason: str) -> None:
    schema = {"v": column} if column else {"w": "int8"}
    _, (rejected,) = AvroRecords(schema, one_field(type_)).decode([record])
    assert reason in rejected.reason


def test_nothing_of_nothing_costs_nothing() -> None:
    many = long(2**62) + long(0)
    empty = {"type": "array", "items": {"type": "record", "name": "E", "fields": []}}
    table, rejected = AvroRecords({"w": "int8"}, one_field(empty)).decode([many])
    assert (pa.table(table).num_rows, rejected) == (1, [])
    deep = one_field(["null", "R"])
    assert (
        "nested deeper than 128"
        in AvroRecords({"w": "int8"}, deep).decode([b"\2" * 999])[1][0].reason
    )


def test_writers_are_told_apart_by_their_ids() -> None:
    decoder = AvroRecords({"v": "float64"}, {1: one_field("int")})
    decoder.add_writer(2, one_field("double"))
    records = [
        b"\0\0\0\0\1" + long(-3),
        b"\0\0\0\0\2" + struct.pack("<d", 0.5),
        b"\0\0\0\0\3" + long(-3),
        b"\1\0\0\0\1" + long(-3),
    ]
    table, rejected = decoder.decode(records)
    assert table.to_pydict() == {"v": [-3.0, 0.5]}
    assert [r.reason for r in rejected] == [
        "byte 0: the writer of schema id 3 is not known",
        "byte 0: expected a zero and the id of a schema",
    ]
    assert [schema_id(record) for record in records] == [1, 2, 3, None]


# Of the specification's own tests, as signed integers.
FINGERPRINTS = {
    "null": 7195948357588979594,
    "boolean": -6970731678124411036,
    "int": 8247732601305521295,
    "long": -3434872931120570953,
    "float": 5583340709985441680,
    "double": -8181574048448539266,
    "bytes": 5746618253357095269,
    "string": -8142146995180207161,
}


@pytest.mark.parametrize("name", FINGERPRINTS)
def test_fingerprints_are_those_of_the_specification(name: str) -> None:
    for schema in (f'"{name}"', f'{{"type": "{name}", "doc": "x"}}'):
        assert avro_canonical(schema) == f'"{name}"'
        assert avro_fingerprint(schema) == FINGERPRINTS[name] % 2**64


def test_the_canonical_form_keeps_what_reading_needs() -> None:
    assert avro_canonical(
        '{"fields": [{"type": {"symbols": ["A"], "type": "enum", "name": "E", "doc": ""},'
        ' "name": "e", "default": "A"}, {"name": "again", "type": ["null", "E"]}],'
        ' "namespace": "n.s", "name": "R", "type": "record", "aliases": ["Q"]}'
    ) == (
        '{"name":"n.s.R","type":"record","fields":[{"name":"e","type":{"name":"n.s.E",'
        '"type":"enum","symbols":["A"]}},{"name":"again","type":["null","n.s.E"]}]}'
    )
