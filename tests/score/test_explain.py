"""Model.explain: Shapley's values of the raw score, as the definition and trainers have them."""

from __future__ import annotations

from typing import Any

import lightgbm
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import kedge
from kedge import _core
from tests.model import test_lightgbm as lgb
from tests.model.rows import hard_rows
from tests.reference.shapley import Leaf, Node, Tree, expectation, interactions, shapley
from tests.score.test_bits import XGBOOST, xgboost_booster, xgboost_hard, xgboost_matrix

EXACT = 1e-9
FEATURES = 5
CATEGORY = 3  # and the one after it
VALUES = st.sampled_from([np.nan, -1.0, 0.0, 0.5, 1.0, 2.0, 3.0, 2.5, np.inf])


def close(found: np.ndarray, wanted: np.ndarray, relative: float = EXACT) -> None:
    scale = max(float(np.abs(wanted).max(initial=0)), 1e-300)
    np.testing.assert_allclose(found, wanted, rtol=0, atol=relative * scale)


def adds_up(model: kedge.Model, found: _core.Explanation, rows: Any) -> None:
    raw = model.predict(rows, raw=True)
    relative = 1e-5 if raw.dtype == np.float32 else EXACT
    size = max(np.abs(found.values).max(initial=0), np.abs(found.base).max(initial=0))
    sums = (found.values.sum(axis=-1) + found.base).reshape(raw.shape)
    np.testing.assert_allclose(sums, raw, rtol=0, atol=relative * size)


@st.composite
def trees(draw: st.DrawFn, depth: int = 5) -> Tree:
    """Trees with empty leaves, the same feature again and again, missing values and sets."""
    if depth == 0 or draw(st.integers(0, 3)) == 0:
        return Leaf(draw(st.integers(-8, 8)) / 4, draw(st.sampled_from([0, 1, 2, 7, 1000])))
    feature = draw(st.integers(0, FEATURES - 1))
    children = draw(trees(depth - 1)), draw(trees(depth - 1))
    if feature < CATEGORY:
        return Node(feature, Below(draw(st.integers(-2, 5)) / 2, draw(st.booleans())), *children)
    members = frozenset(draw(st.sets(st.integers(0, 3))))
    return Node(feature, Among(members, draw(st.booleans())), *children)


class Below:
    def __init__(self, threshold: float, missing_left: bool) -> None:
        self.threshold, self.missing_left = threshold, missing_left

    def __call__(self, value: float) -> bool:
        return self.missing_left if np.isnan(value) else value <= self.threshold


class Among:
    def __init__(self, members: frozenset[int], missing_left: bool) -> None:
        self.members, self.missing_left = members, missing_left

    def __call__(self, value: float) -> bool:
        return self.missing_left if np.isnan(value) else value in self.members


def compiled(forest: list[Tree], outputs: int) -> kedge.Model:
    """The model of these trees, tree i's values added to output i % outputs."""
    nodes: list[dict[str, Any]] = []
    sets: list[list[int]] = [[]]
    sizes = []
    for tree in forest:
        first = len(nodes)
        open_trees = [(tree, -1, "left")]
        while open_trees:
            at, parent, side = open_trees.pop()
            if parent >= 0:
                nodes[parent][side] = len(nodes) - first
            node = {"left": -1, "right": 0, "feature": 0, "threshold": 0.0, "missing": 0}
            node |= {"test": 0, "set": 0, "value": 0.0, "cover": at.cover}
            if isinstance(at, Leaf):
                node["value"] = at.value
            else:
                test: Any = at.goes_left
                node |= {"feature": at.feature, "missing": int(test.missing_left)}
                if isinstance(test, Below):
                    node["threshold"] = test.threshold
                else:
                    node |= {"test": 2, "set": len(sets)}
                    sets.append(sorted(test.members))
                place = len(nodes)
                open_trees += [(at.right, place, "right"), (at.left, place, "left")]
            nodes.append(node)
        sizes.append(len(nodes) - first)

    def column(key: str, kind: type) -> np.ndarray:
        return np.array([node[key] for node in nodes], kind)

    return kedge.Model(
        _core.Forest.from_parts(
            origin="a test",
            features=[f"f{i}" for i in range(FEATURES)],
            categories={i: [] for i in range(CATEGORY, FEATURES)},
            tree_sizes=np.array(sizes, np.uint32),
            tree_outputs=np.arange(len(forest), dtype=np.uint32) % outputs,
            left=column("left", np.int32),
            right=column("right", np.int32),
            feature=column("feature", np.uint32),
            threshold=column("threshold", np.float64),
            missing_left=column("missing", np.uint8),
            test=column("test", np.uint8),
            set=column("set", np.uint32),
            values=column("value", np.float64)[:, None],
            covers=column("cover", np.float64),
            sets=sets,
            start=[0.25] * outputs,
            divisor=2.0,
            reads_float32=False,
            link="identity",
            link_scale=1.0,
        )
    )


@settings(max_examples=150)
@given(
    st.lists(trees(), min_size=1, max_size=4),
    st.lists(st.lists(VALUES, min_size=FEATURES, max_size=FEATURES), max_size=5),
    st.integers(1, 2),
)
def test_contributions_are_shapleys_over_all_sets_of_features(
    forest: list[Tree], rows: list[list[float]], outputs: int
) -> None:
    model = compiled(forest, outputs)
    x = np.array(rows).reshape(-1, FEATURES)
    found = model.explain(x)
    values = found.values.reshape(len(x), outputs, FEATURES)
    for k in range(outputs):
        own = forest[k::outputs]
        base = (0.25 + sum(expectation(tree, [], frozenset()) for tree in own)) / 2
        assert found.base[k] == pytest.approx(base, abs=1e-12)
        for i, row in enumerate(x):
            wanted = sum(np.array(shapley(tree, row, FEATURES)) for tree in own) / 2
            np.testing.assert_allclose(values[i, k], wanted, atol=1e-12)
    adds_up(model, found, x)


LINEAR = {"linear", "linear_one_leaf"}


@pytest.mark.parametrize("kind", [*sorted(lgb.KINDS.keys() - LINEAR), "rf", "rf_multiclass"])
def test_contributions_are_lightgbms(kind: str) -> None:
    params = (
        lgb.KINDS.get(kind)
        or lgb.KINDS["multiclass" if kind == "rf_multiclass" else "regression"] | lgb.FOREST
    )
    booster = lgb.train(params, rounds=20)
    model = kedge.compile(booster)
    cuts = lgb.thresholds(booster.model_to_string())
    rows = np.vstack([lgb.draw(9, 60), hard_rows(lgb.draw(11, 60), cuts)])
    found = model.explain(rows)
    theirs = booster.predict(rows, pred_contrib=True)
    wanted = theirs.reshape(len(rows), model.outputs, lgb.FEATURES + 1)
    close(found.values.reshape(wanted[..., :-1].shape), wanted[..., :-1])
    close(found.base, wanted[0, :, -1])
    adds_up(model, found, rows)


def test_deep_trees_are_explained_exactly() -> None:
    rng = np.random.default_rng(3)
    x = rng.normal(size=(4000, 60))
    y = np.cumsum(np.abs(x[:, :50]) > 0.3, axis=1).argmax(axis=1) + x[:, 0]
    params = {"objective": "regression", "num_leaves": 400, "min_data_in_leaf": 1, "verbosity": -1}
    booster = lightgbm.train(params | {"num_threads": 1}, lightgbm.Dataset(x, y), 3)
    rows = x[:20]
    found = kedge.compile(booster).explain(rows)
    close(found.values, booster.predict(rows, pred_contrib=True)[:, :-1])


@pytest.mark.parametrize("kind", sorted(XGBOOST))
def test_contributions_are_xgboosts_within_its_floats(kind: str) -> None:
    booster = xgboost_booster(kind)
    model = kedge.compile(booster)
    rows = xgboost_hard(booster, 80, 3)
    found = model.explain(rows)
    theirs = booster.predict(xgboost_matrix(kind, rows), pred_contribs=True)
    wanted = theirs.reshape(len(rows), model.outputs, -1)
    close(found.values.reshape(wanted[..., :-1].shape), wanted[..., :-1], 1e-5)
    close(found.base, wanted[0, :, -1], 1e-5)
    adds_up(model, found, rows)


@settings(max_examples=60)
@given(
    st.lists(trees(), min_size=1, max_size=3),
    st.lists(st.lists(VALUES, min_size=FEATURES, max_size=FEATURES), max_size=3),
    st.integers(1, 2),
)
def test_interactions_are_shapleys_over_all_sets_of_features(
    forest: list[Tree], rows: list[list[float]], outputs: int
) -> None:
    x = np.array(rows).reshape(-1, FEATURES)
    found = compiled(forest, outputs).explain(x, interactions=True)
    assert found.interactions is not None
    table = found.interactions.reshape(len(x), outputs, FEATURES, FEATURES)
    for k in range(outputs):
        for i, row in enumerate(x):
            own = [np.array(interactions(tree, row, FEATURES)) for tree in forest[k::outputs]]
            np.testing.assert_allclose(table[i, k], sum(own) / 2, atol=1e-12)


@pytest.mark.parametrize("kind", sorted(XGBOOST))
def test_interactions_are_xgboosts_within_its_floats(kind: str) -> None:
    booster = xgboost_booster(kind)
    model = kedge.compile(booster)
    rows = xgboost_hard(booster, 40, 3)
    found = model.explain(rows, interactions=True)
    theirs = booster.predict(xgboost_matrix(kind, rows), pred_interactions=True)
    assert found.interactions is not None
    wanted = theirs.reshape(len(rows), model.outputs, 6, 6)[..., :-1, :-1]
    close(found.interactions.reshape(wanted.shape), wanted, 1e-4)
    close(found.interactions.sum(axis=-1), found.values)
