"""CSV records are the rows that Python's csv reads, or are refused as a whole."""

from __future__ import annotations

import csv
import io
import math
import struct
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import kedge
from kedge.records import CsvRecords
from tests.reference.records import Refused, csv_value

SCHEMA = {
    "n": "int16",
    "x": "float64",
    "y": "float32",
    "ok": "bool",
    "at": "timestamp[us]",
    "name": "utf8",
    "n2": "uint64 not null",
}
HEADER = [*reversed(SCHEMA), "other"]

VALUES = st.one_of(
    st.sampled_from(["", "0", "1", "true", "False", "nan", "-inf", "Inf", "2026-01-31", "1e5"]),
    st.sampled_from(["2026-01-31T10:00:00Z", "01", "+1", " 1", "1.5", "-3", "70000", "-0"]),
    st.integers(-(2**17), 2**17).map(str),
    st.floats().map(str),
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\0"), max_size=8),
    st.text('ab,"\n;', max_size=8),
)
ROWS = st.lists(st.lists(VALUES, min_size=len(HEADER), max_size=len(HEADER)), max_size=6)


def bits(values: list[Any]) -> list[Any]:
    return [
        struct.pack("d", v) if isinstance(v, float) and not math.isnan(v) else str(v)
        for v in values
    ]


def reference(rows: list[list[str]], quoted: bool) -> tuple[dict[str, list[Any]], list[int]]:
    """`quoted` says whether a text of no bytes is told from null."""
    columns: dict[str, list[Any]] = {name: [] for name in SCHEMA}
    refused = []
    for index, row in enumerate(rows, 1):
        try:
            values = {}
            for name, type_ in SCHEMA.items():
                field = row[HEADER.index(name)]
                if type_ == "utf8":
                    values[name] = field if field or quoted else None
                else:
                    values[name] = csv_value(field, type_.removesuffix(" not null"))
            if values["n2"] is None:
                raise Refused("n2")
        except Refused:
            refused.append(index)
            continue
        for name, value in values.items():
            columns[name].append(value)
    return columns, refused


def written(rows: list[list[str]], delimiter: str, quoting: int, end: str) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter, quoting=quoting, lineterminator=end)
    writer.writerows([HEADER, *rows])
    return out.getvalue().encode()


@given(ROWS, st.sampled_from(",;\t"), st.booleans(), st.sampled_from(["\n", "\r\n"]), st.data())
@settings(max_examples=150, deadline=None)
def test_what_was_written_is_read(
    rows: list[list[str]], delimiter: str, quote_all: bool, end: str, data: st.DataObject
) -> None:
    quoting = csv.QUOTE_ALL if quote_all else csv.QUOTE_MINIMAL
    text = written(rows, delimiter, quoting, end)
    table, rejected = CsvRecords(SCHEMA, delimiter=delimiter).decode(text)
    wanted, refused = reference(rows, quote_all)
    assert [r.index for r in rejected] == refused, rejected
    got = table.to_pydict()
    assert {n: bits(got[n]) for n in SCHEMA} == {n: bits(wanted[n]) for n in SCHEMA}

    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=4)))
    decoder = CsvRecords(SCHEMA, delimiter=delimiter)
    parts = [decoder.push(text[a:b]) for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    parts.append(decoder.finish())
    assert [n for part in parts for n in part[0].to_pydict()["name"]] == got["name"]
    assert [r.record for _, some in parts for r in some] == [r.record for r in rejected]


@pytest.mark.parametrize(
    ("record", "field", "reason"),
    [
        ("1,x", "", "it has 2 fields, not 3"),
        ("1,x,0,3", "", "it has 4 fields, not 3"),
        ('1,"x,2', "", "the quotes from byte 2 on do not end"),
        ('1,"x"y,2', "", "the quotes at byte 4 end within a field"),
        ('1,x"y",2', "", "a quote within the field at byte 2, which has none around it"),
        ("1.5,x,2", "n", "wanted int64, got 1.5"),
        ("one,x,2", "n", 'wanted int64, got "one"'),
        ("1,x,yes", "ok", 'wanted bool, got "yes"'),
        (",x,1", "n", "wanted int64, got null, which it may not be"),
        (b"1,\xff,1", "", "it is not UTF-8"),
    ],
)
def test_a_refusal_says_why(record: str | bytes, field: str, reason: str) -> None:
    decoder = CsvRecords({"n": "int64 not null", "s": "utf8", "ok": "bool"}, names=["n", "s", "ok"])
    table, rejected = decoder.decode(["7,a,1", record, '8,"",0', "9,,0\r\n"])
    assert [(r.index, r.field, r.reason) for r in rejected] == [(1, field, reason)]
    assert table.to_pydict() == {"n": [7, 8, 9], "s": ["a", "", None], "ok": [True, False, False]}


def test_a_stray_quote_costs_one_line() -> None:
    decoder = CsvRecords({"a": "utf8", "b": "utf8"})
    table, rejected = decoder.decode(b'a,b\n1,x"\n2,y\n3,"z\n')
    assert table.to_pydict()["a"] == ["2"]
    assert [r.record for r in rejected] == [b'1,x"', b'3,"z\n']


def test_each_text_has_its_header() -> None:
    decoder = CsvRecords({"a": "int8"})
    assert decoder.decode(b"\xef\xbb\xbfa,b\n1,2\n")[0].to_pydict() == {"a": [1]}
    assert decoder.decode(b"b,a\n1,2\n")[0].to_pydict() == {"a": [2]}
    assert decoder.skipped == 2


@pytest.mark.parametrize(
    ("header", "options", "text"),
    [
        (b"b,c\n", {}, 'column "a" is none of the 2 fields of the header'),
        (b"a,a\n", {}, 'column "a" is in the header twice'),
        (b'a,"b\n', {}, "the header: the quotes from byte 2 on do not end"),
        (b"", {"delimiter": '"'}, "a delimiter is"),
        (b"", {"delimiter": "ab"}, 'one character, got "ab"'),
        (b"", {"names": ["b"]}, 'column "a" is none of the 1 fields'),
    ],
)
def test_a_header_that_cannot_be_is_refused(
    header: bytes, options: dict[str, Any], text: str
) -> None:
    with pytest.raises(kedge.InvalidArgument, match=text):
        CsvRecords({"a": "int8"}, **options).decode(header)
