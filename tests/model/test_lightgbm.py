"""An imported LightGBM model gives LightGBM's raw scores, bit for bit."""

from __future__ import annotations

from typing import Any

import lightgbm
import numpy as np
import pytest

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
    objective = kind["objective"]
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
