"""Files as a source: every row once from wherever one goes on, and what is wrong is told."""

from __future__ import annotations

import errno
import gzip
import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pyarrow as pa
import pyarrow.csv
import pyarrow.ipc
import pyarrow.parquet
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import kedge
from kedge.io import records
from kedge.io.columnar import ColumnarReader
from kedge.io.file_source import FileSource
from kedge.loop.ports import Rejected

TABLE = pa.table({"a": list(range(100)), "s": [f"v{i}" for i in range(100)]})


def write_stream(table: pa.Table, path: Path) -> None:
    with pa.ipc.new_stream(path, table.schema) as writer:
        writer.write_table(table, max_chunksize=7)


def write_file(table: pa.Table, path: Path) -> None:
    with pa.ipc.new_file(path, table.schema) as writer:
        writer.write_table(table, max_chunksize=7)


def json_text(table: pa.Table) -> str:
    return "".join(json.dumps(row) + "\n" for row in table.to_pylist())


def write_pressed(table: pa.Table, path: Path) -> None:
    with gzip.open(path, "wt") as file:
        file.write(json_text(table))


WRITE: dict[str, Callable[[pa.Table, Path], object]] = {
    "parquet": lambda table, path: pa.parquet.write_table(table, path, row_group_size=11),
    "arrow": write_file,
    "arrows": write_stream,
    "csv": lambda table, path: pa.csv.write_csv(table, path),
    "ndjson": lambda table, path: path.write_text(json_text(table)),
    "ndjson.gz": write_pressed,
}


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The rows of TABLE in three files of each format."""
    made = {}
    for ending, write in WRITE.items():
        folder = tmp_path_factory.mktemp(ending)
        for number, (start, stop) in enumerate([(0, 40), (40, 41), (41, 100)]):
            write(TABLE.slice(start, stop - start), folder / f"{number}.{ending}")
        (folder / "_SUCCESS").write_text("")
        (folder / "notes.md").write_text("no data")
        made[ending] = folder
    return made


def read_all(
    source: FileSource, rows: int = 1000
) -> tuple[list[dict[str, object]], list[Rejected]]:
    found: list[dict[str, object]] = []
    rejected: list[Rejected] = []
    while (batch := source.read(rows, 0.0)) is not None:
        rejected += batch.rejected
        if batch.rows is None and not batch.rejected:
            break  # nothing more at the moment
        found += [] if batch.rows is None else pa.table(batch.rows).to_pylist()
    source.close()
    return found, rejected


@pytest.mark.parametrize("ending", WRITE)
@settings(max_examples=15)
@given(data=st.data())
def test_goes_on_from_anywhere(folders: dict[str, Path], ending: str, data: st.DataObject) -> None:
    found: list[dict[str, object]] = []
    position = None
    for _ in range(data.draw(st.integers(0, 5), "runs")):
        reads = data.draw(st.lists(st.integers(1, 50), max_size=4), "reads")
        with closing(FileSource(str(folders[ending]))) as source:
            if position is not None:
                source.seek(position)
            for rows in reads:
                batch = source.read(rows, 0.0)
                if batch is not None:
                    assert not batch.rejected
                    found += pa.table(batch.rows).to_pylist()
            position = source.position()
    source = FileSource(str(folders[ending]))
    if position is not None:
        source.seek(position)
    assert found + read_all(source, 13)[0] == TABLE.to_pylist()
    assert source.lag() == (0, "bytes")


BAD = {"ndjson": "{nothing\n", "csv": "x,y,z\n"}


@pytest.mark.parametrize("ending", BAD)
@settings(max_examples=25)
@given(places=st.lists(st.integers(0, 100), max_size=6), rows=st.integers(1, 60))
def test_bad_records_cost_no_good_one(
    tmp_path_factory: pytest.TempPathFactory, ending: str, places: list[int], rows: int
) -> None:
    path = tmp_path_factory.mktemp("bad") / f"x.{ending}"
    WRITE[ending](TABLE, path)
    lines = path.read_text().splitlines(keepends=True)
    first = len(lines) - TABLE.num_rows
    for place in sorted(places, reverse=True):
        lines.insert(first + place, BAD[ending])
    path.write_text("".join(lines))
    types = {"a": "int64", "s": "string"}
    found, rejected = read_all(FileSource(str(path), types=types), rows)
    assert found == TABLE.to_pylist()
    text = path.read_bytes()
    assert len(rejected) == len(places)
    for it in rejected:
        assert text[it.offset :].startswith(it.value + b"\n")
        assert (it.value + b"\n").decode() == BAD[ending]
        assert it.reason


def test_a_folder_grows(tmp_path: Path) -> None:
    source = FileSource(str(tmp_path / "*.ndjson"), follow=True)
    assert source.is_endless
    assert read_all(source) == ([], [])
    second = tmp_path / "2.ndjson"
    second.write_text('{"a": 1}\n{"a": 2}\n{"a"')
    assert read_all(source)[0] == [{"a": 1}, {"a": 2}]
    assert source.lag() == (4, "bytes")
    assert read_all(source) == ([], [])
    (tmp_path / "1.ndjson").write_text('{"a": 0}\n')
    with second.open("a") as file:
        file.write(": 3}\n")
    assert read_all(source)[0] == [{"a": 0}, {"a": 3}]
    position = source.position()
    with second.open("a") as file:
        file.write('{"a": 4}\n')
    again = FileSource(str(tmp_path / "*.ndjson"), follow=True)
    again.seek(position)
    assert read_all(again)[0] == [{"a": 4}]
    second.write_text("")
    with pytest.raises(kedge.CorruptData, match="has 0 bytes, and 36 were read"):
        read_all(again)


def test_what_was_added_since_the_last_run_is_read(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("a\n1\n")
    source = FileSource(str(path))
    assert read_all(source)[0] == [{"a": 1}]
    path.write_text("a\n1\n2\n")
    again = FileSource(str(path))
    again.seek(source.position())
    assert again.lag() == (2, "bytes")
    assert read_all(again)[0] == [{"a": 2}]


def test_a_folder_that_is_made_later(tmp_path: Path) -> None:
    source = FileSource(str(tmp_path / "in"), follow=True)
    assert read_all(source) == ([], [])
    (tmp_path / "in" / "day=1").mkdir(parents=True)
    (tmp_path / "in" / "day=1" / "x.csv").write_text("a\n1\n")
    assert read_all(source)[0] == [{"a": 1}]


def test_columnar_files_are_taken_when_they_are_whole(tmp_path: Path) -> None:
    source = FileSource(str(tmp_path), follow=True, settle=60)
    pa.parquet.write_table(TABLE, tmp_path / "1.parquet")
    assert read_all(source) == ([], [])
    a_minute_ago = time.time() - 60
    os.utime(tmp_path / "1.parquet", (a_minute_ago, a_minute_ago))
    assert read_all(source)[0] == TABLE.to_pylist()
    assert read_all(source) == ([], [])


@pytest.mark.parametrize(("ending", "head"), [("ndjson", ""), ("csv", "a\n")])
def test_a_compressed_file_is_whole_without_a_last_line_break(
    tmp_path: Path, ending: str, head: str
) -> None:
    records = ['{"a": 1}', '{"a": 2}'] if ending == "ndjson" else ["1", "2"]
    with gzip.open(tmp_path / f"x.{ending}.gz", "wt") as file:
        file.write(head + "\n".join(records))
    source = FileSource(str(tmp_path), follow=True, settle=0.0)
    assert read_all(source)[0] == [{"a": 1}, {"a": 2}]


@pytest.mark.parametrize("ending", ["csv", "ndjson", "parquet"])
@pytest.mark.parametrize("looked_at", ["listed", "opened"])
def test_a_file_that_is_removed_meanwhile_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ending: str, looked_at: str
) -> None:
    for name in ("1", "2"):
        WRITE[ending](TABLE, tmp_path / f"{name}.{ending}")
    source = FileSource(str(tmp_path), follow=True, settle=0.0)
    step = {"listed": "_names", "opened": "_has_news"}[looked_at]
    before = getattr(source, step)

    def then_removed(*arguments: str) -> object:
        found = before(*arguments)
        (tmp_path / f"1.{ending}").unlink(missing_ok=True)
        return found

    monkeypatch.setattr(source, step, then_removed)
    assert read_all(source) == (TABLE.to_pylist(), [])


def test_a_folder_that_is_removed_while_it_is_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "1.csv").write_text("a\n1\n")
    source, glob, gone = FileSource(str(tmp_path), follow=True), Path.glob, [tmp_path / "day=1"]

    def removed_once(path: Path, pattern: str) -> Iterator[Path]:
        yield from glob(path, pattern)
        if gone:
            raise FileNotFoundError(errno.ENOENT, "no such folder", gone.pop())

    monkeypatch.setattr(Path, "glob", removed_once)
    assert read_all(source) == ([{"a": 1}], [])


def test_the_lag_is_told_while_files_are_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "1.csv").write_text("a\n1\n")
    source = FileSource(str(tmp_path), follow=True)
    monkeypatch.setattr(source, "_names", lambda: ["0.csv", "1.csv"])
    assert source.lag() == (4, "bytes")


def test_a_file_that_is_none_is_told_and_passed_over(tmp_path: Path) -> None:
    pa.parquet.write_table(TABLE, tmp_path / "1.parquet")
    (tmp_path / "2.parquet").write_bytes(b"nonsense")
    pa.parquet.write_table(pa.table({"a": ["text"], "s": ["x"]}), tmp_path / "3.parquet")
    pa.parquet.write_table(pa.table({"a": [1]}), tmp_path / "4.parquet")
    pa.parquet.write_table(TABLE.slice(0, 3), tmp_path / "5.parquet")
    found, rejected = read_all(FileSource(str(tmp_path)))
    assert found == TABLE.to_pylist() + TABLE.slice(0, 3).to_pylist()
    assert [Path(it.origin).name for it in rejected] == ["2.parquet", "3.parquet", "4.parquet"]
    assert 'column "a" is string, before it was int64' in rejected[1].reason
    assert 'there is no one column "s"' in rejected[2].reason


def test_a_disk_that_fails_is_no_bad_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pa.parquet.write_table(TABLE, tmp_path / "x.parquet")
    source = FileSource(str(tmp_path))
    first = source.read(30, 0.0)
    assert first is not None

    def fail(self: ColumnarReader, rows: int) -> None:
        raise OSError(errno.EIO, "the disk is broken")

    with monkeypatch.context() as broken:
        broken.setattr(ColumnarReader, "read", fail)
        with pytest.raises(OSError, match="the disk is broken"):
            source.read(30, 0.0)
    again = FileSource(str(tmp_path))
    again.seek(source.position())
    found, rejected = read_all(again)
    assert pa.table(first.rows).to_pylist() + found == TABLE.to_pylist()
    assert not rejected


def test_types_hold_for_all_runs(tmp_path: Path) -> None:
    path = tmp_path / "x.ndjson"
    path.write_text('{"a": 1}\n{"a": 2}\n{"a": "x"}\n{"a": 4, "b": 5}\n{"b": 5}\n')
    source = FileSource(str(path))
    first = source.read(2, 0.0)
    assert first is not None
    assert pa.table(first.rows).to_pylist() == [{"a": 1}, {"a": 2}]
    again = FileSource(str(path))
    again.seek(source.position())
    source.close()
    found, rejected = read_all(again)
    assert found == [{"a": 4}, {"a": None}]
    assert [it.value for it in rejected] == [b'{"a": "x"}']


@pytest.mark.parametrize("rows", [1, 3, 100])
def test_an_empty_text_of_csv_is_none_unless_quoted(tmp_path: Path, rows: int) -> None:
    table = pa.table({"a": [1.5, None, 3.0], "s": ["", None, "NA"], "t": ["x", "y", None]})
    pa.csv.write_csv(table, tmp_path / "x.csv")
    found, rejected = read_all(FileSource(str(tmp_path), types={"s": "utf8"}), rows)
    assert found == table.to_pylist()
    assert not rejected


@pytest.mark.parametrize(
    "content", [b"a\r1\r2\r", b"a," + b"b" * 140_000 + b"\n1,2\n", b"PAR1\r\0\1\n"]
)
def test_a_header_that_is_none_costs_its_file_alone(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.csv").write_bytes(content)
    (tmp_path / "b.csv").write_text("a\n1\n")
    found, rejected = read_all(FileSource(str(tmp_path)))
    assert found == [{"a": 1}]
    assert [it.origin for it in rejected] == [str(tmp_path / "a.csv")]
    assert "the header is no line of CSV" in rejected[0].reason


def test_no_memory_for_a_record_without_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(records, "_LONGEST_RECORD", 5000)
    monkeypatch.setattr(records, "_FILL_BYTES", 1000)
    path = tmp_path / "x.ndjson"
    path.write_text('{"a": 1}\n' + "x" * 20_000 + '\n{"a": 2}\n' + "y" * 9000)
    found, rejected = read_all(FileSource(str(path)))
    assert found == [{"a": 1}, {"a": 2}]
    assert [it.offset for it in rejected] == [9, 20_019]
    assert "a record of 20001 bytes" in rejected[0].reason


def test_what_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(kedge.InvalidArgument, match="there is no such file"):
        FileSource(str(tmp_path / "none.csv"))
    (tmp_path / "notes.md").touch()
    with pytest.raises(kedge.InvalidArgument, match="there is no data file in this folder"):
        FileSource(str(tmp_path))


@pytest.mark.parametrize(
    ("path", "file", "takes"),
    [
        ("in", "in/part-1.parquet", True),
        ("in", "in/deep/part-1.parquet", True),
        ("in", "in/_deep/part-1.parquet", False),
        ("in", "in/part-1.txt", False),
        ("in", "out/part-1.parquet", False),
        ("later", "later/part-1.parquet", True),
        ("in/*.csv", "in/part-1.csv", True),
        ("in/*.csv", "in/part-1.parquet", False),
        ("in/*.csv", "in/deep/part-1.csv", False),
        ("in/**/*.csv", "in/deep/part-1.csv", True),
        ("in/**/*.csv", "in/part-1.csv", True),
        ("in/a.csv", "in/part-1.csv", False),
    ],
)
def test_a_file_that_would_be_read_is_known_before_it_is_there(
    tmp_path: Path, path: str, file: str, takes: bool
) -> None:
    (tmp_path / "in/deep").mkdir(parents=True)
    source = FileSource(str(tmp_path / path), follow=True)
    assert source.takes(str(tmp_path / file)) == takes


def test_who_waits_for_a_file_says_so_once(tmp_path: Path) -> None:
    said: list[str] = []
    for path in (tmp_path / "later", tmp_path):
        source = FileSource(str(path), follow=True)
        source.log = said.append
        for _ in range(2):
            assert read_all(source) == ([], [])
    assert said == [
        f'"{tmp_path}/later": there is no such file yet',
        f'"{tmp_path}": there is no data file in this folder yet',
    ]
