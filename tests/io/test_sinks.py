"""Sinks that are no files: called, and upserted into a table."""

from __future__ import annotations

import random
from contextlib import closing
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

import kedge
from kedge.io.call_sink import CallSink
from kedge.io.duckdb_sink import DuckdbSink
from kedge.loop import Pipeline, Run
from kedge.loop.ports import Options, Sink
from tests.loop.disk import Cut, Disk, OnDisk
from tests.loop.one_pipeline import tables, written
from tests.loop.rows_source import RowsSource


class IntoDuckdb(OnDisk):
    """The main sink is a database; it is told to stop at one of its calls."""

    def __init__(self, disk: Disk, path: Path) -> None:
        super().__init__(disk, RowsSource(tables(1)))
        self._path, self._cut_disk = path, disk

    def sink(self, kind: str, options: Options) -> Sink:
        other = super().sink(kind, options)
        return _Cutting(self._path, self._cut_disk) if kind == "disk" else other


class _Cutting(DuckdbSink):
    """A cut before and after what is committed."""

    def __init__(self, path: Path, disk: Disk) -> None:
        super().__init__(str(path), "out", ["window_id"])
        self._disk = disk

    def publish(self, epoch: int, note: str) -> None:
        self._disk.operate()
        super().publish(epoch, note)
        self._disk.operate()


def run(pipeline: Path, disk: Disk, database: Path) -> None:
    connectors = IntoDuckdb(disk, database)
    made = Pipeline.read(pipeline, connectors)
    try:
        running = Run(made, connectors.store(made.state))
        while running.step():
            pass
        running.finish()
    finally:
        made.sinks["sink"].close()


def held(database: Path) -> list[tuple[object, ...]]:
    with duckdb.connect(str(database)) as opened:
        return opened.execute("FROM out ORDER BY ALL").fetchall()


@pytest.mark.parametrize("mode", ["closed", "update"])
def test_a_table_holds_each_window_once_whatever_dies(tmp_path: Path, mode: str) -> None:
    pipeline = written(tmp_path, 80, 40, mode)
    disk = Disk()
    run(pipeline, disk, tmp_path / "whole.duckdb")
    wanted = held(tmp_path / "whole.duckdb")
    ids = [row[-1] if mode == "closed" else row[5] for row in wanted]
    assert len(set(ids)) == len(ids) > 10
    rng = random.Random(2)
    for number, at in enumerate(rng.sample(range(1, disk.operations), 5)):
        cut, database = Disk(), tmp_path / f"{number}.duckdb"
        cut.cut_at = at
        with pytest.raises(Cut):
            run(pipeline, cut, database)
        cut.lose_power(rng)
        run(pipeline, cut, database)
        assert held(database) == wanted, at


def test_a_database_that_is_ahead_of_its_snapshots(tmp_path: Path) -> None:
    pipeline, disk, database = written(tmp_path, 80, 40), Disk(), tmp_path / "x.duckdb"
    run(pipeline, disk, database)
    wanted = held(database)
    state = next(folder for path, folder in disk.folders.items() if path.endswith("/state"))
    name = max(it for it in state.names() if it.endswith(".snapshot"))
    state.write_durably(name, state.read(name)[:100])
    with duckdb.connect(str(database)) as opened:
        opened.execute("DELETE FROM out WHERE window_end > TIMESTAMP '1970-01-01 00:01:50'")
    run(pipeline, disk, database)
    assert held(database) == wanted


def test_a_database_without_its_snapshots_is_refused(tmp_path: Path) -> None:
    pipeline = written(tmp_path, 80, 40)
    run(pipeline, Disk(), tmp_path / "x.duckdb")
    with pytest.raises(kedge.CorruptData, match="there is no snapshot to go on from"):
        run(pipeline, Disk(), tmp_path / "x.duckdb")


def test_going_back_is_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, connect = str(tmp_path / "x.duckdb"), duckdb.connect
    with closing(DuckdbSink(path, "t", ["id"])) as sink:
        sink.publish(5, "")
    with monkeypatch.context() as dying:
        dying.setattr(duckdb, "connect", lambda path: _Dying(connect(path)))
        with closing(DuckdbSink(path, "t", ["id"])) as sink, pytest.raises(Cut):
            sink.begin(5)
    with closing(DuckdbSink(path, "t", ["id"])) as sink:
        assert sink.committed() == 5
        sink.begin(5)
        assert sink.committed() == 4


class _Dying:
    """A connection that is cut between the two statements that set a number."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection

    def __getattr__(self, name: str) -> object:
        return getattr(self._connection, name)

    def execute(self, statement: str, *arguments: object) -> object:
        if statement.startswith("INSERT"):
            raise Cut
        return self._connection.execute(statement, *arguments)


def test_a_retracted_row_is_gone(tmp_path: Path) -> None:
    sink = DuckdbSink(str(tmp_path / "x.duckdb"), "t", ["id"])
    sink.write(pa.table({"id": [1, 2, 1], "v": [1, 2, 3], "window_update": ["early"] * 3}))
    sink.publish(1, "")
    sink.begin(2)
    sink.write(pa.table({"id": [2], "v": [2], "window_update": ["retracted"]}))
    sink.publish(2, "")
    sink.publish(2, "")
    sink.close()
    with duckdb.connect(str(tmp_path / "x.duckdb")) as opened:
        assert opened.execute("SELECT id, v FROM t").fetchall() == [(1, 3)]


def test_an_id_that_is_no_column(tmp_path: Path) -> None:
    sink = DuckdbSink(str(tmp_path / "x.duckdb"), "t", ["id"])
    sink.write(pa.table({"v": [1]}))
    with pytest.raises(kedge.InvalidArgument, match='no column "id"'):
        sink.publish(1, "")
    sink.close()


def test_a_function_is_called_with_the_epoch() -> None:
    calls: list[tuple[int, int]] = []
    sink = CallSink(lambda rows, epoch: calls.append((pa.table(rows).num_rows, epoch)))
    sink.begin(3)
    sink.write(pa.table({"x": [1, 2]}))
    sink.publish(3, sink.prepare(3))
    assert calls == [(2, 3)]
