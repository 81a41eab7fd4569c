"""Looks and counts of parts merge to those of the whole, whatever the parts."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

import kedge
from kedge._core import ks_bracket
from kedge.io.first_look import MOST_ROWS
from kedge.io.partitions import Options, Step, profile_of
from kedge.io.row_hash import one_zero, row_hashes
from tests.io.tables import mixed_table
from tests.strategies import columns


def options(
    categorical: tuple[str, ...] = (),
    slices: tuple[str, ...] = (),
    names: int = 10_000,
    **more: int,
) -> Options:
    return Options(more.get("cells", 4096), None, categorical, names, None, slices)


def in_parts(table: pa.Table, cuts: list[int]) -> Callable[[Step], bytes]:
    """Runs steps over the table's rows between the cuts, and merges in two levels."""
    bounds = [0, *sorted(cuts), table.num_rows]

    def run(step: Step) -> bytes:
        parts = [table.slice(start, end - start) for start, end in pairwise(bounds)]
        results = [step.of(part.to_batches()) for part in parts]
        half = len(results) // 2
        return step.merged([step.merged(results[half:]), step.merged(results[:half])])

    return run


def shuffled(table: pa.Table, seed: int = 1) -> pa.Table:
    return table.take(np.random.default_rng(seed).permutation(table.num_rows))


@given(columns(), st.lists(st.integers(0, 300), max_size=4), st.integers(0, 100))
def test_small_tables_have_the_profile_of_one_machine(
    x: np.ndarray, cuts: list[int], seed: int
) -> None:
    x = one_zero(x)
    table = pa.table({"v": x, "w": pa.array(np.arange(len(x)) % 7, pa.int16())})
    places = [min(cut, len(x)) for cut in cuts]
    got = profile_of(in_parts(shuffled(table, seed), places), None, options())
    assert got.to_bytes() == kedge.profile(table).to_bytes()


@pytest.mark.parametrize("rows", [1000, MOST_ROWS + 20_000])
def test_the_profile_is_one_of_the_rows_as_a_set(rows: int) -> None:
    table = mixed_table(rows)
    chosen = options(("items",), ("city",))
    whole = profile_of(in_parts(table, []), None, chosen)
    for cuts in ([rows // 3], [0, 10, 10, rows // 2, rows]):
        got = profile_of(in_parts(shuffled(table), cuts), None, chosen)
        assert got.to_bytes() == whole.to_bytes()
    again = whole.like()
    again.update(table)
    assert again == whole


def test_like_gives_the_counts_of_one_machine() -> None:
    reference, table = kedge.profile(mixed_table(5000)), mixed_table(9000, seed=1)
    expected = reference.like()
    expected.update(table)
    got = profile_of(in_parts(shuffled(table), [5, 700]), reference, options())
    assert got.to_bytes() == expected.to_bytes()


def test_nothing_lies_outside_and_rare_names_are_listed() -> None:
    rows = 2 * MOST_ROWS
    x = np.random.default_rng(5).normal(size=rows)
    x[[17, 40_000]] = [-1e9, 1e9]
    city = np.where(np.arange(rows) == 50_000, "Vardø", "Riga")
    table = pa.table({"x": x, "city": city, "d": pa.array(city).dictionary_encode()})
    profile = profile_of(in_parts(table, [1000, 50_000]), None, options())
    histogram = profile.histogram("x")
    assert (histogram.low, histogram.high) == (-1e9, 1e9)
    assert histogram.counts[0] == histogram.counts[-1] == 0
    for name in ("city", "d"):
        assert profile.categories(name).names == ["Riga", "Vardø"]
        assert profile.categories(name).counts.tolist() == [rows - 1, 1]


def test_rows_that_came_often_are_shown_often() -> None:
    x = np.repeat([1.0, 2.0, 3.0], [1, 300_000, 100_000])
    profile = profile_of(in_parts(pa.table({"x": x}), [7]), None, options())
    assert [count for count in profile.histogram("x").counts if count] == [1, 300_000, 100_000]


def test_a_value_with_a_large_share_has_a_cell_of_its_own() -> None:
    rng = np.random.default_rng(3)
    rows = 4 * MOST_ROWS
    table = pa.table({"x": np.where(rng.random(rows) < 0.3, 0.7, rng.normal(size=rows))})
    profile = profile_of(in_parts(table, []), None, options())
    for cuts in ([1000, 1001], [rows // 2]):
        assert profile_of(in_parts(shuffled(table), cuts), None, options()) == profile
    moved = profile.like()
    moved.update({"x": np.where(table["x"].to_numpy() == 0.7, 0.7000001, table["x"].to_numpy())})
    low, high = ks_bracket(profile.histogram("x"), moved.histogram("x"))
    assert 0.29 < low <= high < 0.31


def test_cells_are_as_even_as_those_of_one_machine() -> None:
    x = np.random.default_rng(2).lognormal(0, 2, 200_000)
    table = pa.table({"x": x})
    whole = kedge.profile(table).histogram("x").counts.max()
    got = profile_of(in_parts(table, [100]), None, options()).histogram("x").counts.max()
    assert got <= 1.5 * whole


def test_errors_name_the_column() -> None:
    table = pa.table({"a": [1.0, 2.0], "price": pa.array([1, 2]).cast(pa.decimal128(38, 2))})
    with pytest.raises(kedge.Unsupported, match='column "price": decimal cannot be profiled'):
        profile_of(in_parts(table, [1]), None, options())
    reference = kedge.profile({"b": [1.0]})
    with pytest.raises(kedge.InvalidArgument, match='no column "b"; the columns are "a"'):
        profile_of(in_parts(table, [1]), reference, options())
    with pytest.raises(kedge.InvalidArgument, match="cells = 4 is not from 8"):
        profile_of(in_parts(table.select(["a"]), []), None, options(cells=4))
    with pytest.raises(kedge.InvalidArgument, match="like = dict is no"):
        profile_of(in_parts(table, []), {}, options())  # type: ignore[arg-type]


def test_parts_of_different_types_are_told_apart() -> None:
    def run(step: Step) -> bytes:
        parts = [pa.table({"v": [1.0]}), pa.table({"v": [1]})]
        return step.merged([step.of([part]) for part in parts])

    with pytest.raises(kedge.InvalidArgument, match=r'"v": double in one part .* int64 in another'):
        profile_of(run, None, options())


def test_no_data_is_an_error_and_no_rows_are_none() -> None:
    def run(step: Step) -> bytes:
        return step.merged([step.of([]), step.of([])])

    with pytest.raises(kedge.InvalidArgument, match="there is no data"):
        profile_of(run, None, options())
    reference = kedge.profile({"v": [1.0]})
    assert profile_of(run, reference, options()) == reference.like()


def test_equal_rows_have_equal_hashes_and_others_do_not() -> None:
    one = pa.record_batch({"x": [0.0, float("nan"), None], "s": ["a", "b", None]})
    two = pa.record_batch(
        {"x": [-0.0, -float("nan"), None], "s": pa.array(["a", "b", None]).dictionary_encode()}
    )
    assert row_hashes(one).tolist() == row_hashes(two).tolist()
    many = mixed_table(5000).to_batches()[0]
    assert len(np.unique(row_hashes(many))) == 5000
    assert row_hashes(many)[100:200].tolist() == row_hashes(many.slice(100, 100)).tolist()
