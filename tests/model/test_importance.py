"""Explanations of many rows, summed up: means within their bounds, merges, slices and drift."""

from __future__ import annotations

import lightgbm
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import kedge
from kedge.model.importance import importances
from tests.strategies import draw_column

ROUNDING = 1e-9
NAMES = ["age", "spend", "noise"]


def contributions(seed: int, rows: int = 3000, turned: bool = False) -> dict[str, np.ndarray]:
    """What LightGBM says each feature adds, for rows whose first two features may have swapped."""
    rng = np.random.default_rng(1)
    x = rng.normal(size=(4000, 3))
    params = {"verbosity": -1, "num_leaves": 15, "num_threads": 1}
    booster = lightgbm.train(params, lightgbm.Dataset(x, 3 * x[:, 0] + x[:, 1] ** 2), 20)
    now = np.random.default_rng(seed).normal(size=(rows, 3))
    now[:, 0] *= 0.1 if turned else 1
    theirs = booster.predict(now, pred_contrib=True)[:, :-1]
    return {name: theirs[:, i].copy() for i, name in enumerate(NAMES)}


@given(st.integers(0, 2**32), st.integers(8, 300))
def test_the_mean_amount_is_within_its_error(seed: int, cells: int) -> None:
    rng = np.random.default_rng(seed)
    shape = str(rng.choice(["normal", "tied", "clusters", "zeros", "integers"]))
    values = draw_column(rng, shape, 500) * rng.choice([1.0, -1.0])
    counted = kedge.profile({"x": values}, cells=cells).histogram("x")
    wanted = np.abs(values).mean()
    slack = ROUNDING * max(1.0, float(np.abs(values).max()))
    assert abs(counted.mean_abs - wanted) <= counted.mean_abs_error + slack
    assert counted.mean_abs >= abs(counted.mean) - counted.mean_error - slack
    exact = kedge.profile({"x": values}, exact=True).histogram("x")
    assert exact.mean_abs == pytest.approx(wanted, rel=ROUNDING)
    assert exact.mean_abs_error <= slack


def test_nothing_counted_has_no_mean() -> None:
    empty = kedge.profile({"x": np.arange(3.0)}).like()
    assert np.isnan(empty.histogram("x").mean_abs)
    assert np.isnan(empty.histogram("x").mean_abs_error)
    assert importances(empty) == []


def test_features_come_by_their_importance() -> None:
    added = contributions(2)
    found = importances(kedge.profile(added))
    assert [one.feature for one in found] == NAMES
    for one in found:
        values = added[one.feature]
        assert one.error <= 1e-2 * one.mean_abs
        assert abs(one.mean_abs - np.abs(values).mean()) <= one.error + ROUNDING
        assert abs(one.mean - values.mean()) <= one.error + ROUNDING
        assert (
            (values < one.low).mean() <= 0.05 <= (values <= np.nextafter(one.low, 9)).mean() + 0.01
        )
        assert (values > one.high).mean() <= 0.05
        assert (one.rows, one.part) == (3000, None)


def test_parts_of_a_stream_merge_to_the_whole() -> None:
    added = contributions(2)
    whole = kedge.profile(added)
    parts = [whole.like() for _ in range(3)]
    for i, part in enumerate(parts):
        part.update({name: values[i::3] for name, values in added.items()})
    for part in parts[1:]:
        parts[0].merge(part)
    assert importances(parts[0]) == importances(whole)


def test_slices_are_summed_up_apart() -> None:
    added = contributions(2)
    region = np.where(added["age"] > 0.5, "north", "south").astype(object)
    table = {**added, "region": region}
    found = importances(kedge.profile(table, slices=["region"]), by="region")
    counts = {name: int((region == name).sum()) for name in ("north", "south")}
    order = sorted(counts, key=lambda name: -counts[name])
    assert [one.part for one in found] == [name for name in order for _ in NAMES]
    for one in found:
        values = added[one.feature][region == one.part]
        assert one.rows == counts[str(one.part)]
        assert abs(one.mean_abs - np.abs(values).mean()) <= one.error + ROUNDING
    with pytest.raises(kedge.InvalidArgument, match='no slices by column "plan"'):
        importances(kedge.profile(table), by="plan")


def test_a_part_is_a_profile_of_its_rows() -> None:
    x = np.arange(60.0)
    plan = np.array(["a", "b", "c"] * 20, dtype=object)
    whole = kedge.profile({"x": x, "plan": plan}, slices=["plan"])
    parts = dict(whole.parts("plan"))
    assert list(parts) == ["a", "b", "c", "(others)"]
    alone = kedge.profile({"x": x, "plan": plan}).like()
    alone.update({"x": x[1::3], "plan": plan[1::3]})
    assert parts["b"] == alone
    assert parts["(others)"].row_count == 0


def test_a_model_that_decides_for_other_reasons_has_drifted() -> None:
    reference = kedge.profile(contributions(2))
    same = kedge.compare(reference, contributions(3))
    turned = kedge.compare(reference, contributions(3, turned=True))
    assert [one.column for one in same.columns if one.verdict == "yes"] == []
    assert "age" in [one.column for one in turned.columns if one.verdict == "yes"]
