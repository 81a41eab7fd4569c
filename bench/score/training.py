"""Training: each library's own model of a shape, grown to the full leaf count, on one thread.

LightGBM's and XGBoost's models are what everyone imports. CatBoost and YDF score models of their
own: CatBoost's trees are symmetric, with the next power of two of leaves and categories as numbers.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from bench.score.models import TRAINING_ROWS, Case, Rows, Scores, Shape, draw, targets
from bench.setting import made

__all__ = ["TRAINERS", "feature_types", "train", "ydf_columns"]

_RATE = 0.05

Labelled = tuple[Rows, Scores]
Trained = tuple[Callable[[Path], object], Callable[[Rows], Any]]


def train(case: Case) -> None:
    """Write the case's model and its reference scores, unless they are there."""
    if case.model.exists() and case.file("npy").exists():
        return
    table = draw(case.shape, TRAINING_ROWS, seed=0)
    save, score = TRAINERS[case.trainer](case.shape, (table, targets(case.shape, table)))
    made(case.model, save)
    scores = np.asarray(score(case.rows()), np.float64).reshape(-1, case.shape.classes)

    def write(path: Path) -> None:
        with path.open("wb") as file:
            np.save(file, scores)

    made(case.file("npy"), write)


def feature_types(shape: Shape) -> list[str]:
    """XGBoost's letters for the columns."""
    return ["q"] * shape.numbers + ["c"] * shape.categories


def ydf_columns(shape: Shape, table: Rows) -> Mapping[str, Any]:
    """The columns as YDF takes them: categories are strings, an empty one is missing."""
    columns: dict[str, Any] = {}
    for i in range(shape.features):
        values = np.ascontiguousarray(table[:, i])
        if i >= shape.numbers:
            names = np.char.mod("%d", np.nan_to_num(values).astype(int))
            values = np.where(np.isnan(values), "", names)
        columns[f"f{i}"] = values
    return columns


def _lightgbm(shape: Shape, data: Labelled) -> Trained:
    lightgbm = importlib.import_module("lightgbm")
    parameters = {
        "objective": "binary" if shape.binary else "regression",
        "num_leaves": shape.leaves,
        "min_data_in_leaf": 5,
        "min_sum_hessian_in_leaf": 0,
        "learning_rate": _RATE,
        "deterministic": True,
        "force_row_wise": True,
        "num_threads": 1,
        "verbosity": -1,
    }
    if shape.classes > 1:
        parameters |= {"objective": "multiclass", "num_class": shape.classes}
    categories = list(range(shape.numbers, shape.features))
    dataset = lightgbm.Dataset(*data, categorical_feature=categories)
    booster = lightgbm.train(parameters, dataset, shape.rounds)
    _refuse_stunted(shape, [tree["num_leaves"] for tree in booster.dump_model()["tree_info"]])
    return booster.save_model, partial(booster.predict, raw_score=True)


def _xgboost(shape: Shape, data: Labelled) -> Trained:
    xgboost = importlib.import_module("xgboost")
    parameters = {
        "objective": "binary:logistic" if shape.binary else "reg:squarederror",
        "tree_method": "hist",
        "grow_policy": "lossguide",
        "max_leaves": shape.leaves,
        "max_depth": 0,
        "min_child_weight": 0 if shape.has_labels else 5,
        "eta": _RATE,
        "nthread": 1,
    }
    if shape.classes > 1:
        parameters |= {"objective": "multi:softprob", "num_class": shape.classes}
    matrix = partial(
        xgboost.DMatrix, feature_types=feature_types(shape), enable_categorical=True, nthread=1
    )
    booster = xgboost.train(parameters, matrix(*data), shape.rounds)
    _refuse_stunted(shape, [tree.count("leaf=") for tree in booster.get_dump()])
    return booster.save_model, lambda rows: booster.predict(matrix(rows), output_margin=True)


def _catboost(shape: Shape, data: Labelled) -> Trained:
    catboost = importlib.import_module("catboost")
    model = catboost.CatBoost(
        {
            "loss_function": _named(shape, "Logloss", "RMSE", "MultiClass"),
            "iterations": shape.rounds,
            "depth": shape.leaves.bit_length(),
            "learning_rate": _RATE,
            "thread_count": 1,
            "verbose": False,
            "allow_writing_files": False,
        }
    )
    model.fit(*data)
    return (
        lambda path: model.save_model(str(path)),
        partial(model.predict, prediction_type="RawFormulaVal"),
    )


def _ydf(shape: Shape, data: Labelled) -> Trained:
    ydf = importlib.import_module("ydf")
    ydf.verbose(0)
    table, labels = data
    numbers = [ydf.Column(f"f{i}", ydf.Semantic.NUMERICAL) for i in range(shape.numbers)]
    categories = [
        ydf.Column(f"f{i}", ydf.Semantic.CATEGORICAL, min_vocab_frequency=1)
        for i in range(shape.numbers, shape.features)
    ]
    model = ydf.GradientBoostedTreesLearner(
        label="label",
        task=ydf.Task.CLASSIFICATION if shape.has_labels else ydf.Task.REGRESSION,
        features=[*numbers, *categories],
        num_trees=shape.rounds,
        growing_strategy="BEST_FIRST_GLOBAL",
        max_num_nodes=shape.leaves,  # it counts leaves
        max_depth=-1,
        min_examples=5,
        discretize_numerical_columns=True,
        validation_ratio=0.0,
        early_stopping="NONE",
        shrinkage=_RATE,
        apply_link_function=False,
        num_threads=1,
    ).train(
        {**ydf_columns(shape, table), "label": labels.astype(int if shape.has_labels else float)}
    )
    return (
        lambda path: model.save(str(path)),
        lambda rows: model.predict(ydf_columns(shape, rows), num_threads=1),
    )


TRAINERS: Mapping[str, Callable[[Shape, Labelled], Trained]] = {
    "lightgbm": _lightgbm,
    "xgboost": _xgboost,
    "catboost": _catboost,
    "ydf": _ydf,
}


def _named(shape: Shape, binary: str, regression: str, classes: str) -> str:
    return binary if shape.binary else regression if shape.classes == 1 else classes


def _refuse_stunted(shape: Shape, leaves: list[int]) -> None:
    if leaves != [shape.leaves] * (shape.rounds * shape.classes):
        raise ValueError(
            f"{shape.name}: {len(leaves)} trees of {min(leaves)} to {max(leaves)} leaves, expected "
            f"{shape.rounds * shape.classes} of {shape.leaves}"
        )
