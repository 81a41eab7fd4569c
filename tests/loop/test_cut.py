"""A run that is cut anywhere, any number of times, shows what an uninterrupted one shows."""

from __future__ import annotations

import errno
import random
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import kedge
from kedge.loop import Pipeline, Run
from tests.loop.disk import Cut, Disk, OnDisk
from tests.loop.rows_source import RowsSource

ROWS = 240
Shown = dict[str, list[dict[str, object]]]


def tables(partitions: int) -> list[pa.Table]:
    rng = np.random.default_rng(5)
    made = []
    for _ in range(partitions):
        seconds = np.cumsum(rng.exponential(0.5, ROWS // partitions)) - rng.choice(
            [0, 0, 0, 9], ROWS // partitions
        )
        made.append(
            pa.table(
                {
                    "ts": pa.array((seconds.clip(0) * 1e6).astype(np.int64), pa.timestamp("us")),
                    "user": rng.choice(["a", "b", "c"], len(seconds)),
                    "x": rng.normal(size=len(seconds)),
                }
            )
        )
    return made


def written(folder: Path, snapshot_rows: int, batch_rows: int, mode: str = "closed") -> Path:
    reference = kedge.profile({"x": np.random.default_rng(1).normal(3.0, size=3000)})
    (folder / "x.profile").write_bytes(reference.to_bytes())
    path = folder / "pipeline.toml"
    path.write_text(
        f"""
[pipeline]
state = "state"
snapshot_rows = {snapshot_rows}
snapshot_every = "1h"
batch_rows = {batch_rows}

[source]
kind = "rows"

[select]
columns = {{ twice = "x * 2" }}

[window]
time = "ts"
key = "user"
every = "10s"
lateness = "2s"
mode = "{mode}"
[window.aggregates]
n = {{ function = "count" }}
total = {{ function = "sum", column = "twice" }}

[monitor]
reference = "x.profile"
rows = 50

[sink]
kind = "disk"
path = "out"
"""
    )
    return path


class Bench:
    """One pipeline, one disk, and as many runs as it takes."""

    def __init__(self, pipeline: Path, partitions: int = 1) -> None:
        self.pipeline, self.tables, self.disk = pipeline, tables(partitions), Disk()
        self.log: list[str] = []

    def run(self) -> None:
        connectors = OnDisk(self.disk, RowsSource(self.tables))
        pipeline = Pipeline.read(self.pipeline, connectors)
        run = Run(pipeline, connectors.store(pipeline.state), log=self.log.append)
        while run.step():
            pass
        run.finish()
        run.close()

    def shown(self) -> Shown:
        """All rows that a reader sees, sink by sink."""
        found = {}
        for path, folder in self.disk.folders.items():
            names = [it for it in folder.names() if it.startswith("part-")]
            rows = [pa.ipc.open_file(folder.read(name)).read_all().to_pylist() for name in names]
            found[Path(path).name] = [row for part in rows for row in part]
        assert found.pop("state") == []
        return found

    def states(self) -> dict[str, bytes]:
        folder = next(it for path, it in self.disk.folders.items() if path.endswith("/state"))
        return {name: folder.read(name) for name in folder.names() if name.endswith(".snapshot")}


def uninterrupted(pipeline: Path, partitions: int = 1) -> tuple[Shown, int]:
    bench = Bench(pipeline, partitions)
    bench.run()
    shown = bench.shown()
    assert len(shown["out"]) > 10
    assert len(shown["late"]) > 5
    assert len(shown["alarms"]) > 0
    return shown, bench.disk.operations


def test_cut_at_each_operation(tmp_path: Path) -> None:
    pipeline = written(tmp_path, 60, 25)
    wanted, operations = uninterrupted(pipeline)
    assert operations > 150
    for at in range(1, operations + 1):
        bench, rng = Bench(pipeline), random.Random(at)
        bench.disk.cut_at = at
        with pytest.raises(Cut):
            bench.run()
        bench.disk.lose_power(rng)
        bench.run()
        assert bench.shown() == wanted, at


@settings(max_examples=30)
@given(st.data())
def test_cut_again_and_again(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    folder = tmp_path_factory.mktemp("cut")
    partitions = data.draw(st.integers(1, 3), "partitions")
    mode = data.draw(st.sampled_from(["closed", "update"]))
    rows, batch = data.draw(st.integers(1, 100)), data.draw(st.integers(7, 100))
    pipeline = written(folder, rows, batch, mode)
    wanted, operations = uninterrupted(pipeline, partitions)
    bench = Bench(pipeline, partitions)
    for at in data.draw(st.lists(st.integers(1, operations), max_size=12), "cuts"):
        bench.disk.cut_at = at
        try:
            bench.run()
        except Cut:
            bench.disk.lose_power(random.Random(at))
    bench.disk.cut_at = None
    bench.run()
    assert bench.shown() == wanted


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO])
def test_a_disk_that_refuses(tmp_path: Path, code: int) -> None:
    pipeline = written(tmp_path, 60, 25)
    wanted, operations = uninterrupted(pipeline)
    for at in range(1, operations + 1, 3):
        bench = Bench(pipeline)
        bench.disk.fail_at = {at: code}
        with pytest.raises(OSError, match="E"):
            bench.run()
        bench.disk.fail_at = {}
        bench.run()
        assert bench.shown() == wanted, at


@pytest.mark.parametrize("damage", ["torn", "flipped", "empty"])
def test_the_snapshot_before_a_damaged_one(tmp_path: Path, damage: str) -> None:
    pipeline = written(tmp_path, 60, 25)
    wanted, operations = uninterrupted(pipeline)
    for at in range(operations // 3, operations, 7):
        bench = Bench(pipeline)
        bench.disk.cut_at = at
        with pytest.raises(Cut):
            bench.run()
        bench.disk.lose_power(random.Random(at))
        name, content = max(bench.states().items())
        half = len(content) // 2
        flipped = content[:half] + bytes([content[half] ^ 4]) + content[half + 1 :]
        broken = {"torn": content[:half], "flipped": flipped, "empty": b""}[damage]
        state = next(it for path, it in bench.disk.folders.items() if path.endswith("/state"))
        state.write_durably(name, broken)
        bench.run()
        assert bench.shown() == wanted, at
        assert any("is left out" in line for line in bench.log)
