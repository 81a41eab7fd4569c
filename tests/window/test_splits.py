"""How a stream is cut, and whether it is stored and taken up between, changes no byte."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import kedge
from tests.window.agreement import Ask, bits, concat, pair, run
from tests.window.asks import FIRST, OWNING
from tests.window.kinds import BY_NAME, EXPIRING, KINDS, UPDATING, WindowKind
from tests.window.streams import Stream, streams

STREAMS = streams(max_size=120)


FAMILIES = {"plain": FIRST, "owning": OWNING}


def window(stream: Stream, kind: WindowKind, asks: Sequence[Ask] = FIRST) -> kedge.Window:
    return pair(stream, kind, asks)[0]


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("kind", [*KINDS, *UPDATING, *EXPIRING], ids=str)
@given(stream=STREAMS)
@settings(max_examples=20)
def test_any_split_gives_the_same_bytes(kind: WindowKind, family: str, stream: Stream) -> None:
    parted, whole = (window(stream, kind, FAMILIES[family]) for _ in range(2))
    assert bits(run(parted, stream.batches())) == bits(run(whole, stream.batches(())))
    assert bits(pa.table(parted.late())) == bits(pa.table(whole.late()))
    assert parted.watermark == whole.watermark


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("kind", [*KINDS, *UPDATING, *EXPIRING], ids=str)
@given(stream=streams(max_size=30))
@settings(max_examples=5)
def test_single_rows_give_the_same_bytes(kind: WindowKind, family: str, stream: Stream) -> None:
    singly = stream.batches(tuple(range(1, len(stream.table))))
    parted, whole = (window(stream, kind, FAMILIES[family]) for _ in range(2))
    assert bits(run(parted, singly)) == bits(run(whole, stream.batches(())))


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("kind", [*KINDS, *UPDATING, *EXPIRING], ids=str)
@given(stream=STREAMS)
@settings(max_examples=12)
def test_snapshot_in_the_middle_changes_nothing(
    kind: WindowKind, family: str, stream: Stream
) -> None:
    straight, stored = (window(stream, kind, FAMILIES[family]) for _ in range(2))
    for batch in stream.batches():
        expected = bits(pa.table(straight.push(batch)))
        assert bits(pa.table(stored.push(batch))) == expected
        data = stored.snapshot()
        stored = kedge.Window.restore(data)
        assert stored.snapshot() == data
        assert stored.watermark == straight.watermark
        counts = ("rows", "late", "keys", "open")
        assert [stored.stats[n] for n in counts] == [straight.stats[n] for n in counts]
    assert bits(pa.table(stored.finish())) == bits(pa.table(straight.finish()))
    assert bits(pa.table(stored.late())) == bits(pa.table(straight.late()))


@given(stream=STREAMS)
@settings(max_examples=20)
def test_taking_a_snapshot_changes_nothing(stream: Stream) -> None:
    straight, watched = (window(stream, BY_NAME["hopping"]) for _ in range(2))
    tables = []
    for batch in stream.batches():
        tables.append(pa.table(watched.push(batch)))
        watched.snapshot()
    tables.append(pa.table(watched.finish()))
    assert bits(concat(tables)) == bits(run(straight, stream.batches()))


@given(stream=STREAMS)
@settings(max_examples=20)
def test_two_windows_from_one_snapshot_do_not_touch_each_other(stream: Stream) -> None:
    half = len(stream.table) // 2
    first = window(stream, BY_NAME["tumbling"])
    first.push(stream.table[:half])
    data = first.snapshot()
    expected = bits(run(first, [stream.table[half:]]))
    for _ in range(2):
        assert bits(run(kedge.Window.restore(data), [stream.table[half:]])) == expected


@pytest.mark.parametrize("kind", KINDS, ids=str)
@given(stream=STREAMS)
@settings(max_examples=8)
def test_numbers_of_windows_are_the_same_in_every_run_and_differ(
    kind: WindowKind, stream: Stream
) -> None:
    one, two = (run(window(stream, kind), stream.batches()) for _ in range(2))
    numbers = one["window_id"].to_pylist()
    assert numbers == two["window_id"].to_pylist()
    assert one["window_id"].type == pa.uint64()
    if kind.name != "count":  # two windows of a key may begin at one time
        assert len(set(numbers)) == len(numbers)


@given(stream=streams(max_size=80, keys=("string", "dictionary")))
@settings(max_examples=12)
def test_numbers_of_windows_do_not_depend_on_what_came_before(stream: Stream) -> None:
    kind = BY_NAME["tumbling"]
    straight = run(window(stream, kind, [Ask("count")]), stream.batches())
    if not len(straight):
        return
    last = straight["window_start"][-1].as_py()
    tail = [t is not None and t >= last for t in stream.table["t"].to_pylist()]
    alone = run(window(stream, kind, [Ask("count")]), [stream.table.filter(pa.array(tail))])
    assert alone["window_id"].to_pylist() == straight["window_id"].to_pylist()[-len(alone) :]


@given(
    stream=streams(max_size=80), at=st.floats(0, 1), change=st.integers(1, 255), cut=st.booleans()
)
@settings(max_examples=60)
def test_restore_refuses_bytes_that_are_not_as_written(
    stream: Stream, at: float, change: int, cut: bool
) -> None:
    one = window(stream, BY_NAME["hopping"])
    one.push(stream.table)
    data = bytearray(one.snapshot())
    place = int(at * (len(data) - 1))
    if cut:
        del data[place:]
    else:
        data[place] ^= change
    with pytest.raises(kedge.KedgeError):
        kedge.Window.restore(bytes(data))


def test_restore_refuses_what_is_no_snapshot() -> None:
    for data in (b"", b"\0", b"kedge", bytes(4096)):
        with pytest.raises(kedge.CorruptData):
            kedge.Window.restore(data)


@given(stream=STREAMS)
@settings(max_examples=10)
def test_a_restored_window_takes_only_its_own_columns(stream: Stream) -> None:
    one = window(stream, BY_NAME["tumbling"])
    one.push(stream.table)
    restored = kedge.Window.restore(one.snapshot())
    words = pa.array(["2024"] * len(stream.table))
    with pytest.raises(kedge.InvalidArgument, match="t"):
        restored.push(stream.table.set_column(0, "t", words))
    with pytest.raises(kedge.InvalidArgument, match="v"):
        restored.push(stream.table.drop_columns(["v"]))
