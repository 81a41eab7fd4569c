"""Convolutions, pools and the shapes around them, against onnxruntime."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import onnx
import onnxruntime as ort
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper

import kedge
from kedge._core import Net

RANDOM = np.random.default_rng(8)


def graph(
    nodes: list[Any],
    constants: dict[str, Any],
    sizes: list[int],
    rows: int | str | None = None,
    opset: int = 20,
) -> bytes:
    """From x of these sizes to y."""
    tensors = []
    for name, values in constants.items():
        array = np.asarray(values)
        kind = np.float32 if array.dtype.kind == "f" else np.int64
        tensors.append(numpy_helper.from_array(array.astype(kind), name))
    made = helper.make_graph(
        nodes,
        "windows",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [rows, *sizes])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [None, None])],
        tensors,
    )
    whole = helper.make_model(made, opset_imports=[helper.make_opsetid("", opset)])
    whole.ir_version = 10
    onnx.checker.check_model(whole)
    data: bytes = whole.SerializeToString()
    return data


def node(kind: str, inputs: str, output: str = "y", **attributes: Any) -> Any:
    return helper.make_node(
        kind, inputs.split(), [output], name=f"the {kind} {output}", **attributes
    )


FLAT = node("Flatten", "h")


def weights(*shape: int) -> np.ndarray:
    return RANDOM.normal(size=shape) / math.sqrt(math.prod(shape[1:]))


def agrees(data: bytes, sizes: list[int], rows: int = 7, seed: int = 0) -> None:
    """Row by row where the file says that there is one."""
    session = ort.InferenceSession(data, providers=["CPUExecutionProvider"])
    x = np.random.default_rng(seed).normal(size=(rows, *sizes)).astype(np.float32)
    single = session.get_inputs()[0].shape[0] == 1
    parts = [x[i : i + 1] for i in range(rows)] if single else [x]
    wanted = np.vstack([session.run(None, {"x": part})[0].reshape(len(part), -1) for part in parts])
    scores = kedge.compile(data).predict(x.reshape(rows, -1)).reshape(wanted.shape)
    np.testing.assert_allclose(scores, wanted, rtol=1e-6, atol=2e-6)


@st.composite
def convolutions(draw: Any) -> tuple[bytes, list[int]]:
    groups = draw(st.sampled_from([1, 1, 2, 3]))
    inputs, outputs = groups * draw(st.integers(1, 3)), groups * draw(st.integers(1, 7))
    kernel, dilation = draw(st.integers(1, 4)), draw(st.integers(1, 3))
    reach = (kernel - 1) * dilation + 1
    length = draw(st.integers(reach, reach + 9))
    attributes: dict[str, Any] = {
        "strides": [draw(st.integers(1, 3))],
        "dilations": [dilation],
        "group": groups,
    }
    if draw(st.booleans()):
        attributes["pads"] = [draw(st.integers(0, 3)), draw(st.integers(0, 3))]
    elif dilation == 1:
        attributes["auto_pad"] = draw(st.sampled_from(["SAME_UPPER", "SAME_LOWER", "VALID"]))
    constants = {"w": weights(outputs, inputs // groups, kernel)}
    if draw(st.booleans()):
        constants["b"] = RANDOM.normal(size=outputs)
    nodes = [node("Conv", " ".join(["x", *constants]), "h", **attributes), FLAT]
    return graph(nodes, constants, [inputs, length]), [inputs, length]


@settings(max_examples=40)
@given(convolutions())
def test_convolutions_are_onnxruntimes(made: tuple[bytes, list[int]]) -> None:
    agrees(*made)


@st.composite
def pools(draw: Any) -> tuple[bytes, list[int]]:
    kind = draw(st.sampled_from(["MaxPool", "AveragePool"]))
    kernel = draw(st.integers(1, 4))
    attributes: dict[str, Any] = {
        "kernel_shape": [kernel],
        "strides": [draw(st.integers(1, 3))],
        "ceil_mode": draw(st.integers(0, 1)),
    }
    dilation = draw(st.integers(1, 2)) if kind == "MaxPool" else 1
    if kind == "MaxPool":
        attributes["dilations"] = [dilation]
    else:
        attributes["count_include_pad"] = draw(st.integers(0, 1))
    if draw(st.booleans()):
        attributes["pads"] = [draw(st.integers(0, kernel - 1)), draw(st.integers(0, kernel - 1))]
    elif not attributes["ceil_mode"] and dilation == 1 and attributes["strides"][0] <= kernel:
        # Longer strides have onnxruntime add less than nothing, and refuse that.
        attributes["auto_pad"] = draw(st.sampled_from(["SAME_UPPER", "SAME_LOWER", "VALID"]))
    reach = (kernel - 1) * dilation + 1
    sizes = [draw(st.integers(1, 3)), draw(st.integers(reach, reach + 9))]
    return graph([node(kind, "x", "h", **attributes), FLAT], {}, sizes), sizes


@settings(max_examples=60)
@given(pools())
def test_pools_are_onnxruntimes(made: tuple[bytes, list[int]]) -> None:
    agrees(*made)


WINDOW = [3, 16]
KERNEL = weights(4, 3, 5)
DENSE = weights(2, 64).T
NETS: dict[str, tuple[list[Any], dict[str, Any]]] = {
    # as PyTorch writes them
    "convolution, norm, pool, dense": (
        [
            node("Conv", "x w b", "c", pads=[2, 2]),
            node("BatchNormalization", "c b b b v", "n"),
            node("Relu", "n", "r"),
            node("MaxPool", "r", "p", kernel_shape=[2], strides=[2]),
            node("Reshape", "p shape", "f"),
            node("Gemm", "f d", "y"),
        ],
        {
            "w": KERNEL,
            "b": RANDOM.normal(size=4),
            "v": np.full(4, 0.7),
            "shape": [-1, 32],
            "d": DENSE[:32],
        },
    ),
    "mean over time": (
        [node("Conv", "x w", "c"), node("GlobalAveragePool", "c", "h"), FLAT],
        {"w": KERNEL},
    ),
    "largest over time": (
        [node("Conv", "x w", "c"), node("GlobalMaxPool", "c", "h"), FLAT],
        {"w": KERNEL},
    ),
    "residual": (
        [
            node("Conv", "x w", "c", pads=[1, 1]),
            node("Add", "c x", "a"),
            node("ReduceMean", "a axes", "y", keepdims=0),
        ],
        {"w": weights(3, 3, 3), "axes": [2]},
    ),
    "scaled by channel": (
        [node("Mul", "x s", "m"), node("Sub", "s m", "n"), node("ReduceMax", "n axes", "h"), FLAT],
        {"s": RANDOM.normal(size=(1, 3, 1)), "axes": [-1]},
    ),
    "the last step": ([node("Gather", "x last", "y", axis=2)], {"last": np.int64(-1)}),
    "a part of the steps": (
        [node("Slice", "x from to axis", "h"), FLAT],
        {"from": [2], "to": [-3], "axis": [2]},
    ),
    "side by side in time": ([node("Concat", "x x", "h", axis=2), FLAT], {}),
    "padded": (
        [node("Pad", "x pads five", "p"), node("Conv", "p w", "h"), FLAT],
        {"pads": [0, 0, 4, 0, 0, 0], "five": np.float64(0.5), "w": KERNEL},
    ),
    # as tf2onnx writes Keras: steps before channels, a second size of 1
    "steps before channels": (
        [
            node("Transpose", "x", "t", perm=[0, 2, 1]),
            node("Unsqueeze", "t two", "u"),
            node("Conv", "u w", "c", strides=[1, 2], auto_pad="SAME_UPPER"),
            node("Squeeze", "c two", "s"),
            node("Transpose", "s", "v", perm=[0, 2, 1]),
            node("MatMul", "v d", "m"),
            node("Add", "m b", "a"),
            node("Softmax", "a", "o", axis=-1),
            node("ReduceMean", "o one", "y", keepdims=0),
        ],
        {
            "two": [2],
            "one": [1],
            "w": weights(4, 16, 1, 3),
            "d": weights(2, 4).T,
            "b": RANDOM.normal(size=2),
        },
    ),
    "layer norm of each step": (
        [node("LayerNormalization", "x g g", "h"), FLAT],
        {"g": RANDOM.normal(size=16)},
    ),
}


@pytest.mark.parametrize("name", sorted(NETS))
def test_nets_of_windows_are_onnxruntimes(name: str) -> None:
    nodes, constants = NETS[name]
    agrees(graph(nodes, constants, WINDOW), WINDOW)


def test_a_row_is_the_window_in_its_own_order() -> None:
    net = Net.from_onnx(graph([node("Gather", "x last", "y", axis=2)], {"last": 1}, [2, 3]))
    assert [feature.name for feature in net.features] == [f"x{i}" for i in range(6)]
    scores = kedge.compile(graph([node("Flatten", "x")], {}, [2, 3]))
    assert scores.predict(np.arange(6.0)[None]).tolist() == [list(range(6))]


def test_of_a_single_row_reshape_may_say_so() -> None:
    reshape = [node("Reshape", "x shape", "y")]
    agrees(graph(reshape, {"shape": [1, 6]}, [2, 3], rows=1), [2, 3])
    for rows in (None, 2):
        with pytest.raises(kedge.Unsupported, match="its first size is 1, the rows' is wanted"):
            kedge.compile(graph(reshape, {"shape": [1, 6]}, [2, 3], rows=rows))


@pytest.mark.parametrize(
    ("nodes", "constants", "said"),
    [
        ([node("Reshape", "x s", "y")], {"s": [6, -1]}, "its first size is 6"),
        ([node("Reshape", "x s", "y")], {"s": [-1, 3]}, "does not keep 48 columns"),
        ([node("Transpose", "x", "h", perm=[1, 0, 2]), FLAT], {}, "rows stay first"),
        ([node("MaxPool", "x", "h", kernel_shape=[17]), FLAT], {}, "does not fit"),
        ([node("Conv", "x w", "h", group=2), FLAT], {"w": KERNEL}, "3 channels in 2 groups"),
        ([node("Concat", "x x", "h", axis=0), FLAT], {}, "axis 0"),
        ([node("Softmax", "x", "h", axis=1), FLAT], {}, "axis 1"),
        ([node("Flatten", "x", axis=2)], {}, "axis 2"),
        ([node("ReduceMean", "x a", "h"), FLAT], {"a": [0]}, "axis 0"),
    ],
)
def test_what_mixes_rows_or_does_not_fit_is_named(
    nodes: list[Any], constants: dict[str, Any], said: str
) -> None:
    with pytest.raises(kedge.Unsupported, match=rf'"the .*{said}'):
        kedge.compile(graph(nodes, constants, WINDOW))


@pytest.mark.parametrize("kind", ["Conv", "MaxPool", "Pad"])
def test_a_row_too_wide_is_refused_before_memory_is_asked_for(kind: str) -> None:
    if kind == "Pad":
        nodes, constants = [node("Pad", "x p", "h")], {"p": [0, 0, 0, 0, 0, 4_000_000]}
    else:
        wide = {"kernel_shape": [3000], "pads": [2999, 2999]}
        nodes = [node(kind, "x w" if kind == "Conv" else "x", "h", **wide)]
        constants = {"w": np.zeros((1, 3, 3000))} if kind == "Conv" else {}
    with pytest.raises(kedge.ResourceExhausted, match=f'"the {kind} h"'):
        kedge.compile(graph([*nodes, FLAT], constants, [3, 3000]))
