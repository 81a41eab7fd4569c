"""Laws of compiled models: raw scores are the trainer's bit for bit, predictions nearly so.

Links take a function `exp` that is not the trainer's. Each of the two may be an ulp off, and so is
what is made of them; XGBoost besides adds up the floats of its softmax as floats.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
import xgboost
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import ensemble
from threadpoolctl import threadpool_limits

import kedge
from tests.model import test_lightgbm as lgb
from tests.model.rows import hard_rows, same_bits
from tests.strategies import rows_on_thresholds

ULPS = {"sigmoid": 2, "softmax": 3}  # of doubles
FLOAT_ULPS = {"sigmoid": 3, "softmax": 8}
BATCHES = (1, 17, 200)  # each may have another engine


@dataclass(frozen=True)
class Subject:
    """A compiled model, its trainer's answers, and rows that are hard for it."""

    model: kedge.Model
    raw: Callable[[np.ndarray], np.ndarray]
    predict: Callable[[np.ndarray], np.ndarray]
    rows: Callable[[int, int], np.ndarray]  # how many, seed


LIGHTGBM: dict[str, dict[str, Any]] = {
    **{
        name: lgb.KINDS[name]
        for name in (
            *("regression", "sqrt", "poisson", "binary", "multiclass", "multiclassova"),
            *("cross_entropy", "cross_entropy_lambda", "lambdarank", "dart", "linear", "monotone"),
            *("zero", "none", "onehot", "one_leaf"),
        )
    },
    "forest": {"objective": "regression", **lgb.FOREST},
    "forest_classes": {"objective": "multiclass", "num_class": 4, **lgb.FOREST},
}


def lightgbm_subject(kind: str) -> Subject:
    booster = lgb.train(LIGHTGBM[kind], rounds=20)
    cuts = lgb.thresholds(booster.model_to_string())
    return Subject(
        kedge.compile(booster),
        lambda x: booster.predict(x, raw_score=True),
        booster.predict,
        lambda count, seed: hard_rows(lgb.draw(seed, count), cuts, seed),
    )


XGBOOST: dict[str, dict[str, Any]] = {
    "squared": {"objective": "reg:squarederror"},
    "logistic": {"objective": "binary:logistic", "base_score": 0.5},
    "softprob": {"objective": "multi:softprob", "num_class": 4},
    "poisson": {"objective": "count:poisson"},
    "rank": {"objective": "rank:pairwise"},
    "dart": {"objective": "binary:logistic", "booster": "dart", "rate_drop": 0.3},
    "forest": {"objective": "reg:squarederror", "num_parallel_tree": 5, "subsample": 0.7},
    "monotone": {"objective": "reg:squarederror", "monotone_constraints": "(1,-1,0,0,0)"},
    "lossguide": {"objective": "reg:squarederror", "grow_policy": "lossguide", "max_leaves": 40},
    "no_trees": {"objective": "binary:logistic", "base_score": 0.5, "rounds": 0},
}


def xgboost_rows(rows: int, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(rows, 5)).astype(np.float32)
    x[:, 1] = np.round(x[:, 1] * 2)
    x[:, 4] = rng.integers(0, 12, rows)
    x[rng.random(x.shape) < 0.1] = np.nan
    return x


def xgboost_matrix(kind: str, rows: np.ndarray, **more: Any) -> xgboost.DMatrix:
    types = ["float"] * 4 + ["c" if kind != "lossguide" else "float"]
    return xgboost.DMatrix(rows, feature_types=types, enable_categorical=True, **more)


def xgboost_booster(kind: str) -> xgboost.Booster:
    x = xgboost_rows(800, 1)
    y = np.nan_to_num(x[:, 0] - x[:, 1] * x[:, 2] + x[:, 4] % 3)
    objective = XGBOOST[kind]["objective"]
    if objective in {"binary:logistic", "rank:pairwise"}:
        y = (y > 0).astype(float)
    elif objective.startswith("multi"):
        y = np.digitize(y, [-1, 0, 1]).astype(float)
    elif objective.startswith("count"):
        y = np.abs(np.round(y))
    group = {"group": [100] * 8} if objective.startswith("rank") else {}
    params = {"max_depth": 6, "nthread": 1, "seed": 1, **XGBOOST[kind]}
    rounds = params.pop("rounds", 12)
    return xgboost.train(params, xgboost_matrix(kind, x, label=y, **group), rounds)


def xgboost_subject(kind: str) -> Subject:
    booster = xgboost_booster(kind)
    return Subject(
        kedge.compile(booster),
        lambda rows: booster.predict(xgboost_matrix(kind, rows), output_margin=True),
        lambda rows: booster.predict(xgboost_matrix(kind, rows)),
        lambda count, seed: xgboost_hard(booster, count, seed),
    )


def xgboost_hard(booster: xgboost.Booster, count: int, seed: int) -> np.ndarray:
    """Rows on XGBoost's thresholds; it refuses infinities, and categories that are none."""
    cuts: list[list[float]] = [[] for _ in range(5)]
    for tree in map(json.loads, booster.get_dump(dump_format="json")):
        open_nodes = [tree]
        while open_nodes:
            node = open_nodes.pop()
            open_nodes += node.get("children", [])
            if isinstance(node.get("split_condition"), float):
                cuts[int(node["split"].removeprefix("f"))].append(node["split_condition"])
    rng = np.random.default_rng(seed)
    rows = rows_on_thresholds(rng, cuts, count, infinite=False)
    rows[:, 4] = rng.choice([*range(14), np.nan], count)
    return rows


def check_bits(subject: Subject, rows: np.ndarray) -> None:
    wanted = subject.raw(rows)
    for layout in (np.ascontiguousarray, np.asfortranarray):
        found = subject.model.predict(layout(rows), raw=True)
        assert found.dtype == wanted.dtype
        assert found.shape == wanted.shape
        assert same_bits(found.astype(np.float64), wanted.astype(np.float64))


@pytest.fixture(scope="module", params=[*LIGHTGBM])
def of_lightgbm(request: pytest.FixtureRequest) -> Subject:
    return lightgbm_subject(request.param)


@pytest.fixture(scope="module", params=[*XGBOOST])
def of_xgboost(request: pytest.FixtureRequest) -> Subject:
    return xgboost_subject(request.param)


@settings(max_examples=20)
@given(st.sampled_from(BATCHES), st.integers(0, 2**32 - 1))
def test_raw_scores_are_lightgbms(of_lightgbm: Subject, batch: int, seed: int) -> None:
    rows = of_lightgbm.rows(batch, seed)
    check_bits(of_lightgbm, rows)
    with np.errstate(over="ignore"):
        check_bits(of_lightgbm, rows.astype(np.float32))


@settings(max_examples=20)
@given(st.sampled_from(BATCHES), st.integers(0, 2**32 - 1))
def test_raw_scores_are_xgboosts(of_xgboost: Subject, batch: int, seed: int) -> None:
    check_bits(of_xgboost, of_xgboost.rows(batch, seed))


def test_predictions_are_lightgbms_within_ulps(of_lightgbm: Subject) -> None:
    rows = of_lightgbm.rows(1000, 7)
    rows = rows[np.isfinite(of_lightgbm.raw(rows).reshape(1000, -1)).all(axis=1)]
    most = ULPS.get(of_lightgbm.model.link, 1)
    found = of_lightgbm.model.predict(rows)
    np.testing.assert_array_max_ulp(found, of_lightgbm.predict(rows), most)


def test_predictions_are_xgboosts_within_ulps(of_xgboost: Subject) -> None:
    rows = of_xgboost.rows(1000, 7)
    most = FLOAT_ULPS.get(of_xgboost.model.link, 1)
    np.testing.assert_array_max_ulp(of_xgboost.model.predict(rows), of_xgboost.predict(rows), most)


def test_the_trainer_agrees_when_a_model_is_compiled(of_lightgbm: Subject) -> None:
    assert of_lightgbm.model.parity.rows > 0
    assert of_lightgbm.model.parity.rows_off == 0


@pytest.mark.parametrize(
    "name",
    [
        *("RandomForestClassifier", "RandomForestRegressor", "GradientBoostingClassifier"),
        *("HistGradientBoostingClassifier", "HistGradientBoostingRegressor"),
    ],
)
@pytest.mark.parametrize("classes", [2, 3])
def test_predictions_are_scikit_learns_within_ulps(name: str, classes: int) -> None:
    with threadpool_limits(1):
        check_predictions(name, classes)


def check_predictions(name: str, classes: int) -> None:
    x = np.nan_to_num(xgboost_rows(300, 3)).astype(np.float64)
    y = np.digitize(x[:, 0] * x[:, 1], [0, 1][: classes - 1])
    more = {"max_iter": 8} if name.startswith("Hist") else {"n_estimators": 8}
    trained = getattr(ensemble, name)(random_state=1, **more).fit(x, y)
    wanted = (trained.predict_proba if hasattr(trained, "classes_") else trained.predict)(x)
    if wanted.ndim == 2 and wanted.shape[1] == 2:
        wanted = wanted[:, 1]
    model = kedge.compile(trained)
    np.testing.assert_array_max_ulp(model.predict(x), wanted, ULPS.get(model.link, 1))
