"""One pipeline on a disk that can be cut, and what it shows."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa

import kedge
from kedge.loop import Pipeline, Run
from tests.loop.disk import Disk, OnDisk
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
        try:
            while run.step():
                pass
            run.finish()
        except OSError:
            run.close()
            raise
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
