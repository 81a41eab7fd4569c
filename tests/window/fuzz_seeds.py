"""What the fuzzer of windows begins with: `python -m tests.window.fuzz_seeds` makes them.

They are of the columns that the fuzzer pushes, of every kind of window and all aggregates.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

import kedge

FOLDER = Path(__file__).parents[1] / "fuzz" / "corpus" / "window"
ROWS = 40

SUMS = {"n": kedge.count(), "sum": kedge.sum("x"), "high": kedge.max("n"), "sd": kedge.stddev("y")}
SHAPES = {
    "skew": kedge.skew("x"),
    "alike": kedge.correlation("x", "y"),
    "decay": kedge.ema("x", halflife="5s"),
}
ENDS = {"first": kedge.first("x"), "last": kedge.last("name"), "at": kedge.argmax("x", of="name")}
TEXTS = {"least": kedge.min("name"), "top": kedge.top("name", k=2), "top_n": kedge.top("n", k=2)}
OWNING = {
    "few": kedge.distinct("name"),
    "all": kedge.distinct("x", exact=True),
    "p50": kedge.quantile("x", 0.5),
    "cells": kedge.histogram("x", bounds=[-1.0, 0.0, 1.0]),
    "some": kedge.count(where="flag and x > 0"),
    "any": kedge.any("flag"),
    "rate": kedge.rate("n", per="1s"),
}


def stream() -> pa.Table:
    """Rows in disorder, some without a time, a key or a value."""
    rng = np.random.default_rng(1)

    def gaps(values: list[Any]) -> list[Any]:
        return [None if rng.random() < 0.1 else value for value in values]

    times = (np.arange(ROWS) - rng.integers(0, 3, ROWS)) * 1_000_000 + 1_700_000_000_000_000
    return pa.table(
        {
            "ts": pa.array(gaps(times.tolist()), pa.int64()).cast(pa.timestamp("us")),
            "key": pa.array(gaps(rng.integers(0, 4, ROWS).tolist()), pa.int64()),
            "name": pa.array(gaps(rng.choice(["a", "bb", ""], ROWS).tolist()), pa.string()),
            "x": pa.array(gaps(rng.normal(size=ROWS).tolist()), pa.float64()),
            "y": pa.array(rng.normal(size=ROWS), pa.float64()),
            "n": pa.array(rng.integers(-9, 9, ROWS), pa.int32()),
            "flag": pa.array(rng.random(ROWS) < 0.5, pa.bool_()),
        }
    )


def definitions() -> list[dict[str, Any]]:
    reference = kedge.profile(stream().select(["x"]), cells=16)
    profiled = {"profile": kedge.profile_of("x", like=reference)}
    return [
        {"every": "10s", "aggregates": SUMS | ENDS, "key": ["name", "key"]},
        {"every": "3s", "length": "12s", "aggregates": SUMS, "lateness": "5s"},
        {"every": "3s", "length": "12s", "aggregates": OWNING, "lateness": "5s"},
        {"every": "1d", "aggregates": SHAPES, "time_zone": "Europe/Riga"},
        {"gap": "2s", "aggregates": SUMS | TEXTS, "key": "name"},
        {"every": 7, "aggregates": SUMS, "expire": "1m"},
        {"length": 5, "aggregates": SUMS},
        {"length": 5, "aggregates": ENDS | OWNING, "key": "key", "expire": "1m"},
        {"length": "4s", "aggregates": SUMS | SHAPES, "lateness": "3s"},
        {"aggregates": SUMS | TEXTS},
        {"every": "10s", "aggregates": profiled, "key": "key"},
        {"every": "5s", "aggregates": SUMS, "lateness": "30s", "mode": "update"},
        {"gap": "3s", "aggregates": SUMS, "lateness": "30s", "mode": "update", "trigger": "2s"},
        {"aggregates": SUMS, "key": "key", "mode": "update", "trigger": 9},
        {"every": "10s", "aggregates": SUMS, "partitions": 2, "idle": "5s", "max_keys": 9},
    ]


def seeds() -> dict[str, bytes]:
    """Their bytes, by the names of their files."""
    found = {}
    for number, definition in enumerate(definitions()):
        definition.setdefault("key", "key")
        window = kedge.Window(time="ts", **definition)
        window.push(stream())
        found[str(number)] = window.snapshot(b"seed")
    return found


if __name__ == "__main__":
    for name, seed in seeds().items():
        (FOLDER / name).write_bytes(seed)
