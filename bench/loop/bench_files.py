"""Files into windows into Parquet: `kedge run` against polars' streaming engine.

    python -m bench.loop.bench_files [--json] [--rows N] [--rounds R] [--only PART]

kedge keeps event time, late rows, positions and snapshots, and syncs what it wrote to the disk;
polars reads, groups and writes. Both run on one core; the windows' rows and sums are compared.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.ipc
import pyarrow.parquet

from bench import peers
from bench.race import Contender, Race
from bench.report import Planned, parser, run_all
from kedge.io.connectors import BuiltIn
from kedge.loop import Pipeline, Run

FORMATS = ("parquet", "arrow", "csv", "ndjson")
PIPELINE = """
[pipeline]
state = "state"
[source]
kind = "files"
path = "{file}"
columns = {{ ts = "timestamp[us]" }}
[window]
time = "ts"
key = "user"
every = "10s"
[window.aggregates]
n = {{ function = "count" }}
total = {{ function = "sum", column = "amount" }}
[sink]
kind = "parquet"
path = "out"
"""


@dataclass(frozen=True)
class Windows:
    """What came out: how many windows, their rows, their sum."""

    windows: int
    rows: int
    total: float

    @classmethod
    def of(cls, table: pa.Table) -> Windows:
        """Of the columns n and total."""
        rows, total = table["n"].to_numpy(), table["total"].to_numpy()
        return cls(table.num_rows, int(rows.sum()), float(np.sort(total).sum()))


@cache
def folder() -> Path:
    """Where files are; in the temporary folder, which may be in memory."""
    return Path(tempfile.mkdtemp())


@cache
def events(rows: int, format: str) -> Path:
    """A file of rows of a thousand keys, a millisecond apart."""
    rng = np.random.default_rng(1)
    times = pa.array(np.arange(rows) * 1000, pa.timestamp("us"))
    users = pa.array([f"u{i}" for i in range(1000)]).take(pa.array(rng.integers(0, 1000, rows)))
    table = pa.table({"ts": times, "user": users, "amount": rng.normal(size=rows)})
    path = folder() / f"events.{format}"
    if format == "parquet":
        pa.parquet.write_table(table, path)
    elif format == "csv":
        pa.csv.write_csv(table, path)
    elif format == "arrow":
        with pa.ipc.new_file(path, table.schema) as writer:
            writer.write_table(table, max_chunksize=65536)
    else:
        columns = (table["ts"].cast(pa.string()), table["user"], table["amount"])
        listed = zip(*(column.to_pylist() for column in columns), strict=True)
        lines = (f'{{"ts":"{t}","user":"{user}","amount":{x!r}}}\n' for t, user, x in listed)
        path.write_text("".join(lines))
    return path


def kedge_run(path: Path) -> Contender[Windows]:
    """A pipeline from its file to its end, with a state of its own each time."""
    work = folder() / f"kedge-{path.suffix[1:]}"

    def run() -> Windows:
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir()
        (work / "p.toml").write_text(PIPELINE.format(file=path))
        connectors = BuiltIn()
        pipeline = Pipeline.read(work / "p.toml", connectors)
        running = Run(pipeline, connectors.store(pipeline.state))
        while running.step():
            pass
        running.finish()
        running.close()
        return Windows.of(pa.parquet.read_table(work / "out"))

    return Contender("kedge", version("kedge"), run)


def polars_run(path: Path) -> Contender[Windows]:
    """One lazy query, streamed to a file.

    Raises:
        MissingPeer: polars is not installed.
    """
    try:
        import polars as pl
    except ImportError as error:
        raise peers.MissingPeer('polars: not installed; `pip install ".[bench]"`') from error
    out = folder() / "polars.parquet"
    scans: dict[str, Any] = {
        ".parquet": pl.scan_parquet,
        ".arrow": pl.scan_ipc,
        ".csv": partial(pl.scan_csv, try_parse_dates=True),
        ".ndjson": pl.scan_ndjson,
    }

    def run() -> Windows:
        rows = scans[path.suffix](path)
        if path.suffix == ".ndjson":
            rows = rows.with_columns(pl.col("ts").str.to_datetime(time_unit="us"))
        start = pl.col("ts").dt.truncate("10s").alias("start")
        grouped = rows.group_by(start, "user").agg(pl.len().alias("n"), total=pl.sum("amount"))
        grouped.sink_parquet(out, engine="streaming")
        return Windows.of(pa.parquet.read_table(out))

    return Contender("polars", version("polars"), run)


def judge(engine: str, answer: Windows, expected: Windows) -> str:
    """The sums to the order of adding."""
    same = (answer.windows, answer.rows) == (expected.windows, expected.rows)
    if same and abs(answer.total - expected.total) < 1e-6 * max(1, abs(expected.total)):
        return ""
    return f"{answer}, expected {expected}"


def race(format: str, rows: int) -> Race[Windows]:
    """One format."""
    path = events(rows, format)
    others = peers.installed(lambda: polars_run(path))
    return Race(format, rows, kedge_run(path), others, judge)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark; the return value is the exit code."""
    os.environ["POLARS_MAX_THREADS"] = "1"  # read when polars is first imported
    pa.set_cpu_count(1)
    options = parser("bench.loop.bench_files", __doc__, rows=2_000_000).parse_args(arguments)
    works: list[Planned] = [(name, partial(race, name, options.rows)) for name in FORMATS]
    try:
        return run_all(works, options)
    finally:
        shutil.rmtree(folder())


if __name__ == "__main__":
    sys.exit(main())
