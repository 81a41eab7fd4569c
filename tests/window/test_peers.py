"""The same rows through polars and DuckDB give the same windows."""

from __future__ import annotations

from typing import Any

import duckdb
import numpy as np
import polars as pl
import pyarrow as pa
import pytest

import kedge

AGGREGATES = {
    "n": kedge.count(),
    "s": kedge.sum("v"),
    "whole": kedge.sum("i"),
    "m": kedge.mean("v"),
    "low": kedge.min("v"),
    "high": kedge.max("i"),
    "sd": kedge.stddev("v"),
    "begin": kedge.first("v"),
    "end": kedge.last("v"),
}
POLARS = [
    pl.len().cast(pl.UInt64).alias("n"),
    pl.when(pl.col("v").count() > 0).then(pl.col("v").sum()).alias("s"),
    pl.when(pl.col("i").count() > 0).then(pl.col("i").cast(pl.Int64).sum()).alias("whole"),
    pl.col("v").mean().alias("m"),
    pl.col("v").min().alias("low"),
    pl.col("i").max().alias("high"),
    pl.col("v").std().alias("sd"),
    pl.col("v").drop_nulls().first().alias("begin"),
    pl.col("v").drop_nulls().last().alias("end"),
]
DUCKDB = """count(*)::ubigint n, sum(v) s, sum(i)::bigint whole, avg(v) m, min(v) low, max(i) high,
            stddev_samp(v) sd, first(v order by row) filter (v is not null) "begin",
            last(v order by row) filter (v is not null) "end" """


def rows_in_order(seed: int, size: int = 5000) -> pa.Table:
    rng = np.random.default_rng(seed)
    times = np.cumsum(rng.integers(0, 400_000, size)) + 1_700_000_000_000_000
    nulls = rng.random((2, size)) < 0.05
    names = np.array(["anna", "bert", "carl", "a name of more than twelve bytes"])
    return pa.table(
        {
            "t": pa.array(times).cast(pa.timestamp("us")),
            "k": pa.array(names[rng.integers(0, 4, size)], mask=rng.random(size) < 0.02),
            "v": pa.array(rng.normal(50, 20, size), mask=nulls[0]),
            "i": pa.array(rng.integers(-99, 99, size), pa.int32(), mask=nulls[1]),
            "row": pa.array(range(size)),
        }
    )


def ours(table: pa.Table, key: str | tuple[()], **given: Any) -> list[dict[str, Any]]:
    window = kedge.Window(time="t", key=key, aggregates=AGGREGATES, **given)
    batches = [table[begin : begin + 617] for begin in range(0, len(table), 617)]
    tables = [pa.table(window.push(batch)) for batch in batches]
    closed = pa.concat_tables([*tables, pa.table(window.finish())])
    assert len(pa.table(window.late())) == 0
    return closed.drop_columns(["window_id"]).to_pylist()


def same(left: list[dict[str, Any]], right: list[dict[str, Any]]) -> None:
    assert len(left) == len(right)
    for mine, other in zip(left, right, strict=True):
        for name, value in mine.items():
            if isinstance(value, float) and other[name] is not None:
                assert value == pytest.approx(other[name], rel=1e-11), name
            else:
                assert value == other[name], (name, mine, other)


@pytest.mark.parametrize("key", ["k", ()])
@pytest.mark.parametrize(("every", "zone"), [("10s", None), ("1m", None), ("1d", "Europe/Riga")])
def test_windows_are_those_of_polars(key: str | tuple[()], every: str, zone: str | None) -> None:
    table = rows_in_order(1)
    frame = pl.DataFrame(table)
    if zone is not None:
        scattered = [t * 40_000 for t in range(len(table))]  # over 200 days of local time
        start = np.datetime64("2024-03-01", "us").astype(int) // 10**6
        times = pa.array([(start + s // 10) * 10**6 for s in scattered])
        table = table.set_column(0, "t", times.cast(pa.timestamp("us", zone)))
        frame = pl.DataFrame(table)
    grouped = frame.group_by_dynamic(
        "t", every=every, group_by=key or None, include_boundaries=True
    ).agg(*POLARS)
    theirs = grouped.rename({"_lower_boundary": "window_start", "_upper_boundary": "window_end"})
    order = ["window_end", *([key] if key else [])]
    options = {} if zone is None else {"time_zone": zone}
    same(
        ours(table, key, every=every, **options),
        theirs.sort(order, nulls_last=False).to_dicts(),
    )


def test_hopping_windows_are_those_of_duckdb() -> None:
    rows = rows_in_order(2)
    base = 1_700_000_000 // 20 * 20
    theirs = duckdb.sql(
        f"""select make_timestamp(g * 1000000) window_start,
                   make_timestamp((g + 60) * 1000000) window_end, k, {DUCKDB}
            from rows join (select unnest(range({base - 60}, {base + 1200}, 20)) g)
              on epoch_us(t) >= g * 1000000 and epoch_us(t) < (g + 60) * 1000000
            group by g, k order by window_end, k nulls first"""
    )
    expected = [dict(zip(theirs.columns, row, strict=True)) for row in theirs.fetchall()]
    same(ours(rows, "k", every="20s", length="60s"), expected)


def test_sessions_are_those_of_duckdb() -> None:
    rows = rows_in_order(3)
    theirs = duckdb.sql(
        f"""with marked as (
              select *, coalesce(epoch_us(t) - lag(epoch_us(t)) over o >= 2000000, true)::int as b
              from rows window o as (partition by k order by t, row)),
            numbered as (select *, sum(b) over (partition by k order by t, row) as g from marked)
            select min(t) window_start, max(t) + interval 2 seconds window_end, k, {DUCKDB}
            from numbered group by k, g order by window_end, k nulls first"""
    )
    expected = [dict(zip(theirs.columns, row, strict=True)) for row in theirs.fetchall()]
    same(ours(rows, "k", gap="2s"), expected)
