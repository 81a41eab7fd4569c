"""What no column shows alone is found and named; what did not change keeps the promise."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st

import kedge
from kedge import _core
from tests.reference.area import area


def correlated(
    rng: np.random.Generator, rows: int, correlation: float, columns: int = 5
) -> dict[str, np.ndarray]:
    values = rng.normal(size=(columns, rows))
    values[1] = correlation * values[0] + math.sqrt(1 - correlation**2) * values[1]
    return {f"c{i}": values[i] for i in range(columns)}


def words(values: np.ndarray) -> pa.Array:
    return pa.array(values.astype(str).tolist())


@given(
    st.lists(st.integers(-5, 5), min_size=1, max_size=40),
    st.lists(st.integers(-5, 5), min_size=1, max_size=40),
)
def test_the_area_is_that_of_all_pairs(x: list[int], y: list[int]) -> None:
    reference, current = np.array(x) / 4, np.array(y) / 4
    auc, at_least, at_most, pvalue = _core.auc(reference.tolist(), current.tolist(), 0.05)
    assert auc == pytest.approx(area(reference, current), abs=1e-12)
    assert 0 <= at_least <= auc <= at_most <= 1
    if len({*x, *y}) > 1:
        expected = scipy.stats.mannwhitneyu(
            current, reference, alternative="greater", method="asymptotic", use_continuity=False
        )
        assert pvalue == pytest.approx(expected.pvalue, rel=1e-9)


def test_the_areas_bounds_hold_as_often_as_promised() -> None:
    rng = np.random.default_rng(1)
    true = scipy.stats.norm.cdf(1 / math.sqrt(2))
    for n, m in ((5, 5), (200, 30)):
        broken = 0
        for _ in range(400):
            found = _core.auc(rng.normal(size=n).tolist(), rng.normal(1, 1, m).tolist(), 0.1)
            broken += not found[1] <= true <= found[2]
        assert broken / 400 <= 0.1 + 3 * math.sqrt(0.1 * 0.9 / 400)
    # All pairs won: the bound of a share of one in k draws.
    assert _core.auc([0.0] * 9, [1.0] * 7, 0.1)[1] == pytest.approx(0.05 ** (1 / 7), rel=1e-12)
    assert _core.auc([], [1.0], 0.1) == (0.5, 0, 1, 1)


def test_false_alarms_stay_below_the_promise_over_many_seeds() -> None:
    rng = np.random.default_rng(2)
    runs = 200
    alarms = distances = small = 0
    for _ in range(runs):
        sides = []
        for rows in (900, 600):
            table: dict[str, object] = {**correlated(rng, rows, 0.6)}
            table["name"] = words(rng.integers(0, 300, rows))
            sides.append(table)
        found = kedge.compare_jointly(*sides, min_effect=0, confidence=0.9)
        alarms += found.drifted
        distances += found.reconstruction_at_least > 0
        small += found.pvalue < 0.1
    bound = 0.1 + 3 * math.sqrt(0.1 * 0.9 / runs)
    assert max(alarms, distances, small) / runs <= bound


def test_a_correlation_that_turned_is_seen_by_the_pair_alone() -> None:
    rng = np.random.default_rng(3)
    before, after = correlated(rng, 60_000, 0.6), correlated(rng, 60_000, -0.6)
    assert kedge.compare(kedge.profile(before), after, min_effect=0.03).verdict == "no"
    found = kedge.compare_jointly(before, after)
    assert found.verdict == "yes"
    assert found.drifted
    assert found.importance[0][0] == "c0 x c1"
    assert found.importance[0][1] > 0.9
    assert sum(share for _, share in found.importance) == pytest.approx(1)
    assert found.auc_at_least < found.auc < found.auc_at_most
    assert found.reconstruction_error_current > 2 * found.reconstruction_error_reference
    assert found.reconstruction_at_least > 0.2


def test_a_shifted_column_is_named_first() -> None:
    rng = np.random.default_rng(4)
    before, after = correlated(rng, 20_000, 0.6), correlated(rng, 20_000, 0.6)
    after["c3"] += 0.5
    found = kedge.compare_jointly(before, after)
    assert (found.verdict, found.importance[0][0]) == ("yes", "c3")
    assert found.importance[0][1] > 0.8


def test_names_that_come_together_are_a_pair() -> None:
    rng = np.random.default_rng(5)
    city, plan, noise = rng.integers(0, 4, (3, 20_000))
    before = {"city": words(city), "plan": words(plan), "noise": words(noise)}
    together = np.where(rng.random(20_000) < 0.5, city, plan)
    found = kedge.compare_jointly(before, {**before, "plan": words(together)})
    assert (found.verdict, found.importance[0][0]) == ("yes", "city x plan")
    current = {**before, "plan": words(together)}
    coded = {name: values.dictionary_encode() for name, values in current.items()}
    assert kedge.compare_jointly(before, coded).auc == found.auc
    numbers = {"city": city, "plan": together, "noise": noise}
    profile = kedge.profile(before)
    assert kedge.compare_jointly(before, numbers, profile=profile).auc == found.auc
    assert math.isnan(found.reconstruction_error_current)


def test_nulls_that_come_together_are_a_pair() -> None:
    rng = np.random.default_rng(6)
    sides = []
    for together in (False, True):
        values = rng.normal(size=(3, 30_000))
        gone = rng.random((2, 30_000)) < 0.3
        values[0][gone[0]] = np.nan
        values[1][gone[0] if together else gone[1]] = np.nan
        sides.append({f"v{i}": values[i] for i in range(3)})
    found = kedge.compare_jointly(*sides)
    assert (found.verdict, found.importance[0][0]) == ("yes", "v0 x v1")


def test_components_find_a_broken_correlation_among_ten_columns() -> None:
    rng = np.random.default_rng(7)
    found = kedge.compare_jointly(
        correlated(rng, 20_000, 0.95, 10), correlated(rng, 20_000, 0.0, 10)
    )
    change = found.reconstruction_error_current - found.reconstruction_error_reference
    assert change > 10 * found.reconstruction_error_deviation
    assert found.reconstruction_at_least > 0.05
    assert 0 < found.components < 10
    same = kedge.compare_jointly(correlated(rng, 20_000, 0.9, 10), correlated(rng, 9_000, 0.9, 10))
    assert same.verdict == "no"
    assert same.reconstruction_at_least == 0


def test_the_error_is_that_of_numpys_components() -> None:
    rng = np.random.default_rng(8)
    mix = rng.uniform(-1, 1, (6, 6))
    before, after = rng.uniform(-1, 1, (2, 20_000, 6)) @ mix
    found = kedge.compare_jointly(before, after + rng.uniform(-1, 1, (20_000, 6)))
    low, high = np.quantile(before, [0.005, 0.995], axis=0)
    held = np.clip(before, low, high)
    scaled = (held - held.mean(axis=0)) / held.std(axis=0)
    values = np.linalg.eigvalsh(np.cov(scaled.T))
    assert found.reconstruction_error_reference == pytest.approx(
        values[: 6 - found.components].sum() / 6, rel=0.05
    )
    kept = np.cumsum(values[::-1]) / values.sum()
    assert found.components == np.searchsorted(kept, 0.8) + 1


def test_batches_split_differently_give_the_same_bits() -> None:
    rng = np.random.default_rng(9)
    before = pa.table(correlated(rng, 200_000, 0.5, 3))
    after = pa.table(correlated(rng, 90_000, 0.4, 3))
    profile = kedge.profile(before)

    def split(table: pa.Table, rows: int) -> Iterator[pa.RecordBatch]:
        return iter(table.to_batches(max_chunksize=rows))

    whole = kedge.compare_jointly(before, after, profile=profile)
    assert whole.reference_rows == 200_000
    assert whole.current_rows == 90_000
    assert whole.learned_rows + whole.judged_rows <= 2 * 65_536
    for rows in (777, 70_001):
        parts = kedge.compare_jointly(split(before, rows), split(after, rows), profile=profile)
        assert parts == whole


def test_a_stream_makes_its_own_profile() -> None:
    rng = np.random.default_rng(10)
    before, after = pa.table(correlated(rng, 9_000, 0.5)), pa.table(correlated(rng, 9_000, -0.5))
    streamed = kedge.compare_jointly(iter(before.to_batches(1000)), iter(after.to_batches(500)))
    assert streamed == kedge.compare_jointly(before, after)


@pytest.mark.parametrize("rows", [0, 1, 2, 10])
def test_few_rows_are_not_yet_known(rows: int) -> None:
    rng = np.random.default_rng(rows)
    reference = {"a": rng.normal(size=100), "b": rng.normal(size=100)}
    current = {"a": np.full(rows, 99.0), "b": np.full(rows, -99.0)}
    found = kedge.compare_jointly(reference, current)
    assert found.verdict == "not yet known"
    assert found.auc_at_least < 0.55 < found.auc_at_most
    turned = kedge.compare_jointly(current, reference, profile=kedge.profile(reference))
    assert turned.verdict == "not yet known"


def test_one_column_constant_columns_and_what_is_not_finite_have_an_answer() -> None:
    rng = np.random.default_rng(11)
    one = kedge.compare_jointly(rng.normal(size=4000), rng.normal(1, 1, 4000))
    assert one.verdict == "yes"
    assert len(one.importance) == 1
    still = {"a": np.full(4000, 3.0), "b": np.zeros(4000)}
    found = kedge.compare_jointly(still, still)
    assert (found.auc, found.verdict, found.importance) == (0.5, "no", ())
    assert math.isnan(found.reconstruction_error_reference)
    odd = rng.integers(0, 2**64, (3, 9000), dtype=np.uint64).view(np.float64)
    odd[0, :100], odd[1, :100], odd[2, :100] = np.inf, -np.inf, np.nan
    wild = {f"w{i}": odd[i] for i in range(3)}
    same = kedge.compare_jointly(wild, {name: values[::-1] for name, values in wild.items()})
    assert same.verdict != "yes"
    assert math.isfinite(same.reconstruction_error_current)


def test_what_cannot_be_compared_is_refused_by_name() -> None:
    data = {"v": np.arange(100.0)}
    with pytest.raises(kedge.InvalidArgument, match='there is no column "v"'):
        kedge.compare_jointly(data, {"w": [1.0]})
    with pytest.raises(kedge.InvalidArgument, match="min_effect = 1 is not from 0 to below 1"):
        kedge.compare_jointly(data, data, min_effect=1)
    with pytest.raises(kedge.InvalidArgument, match="confidence = 0 is not between 0 and 1"):
        kedge.compare_jointly(data, data, confidence=0)
    with pytest.raises(kedge.InvalidArgument, match="profile must be a Profile"):
        kedge.compare_jointly(data, data, profile=data)  # type: ignore[arg-type]
    with pytest.raises(kedge.InvalidArgument, match="513 columns; 1 to 512"):
        kedge.compare_jointly(np.zeros((2, 513)), np.zeros((2, 513)))
