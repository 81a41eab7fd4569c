"""Watermarks, partitions and late rows: no row is lost, and none is counted twice."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import kedge
from tests.window.agreement import Ask, bits, check, check_late, concat, pair
from tests.window.kinds import BY_NAME, BY_TIME, EXPIRING, KINDS, UPDATING, WindowKind
from tests.window.streams import Stream, rows_of, streams

ASKS = [Ask("count"), Ask("sum", ("v",)), Ask("first", ("i",)), Ask("last", ("i",))]
CUT = [BY_NAME[name] for name in ("tumbling", "bounds", "sessions", "count", "global")]


def seconds(*times: int | None) -> pa.Array:
    return pa.array(times, pa.int64()).cast(pa.timestamp("s"))


def count_by_ten(**options: Any) -> kedge.Window:
    return kedge.Window(time="t", every="10s", aggregates={"n": kedge.count()}, **options)


def given_by(table: Any) -> list[tuple[int, int]]:
    return [(row["window_start"], row["n"]) for row in rows_of(pa.table(table))]


@pytest.mark.parametrize("kind", CUT, ids=str)
@given(stream=streams())
@settings(max_examples=20)
def test_each_row_is_in_one_window_or_given_back(kind: WindowKind, stream: Stream) -> None:
    ours, _ = pair(stream, kind, ASKS)
    tables = [pa.table(ours.push(batch)) for batch in stream.batches()]
    counted = sum(concat([*tables, pa.table(ours.finish())])["count"].to_pylist())
    assert counted + len(pa.table(ours.late())) == len(stream.table)


@pytest.mark.parametrize("kind", [*KINDS, *UPDATING, *EXPIRING], ids=str)
@given(stream=streams())
@settings(max_examples=12)
def test_late_rows_are_all_given_back(kind: WindowKind, stream: Stream) -> None:
    ours, twin = pair(stream, kind, ASKS)
    tables = []
    for batch in stream.batches():
        ours.push(batch)
        twin.push(rows_of(batch))
        tables.append(pa.table(ours.late()))
    check_late(concat(tables), twin, stream)
    assert len(pa.table(ours.late())) == 0
    assert ours.stats["late"] == len(twin.late)


def test_the_reason_is_told() -> None:
    times = [dt.datetime(1970, 1, 1, 0, 0, second) for second in (0, 10, 20)]
    window = kedge.Window(time="t", bounds=times, aggregates={"n": kedge.count()})
    window.push(pa.table({"t": seconds(-1, 3, None, 12, 9, 25), "x": [*"abcdef"]}))
    late = pa.table(window.late())
    assert late.column_names == ["t", "x", "late_reason"]
    assert late["x"].to_pylist() == ["a", "c", "e", "f"]
    reasons = ["outside bounds", "null time", "closed", "outside bounds"]
    assert late["late_reason"].to_pylist() == reasons


def test_texts_that_only_late_rows_bring_are_looked_at() -> None:
    offsets = pa.py_buffer(np.array([0, 1 << 30, 2], np.int32))
    broken = pa.Array.from_buffers(pa.utf8(), 2, [None, offsets, pa.py_buffer(b"ab")])
    window = count_by_ten()
    with pytest.raises(kedge.InvalidArgument, match='"x": string offsets fall'):
        window.push(pa.table({"t": seconds(20, 1), "x": broken}))


def test_a_row_is_judged_by_the_rows_before_it_in_its_own_batch() -> None:
    window = count_by_ten()
    closed = window.push(pa.table({"t": seconds(1, 10, 9, 20)}))
    assert given_by(closed) == [(0, 1), (10, 1)]
    assert pa.table(window.late())["t"].to_pylist() == [dt.datetime(1970, 1, 1, 0, 0, 9)]


def test_lateness_keeps_windows_open() -> None:
    window = count_by_ten(lateness="5s")
    assert given_by(window.push(pa.table({"t": seconds(1, 14, 9)}))) == []
    assert window.watermark == 9
    assert given_by(window.push(pa.table({"t": seconds(15, 9)}))) == [(0, 2)]
    assert window.stats["late"] == 1


@pytest.mark.parametrize(
    "shape",
    [{"every": "10s"}, {"gap": "3s"}, {"length": "3s"}],
    ids=lambda shape: next(iter(shape)),
)
def test_a_partition_whose_first_row_is_late_is_there_all_the_same(shape: dict[str, str]) -> None:
    window = kedge.Window(
        time="t", partitions=2, idle="60s", aggregates={"n": kedge.count()}, **shape
    )
    window.push(pa.table({"t": seconds(30)}), partition=0)
    window.push(pa.table({"t": seconds(5)}), partition=1)
    window.push(pa.table({"t": seconds(40)}), partition=0)
    assert (window.stats["late"], window.watermark) == (1, 30)


@pytest.mark.parametrize("kind", BY_TIME, ids=str)
@given(
    stream=streams(max_size=100),
    partitions=st.integers(2, 4),
    idle=st.sampled_from([None, 3, 20]),
    seed=st.randoms(use_true_random=False),
)
@settings(max_examples=12)
def test_partitions_are_as_defined(
    kind: WindowKind, stream: Stream, partitions: int, idle: int | None, seed: Any
) -> None:
    ours, twin = pair(stream, kind, ASKS, partitions=partitions, idle=idle)
    cuts = sorted(seed.randrange(len(stream.table) + 1) for _ in range(12))
    tables, exact = [], []
    for batch in stream.batches(tuple(cuts)):
        partition = seed.randrange(partitions)
        tables.append(pa.table(ours.push(batch, partition=partition)))
        exact.append(twin.push(rows_of(batch), partition))
        assert ours.watermark == twin.watermark.mark
        assert len(tables[-1]) == len(exact[-1])
    tables.append(pa.table(ours.finish()))
    exact.append(twin.finish())
    check(concat(tables), [window for part in exact for window in part], ASKS, twin)
    check_late(pa.table(ours.late()), twin, stream)


def test_a_partition_without_rows_holds_all_windows_open() -> None:
    window = count_by_ten(partitions=2)
    assert given_by(window.push(pa.table({"t": seconds(1, 95)}), partition=1)) == []
    assert window.watermark is None
    assert given_by(window.push(pa.table({"t": seconds(12)}), partition=0)) == [(0, 1)]
    assert window.watermark == 12


def test_an_idle_partition_holds_nothing_back() -> None:
    window = count_by_ten(partitions=2, idle="30s")
    window.push(pa.table({"t": seconds(1)}), partition=0)
    assert given_by(window.push(pa.table({"t": seconds(31)}), partition=1)) == []
    assert window.watermark == 1
    assert given_by(window.push(pa.table({"t": seconds(32)}), partition=1)) == [(0, 1)]
    assert window.watermark == 32
    assert given_by(window.push(pa.table({"t": seconds(5)}), partition=0)) == []
    assert pa.table(window.late())["late_reason"].to_pylist() == ["closed"]


@given(stream=streams(max_size=80))
@settings(max_examples=20)
def test_pushing_many_is_pushing_each_by_partition(stream: Stream) -> None:
    third = len(stream.table) // 3
    parts = {2: stream.table[:third], 0: stream.table[third : 2 * third]}
    parts[1] = stream.table[2 * third :]
    many, each = (pair(stream, BY_NAME["tumbling"], ASKS, partitions=3)[0] for _ in range(2))
    at_once = pa.table(many.push_many(parts))
    singly = concat([pa.table(each.push(parts[p], partition=p)) for p in range(3)])
    assert bits(at_once) == bits(singly)
    assert bits(pa.table(many.finish())) == bits(pa.table(each.finish()))
    assert bits(pa.table(many.late())) == bits(pa.table(each.late()))


@pytest.mark.parametrize("kind", BY_TIME, ids=str)
@given(stream=streams(max_size=80), ahead=st.integers(-30, 30))
@settings(max_examples=10)
def test_advancing_closes_what_is_past(kind: WindowKind, stream: Stream, ahead: int) -> None:
    ours, twin = pair(stream, kind, ASKS)
    tables, exact = [], []
    for batch in stream.batches():
        tables += [pa.table(ours.push(batch))]
        exact += twin.push(rows_of(batch))
        to = stream.clock.base + ahead * stream.clock.step
        tables += [pa.table(ours.advance_to(to))]
        exact += twin.advance_to(to)
        assert ours.watermark == twin.watermark.mark
        assert sum(map(len, tables)) == len(exact)
    tables.append(pa.table(ours.finish()))
    check(concat(tables), [*exact, *twin.finish()], ASKS, twin)
    check_late(pa.table(ours.late()), twin, stream)


def test_advancing_takes_a_datetime() -> None:
    window = count_by_ten()
    window.push(pa.table({"t": seconds(1)}))
    assert given_by(window.advance_to(dt.datetime(1970, 1, 1, 0, 0, 9))) == []
    assert given_by(window.advance_to(dt.datetime(1970, 1, 1, 0, 0, 10))) == [(0, 1)]
    assert window.watermark == 10
    window.advance_to(5)
    assert window.watermark == 10


def test_finish_leaves_nothing() -> None:
    window = count_by_ten()
    window.push(pa.table({"t": seconds(1, 25)}))
    assert given_by(window.finish()) == [(20, 1)]
    assert given_by(window.finish()) == []
    assert window.stats["open"] == 0


def test_rows_between_windows_are_counted_apart() -> None:
    window = count_by_ten(length="4s")
    closed = window.push(pa.table({"t": seconds(3, 4, 9, 13, 5)}))
    assert given_by(closed) == [(0, 1)]
    assert (window.stats["outside"], window.stats["late"]) == (3, 0)


@pytest.mark.parametrize("every", ["4s", "6s", "10s"])
def test_a_row_is_late_only_when_a_window_that_holds_it_is_closed(every: str) -> None:
    # At 8 the windows that hold 6 are open, for [0, 10) is the first of them to end.
    window = kedge.Window(time="t", every=every, length="10s", aggregates={"n": kedge.count()})
    window.push(pa.table({"t": seconds(8, 6)}))
    assert window.stats["late"] == 0
    rows = dict(given_by(window.finish()))
    assert rows[0] == 2


def test_no_rows_give_no_rows_but_columns() -> None:
    window = count_by_ten(key="k")
    empty = pa.table({"t": seconds(), "k": pa.array([], pa.string())})
    names = ["window_start", "window_end", "k", "n", "window_id"]
    closed = pa.table(window.push(empty))
    assert window.watermark is None
    for table in (closed, pa.table(window.finish())):
        assert (table.num_rows, table.column_names) == (0, names)
    assert pa.table(window.late()).column_names == ["t", "k", "late_reason"]


@pytest.mark.parametrize("cut", [1, 2])
def test_a_row_of_a_session_is_judged_by_the_rows_before_it(cut: int) -> None:
    window = kedge.Window(time="t", gap="10s", aggregates={"n": kedge.count()})
    table = pa.table({"t": seconds(100, 85)})
    for part in (table[:cut], table[cut:]):
        assert given_by(window.push(part)) == []
    assert pa.table(window.late())["late_reason"].to_pylist() == ["closed"]
    assert given_by(window.finish()) == [(100, 1)]


@pytest.mark.parametrize("given", [{"every": "10s"}, {"gap": "10s"}], ids=str)
def test_a_late_row_moves_its_own_partition(given: dict[str, str]) -> None:
    window = kedge.Window(time="t", partitions=2, aggregates={"n": kedge.count()}, **given)
    window.push(pa.table({"t": seconds(100)}), partition=0)
    window.push(pa.table({"t": seconds(10)}), partition=1)
    window.advance_to(60)
    window.push(pa.table({"t": seconds(30)}), partition=1)
    assert window.stats["late"] == 1
    window.push(pa.table({"t": seconds(70)}), partition=1)
    assert window.watermark == 70


def test_rows_between_windows_are_not_late_however_old_they_are() -> None:
    window = count_by_ten(length="4s")
    window.push(pa.table({"t": seconds(100, 5, 8)}))
    assert (window.stats["outside"], window.stats["late"]) == (2, 0)
