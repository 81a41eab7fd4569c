"""Fitted transforms of scikit-learn as steps of a net.

An encoder's rows come from the encoder itself: it is asked once for each category. What it would
refuse to transform (an unknown category with handle_unknown="error") becomes NaN.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from kedge.model.building import Building, Columns, is_missing, kind_name, refuse

__all__ = ["transformed"]

Read = Callable[[Building, Columns, Any, str], Columns]


def transformed(build: Building, columns: Columns, model: Any, place: str) -> Columns:
    """The columns after a fitted transform, "passthrough" or "drop"."""
    if model is None or (isinstance(model, str) and model == "passthrough"):
        return columns
    if isinstance(model, str) and model == "drop":
        return Columns(columns.slot, ())
    if hasattr(model, "get_support"):
        return build.select(columns, [int(i) for i in model.get_support(indices=True)])
    read = _READERS.get(kind_name(model))
    if read is None:
        refuse(place, model, "is no transform that has a step here")
    return read(build, columns, model, place)


def _standard(build: Building, columns: Columns, model: Any, place: str) -> Columns:
    return _shifted(build, columns, model.mean_ if model.with_mean else None, model.scale_)


def _robust(build: Building, columns: Columns, model: Any, place: str) -> Columns:
    return _shifted(
        build,
        columns,
        model.center_ if model.with_centering else None,
        model.scale_ if model.with_scaling else None,
    )


def _shifted(build: Building, columns: Columns, centre: Any, scale: Any) -> Columns:
    slot = columns.slot
    if centre is not None:
        slot = build.combine("subtract", slot, centre)
    if scale is not None:
        slot = build.combine("divide", slot, scale)
    return columns if slot == columns.slot else build.made(slot)


def _max_abs(build: Building, columns: Columns, model: Any, place: str) -> Columns:
    slot = build.combine("divide", columns.slot, model.scale_)
    return build.made(_clipped(build, slot, (-1.0, 1.0)) if getattr(model, "clip", False) else slot)


def _min_max(build: Building, columns: Columns, model: Any, place: str) -> Columns:
    slot = build.combine("multiply", columns.slot, model.scale_)
    slot = build.combine("add", slot, model.min_)
    return build.made(_clipped(build, slot, model.feature_range) if model.clip else slot)


def _clipped(build: Building, slot: int, limits: tuple[float, float]) -> int:
    return build.combine("min", build.combine("max", slot, limits[0]), limits[1])


def _normalizer(build: Building, columns: Columns, model: Any, place: str) -> Columns:
    return build.made(build.builder.normalize(columns.slot, model.norm))


def _binarizer(build: Building, columns: Columns, model: Any, place: str) -> Columns:
    edge = np.array([float(model.threshold)])
    return build.made(build.builder.place(columns.slot, "below", edge))


def _function(build: Building, columns: Columns, model: Any, place: str) -> Columns:
    if model.func is not None:
        refuse(place, model, "calls a function of yours")
    return columns


def _components(build: Building, columns: Columns, model: Any, place: str) -> Columns:
    weights = np.ascontiguousarray(model.components_.T, np.float64)
    slot = columns.slot
    if getattr(model, "mean_", None) is not None:
        slot = build.combine("subtract", slot, model.mean_)
    slot = build.builder.affine(slot, weights, np.zeros(weights.shape[1]))
    if getattr(model, "whiten", False):
        scale = np.sqrt(model.explained_variance_)
        least = np.finfo(scale.dtype).eps
        slot = build.combine("divide", slot, np.where(scale < least, least, scale))
    return build.made(slot)


def _imputer(build: Building, columns: Columns, model: Any, place: str) -> Columns:
    if not is_missing(model.missing_values):
        refuse(place, model, f"takes {model.missing_values!r} for missing, not NaN")
    statistics = list(model.statistics_)
    keeps_all = model.strategy == "constant" or model.keep_empty_features
    kept = [i for i, value in enumerate(statistics) if keeps_all or not is_missing(value)]
    values = []
    for i in kept:
        value, feature = statistics[i], columns.features[i]
        if isinstance(value, str):
            if feature is None:
                refuse(place, model, "fills text into what is no column of the data")
            value = build.code(feature, value)
        values.append(np.nan if is_missing(value) else float(value))
    filled = columns if len(kept) == len(statistics) else build.select(columns, kept)
    slot = build.builder.fill(filled.slot, np.array(values, np.float64))
    filled = Columns(slot, filled.features)
    if not model.add_indicator:
        return filled
    return build.concat([filled, _indicator(build, columns, model.indicator_, place)])


def _indicator(build: Building, columns: Columns, model: Any, place: str) -> Columns:
    if not is_missing(model.missing_values):
        refuse(place, model, f"takes {model.missing_values!r} for missing, not NaN")
    chosen = [int(i) for i in model.features_]
    if not chosen:
        return Columns(columns.slot, ())
    return build.made(build.builder.missing(build.select(columns, chosen).slot))


def _encoder(build: Building, columns: Columns, model: Any, place: str) -> Columns:
    kind = kind_name(model)
    if kind == "OneHotEncoder":
        widths = [int(width) for width in model._n_features_outs]
    else:
        classes = getattr(model, "target_type_", None) == "multiclass" and len(model.classes_)
        widths = [classes or 1] * len(model.categories_)
    parts = []
    for j, categories in enumerate(model.categories_):
        if widths[j] == 0:
            continue
        first = sum(widths[:j])
        rows = _encoded_rows(model, j)[:, first : first + widths[j]]
        unknown = _unknown_row(model, j, rows, widths[j])
        one = build.select(columns, [j])
        parts.append(_looked_up(build, one, list(categories), rows, unknown, place, model))
    return build.concat(parts)


def _encoded_rows(model: Any, j: int) -> np.ndarray:
    """What the encoder makes of each category of column j."""
    categories = model.categories_
    is_text = any(column.dtype.kind not in "fiub" for column in categories)
    data = np.empty((len(categories[j]), len(categories)), object if is_text else np.float64)
    for k, column in enumerate(categories):
        data[:, k] = column if k == j else column[0]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        rows = model.transform(data)
    rows = rows.toarray() if hasattr(rows, "toarray") else rows
    return np.asarray(rows, np.float64)


def _unknown_row(model: Any, j: int, rows: np.ndarray, width: int) -> np.ndarray:
    kind = kind_name(model)
    if kind == "TargetEncoder":
        return np.broadcast_to(np.asarray(model.target_mean_, np.float64), (width,))
    if model.handle_unknown == "error":
        return np.full(width, np.nan)
    if kind == "OrdinalEncoder":
        return np.full(width, float(model.unknown_value))
    if model.handle_unknown in {"infrequent_if_exist", "warn"} and _has_infrequent(model):
        rare = model.infrequent_categories_[j]
        if rare is not None:
            return np.array(rows[list(model.categories_[j]).index(rare[0])])
    return np.zeros(width)


def _has_infrequent(model: Any) -> bool:
    return model.min_frequency is not None or model.max_categories is not None


def _looked_up(
    build: Building,
    column: Columns,
    categories: Sequence[Any],
    rows: np.ndarray,
    unknown: np.ndarray,
    place: str,
    model: Any,
) -> Columns:
    """A row of a table for each category, one for the unknown and one for what is missing."""
    known = [i for i, category in enumerate(categories) if not is_missing(category)]
    holes = [i for i, category in enumerate(categories) if is_missing(category)]
    missing = rows[holes[0]] if holes else unknown
    builder, slot, feature = build.builder, column.slot, column.features[0]
    if any(isinstance(categories[i], str) for i in known):
        if feature is None or not all(isinstance(categories[i], str) for i in known):
            refuse(place, model, "encodes text and numbers in one column, or text made by a step")
        places = [build.code(feature, str(categories[i])) for i in known]
        count = len(build.texts[feature])
    else:
        values = np.array([float(categories[i]) for i in known])
        slot = builder.place(slot, "equal", np.sort(values))
        places = [int(i) for i in np.argsort(np.argsort(values))]
        count = len(known)
    table = np.tile(np.asarray(unknown, np.float64), (count + 2, 1))
    table[count + 1] = missing
    for i, at in zip(known, places, strict=True):
        table[at] = rows[i]
    slot = builder.fill(slot, np.array([count + 1.0]))
    return build.made(builder.look_up(slot, np.ascontiguousarray(table)))


def _bins(build: Building, columns: Columns, model: Any, place: str) -> Columns:
    parts = []
    for j, edges in enumerate(model.bin_edges_):
        slot = build.select(columns, [j]).slot
        inner = np.ascontiguousarray(edges[1:-1], np.float64)
        slot = build.builder.place(slot, "at most", inner)
        if model.encode != "ordinal":
            bins = int(model.n_bins_[j])
            table = np.vstack([np.eye(bins), np.full((1, bins), np.nan)])
            slot = build.builder.fill(slot, np.array([float(bins)]))
            slot = build.builder.look_up(slot, table)
        parts.append(build.made(slot))
    return build.concat(parts)


def _columns(build: Building, columns: Columns, model: Any, place: str) -> Columns:
    parts = []
    for name, transform, _ in model.transformers_:
        chosen = [int(i) for i in model._transformer_to_input_indices[name]]
        if not chosen or (isinstance(transform, str) and transform == "drop"):
            continue
        part = build.select(columns, chosen)
        parts.append(transformed(build, part, transform, _inside(place, name)))
    return build.concat(parts)


def _union(build: Building, columns: Columns, model: Any, place: str) -> Columns:
    weights = model.transformer_weights or {}
    parts = []
    for name, transform in model.transformer_list:
        part = transformed(build, columns, transform, _inside(place, name))
        if name in weights and part.features:
            part = build.made(build.combine("multiply", part.slot, float(weights[name])))
        parts.append(part)
    return build.concat(parts)


def _pipeline(build: Building, columns: Columns, model: Any, place: str) -> Columns:
    for name, step in model.steps:
        columns = transformed(build, columns, step, _inside(place, name))
    return columns


def _inside(place: str, name: str) -> str:
    return f'{place} > "{name}"' if place else f'step "{name}"'


_READERS: dict[str, Read] = {
    "StandardScaler": _standard,
    "RobustScaler": _robust,
    "MaxAbsScaler": _max_abs,
    "MinMaxScaler": _min_max,
    "Normalizer": _normalizer,
    "Binarizer": _binarizer,
    "FunctionTransformer": _function,
    "PCA": _components,
    "TruncatedSVD": _components,
    "SimpleImputer": _imputer,
    "MissingIndicator": _indicator,
    "OneHotEncoder": _encoder,
    "OrdinalEncoder": _encoder,
    "TargetEncoder": _encoder,
    "KBinsDiscretizer": _bins,
    "ColumnTransformer": _columns,
    "FeatureUnion": _union,
    "Pipeline": _pipeline,
}
