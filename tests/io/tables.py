"""One table with a column of every kind, for every engine."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

COLUMNS = ["amount", "items", "city", "note", "at", "flag"]


def mixed_table(rows: int, seed: int = 0) -> pa.Table:
    """Numbers with nulls and infinities, few names, free text, times, flags."""
    rng = np.random.default_rng(seed)
    amount = np.where(rng.random(rows) < 0.01, np.inf, rng.lognormal(3, 1, rows))
    cities = np.array(["Riga", "Gdańsk", "Bergen", ""])[rng.integers(0, 4, rows)]
    return pa.table(
        {
            "amount": pa.array(amount, mask=rng.random(rows) < 0.1),
            "items": pa.array(rng.poisson(2, rows), pa.int64()),
            "city": pa.array(cities, pa.string(), mask=rng.random(rows) < 0.05),
            "note": pa.array([f"note {n:x}" for n in rng.integers(0, 2**40, rows)]),
            "at": pa.array(rng.integers(0, 10**15, rows), pa.timestamp("us", "UTC")),
            "flag": pa.array(rng.random(rows) < 0.3),
        }
    )
