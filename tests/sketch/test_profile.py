"""Profiles count every row once, whatever the route, and add up."""

from __future__ import annotations

import copy
import pickle
import struct
from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

import kedge
from tests.reference.cells import counts
from tests.strategies import columns


def varint(value: int) -> bytes:
    low = bytes([value & 0x7F | (0x80 if value > 0x7F else 0)])
    return low if value < 0x80 else low + varint(value >> 7)


def crc32c(data: bytes) -> int:
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


def frame(kind: bytes, payload: bytes) -> bytes:
    """The envelope of docs/formats.md, written from its description."""
    head = kind + struct.pack("<IQ", 1, len(payload))
    return b"KDGE" + struct.pack("<I", crc32c(head + payload)) + head + payload


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
    with pytest.raises(kedge.Unsupported, match='column "b": the profile holds float64'):
        profile.update(text)
    batches = [pa.record_batch({"a": [1.0], "b": [2.0]}), pa.record_batch({"a": [1.0], "b": [3.0]})]
    profile.update(pa.Table.from_batches(batches))
    assert profile.row_count == 4
    assert profile.to_bytes() != before


def test_columns_are_chosen_by_name() -> None:
    table = pa.table({"a": [1.0], "city": ["Riga"], "b": [2]})
    assert kedge.profile(table, columns=["b", "a"]).columns == ["b", "a"]
    assert kedge.profile(table).columns == ["a", "city", "b"]
    with pytest.raises(kedge.InvalidArgument, match='there is no column "c"; the columns are "a"'):
        kedge.profile(table, columns=["c"])
    for count in (-1, 2**40, 2**80):
        with pytest.raises(
            kedge.InvalidArgument, match=f"cells = {count} is not from 8 to 1048576"
        ):
            kedge.profile(table, columns=["a"], cells=count)
        with pytest.raises(kedge.InvalidArgument, match=f"categories = {count} is not from 1 to 1"):
            kedge.profile(table, max_categories=count)
    with pytest.raises(kedge.InvalidArgument, match="cells = 4 is not from 8"):
        kedge.profile(table, columns=["a"], cells=4)
    with pytest.raises(kedge.InvalidArgument, match="pass a list of names"):
        kedge.profile(table, columns="a")


def test_a_stream_is_counted_batch_by_batch_and_a_broken_one_counts_nothing() -> None:
    reference = kedge.profile({"v": np.arange(100.0)})
    schema = pa.schema({"v": pa.float64()})

    def batches(good: int) -> Iterator[pa.RecordBatch]:
        for _ in range(good):
            yield pa.record_batch({"v": np.arange(10.0)})
        if good < 5:
            raise OSError("the feed broke off")

    current = reference.like()
    current.update(pa.RecordBatchReader.from_batches(schema, batches(5)))
    assert current.row_count == 50
    with pytest.raises(kedge.InvalidArgument, match="the feed broke off"):
        current.update(pa.RecordBatchReader.from_batches(schema, batches(3)))
    assert current.row_count == 50


def test_profiles_are_copied_and_pickled_but_not_hashed() -> None:
    profile = kedge.profile({"v": np.arange(100.0)})
    for twin in (copy.deepcopy(profile), pickle.loads(pickle.dumps(profile))):
        assert twin == profile
        twin.update({"v": [1.0]})
        assert twin != profile
    with pytest.raises(TypeError, match="unhashable"):
        hash(profile)


def test_a_profile_that_cannot_grow_further_says_so() -> None:
    profile = kedge.profile({"v": [1.0, 2.0]})
    for _ in range(52):
        profile.merge(copy.deepcopy(profile))
    with pytest.raises(kedge.InvalidArgument, match="a histogram counts up to 9007199254740992"):
        profile.merge(copy.deepcopy(profile))
    assert profile.row_count == 2**53


def test_small_bytes_do_not_claim_a_large_memory() -> None:
    cells = 2**20
    empty = b"\0" + varint(cells + 3)  # one slot without rows, and the rest of them
    histogram = frame(b"HIST", struct.pack("<BIdd", 0, cells, 0.0, 1.0) + empty)
    columns = b"".join(bytes([1, 60 + i, 0]) + histogram for i in range(65))
    with pytest.raises(kedge.ResourceExhausted, match=r"the profile has \d+ cells with it"):
        kedge.Profile.from_bytes(frame(b"PROF", b"\0" + varint(65) + columns))
    twins = 2 * (bytes([1, 60, 0]) + histogram)
    with pytest.raises(kedge.CorruptData, match='profile: two columns "<"'):
        kedge.Profile.from_bytes(frame(b"PROF", b"\0" + varint(2) + twins))


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


def test_a_column_without_a_type_has_gone_dark() -> None:
    days = pa.array(range(900), "int32").cast("date32")
    there = pa.table({"x": np.arange(900.0), "s": ["a", "b", "c"] * 300, "t": days})
    dark = pa.table({name: pa.nulls(500) for name in there.column_names})
    typed = pa.table({field.name: pa.nulls(500, field.type) for field in there.schema})
    reference = kedge.profile(there)
    counted, wanted = reference.like(), reference.like()
    counted.update(dark)
    wanted.update(typed)
    assert counted.to_bytes() == wanted.to_bytes()
    assert [row.drifted for row in kedge.compare(reference, dark)] == [True] * 3
