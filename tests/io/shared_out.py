"""A stream with late rows and null keys, and windows that engines share out by key."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pyarrow as pa

import kedge
from kedge.io.shards import as_signed

SECOND = 1_000_000
KINDS: dict[str, dict[str, Any]] = {
    "tumbling": {"every": "10s"},
    "hopping": {"every": "5s", "length": "20s"},
    "session": {"gap": "4s"},
    "sliding": {"length": "15s"},
    "count": {"every": 3},
}


def window_of(kind: str, **more: Any) -> kedge.Window:
    aggregates = {
        "n": kedge.count(),
        "spend": kedge.sum("x"),
        "top": kedge.max("x"),
        "last": kedge.last("x"),
    }
    its = {"time": "ts", "key": ["user", "shop"], "lateness": "5s", "aggregates": aggregates}
    return kedge.Window(**its, **KINDS[kind], **more)


def rows_of_stream(rows: int, seed: int, step: float = 0.3) -> pa.Table:
    """In the order of `place`, which is when they arrive; one row in ten comes late, at random."""
    rng = np.random.default_rng(seed)
    held_up = np.where(rng.random(rows) < 0.1, rng.integers(0, 60, rows), rng.integers(0, 6, rows))
    seconds = (1_700_000_000 + step * np.arange(rows) - held_up).astype(np.int64)
    users = [None if it == 7 else f"user {it}" for it in rng.integers(0, 8, rows).tolist()]
    return pa.table(
        {
            "ts": pa.array(
                seconds * SECOND, pa.timestamp("us", "UTC"), mask=rng.random(rows) < 0.02
            ),
            "user": pa.array(users, pa.string()),
            "shop": pa.array(rng.integers(0, 2, rows), pa.int32(), mask=rng.random(rows) < 0.1),
            "x": pa.array(rng.normal(0, 1, rows), mask=rng.random(rows) < 0.1),
            "place": pa.array(np.arange(rows), pa.int64()),
        }
    )


def multiset(table: Any, *, without_id: bool = False) -> Counter[tuple[Any, ...]]:
    """Rows, however they are ordered; numbers without a sign as engines have them."""
    signed = as_signed(pa.table(table))
    if "window_id" in signed.column_names and without_id:
        signed = signed.drop_columns("window_id")
    return Counter(tuple(row[name] for name in sorted(row)) for row in signed.to_pylist())


def of_one_process(
    kind: str, batches: list[pa.Table], *, finish: bool = True
) -> tuple[Counter[tuple[Any, ...]], Counter[tuple[Any, ...]]]:
    """The rows that one window gives, and those that came too late for it.

    Ids of count and sliding windows have a row's number in the whole stream: shards leave them out.
    """
    window, given = window_of(kind), Counter[tuple[Any, ...]]()
    is_numbered = kind in ("count", "sliding")
    for batch in batches:
        given += multiset(window.push(batch), without_id=is_numbered)
    if finish:
        given += multiset(window.finish(), without_id=is_numbered)
    return given, multiset(window.late())
