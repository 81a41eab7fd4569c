"""ONNX graphs in int8, as onnxruntime's own quantizer writes them, and the bytes between."""

from __future__ import annotations

import platform
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime as ort
from onnxruntime.quantization import (
    CalibrationDataReader,
    QuantFormat,
    QuantType,
    quantize_dynamic,
    quantize_static,
)


def sums_are_exact() -> bool:
    """Whether onnxruntime's are: on x86 before VNNI two products share 16 bits, and are cut off."""
    flags = Path("/proc/cpuinfo")
    return platform.machine() != "x86_64" or not flags.exists() or "vnni" in flags.read_text()


FORMATS = {"QDQ": QuantFormat.QDQ, "QOperator": QuantFormat.QOperator}
TYPES = {"uint8": QuantType.QUInt8, "int8": QuantType.QInt8}


class Reference(CalibrationDataReader):  # type: ignore[misc]
    """Rows that the ranges are of."""

    def __init__(self, x: np.ndarray) -> None:
        self._feeds: Iterator[dict[str, np.ndarray]] = iter([{"x": x.astype(np.float32)}])

    def get_next(self) -> Any:
        """What onnxruntime's quantizer asks for."""
        return next(self._feeds, None)


def static(
    data: bytes,
    x: np.ndarray,
    form: str = "QDQ",
    *,
    per_channel: bool = False,
    activations: str = "uint8",
    weights: str = "int8",
    **options: Any,
) -> bytes:
    """With scales from `x`."""
    with tempfile.TemporaryDirectory() as folder:
        path, made = Path(folder) / "net.onnx", Path(folder) / "int8.onnx"
        path.write_bytes(data)
        quantize_static(
            str(path),
            str(made),
            Reference(x),
            quant_format=FORMATS[form],
            per_channel=per_channel,
            activation_type=TYPES[activations],
            weight_type=TYPES[weights],
            reduce_range=not sums_are_exact(),
            extra_options=options,
        )
        return made.read_bytes()


def dynamic(data: bytes, *, per_channel: bool = False, weights: str = "int8") -> bytes:
    """With scales of each run."""
    with tempfile.TemporaryDirectory() as folder:
        path, made = Path(folder) / "net.onnx", Path(folder) / "int8.onnx"
        path.write_bytes(data)
        quantize_dynamic(
            str(path),
            str(made),
            per_channel=per_channel,
            weight_type=TYPES[weights],
            reduce_range=not sums_are_exact(),
        )
        return made.read_bytes()


def scores(data: bytes, x: np.ndarray) -> np.ndarray:
    """onnxruntime's, row by row where scales are those of a run."""
    session = ort.InferenceSession(data, providers=["CPUExecutionProvider"])
    x = x.astype(np.float32)
    parts = [x[i : i + 1] for i in range(len(x))] if b"DynamicQuantizeLinear" in data else [x]
    return np.vstack([session.run(None, {"x": part})[0].reshape(len(part), -1) for part in parts])


def quantum(data: bytes) -> float:
    """What one step of the graph's last bytes is."""
    graph = onnx.load_from_string(data).graph
    constants = {each.name: onnx.numpy_helper.to_array(each) for each in graph.initializer}
    last = [node for node in graph.node if node.op_type == "DequantizeLinear"][-1]
    return float(constants[last.input[1]])


def operators(data: bytes) -> set[str]:
    """What the graph has."""
    return {node.op_type for node in onnx.load_from_string(data).graph.node}
