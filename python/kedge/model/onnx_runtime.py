"""What onnxruntime, where it is installed, scores with an ONNX graph: what nets are held to."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable
from typing import Any

import numpy as np

__all__ = ["scorer"]


def scorer(data: bytes) -> Callable[[np.ndarray], Any] | None:
    """Predictions of rows by the graph's only output; None where onnxruntime cannot say."""
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
    name = session.get_inputs()[0].name

    def score(rows: np.ndarray) -> Any:
        return session.run(None, {name: rows.astype(np.float32)})[0]

    return score
