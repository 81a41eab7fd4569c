"""Categories count every row once, whatever the route, and add up; novel names are exact."""

from __future__ import annotations

import pickle
from collections import Counter
from collections.abc import Sequence

import duckdb
import numpy as np
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

import kedge
from kedge._core import Categories

LISTED = ["", "Oslo", "Riga", "a name of more than sixteen bytes", "ä" * 8]
MOST_NOVEL = 1000

names = st.one_of(
    st.none(), st.sampled_from(LISTED), st.text(max_size=20), st.sampled_from(["Ulm", "x" * 300])
)
rows_of = st.lists(names, max_size=60)


def counted(rows: Sequence[str | None], listed: Sequence[str] = LISTED) -> Categories:
    categories = Categories(list(listed))
    categories.update(pa.array(rows, pa.string()))
    return categories


def agrees(categories: Categories, rows: Sequence[str | None]) -> bool:
    """Whether the counts are those of the plain definition; names of 300 bytes by their count."""
    expected = Counter(rows)
    listed = dict(zip(categories.names, categories.counts.tolist(), strict=True))
    novel = {name: n for name, n in expected.items() if name is not None and name not in listed}
    long = sum(n for name, n in novel.items() if len(name.encode()) > 256)
    kept = dict(categories.novel)
    return (
        all(listed[name] == expected[name] for name in listed)
        and {name: n for name, n in kept.items() if len(name.encode()) < 256}
        == {name: n for name, n in novel.items() if len(name.encode()) <= 256}
        and sum(n for name, n in kept.items() if len(name.encode()) == 256) == long
        and categories.unlisted_count == sum(novel.values())
        and categories.null_count == expected[None]
        and categories.row_count == len(rows)
        and categories.value_count == len(rows) - expected[None]
        and categories.novel_is_complete
    )


@given(rows_of)
def test_counts_are_those_of_the_plain_definition(rows: list[str | None]) -> None:
    assert agrees(counted(rows), rows)


@given(rows_of, st.integers(0, 10), st.integers(0, 10))
def test_every_arrow_type_of_strings_gives_the_same(
    rows: list[str | None], start: int, chunk: int
) -> None:
    expected = counted(rows[start:])
    plain = pa.array(rows, pa.string())
    columns = [
        plain,
        plain.cast(pa.large_string()),
        plain.cast(pa.string_view()),
        plain.dictionary_encode(),
        plain.dictionary_encode().cast(pa.dictionary(pa.int8(), pa.large_string())),
        plain.dictionary_encode("encode").cast(pa.dictionary(pa.uint64(), pa.string())),
    ]
    for column in columns:
        part = column[start:]
        chunks = pa.chunked_array([part[:chunk], part[chunk:]], column.type)
        for data in (part, chunks):
            other = expected.like()
            other.update(data)
            assert other == expected, column.type
            assert other.to_bytes() == expected.to_bytes()


@given(rows_of)
def test_other_libraries_columns_give_the_same(rows: list[str | None]) -> None:
    expected = counted(rows)
    series = pl.Series("name", rows, pl.String)
    table = pa.table({"name": pa.array(rows, pa.string())})
    relation = duckdb.connect().from_arrow(table)
    for data in (series, series.cast(pl.Categorical), relation):
        other = expected.like()
        other.update(data)
        assert other == expected


@pytest.mark.parametrize("rows", [3, 500])
@pytest.mark.parametrize("index", [pa.int8(), pa.uint16(), pa.int32(), pa.int64(), pa.uint64()])
def test_dictionaries_may_hold_nulls_and_one_value_twice(rows: int, index: pa.DataType) -> None:
    entries = pa.array(["Oslo", None, "Riga", "Oslo", "Ulm", "never used"])
    codes = [[0, 1, 2, 3, 4, None][i % 6] for i in range(rows)]
    column = pa.DictionaryArray.from_arrays(pa.array(codes, index), entries)
    plain = [None if code is None else entries[code].as_py() for code in codes]
    categories = Categories(LISTED)
    categories.update(column)
    assert agrees(categories, plain)
    tail = Categories(LISTED)
    tail.update(column[2:])
    assert agrees(tail, plain[2:])


@given(
    st.lists(
        st.one_of(st.none(), st.integers(-(2**63), 2**63 - 1), st.integers(-5, 5)), max_size=50
    ),
    st.sampled_from([pa.int64(), pa.int8(), pa.uint32(), pa.uint64(), pa.bool_()]),
)
def test_integers_and_bools_are_their_text(values: list[int | None], kind: pa.DataType) -> None:
    if kind != pa.int64():
        values = [None if value is None else value % 2 for value in values]
    column = pa.array(values, pa.int64()).cast(kind)
    text = [None if v is None else str(v).lower() for v in column.to_pylist()]
    listed = ["true", "-3", "1", "9223372036854775807"]
    for data in (column, column.dictionary_encode()):
        categories = Categories(listed)
        categories.update(data)
        assert categories == counted(text, listed)


def test_integers_of_a_small_range_far_from_zero_are_counted() -> None:
    rng = np.random.default_rng(2)
    values = rng.integers(2**62, 2**62 + 300, 5000)
    mask = rng.random(5000) < 0.2
    column = pa.array(np.where(mask, 7, values), mask=mask)
    categories = Categories([str(2**62 + 5)])
    categories.update(column)
    text = [None if m else str(v) for v, m in zip(values, mask, strict=True)]
    assert categories == counted(text, [str(2**62 + 5)])


@given(st.integers(0, 2**32), st.sampled_from([30, 1002, 1003, 5000]), st.integers(1, 6))
def test_any_split_merged_in_any_order_gives_the_same_bytes(
    seed: int, distinct: int, parts: int
) -> None:
    rng = np.random.default_rng(seed)
    rows = [f"name{i}" for i in rng.zipf(1.2, 3000) % distinct] + [
        f"name{i}" for i in range(distinct)
    ]
    rng.shuffle(rows)
    whole = counted(rows, ["name3", "name4"])
    ends = np.sort(rng.integers(0, len(rows), parts - 1))
    pieces = [counted(p.tolist(), ["name3", "name4"]) for p in np.split(np.array(rows), ends)]
    rng.shuffle(pieces)
    while len(pieces) > 1:
        first = pieces.pop(int(rng.integers(len(pieces))))
        pieces[int(rng.integers(len(pieces)))].merge(first)
    assert pieces[0] == whole
    assert pieces[0].to_bytes() == whole.to_bytes()
    back = Categories.from_bytes(whole.to_bytes())
    assert back == whole
    assert back.to_bytes() == whole.to_bytes()
    assert whole.novel_is_complete == (distinct - 2 <= MOST_NOVEL)
    expected = Counter(rows)
    assert all(expected[name] == count for name, count in whole.novel)
    assert len(whole.novel) == min(distinct - 2, MOST_NOVEL)
    assert whole.unlisted_count == sum(
        n for name, n in expected.items() if name[4:] not in {"3", "4"}
    )


@given(rows_of, rows_of)
def test_subtracting_the_oldest_leaves_the_window(x: list[str | None], y: list[str | None]) -> None:
    window = counted(x + y)
    window.subtract(counted(x))
    assert window == counted(y)
    assert window.to_bytes() == counted(y).to_bytes()


@given(st.integers(0, 2**32))
def test_novel_counts_stay_exact_when_too_many_names_came_and_went(seed: int) -> None:
    rng = np.random.default_rng(seed)
    pieces = [[f"n{i}" for i in rng.integers(0, 2500, 2000)] for _ in range(3)]
    window = counted(pieces[0] + pieces[1])
    window.subtract(counted(pieces[0]))
    window.update(pa.array(pieces[2]))
    expected = Counter(pieces[1] + pieces[2])
    assert not window.novel_is_complete
    assert window.unlisted_count == 4000
    assert len(window.novel) > 100
    assert all(expected[name] == count for name, count in window.novel)
    assert Categories.from_bytes(window.to_bytes()) == window


def test_novel_names_come_in_falling_order_of_their_counts() -> None:
    categories = counted(["b", "c", "a", "c"])
    assert categories.novel == [("c", 2), ("a", 1), ("b", 1)]


def test_text_that_is_no_utf8_is_shown_escaped() -> None:
    column = pa.Array.from_buffers(
        pa.string(), 1, [None, pa.py_buffer(b"\0\0\0\0\2\0\0\0"), pa.py_buffer(b"a\xff")]
    )
    categories = Categories([])
    categories.update(column)
    assert categories.novel == [("a\\xff", 1)]


def test_an_update_that_fails_counts_nothing() -> None:
    categories = counted(["Oslo"])
    before = categories.to_bytes()
    with pytest.raises(kedge.Unsupported, match='column "v": float64 is not a type'):
        categories.update({"v": [1.0]})
    bad = pa.DictionaryArray.from_arrays(
        pa.array([0, 5], pa.int32()), pa.array(["Oslo"]), safe=False
    )
    chunks = pa.chunked_array([pa.array(["Riga"]).dictionary_encode(), bad])
    with pytest.raises(kedge.InvalidArgument, match="dictionary index 5 at row 1 is outside of 1"):
        categories.update(chunks)
    assert categories.to_bytes() == before
    with pytest.raises(kedge.InvalidArgument, match='"a" is listed twice'):
        Categories(["a", "a"])


def test_counts_are_copied_by_pickle_and_have_no_hash() -> None:
    categories = counted(["Oslo", "Ulm", None])
    assert pickle.loads(pickle.dumps(categories)) == categories
    assert categories != counted(["Oslo", "Ulm"])
    with pytest.raises(TypeError):
        hash(categories)
