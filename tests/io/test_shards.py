"""Shards give together what one window gives, however rows are shared out by key and cut."""

from __future__ import annotations

import pickle
from collections import Counter
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import kedge
from kedge.io.shards import NO_MARK, Definition, from_bytes, moments, to_bytes
from tests.io.shared_out import (
    KINDS,
    SECOND,
    multiset,
    of_one_process,
    rows_of_stream,
    window_of,
)


def marks_of(rows: pa.Table, lateness: int) -> np.ndarray:
    """Before each row the watermark of all before it."""
    highest = np.maximum.accumulate(np.append(NO_MARK, moments(rows["ts"]))[:-1])
    return np.where(highest > NO_MARK, highest - lateness, NO_MARK)


def shared_out(
    definition: Definition, rows: pa.Table, shards: int, cuts: list[int]
) -> Counter[tuple[Any, ...]]:
    """What the shards give, each restored from its snapshot at every cut."""
    keys = rows.select(["user", "shop"]).to_pylist()
    shard_of = np.array([hash(tuple(key.values())) % shards for key in keys], np.int64)
    marks = marks_of(rows, definition.lateness)
    found: Counter[tuple[Any, ...]] = Counter()
    for shard in range(shards):
        its = np.flatnonzero(shard_of == shard)
        state = None
        for begin, end in zip([0, *cuts], [*cuts, len(rows)], strict=True):
            part = its[(its >= begin) & (its < end)]
            window = pickle.loads(pickle.dumps(definition)).begin(state)
            for table in window.push(rows.take(part), marks[part]):
                found += multiset(table)
            state = window.snapshot()
        for table in definition.begin(state).finish():
            found += multiset(table)
    return found


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=40)
@given(st.integers(0, 10**6), st.integers(1, 5), st.lists(st.integers(0, 200), max_size=3))
def test_shards_give_what_one_window_gives(
    kind: str, seed: int, shards: int, cuts: list[int]
) -> None:
    rows = rows_of_stream(200, seed)
    windows, late = of_one_process(kind, [rows])
    assert late.total() > (-1 if kind == "count" else 5)
    its = {"shards": shards, "cuts": sorted(cuts)}
    assert shared_out(Definition(window_of(kind), rows.schema), rows, **its) == windows
    assert shared_out(Definition(window_of(kind), rows.schema, late=True), rows, **its) == late


def test_rows_are_pushed_in_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = rows_of_stream(2000, 1).filter(pc.field("user") == "user 1")
    calls: list[int] = []
    shard = Definition(window_of("tumbling"), rows.schema).begin()
    push = shard._window.push
    monkeypatch.setattr(shard._window, "push", lambda it: calls.append(it.num_rows) or push(it))
    marks = marks_of(rows, 5 * SECOND)
    assert list(shard.push(rows, marks))
    assert sum(calls) == len(rows)
    assert len(calls) <= 1 + np.sum(moments(rows["ts"]) < marks) < len(rows) / 4


def test_a_definition_travels_before_its_first_row() -> None:
    window = pickle.loads(pickle.dumps(window_of("session")))
    assert window.hash == window_of("session").hash
    assert window.stats["rows"] == 0


def test_tables_travel() -> None:
    rows = rows_of_stream(10, 0)
    assert from_bytes(to_bytes([rows.slice(0, 4), rows.slice(4)], rows.schema)) == rows


def test_what_cannot_be_shared_out_is_refused() -> None:
    rows = rows_of_stream(10, 0)
    its: dict[str, Any] = {"aggregates": {"n": kedge.count()}, "every": "1s", "time": "ts"}

    def refused(match: str, error: type[Exception] = kedge.Unsupported, **more: Any) -> None:
        with pytest.raises(error, match=match):
            Definition(kedge.Window(**{"key": "user", **its, **more}), rows.schema)

    refused("without a key", key=())
    refused("a global window", every=None)
    refused("without a time column", time=None, every=3)
    refused('mode = "update"', mode="update")
    refused("expire", every=3, expire="1h")
    refused("partitions", partitions=2)
    refused('"nobody"', kedge.InvalidArgument, key="nobody")
    used = window_of("tumbling")
    used.push(rows)
    with pytest.raises(kedge.InvalidArgument, match="has taken rows"):
        Definition(used, rows.schema)
