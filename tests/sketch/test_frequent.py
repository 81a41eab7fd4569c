"""Frequent names: exact while they fit, and never too low beyond."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

import kedge
from kedge._core import Frequent


def draw(seed: int, distinct: int, rows: int = 4000) -> list[str]:
    rng = np.random.default_rng(seed)
    weights = 1 / np.arange(1, distinct + 1)
    return [f"name{i}" for i in rng.choice(distinct, rows, p=weights / weights.sum())]


@given(st.lists(st.one_of(st.none(), st.text(max_size=20)), max_size=60))
def test_counts_are_exact_while_the_names_fit(rows: list[str | None]) -> None:
    frequent = Frequent(60)
    frequent.update(pa.array(rows, pa.string()))
    expected = Counter(row for row in rows if row is not None)
    ordered = sorted(expected.items(), key=lambda item: (-item[1], item[0].encode()))
    assert frequent.top() == [(name, count, 0) for name, count in ordered]
    assert frequent.top(3) == frequent.top()[:3]
    assert frequent.error() == 0
    assert frequent.distinct_seen_exactly()
    assert (frequent.row_count, frequent.null_count) == (len(rows), rows.count(None))


@given(st.integers(0, 2**32), st.sampled_from([2, 3, 64, 500]), st.sampled_from([600, 3000]))
def test_beyond_it_no_count_is_too_low_and_none_too_high_by_more_than_its_error(
    seed: int, capacity: int, distinct: int
) -> None:
    rows = draw(seed, distinct)
    frequent = Frequent(capacity)
    frequent.update(pa.array(rows))
    expected = Counter(rows)
    found = frequent.top()
    assert len(found) <= capacity
    assert all(count - error <= expected[name] <= count for name, count, error in found)
    assert max((error for _, _, error in found), default=0) <= frequent.error()
    assert frequent.error() <= 2 * len(rows) / capacity
    absent = expected.keys() - {name for name, _, _ in found}
    assert max((expected[name] for name in absent), default=0) <= frequent.error()
    assert frequent.distinct_seen_exactly() == (len(expected) <= capacity)


@given(st.integers(0, 2**32), st.lists(st.integers(0, 4000), max_size=4))
def test_the_answer_does_not_depend_on_the_batches(seed: int, places: list[int]) -> None:
    rows = np.array(draw(seed, 700))
    whole, split = Frequent(100), Frequent(100)
    whole.update(pa.array(rows))
    for part in np.split(rows, sorted(places)):
        split.update(pa.array(part, pa.large_string()))
    assert split.top() == whole.top()
    assert split.error() == whole.error() > 0


def test_long_names_take_little_memory_and_stay_apart() -> None:
    rows = ["x" * 5000 + str(i % 3) for i in range(10)]
    frequent = Frequent(5)
    frequent.update(pa.array(rows))
    assert [count for _, count, _ in frequent.top()] == [4, 3, 3]
    assert all(len(name) == 256 for name, _, _ in frequent.top())


def test_a_capacity_that_holds_nothing_is_refused() -> None:
    with pytest.raises(kedge.InvalidArgument, match="capacity is 1, at least 2"):
        Frequent(1)
