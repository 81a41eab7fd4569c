"""RowSample: each row as likely as any other, and the same rows however they come."""

from __future__ import annotations

import itertools

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from kedge.io.row_sample import RowSample


def sample(rows: int, most: int, cuts: list[int]) -> list[int]:
    table = pa.table({"i": np.arange(rows)})
    kept = RowSample(most)
    bounds = [0, *sorted(min(cut, rows) for cut in cuts), rows]
    for start, end in itertools.pairwise(bounds):
        kept.add(table.slice(start, end - start))
    assert kept.seen == rows
    found: list[int] = kept.table()["i"].to_pylist()
    return found


@given(st.integers(0, 300), st.integers(1, 50), st.lists(st.integers(0, 300)))
def test_batches_do_not_matter(rows: int, most: int, cuts: list[int]) -> None:
    found = sample(rows, most, cuts)
    assert found == sample(rows, most, [])
    assert found == sorted(set(found))
    assert len(found) == min(rows, most)


def test_rows_are_drawn_evenly() -> None:
    found = np.array(sample(100_000, 10_000, list(range(0, 100_000, 1000))))
    shares = np.histogram(found, 10, (0, 100_000))[0] / 1000
    assert np.abs(shares - 1).max() < 0.15  # five standard deviations of a bin's count


def test_names_of_all_batches_stay_readable() -> None:
    kept = RowSample(3)
    for name in ("Riga", "Oslo", "Bern", "Rome"):
        kept.add(pa.table({"city": pa.array([name] * 2).dictionary_encode()}))
    assert set(kept.table()["city"].to_pylist()) <= {"Riga", "Oslo", "Bern", "Rome"}
    assert kept.table().num_rows == 3
