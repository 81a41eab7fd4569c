"""Covers are what each trainer's own dump says, and reach the model file."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import catboost
import lightgbm
import numpy as np
import pytest
import xgboost
from sklearn import ensemble, tree

import kedge
from kedge import _core
from tests.model import test_catboost, test_lightgbm, test_xgboost
from tests.reference.model_file import ModelFile

Covers = list[tuple[list[float], list[float]]]
RANDOM = np.random.default_rng(7)
X = RANDOM.normal(size=(400, 4))
Y = X[:, 0] + X[:, 1] * X[:, 2] + RANDOM.normal(size=400)
WEIGHTS = RANDOM.random(400) * 3


def stored(model: object) -> ModelFile:
    """What the file of a compiled model holds, after a reader and a writer of ours."""
    return ModelFile(kedge.Model.from_bytes(kedge.compile(model).to_bytes()).to_bytes())


def check_stored(model: object, covers: Covers, kind: str) -> None:
    file = stored(model)
    assert file.covers.dtype == kind
    assert file.covers.tolist() == [cover for _, leaves in covers for cover in leaves]


LIGHTGBM = test_lightgbm.KINDS | {
    "forest": {"objective": "regression", **test_lightgbm.FOREST},
    "bagged": {"objective": "binary", "bagging_freq": 2, "bagging_fraction": 0.4},
}


def lightgbm_counts(booster: lightgbm.Booster) -> Iterator[tuple[list[float], list[float]]]:
    """Counts of the nodes and of the leaves of each tree, by their numbers."""
    for _, rows in booster.trees_to_dataframe().groupby("tree_index"):
        counts: dict[str, dict[int, float]] = {"S": {}, "L": {}}
        for name, count in zip(rows["node_index"], rows["count"], strict=True):
            kind, number = re.fullmatch(r"\d+-([SL])(\d+)", name).groups()
            counts[kind][int(number)] = float(count)
        yield tuple([counts[kind][i] for i in sorted(counts[kind])] for kind in "SL")


@pytest.mark.parametrize("kind", [kind for kind in LIGHTGBM if "one_leaf" not in kind])
def test_lightgbm_counts_rows(kind: str) -> None:
    booster = test_lightgbm.train(LIGHTGBM[kind])
    covers = test_lightgbm.imported(booster).covers
    for ours, (nodes, leaves) in zip(covers, lightgbm_counts(booster), strict=True):
        assert ours == (nodes, leaves)
    dumped = _core.Forest.from_lightgbm_json(json.dumps(booster.dump_model()).encode()).covers
    for ours, from_json in zip(covers, dumped, strict=True):
        assert [sorted(part) for part in ours] == [sorted(part) for part in from_json]
    check_stored(booster, covers, "<f4")


@pytest.mark.parametrize("kind", ["binary", "multiclass", "dart", "bagged", "onehot"])
def test_lightgbms_own_explanations_start_from_these_counts(kind: str) -> None:
    booster = test_lightgbm.train(LIGHTGBM[kind])
    outputs = booster.num_model_per_iteration()
    base = np.zeros(outputs)
    trees = booster.trees_to_dataframe()
    leaves = trees[trees["left_child"].isna()]
    for i, rows in leaves.groupby("tree_index"):
        base[i % outputs] += np.average(rows["value"], weights=rows["count"])
    theirs = booster.predict(test_lightgbm.draw(1)[:1], pred_contrib=True)
    np.testing.assert_allclose(theirs.reshape(outputs, -1)[:, -1], base, rtol=1e-12)


@pytest.mark.parametrize("kind", ["one_leaf", "linear_one_leaf"])
def test_a_leaf_alone_has_all_rows(kind: str) -> None:
    booster = test_lightgbm.train(LIGHTGBM[kind])
    dumped = json.dumps(booster.dump_model()).encode()
    for forest in (test_lightgbm.imported(booster), _core.Forest.from_lightgbm_json(dumped)):
        assert set(map(str, forest.covers)) <= {"([], [1500.0])", "([], [0.0])"}


def test_weighted_rows_count_once_in_lightgbm() -> None:
    data = lightgbm.Dataset(X, Y, weight=WEIGHTS)
    booster = lightgbm.train({"verbosity": -1, "num_leaves": 7, "num_threads": 1}, data, 2)
    assert [nodes[0] for nodes, _ in test_lightgbm.imported(booster).covers] == [400, 400]


def test_lightgbm_without_counts_scores_and_is_not_explained() -> None:
    text = test_lightgbm.train(LIGHTGBM["binary"]).model_to_string()
    lines = text.splitlines(keepends=True)
    lines[[line.startswith("leaf_count") for line in lines].index(True)] = ""
    forest = _core.Forest.from_lightgbm("".join(lines).encode())
    assert forest.covers == [([], [])] * 12
    assert kedge.Model(forest).info()["covers"] is False


XGBOOST: dict[str, dict[str, Any]] = {
    "logistic": {"objective": "binary:logistic"},
    "loose": {"objective": "binary:logistic", "min_child_weight": 0, "eta": 1, "max_depth": 9},
    "classes": {"objective": "multi:softprob", "num_class": 3},
    "dart": {"booster": "dart", "rate_drop": 0.4},
    "forest": {"num_parallel_tree": 3, "subsample": 0.6},
    "leafwise": {"grow_policy": "lossguide", "max_leaves": 20, "max_depth": 0},
    "exact": {"tree_method": "exact", "gamma": 3},
    "vectors": {"multi_strategy": "multi_output_tree"},
    "categories": {"max_cat_to_onehot": 1},
    "one_leaf": {"gamma": 1e9},
}


def xgboost_model(kind: str) -> Any:
    rng = np.random.default_rng(11)
    x = test_xgboost.training_rows(rng)
    y = test_xgboost.targets(rng, x, "real")
    types = ["q"] * test_xgboost.WIDTH
    if kind in {"logistic", "loose"}:
        y = (y > 0).astype(float)
    elif kind == "classes":
        y = np.digitize(y, [-1, 1]).astype(float)
    elif kind == "vectors":
        y = np.stack([y, -y * y], 1)
    elif kind == "categories":
        x[:, 4] = rng.integers(0, 12, len(x))
        types[4] = "c"
    weight = rng.random(len(x)).astype(np.float32) * 3
    data = xgboost.DMatrix(
        x, y, weight=weight, feature_types=types, enable_categorical=kind == "categories"
    )
    return test_xgboost.train(XGBOOST[kind], data, 6)


def xgboost_covers(dump: str) -> tuple[list[float], list[float]]:
    """Level by level, leaves as they are met."""
    nodes, leaves, open_nodes = [], [], [json.loads(dump)]
    for node in open_nodes:
        if "children" in node:
            nodes.append(node["cover"])
            open_nodes += sorted(node["children"], key=lambda child: child["nodeid"])
        else:
            leaves.append(node["cover"])
    return nodes, leaves


@pytest.mark.parametrize("kind", [kind for kind in XGBOOST if kind != "vectors"])
def test_xgboost_adds_up_hessians(kind: str) -> None:
    booster = xgboost_model(kind)
    dump = booster.get_dump(with_stats=True, dump_format="json")
    for form in ("json", "ubj"):
        covers = _core.Forest.from_xgboost(bytes(booster.save_raw(form))).covers
        for (nodes, leaves), text in zip(covers, dump, strict=True):
            theirs = xgboost_covers(text)
            assert len(nodes) == len(theirs[0])
            np.testing.assert_allclose(nodes, theirs[0], rtol=1e-5)
            # The dump writes fewer digits than the file has.
            np.testing.assert_allclose(leaves, theirs[1], rtol=1e-5)
    check_stored(booster, covers, "<f4")


def test_xgboosts_leaves_of_vectors_have_one_cover_each() -> None:
    booster = xgboost_model("vectors")
    covers = _core.Forest.from_xgboost(bytes(booster.save_raw("ubj"))).covers
    saved = test_xgboost.trees_of(json.loads(booster.save_raw("json")))
    for (nodes, leaves), one in zip(covers, saved, strict=True):
        is_leaf = np.array(one["left_children"]) == -1
        hessians = np.array(one["sum_hessian"], np.float32)
        assert sorted(leaves) == sorted(hessians[is_leaf].tolist())
        np.testing.assert_allclose(sorted(nodes), sorted(hessians[~is_leaf]), rtol=1e-5)
    check_stored(booster, covers, "<f4")


@pytest.mark.parametrize("kind", ["logistic", "classes", "dart", "categories"])
def test_xgboosts_own_explanations_start_from_these_hessians(kind: str) -> None:
    booster = xgboost_model(kind)
    file = json.loads(booster.save_raw("json"))
    trees = test_xgboost.trees_of(file)
    outputs = 3 if kind == "classes" else 1
    drops = file["learner"]["gradient_booster"].get("weight_drop", [1.0] * len(trees))
    base = np.zeros(outputs)
    for i, one in enumerate(trees):
        is_leaf = np.array(one["left_children"]) == -1
        value = np.array(one["split_conditions"])[is_leaf]
        mean = np.average(value, weights=np.array(one["sum_hessian"])[is_leaf])
        base[i % outputs] += drops[i] * mean
    data = xgboost.DMatrix(np.full((1, 6), np.nan, np.float32), feature_types=booster.feature_types)
    theirs = booster.predict(data, pred_contribs=True).reshape(outputs, -1)[:, -1]
    margin = np.array(json.loads(file["learner"]["learner_model_param"]["base_score"]), float)
    if kind == "logistic":
        margin = np.log(margin / (1 - margin))
    np.testing.assert_allclose(theirs, margin + base, atol=2e-5)


def test_negative_hessians_are_no_covers() -> None:
    saved = json.loads(xgboost_model("logistic").save_raw("json"))
    one = test_xgboost.trees_of(saved)[2]
    one["sum_hessian"][one["left_children"].index(-1)] *= -1
    forest = _core.Forest.from_xgboost(json.dumps(saved).encode())
    assert forest.covers == [([], [])] * 6
    one["sum_hessian"].pop()
    with pytest.raises(kedge.CorruptData, match=r"trees\[2\]: \d+ sum_hessian of \d+ nodes"):
        _core.Forest.from_xgboost(json.dumps(saved).encode())
    for tree_saved in test_xgboost.trees_of(saved):
        del tree_saved["sum_hessian"]
    forest = _core.Forest.from_xgboost(json.dumps(saved).encode())
    assert kedge.Model(forest).info()["covers"] is False


SKLEARN = {
    "forest": ensemble.RandomForestRegressor(4, max_depth=5, random_state=0),
    "best_first": ensemble.RandomForestRegressor(4, max_leaf_nodes=9, random_state=0),
    "classes": ensemble.ExtraTreesClassifier(4, max_depth=4, random_state=0),
    "isolation": ensemble.IsolationForest(n_estimators=4, random_state=0),
    "stages": ensemble.GradientBoostingRegressor(n_estimators=4, random_state=0),
    "tree": tree.DecisionTreeClassifier(max_depth=4, class_weight="balanced", random_state=0),
    "one_leaf": tree.DecisionTreeRegressor(max_depth=1, min_samples_leaf=300),
}


@pytest.mark.parametrize("kind", SKLEARN)
def test_sklearn_adds_up_weights(kind: str) -> None:
    y = np.digitize(Y, [-1, 1]) if kind in {"classes", "tree"} else Y
    model = SKLEARN[kind].fit(X, y, sample_weight=WEIGHTS)
    trees = np.ravel(getattr(model, "estimators_", model))
    file = stored(model)
    at = 0
    for one in trees:
        is_leaf = one.tree_.children_left == -1
        theirs = one.tree_.weighted_n_node_samples
        leaves = int(is_leaf.sum())
        assert file.covers[at : at + leaves].tolist() == theirs[is_leaf].tolist()
        np.testing.assert_allclose(file.covers[at : at + leaves].sum(), theirs[0], rtol=1e-12)
        at += leaves
    assert at == len(file.covers)
    nodes = kedge.model.sources.source_of(model).forest.covers
    for (ours, _), one in zip(nodes, trees, strict=True):
        theirs = one.tree_.weighted_n_node_samples[one.tree_.children_left != -1]
        np.testing.assert_allclose(ours, theirs, rtol=1e-12)


def test_histogram_boosting_counts_rows() -> None:
    x = np.column_stack([RANDOM.integers(0, 9, 400), X])
    x[RANDOM.random(x.shape) < 0.1] = np.nan
    y = np.digitize(Y, [-1, 1])
    made = ensemble.HistGradientBoostingClassifier(max_iter=3, categorical_features=[0])
    model = made.fit(x, y, sample_weight=WEIGHTS)
    forest = kedge.model.sources.source_of(model).forest
    stages = [predictor.nodes for stage in model._predictors for predictor in stage]
    for (nodes, leaves), theirs in zip(forest.covers, stages, strict=True):
        is_leaf = theirs["is_leaf"].astype(bool)
        assert leaves == theirs["count"][is_leaf].tolist()
        assert nodes == theirs["count"][~is_leaf].tolist()
    check_stored(model, forest.covers, "<f4")


def nested_weights(root: dict[str, Any]) -> list[float]:
    """Of leaves, level by level."""
    weights, open_nodes = [], [root]
    for node in open_nodes:
        if "split" in node:
            open_nodes += [node["left"], node["right"]]
        else:
            weights.append(node["weight"])
    return weights


@pytest.mark.parametrize(
    "params",
    [
        {"depth": 6},
        {"depth": 4, "loss_function": "MultiClass"},
        {"grow_policy": "Lossguide"},
        {"grow_policy": "Depthwise", "loss_function": "MultiClass"},
    ],
    ids=str,
)
def test_catboost_adds_up_weights(params: dict[str, Any], tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    x = test_catboost.training_rows(rng)
    y = test_catboost.target(rng, x)
    if "loss_function" in params:
        y = np.digitize(y, [-1, 1])
    weights = rng.random(len(x)) * 3
    model = test_catboost.train(params, x, y, sample_weight=weights)
    data = test_catboost.saved_bytes(model, tmp_path)
    saved = json.loads(data)
    covers = _core.Forest.from_catboost(data).covers
    trees = saved.get("oblivious_trees")
    if trees is None:
        assert [leaves for _, leaves in covers] == [nested_weights(one) for one in saved["trees"]]
    else:
        assert [leaves for _, leaves in covers] == [one["leaf_weights"] for one in trees]
    if "loss_function" not in params and trees is not None:
        ours = [cover for _, leaves in covers for cover in leaves]
        assert ours == model.get_leaf_weights().tolist()
    np.testing.assert_allclose([nodes[0] for nodes, _ in covers], weights.sum(), rtol=1e-6)
    check_stored(model, covers, "<f8")


@pytest.mark.parametrize("loss", ["RMSE", "MultiClass"])
def test_catboosts_own_explanations_start_from_these_weights(loss: str, tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    x = test_catboost.training_rows(rng)
    y = test_catboost.target(rng, x)
    y = np.digitize(y, [-1, 1]) if loss == "MultiClass" else y
    model = test_catboost.train({"depth": 5, "loss_function": loss}, x, y)
    saved = json.loads(test_catboost.saved_bytes(model, tmp_path))
    outputs = 3 if loss == "MultiClass" else 1
    base = np.ravel(saved["scale_and_bias"][1]).astype(float)
    for one in saved["oblivious_trees"]:
        values = np.reshape(one["leaf_values"], (-1, outputs))
        base = base + np.average(values, axis=0, weights=one["leaf_weights"])
    theirs = model.get_feature_importance(catboost.Pool(x[:1]), type="ShapValues")
    np.testing.assert_allclose(theirs.reshape(outputs, -1)[:, -1], base, rtol=1e-9)
