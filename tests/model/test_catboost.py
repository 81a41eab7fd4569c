"""Raw scores of CatBoost's models are its own, bit for bit, whatever the model and the rows."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import catboost
import numpy as np
import pytest

import kedge
from kedge import _core
from tests.strategies import rows_on_thresholds

WIDTH = 5
ROWS = 500
NAMES = ["Köln", "", "7", "nan", "New York"]


def training_rows(rng: np.random.Generator) -> np.ndarray:
    x = rng.normal(size=(ROWS, WIDTH)).astype(np.float32)
    x[:, 1] = np.round(x[:, 1] * 2)
    x[rng.random(x.shape) < 0.1] = np.nan
    return x


def target(rng: np.random.Generator, x: np.ndarray) -> np.ndarray:
    return np.nan_to_num(x[:, 0] - x[:, 1] * np.nan_to_num(x[:, 3])) + rng.normal(size=len(x))


def wild_rows(rng: np.random.Generator, saved: dict[str, Any]) -> np.ndarray:
    features = saved["features_info"]["float_features"]
    return rows_on_thresholds(rng, [feature["borders"] for feature in features], 800, infinite=True)


def train(params: dict[str, Any], x: Any, y: Any, **more: Any) -> Any:
    common = {
        "iterations": 23,
        "verbose": 0,
        "thread_count": 1,
        "random_seed": 3,
        "allow_writing_files": False,
    }
    return catboost.CatBoost(common | params).fit(x, y, **more)


def saved_bytes(model: Any, folder: Path, pool: Any = None) -> bytes:
    model.save_model(str(folder / "model.json"), format="json", pool=pool)
    return (folder / "model.json").read_bytes()


def check_equal(model: Any, data: bytes, rows: np.ndarray, theirs_rows: Any = None) -> None:
    theirs = model.predict(
        rows if theirs_rows is None else theirs_rows, prediction_type="RawFormulaVal"
    )
    forest = _core.Forest.from_catboost(data)
    assert forest.origin == f"CatBoost {catboost.__version__}"
    ours = forest.plain_scores(rows.astype(np.float64))
    np.testing.assert_array_equal(ours, theirs.reshape(len(rows), -1), strict=True)


@pytest.mark.parametrize(
    "params",
    [
        {"depth": 6},
        {"depth": 1},
        {"loss_function": "Logloss"},
        {"loss_function": "MultiClass"},
        {"loss_function": "MultiClassOneVsAll", "depth": 3},
        {"loss_function": "Poisson"},
        {"loss_function": "MultiRMSE"},
        {"loss_function": "Quantile:alpha=0.9"},
        {"grow_policy": "Lossguide", "max_leaves": 40, "depth": 12},
        {"grow_policy": "Depthwise", "depth": 5},
        {"grow_policy": "Depthwise", "depth": 5, "loss_function": "MultiClass"},
        {"nan_mode": "Max"},
        {"nan_mode": "Max", "grow_policy": "Lossguide"},
        {"boosting_type": "Ordered"},
        {"border_count": 3},
    ],
    ids=str,
)
def test_every_shape_of_trees(params: dict[str, Any], tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    x = training_rows(rng)
    y = target(rng, x)
    loss = params.get("loss_function", "")
    if loss.startswith("MultiClass"):
        y = np.digitize(y, [-1, 0, 1])
    elif loss == "Logloss":
        y = (y > 0).astype(int)
    elif loss == "Poisson":
        y = np.floor(np.abs(y))
    elif loss == "MultiRMSE":
        y = np.stack([y, -y * 3], axis=1)
    model = train(params, x, y)
    data = saved_bytes(model, tmp_path)
    check_equal(model, data, wild_rows(rng, json.loads(data)))


def test_scale_and_bias(tmp_path: Path) -> None:
    rng = np.random.default_rng(4)
    x = training_rows(rng)
    model = train({}, x, target(rng, x))
    model.set_scale_and_bias(1 / 3, 0.7)
    data = saved_bytes(model, tmp_path)
    check_equal(model, data, wild_rows(rng, json.loads(data)))


@pytest.mark.parametrize("policy", ["SymmetricTree", "Lossguide"])
def test_categories_without_statistics_of_the_target(policy: str, tmp_path: Path) -> None:
    rng = np.random.default_rng(6)
    codes = rng.integers(0, len(NAMES), ROWS)
    x = training_rows(rng)
    y = target(rng, x) + 3 * np.sin(codes)

    def table(numbers: np.ndarray, names: list[str]) -> list[list[Any]]:
        return [[*row[:2], name, *row[2:]] for row, name in zip(numbers, names, strict=True)]

    pool = catboost.Pool(table(x, [NAMES[code] for code in codes]), y, cat_features=[2])
    model = train({"one_hot_max_size": 10, "grow_policy": policy}, pool, None)
    data = saved_bytes(model, tmp_path, pool)
    info = json.loads(data)["features_info"]
    names = {entry["hash"]: entry["value"] for entry in info["cat_features_hash"]}
    known = [names[value % 2**32] for value in info["categorical_features"][0]["values"]]
    assert len(known) > 2
    rows = rng.normal(size=(600, WIDTH)).astype(np.float32)
    positions = rng.integers(-1, len(known), len(rows))
    theirs = table(rows, [known[at] if at >= 0 else "never seen" for at in positions])
    both = np.insert(rows, 2, positions, axis=1)
    check_equal(model, data, both, theirs)
    unnamed = saved_bytes(model, tmp_path)
    with pytest.raises(kedge.Unsupported, match="save the model with pool="):
        _core.Forest.from_catboost(unnamed)


def test_statistics_of_the_target_are_refused_by_name(tmp_path: Path) -> None:
    rng = np.random.default_rng(8)
    x = [[str(code)] for code in rng.integers(0, 50, ROWS)]
    y = [int(row[0]) % 7 + rng.normal() for row in x]
    pool = catboost.Pool(x, y, cat_features=[0])
    data = saved_bytes(train({}, pool, None), tmp_path, pool)
    with pytest.raises(kedge.Unsupported, match='CatBoost split "OnlineCtr"'):
        _core.Forest.from_catboost(data)


@pytest.mark.parametrize(
    ("path", "value", "error", "message"),
    [
        ("scale_and_bias", [1, []], kedge.CorruptData, r"scale_and_bias\[1\]: 0 outputs"),
        ("scale_and_bias", [1, [0, 0]], kedge.CorruptData, "leaf_values at depth 6 of 2 outputs"),
        ("oblivious_trees.1.leaf_values", [1, 2], kedge.CorruptData, "2 leaf_values at depth 6"),
        ("oblivious_trees.1.splits.0.border", "x", kedge.CorruptData, r"splits\[0\].border"),
        ("oblivious_trees.1.splits.0.split_type", "x", kedge.Unsupported, 'split "x"'),
        ("oblivious_trees.0.splits.0.float_feature_index", 5, kedge.CorruptData, "5 of 5"),
        ("features_info.float_features.0.nan_value_treatment", "?", kedge.Unsupported, '"\\?"'),
        (
            "model_info.params.loss_function.type",
            "RMSEWithUncertainty",
            kedge.Unsupported,
            "a mean and a variance",
        ),
    ],
)
def test_what_is_no_model_is_refused_by_name(
    path: str, value: Any, error: type[Exception], message: str, tmp_path: Path
) -> None:
    rng = np.random.default_rng(1)
    x = training_rows(rng)
    saved = json.loads(saved_bytes(train({"iterations": 2}, x, target(rng, x)), tmp_path))
    place = saved
    *parts, last = [int(part) if part.isdigit() else part for part in path.split(".")]
    for part in parts:
        place = place[part]
    place[last] = value
    with pytest.raises(error, match=message):
        _core.Forest.from_catboost(json.dumps(saved).encode())
