"""JSON records are the rows that Python's json makes of them, or are refused as a whole."""

from __future__ import annotations

import json
import struct
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import kedge
from kedge.records import JsonRecords
from tests.reference.records import json_rows

SCHEMA = {
    "id": "int64 not null",
    "small": "int8",
    "wide": "uint64",
    "x": "float64",
    "y": "float32",
    "ok": "bool",
    "name": "utf8",
    "at": "timestamp[us]",
    "user.id": "int32",
    "user.tag.name": "utf8",
    'ü"\\': "float64",
}

SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**65), 2**65),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=20),
    st.datetimes().map(lambda time: time.isoformat()),
)
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "id": st.integers(-(2**63), 2**63 - 1),
    "small": st.integers(-128, 127),
    "wide": st.integers(0, 2**64 - 1),
    "x": st.floats(allow_nan=False, allow_infinity=False) | st.integers(),
    "y": st.floats(allow_nan=False, allow_infinity=False, width=32),
    "ok": st.booleans(),
    "name": st.text(max_size=30),
    "at": st.datetimes().map(lambda time: time.isoformat()),
    "user": st.fixed_dictionaries(
        {},
        optional={
            "id": st.integers(-(2**31), 2**31 - 1),
            "tag": st.none() | st.fixed_dictionaries({}, optional={"name": st.text(max_size=5)}),
            "other": st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3), max_leaves=5),
        },
    ),
    'ü"\\': st.floats(-10, 10),
    "unknown": st.recursive(
        SCALARS, lambda inner: st.dictionaries(st.text(max_size=3), inner), max_leaves=5
    ),
}


@st.composite
def objects(draw: st.DrawFn) -> dict[str, Any]:
    names = draw(st.permutations(sorted(VALUES)))
    kept = names[: draw(st.integers(0, len(names)))]
    record = {
        name: draw(VALUES[name] | (SCALARS if len(names) % 2 else st.none())) for name in kept
    }
    if draw(st.booleans()):
        record.setdefault("id", 1)
    if draw(st.integers(0, 3)) == 0 and kept:
        record[draw(st.sampled_from(kept))] = draw(SCALARS)
    return record


RECORDS = st.builds(
    lambda value, ascii_only, space: json.dumps(
        value, ensure_ascii=ascii_only, separators=(space + ",", ":" + space)
    ).encode("utf-8", "surrogatepass"),
    objects(),
    st.booleans(),
    st.sampled_from(["", " ", "\t "]),
)


def bits(values: list[Any]) -> list[Any]:
    return [struct.pack("d", v) if isinstance(v, float) else v for v in values]


def check(records: list[bytes], schema: dict[str, str] = SCHEMA) -> None:
    table, rejected = JsonRecords(schema).decode(records)
    wanted, refused = json_rows(records, schema)
    assert [r.index for r in rejected] == refused, rejected
    assert [r.record for r in rejected] == [records[i] for i in refused]
    got = table.to_pydict()
    assert {name: bits(got[name]) for name in schema} == {n: bits(wanted[n]) for n in schema}
    pa.table(table).validate(full=True)


@given(st.lists(RECORDS, max_size=6))
@settings(max_examples=150, deadline=None)
def test_records_are_the_rows_that_python_reads(records: list[bytes]) -> None:
    check(records)


@given(st.lists(RECORDS, min_size=1, max_size=3), st.data())
@settings(max_examples=150, deadline=None)
def test_a_changed_byte_is_seen_as_python_sees_it(
    records: list[bytes], data: st.DataObject
) -> None:
    changed = bytearray(records[0])
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(changed) - 1))
        match data.draw(st.integers(0, 2)):
            case 0:
                changed[at] = data.draw(st.integers(0, 255))
            case 1:
                changed = changed[:at] + changed[at + 1 :] or bytearray(b"{")
            case _:
                changed[at:at] = bytes(
                    [data.draw(st.sampled_from(list(b'{}[],:"\\0123e.-nu\x00')))]
                )
    check([bytes(changed), *records[1:], bytes(changed)])


DIGITS = st.from_regex(r"\A-?(0|[1-9][0-9]{0,30})(\.[0-9]{1,30})?([eE][+-]?[0-9]{1,3})?\Z")


@given(st.lists(DIGITS, max_size=30))
@settings(max_examples=150, deadline=None)
def test_numbers_are_rounded_once(spellings: list[str]) -> None:
    for type_ in ("float64", "float32", "int64", "uint64", "int8"):
        check([f'{{"v": {spelling}}}'.encode() for spelling in spellings], {"v": type_})


@pytest.mark.parametrize(
    "spelling",
    [
        *("0", "-0", "-0.0", "0e999", "1e-400", "-1e-400", "5e-324", "2e-324", "1e22", "1e23"),
        *("9007199254740993", "1.7976931348623157e308", "1.7976931348623159e308", "1e309"),
        *("18446744073709551615", "18446744073709551616", "-9223372036854775808"),
        *("9223372036854775807", "9223372036854775808", "10000000000000000000"),
        *("1.00000017881393432617187499", "1.00000017881393432617187501", "3.4028236e38", "1e-50"),
        *("01", "+1", ".5", "1.", "1e", "1e+", "-", "NaN", "Infinity", "0x1", "1_0", "00", "-01"),
        "0." + "0" * 400 + "1e401",
        "1" + "0" * 400 + "e-400",
    ],
)
def test_every_edge_of_numbers_is_pythons(spelling: str) -> None:
    for type_ in ("float64", "float32", "int64", "uint64", "int32", "utf8"):
        check([f'{{"v": {spelling}}}'.encode()], {"v": type_})


@pytest.mark.parametrize(
    ("record", "field", "reason"),
    [
        ('{"id": 1, "small": 128}', "small", "wanted int8, got 128"),
        ('{"id": 1, "wide": -1}', "wide", "wanted uint64, got -1"),
        ('{"id": 1, "x": "1"}', "x", 'wanted float64, got "1"'),
        ('{"id": 1, "x": [1]}', "x", "wanted float64, got an array"),
        ('{"id": 1.0}', "id", "wanted int64, got 1.0"),
        ('{"id": null}', "id", "wanted int64, got null, which it may not be"),
        ("{}", "id", "it is missing, and may not be null"),
        ('{"id": 1, "id": 1}', "id", "the record has it twice"),
        ('{"id": 1, "user": 5}', "user", "wanted an object, got 5"),
        ('{"id": 1, "user": {}, "user": {}}', "user", "the record has it twice"),
        ('{"id": 1, "user": {"id": 1}, "user.id": 2}', "user.id", "the record has it twice"),
        ('{"id": 1, "at": "2026-02-30"}', "at", 'wanted timestamp[us], got "2026-02-30"'),
        ('{"id": 1, "at": "2026-01-01T00:00:00.1234567"}', "at", "wanted timestamp[us]"),
        ('{"id": 1', "", "byte 8: expected ',' or '}', got the end"),
        ('{"id": 1}}', "", "byte 9: expected the end, got '}'"),
        ('{"id": 1,}', "", "byte 9: expected a name, got '}'"),
        ("[]", "", "byte 0: expected '{', got '['"),
        ("", "", "byte 0: expected '{', got the end"),
        ('{"id": 1, "q": "\t"}', "", "byte 16: a string has a control character"),
        ('{"id": 1, "q": "\\ud800"}', "", "half a surrogate pair"),
        ('{"id": 1, "q": ' + "[" * 200 + "]" * 200 + "}", "", "nested deeper than 128"),
    ],
)
def test_a_refusal_says_why(record: str, field: str, reason: str) -> None:
    table, rejected = JsonRecords(SCHEMA).decode(['{"id": 7}', record, '{"id": 8}'])
    assert [(r.index, r.field) for r in rejected] == [(1, field)]
    assert reason in rejected[0].reason
    assert table.to_pydict()["id"] == [7, 8]


def test_text_that_is_not_utf8_is_refused_wherever_it_is() -> None:
    for bad in (b"\xff", b"\xc0\x80", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xe2\x82"):
        for record in (b'{"id": 1, "name": "%s"}', b'{"id": 1, "q": "%s"}', b'{"id": 1, "%s": 1}'):
            assert len(JsonRecords(SCHEMA).decode([record % bad])[1]) == 1


@given(st.lists(RECORDS, max_size=5), st.data())
@settings(max_examples=60, deadline=None)
def test_lines_may_be_cut_anywhere(records: list[bytes], data: st.DataObject) -> None:
    text = b"\n".join([*records, b"", b" \r"]) + data.draw(st.sampled_from([b"", b"\n"]))
    whole, refused = JsonRecords(SCHEMA).decode(text)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=5)))
    decoder = JsonRecords(SCHEMA)
    parts = [decoder.push(text[a:b]) for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    parts.append(decoder.finish())
    columns: dict[str, list[Any]] = {name: [] for name in SCHEMA}
    for table, _ in parts:
        for name, values in table.to_pydict().items():
            columns[name] += values
    assert {n: bits(v) for n, v in columns.items()} == {
        n: bits(v) for n, v in whole.to_pydict().items()
    }
    assert [r.record for _, some in parts for r in some] == [r.record for r in refused]
    assert (columns["id"], [r.record for r in refused]) == (
        JsonRecords(SCHEMA).decode(records)[0].to_pydict()["id"],
        [r.record for r in JsonRecords(SCHEMA).decode(records)[1]],
    )


def test_a_line_without_end_is_rejected_and_held_in_bounds() -> None:
    decoder = JsonRecords({"x": "int64"})
    for _ in range(40):
        assert decoder.push(b" " * (1 << 20))[1] == []
    table, rejected = decoder.push(b'\n{"x": 1}\n')
    assert table.to_pydict() == {"x": [1]}
    assert rejected == []  # blank, as far as it was kept
    decoder.push(b"[" * (17 << 20))
    (long,) = decoder.push(b"\n")[1]
    assert long.reason == f"longer than {16 << 20} bytes"


def test_a_schema_may_come_from_arrow() -> None:
    schema = pa.schema(
        [pa.field("a.b", pa.int32(), nullable=False), ("t", pa.timestamp("ns", "UTC"))]
    )
    table, rejected = JsonRecords(schema).decode([b'{"a": {"b": 1}, "t": "2026-01-01"}', b"{}"])
    assert pa.table(table).schema == schema
    assert pa.table(table).num_rows == len(rejected) == 1


@pytest.mark.parametrize(
    ("schema", "error", "text"),
    [
        ({}, kedge.InvalidArgument, "no columns"),
        ({"a": "int65"}, kedge.InvalidArgument, '"int65" is no type'),
        ({"a": "int8", "a.b": "int8"}, kedge.InvalidArgument, 'column "a" is both'),
        ({"a.b": "int8", "a": "int8"}, kedge.InvalidArgument, 'column "a" is both'),
        ({".".join("a" * 40): "int8"}, kedge.InvalidArgument, "a path of 40 parts, at most 32"),
        ({"a": "float16"}, kedge.Unsupported, "records are not read into float16"),
        (pa.schema([("a", pa.list_(pa.int8()))]), kedge.Unsupported, 'column "a"'),
        (5, TypeError, "__arrow_c_schema__"),
    ],
)
def test_a_schema_that_cannot_be_is_refused(schema: Any, error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text.replace("(", r"\(")):
        JsonRecords(schema)


def test_what_is_no_record_is_a_type_error() -> None:
    with pytest.raises(TypeError, match="bytes, str or None"):
        JsonRecords({"x": "int8"}).decode([5])


def test_skipped_fields_are_counted() -> None:
    decoder = JsonRecords({"x": "float64"})
    decoder.decode([b'{"a": 1, "x": 2, "b": {"x": 3}}'] * 3)
    assert decoder.skipped == 6


def test_a_batch_that_was_given_out_stays() -> None:
    decoder = JsonRecords({"x": "float64", "s": "utf8"})
    tables = [decoder.decode([b'{"x": %d, "s": "%d"}' % (i, i)] * 300)[0] for i in range(5)]
    for i, table in enumerate(tables):
        assert table.to_pydict() == {"x": [float(i)] * 300, "s": [str(i)] * 300}
