"""Distinct counts: within the stated error, the same for every route."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given

import kedge
from kedge._core import Distinct
from tests.strategies import columns

ERROR = Distinct.STANDARD_ERROR


def seen(data: object) -> Distinct:
    distinct = Distinct()
    distinct.update(data)
    return distinct


@pytest.mark.parametrize("size", [1, 10, 100, 1000, 4096, 10_000, 20_000, 100_000, 1_000_000])
def test_the_error_is_as_stated(size: int) -> None:
    trials = 10 if size == 1_000_000 else 40
    errors = []
    for seed in range(trials):
        start = seed * 2_000_003
        values = np.arange(start, start + size, dtype=np.int64)
        errors.append(seen(values).estimate() / size - 1)
    assert max(abs(error) for error in errors) <= 4 * ERROR
    # The sum of squares is about chi-square; this is its 1 - 1e-5 quantile at 40 and at 10.
    assert np.sqrt(np.mean(np.square(errors))) <= (1.55 if trials == 40 else 2.1) * ERROR
    assert abs(np.mean(errors)) <= 4.5 * ERROR / np.sqrt(trials)


def test_small_counts_are_nearly_exact() -> None:
    assert seen(pa.array([], pa.string())).estimate() == 0
    for size in (1, 2, 5, 20):
        assert round(seen([float(i) for i in range(size)]).estimate()) == size


@given(columns(), columns())
def test_merging_is_one_pass_with_the_same_bytes(x: np.ndarray, y: np.ndarray) -> None:
    left, right, both = seen(x), seen(y), seen(np.concatenate([x, y]))
    backwards = seen(y)
    backwards.merge(left)
    left.merge(right)
    assert left == both == backwards
    assert left.to_bytes() == both.to_bytes()
    assert Distinct.from_bytes(both.to_bytes()) == both


def test_equal_values_count_once_in_every_form() -> None:
    assert seen([0.0, -0.0, np.nan, -np.nan]).estimate() < 2.1
    integers = pa.array([3, 1, None, 3, 200])
    for kind in (pa.int16(), pa.uint8(), pa.uint64(), pa.timestamp("s"), pa.int64()):
        assert seen(integers.cast(pa.int64()).cast(kind)) == seen(integers)
    assert seen(integers.dictionary_encode()) == seen(integers)
    assert seen(pa.array([1.5, None, 2.5])) == seen(pa.array([2.5, 1.5], pa.float32()))
    assert seen(pa.array([1.5, 2.5]).dictionary_encode()) == seen(pa.array([1.5, 2.5]))
    assert round(seen([True, False, True]).estimate()) == 2
    words = pa.array(["a", None, "", "a string that is longer than a view holds", "a"])
    for kind in (pa.large_string(), pa.string_view(), pa.dictionary(pa.int8(), pa.string())):
        assert seen(words.cast(kind)) == seen(words)
    assert round(seen(words).estimate()) == 3


def test_bytes_that_are_no_sketch_are_refused() -> None:
    data = seen(np.arange(1000)).to_bytes()
    with pytest.raises(kedge.CorruptData, match="distinct: needs 1 bytes"):
        Distinct.from_bytes(data[:-1])
    with pytest.raises(kedge.CorruptData, match="register 0 is 54, at most 53"):
        Distinct.from_bytes(b"\x36" + data[1:])
    with pytest.raises(kedge.CorruptData, match="4096 empty registers after register 0 of 4096"):
        Distinct.from_bytes(b"\0\x80\x20")
    with pytest.raises(kedge.CorruptData, match="bytes after the end"):
        Distinct.from_bytes(data + b"\0")
