"""Sinks that say how far they came: a run begins where all of them fit, or it drops nothing."""

from __future__ import annotations

import random
from pathlib import Path

import pyarrow as pa
import pytest

import kedge
from kedge.io.connectors import BuiltIn
from kedge.loop import Pipeline, Run
from kedge.loop.ports import Options, Sink
from tests.loop.disk import Cut, Disk, OnDisk
from tests.loop.one_pipeline import tables, written
from tests.loop.rows_source import RowsSource

Held = dict[int, list[dict[str, object]]]


class Ledger(Sink):
    """Rows by epoch, in what outlives the process; a place to cut before and after a commit."""

    keeps = "the ledger"

    def __init__(self, disk: Disk, held: Held, can_go_back: bool) -> None:
        self.can_go_back = can_go_back
        self._disk, self._held, self._rows = disk, held, list[dict[str, object]]()

    def committed(self) -> int:
        return max(self._held, default=0)

    def begin(self, epoch: int) -> None:
        self._rows = []
        for later in [it for it in self._held if it >= epoch and self.can_go_back]:
            del self._held[later]

    def write(self, rows: object) -> None:
        self._rows += pa.table(rows).to_pylist()

    def publish(self, epoch: int, note: str) -> None:
        self._disk.operate()
        if epoch > self.committed():
            self._held[epoch], self._rows = self._rows, []
        self._disk.operate()


class TwoLedgers(OnDisk):
    """The main sink cannot go back, as a transaction of Kafka; that of alarms can."""

    def __init__(self) -> None:
        self.disk = Disk()
        super().__init__(self.disk, RowsSource(tables(1)))
        self.main: Held = {}
        self.alarms: Held = {}

    def sink(self, kind: str, options: Options) -> Sink:
        other = super().sink(kind, options)
        made = {"disk": Ledger(self.disk, self.main, False)}
        made["ndjson"] = Ledger(self.disk, self.alarms, True)
        return made.get(kind, other)

    def run(self, pipeline: Path) -> None:
        self._source = RowsSource(tables(1))
        made = Pipeline.read(pipeline, self)
        running = Run(made, self.store(made.state))
        while running.step():
            pass
        running.finish()

    def shown(self) -> list[list[object]]:
        late = next(it for path, it in self.disk.folders.items() if path.endswith("/late"))
        rows = [
            [row for epoch in sorted(it) for row in it[epoch]] for it in (self.main, self.alarms)
        ]
        files = [pa.ipc.open_file(late.read(it)).read_all().to_pylist() for it in late.names()]
        return [*rows, [row for it in files for row in it]]

    def damage_newest(self) -> None:
        state = next(it for path, it in self.disk.folders.items() if path.endswith("/state"))
        name = max(it for it in state.names() if it.endswith(".snapshot"))
        state.write_durably(name, state.read(name)[:100])


def test_each_row_once_though_epochs_are_cut_elsewhere(tmp_path: Path) -> None:
    pipeline, whole = written(tmp_path, 60, 25), TwoLedgers()
    whole.run(pipeline)
    assert min(map(len, whole.shown())) > 0
    for at in range(1, whole.disk.operations + 1):
        bench = TwoLedgers()
        bench.disk.cut_at = at
        with pytest.raises(Cut):
            bench.run(written(tmp_path, 60, 25))
        bench.disk.lose_power(random.Random(at))
        bench.run(written(tmp_path, 85, 20))  # as a clock would cut them
        assert bench.shown() == whole.shown(), at


@pytest.mark.parametrize("forgetful", ["main", "alarms"])
def test_a_sink_that_has_forgotten_drops_nothing(tmp_path: Path, forgetful: str) -> None:
    pipeline, bench = written(tmp_path, 60, 25), TwoLedgers()
    bench.run(pipeline)
    epochs = max(bench.main)
    assert epochs > 3
    getattr(bench, forgetful).clear()
    before = bench.shown()
    name = {"main": "sink"}.get(forgetful, forgetful)
    listed = f"{epochs - 2}, {epochs - 1}, {epochs}"
    with pytest.raises(kedge.CorruptData) as refused:
        bench.run(pipeline)
    assert f"[{name}] has epoch 0, and snapshots are of {listed}. " in str(refused.value)
    assert f"set the number of [{name}] (the ledger)" in str(refused.value)
    assert bench.shown() == before


def test_a_sink_that_is_ahead_and_cannot_go_back_drops_nothing(tmp_path: Path) -> None:
    pipeline, bench = written(tmp_path, 60, 25), TwoLedgers()
    bench.run(pipeline)
    bench.damage_newest()
    before, epochs = bench.shown(), max(bench.main)
    fits = f"has epoch {epochs}, and the newest snapshot that fits is of {epochs - 1}, to which"
    with pytest.raises(kedge.CorruptData, match=fits):
        bench.run(pipeline)
    assert bench.shown() == before


def test_before_the_first_epoch_is_whole_a_run_begins_at_the_start(tmp_path: Path) -> None:
    pipeline, whole = written(tmp_path, 60, 25), TwoLedgers()
    whole.run(pipeline)
    bench = TwoLedgers()
    made = Pipeline.read(pipeline, bench)
    Run(made, bench.store(made.state)).step()
    assert bench.main == {}
    bench.run(pipeline)
    assert bench.shown() == whole.shown()


TWO = """
[pipeline]
state = "state"
[source]
kind = "tests.loop.rows_source:RowsSource.of"
rows = 1
[sink]
kind = "{kind}"
{first}
[alarms]
kind = "{kind}"
{second}
"""
OTHER = (
    '16: alarms.transaction = "u": "u" at "one:9092": a pipeline has one transaction, '
    'and another sink names "t" at "one:9092"'
)
KAFKA = 'servers = "one:9092"\ntopic = "{0}"\ntransaction = "{1}"'
DUCKDB = 'path = "x.duckdb"\ntable = "{0}"'


@pytest.mark.parametrize(
    ("kind", "first", "second", "said"),
    [
        ("kafka", KAFKA.format("a", "t"), KAFKA.format("b", "t"), ""),
        (
            "kafka",
            KAFKA.format("a", "t"),
            KAFKA.format("b", "u"),
            OTHER,
        ),
        ("duckdb", DUCKDB.format("a"), DUCKDB.format("b"), ""),
        (
            "duckdb",
            DUCKDB.format("a"),
            DUCKDB.format("A"),
            '13: alarms.path = "x.duckdb": [sink] writes the same files: sink.path, line 9',
        ),
    ],
)
def test_two_that_would_disturb_each_other_are_refused(
    tmp_path: Path, kind: str, first: str, second: str, said: str
) -> None:
    path = tmp_path / "p.toml"
    path.write_text(TWO.format(kind=kind, first=first, second=second))
    if not said:
        Pipeline.read(path, BuiltIn())
        return
    with pytest.raises(kedge.InvalidArgument) as refused:
        Pipeline.read(path, BuiltIn())
    assert str(refused.value) == f"{path}:{said}"
