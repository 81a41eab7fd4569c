"""What the fuzzer of monitors begins with: `python -m tests.drift.fuzz_seeds` makes them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

import kedge

FOLDER = Path(__file__).parents[1] / "fuzz" / "corpus" / "monitor"


def rows(seed: int, count: int) -> pa.Table:
    """Some of them at one time, an hour after those of the seed before."""
    rng = np.random.default_rng(seed)
    return pa.table(
        {
            "x": rng.normal(size=count),
            "city": rng.choice(["Riga", "Oslo"], count),
            "ts": np.full(count, np.datetime64("2024-01-01T00", "s") + 3600 * seed),
        }
    )


def monitors() -> dict[str, kedge.Monitor]:
    """Of every form that is stored."""
    numbers = kedge.profile(rows(0, 300).select(["x"]), cells=16)
    slices = kedge.profile(rows(0, 300).select(["x", "city"]), cells=8, slices=["city"])
    rate: dict[str, Any] = {"false_alarms": "1/30d", "clock": "ts"}
    return {
        "numbers": kedge.Monitor(numbers),
        "list": kedge.Monitor(numbers, fdr=0.1),
        "slices": kedge.Monitor(slices),
        "sliding": kedge.Monitor(numbers, window=3),
        "tumbling": kedge.Monitor(numbers, window=3, tumbling=True),
        "timed": kedge.Monitor(numbers, window="2h", **rate),
    }


def main() -> None:
    """Writes a file for each."""
    for name, monitor in monitors().items():
        for seed in range(1, 6):
            monitor.update(rows(seed, 20))
        (FOLDER / name).write_bytes(monitor.to_bytes())


if __name__ == "__main__":
    main()
