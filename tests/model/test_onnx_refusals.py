"""ONNX graphs that claim what they must not: refused by name, before memory is asked for."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

import kedge
from kedge import _core
from tests.model.onnx_models import graph as tree_graph
from tests.model.onnx_models import grow, regressor


def unchecked(
    nodes: list[Any], constants: dict[str, np.ndarray], sizes: list[int], inputs: int = 1
) -> bytes:
    """From x, or x0 and so on, to y; onnx's checker is not asked."""
    names = ["x"] if inputs == 1 else [f"x{i}" for i in range(inputs)]
    made = helper.make_graph(
        nodes,
        "net",
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, [None, *sizes]) for name in names],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [None, None])],
        [numpy_helper.from_array(array, name) for name, array in constants.items()],
    )
    opsets = [("", 20), ("ai.onnx.ml", 3), ("my.domain", 1), ("com.microsoft", 1)]
    whole = helper.make_model(made, opset_imports=[helper.make_opsetid(*each) for each in opsets])
    whole.ir_version = 10
    data: bytes = whole.SerializeToString()
    return data


def node(kind: str, inputs: str, output: str = "y", **attributes: Any) -> Any:
    return helper.make_node(kind, inputs.split(), output.split(), name=f"the {kind}", **attributes)


def test_a_name_of_two_values_is_refused() -> None:
    weights = {"q": np.ones((1, 1, 1), np.int8), "w": np.ones((2, 1, 1), np.float32)}
    scale = {"s": np.float32(0.5), "z": np.int8(0), "t": np.float32(0.1), "o": np.uint8(0)}
    nodes = [
        node("QuantizeLinear", "x t o", "b"),
        node("DequantizeLinear", "b t o", "f"),
        node("DequantizeLinear", "q s z", "w"),
        node("Conv", "f w", "c", group=2),
        node("Flatten", "c"),
    ]
    constants = {name: np.asarray(array) for name, array in (weights | scale).items()}
    with pytest.raises(kedge.CorruptData, match='two values of the name "w"'):
        kedge.compile(unchecked(nodes, constants, [2, 4]))
    twice = [node("Relu", "x", "h"), node("Tanh", "x", "h"), node("Abs", "h")]
    with pytest.raises(kedge.CorruptData, match='two values of the name "h"'):
        kedge.compile(unchecked(twice, {}, [2]))


@pytest.mark.parametrize("times", [65_536, 100])
def test_columns_side_by_side_are_counted_before_they_are_made(times: int) -> None:
    """2^16 times 2^16 numbers are none in 32 bits."""
    wide = np.zeros((2, 65_536), np.float32)
    for kind, attributes in (
        ("Concat", {"axis": 1}),
        ("FeatureVectorizer", {"domain": "ai.onnx.ml"}),
    ):
        nodes = [node("Gemm", "x w", "h"), node(kind, " ".join(["h"] * times), **attributes)]
        with pytest.raises(kedge.ResourceExhausted, match=f'"the {kind}"'):
            _core.Net.from_onnx(unchecked(nodes, {"w": wide}, [2]))


def integer_product(zero: np.ndarray, weights: np.ndarray) -> bytes:
    nodes = [
        node("DynamicQuantizeLinear", "x", "q s z"),
        node("MatMulInteger", "q w z zero", "p"),
        node("Cast", "p", "c", to=TensorProto.FLOAT),
        node("Mul", "c s", "y"),
    ]
    return unchecked(nodes, {"w": weights, "zero": zero}, [len(weights)])


@pytest.mark.parametrize("zero", [2**30, -(2**31), 3])
def test_a_zero_is_of_the_type_of_its_weights(zero: int) -> None:
    weights = np.ones((4, 8), np.int8)
    with pytest.raises(kedge.Unsupported, match=r"MatMulInteger\): its weights' zero is of ano"):
        _core.Net.from_onnx(integer_product(np.array(zero, np.int32), weights))
    _core.Net.from_onnx(integer_product(np.array(3, np.int8), weights))


def test_a_number_beyond_its_tensors_type_is_refused() -> None:
    listed = onnx.TensorProto(name="zero", data_type=TensorProto.INT8, int32_data=[2**30])
    whole = onnx.load_from_string(integer_product(np.array(3, np.int8), np.ones((4, 8), np.int8)))
    whole.graph.initializer[1].CopyFrom(listed)
    with pytest.raises(kedge.CorruptData, match='"zero" has 1073741824, beyond its type'):
        _core.Net.from_onnx(whole.SerializeToString())


def test_a_zero_of_weights_with_scales_is_of_their_type() -> None:
    constants = {
        "q": np.ones((3, 2), np.int8),
        "s": np.asarray(np.float32(0.5)),
        "z": np.asarray(np.int32(2**30)),
    }
    nodes = [node("DequantizeLinear", "q s z", "w"), node("MatMul", "x w")]
    with pytest.raises(kedge.Unsupported, match="zero is of another type"):
        _core.Net.from_onnx(unchecked(nodes, constants, [3]))


def test_an_operator_of_another_domain_is_not_taken_for_onnxs() -> None:
    nodes = [node("Relu", "x", "h"), node("Add", "x h", domain="my.domain")]
    with pytest.raises(kedge.Unsupported, match=r'"the Add" \(Add\): its domain is "my.domain"'):
        kedge.compile(unchecked(nodes, {}, [2]))
    for domain in ("", "ai.onnx", "com.microsoft"):
        nodes[1].domain = domain
        _core.Net.from_onnx(unchecked(nodes, {}, [2]))


def test_trees_of_another_domain_are_not_taken_for_onnxs() -> None:
    whole = onnx.load_from_string(regressor(grow(np.random.default_rng(1), trees=1)))
    whole.graph.node[0].domain = "my.domain"
    data = whole.SerializeToString()
    with pytest.raises(kedge.Unsupported, match=r'its domain is "my.domain"'):
        kedge.compile(data)
    with pytest.raises(kedge.Unsupported, match=r'"my.domain::TreeEnsembleRegressor"'):
        _core.Forest.from_onnx(data)


def test_what_the_door_is_for_goes_through_it() -> None:
    """onnxruntime's own domain for what only it knows."""
    nodes = [
        node("Add", "x x", "h"),
        node("BiasGelu", "h b", domain="com.microsoft"),
    ]
    data = unchecked(nodes, {"b": np.ones(2, np.float32)}, [2])
    assert kedge.compile(data, fallback="onnxruntime").engine() == "onnxruntime"


def test_a_long_chain_before_the_trees_is_followed_at_once() -> None:
    """A minute, were all nodes searched for each step of it."""
    count = 100_000
    names = ["X", *(f"v{i}" for i in range(count))]
    chain = [
        helper.make_node("Identity", [names[i]], [names[i + 1]]) for i in reversed(range(count))
    ]
    trees = onnx.load_from_string(regressor(grow(np.random.default_rng(1), trees=1))).graph.node[0]
    trees.input[0] = names[-1]
    data = tree_graph([*chain, trees], TensorProto.FLOAT, [("Y", TensorProto.FLOAT)])
    assert len(_core.Forest.from_onnx(data).features) == 6
