"""ONNX graphs in int8, written by onnxruntime's quantizer, against onnxruntime."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from onnx import TensorProto, helper, numpy_helper

import kedge
from kedge._core import Net
from tests.model.isa_bits import expect_same_bits
from tests.model.nets import layers_of, mlp, model
from tests.model.quantized_nets import dynamic, operators, quantum, scores, static

COLUMNS = 6
RANGE = np.random.default_rng(1).normal(size=(300, COLUMNS)) * 2
ROWS = hnp.arrays(
    np.float32,
    st.tuples(st.integers(1, 5), st.just(COLUMNS)),
    elements=st.floats(-10, 10, width=32),
)
FLOATS = {
    "relu": mlp([COLUMNS, 12, 5, 2]),
    "tanh": mlp([COLUMNS, 12, 2], "Tanh"),
    "sigmoid": mlp([COLUMNS, 33, 1], "Relu", "Sigmoid"),
    "leaky": mlp([COLUMNS, 20, 3], "LeakyRelu"),
}


def product(*, bias: bool) -> bytes:
    """MatMul, and Add as a node of its own, twice."""
    random = np.random.default_rng(3)
    weights = [random.normal(size=shape).astype(np.float32) for shape in [(COLUMNS, 9), (9, 2)]]
    nodes, constants, name = [], [], "x"
    for i, w in enumerate(weights):
        constants.append(numpy_helper.from_array(w, f"w{i}"))
        nodes.append(helper.make_node("MatMul", [name, f"w{i}"], [f"m{i}"], name=f"product {i}"))
        name = f"m{i}"
        if bias:
            b = random.normal(size=w.shape[1]).astype(np.float32)
            constants.append(numpy_helper.from_array(b, f"b{i}"))
            nodes.append(helper.make_node("Add", [name, f"b{i}"], [f"a{i}"]))
            name = f"a{i}"
    return model(nodes, constants, COLUMNS, 2, name)


FLOATS |= {"matmul": product(bias=False), "matmul and add": product(bias=True)}
# Which net, per channel, type of activations, type of weights.
STATIC = [
    ("relu", False, "uint8", "int8"),
    ("relu", True, "int8", "int8"),
    ("relu", True, "uint8", "uint8"),
    ("tanh", True, "uint8", "int8"),
    ("sigmoid", False, "int8", "int8"),
    ("leaky", False, "uint8", "int8"),
    ("matmul", True, "int8", "int8"),
    ("matmul and add", False, "uint8", "int8"),
    ("matmul and add", True, "uint8", "uint8"),
]


@pytest.mark.parametrize("form", ["QDQ", "QOperator"])
@pytest.mark.parametrize(("name", "per_channel", "activations", "weights"), STATIC)
def test_static_scores_are_within_one_quantum(
    name: str, form: str, per_channel: bool, activations: str, weights: str
) -> None:
    data = static(
        FLOATS[name],
        RANGE,
        form,
        per_channel=per_channel,
        activations=activations,
        weights=weights,
    )
    compiled = kedge.compile(data)
    assert "byte affine" in Net.from_onnx(data).steps

    @settings(max_examples=20)
    @given(ROWS)
    def holds(x: np.ndarray) -> None:
        wanted = scores(data, x)
        off = np.abs(compiled.predict(x).reshape(wanted.shape) - wanted)
        assert off.max() <= quantum(data) * 1.0001

    holds()


@pytest.mark.parametrize("form", ["QDQ", "QOperator"])
@pytest.mark.parametrize("name", ["relu", "matmul"])
def test_layers_alone_give_the_same_bytes(name: str, form: str) -> None:
    data = static(FLOATS[name], RANGE, form)
    x = (np.random.default_rng(9).normal(size=(4000, COLUMNS)) * 2).astype(np.float32)
    compiled = kedge.compile(data)
    assert (compiled.predict(x).reshape(len(x), -1) == scores(data, x)).all()
    assert compiled.parity.rows_off == 0


@pytest.mark.parametrize("per_channel", [False, True])
@pytest.mark.parametrize("weights", ["int8", "uint8"])
@pytest.mark.parametrize("name", sorted(FLOATS))
def test_dynamic_scores_are_onnxruntimes_of_each_row(
    name: str, per_channel: bool, weights: str
) -> None:
    data = dynamic(FLOATS[name], per_channel=per_channel, weights=weights)
    assert "MatMulInteger" in operators(data)
    compiled = kedge.compile(data)
    assert {"byte affine", "quantize row"} <= set(Net.from_onnx(data).steps)

    @settings(max_examples=20)
    @given(ROWS)
    def holds(x: np.ndarray) -> None:
        wanted = scores(data, x)
        # Of tanh the runtime's last bits are its own: where bytes are ties, each may be another.
        most = 1e-5 * max(np.abs(wanted).max(), 1)
        if name == "tanh":
            most += 2 / 255 * np.abs(layers_of(FLOATS[name])[1][0]).sum(axis=0).max()
        np.testing.assert_allclose(
            compiled.predict(x).reshape(wanted.shape), wanted, rtol=1e-5, atol=most
        )

    holds()


def halves() -> bytes:
    """The sum of two layers whose bytes stand for the same numbers, the sum's for twice those."""
    quanta = {"s": np.float32(0.125), "z": np.uint8(128), "t": np.float32(0.25)}
    weights = np.random.default_rng(4).integers(-9, 9, (COLUMNS, 2)).astype(np.int8)
    constants = quanta | {"v": weights, "w": weights[::-1].copy(), "o": np.int8(0)}
    nodes = [helper.make_node("QuantizeLinear", ["x", "s", "z"], ["q"])]
    for name in "vw":
        inputs = ["q", "s", "z", name, "s", "o", "s", "z"]
        nodes.append(helper.make_node("QLinearMatMul", inputs, [f"q{name}"]))
        nodes.append(helper.make_node("DequantizeLinear", [f"q{name}", "s", "z"], [f"f{name}"]))
    nodes += [
        helper.make_node("Add", ["fv", "fw"], ["sum"]),
        helper.make_node("QuantizeLinear", ["sum", "t", "z"], ["qs"]),
        helper.make_node("DequantizeLinear", ["qs", "t", "z"], ["y"]),
    ]
    tensors = [numpy_helper.from_array(np.asarray(a), n) for n, a in constants.items()]
    return model(nodes, tensors, COLUMNS, 2, "y")


def test_sums_that_are_ties_are_no_reason_to_refuse() -> None:
    data, x = halves(), RANGE.astype(np.float32)
    compiled = kedge.compile(data, reference=x)
    off = np.abs(compiled.predict(x) - scores(data, x))
    assert off.max() <= 0.25
    assert compiled.parity.rows > len(x)


def test_layers_round_ties_to_even_as_the_operator_says() -> None:
    one = np.float32(1)
    constants = {"s": one, "z": np.uint8(10), "w": np.eye(2, dtype=np.int8), "o": np.int8(0)}
    constants["t"] = np.float32(2)
    nodes = [
        helper.make_node("QuantizeLinear", ["x", "s", "z"], ["q"]),
        helper.make_node("QLinearMatMul", ["q", "s", "z", "w", "s", "o", "t", "z"], ["p"]),
        helper.make_node("DequantizeLinear", ["p", "t", "z"], ["y"]),
    ]
    tensors = [numpy_helper.from_array(np.asarray(a), n) for n, a in constants.items()]
    data = model(nodes, tensors, 2, 2, "y")
    x = np.arange(-10, 240, dtype=np.float32)[:, None].repeat(2, axis=1)
    found = kedge.compile(data).predict(x)
    assert (found == np.clip(np.rint(x / 2), -10, 245) * 2).all()
    assert (found == scores(data, x)).all()


def test_same_bits_on_every_instruction_set(tmp_path: Path) -> None:
    wide = np.random.default_rng(6).normal(size=(40, COLUMNS)) * 3
    nets = [static(FLOATS[name], RANGE, per_channel=True) for name in ("sigmoid", "matmul and add")]
    nets.append(dynamic(FLOATS["leaky"]))
    expect_same_bits([kedge.compile(data) for data in nets], wide.astype(np.float32), tmp_path)


def test_bytes_and_floats_of_a_window_have_the_same_bits_everywhere(tmp_path: Path) -> None:
    nets = [windows(), static(windows(groups=3), WINDOWS), dynamic(windows())]
    rows = WINDOWS[:30].reshape(30, -1).astype(np.float32)
    expect_same_bits([kedge.compile(data) for data in nets], rows, tmp_path)


def test_what_is_in_bytes_is_not_quantized_again() -> None:
    data = static(FLOATS["relu"], RANGE)
    with pytest.raises(kedge.Unsupported, match="in int8 already, step "):
        kedge.compile(data, quantize="int8", reference=RANGE)


def bytes_of(node: Any, **constants: np.ndarray) -> bytes:
    """x in bytes of 0.5 and 3, and a node of y."""
    all_constants = {"s": np.float32(0.5), "z": np.uint8(3), **constants}
    tensors = [numpy_helper.from_array(np.asarray(a), n) for n, a in all_constants.items()]
    first = helper.make_node("QuantizeLinear", ["x", "s", "z"], ["q"])
    return model([first, node], tensors, COLUMNS, COLUMNS, "y")


@pytest.mark.parametrize(
    ("node", "constants", "said"),
    [
        (["Relu", "q"], {}, "its input 0 is bytes, which no step takes here"),
        (["DequantizeLinear", "q", "s", "o"], {"o": np.int8(0)}, "its zero is of another type"),
        (["DequantizeLinear", "q", "v", "z"], {"v": np.ones(6, "f4")}, "one scale and one zero"),
        (["DequantizeLinear", "q", "n", "z"], {"n": np.float32(-1)}, "its scale is -1"),
        (
            ["QLinearMatMul", "q", "s", "z", "w", "s", "z", "s", "z"],
            {"w": np.ones((5, 6), np.uint8)},
            "does not fit 6 columns",
        ),
        (
            ["MatMulInteger", "q", "w", "z"],
            {"w": np.ones((6, 6), np.uint8)},
            "bytes and zero of a DynamicQuantizeLinear",
        ),
    ],
)
def test_what_bytes_cannot_is_named(
    node: list[str], constants: dict[str, np.ndarray], said: str
) -> None:
    made = helper.make_node(node[0], node[1:], ["y"], name="odd")
    graph = bytes_of(made, **constants)
    with pytest.raises(kedge.Unsupported, match=rf'"odd" \({node[0]}\): .*{said}'):
        kedge.compile(graph)


@pytest.mark.parametrize("zero", [0, 3, 128, 255])
def test_weights_beyond_int8_are_added_up(zero: int) -> None:
    weights = np.random.default_rng(zero).integers(0, 256, (COLUMNS, 5)).astype(np.uint8)
    weights[0, :2] = [0, 255]
    constants = {
        "s": np.float32(0.05),
        "z": np.uint8(7),
        "w": weights,
        "o": np.uint8(zero),
        "t": np.float32(1.5),
    }
    nodes = [
        helper.make_node("QuantizeLinear", ["x", "s", "z"], ["q"]),
        helper.make_node("QLinearMatMul", ["q", "s", "z", "w", "s", "o", "t", "z"], ["p"]),
        helper.make_node("DequantizeLinear", ["p", "t", "z"], ["y"]),
    ]
    tensors = [numpy_helper.from_array(np.asarray(a), n) for n, a in constants.items()]
    data = model(nodes, tensors, COLUMNS, 5, "y")
    x = RANGE.astype(np.float32)
    scale, half = np.float32(0.05), np.float32(0.05) * np.float32(0.05) / np.float32(1.5)
    q = np.clip(np.rint(x / scale) + 7, 0, 255).astype(np.int64) - 7
    sums = (q @ (weights.astype(np.int64) - zero)).astype(np.float32)
    wanted = (np.clip(np.rint(sums * half), -7, 248)).astype(np.float32) * np.float32(1.5)
    assert (kedge.compile(data).predict(x) == wanted).all()


WINDOW = [3, 20]
WINDOWS = np.random.default_rng(2).normal(size=(200, *WINDOW))


def windows(*, groups: int = 1, pad: int = 2, pool: str = "MaxPool") -> bytes:
    """Two convolutions with a pool between them, and a dense layer."""
    random = np.random.default_rng(groups)
    constants = {
        "w": random.normal(size=(6, 3 // groups, 5)) / 4,
        "b": random.normal(size=6),
        "v": random.normal(size=(4, 6, 3)) / 4,
        "d": random.normal(size=(4 * (8 if pad else 6), 2)) / 4,
    }
    nodes = [
        helper.make_node("Conv", ["x", "w", "b"], ["c"], pads=[pad, pad], group=groups),
        helper.make_node("Relu", ["c"], ["r"]),
        helper.make_node(pool, ["r"], ["p"], kernel_shape=[2], strides=[2]),
        helper.make_node("Conv", ["p", "v"], ["e"]),
        helper.make_node("Flatten", ["e"], ["f"]),
        helper.make_node("MatMul", ["f", "d"], ["y"]),
    ]
    tensors = [numpy_helper.from_array(a.astype(np.float32), n) for n, a in constants.items()]
    made = helper.make_graph(
        nodes,
        "windows",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [None, *WINDOW])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [None, 2])],
        tensors,
    )
    whole = helper.make_model(made, opset_imports=[helper.make_opsetid("", 20)])
    whole.ir_version = 10
    data: bytes = whole.SerializeToString()
    return data


@pytest.mark.parametrize("form", ["QDQ", "QOperator"])
@pytest.mark.parametrize("per_channel", [False, True])
@pytest.mark.parametrize(
    "options", [{}, {"groups": 3}, {"pad": 0}, {"pool": "AveragePool"}], ids=str
)
def test_windows_in_bytes_are_within_one_quantum(
    options: dict[str, Any], form: str, per_channel: bool
) -> None:
    data = static(windows(**options), WINDOWS, form, per_channel=per_channel)
    x = np.random.default_rng(5).normal(size=(500, *WINDOW)).astype(np.float32)
    off = np.abs(kedge.compile(data).predict(x.reshape(500, -1)) - scores(data, x))
    assert off.max() <= quantum(data) * 1.0001
    steps = Net.from_onnx(data).steps
    assert steps.count("byte affine") == 3
    assert "affine" not in steps


@pytest.mark.parametrize("weights", ["int8", "uint8"])
@pytest.mark.parametrize("pad", [0, 2])
def test_windows_with_scales_of_each_row_are_onnxruntimes(weights: str, pad: int) -> None:
    data = dynamic(windows(pad=pad), weights=weights)
    assert "ConvInteger" in operators(data)
    x = np.random.default_rng(5).normal(size=(100, *WINDOW)).astype(np.float32)
    wanted = scores(data, x)
    off = np.abs(kedge.compile(data).predict(x.reshape(100, -1)) - wanted)
    assert off.max() <= 1e-5 * np.abs(wanted).max()
