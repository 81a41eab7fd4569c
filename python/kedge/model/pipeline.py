"""Fitted scikit-learn pipelines, linear models and dense nets as a `Net`."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from kedge import _core
from kedge._core import Net, NetBuilder
from kedge.model.building import Building, Columns
from kedge.model.estimators import answered

__all__ = ["net_of", "predictions"]

_MOST_SINGLE_ROWS = 64


def net_of(model: Any) -> Net:
    """The net of a fitted model; whatever in it has no step here is refused by its place.

    Raises:
        Unsupported: it has a part that is not known; the text says where.
        InvalidArgument: it is not fitted.
    """
    if _width(model) is None:
        raise _core.InvalidArgument(f"{type(model).__name__} is not fitted")
    texts: dict[int, list[str]] = {}
    _built(model, texts)
    return _built(model, texts)


def _built(model: Any, texts: dict[int, list[str]]) -> Net:
    names = _names(model)
    build = Building(NetBuilder(names, texts), texts)
    answer = answered(build, Columns(0, tuple(range(len(names)))), model, "")
    return build.builder.finish(answer.raw, f"scikit-learn {type(model).__name__}")


def _names(model: Any) -> list[str]:
    names = getattr(model, "feature_names_in_", None)
    if names is None:
        return [f"x{i}" for i in range(_width(model) or 0)]
    return [str(name) for name in names]


def _width(model: Any) -> int | None:
    """Of a pipeline that begins with "passthrough" the first step that was fitted says it."""
    steps = [step for _, step in getattr(model, "steps", [])]
    widths = (getattr(each, "n_features_in_", None) for each in [*steps, model])
    return next((int(width) for width in widths if width is not None), None)


def predictions(model: Any, net: Net, rows: np.ndarray) -> Any:
    """What the model itself gives for rows, NaN for those of the first 64 that it refuses.

    Raises:
        ValueError: it takes no other rows either.
    """
    table = _table(model, net, rows)
    try:
        return _of_classes(model, table)
    except ValueError:
        pass
    first = [_single(model, net, row[None]) for row in rows[:_MOST_SINGLE_ROWS]]
    rest = []
    if len(rows) > _MOST_SINGLE_ROWS:
        rest.append(_of_classes(model, _table(model, net, rows[_MOST_SINGLE_ROWS:])))
    taken = [part for part in [*first, *rest] if part is not None]
    if not taken:
        raise ValueError("no row is taken")
    nothing = np.full((1, taken[0].shape[1]), np.nan)
    return np.vstack([nothing if part is None else part for part in first] + rest)


def _single(model: Any, net: Net, row: np.ndarray) -> np.ndarray | None:
    try:
        return _of_classes(model, _table(model, net, row))
    except ValueError:
        return None


def _of_classes(model: Any, table: Any) -> np.ndarray:
    if hasattr(model, "predict_proba"):
        scores = np.asarray(model.predict_proba(table))
        scores = scores[:, 1:] if scores.shape[1] == 2 else scores
    elif hasattr(model, "decision_function"):
        scores = np.asarray(model.decision_function(table))
    else:
        scores = np.asarray(model.predict(table))
    return scores.reshape(scores.shape[0], -1)


def _table(model: Any, net: Net, rows: np.ndarray) -> Any:
    """Rows as the model was given them: text for codes, and a frame if it knows names."""
    columns: dict[str, Any] = {}
    for i, feature in enumerate(net.features):
        column: Any = rows[:, i]
        if feature.categories:
            names = [*feature.categories, "\N{REPLACEMENT CHARACTER}"]
            texts = [np.nan if np.isnan(code) else names[int(code)] for code in column]
            column = np.array(texts, object)
        columns[feature.name] = column
    if getattr(model, "feature_names_in_", None) is not None:
        frame = sys.modules.get("pandas")
        if frame is not None:
            return frame.DataFrame(columns)
    if any(feature.categories for feature in net.features):
        return np.column_stack([np.asarray(column, object) for column in columns.values()])
    return rows
