"""The first look gives each column what suits it, whatever the batches; the second look counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.dataset as ds
import pytest
from hypothesis import given
from hypothesis import strategies as st

import kedge
from tests.strategies import columns

_WORDS = ["", "a", "bb", "ccc", "ä", "a long name that does not fit inside a view"]


def mixed(rng: np.random.Generator, rows: int) -> pa.Table:
    """A table with a column of every kind, nulls among them."""
    hole = rng.random(rows) < 0.1
    words = pa.array(rng.choice(_WORDS, rows), mask=hole)
    return pa.table(
        {
            "amount": pa.array(rng.lognormal(size=rows), mask=hole),
            "zeros": np.where(rng.random(rows) < 0.4, 0.0, rng.normal(size=rows)),
            "items": rng.integers(0, 30, rows),
            "word": words,
            "coded": words.dictionary_encode(),
            "id": [f"user-{i}" for i in rng.integers(0, 10**9, rows)],
            "region": pa.array(rng.choice(["north", "south", "west"], rows), mask=hole),
        }
    )


def test_columns_are_numbers_categories_or_text() -> None:
    table = mixed(np.random.default_rng(0), 5000)
    profile = kedge.profile(table, categorical=["items"])
    kinds = {name: profile.kind(name) for name in profile.columns}
    assert kinds == {
        "amount": "number",
        "zeros": "number",
        "items": "category",
        "word": "category",
        "coded": "category",
        "id": "text",
        "region": "category",
    }
    with pytest.raises(kedge.InvalidArgument, match='column "id" is a text, not a number'):
        profile.histogram("id")
    assert profile.lengths("id").value_count == 5000


def test_names_are_counted_as_a_counter_counts_them() -> None:
    table = mixed(np.random.default_rng(1), 3000)
    profile = kedge.profile(table)
    for name in ("word", "coded", "region"):
        categories = profile.categories(name)
        counts = Counter(table[name].to_pylist())
        assert categories.null_count == counts.pop(None)
        assert dict(zip(categories.names, categories.counts.tolist(), strict=True)) == counts


@given(st.integers(0, 2**32), st.lists(st.integers(0, 400), max_size=4))
def test_any_split_gives_the_same_profile(seed: int, places: list[int]) -> None:
    rng = np.random.default_rng(seed)
    table = mixed(rng, int(rng.integers(1, 400)))
    whole = kedge.profile(table, slices=["region"])
    cuts = sorted(min(place, len(table)) for place in places)
    parts = [
        table.slice(start, end - start)
        for start, end in zip([0, *cuts], [*cuts, len(table)], strict=True)
    ]
    batches = [batch for part in parts for batch in part.to_batches()]
    split = pa.Table.from_batches(batches, table.schema)
    assert kedge.profile(split, slices=["region"]).to_bytes() == whole.to_bytes()
    merged = whole.like()
    for part in reversed(parts):
        one = whole.like()
        one.update(part)
        merged.merge(one)
    assert merged.to_bytes() == whole.to_bytes()
    assert kedge.Profile.from_bytes(whole.to_bytes()) == whole


@given(st.integers(0, 2**32))
def test_subtracting_leaves_the_window_in_every_slice(seed: int) -> None:
    rng = np.random.default_rng(seed)
    reference = kedge.profile(mixed(rng, 300), slices=["region", "items"])
    oldest, window, fresh = reference.like(), reference.like(), reference.like()
    first, second = mixed(rng, 120), mixed(rng, 150)
    oldest.update(first)
    window.update(first)
    window.update(second)
    fresh.update(second)
    window.subtract(oldest)
    assert window.to_bytes() == fresh.to_bytes()


def test_slices_add_up_to_the_whole() -> None:
    rng = np.random.default_rng(2)
    reference = kedge.profile(mixed(rng, 2000), slices=["region"])
    current = reference.like()
    current.update(mixed(rng, 1000))
    report = kedge.compare(reference, current)
    for column in ("amount", "word", "id"):
        rows = [row.drift for row in report.slices if row.drift.column == column]
        assert len(rows) == 4  # three regions and the rows without one
        assert sum(row.current_rows for row in rows) == report[column].current_rows
    alone = kedge.profile(
        mixed(np.random.default_rng(2), 2000).filter(pa.compute.field("region") == "west"),
        columns=["word"],
    )
    west = [row.drift for row in report.slices if (row.value, row.drift.column) == ("west", "word")]
    assert west[0].reference_rows == alone.categories("word").value_count


def test_what_is_outside_of_the_range_is_counted_to_the_last_bit() -> None:
    rng = np.random.default_rng(3)
    for values in (rng.normal(size=9000), rng.standard_cauchy(9000), rng.integers(0, 9, 9000) / 4):
        reference = kedge.profile({"v": values})
        low, high = values.min(), values.max()
        histogram = reference.histogram("v")
        assert (histogram.low, histogram.high) == (low, high)
        outside = [np.nextafter(low, -np.inf), np.nextafter(high, np.inf), high + 1, np.inf]
        row = kedge.compare(reference, {"v": np.array([*outside, low, high, np.median(values)])})[
            "v"
        ]
        assert row.below_share == pytest.approx(1 / 7)
        assert row.above_share == pytest.approx(3 / 7)
        assert kedge.compare(reference, {"v": values})["v"].current_new_share == 0


@given(columns(), columns())
def test_with_a_counter_for_each_value_the_bracket_closes(x: np.ndarray, y: np.ndarray) -> None:
    if np.isnan(x).all() or np.isnan(y).all() or np.abs(x[np.isfinite(x)]).max(initial=0) >= 2**53:
        return
    reference = kedge.profile({"v": x}, exact=True)
    row = kedge.compare(reference, {"v": y})["v"]
    assert row.lower == row.upper
    assert row.lower == pytest.approx(kedge.ks_test(x, y).statistic, abs=1e-12)


def test_cuts_are_the_callers_and_the_ends_are_the_datas() -> None:
    profile = kedge.profile({"age": [18, 30, 41, 64]}, cuts={"age": [25, 40, 60]})
    assert profile.histogram("age").counts.tolist() == [0, 0, 1, 1, 1, 1, 0, 0]
    with pytest.raises(kedge.InvalidArgument, match='cuts of column "age": cuts must rise'):
        kedge.profile({"age": [1.0]}, cuts={"age": [2, 1]})
    with pytest.raises(kedge.InvalidArgument, match='cuts: "nothing" is no column'):
        kedge.profile({"age": [1.0]}, cuts={"nothing": [1]})


def test_rare_names_are_counted_together_and_new_ones_by_name() -> None:
    names = [f"n{i}" for i in range(50) for _ in range(50 - i)]
    profile = kedge.profile({"n": names}, max_categories=10)
    categories = profile.categories("n")
    assert set(categories.names) == {f"n{i}" for i in range(10)}
    assert categories.unlisted_count == sum(range(1, 41))
    current = profile.like()
    current.update({"n": ["n0", "new", "new", "newer"]})
    assert current.categories("n").novel == [("new", 2), ("newer", 1)]
    row = kedge.compare(profile, current)["n"]
    assert row.current_new_share == pytest.approx(3 / 4)
    assert row.upper > row.lower  # the unlisted may be old names


def batches_of(table: pa.Table, rows: int) -> Iterator[pa.RecordBatch]:
    yield from table.to_batches(max_chunksize=rows)


def test_streams_and_datasets_are_profiled_as_tables(tmp_path: object) -> None:
    table = mixed(np.random.default_rng(5), 20_000)
    whole = kedge.profile(table).to_bytes()
    assert kedge.profile(batches_of(table, 999)).to_bytes() == whole
    assert kedge.profile(ds.dataset(table)).to_bytes() == whole
    with pytest.raises(kedge.InvalidArgument, match="there is no data to profile"):
        kedge.profile(iter(()))


def test_a_long_stream_chooses_its_cells_from_its_first_rows() -> None:
    rng = np.random.default_rng(6)
    parts = [pa.record_batch({"v": rng.normal(size=50_000)}) for _ in range(6)]
    profile = kedge.profile(iter(parts))
    assert profile.row_count == 300_000
    assert profile.histogram("v").high == max(part["v"].to_numpy().max() for part in parts[:3])


def test_the_distinct_values_are_known_within_a_few_percent() -> None:
    rng = np.random.default_rng(7)
    data = {"many": rng.normal(size=50_000), "few": rng.integers(0, 300, 50_000)}
    profile = kedge.profile(data)
    assert profile.distinct("many") == pytest.approx(50_000, rel=0.07)
    assert profile.distinct("few") == pytest.approx(300, rel=0.07)
    assert profile.like().distinct("many") == profile.distinct("many")


def test_moments_are_within_a_cell() -> None:
    rng = np.random.default_rng(8)
    for values in (
        rng.normal(5, 2, 60_000),
        rng.integers(0, 40, 60_000) / 2,
        rng.lognormal(size=60_000),
    ):
        histogram = kedge.profile({"v": values}).histogram("v")
        assert abs(histogram.mean - values.mean()) <= histogram.mean_error + 1e-12
        assert histogram.std == pytest.approx(values.std(), rel=0.01)
        for share in (0.0, 0.1, 0.5, 0.99, 1.0):
            low, high = histogram.quantile(share)
            at = np.quantile(values, share, method="inverted_cdf")
            assert low - 1e-9 <= at <= high + 1e-9


def test_options_out_of_bounds_are_refused_by_name() -> None:
    data = {"v": [1.0], "s": ["a"]}
    with pytest.raises(kedge.InvalidArgument, match="max_categories = 0 is not from 1 to 1048576"):
        kedge.profile(data, max_categories=0)
    with pytest.raises(kedge.InvalidArgument, match='categorical: "w" is no column'):
        kedge.profile(data, categorical=["w"])
    with pytest.raises(kedge.Unsupported, match='column "v": float64 has no categories'):
        kedge.profile(data, categorical=["v"])
    with pytest.raises(kedge.Unsupported, match='column "v": float64 has no values to slice by'):
        kedge.profile(data, slices=["v"])
    with pytest.raises(kedge.InvalidArgument, match='slices = "s" is a string'):
        kedge.profile(data, slices="s")
    with pytest.raises(kedge.ResourceExhausted, match='column "v": exact=True takes up to 1048575'):
        kedge.profile({"v": np.arange(1_100_000) * 0.1}, exact=True)
    with pytest.raises(kedge.InvalidArgument, match='cuts: "s" has no numbers to cut'):
        kedge.profile(data | {"s": ["a"]}, cuts={"s": [1]})


def test_a_stream_that_changes_its_types_is_refused() -> None:
    words, numbers = pa.table({"v": ["a", "b"]}), pa.table({"v": [1.0, 2.0]})
    lists = pa.table({"v": [["a"], ["b"]]})
    for first, second in ((words, numbers), (numbers, words), (words, lists)):
        with pytest.raises(kedge.InvalidArgument, match='column "v": was'):
            kedge.profile(iter([first, second]))
    outline = kedge.sketch.Outline(64, 10, False, [], [], {}, [])
    outline.look(numbers)
    with pytest.raises(kedge.InvalidArgument, match='no column "v"'):
        outline.look(pa.table({"w": [1.0]}))
    outline.look(numbers)
    assert outline.profile().histogram("v").high == 2.0


def test_a_stream_of_dicts_is_counted_by_its_rows() -> None:
    batches = [{"v": np.arange(1000.0) + i} for i in range(300)]
    stream = iter(batches)
    profile = kedge.profile(stream)
    assert profile.row_count == 300_000
    assert profile.histogram("v").high == 1130  # of the first 131 of them


def test_slices_of_other_columns_are_not_compared() -> None:
    rows = {"a": np.arange(100.0), "b": np.arange(100.0), "s": ["x", "y"] * 50}
    one = kedge.profile(rows, columns=["b"], slices=["s"])
    two = kedge.profile(rows, columns=["a", "b"], slices=["s"])
    with pytest.raises(kedge.InvalidArgument, match='not sliced alike by "s"'):
        kedge.compare(one, two)


def test_many_slicings_and_long_names_have_their_place() -> None:
    rng = np.random.default_rng(9)
    long = "x" * 300
    table = {f"v{i}": rng.normal(size=500) for i in range(20)}
    table |= {"s": rng.integers(0, 40, 500).astype(str), "t": np.array([long, "b"] * 250)}
    profile = kedge.profile(table, slices=["s", "t"])
    assert profile.categories("t").names == ["b"]
    assert profile.categories("t").unlisted_count == 250
    assert kedge.Profile.from_bytes(profile.to_bytes()) == profile
