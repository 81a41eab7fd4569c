"""What a model can be compiled from: trained objects, and the files that their libraries write.

No trainer is imported: an object brings its own.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from kedge._core import (
    CorruptData,
    ForeignNet,
    Forest,
    InvalidArgument,
    KedgeError,
    Net,
    Unsupported,
)
from kedge.model import onnx_runtime, pipeline, sklearn

__all__ = ["Source", "file_of", "golden_of", "source_of"]


@dataclass(frozen=True)
class Source:
    """A forest or a net and, if the trainer is at hand, its own scores of rows of float64.

    They are raw scores of a forest, and predictions of a net. `graph` is what another runtime
    runs of a net that is foreign.
    `has_gaps`: of some rows the trainer says nothing, their scores are NaN. `takes` makes rows
    that both read alike of any rows. `metadata` is what the source itself says.
    """

    forest: Forest | Net | ForeignNet
    trainer: Callable[[np.ndarray], Any] | None = None
    has_gaps: bool = False
    takes: Callable[[np.ndarray], np.ndarray] | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)
    graph: bytes = b""

    def scores(self, rows: np.ndarray) -> Any:
        """The trainer's scores; None when it is not there, or takes no such rows."""
        if self.trainer is None:
            return None
        try:
            return self.trainer(rows)
        except ValueError:
            return None


def source_of(model: object, fallback: str | None = None) -> Source:
    """Tell what `model` is, and read it; what of ONNX has no step here runs in `fallback`."""
    if fallback not in {None, "onnxruntime"}:
        raise InvalidArgument(f'fallback = {fallback!r}: expected "onnxruntime"')
    if isinstance(model, (str, Path)):
        path = file_of(model)
        try:
            return _source(path.read_bytes(), fallback)
        except KedgeError as error:
            raise type(error)(f'"{path}": {error}') from error
    if isinstance(model, (bytes, bytearray, memoryview)):
        return _source(bytes(model), fallback)
    library = type(model).__module__.partition(".")[0]
    if library == "onnx":
        return _source(model.SerializeToString(), fallback)  # type: ignore[attr-defined]
    for base in type(model).__mro__:
        read = _LIBRARIES.get(base.__module__.partition(".")[0])
        if read is not None:
            _need_fitted(model)
            return read(model)
    raise Unsupported(
        f"a {type(model).__name__} of {library} is not supported; expected a model of "
        "LightGBM, XGBoost, CatBoost or scikit-learn, an ONNX model, a file's path or bytes"
    )


def file_of(path: str | os.PathLike[str]) -> Path:
    """The path, if a file is there.

    Raises:
        InvalidArgument: none is.
    """
    path = Path(path)
    if not path.is_file():
        what = "is no file" if path.exists() else "there is no such file"
        raise InvalidArgument(f'"{path}": {what}')
    return path


def golden_of(source: Source) -> tuple[np.ndarray, np.ndarray]:
    """Rows, always the same, that a foreign graph takes, and what its runtime gives for them."""
    features = source.forest.features
    random = np.random.default_rng(len(features))
    rows = random.normal(size=(_GOLDEN_ROWS, len(features))).astype(np.float32).astype(np.float64)
    for i, feature in enumerate(features):
        if feature.categories:
            rows[:, i] = random.integers(0, len(feature.categories), _GOLDEN_ROWS)
    rows = rows if source.takes is None else source.takes(rows)
    scores = source.scores(rows)
    if scores is None or not (taken := np.isfinite(scores).all(axis=1)).any():
        raise Unsupported("onnxruntime gives no scores for rows of any numbers")
    return np.ascontiguousarray(rows[taken]), np.ascontiguousarray(scores[taken], np.float64)


def _source(data: bytes, fallback: str | None) -> Source:
    if data[:1] == _ONNX:
        return _onnx_source(data, fallback)
    return Source(_from_bytes(data))


def _from_bytes(data: bytes) -> Forest:
    if not data:
        raise CorruptData("there is nothing in it")
    for start, what in _NO_TRAINERS.items():
        if data.startswith(start):
            raise InvalidArgument(what)
    if data.startswith((b"tree\n", b"tree\r\n")):
        return Forest.from_lightgbm(data)
    if data[:1] == b"{":
        if b'"learner"' in data[:64] or b"learner" in data[:64]:
            return Forest.from_xgboost(data)
        if b'"tree_info"' in data:
            return Forest.from_lightgbm_json(data)
        return Forest.from_catboost(data)
    raise CorruptData(
        "no model of a known kind: expected LightGBM's text, XGBoost's or CatBoost's JSON, "
        f"XGBoost's UBJSON or ONNX, got {data[:8]!r}.."
    )


def _onnx_source(data: bytes, fallback: str | None) -> Source:
    classes = Net.onnx_classes(data)
    metadata = {"classes": json.dumps(classes)} if classes else {}
    if not Net.reads_onnx(data):
        return Source(Forest.from_onnx(data), metadata=metadata)
    net: Net | ForeignNet
    try:
        net = Net.from_onnx(data)
    except Unsupported as error:
        if fallback is None:
            raise Unsupported(f'{error}; with fallback="onnxruntime" it runs there') from error
        net = ForeignNet.from_onnx(data)
    session = onnx_runtime.session_of(data, net.features, classes)
    if session is None:
        if isinstance(net, ForeignNet):
            raise Unsupported("onnxruntime is not installed, or does not take the graph either")
        return Source(net, metadata=metadata)
    imputes = b"Imputer" in data
    return Source(
        net,
        session.scores,
        has_gaps=imputes,
        takes=lambda rows: session.taken(rows, imputes=imputes),
        metadata=metadata,
        graph=data if isinstance(net, ForeignNet) else b"",
    )


def _need_fitted(model: Any) -> None:
    """Trainers of which nothing was learned raise errors of their own, each another one."""
    tells = getattr(model, "__sklearn_is_fitted__", None) or getattr(model, "is_fitted", None)
    if callable(tells) and not tells():
        raise InvalidArgument(f"{type(model).__name__} is not fitted")


def _lightgbm(model: Any) -> Source:
    booster = getattr(model, "booster_", model)
    text = booster.model_to_string().encode()
    return Source(
        Forest.from_lightgbm(text),
        lambda rows: booster.predict(rows, raw_score=True, num_threads=1),
    )


def _xgboost(model: Any) -> Source:
    booster = model.get_booster() if hasattr(model, "get_booster") else model
    forest = Forest.from_xgboost(bytes(booster.save_raw("ubj")))

    def raw_scores(rows: np.ndarray) -> Any:
        matrix = sys.modules["xgboost"].DMatrix(
            rows, feature_names=booster.feature_names, feature_types=booster.feature_types
        )
        return booster.predict(matrix, output_margin=True)

    return Source(forest, raw_scores)


def _catboost(model: Any) -> Source:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.json"
        model.save_model(str(path), format="json")
        forest = Forest.from_catboost(path.read_bytes())
    return Source(
        forest,
        lambda rows: model.predict(rows, prediction_type="RawFormulaVal", thread_count=1),
    )


def _sklearn(model: Any) -> Source:
    if not sklearn.is_trees(model):
        net = pipeline.net_of(model)
        return Source(net, lambda rows: pipeline.predictions(model, net, rows), has_gaps=True)
    return Source(sklearn.forest_of(model), lambda rows: sklearn.raw_scores(model, rows))


_GOLDEN_ROWS = 16
_ONNX = b"\x08"  # field 1 of its ModelProto, the version
_NO_TRAINERS = {
    b"KEDGEBDL": "this is a compiled model; kedge.load reads it",
    b"KDGE": "this is a profile; a model is wanted",
    b"\x80": "this is a pickle, which runs code when it is read; pass the object that it holds",
}
_LIBRARIES: dict[str, Callable[[Any], Source]] = {
    "lightgbm": _lightgbm,
    "xgboost": _xgboost,
    "catboost": _catboost,
    "sklearn": _sklearn,
}
