"""Raw scores of XGBoost's models are its own, bit for bit, whatever the model and the rows."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xgboost

import kedge
from kedge import _core
from tests.strategies import rows_on_thresholds

WIDTH = 6
ROWS = 600


def training_rows(rng: np.random.Generator) -> np.ndarray:
    x = rng.normal(size=(ROWS, WIDTH)).astype(np.float32)
    x[:, 1] = np.round(x[:, 1] * 2)
    x[:, 2] = np.exp(3 * x[:, 2])
    x[rng.random(x.shape) < 0.1] = np.nan
    return x


def targets(rng: np.random.Generator, x: np.ndarray, kind: str) -> np.ndarray:
    signal = np.nan_to_num(x[:, 0] - x[:, 1] * np.nan_to_num(x[:, 3])) + rng.normal(size=len(x))
    if kind == "binary":
        return (signal > 0).astype(float)
    if kind == "classes":
        return np.digitize(signal, [-1, 0, 1]).astype(float)
    if kind == "counts":
        return np.floor(np.abs(signal)) + 1
    if kind == "several":
        return np.stack([signal, -2 * signal, signal**2], axis=1)
    return signal


def wild_rows(rng: np.random.Generator, model: dict[str, Any]) -> np.ndarray:
    thresholds: list[list[float]] = [[] for _ in range(WIDTH)]
    for tree in trees_of(model):
        for feature, value, left in zip(
            tree["split_indices"], tree["split_conditions"], tree["left_children"], strict=True
        ):
            if left != -1:
                thresholds[feature].append(value)
    return rows_on_thresholds(rng, thresholds, 900, infinite=False)  # XGBoost refuses infinities


def trees_of(model: dict[str, Any]) -> list[dict[str, Any]]:
    booster = model["learner"]["gradient_booster"]
    trees: list[dict[str, Any]] = booster.get("gbtree", booster)["model"]["trees"]
    return trees


def check_equal(booster: Any, rows: np.ndarray, data: Any = None) -> _core.Forest:
    data = xgboost.DMatrix(rows) if data is None else data
    theirs = booster.predict(data, output_margin=True).reshape(len(rows), -1)
    for form in ("json", "ubj"):
        forest = _core.Forest.from_xgboost(bytes(booster.save_raw(form)))
        ours = forest.plain_scores(rows.astype(np.float64))
        np.testing.assert_array_equal(ours.astype(np.float32), theirs, err_msg=form, strict=True)
        assert np.array_equal(ours, ours.astype(np.float32))
    return forest


def train(params: dict[str, Any], data: Any, rounds: int = 12) -> Any:
    common = {"nthread": 1, "max_depth": 5, "seed": 3}
    return xgboost.train(common | params, data, rounds)


OBJECTIVES = {
    "reg:squarederror": "real",
    "reg:squaredlogerror": "counts",
    "reg:absoluteerror": "real",
    "reg:pseudohubererror": "real",
    "reg:quantileerror": "real",
    "reg:logistic": "binary",
    "reg:gamma": "counts",
    "reg:tweedie": "counts",
    "count:poisson": "counts",
    "binary:logistic": "binary",
    "binary:logitraw": "binary",
    "binary:hinge": "binary",
    "multi:softprob": "classes",
    "multi:softmax": "classes",
    "rank:ndcg": "classes",
    "rank:pairwise": "classes",
    "rank:map": "binary",
}
EXTRA = {
    "multi:softprob": {"num_class": 4},
    "multi:softmax": {"num_class": 4},
    "reg:quantileerror": {"quantile_alpha": [0.1, 0.5, 0.9]},
}


@pytest.mark.parametrize("booster", ["gbtree", "dart"])
@pytest.mark.parametrize("objective", OBJECTIVES)
def test_every_objective_and_booster(objective: str, booster: str) -> None:
    rng = np.random.default_rng(len(objective))
    x = training_rows(rng)
    groups = {"qid": np.sort(rng.integers(0, 40, ROWS))} if "rank" in objective else {}
    data = xgboost.DMatrix(x, targets(rng, x, OBJECTIVES[objective]), **groups)
    params = {"objective": objective, "booster": booster, **EXTRA.get(objective, {})}
    if booster == "dart":
        params |= {"rate_drop": 0.4, "one_drop": 1}
    model = train(params, data)
    check_equal(model, wild_rows(rng, json.loads(model.save_raw("json"))))


@pytest.mark.parametrize(
    "params",
    [
        {"num_parallel_tree": 4, "subsample": 0.7, "colsample_bynode": 0.6, "eta": 1},
        {"num_parallel_tree": 3, "objective": "multi:softprob", "num_class": 4},
        {"tree_method": "hist", "grow_policy": "lossguide", "max_leaves": 40, "max_depth": 0},
        {"tree_method": "exact", "gamma": 1.0},
        {"tree_method": "approx", "max_depth": 9, "min_child_weight": 0},
        {"base_score": 0.25, "objective": "binary:logistic"},
        {"base_score": 7.5},
        {"max_depth": 1},
        {"booster": "dart", "rate_drop": 0.5, "num_parallel_tree": 2, "normalize_type": "forest"},
    ],
    ids=str,
)
def test_every_shape_of_trees(params: dict[str, Any]) -> None:
    rng = np.random.default_rng(11)
    x = training_rows(rng)
    kind = {"multi": "classes", "binar": "binary"}.get(params.get("objective", "")[:5], "real")
    model = train(params, xgboost.DMatrix(x, targets(rng, x, kind)))
    check_equal(model, wild_rows(rng, json.loads(model.save_raw("json"))))


@pytest.mark.parametrize("strategy", ["one_output_per_tree", "multi_output_tree"])
def test_several_outputs(strategy: str) -> None:
    rng = np.random.default_rng(5)
    x = training_rows(rng)
    data = xgboost.DMatrix(x, targets(rng, x, "several"))
    model = train({"multi_strategy": strategy, "tree_method": "hist"}, data)
    check_equal(model, wild_rows(rng, json.loads(model.save_raw("json"))))


@pytest.mark.parametrize("one_hot", [1, 1000])
def test_categories(one_hot: int) -> None:
    rng = np.random.default_rng(7)
    x = training_rows(rng)
    x[:, 4] = rng.integers(0, 70, ROWS)
    x[:, 5] = rng.integers(0, 3, ROWS)
    y = targets(rng, x, "real") + np.sin(x[:, 4]) + (x[:, 5] == 1)
    types = ["q"] * 4 + ["c"] * 2
    data = xgboost.DMatrix(x, y, feature_types=types)
    model = train({"max_cat_to_onehot": one_hot, "tree_method": "hist"}, data)
    saved = json.loads(model.save_raw("json"))
    assert any(tree["categories"] for tree in trees_of(saved))
    rows = wild_rows(rng, saved)
    wild = [-1, -0.5, -0.0, 0.5, 2.9, 3, 69, 70, 71, 1000, 2**24 - 1, 2**24, 2**31, 3e38, np.nan]
    for column in (4, 5):
        rows[:, column] = rng.choice(np.array([*wild, *range(70)], np.float32), len(rows))
    check_equal(model, rows, xgboost.DMatrix(rows, feature_types=types))


def test_named_features_and_categories_of_a_data_frame() -> None:
    rng = np.random.default_rng(9)
    frame = pd.DataFrame(
        {
            "city": pd.Categorical(rng.choice(["Köln", "", "New York"], ROWS)),
            "size": rng.normal(size=ROWS),
            "code": pd.Categorical(rng.choice([30, 5, 900], ROWS)),
        }
    )
    y = frame["size"] + (frame["city"] == "Köln") * 2 + (frame["code"] == 5)
    data = xgboost.DMatrix(frame, y, enable_categorical=True)
    model = train({}, data)
    rows = np.stack([frame["city"].cat.codes, frame["size"], frame["code"].cat.codes], axis=1)
    check_equal(model, rows, data)


def test_all_iterations_count_after_an_early_stop() -> None:
    rng = np.random.default_rng(13)
    x = training_rows(rng)
    data = xgboost.DMatrix(x, rng.normal(size=ROWS))
    other = xgboost.DMatrix(training_rows(rng), rng.normal(size=ROWS))
    model = xgboost.train(
        {"nthread": 1},
        data,
        40,
        evals=[(other, "other")],
        early_stopping_rounds=3,
        verbose_eval=False,
    )
    assert model.best_iteration + 1 < model.num_boosted_rounds()
    check_equal(model, wild_rows(rng, json.loads(model.save_raw("json"))))


def test_a_model_of_the_older_base_score() -> None:
    rng = np.random.default_rng(15)
    x = training_rows(rng)
    model = train({"objective": "binary:logistic"}, xgboost.DMatrix(x, targets(rng, x, "binary")))
    saved = json.loads(model.save_raw("json"))
    saved["version"] = [2, 1, 4]
    saved["learner"]["learner_model_param"]["base_score"] = "2.5E-1"
    del saved["learner"]["gradient_booster"]["model"]["cats"]
    older = xgboost.Booster()
    older.load_model(bytearray(json.dumps(saved).encode()))
    rows = wild_rows(rng, saved)
    forest = _core.Forest.from_xgboost(json.dumps(saved).encode())
    assert forest.origin == "XGBoost 2.1.4"
    theirs = older.predict(xgboost.DMatrix(rows), output_margin=True)
    np.testing.assert_array_equal(forest.plain_scores(rows.astype(float))[:, 0], theirs)


def change(path: str, value: Any) -> bytes:
    rng = np.random.default_rng(1)
    x = training_rows(rng)
    model = train({}, xgboost.DMatrix(x, targets(rng, x, "real")), 2)
    saved = json.loads(model.save_raw("json"))
    place = saved
    *parts, last = [int(part) if part.isdigit() else part for part in path.split(".")]
    for part in parts:
        place = place[part]
    place[last] = value
    return json.dumps(saved).encode()


TREE = "learner.gradient_booster.model.trees.1."


@pytest.mark.parametrize(
    ("path", "value", "error", "message"),
    [
        ("learner.objective.name", "survival:cox", kedge.Unsupported, '"survival:cox"'),
        ("learner.objective.name", "mine", kedge.Unsupported, 'objective "mine" is not known'),
        ("learner.gradient_booster.name", "gblinear", kedge.Unsupported, 'booster "gblinear"'),
        ("version", [1, 7, 6], kedge.Unsupported, "version before 2"),
        ("learner.learner_model_param.base_score", "x", kedge.CorruptData, "expected numbers"),
        ("learner.learner_model_param.base_score", "[1,2]", kedge.CorruptData, "2 outputs"),
        ("learner.learner_model_param.num_feature", "70000", kedge.CorruptData, "up to 65535"),
        (TREE + "left_children.0", 0, kedge.CorruptData, "no neighbours"),
        (TREE + "left_children.0", 2**63 - 1, kedge.CorruptData, f"node 0 has child {2**63 - 1}"),
        (TREE + "split_indices.0", 6, kedge.CorruptData, "splits feature 6 of 6"),
        (TREE + "split_conditions", [], kedge.CorruptData, "0 split_conditions of"),
        (TREE + "parents", "x", None, ""),
        (TREE + "id", 0, kedge.CorruptData, r"trees\[1\].id: tree 0 of 2, or twice"),
        (TREE + "split_type.0", 1, kedge.CorruptData, "node 0 has no categories"),
        (TREE + "categories_nodes", [0], kedge.CorruptData, "0 categories_segments of 1"),
    ],
)
def test_what_is_no_model_is_refused_by_name(
    path: str, value: Any, error: type[Exception] | None, message: str
) -> None:
    data = change(path, value)
    if error is None:
        _core.Forest.from_xgboost(data)
        return
    with pytest.raises(error, match=message):
        _core.Forest.from_xgboost(data)


@pytest.mark.parametrize("data", [b"", b"binf\0\0", b"{}", b"{L", b"[]", b"tree\nversion=v4\n"])
def test_what_is_nothing_like_a_model_is_refused(data: bytes) -> None:
    with pytest.raises(kedge.KedgeError):
        _core.Forest.from_xgboost(data)
