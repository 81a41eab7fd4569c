"""Threads may share a window, and other threads run while it works."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pyarrow as pa

import kedge

ROWS = 20_000


def batch(partition: int) -> pa.Table:
    rng = np.random.default_rng(partition)
    times = np.sort(rng.integers(0, 60, ROWS)).astype("M8[s]")
    return pa.table({"t": times, "k": rng.integers(0, 50, ROWS), "x": rng.integers(-9, 9, ROWS)})


def test_partitions_may_come_from_threads_of_their_own() -> None:
    partitions = 4
    window = kedge.Window(
        time="t",
        key="k",
        every="10s",
        partitions=partitions,
        aggregates={"n": kedge.count(), "sum": kedge.sum("x")},
    )
    tables = [batch(partition) for partition in range(partitions)]

    def feed(partition: int) -> list[pa.Table]:
        rows = tables[partition]
        closed = []
        for start in range(0, ROWS, 500):
            closed.append(pa.table(window.push(rows[start : start + 500], partition)))
            assert window.stats["rows"] > start
            window.snapshot()
        return closed

    with ThreadPoolExecutor(partitions) as pool:
        closed = [
            table for part in pool.map(feed, range(partitions)) for table in part if len(table)
        ]
    found = pa.concat_tables([*closed, pa.table(window.finish())])
    whole = kedge.Window(
        time="t", key="k", every="10s", aggregates={"n": kedge.count(), "sum": kedge.sum("x")}
    )
    expected = pa.table(whole.push(pa.concat_tables(tables).sort_by("t")))
    expected = pa.concat_tables([expected, pa.table(whole.finish())])
    order = [("window_end", "ascending"), ("k", "ascending")]
    names = ["window_start", "k", "n", "sum"]
    assert found.sort_by(order).select(names).equals(expected.sort_by(order).select(names))
    assert window.stats["late"] == 0


def test_other_threads_run_meanwhile() -> None:
    """A push that is long: a thread that only counts gets on while it lasts."""
    window = kedge.Window(key="k", length=50, aggregates={"m": kedge.quantile("x", 0.5)})
    rows = pa.concat_tables([batch(0)] * 20)
    counted, is_done = [], threading.Event()

    def count() -> None:
        while not is_done.is_set():
            counted.append(time.perf_counter())
            time.sleep(0.0001)

    thread = threading.Thread(target=count)
    thread.start()
    begin = time.perf_counter()
    window.push(rows)
    end = time.perf_counter()
    is_done.set()
    thread.join()
    middle = [moment for moment in counted if begin < moment < end]
    assert middle[-1] - middle[0] > (end - begin) / 2


def test_two_threads_may_bring_the_first_batch() -> None:
    for _ in range(20):
        window = kedge.Window(aggregates={"n": kedge.count()})
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(window.push, [pa.table({"x": [1, 2]})] * 8))
        assert pa.table(window.finish())["n"].to_pylist() == [16]
