"""An imported LightGBM model gives LightGBM's raw scores, bit for bit."""

from __future__ import annotations

import json
from typing import Any

import lightgbm
import numpy as np
import pytest

import kedge
from kedge import _core
from tests.model.rows import hard_rows, same_bits

FEATURES = 8
CATEGORY = 6  # and the one after it
KINDS: dict[str, dict[str, Any]] = {
    "regression": {"objective": "regression"},
    "sqrt": {"objective": "regression", "reg_sqrt": True},
    "l1": {"objective": "regression_l1"},
    "huber": {"objective": "huber"},
    "fair": {"objective": "fair"},
    "quantile": {"objective": "quantile", "alpha": 0.7},
    "mape": {"objective": "mape"},
    "poisson": {"objective": "poisson"},
    "gamma": {"objective": "gamma"},
    "tweedie": {"objective": "tweedie"},
    "binary": {"objective": "binary", "sigmoid": 0.7},
    "multiclass": {"objective": "multiclass", "num_class": 4},
    "multiclassova": {"objective": "multiclassova", "num_class": 4},
    "cross_entropy": {"objective": "cross_entropy"},
    "cross_entropy_lambda": {"objective": "cross_entropy_lambda"},
    "lambdarank": {"objective": "lambdarank"},
    "rank_xendcg": {"objective": "rank_xendcg"},
    "dart": {"objective": "binary", "boosting": "dart", "drop_rate": 0.5},
    "goss": {"objective": "regression", "data_sample_strategy": "goss"},
    "extra": {"objective": "regression", "extra_trees": True},
    "linear": {"objective": "regression", "linear_tree": True},
    "monotone": {"objective": "regression", "monotone_constraints": [1, -1, 0, 0, 0, 0, 0, 0]},
    "zero": {"objective": "regression", "zero_as_missing": True},
    "none": {"objective": "regression", "use_missing": False},
    "onehot": {"objective": "regression", "max_cat_to_onehot": 64},
    "stumps": {"objective": "binary", "num_leaves": 2},
    "one_leaf": {"objective": "regression", "min_data_in_leaf": 10_000},
    "linear_one_leaf": {"objective": "regression", "linear_tree": True, "min_data_in_leaf": 10_000},
}
FOREST = {"boosting": "rf", "bagging_freq": 1, "bagging_fraction": 0.6}


def draw(seed: int, rows: int = 1500) -> np.ndarray:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(rows, FEATURES))
    x[:, 2] = np.round(x[:, 2] * 2) / 2
    x[:, 3] = np.where(rng.random(rows) < 0.4, 0, x[:, 3])
    x[:, 4] = np.where(rng.random(rows) < 0.2, np.nan, x[:, 4])
    x[:, CATEGORY] = rng.integers(0, 70, rows)
    x[:, CATEGORY + 1] = np.where(rng.random(rows) < 0.1, np.nan, rng.integers(0, 5, rows))
    return x


def train(kind: dict[str, Any], seed: int = 5, rounds: int = 12) -> lightgbm.Booster:
    x = draw(seed)
    y = np.nan_to_num(x[:, 0] + x[:, 4] * x[:, 1] + np.sin(x[:, 2]) + x[:, CATEGORY] % 3 + x[:, 3])
    objective = str(kind["objective"])
    if "multiclass" in objective:
        y = np.digitize(y, np.quantile(y, [0.2, 0.5, 0.8]))
    elif "rank" in objective:
        y = np.digitize(y, np.quantile(y, [0.5, 0.9]))
    elif objective == "binary" or "entropy" in objective:
        y = y > 1
    elif objective in {"poisson", "gamma", "tweedie"}:
        y = np.exp(y / 4)
    group = [50] * 30 if "rank" in objective else None
    data = lightgbm.Dataset(x, y, group=group, categorical_feature=[CATEGORY, CATEGORY + 1])
    params = {"num_leaves": 31, "verbosity": -1, "num_threads": 1, "deterministic": True, **kind}
    return lightgbm.train(params, data, rounds)


def thresholds(text: str) -> np.ndarray:
    lines = [line[10:].split() for line in text.splitlines() if line.startswith("threshold=")]
    return np.array([float(word) for line in lines for word in line] + [0.5])


def imported(booster: lightgbm.Booster) -> _core.Forest:
    return _core.Forest.from_lightgbm(booster.model_to_string().encode())


def raw_scores(booster: lightgbm.Booster, rows: np.ndarray) -> np.ndarray:
    return booster.predict(rows, raw_score=True).reshape(len(rows), -1)


@pytest.mark.parametrize("kind", KINDS)
def test_raw_scores_are_lightgbms(kind: str) -> None:
    booster = train(KINDS[kind])
    forest = imported(booster)
    rows = np.vstack([draw(9), hard_rows(draw(11), thresholds(booster.model_to_string()))])
    assert same_bits(forest.plain_scores(rows), raw_scores(booster, rows))
    dumped = _core.Forest.from_lightgbm_json(json.dumps(booster.dump_model()).encode())
    assert same_bits(dumped.plain_scores(rows), raw_scores(booster, rows))
    assert [f.kind for f in dumped.features] == [f.kind for f in forest.features]


@pytest.mark.parametrize("classes", [1, 4])
def test_a_random_forest_predicts_by_the_mean_of_its_trees(classes: int) -> None:
    kind = KINDS["multiclass"] if classes > 1 else KINDS["regression"]
    booster = train(kind | FOREST)
    rows = np.vstack([draw(9), hard_rows(draw(11), thresholds(booster.model_to_string()))])
    assert same_bits(imported(booster).plain_scores(rows), raw_scores(booster, rows))
    if classes == 1:
        assert same_bits(kedge.compile(booster).predict(rows), booster.predict(rows))


@pytest.mark.parametrize("kind", ["regression", "linear", "multiclass"])
def test_the_text_stops_at_the_best_iteration(kind: str) -> None:
    booster = train(KINDS[kind])
    booster.best_iteration = 5
    rows = draw(9)
    assert same_bits(imported(booster).plain_scores(rows), raw_scores(booster, rows))


def test_a_function_of_the_users_own_has_raw_scores() -> None:
    booster = train({"objective": lambda y, data: (y - data.get_label(), np.ones_like(y))})
    assert same_bits(imported(booster).plain_scores(draw(9)), raw_scores(booster, draw(9)))


def test_lines_may_end_as_on_windows() -> None:
    booster = train(KINDS["onehot"])
    text = booster.model_to_string().replace("\n", "\r\n")
    ours = _core.Forest.from_lightgbm(text.encode()).plain_scores(draw(9))
    assert same_bits(ours, raw_scores(booster, draw(9)))


def test_nodes_in_another_order_are_the_same_tree() -> None:
    booster = train(KINDS["regression"], rounds=1)
    lines = booster.model_to_string().split("\n")
    keys = ("split_feature", "threshold", "decision_type", "left_child", "right_child")
    place = [0, *range(29, 0, -1)]  # of each node, the root stays
    for i, line in enumerate(lines):
        key, _, value = line.partition("=")
        if key not in keys:
            continue
        words = value.split(" ")
        if key.endswith("child"):
            words = [word if int(word) < 0 else str(place[int(word)]) for word in words]
        moved = dict(zip(place, words, strict=True))
        lines[i] = f"{key}={' '.join(moved[at] for at in range(30))}"
    ours = _core.Forest.from_lightgbm("\n".join(lines).encode()).plain_scores(draw(9))
    assert same_bits(ours, raw_scores(booster, draw(9)))


def test_categories_of_a_data_frame_have_their_names() -> None:
    text = train(KINDS["regression"], rounds=1).model_to_string().rsplit("\npandas_cat", 1)[0]

    def names(lists: str) -> list[list[str]]:
        forest = _core.Forest.from_lightgbm(f"{text}\npandas_categorical:{lists}\n".encode())
        return [feature.categories for feature in forest.features]

    assert names("null") == [[]] * 8
    assert names('[["x", "z\\u00e4"], [1, 2.5]]') == [[]] * 6 + [["x", "z\u00e4"], ["1", "2.5"]]
    assert names("[[true, false], [null]]")[6:] == [["true", "false"], [""]]
    assert names('[["x"], ["y"], ["z"]]') == [[]] * 8
    with pytest.raises(kedge.CorruptData, match=r"line \d+: pandas_categorical: "):
        names("[[")


def test_categories_in_json_have_their_names_too() -> None:
    dump = train(KINDS["regression"], rounds=1).dump_model()
    dump["pandas_categorical"] = [["x", "y"], [1]]
    features = _core.Forest.from_lightgbm_json(json.dumps(dump).encode()).features
    assert [feature.categories for feature in features[6:]] == [["x", "y"], ["1"]]


def test_what_is_wrong_with_json_is_said_with_its_path() -> None:
    dump = train(KINDS["regression"], rounds=2).dump_model()
    root = dump["tree_info"][1]["tree_structure"]
    root["right_child"]["split_feature"] = 8
    with pytest.raises(kedge.CorruptData, match=r"tree_info\[1\].*right_child.*: 8, 0 to 7"):
        _core.Forest.from_lightgbm_json(json.dumps(dump).encode())
    dump["objective"] = "binary sigmoid:-1"
    with pytest.raises(kedge.CorruptData, match='objective: "sigmoid:-1", a positive number'):
        _core.Forest.from_lightgbm_json(json.dumps(dump).encode())
