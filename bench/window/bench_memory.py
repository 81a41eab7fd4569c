"""How much memory a stream takes whose keys come and go: rows go by, the process does not grow.

    python -m bench.window.bench_memory [--rows 100_000_000]

A key is new with each thousandth row and lives for 100 000 thousandths, so that a hundred million
rows have two hundred thousand keys and never more than a share of them at once. Three windows take
every batch: tumbling, hopping and sessions. That no row is lost is checked; the resident memory is
printed after each tenth.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

import kedge

BATCH = 1 << 16
SECOND = 1_000_000
ROWS_A_SECOND = 100_000  # of event time
LIVE_KEYS = 100_000

# What kedge.Window is given, and how many windows a row belongs to.
WINDOWS: dict[str, tuple[dict[str, Any], int]] = {
    "tumbling": ({"every": "10s"}, 1),
    "hopping": ({"every": "10s", "length": "30s"}, 3),
    "sessions": ({"gap": "5s"}, 1),
}
AGGREGATES = {
    "n": kedge.count(),
    "sum": kedge.sum("value"),
    "mean": kedge.mean("value"),
    "low": kedge.min("value"),
    "high": kedge.max("value"),
    "sd": kedge.stddev("value"),
}


def resident_mb() -> float:
    """What of this process is in memory."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096 / 1e6


class Rows:
    """Batches of one seeded shape: each is the first, later and of later keys."""

    def __init__(self) -> None:
        rng = np.random.default_rng(1)
        pace = np.arange(BATCH) * SECOND // ROWS_A_SECOND
        self._times = pace - rng.integers(0, SECOND, BATCH) * (rng.random(BATCH) < 0.01)
        self._keys = rng.integers(0, LIVE_KEYS, BATCH)
        self._values = pa.array(rng.gamma(2.0, 10.0, BATCH))

    def batch(self, first: int) -> pa.RecordBatch:
        """The rows from this one on."""
        times = self._times + first * SECOND // ROWS_A_SECOND
        keys = self._keys + first // 1000
        columns = [pa.array(times).cast(pa.timestamp("us")), pa.array(keys), self._values]
        return pa.record_batch(columns, names=["time", "key", "value"])


def counted(table: object) -> int:
    """The rows that a table of closed windows counts."""
    return int(np.sum(pa.table(table)["n"].to_numpy()))


def main() -> None:
    """Push rows, watch the memory, and account for every row."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rows", type=int, default=100_000_000)
    total = parser.parse_args().rows // BATCH * BATCH
    rows = Rows()
    streams = {
        name: kedge.Window(time="time", key="key", lateness="2s", aggregates=AGGREGATES, **options)
        for name, (options, _) in WINDOWS.items()
    }
    found = dict.fromkeys(WINDOWS, 0)
    print(f"{'rows':>12} {'resident MB':>12} {'keys':>9} {'state MB':>9} {'M rows/s':>9}")
    began, tenth = time.perf_counter(), max(BATCH, total // 10 // BATCH * BATCH)
    for first in range(0, total, BATCH):
        batch = rows.batch(first)
        for name, window in streams.items():
            found[name] += counted(window.push(batch))
            window.late()
        if (first + BATCH) % tenth == 0:
            keys = sum(window.stats["keys"] for window in streams.values())
            state = sum(window.stats["state_bytes"] for window in streams.values()) / 1e6
            pace = (first + BATCH) * len(streams) / (time.perf_counter() - began) / 1e6
            print(
                f"{first + BATCH:>12,} {resident_mb():>12.0f} {keys:>9,} {state:>9.0f} {pace:>9.1f}"
            )
    for name, window in streams.items():
        found[name] += counted(window.finish())
        expected = (total - window.stats["late"]) * WINDOWS[name][1]
        if found[name] != expected:
            raise SystemExit(f"{name}: {found[name]} rows came out, {expected} should have")
    print("every row came out of its windows, or was late")


if __name__ == "__main__":
    main()
