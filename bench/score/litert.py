"""LiteRT at work on a dense net, which is written as a .tflite file, in float32 or in int8.

In int8 the weights have a scale for each output and activations one for all, over the range of a
sample, as TensorFlow's converter has it. Floats come in and go out, or, with `is_bytes`, int8: then
quantising is the caller's work, off the clock.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

import numpy as np
import numpy.typing as npt

from bench.peers import MissingPeer

__all__ = ["Scale", "litert_call", "ranges_of", "to_tflite"]

Values = npt.NDArray[np.float32]
Layer = tuple[Values, Values]
Call = Callable[[Any], Any]

_FILE_IDENTIFIER = b"TFL3"
_SCHEMA_VERSION = 3


@dataclass(frozen=True)
class Scale:
    """What a byte stands for: (byte - zero) * step."""

    step: float
    zero: int

    @staticmethod
    def over(values: npt.NDArray[Any]) -> Scale:
        """The bytes spread over all values, of which 0 is one."""
        low, high = min(float(values.min()), 0.0), max(float(values.max()), 0.0)
        step = (high - low) / 255
        return Scale(step, round(-128 - low / step))

    def to_bytes(self, values: npt.NDArray[Any]) -> npt.NDArray[np.int8]:
        """Rounded, and held to what a byte can say."""
        return np.clip(np.round(values / self.step) + self.zero, -128, 127).astype(np.int8)

    def to_floats(self, data: npt.NDArray[np.int8]) -> Values:
        """What the bytes stand for."""
        return ((data.astype(np.float32) - self.zero) * self.step).astype(np.float32)


def ranges_of(layers: Sequence[Layer], sample: Values) -> list[Scale]:
    """Of the sample itself, and of what each layer makes of it."""
    scales, rows = [Scale.over(sample)], sample
    for i, (weights, bias) in enumerate(layers):
        rows = rows @ weights + bias
        if i + 1 < len(layers):
            rows = np.maximum(rows, 0)
        scales.append(Scale.over(rows))
    return scales


class _File:
    """A model of one graph while it is put together."""

    def __init__(self) -> None:
        self.schema = _module("ai_edge_litert.schema_py_generated")
        self.operators: list[Any] = []
        self.tensors: list[Any] = []
        self.buffers = [self.schema.BufferT()]  # tensors that are computed have the first
        self.codes: list[int] = []

    def tensor(
        self, shape: Sequence[int], kind: str, scales: Sequence[Scale], data: Any = None
    ) -> int:
        """A tensor's number; weights have a scale for each row."""
        made = self.schema.TensorT()
        made.shape, made.type = list(shape), getattr(self.schema.TensorType, kind)
        made.name = f"t{len(self.tensors)}"
        if scales:
            made.quantization = self.schema.QuantizationParametersT()
            made.quantization.scale = [scale.step for scale in scales]
            made.quantization.zeroPoint = [scale.zero for scale in scales]
        if data is not None:
            made.buffer = len(self.buffers)
            self.buffers.append(self.schema.BufferT())
            self.buffers[-1].data = np.frombuffer(np.ascontiguousarray(data).tobytes(), np.uint8)
        self.tensors.append(made)
        return len(self.tensors) - 1

    def operator(self, name: str, inputs: Sequence[int], output: int) -> Any:
        """An operator, whose options are the caller's to set."""
        code = getattr(self.schema.BuiltinOperator, name)
        if code not in self.codes:
            self.codes.append(code)
        made = self.schema.OperatorT()
        made.opcodeIndex = self.codes.index(code)
        made.inputs, made.outputs = list(inputs), [output]
        self.operators.append(made)
        return made

    def connect(self, inputs: Sequence[int], output: int, *, relu: bool) -> None:
        """A fully connected layer."""
        made = self.operator("FULLY_CONNECTED", inputs, output)
        made.builtinOptionsType = self.schema.BuiltinOptions.FullyConnectedOptions
        made.builtinOptions = self.schema.FullyConnectedOptionsT()
        kinds = self.schema.ActivationFunctionType
        made.builtinOptions.fusedActivationFunction = kinds.RELU if relu else kinds.NONE

    def finish(self, first: int, last: int) -> bytes:
        """The file, of which these tensors are the input and the output."""
        graph = self.schema.SubGraphT()
        graph.tensors, graph.operators = self.tensors, self.operators
        graph.inputs, graph.outputs, graph.name = [first], [last], "net"
        model = self.schema.ModelT()
        model.version, model.subgraphs, model.buffers = _SCHEMA_VERSION, [graph], self.buffers
        model.operatorCodes = []
        for code in self.codes:
            made = self.schema.OperatorCodeT()
            made.builtinCode = made.deprecatedBuiltinCode = code
            made.version = 5 if code == self.schema.BuiltinOperator.FULLY_CONNECTED else 1
            model.operatorCodes.append(made)
        builder = _module("flatbuffers").Builder(1024)
        builder.Finish(model.Pack(builder), file_identifier=_FILE_IDENTIFIER)
        return bytes(builder.Output())


def to_tflite(
    layers: Sequence[Layer], rows: int, scales: Sequence[Scale] = (), *, is_bytes: bool = False
) -> bytes:
    """The net for that many rows at once: in int8 where there are scales.

    Raises:
        MissingPeer: LiteRT or flatbuffers, which its schema needs, is not installed.
    """
    file = _File()
    kind = "INT8" if scales else "FLOAT32"
    width = layers[0][0].shape[0]
    first = at = file.tensor([rows, width], kind, scales[:1])
    if scales and not is_bytes:
        first = file.tensor([rows, width], "FLOAT32", ())
        file.operator("QUANTIZE", [first], at)
    for i, (weights, bias) in enumerate(layers):
        constants = _in_int8(file, weights, bias, scales[i]) if scales else _plain(file, *layers[i])
        output = file.tensor([rows, len(bias)], kind, scales[i + 1 : i + 2])
        file.connect([at, *constants], output, relu=i + 1 < len(layers))
        at = output
    if scales and not is_bytes:
        last = file.tensor([rows, len(layers[-1][1])], "FLOAT32", ())
        file.operator("DEQUANTIZE", [at], last)
        at = last
    return file.finish(first, at)


def litert_call(
    layers: Sequence[Layer], rows: int, scales: Sequence[Scale] = (), *, is_bytes: bool = False
) -> tuple[str, Call]:
    """LiteRT with XNNPACK on one thread, and its version."""
    model = to_tflite(layers, rows, scales, is_bytes=is_bytes)
    interpreter = _module("ai_edge_litert.interpreter").Interpreter(
        model_content=model, num_threads=1
    )
    interpreter.allocate_tensors()
    first = interpreter.get_input_details()[0]["index"]
    last = interpreter.get_output_details()[0]["index"]
    put, run, get = interpreter.set_tensor, interpreter.invoke, interpreter.get_tensor

    def call(values: Any) -> Any:
        put(first, values)
        run()
        return get(last)

    return version("ai-edge-litert"), call


def _plain(file: _File, weights: Values, bias: Values) -> list[int]:
    return [
        file.tensor(weights.T.shape, "FLOAT32", (), weights.T),
        file.tensor(bias.shape, "FLOAT32", (), bias),
    ]


def _in_int8(file: _File, weights: Values, bias: Values, scale: Scale) -> list[int]:
    steps = np.abs(weights).max(axis=0) / 127
    whole = np.round(weights / steps).astype(np.int8).T
    biases = np.round(bias / (steps * scale.step)).astype(np.int32)
    return [
        file.tensor(whole.shape, "INT8", [Scale(float(step), 0) for step in steps], whole),
        file.tensor(
            bias.shape, "INT32", [Scale(float(step) * scale.step, 0) for step in steps], biases
        ),
    ]


def _module(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise MissingPeer(f"{name} is not installed and sits out") from error
