"""Pipelines that are killed and started again until they end; also for the benchmark."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pyarrow as pa
import pyarrow.parquet

ROOT = Path(__file__).parents[2]
PIPELINE = """
[pipeline]
state = "{out}/state"
snapshot_rows = {snapshot_rows}
batch_rows = {batch_rows}

[source]
kind = "files"
path = "in"
[source.columns]
ts = "timestamp[us]"

[window]
time = "ts"
key = "user"
every = "10s"
lateness = "2s"
[window.aggregates]
n = {{ function = "count" }}
total = {{ function = "sum", column = "x" }}

[sink]
kind = "parquet"
path = "{out}/out"
"""


_SHARE = 0.6
"""Of a whole run's time, within which one is killed: the more kills for each that comes to its end,
and what one has published the next need not do."""


@contextmanager
def fast_folder() -> Iterator[Path]:
    """In memory where there is such a place: SIGKILL forgets nothing that was written."""
    memory = Path("/dev/shm")
    with TemporaryDirectory(dir=memory if memory.is_dir() else None) as folder:
        yield Path(folder)


def make_input(folder: Path, rows: int, files: int) -> None:
    """Lines of JSON, some late and some broken."""
    rng = np.random.default_rng(3)
    (folder / "in").mkdir()
    start = np.datetime64("2024-01-01T00:00:00", "us")
    seconds = np.cumsum(rng.exponential(0.1, rows))
    late = rng.choice([0.0, 0.0, 0.0, 4.0], rows)
    times = start + (np.maximum(0, seconds - late) * 1e6).astype(np.int64)
    users, values = rng.choice(["a", "b", "c"], rows), rng.normal(size=rows)
    lines = [
        "{broken" if place % 97 == 5 else f'{{"ts":"{at}","user":"{user}","x":{x:.3f}}}'
        for place, (at, user, x) in enumerate(zip(times, users, values, strict=True))
    ]
    for number, part in enumerate(np.array_split(np.arange(rows), files)):
        text = "".join(lines[row] + "\n" for row in part)
        (folder / "in" / f"{number:03}.ndjson").write_text(text)


def make_pipeline(folder: Path, out: str, snapshot_rows: int, batch_rows: int) -> Path:
    path = folder / f"{out}.toml"
    path.write_text(PIPELINE.format(out=out, snapshot_rows=snapshot_rows, batch_rows=batch_rows))
    return path


class Zygote:
    """`tests.loop.zygote` in a process of its own."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def run(self, pipeline: Path, milliseconds: float | None) -> int:
        """The exit code; -9 when it was killed first."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps([["run", str(pipeline)], milliseconds]) + "\n")
        self._process.stdin.flush()
        return int(json.loads(self._process.stdout.readline()))


@contextmanager
def zygote() -> Iterator[Zygote]:
    command = [sys.executable, "-m", "tests.loop.zygote"]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, text=True) as process:
        yield Zygote(process)
        assert process.stdin is not None
        process.stdin.close()


def shown(folder: Path) -> dict[str, list[dict[str, object]]]:
    """All rows that a reader sees, sink by sink, in the order of the files."""
    found = {}
    for name in ("out", "state/late", "state/rejected"):
        parts = sorted((folder / name).glob("part-*.parquet"))
        tables = [pa.parquet.ParquetFile(part).read() for part in parts]
        found[name] = pa.concat_tables(tables).to_pylist()
    return found


@dataclass(frozen=True)
class Killed:
    """Pipelines that are to be killed.

    Attributes:
        make: one with a name, a snapshot after so many rows, and batches of so many.
        shown: all that readers of the one with the name see.
    """

    make: Callable[[str, int, int], Path]
    shown: Callable[[str], object]


@contextmanager
def over_files(rows: int, files: int) -> Iterator[Killed]:
    """From lines into files."""
    with fast_folder() as folder:
        make_input(folder, rows, files)
        yield Killed(partial(make_pipeline, folder), lambda name: shown(folder / name))


def kill_often(over: Killed, kills: int, seed: int) -> tuple[int, int]:
    """How many kills there were, and how many pipelines it took; all show the same."""
    with zygote() as runner:
        assert runner.run(over.make("whole", 300, 100), None) == 0
        begun = time.monotonic()
        assert runner.run(over.make("timed", 300, 100), None) == 0
        whole_ms = 1000 * (time.monotonic() - begun)
        wanted = over.shown("whole")
        rng = random.Random(seed)
        killed = pipelines = 0
        while killed < kills:
            name = f"cut{pipelines}"
            pipeline = over.make(name, rng.randint(100, 600), rng.randint(20, 300))
            patience = _SHARE * whole_ms
            while code := runner.run(pipeline, rng.uniform(0, patience)):
                assert code == -signal.SIGKILL
                killed += 1
                patience *= 1.1  # on a busy machine no run might come to its end otherwise
            pipelines += 1
            assert over.shown(name) == wanted, name
    return killed, pipelines
