"""Small nets as ONNX files, written with onnx's own helper."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper


def mlp(
    widths: list[int], activation: str | None = "Relu", end: str | None = None, seed: int = 0
) -> bytes:
    """Gemm after Gemm with an activation between them, and `end` after the last one."""
    random = np.random.default_rng(seed)
    nodes: list[Any] = []
    constants: list[Any] = []
    name = "x"
    for i, (inputs, outputs) in enumerate(itertools.pairwise(widths)):
        w = (random.normal(size=(outputs, inputs)) / np.sqrt(inputs)).astype(np.float32)
        b = random.normal(size=outputs).astype(np.float32)
        constants += [numpy_helper.from_array(w, f"w{i}"), numpy_helper.from_array(b, f"b{i}")]
        nodes.append(helper.make_node("Gemm", [name, f"w{i}", f"b{i}"], [f"y{i}"], transB=1))
        name = f"y{i}"
        then = activation if i + 2 < len(widths) else end
        if then is not None:
            nodes.append(helper.make_node(then, [name], [f"z{i}"]))
            name = f"z{i}"
    return model(nodes, constants, widths[0], widths[-1], name)


def model(
    nodes: list[Any],
    constants: list[Any],
    inputs: int,
    outputs: int,
    out: str,
    ml_version: int = 3,
) -> bytes:
    graph = helper.make_graph(
        nodes,
        "net",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [None, inputs])],
        [helper.make_tensor_value_info(out, TensorProto.FLOAT, [None, outputs])],
        constants,
    )
    opsets = [helper.make_opsetid("", 20), helper.make_opsetid("ai.onnx.ml", ml_version)]
    whole = helper.make_model(graph, opset_imports=opsets)
    whole.ir_version = 10
    onnx.checker.check_model(whole)
    return whole.SerializeToString()


def layers_of(data: bytes) -> list[tuple[np.ndarray, np.ndarray]]:
    """The weights, a row of outputs for each input, and biases of what `mlp` wrote."""
    constants = [numpy_helper.to_array(c) for c in onnx.load_from_string(data).graph.initializer]
    return [(w.T, b) for w, b in zip(constants[::2], constants[1::2], strict=True)]
