"""A stream joined with a table of what was known when: batch by batch, and the same again."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from hypothesis import given, settings
from hypothesis import strategies as st

import kedge
from tests.window.agreement import bits, concat

RATES = {"every": "60s", "key": "currency", "lateness": "30s"}
AGGREGATES = {"n": kedge.count(), "euros": kedge.sum("amount * rate")}


def seconds(times: np.ndarray) -> pa.Array:
    return pa.array(times).cast(pa.timestamp("s"))


def rates(rng: np.random.Generator) -> pa.Table:
    """What a unit of each currency is worth from a time on, in no order."""
    known = rng.permutation(np.arange(0, 600, 20))
    names = rng.choice(["dollar", "krone"], len(known))
    return pa.table(
        {"ts": seconds(known), "currency": names, "rate": rng.uniform(0.1, 2, len(known))}
    )


def payments(rng: np.random.Generator, rows: int) -> pa.Table:
    times = np.sort(rng.integers(0, 600, rows)) - rng.integers(0, 25, rows)
    names = rng.choice(["dollar", "krone", "yen"], rows)
    return pa.table({"ts": seconds(times), "currency": names, "amount": rng.uniform(1, 9, rows)})


def windows_of(stream: pa.Table, table: pa.Table, cuts: list[int]) -> pa.Table:
    window = kedge.Window(time="ts", aggregates=AGGREGATES, **RATES)
    closed = []
    for first, last in zip([0, *cuts], [*cuts, len(stream)], strict=True):
        batch = stream.slice(first, last - first)
        closed.append(pa.table(window.push(kedge.as_of(table, batch, on="ts", by="currency"))))
    return concat([*closed, pa.table(window.finish())])


@given(seed=st.integers(0, 2**32), cuts=st.lists(st.integers(0, 200), max_size=6))
@settings(max_examples=30)
def test_a_stream_is_enriched_alike_however_it_is_cut_and_replayed(
    seed: int, cuts: list[int]
) -> None:
    rng = np.random.default_rng(seed)
    table, stream = rates(rng), payments(rng, 200)
    whole = windows_of(stream, table, [])
    assert bits(windows_of(stream, table, sorted(cuts))) == bits(whole)
    # What the table has twice, and rows that were not known yet, change nothing.
    future = rates(rng)
    later = pc.add(pc.cast(future["ts"], pa.int64()), 10_000).cast(pa.timestamp("s"))
    grown = pa.concat_tables([table, table, future.set_column(0, "ts", later)])
    assert bits(windows_of(stream, grown, sorted(cuts))) == bits(whole)


def test_each_row_gets_what_was_known_at_its_own_time() -> None:
    table = pa.table(
        {"ts": seconds(np.array([0, 100])), "currency": ["krone"] * 2, "rate": [0.5, 2.0]}
    )
    stream = pa.table(
        {"ts": seconds(np.array([50, 130, 99])), "currency": ["krone"] * 3, "amount": [1.0] * 3}
    )
    closed = windows_of(stream, table, [])
    assert closed["euros"].to_pylist() == [0.5, 0.5, 2.0]
