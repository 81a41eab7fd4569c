"""How much memory `kedge profile` needs for a Parquet file that is larger than memory.

    python -m bench.io.bench_memory [--gigabytes 5] [--keep] [--json]

Writes the file itself: row groups of 1 000 000 rows, Snappy, of floats, integers, times, a
dictionary and a string that is different in nearly every row. Then `kedge profile` runs on it in a
process of its own, whose peak resident memory (the kernel's count, shared libraries and the file's
buffers included) must stay below 300 MB; above, the exit code is 1. Needs Linux. Seeded;
`rows_per_s` is of both passes together, start of the process included.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from bench.report import Progress

MOST_MEGABYTES = 300
GROUP_ROWS = 1_000_000

# The kernel's own mark of one process's memory. What it reports of a child to its parent starts at
# the parent's size.
_CHILD = """
import re, sys
from pathlib import Path
from kedge.cli import main
code = main(sys.argv[1:])
peak = re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())
print(peak.group(1), file=sys.stderr)
sys.exit(code)
"""

_KINDS = pa.array(["refund", "sale", "gift", "return", "sample", "order", "credit"])
_SCHEMA = pa.schema(
    [
        ("amount", pa.float64()),
        ("discount", pa.float64()),
        ("delay", pa.float64()),
        ("items", pa.int64()),
        ("account", pa.int64()),
        ("at", pa.timestamp("us")),
        ("kind", pa.dictionary(pa.int32(), pa.string())),
        ("receipt", pa.string()),
    ]
)


@dataclass(frozen=True)
class Outcome:
    """What one run needed; a megabyte is 10^6 bytes, as in `--gigabytes`."""

    file_megabytes: float
    rows: int
    seconds: float
    rows_per_s: float
    peak_megabytes: float
    most_megabytes: float
    exit_code: int

    @property
    def held(self) -> bool:
        """Whether it ended well, in as little memory as promised."""
        return self.exit_code == 0 and self.peak_megabytes <= self.most_megabytes


def group(rng: np.random.Generator, number: int) -> pa.Table:
    """The rows of one row group."""
    rows = GROUP_ROWS
    start = 1_700_000_000_000_000 + number * rows * 1000
    receipts = pc.binary_join_element_wise(
        pa.array(rng.integers(0, 2**40, rows)).cast(pa.string()), "receipt", "-"
    )
    columns = [
        pa.array(rng.lognormal(3, 1, rows)),
        pa.array(np.where(rng.random(rows) < 0.6, 0.0, rng.random(rows))),
        pa.array(rng.standard_exponential(rows), mask=rng.random(rows) < 0.02),
        pa.array(rng.poisson(2.0, rows)),
        pa.array(rng.integers(0, 2**40, rows)),
        pa.array(start + np.arange(rows) * 1000).cast(pa.timestamp("us")),
        pa.DictionaryArray.from_arrays(rng.integers(0, len(_KINDS), rows, np.int32), _KINDS),
        receipts,
    ]
    return pa.Table.from_arrays(columns, schema=_SCHEMA)


def write(path: Path, size: float, progress: Callable[[str], None]) -> int:
    """Write a file of about `size` bytes, one row group after the other; gives its rows."""
    rng = np.random.default_rng(7)
    rows = 0
    with pq.ParquetWriter(path, _SCHEMA, compression="snappy") as writer:
        while rows == 0 or path.stat().st_size < size:
            progress(f"writing: {path.stat().st_size / 1e6:.0f} of {size / 1e6:.0f} MB")
            writer.write_table(group(rng, rows // GROUP_ROWS), row_group_size=GROUP_ROWS)
            rows += GROUP_ROWS
    return rows


def measure(path: Path, rows: int) -> Outcome:
    """Profile the file in a process of its own and see what that process needed."""
    start = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", _CHILD, "profile", str(path), "-o", f"{path}.kprof"],
        check=False,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    seconds = time.perf_counter() - start
    said = done.stderr.splitlines()
    peak = said.pop() if said and said[-1].isdecimal() else "0"
    for line in said:
        print(line, file=sys.stderr)
    return Outcome(
        file_megabytes=round(path.stat().st_size / 1e6, 1),
        rows=rows,
        seconds=round(seconds, 2),
        rows_per_s=round(rows / seconds, 1),
        peak_megabytes=round(int(peak) * 1024 / 1e6, 1),
        most_megabytes=MOST_MEGABYTES,
        exit_code=done.returncode,
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark; the return value is the exit code."""
    command = argparse.ArgumentParser(
        prog="python -m bench.io.bench_memory",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.add_argument("--gigabytes", type=float, default=5.0, help="of the file (%(default)s)")
    command.add_argument("--keep", action="store_true", help="leave the file, and say where it is")
    command.add_argument("--json", action="store_true", help="one JSON object")
    options = command.parse_args(arguments)
    progress = Progress(sys.stderr)
    folder = Path(tempfile.mkdtemp(prefix="kedge-bench-"))
    path = folder / "orders.parquet"
    try:
        rows = write(path, options.gigabytes * 1e9, progress.show)
        progress.show()
        outcome = measure(path, rows)
    finally:
        progress.show()
        if options.keep:
            print(path, file=sys.stderr)
        else:
            shutil.rmtree(folder)
    if options.json:
        print(json.dumps({**asdict(outcome), "held": outcome.held}))
    else:
        print(
            f"{outcome.file_megabytes:.0f} MB, {outcome.rows} rows: {outcome.seconds:.1f} s, "
            f"{outcome.rows_per_s / 1e6:.2f} M rows/s, "
            f"peak {outcome.peak_megabytes:.0f} MB of {outcome.most_megabytes}"
        )
    return 0 if outcome.held else 1


if __name__ == "__main__":
    sys.exit(main())
