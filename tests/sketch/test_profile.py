"""Profiles count every row once, whatever the route, and add up."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

import kedge
from tests.reference.cells import counts
from tests.strategies import columns


@given(columns(), columns(), st.sampled_from([8, 100, 4096]))
def test_counts_are_those_of_the_plain_definition(x: np.ndarray, y: np.ndarray, cells: int) -> None:
    reference = kedge.profile({"v": x}, cells=cells)
    for column in (x, y):
        current = reference.like()
        current.update({"v": column})
        histogram = current.histogram("v")
        np.testing.assert_array_equal(histogram.counts, counts(column, histogram.bounds))
        assert histogram.nan_count == np.isnan(column).sum()
        assert histogram.row_count == len(column)
    assert len(histogram.counts) <= cells + 2


@given(columns(), st.lists(st.integers(0, 300), max_size=5), st.randoms())
def test_any_split_merged_in_any_order_gives_the_same_bytes(
    x: np.ndarray, places: list[int], random: object
) -> None:
    reference = kedge.profile({"v": x})
    parts = np.split(x, sorted(min(place, len(x)) for place in places))
    random.shuffle(parts)  # type: ignore[attr-defined]
    merged = reference.like()
    for part in parts:
        one = reference.like()
        one.update({"v": part})
        merged.merge(one)
    assert merged == reference
    assert merged.to_bytes() == reference.to_bytes()


@given(columns(), columns(), columns())
def test_subtracting_the_oldest_leaves_the_window(
    x: np.ndarray, y: np.ndarray, z: np.ndarray
) -> None:
    reference = kedge.profile({"v": x})
    window, oldest, fresh = reference.like(), reference.like(), reference.like()
    oldest.update({"v": x})
    for column in (x, y, z):
        window.update({"v": column})
    window.subtract(oldest)
    for column in (y, z):
        fresh.update({"v": column})
    assert window == fresh
    assert window.to_bytes() == fresh.to_bytes()


@given(columns(), st.sampled_from([np.float32, np.float16]))
def test_narrow_floats_fall_where_their_value_falls(x: np.ndarray, dtype: type) -> None:
    with np.errstate(over="ignore", invalid="ignore"):
        narrow = x.astype(dtype)
    reference = kedge.profile({"v": x}, cells=64)
    a, b = reference.like(), reference.like()
    a.update({"v": narrow})
    b.update({"v": narrow.astype(np.float64)})
    assert a == b


def test_nulls_chunks_and_slices_are_counted_as_their_rows() -> None:
    rng = np.random.default_rng(4)
    values = rng.normal(size=5000)
    mask = rng.random(5000) < 0.3
    column = pa.array(values, mask=mask)
    reference = kedge.profile(pa.table({"v": column}))
    histogram = reference.histogram("v")
    assert histogram.null_count == mask.sum()
    np.testing.assert_array_equal(histogram.counts, counts(values[~mask], histogram.bounds))
    current = reference.like()
    current.update(pa.table({"v": pa.chunked_array([column[:17], column[17:3001], column[3001:]])}))
    assert current == reference
    assert kedge.profile(pa.table({"v": pa.chunked_array([column[:99], column[99:]])})) == reference


def test_integers_bools_and_times_are_numbers() -> None:
    rows = 300
    table = pa.table(
        {
            "flag": pa.array([i % 3 == 0 for i in range(rows)]),
            "age": pa.array([i % 70 for i in range(rows)], pa.uint8()),
            "at": pa.array([i * 1000 for i in range(rows)], pa.timestamp("us", "UTC")),
            "day": pa.array(range(rows), pa.date32()),
        }
    )
    profile = kedge.profile(table)
    assert profile.histogram("flag").counts.tolist() == [0, 0, 200, 0, 100, 0, 0]
    assert profile.row_count == rows
    with pytest.raises(kedge.InvalidArgument, match=r'"at": the profile holds .*us, UTC\], got'):
        profile.update(table.set_column(2, "at", table["at"].cast(pa.timestamp("ns", "UTC"))))
    assert profile.row_count == rows


def test_an_update_that_fails_counts_nothing() -> None:
    profile = kedge.profile({"a": [1.0, 2.0], "b": [1.0, 2.0]})
    before = profile.to_bytes()
    with pytest.raises(kedge.InvalidArgument, match=r'no column "b"; the columns are "a"'):
        profile.update({"a": [1.0]})
    text = pa.table({"a": [1.0], "b": ["x"]})
    with pytest.raises(kedge.Unsupported, match='column "b": a profile takes numeric columns'):
        profile.update(text)
    batches = [pa.record_batch({"a": [1.0], "b": [2.0]}), pa.record_batch({"a": [1.0], "b": [3.0]})]
    profile.update(pa.Table.from_batches(batches))
    assert profile.row_count == 4
    assert profile.to_bytes() != before


def test_columns_are_chosen_by_name() -> None:
    table = pa.table({"a": [1.0], "city": ["Riga"], "b": [2]})
    assert kedge.profile(table, columns=["b", "a"]).columns == ["b", "a"]
    with pytest.raises(kedge.Unsupported, match='column "city": a profile takes numeric columns'):
        kedge.profile(table)
    with pytest.raises(kedge.InvalidArgument, match='there is no column "c"; the columns are "a"'):
        kedge.profile(table, columns=["c"])
    with pytest.raises(kedge.InvalidArgument, match="cells = 4 is not from 8"):
        kedge.profile(table, columns=["a"], cells=4)


def test_profiles_of_other_cells_do_not_mix() -> None:
    rng = np.random.default_rng(1)
    a, b = (kedge.profile({"v": rng.normal(size=2000)}) for _ in range(2))
    with pytest.raises(kedge.InvalidArgument, match='"v" has other cells there'):
        a.merge(b)
    with pytest.raises(kedge.InvalidArgument, match="cannot merge: column 0 is"):
        a.merge(kedge.profile({"w": [1.0]}))
    with pytest.raises(kedge.InvalidArgument, match="cannot subtract"):
        a.like().subtract(a)
    assert a != b
    assert a != 3


@given(columns(), st.integers(0, 2**32), st.integers(0, 7))
def test_damaged_bytes_are_refused_by_section(x: np.ndarray, place: int, bit: int) -> None:
    profile = kedge.profile({"v": x}, cells=64)
    data = bytearray(profile.to_bytes())
    assert kedge.Profile.from_bytes(bytes(data)) == profile
    data[place % len(data)] ^= 1 << bit
    with pytest.raises((kedge.CorruptData, kedge.Unsupported), match="profile"):
        kedge.Profile.from_bytes(bytes(data))
    with pytest.raises(kedge.CorruptData, match="profile"):
        kedge.Profile.from_bytes(bytes(data[: place % len(data)]))


def test_the_sample_behind_the_map_does_not_depend_on_the_batches() -> None:
    rng = np.random.default_rng(9)
    values = rng.lognormal(size=200_000)
    whole = kedge.profile({"v": values})
    parts = pa.chunked_array(np.split(values, [1, 70_000, 70_001, 150_000]))
    assert kedge.profile(pa.table({"v": parts})).to_bytes() == whole.to_bytes()
