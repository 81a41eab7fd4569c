"""Sliding counts, sums and extremes take a way of their own; it shows in nothing but the time."""

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given, settings

import kedge
from tests.reference.window_sliding import SlidingRows
from tests.window.agreement import Ask, assert_agree, bits, run
from tests.window.asks import COUNTS
from tests.window.kinds import WindowKind
from tests.window.streams import Stream, streams

SUMS = [
    *COUNTS,
    *(Ask(way, (name,)) for way in ("sum", "mean", "min", "max") for name in "vf"),
    Ask("variance", ("v",)),
    Ask("stddev", ("w",), {"ddof": 0}),
]
SOME = [*SUMS, Ask("max", ("w",), {"where": "v > 0"}), Ask("mean", ("v",), {"where": "b"})]
OTHER = Ask("last", ("v",))  # is no sum: all go the general way when it is among them


def by_rows(rows: int) -> WindowKind:
    return WindowKind(
        f"sliding {rows} rows",
        lambda clock: ({"length": rows}, SlidingRows(rows)),
        closes_by_time=False,
    )


def window(stream: Stream, rows: int, asks: list[Ask]) -> kedge.Window:
    given, _ = by_rows(rows).given(stream.clock)
    aggregates = {str(ask): ask.ours() for ask in asks}
    return kedge.Window(time="t", key=list(stream.key), aggregates=aggregates, **given)


@pytest.mark.parametrize("rows", [1, 2, 5, 40, 1000])
@given(stream=streams(keys=("none",), max_size=150))
@settings(max_examples=15)
def test_sums_agree_with_the_reference(rows: int, stream: Stream) -> None:
    assert_agree(stream, by_rows(rows), SUMS)


@pytest.mark.parametrize("rows", [1, 2, 5, 40, 1000])
@given(stream=streams(keys=("none",), max_size=150))
@settings(max_examples=20)
def test_another_aggregate_beside_them_changes_no_bit(rows: int, stream: Stream) -> None:
    alone, beside = window(stream, rows, SOME), window(stream, rows, [*SOME, OTHER])
    frame = [*map(str, SOME), "window_start", "window_end", *stream.key]
    left, right = run(alone, stream.batches()), run(beside, stream.batches())
    assert bits(left.select(frame)) == bits(right.select(frame))
    assert bits(pa.table(alone.late())) == bits(pa.table(beside.late()))


@given(stream=streams(keys=("none",), max_size=150))
@settings(max_examples=30)
def test_neither_the_split_nor_a_restart_changes_a_bit(stream: Stream) -> None:
    whole = bits(run(window(stream, 6, SOME), stream.batches(())))
    singly = tuple(range(1, len(stream.table)))
    assert bits(run(window(stream, 6, SOME), stream.batches(singly))) == whole
    stored, tables = window(stream, 6, SOME), []
    for batch in stream.batches():
        tables.append(pa.table(stored.push(batch)))
        data = stored.snapshot()
        stored = kedge.Window.restore(data)
        assert stored.snapshot() == data
    assert bits(pa.concat_tables([*tables, pa.table(stored.finish())])) == whole
