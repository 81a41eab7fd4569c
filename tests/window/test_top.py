"""The most frequent values: exact while there are few, then within the stated bound."""

from __future__ import annotations

from collections import Counter
from typing import Any

import duckdb
import numpy as np
import polars as pl
import pyarrow as pa
import pytest

import kedge
from tests.window.agreement import bits, run

LENGTHS = {"tumbling": "100s", "hopping": "400s"}


def skewed(size: int, seed: int) -> np.ndarray[Any, Any]:
    """Some values come often, and very many a few times."""
    rng = np.random.default_rng(seed)
    return np.minimum(rng.zipf(1.15, size), 50_000).astype(np.int64)


def stream(size: int, text: bool) -> pa.Table:
    values = pa.array(skewed(size, 3))
    times = pa.array(np.arange(size) * 1000 // size).cast(pa.timestamp("s"))
    return pa.table({"t": times, "v": values.cast(pa.string()) if text else values})


def window(length: str, k: int) -> kedge.Window:
    tops = {"top": kedge.top("v", k=k), "n": kedge.count()}
    return kedge.Window(time="t", every="100s", length=length, aggregates=tops)


@pytest.mark.parametrize("text", [False, True])
@pytest.mark.parametrize("length", LENGTHS)
def test_counts_are_within_the_stated_error(length: str, text: bool) -> None:
    table = stream(60_000, text)
    closed = pa.table(run(window(LENGTHS[length], 512), [table]))
    share = float(closed.schema.field("top").metadata[b"kedge.count_error"])
    times, values = table["t"].cast(pa.int64()).to_numpy(), table["v"].to_pylist()
    different = []
    for row in closed.to_pylist():
        begin, end = (row[name].timestamp() for name in ("window_start", "window_end"))
        inside = (times >= begin) & (times < end)
        true = Counter(v for v, is_in in zip(values, inside, strict=True) if is_in)
        different.append(len(true))
        bound = share * row["n"]
        given = {entry["value"]: entry["count"] for entry in row["top"]}
        assert all(true[v] <= n <= true[v] + bound for v, n in given.items())
        assert given.keys() >= {v for v, n in true.items() if n > bound}
        ranks = [(-entry["count"], entry["value"]) for entry in row["top"]]
        assert ranks == sorted(ranks)
    assert max(different) > 1200


@pytest.mark.parametrize("text", [False, True])
@pytest.mark.parametrize("length", LENGTHS)
def test_splits_and_snapshots_change_no_byte_of_what_is_approximate(
    length: str, text: bool
) -> None:
    table = stream(20_000, text)
    whole = run(window(LENGTHS[length], 512), [table])
    stored, tables = window(LENGTHS[length], 512), []
    for start in range(0, len(table), 1777):
        tables.append(pa.table(stored.push(table[start : start + 1777])))
        data = stored.snapshot()
        stored = kedge.Window.restore(data)
        assert stored.snapshot() == data
    tables.append(pa.table(stored.finish()))
    assert bits(pa.concat_tables(tables)) == bits(whole)


def test_up_to_1024_values_are_counted_exactly_and_few_are_enough_for_more() -> None:
    for different, is_exact in ((1024, True), (1025, False)):
        one = kedge.Window(aggregates={"top": kedge.top("v", k=512)})
        one.push(pa.table({"v": np.repeat(np.arange(different), 3)}))
        entries = pa.table(one.finish())["top"][0].as_py()
        exact = [{"value": v, "count": 3} for v in range(512)]
        assert (entries == exact) is is_exact


def test_the_most_frequent_are_those_of_polars_and_duckdb() -> None:
    values = skewed(3000, 5) % 40
    keys = np.random.default_rng(2).integers(0, 5, len(values))
    frame = pl.DataFrame({"k": keys, "v": values})
    one = kedge.Window(key="k", aggregates={"top": kedge.top("v", k=4)})
    one.push(frame)
    ours = [
        [(e["value"], e["count"]) for e in top] for top in pa.table(one.finish())["top"].to_pylist()
    ]
    counts = frame.group_by("k", "v").len().sort(["k", "len", "v"], descending=[False, True, False])
    grouped = counts.group_by("k", maintain_order=True).head(4)
    theirs = [part.select("v", "len").rows() for part in grouped.partition_by("k")]
    assert ours == theirs
    sql = """select list((v, n) order by n desc, v)[:4]
             from (select k, v, count(*) as n from frame group by all) group by k order by k"""
    assert ours == [[tuple(e) for e in top] for (top,) in duckdb.sql(sql).fetchall()]


def test_values_come_out_in_their_own_type() -> None:
    times = pa.array([5, 5, None, 7], pa.int64())
    for values, expected in (
        (pa.array([True, False, True, None]), pa.bool_()),
        (pa.array([1, 2, 2, None], pa.uint8()), pa.uint8()),
        (pa.array([1, 2, 2, None], pa.float32()), pa.float32()),
        (times.cast(pa.timestamp("ns", "UTC")), pa.timestamp("ns", "UTC")),
        (times.cast(pa.int32()).cast(pa.date32()), pa.date32()),
        (pa.array(["a", "b", "a", None]).dictionary_encode(), pa.large_string()),
        (pa.array(["a", "b", "a", None], pa.string_view()), pa.large_string()),
    ):
        one = kedge.Window(aggregates={"top": kedge.top("v", k=1)})
        one.push(pa.table({"v": values}))
        (top,) = pa.table(one.finish())["top"].combine_chunks()
        assert top.type.value_type.field("value").type == expected
        most = Counter(v for v in values.to_pylist() if v is not None).most_common(1)
        assert [(e["value"], e["count"]) for e in top.as_py()] == most


def test_without_values_the_list_is_empty() -> None:
    one = kedge.Window(aggregates={"top": kedge.top("v", k=1)})
    one.push(pa.table({"v": pa.array([None], pa.int8())}))
    assert pa.table(one.finish())["top"].to_pylist() == [[]]


def test_dictionaries_of_numbers_are_refused() -> None:
    one = kedge.Window(aggregates={"top": kedge.top("v", k=1)})
    with pytest.raises(kedge.Unsupported, match=r"top takes numbers, times and strings.*int64"):
        one.push(pa.table({"v": pa.array([1, 2]).dictionary_encode()}))
