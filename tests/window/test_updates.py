"""Mode "update": what comes before the end, what corrects it, and that the end is the same."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings

import kedge
from tests.window.agreement import Ask, bits, pair, run
from tests.window.asks import FIRST
from tests.window.kinds import BY_NAME, UPDATING, WindowKind
from tests.window.streams import CLOCKS, Stream, rows_of, streams

ASKS = [Ask("count"), Ask("sum", ("v",)), Ask("mean", ("f",)), Ask("last", ("i",))]
EXTRA = ["window_revision", "window_update"]


def seconds(*times: int | None) -> pa.Table:
    return pa.table({"t": pa.array(times, pa.int64()).cast(pa.timestamp("s"))})


def count_by(**options: Any) -> kedge.Window:
    return kedge.Window(time="t", mode="update", aggregates={"n": kedge.count()}, **options)


def given_by(table: Any) -> list[tuple[Any, ...]]:
    names = ("window_start", "n", *EXTRA)
    return [tuple(row[name] for name in names) for row in rows_of(pa.table(table))]


def in_closed_mode(kind: WindowKind) -> WindowKind:
    return BY_NAME[kind.name.partition(", updates")[0]]


@pytest.mark.parametrize("kind", UPDATING, ids=str)
@given(stream=streams(max_size=120))
@settings(max_examples=15)
def test_final_results_are_those_of_closed_mode(kind: WindowKind, stream: Stream) -> None:
    everything = run(pair(stream, kind, FIRST)[0], stream.batches())
    is_final = pc.equal(everything["window_update"], "final")
    final = everything.filter(is_final).drop_columns([*EXTRA, "window_id"])
    closed = run(pair(stream, in_closed_mode(kind), FIRST)[0], stream.batches())
    assert bits(final) == bits(closed.drop_columns(["window_id"]))


@pytest.mark.parametrize("kind", UPDATING, ids=str)
@given(stream=streams(max_size=120))
@settings(max_examples=10)
def test_a_sink_that_upserts_has_what_is_final(kind: WindowKind, stream: Stream) -> None:
    window = pair(stream, kind, ASKS)[0]
    kept: dict[int, dict[str, Any]] = {}
    for row in rows_of(run(window, stream.batches())):
        before = kept.get(row["window_id"])
        assert row["window_revision"] == (0 if before is None else before["window_revision"] + 1)
        assert before is None or before["window_update"] == "early"
        kept[row["window_id"]] = row
    assert {row["window_update"] for row in kept.values()} <= {"final", "retracted"}
    final = sum(row["count"] for row in kept.values() if row["window_update"] == "final")
    closed = run(pair(stream, in_closed_mode(kind), ASKS)[0], stream.batches())
    assert final == sum(closed["count"].to_pylist())


def test_a_window_comes_early_is_corrected_and_ends() -> None:
    window = count_by(every="10s", lateness="8s")
    assert given_by(window.push(seconds(1, 9))) == []
    assert given_by(window.push(seconds(10))) == [(0, 2, 0, "early")]
    assert given_by(window.push(seconds(3, 4, 17))) == []
    assert given_by(window.push(seconds(20))) == [(0, 4, 0 + 1, "final"), (10, 2, 0, "early")]
    assert given_by(window.push(seconds(12, 35))) == [
        (10, 3, 1, "final"),
        (20, 1, 0, "early"),
    ]
    assert given_by(window.finish()) == [(20, 1, 1, "final"), (30, 1, 0, "final")]


def test_with_a_trigger_windows_come_while_they_fill() -> None:
    window = count_by(every="1h", trigger="60s")
    assert given_by(window.push(seconds(1))) == [(0, 1, 0, "early")]
    assert given_by(window.push(seconds(59, 60))) == [(0, 3, 1, "early")]
    assert given_by(window.push(seconds(3600))) == [(0, 3, 2, "final"), (3600, 1, 0, "early")]


def test_a_session_that_is_joined_is_retracted() -> None:
    window = count_by(gap="10s", lateness="100s")
    window.push(seconds(0))
    assert given_by(window.push(seconds(40))) == [(0, 1, 0, "early")]
    assert given_by(window.push(seconds(20, 31, 55))) == [
        (20, 1, 0, "early"),
        (31, 2, 0, "early"),
    ]
    assert given_by(window.push(seconds(25, 60))) == [
        (31, 0, 1, "retracted"),
        (20, 4, 1, "early"),
    ]


def test_a_global_window_comes_each_so_many_rows() -> None:
    window = kedge.Window(mode="update", trigger=3, key="k", aggregates={"n": kedge.count()})
    first = pa.table(window.push(pa.table({"k": ["a", "b", "a", "b", "b"]})))
    assert first.select(["k", "n", *EXTRA]).to_pylist() == [
        {"k": "a", "n": 2, "window_revision": 0, "window_update": "early"},
        {"k": "b", "n": 1, "window_revision": 0, "window_update": "early"},
    ]
    second = pa.table(window.push(pa.table({"k": ["b"]})))
    assert second.select(["k", "n", *EXTRA]).to_pylist() == [
        {"k": "b", "n": 4, "window_revision": 1, "window_update": "early"},
    ]


def test_advance_to_brings_results_so_far() -> None:
    window = count_by(every="10s", lateness="60s")
    window.push(seconds(5))
    assert given_by(window.advance_to(-40)) == [(0, 1, 0, "early")]


@pytest.mark.parametrize("kind", UPDATING, ids=str)
def test_keys_that_are_forgotten_take_nothing_with_them(kind: WindowKind) -> None:
    rng = np.random.default_rng(7)
    rows = 20_000
    times = np.arange(rows) // 100 - rng.integers(0, 7, rows)
    keys = np.arange(rows) // 4 + rng.integers(0, 2, rows) * 2000
    clock = CLOCKS[0]
    table = pa.table({"t": clock.column(times.tolist()), "k": keys, "v": rng.random(rows)})
    stream = Stream(table, clock, ("k",), tuple(range(0, rows, 500)), lateness=7)
    asks = [Ask("count"), Ask("sum", ("v",))]
    parted, whole = (pair(stream, kind, asks)[0] for _ in range(2))
    assert bits(run(parted, stream.batches())) == bits(run(whole, stream.batches(())))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"every": "10s", "mode": "updates"}, 'mode = "updates" is neither "closed" nor "update"'),
        ({"every": "10s", "trigger": "1s"}, 'trigger: only in mode "update"'),
        ({"every": 5, "mode": "update"}, 'mode "update": windows of kind count'),
        ({"length": "5s", "mode": "update"}, 'mode "update": windows of kind sliding'),
        ({"mode": "update"}, "a global window needs a trigger"),
        ({"every": "10s", "mode": "update", "trigger": 7}, "trigger = 7 rows: only of a global"),
        ({"every": "10s", "mode": "update", "trigger": 0}, "trigger = 0 rows is not above 0"),
    ],
)
def test_what_has_no_updates_is_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(kedge.InvalidArgument) as error:
        kedge.Window(time="t", aggregates={"n": kedge.count()}, **options)
    assert message in str(error.value)


def test_a_trigger_must_fit_the_time_column() -> None:
    window = count_by(every="10s", trigger="1ms")
    with pytest.raises(kedge.InvalidArgument, match='trigger: "1ms" is no whole number'):
        window.push(seconds(1))


def test_names_of_the_columns_that_come_out_are_taken() -> None:
    with pytest.raises(kedge.InvalidArgument, match="window_revision"):
        kedge.Window(
            time="t", every="1s", mode="update", aggregates={"window_revision": kedge.count()}
        )
