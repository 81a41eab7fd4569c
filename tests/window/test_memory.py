"""State is bounded by what is open, not by what has been."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

import kedge


def batch(index: int, keys: pa.Array, *, pace: int = 10) -> pa.Table:
    """One batch for each window, its rows spread over it."""
    size = len(keys)
    times = index * pace + np.arange(size) * pace // size
    return pa.table(
        {"t": pa.array(times).cast(pa.timestamp("s")), "k": keys, "v": np.arange(size) / 2}
    )


def ever_new(kind: str, index: int, size: int) -> pa.Array:
    numbers = np.arange(size) + index * size
    if kind == "string":
        return pa.array([f"a user with the number {n}" for n in numbers])
    return pa.array(numbers)


WINDOWS = {
    "tumbling": {"every": "10s"},
    "hopping": {"every": "10s", "length": "30s"},
    "sessions": {"gap": "10s"},
}


@pytest.mark.parametrize("owns", [False, True])
@pytest.mark.parametrize("kind", ["int64", "string"])
@pytest.mark.parametrize("windows", WINDOWS)
def test_ever_new_keys_take_no_more_memory_than_the_open_windows(
    kind: str, windows: str, owns: bool
) -> None:
    owning = {"text": kedge.max("k"), "top": kedge.top("k", k=1)} if owns else {}
    window = kedge.Window(
        time="t",
        key="k",
        lateness="5s",
        aggregates={"n": kedge.count(), "s": kedge.sum("v"), "last": kedge.last("v"), **owning},
        **WINDOWS[windows],
    )
    size, keys, state = 500, [], []
    for index in range(120):
        window.push(batch(index, ever_new(kind, index, size)))
        window.late()
        keys.append(window.stats["keys"])
        state.append(window.stats["state_bytes"])
    assert max(keys[60:]) <= max(keys[20:60]) <= 12 * size
    assert max(state[60:]) <= max(state[20:60])
    assert len(window.snapshot()) <= 2 * max(state)
    window.finish()
    assert window.stats["open"] == 0


@pytest.mark.parametrize("windows", WINDOWS)
def test_keys_that_change_slowly_take_no_more_memory_in_time(windows: str) -> None:
    window = kedge.Window(time="t", key="k", aggregates={"n": kedge.count()}, **WINDOWS[windows])
    state = []
    for index in range(300):
        window.push(batch(index, pa.array(np.arange(1000) + 10 * index)))
        state.append(window.stats["state_bytes"])
    assert max(state[100:]) <= 1.5 * max(state[:100])


@pytest.mark.parametrize(
    "windows", [{"every": 1000}, {"length": 4}, {"mode": "update", "trigger": "10s"}], ids=str
)
def test_keys_expire_where_windows_do_not_close_by_time(windows: dict[str, Any]) -> None:
    window = kedge.Window(
        time="t", key="k", expire="30s", aggregates={"n": kedge.count()}, **windows
    )
    keys, state = [], []
    for index in range(100):
        window.push(batch(index, ever_new("int64", index, 500)))
        keys.append(window.stats["keys"])
        state.append(window.stats["state_bytes"])
    assert max(keys[50:]) <= 12 * 500
    assert max(state[50:]) <= max(state[:50])


def test_the_same_keys_take_no_more_memory_in_time() -> None:
    window = kedge.Window(
        time="t", key="k", every="10s", aggregates={"n": kedge.count(), "m": kedge.max("v")}
    )
    keys = pa.array(np.arange(1000))
    state = []
    for index in range(100):
        window.push(batch(index, keys))
        state.append(window.stats["state_bytes"])
    assert max(state[10:]) == max(state[5:10])


def test_a_silence_of_years_takes_no_time_and_no_memory() -> None:
    window = kedge.Window(
        time="t", every="1s", length="60s", aggregates={"n": kedge.count()}, key="k"
    )
    for index in range(20):
        closed = pa.table(window.push(batch(index, pa.array([1, 2]), pace=300_000_000)))
        assert len(closed) <= 240
    assert window.stats["state_bytes"] < 1_000_000


def test_late_rows_are_kept_only_until_they_are_taken() -> None:
    window = kedge.Window(time="t", every="10s", aggregates={"n": kedge.count()})
    window.push(batch(1000, pa.array([1, 2])))
    state = []
    for index in range(50):
        window.push(batch(index, pa.array(np.arange(1000))))
        assert len(pa.table(window.late())) == 1000
        state.append(window.stats["state_bytes"])
    assert max(state) <= 2 * state[0]
