"""Fitted linear models, dense nets, trees and combinations of scikit-learn as steps of a net.

A classifier's predictions are its probabilities, of two classes the second's; without
`predict_proba` they are its decision function.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from kedge._core import FeatureKind, Forest
from kedge.model import sklearn
from kedge.model.building import Answer, Building, Columns, kind_name, refuse
from kedge.model.transforms import transformed

__all__ = ["answered"]

Read = Callable[[Building, Columns, Any, str], Answer]


def answered(build: Building, columns: Columns, model: Any, place: str) -> Answer:
    """The raw scores and predictions of a fitted model."""
    kind = kind_name(model)
    library = type(model).__module__.partition(".")[0]
    if kind in sklearn.READERS and library not in {"lightgbm", "xgboost"}:
        return _trees(build, columns, sklearn.forest_of(model), model, place)
    if hasattr(model, "booster_"):
        text = model.booster_.model_to_string().encode()
        return _trees(build, columns, Forest.from_lightgbm(text), model, place)
    if hasattr(model, "get_booster"):
        data = bytes(model.get_booster().save_raw("ubj"))
        return _trees(build, columns, Forest.from_xgboost(data), model, place)
    read = _READERS.get(kind)
    if read is None:
        refuse(place, model, "is no model that has steps here")
    return read(build, columns, model, place)


def _trees(build: Building, columns: Columns, forest: Forest, model: Any, place: str) -> Answer:
    if any(feature.kind != FeatureKind.NUMBER for feature in forest.features):
        refuse(place, model, "has categories of its own; encode them before it")
    slot = build.builder.trees(columns.slot, forest)
    return Answer(slot, build.builder.link(slot))


def _same(slot: int) -> Answer:
    return Answer(slot, slot)


def _linear(build: Building, columns: Columns, model: Any, place: str) -> int:
    weights = np.atleast_2d(np.asarray(model.coef_, np.float64)).T
    bias = np.broadcast_to(np.asarray(model.intercept_, np.float64), (weights.shape[1],))
    return build.builder.affine(
        columns.slot, np.ascontiguousarray(weights), np.ascontiguousarray(bias)
    )


def _regressor(build: Building, columns: Columns, model: Any, place: str) -> Answer:
    return _same(_linear(build, columns, model, place))


def _generalized(build: Building, columns: Columns, model: Any, place: str) -> Answer:
    raw = _linear(build, columns, model, place)
    link = type(model._base_loss.link).__name__
    if link == "IdentityLink":
        return _same(raw)
    if link != "LogLink":
        refuse(place, model, f"has a {link}")
    return Answer(raw, build.builder.activate(raw, "exp"))


def _decision(build: Building, columns: Columns, model: Any, place: str) -> Answer:
    """What scikit-learn gives no probabilities of."""
    return _same(_linear(build, columns, model, place))


def _logistic(build: Building, columns: Columns, model: Any, place: str) -> Answer:
    raw = _linear(build, columns, model, place)
    is_apart = getattr(model, "solver", "") == "liblinear"
    if getattr(model, "multi_class", "auto") == "ovr":
        is_apart = True
    return Answer(raw, _probabilities(build, raw, is_apart))


def _gradient_descent(build: Building, columns: Columns, model: Any, place: str) -> Answer:
    raw = _linear(build, columns, model, place)
    if not hasattr(model, "predict_proba"):
        return _same(raw)
    if model.loss != "log_loss":
        refuse(place, model, f"has probabilities of loss {model.loss!r}")
    return Answer(raw, _probabilities(build, raw, is_apart=True))


def _probabilities(build: Building, raw: int, is_apart: bool) -> int:
    """Of one score sigmoid; of more softmax, or if `is_apart` each by itself, then by the sum."""
    if build.builder.width(raw) == 1:
        return build.builder.activate(raw, "logistic")
    if not is_apart:
        return build.builder.softmax(raw)
    return build.builder.normalize(build.builder.activate(raw, "logistic"), "l1")


def _perceptrons(build: Building, columns: Columns, model: Any, place: str) -> Answer:
    slot = columns.slot
    last = len(model.coefs_) - 1
    for i, (weights, bias) in enumerate(zip(model.coefs_, model.intercepts_, strict=True)):
        slot = build.builder.affine(
            slot, np.ascontiguousarray(weights, np.float64), np.ascontiguousarray(bias, np.float64)
        )
        if i < last and model.activation != "identity":
            slot = build.builder.activate(slot, model.activation)
    end = model.out_activation_
    if end == "identity":
        return _same(slot)
    if end == "softmax":
        return Answer(slot, build.builder.softmax(slot))
    return Answer(slot, build.builder.activate(slot, end))


def _pipeline(build: Building, columns: Columns, model: Any, place: str) -> Answer:
    for name, step in model.steps[:-1]:
        columns = transformed(build, columns, step, _inside(place, name))
    name, last = model.steps[-1]
    return answered(build, columns, last, _inside(place, name))


def _voting(build: Building, columns: Columns, model: Any, place: str) -> Answer:
    if getattr(model, "voting", "soft") != "soft":
        refuse(place, model, "votes hard")
    weights = model._weights_not_none
    slots = [_prediction(build, columns, each, place) for each in model.estimators_]
    return _same(_mean(build, slots, weights))


def _prediction(build: Building, columns: Columns, model: Any, place: str) -> int:
    where = f"{place} > {type(model).__name__}" if place else type(model).__name__
    return build.builder.widen(answered(build, columns, model, where).prediction)


def _mean(build: Building, slots: list[int], weights: Any = None) -> int:
    """Of slots number by number, as numpy.average has it."""
    weights = [1.0] * len(slots) if weights is None else [float(weight) for weight in weights]
    parts = [build.combine("multiply", s, w) for s, w in zip(slots, weights, strict=True)]
    total = parts[0]
    for part in parts[1:]:
        total = build.builder.combine("add", total, part)
    return build.combine("divide", total, sum(weights))


def _stacking(build: Building, columns: Columns, model: Any, place: str) -> Answer:
    is_classifier = hasattr(model, "classes_")
    parts = []
    for each, method in zip(model.estimators_, model.stack_method_, strict=True):
        where = f"{place} > {type(each).__name__}" if place else type(each).__name__
        if is_classifier and method == "predict":
            refuse(where, each, "hands on classes, not probabilities")
        answer = answered(build, columns, each, where)
        slot = answer.raw if method == "decision_function" else answer.prediction
        parts.append(build.made(build.builder.widen(slot)))
    if model.passthrough:
        parts.append(columns)
    return answered(build, build.concat(parts), model.final_estimator_, _inside(place, "final"))


def _calibrated(build: Building, columns: Columns, model: Any, place: str) -> Answer:
    slots = []
    for each in model.calibrated_classifiers_:
        if each.method != "sigmoid":
            refuse(place, model, f"has method {each.method!r}; there is a step for 'sigmoid'")
        inner = each.estimator
        where = f"{place} > {type(inner).__name__}" if place else type(inner).__name__
        answer = answered(build, columns, inner, where)
        is_raw = hasattr(inner, "decision_function")
        slot = build.builder.widen(answer.raw if is_raw else answer.prediction)
        slopes = [-calibrator.a_ for calibrator in each.calibrators]
        slot = build.combine("multiply", slot, slopes)
        slot = build.combine("subtract", slot, [calibrator.b_ for calibrator in each.calibrators])
        slots.append(_probabilities(build, slot, is_apart=True))
    return _same(_mean(build, slots))


def _inside(place: str, name: str) -> str:
    return f'{place} > "{name}"' if place else f'step "{name}"'


_REGRESSORS = [
    "ARDRegression",
    "BayesianRidge",
    "ElasticNet",
    "ElasticNetCV",
    "HuberRegressor",
    "Lars",
    "LarsCV",
    "Lasso",
    "LassoCV",
    "LassoLars",
    "LassoLarsCV",
    "LassoLarsIC",
    "LinearRegression",
    "LinearSVR",
    "MultiTaskElasticNet",
    "MultiTaskElasticNetCV",
    "MultiTaskLasso",
    "MultiTaskLassoCV",
    "OrthogonalMatchingPursuit",
    "OrthogonalMatchingPursuitCV",
    "PassiveAggressiveRegressor",
    "QuantileRegressor",
    "Ridge",
    "RidgeCV",
    "SGDRegressor",
    "TheilSenRegressor",
]
_GENERALIZED = ["GammaRegressor", "PoissonRegressor", "TweedieRegressor"]
_DECISIONS = [
    "LinearSVC",
    "PassiveAggressiveClassifier",
    "Perceptron",
    "RidgeClassifier",
    "RidgeClassifierCV",
]
_READERS: dict[str, Read] = {
    **dict.fromkeys(_REGRESSORS, _regressor),
    **dict.fromkeys(_GENERALIZED, _generalized),
    **dict.fromkeys(_DECISIONS, _decision),
    "LogisticRegression": _logistic,
    "LogisticRegressionCV": _logistic,
    "SGDClassifier": _gradient_descent,
    "MLPClassifier": _perceptrons,
    "MLPRegressor": _perceptrons,
    "Pipeline": _pipeline,
    "VotingClassifier": _voting,
    "VotingRegressor": _voting,
    "StackingClassifier": _stacking,
    "StackingRegressor": _stacking,
    "CalibratedClassifierCV": _calibrated,
}
