"""What onnxruntime, where it is installed, scores with an ONNX graph: what nets are held to."""

from __future__ import annotations

import importlib
import importlib.util
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from kedge._core import Feature, InvalidArgument, Net, Unsupported

__all__ = ["Session", "scorer_of", "session_of"]

_MOST_SINGLE_ROWS = 64
_MOST_WHOLE = 2.0**31  # what an int32 holds, and more than a category is
_TYPES: dict[str, Any] = {
    "tensor(float)": np.float32,
    "tensor(double)": np.float64,
    "tensor(int64)": np.int64,
    "tensor(int32)": np.int32,
    "tensor(bool)": np.bool_,
    "tensor(string)": object,
}
_NUMBERS = ("tensor(float)", "tensor(double)", "seq(map")


class Session:
    """A graph in onnxruntime that takes rows as a compiled model does: codes for text."""

    def __init__(
        self,
        runtime: Any,
        features: Sequence[Feature],
        classes: Sequence[str],
        *,
        by_row: bool = False,
    ) -> None:
        self._runtime = runtime
        self._most_rows = 1 if by_row or _fixed_rows(runtime) else None
        self._features = features
        self._classes = list(classes)
        self._output = next(
            (out.name for out in runtime.get_outputs() if out.type.startswith(_NUMBERS)), None
        )

    def taken(self, rows: np.ndarray, *, imputes: bool) -> np.ndarray:
        """Rows that say the same here and there: finite, and whole where integers are wanted."""
        rows = np.array(rows)
        is_number = np.zeros(rows.shape[1], bool)
        for first, width, kind in self._inputs():
            columns = slice(first, first + width)
            is_number[columns] = kind is not object
            if kind in {np.int64, np.int32, np.bool_}:
                whole = np.rint(rows[:, columns])
                rows[:, columns] = np.where(np.abs(whole) < _MOST_WHOLE, whole, 0.0)
            if kind is np.bool_:
                rows[:, columns] = rows[:, columns] != 0
        is_taken = ~np.isinf(rows) if imputes else np.isfinite(rows)
        kept: np.ndarray = rows[(is_taken | ~is_number).all(axis=1)]
        return kept

    def scores(self, rows: np.ndarray) -> np.ndarray:
        """Predictions, NaN for those of the first rows that it refuses."""
        whole = self._tried(rows)
        if whole is not None:
            return whole
        singles = [self._tried(row[None]) for row in rows[:_MOST_SINGLE_ROWS]]
        taken = [one for one in singles if one is not None]
        if not taken:
            raise ValueError("no row is taken")
        nothing = np.full((1, taken[0].shape[1]), np.nan)
        rest = np.repeat(nothing, max(len(rows) - _MOST_SINGLE_ROWS, 0), axis=0)
        return np.vstack([nothing if one is None else one for one in singles] + [rest])

    def predictions(self, rows: np.ndarray) -> np.ndarray:
        """Predictions as float64.

        Raises:
            InvalidArgument: the runtime refuses the rows; the text says what it said.
        """
        try:
            return np.ascontiguousarray(self._run(rows), np.float64)
        except Exception as error:
            raise InvalidArgument(f"onnxruntime refuses the rows: {error}") from error

    def _tried(self, rows: np.ndarray) -> np.ndarray | None:
        try:
            return self._run(rows)
        except Exception:  # noqa: BLE001  its errors have no base of their own
            return None

    def _inputs(self) -> list[tuple[int, int, Any]]:
        inputs = []
        first = 0
        for each in self._runtime.get_inputs():
            width = math.prod(each.shape[1:])
            inputs.append((first, width, _TYPES.get(each.type)))
            first += width
        return inputs

    def _run(self, rows: np.ndarray) -> np.ndarray:
        if self._most_rows is None or len(rows) <= self._most_rows:
            return self._run_at_once(rows)
        return np.vstack([self._run_at_once(row[None]) for row in rows])

    def _run_at_once(self, rows: np.ndarray) -> np.ndarray:
        feed = {}
        for each, (first, width, kind) in zip(
            self._runtime.get_inputs(), self._inputs(), strict=True
        ):
            if kind is object:
                parts = [self._texts(rows[:, j], j) for j in range(first, first + width)]
                feed[each.name] = np.stack(parts, axis=1)
            else:
                part = rows[:, first : first + width]
                if kind not in {np.float32, np.float64} and not np.isfinite(part).all():
                    raise ValueError(f'input "{each.name}" is of whole numbers, a row has none')
                feed[each.name] = part.astype(kind).reshape(len(rows), *each.shape[1:])
        answer = self._runtime.run([self._output], feed)[0]
        if isinstance(answer, list):  # what ZipMap makes of a row
            named = [{str(key): value for key, value in row.items()} for row in answer]
            answer = np.array([[row[name] for name in self._classes] for row in named])
        scores = np.asarray(answer).reshape(len(rows), -1)
        return scores[:, 1:] if len(self._classes) == 2 and scores.shape[1] == 2 else scores

    def _texts(self, codes: np.ndarray, column: int) -> np.ndarray:
        names = [*self._features[column].categories, "\N{REPLACEMENT CHARACTER}", ""]
        last = len(names) - 2
        places = np.where(np.isnan(codes), last + 1, np.clip(codes, 0, last)).astype(int)
        texts: np.ndarray = np.array(names, object)[places]
        return texts


def _fixed_rows(runtime: Any) -> bool:
    return any(each.shape and each.shape[0] == 1 for each in runtime.get_inputs())


def session_of(data: bytes, features: Sequence[Feature], classes: Sequence[str]) -> Session | None:
    """None where onnxruntime is not there, or does not take the graph."""
    if importlib.util.find_spec("onnxruntime") is None:
        return None
    runtime = importlib.import_module("onnxruntime")
    options = runtime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 4  # only what is fatal: who compiles has not asked it anything
    try:
        session = runtime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
    except Exception:  # noqa: BLE001  its errors have no base of their own
        return None
    # Such a graph's scale is of all rows that it is given: one by one they are theirs.
    by_row = b"DynamicQuantizeLinear" in data
    return Session(session, features, classes, by_row=by_row)


def scorer_of(data: bytes, features: Sequence[Feature]) -> Callable[[np.ndarray], np.ndarray]:
    """What scores rows of float64 with a bundle's graph.

    Raises:
        Unsupported: onnxruntime is not installed, or does not take the graph.
    """
    session = session_of(data, features, Net.onnx_classes(data))
    if session is None:
        raise Unsupported(
            "the model runs in onnxruntime, which is not installed or does not take it: "
            "pip install 'kedge[onnx]'"
        )
    return session.predictions
