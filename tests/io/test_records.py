"""Records of text: each is a row or is rejected, whatever stands beside it."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kedge.io.file_source import FileSource
from tests.io.test_file_source import read_all


def test_line_breaks_between_quotes(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text('a,s\n1,"two\nlines"\n2,"say ""no""\n"\n3,x\n')
    found, rejected = read_all(FileSource(str(path), quoted=True), 1)
    assert found == [{"a": 1, "s": "two\nlines"}, {"a": 2, "s": 'say "no"\n'}, {"a": 3, "s": "x"}]
    assert not rejected


def test_a_quote_that_is_not_closed_costs_its_record(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text('a,s\n1,"a\n2,b\n\n3,"c\n4,"d"\n')
    for rows in (1, 2, 100):
        found, rejected = read_all(FileSource(str(path)), rows)
        assert found == [{"a": 2, "s": "b"}, {"a": 4, "s": "d"}]
        assert [(it.offset, it.value) for it in rejected] == [(4, b'1,"a'), (14, b'3,"c')]
        assert rejected[0].reason == "CSV parse error: a quote is not closed"


@settings(max_examples=200)
@given(st.lists(st.text('1,"\r', max_size=6), max_size=8), st.integers(2, 9))
def test_records_of_csv_do_not_depend_on_those_beside_them(
    tmp_path_factory: pytest.TempPathFactory, lines: list[str], rows: int
) -> None:
    path = tmp_path_factory.mktemp("csv") / "x.csv"
    path.write_bytes("\n".join(["a,b", *lines, ""]).encode())
    types = {"a": "string", "b": "string"}
    found, rejected = read_all(FileSource(str(path), types=types), rows)
    alone, wrong_alone = read_all(FileSource(str(path), types=types), 1)
    assert found == alone
    assert [it.offset for it in rejected] == [it.offset for it in wrong_alone]
    assert len(found) + len(rejected) >= len([it for it in lines if it.strip("\r")])


@pytest.mark.parametrize("rows", [1, 2, 3, 100])
def test_lines_that_are_objects_only_together_are_rejected(tmp_path: Path, rows: int) -> None:
    right, wrong = b'{"a":[1]}', [b'{"a":[2]', b"}", b'{"a":[3]}{"a":[4]}']
    (tmp_path / "x.ndjson").write_bytes(b"\n".join([right, *wrong, b" ", right, b""]))
    source = FileSource(str(tmp_path), types={"a": "list<int64>"})
    source.schema = pa.schema([("a", pa.list_(pa.int64()))])
    found, rejected = read_all(source, rows)
    assert found == [{"a": [1]}] * 2
    assert [it.value for it in rejected] == wrong


@pytest.mark.parametrize("value", ["1", "[1]"])
def test_a_mark_of_utf_8_is_no_part_of_a_record(tmp_path: Path, value: str) -> None:
    path = tmp_path / "x.ndjson"
    path.write_text(f'{{"a":{value}}}\n{{"a"\n', encoding="utf-8-sig")
    for rows in (1, 100):
        found, rejected = read_all(FileSource(str(path)), rows)
        assert found == [{"a": json.loads(value)}]
        assert [(it.offset, it.value) for it in rejected] == [(10 + len(value), b'{"a"')]


@pytest.mark.parametrize("value", ["1", "[1]"])  # a column that is a list is decoded by pyarrow
def test_a_line_that_is_null_is_rejected(tmp_path: Path, value: str) -> None:
    (tmp_path / "x.ndjson").write_text(f'null\n{{"a":{value}}}\nnull\n{{"a":{value}}}\n')
    for rows in (1, 2, 1000):
        found, rejected = read_all(FileSource(str(tmp_path)), rows)
        assert found == [{"a": json.loads(value)}] * 2
        assert [(it.offset, it.value) for it in rejected] == [
            (0, b"null"),
            (13 + len(value) - 1, b"null"),
        ]
