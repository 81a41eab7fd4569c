"""Every format gives the rows that were written, as often as wanted; what is wrong has a name."""

from __future__ import annotations

import contextlib
import gzip
import io
import itertools
import os
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.feather
import pyarrow.ipc
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

import kedge
from kedge.io import ColumnConflict, open_table
from kedge.io.json_objects import Objects

ROWS = 70_000  # more than one batch


def rows_table(rows: int = ROWS) -> pa.Table:
    rng = np.random.default_rng(5)
    return pa.table(
        {
            "amount": pa.array(rng.lognormal(3, 1, rows), mask=rng.random(rows) < 0.1),
            "items": rng.poisson(2, rows),
            "at": pa.array(np.arange(rows) * 60, pa.timestamp("s")),
            "city": pa.array(np.array(["Riga", "Turku", "Gdynia"])[rng.integers(0, 3, rows)]),
        }
    )


def write_ipc(path: Path, table: pa.Table, **options: object) -> None:
    with pa.ipc.new_file(path, table.schema, options=pa.ipc.IpcWriteOptions(**options)) as writer:
        writer.write_table(table)


def write_stream(path: Path, table: pa.Table) -> None:
    with pa.ipc.new_stream(path, table.schema) as writer:
        writer.write_table(table, max_chunksize=9999)


def write_gzip(path: Path, table: pa.Table) -> None:
    with gzip.open(path, "wb") as file:
        pa.csv.write_csv(table, file)


def write_json(path: Path, table: pa.Table) -> None:
    with path.open("w") as file:
        for row in table.set_column(2, "at", table["at"].cast("string")).to_pylist():
            file.write(
                str({k: v for k, v in row.items() if v is not None}).replace("'", '"') + "\n"
            )


WRITERS: dict[str, Callable[[Path, pa.Table], None]] = {
    "a.parquet": lambda path, table: pq.write_table(table, path, row_group_size=30_000),
    "whole.pq": lambda path, table: pq.write_table(table, path, compression="none"),
    "a.arrow": write_ipc,
    "lz4.arrow": lambda path, table: write_ipc(path, table, compression="lz4"),
    "a.feather": lambda path, table: pa.feather.write_feather(table, path),
    "a.arrows": write_stream,
    "stream.arrow": write_stream,
    "a.csv": lambda path, table: pa.csv.write_csv(table, path),
    "A.CSV.GZ": write_gzip,
    "a.tsv": lambda path, table: pa.csv.write_csv(table, path, pa.csv.WriteOptions(delimiter="\t")),
    "a.jsonl": write_json,
}


@pytest.mark.parametrize("name", WRITERS)
def test_every_format_gives_the_profile_of_the_table_in_memory(name: str, tmp_path: Path) -> None:
    table = rows_table()
    WRITERS[name](tmp_path / name, table)
    opened = open_table(tmp_path / name)
    assert opened.schema.names == opened.column_names == table.schema.names
    assert opened.row_count in (None, ROWS)
    made = kedge.profile(opened)
    reference = kedge.profile(table.cast(opened.schema))  # Parquet has no seconds
    assert made.to_bytes() == reference.to_bytes()
    assert opened.share == 1.0
    counted = reference.like()
    for batch in opened.to_batches():  # a third time
        assert batch.num_rows <= 65536
        counted.update(batch)
    assert counted.to_bytes() == reference.to_bytes()


@pytest.mark.parametrize("name", WRITERS)
def test_only_the_wanted_columns_are_read(name: str, tmp_path: Path) -> None:
    WRITERS[name](tmp_path / name, rows_table(100))
    opened = open_table(tmp_path / name, columns=["city", "amount"])
    assert opened.schema.names == ["amount", "city"]
    assert [batch.schema.names for batch in opened.to_batches()] == [["amount", "city"]]
    with pytest.raises(
        kedge.InvalidArgument, match='no column "town"; the columns are "amount", "items", "at", "c'
    ):
        open_table(tmp_path / name, columns=["town"])


@pytest.mark.parametrize("name", [name for name in WRITERS if "json" not in name])
def test_a_file_without_rows_gives_one_batch_without_rows(name: str, tmp_path: Path) -> None:
    WRITERS[name](tmp_path / name, rows_table(0))
    opened = open_table(tmp_path / name)
    assert [batch.num_rows for batch in opened.to_batches()] == [0]
    assert kedge.profile(opened).row_count == 0


@pytest.mark.parametrize("format", ["parquet", "arrow"])
def test_the_beginning_of_a_file_tells_its_format(format: str, tmp_path: Path) -> None:
    WRITERS[f"a.{format}"](tmp_path / "part-0000", rows_table(10))
    assert [batch.num_rows for batch in open_table(tmp_path / "part-0000").to_batches()] == [10]


def test_a_format_that_is_given_is_taken(tmp_path: Path) -> None:
    (tmp_path / "data.txt").write_text("a,b\n1,x\n")
    assert open_table(tmp_path / "data.txt", format="csv").column_names == ["a", "b"]
    with pytest.raises(kedge.InvalidArgument, match='"xls" is none of parquet, arrow, csv, json'):
        open_table(tmp_path / "data.txt", format="xls")


def test_a_folder_is_one_table(tmp_path: Path) -> None:
    table = rows_table().drop_columns("at")
    (tmp_path / "year=2024").mkdir()
    pq.write_table(table[:100], tmp_path / "b.parquet")
    pq.write_table(table[100:].select(["city", "items", "amount"]), tmp_path / "c.parquet")
    pq.write_table(table[:50], tmp_path / "year=2024" / "a.parquet")
    (tmp_path / "_SUCCESS").touch()
    (tmp_path / ".b.parquet.crc").write_text("x")
    (tmp_path / "_metadata.parquet").write_text("x")
    opened = open_table(tmp_path)
    assert opened.row_count == ROWS + 50
    expected = kedge.profile(table).like()
    expected.update(table)
    expected.update(table[:50])
    counted = expected.like()
    for batch in opened.to_batches():
        counted.update(batch)
    assert counted == expected


def test_parts_that_differ_are_named(tmp_path: Path) -> None:
    pq.write_table(pa.table({"a": [1, 2], "b": ["x", "y"]}), tmp_path / "1.parquet")
    pq.write_table(pa.table({"a": [1.5], "b": ["x"], "c": [1]}), tmp_path / "2.parquet")
    with pytest.raises(
        kedge.InvalidArgument, match=r'2.parquet": column "a" is double, but int64 in .*1.parquet"'
    ):
        open_table(tmp_path)
    assert open_table(tmp_path, columns=["b"]).row_count == 3
    (tmp_path / "2.parquet").unlink()
    pq.write_table(pa.table({"b": ["x"]}), tmp_path / "3.parquet")
    with pytest.raises(kedge.InvalidArgument, match=r'3.parquet": no column "a", which is in '):
        open_table(tmp_path)
    (tmp_path / "4.csv").write_text("a,b\n")
    with pytest.raises(kedge.InvalidArgument, match=r'"1.parquet" is parquet and "4.csv" csv'):
        open_table(tmp_path)


@pytest.mark.parametrize("name", ["a.csv", "a.csv.gz"])
def test_an_empty_text_of_csv_is_none_unless_quoted(tmp_path: Path, name: str) -> None:
    rows = ['0,x,""', *(f"{i},y,2.5" for i in range(200_000)), '1,"",""', "2,,", "3,NA,NA"]
    text = "\n".join(["i,s,x", *rows]) + "\n"
    (tmp_path / name).write_bytes(gzip.compress(text.encode()) if "gz" in name else text.encode())
    batches = list(open_table(tmp_path / name).to_batches())
    assert len(batches) > 1
    rows_read = pa.Table.from_batches(batches).to_pylist()
    assert rows_read[0] == {"i": 0, "s": "x", "x": None}
    assert rows_read[1] == {"i": 0, "s": "y", "x": 2.5}
    assert [row["s"] for row in rows_read[-3:]] == ["", None, "NA"]
    assert [row["x"] for row in rows_read[-3:]] == [None] * 3


def test_csv_parts_have_the_first_ones_types(tmp_path: Path) -> None:
    (tmp_path / "1.csv").write_text("a,b\n1.5,x\n")
    (tmp_path / "2.csv").write_text("b,a\n7,2\n")
    batches = list(open_table(tmp_path).to_batches())
    assert [batch["a"].to_pylist() for batch in batches] == [[1.5], [2.0]]
    assert [batch["b"].to_pylist() for batch in batches] == [["x"], ["7"]]


@pytest.mark.parametrize(("value", "wider"), [("1.5", "float64"), ("n/q", "string")])
def test_a_csv_value_of_another_type_is_named_with_its_line(
    value: str, wider: str, tmp_path: Path
) -> None:
    lines = [f"x,{i}" for i in range(300_000)]
    lines[250_000] = f"x,{value}"
    (tmp_path / "a.csv").write_text("\n".join(["name,n", *lines]) + "\n")
    opened = open_table(tmp_path / "a.csv")
    with pytest.raises(
        ColumnConflict, match=rf'a.csv": column "n", line 250002: "{value}" is no int64'
    ) as caught:
        list(opened.to_batches())
    assert (caught.value.column, caught.value.wider) == ("n", wider)
    again = opened.with_types({"n": wider})
    assert sum(batch.num_rows for batch in again.to_batches()) == 300_000
    assert open_table(tmp_path / "a.csv", types={"n": wider}).schema == again.schema
    with pytest.raises(kedge.InvalidArgument, match='column "n": "money" is no type'):
        opened.with_types({"n": "money"})


def test_a_csv_column_that_begins_empty_takes_numbers(tmp_path: Path) -> None:
    lines = [f"{i},{'' if i < 200_000 else i}" for i in range(210_000)]
    (tmp_path / "a.csv").write_text("\n".join(["i,late", *lines]))
    made = kedge.profile(open_table(tmp_path / "a.csv"))
    assert made.histogram("late").null_count == 200_000


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (b'null\n{"a":1}\n', 1),
        (b'\xef\xbb\xbf\n \tnull {"a":1}\n', 2),
        (b'{"a":null}\n{"b":"\\nnull"}\nnull', 3),
        (b'{"a":1}\n' * 200_000 + b"null\n", 200_001),
    ],
)
def test_a_line_that_is_null_is_named(tmp_path: Path, text: bytes, line: int) -> None:
    (tmp_path / "a.jsonl").write_bytes(text)
    with pytest.raises(kedge.CorruptData, match=rf'a.jsonl": line {line}: null'):
        list(open_table(tmp_path / "a.jsonl").to_batches())


@given(
    st.lists(st.sampled_from([b"null", b'{"a":1}', b'{"a":null}', b"", b" "])), st.integers(1, 9)
)
def test_a_null_is_found_however_the_text_is_cut(lines: list[bytes], size: int) -> None:
    text = b"\n".join(lines)
    objects = Objects(io.BytesIO(text), Path("x"))
    if b"null" in lines:
        with pytest.raises(kedge.CorruptData, match=rf": line {lines.index(b'null') + 1}: "):
            list(iter(lambda: objects.read(size), b""))
    else:
        assert b"".join(iter(lambda: objects.read(size), b"")) == text


def test_children_of_structs_are_columns(tmp_path: Path) -> None:
    table = pa.table({"s": [{"x": 1.5, "y": "a"}, {"x": 2.5, "y": "b"}], "z": [1, 2]})
    for name in ("a.parquet", "a.arrow"):
        WRITERS[name](tmp_path / name, table)
        assert open_table(tmp_path / name).column_names == ["s.x", "s.y", "z"]
        opened = open_table(tmp_path / name, columns=["s.x"])
        assert kedge.profile(opened, columns=["s.x"]) == kedge.profile(table, columns=["s.x"])


def test_a_column_twice_can_be_avoided(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("a,b,a\n1,2,3\n")
    write_ipc(
        tmp_path / "a.arrow", pa.Table.from_arrays([pa.array([1])] * 3, names=["a", "b", "a"])
    )
    for name in ("a.csv", "a.arrow"):
        assert open_table(tmp_path / name, columns=["b"]).column_names == ["b"]
        with pytest.raises(kedge.InvalidArgument, match='there are 2 columns "a"'):
            open_table(tmp_path / name, columns=["a"])


@pytest.mark.parametrize(
    ("name", "content", "error", "reason"),
    [
        ("a.csv", b"", kedge.CorruptData, "Empty CSV file"),
        ("a.csv", b"a,b\n1,2\n1\n", kedge.CorruptData, "Expected 2 columns"),
        ("a.csv.gz", b"a,b\n1,2\n", kedge.CorruptData, "incorrect header"),
        ("a.parquet", b"", kedge.CorruptData, "0 bytes"),
        ("a.parquet", b"PAR1" + bytes(64) + b"PAR1", kedge.CorruptData, ""),
        ("a.arrow", b"ARROW1\0\0" + bytes(64), kedge.CorruptData, ""),
        ("a.arrow", b"", kedge.CorruptData, ""),
        ("a.feather", b"FEA1" + bytes(64), kedge.Unsupported, "Feather version 1"),
        ("a.jsonl", b'{"a": 1\n', kedge.CorruptData, "JSON parse error"),
        ("a.xls", b"something", kedge.Unsupported, "the format is unknown"),
        ("ref", b"KDGE" + bytes(64), kedge.InvalidArgument, "this is a profile"),
    ],
)
def test_a_bad_file_is_named_with_the_reason(
    name: str, content: bytes, error: type[Exception], reason: str, tmp_path: Path
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(error, match=f'{name}": .*{reason}'):
        list(open_table(tmp_path / name).to_batches())


def test_what_is_cut_short_is_corrupt(tmp_path: Path) -> None:
    for name in ("a.parquet", "a.arrow", "a.arrows", "A.CSV.GZ"):
        WRITERS[name](tmp_path / name, rows_table(5000))
        whole = (tmp_path / name).read_bytes()
        (tmp_path / name).write_bytes(whole[: len(whole) // 2])
        with pytest.raises(kedge.CorruptData, match=name):
            list(open_table(tmp_path / name).to_batches())


def test_what_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(kedge.InvalidArgument, match=r'no.csv": there is no such file'):
        open_table(tmp_path / "no.csv")
    with pytest.raises(kedge.InvalidArgument, match=r"no data file is in this folder \(.parquet, "):
        open_table(tmp_path)
    os.mkfifo(tmp_path / "pipe.csv")
    with pytest.raises(kedge.InvalidArgument, match=r'pipe.csv": is no file'):
        open_table(tmp_path / "pipe.csv")
    with pytest.raises(kedge.InvalidArgument, match="pass a list of names"):
        open_table(tmp_path, columns="a")


def test_without_pyarrow_the_error_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(kedge.Unsupported, match=r"pip install kedge\[arrow\]"):
        open_table(tmp_path / "a.parquet")


def test_a_big_batch_comes_in_pieces(tmp_path: Path) -> None:
    write_ipc(tmp_path / "a.arrow", pa.table({"a": np.arange(200_000)}))
    batches = open_table(tmp_path / "a.arrow").to_batches()
    assert [batch["a"][0].as_py() for batch in batches] == list(range(0, 200_000, 65536))


@pytest.mark.parametrize("name", ["a.parquet", "a.arrow"])
def test_long_rows_come_in_fewer_at_a_time(name: str, tmp_path: Path) -> None:
    texts = [np.random.default_rng(i).bytes(20_000).hex() for i in range(1200)]
    WRITERS[name](tmp_path / name, pa.table({"text": texts, "i": range(1200)}))
    sizes = [batch.nbytes for batch in open_table(tmp_path / name).to_batches()]
    assert sum(sizes) > 1200 * 40_000
    assert max(sizes) < 1 << 25
    assert len(list(open_table(tmp_path / name, columns=["i"]).to_batches())) == 1


def test_the_share_rises(tmp_path: Path) -> None:
    for name, write in WRITERS.items():
        folder = tmp_path / name
        folder.mkdir()
        for i in range(3):
            write(folder / f"{i}{name}", rows_table(3000))
        opened = open_table(folder)
        shares = [opened.share for _ in opened.to_batches()]
        assert all(low < high for low, high in itertools.pairwise(shares))
        assert 0 < shares[0] <= 0.5 < shares[-1] <= 1


@pytest.mark.parametrize("write", [write_ipc, write_stream])
def test_a_bit_that_flipped_in_an_arrow_file_is_no_crash(
    tmp_path: Path, write: Callable[[Path, pa.Table], None]
) -> None:
    names = pa.array(["Riga", "Turku", None, "Gdynia", "Oslo"] * 10)
    table = pa.table({"city": names, "kind": names.dictionary_encode(), "n": np.arange(50.0)})
    write(tmp_path / "whole.arrow", table)
    data = (tmp_path / "whole.arrow").read_bytes()
    path = tmp_path / "damaged.arrow"
    chance = np.random.default_rng(1)
    for at in chance.integers(0, len(data) * 8, 300):
        damaged = bytearray(data)
        damaged[at // 8] ^= 1 << (at % 8)
        path.write_bytes(damaged)
        with contextlib.suppress(kedge.KedgeError):
            for batch in open_table(path).to_batches():
                kedge.profile(batch)
