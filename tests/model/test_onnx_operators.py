"""Operators between the layers of ONNX nets, against onnxruntime; and what is refused by name."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnxruntime as ort
import pytest
from onnx import TensorProto, helper, numpy_helper

import kedge
from tests.model.nets import model

COLUMNS = 6
RNG = np.random.default_rng(5)
WEIGHTS = RNG.normal(size=(COLUMNS, COLUMNS)) / 2
FIVE = RNG.normal(size=COLUMNS)
LAST = 2**63 - 1


def net(nodes: list[Any], constants: dict[str, Any], outputs: int, ml_version: int = 3) -> bytes:
    """Of x, and of h, a layer of tanh."""
    tensors = []
    for name, values in {"w": WEIGHTS, **constants}.items():
        array = np.asarray(values)
        kind = np.float32 if array.dtype.kind == "f" else np.int64
        tensors.append(numpy_helper.from_array(array.astype(kind), name))
    layer = [
        helper.make_node("MatMul", ["x", "w"], ["l"]),
        helper.make_node("Tanh", ["l"], ["h"]),
    ]
    return model([*layer, *nodes], tensors, COLUMNS, outputs, "y", ml_version)


def node(kind: str, *inputs: str, **attributes: Any) -> list[Any]:
    return [helper.make_node(kind, list(inputs), ["y"], **attributes)]


NETS = {
    "max of two": (node("Max", "x", "h"), {}, 6),
    "min of three": (node("Min", "c", "x", "h"), {"c": FIVE}, 6),
    "max with one": (node("Max", "h", "c"), {"c": [0.25]}, 6),
    "sum": (node("Sum", "x", "h", "c"), {"c": FIVE}, 6),
    "less a constant": (node("Sub", "x", "c"), {"c": FIVE}, 6),
    "a constant less": (node("Sub", "c", "x"), {"c": FIVE}, 6),
    "clip": (node("Clip", "x", "a", "b"), {"a": np.float64(-0.5), "b": np.float64(1.0)}, 6),
    "clip below": (node("Clip", "x", "a"), {"a": np.float64(-0.5)}, 6),
    "clip above": (node("Clip", "x", "", "b"), {"b": np.float64(0.5)}, 6),
    "layer norm": (node("LayerNormalization", "x", "c", "h0"), {"c": FIVE, "h0": FIVE[::-1]}, 6),
    "layer norm, no shift": (node("LayerNormalization", "x", "c", epsilon=0.1), {"c": FIVE}, 6),
    "gather": (node("Gather", "x", "i", axis=1), {"i": [4, -1, 0, 4]}, 4),
    "slice": (node("Slice", "x", "s", "e", "a"), {"s": [1], "e": [-2], "a": [1]}, 3),
    "slice to the end": (
        node("Slice", "x", "s", "e", "a", "t"),
        {"s": [-2], "e": [2**31], "a": [-1], "t": [1]},
        2,
    ),
    "slice to the last place there is": (
        node("Slice", "x", "s", "e", "a", "t"),
        {"s": [1], "e": [LAST], "a": [1], "t": [1]},
        5,
    ),
    "slice, axes in their order": (
        node("Slice", "x", "s", "e"),
        {"s": [0, 2], "e": [LAST, -1]},
        3,
    ),
    "slice, steps and no axes": (
        node("Slice", "x", "s", "e", "", "t"),
        {"s": [0, 1], "e": [LAST, LAST], "t": [1, 1]},
        5,
    ),
    "relu of the first of two layers": (
        [
            helper.make_node("Gemm", ["x", "w"], ["a"]),
            helper.make_node("Gemm", ["x", "w", "c"], ["b"]),
            helper.make_node("Relu", ["a"], ["r"]),
            *node("Add", "r", "b"),
        ],
        {"c": FIVE},
        6,
    ),
    "flatten": (node("Flatten", "h"), {}, 6),
    **{
        kind: (node(kind, "x", "a", keepdims=1), {"a": [1]}, 1)
        for kind in ("ReduceSum", "ReduceMean", "ReduceMax", "ReduceMin")
    },
}


@pytest.mark.parametrize("name", sorted(NETS))
def test_they_are_onnxruntimes(name: str) -> None:
    data = net(*NETS[name])
    x = np.random.default_rng(1).normal(size=(200, COLUMNS)).astype(np.float32)
    wanted = ort.InferenceSession(data, providers=["CPUExecutionProvider"]).run(None, {"x": x})[0]
    scores = kedge.compile(data).predict(x).reshape(wanted.shape)
    np.testing.assert_allclose(scores, wanted, rtol=1e-6, atol=2e-6)


@pytest.mark.parametrize("kind", ["Max", "Min"])
@pytest.mark.parametrize("hole", [0, 1])
def test_what_is_missing_wins(kind: str, hole: int) -> None:
    data = net(
        [
            helper.make_node("Gather", ["x", "i"], ["a"], axis=1),
            helper.make_node("Gather", ["x", "j"], ["b"], axis=1),
            *node(kind, "a", "b"),
        ],
        {"i": [0], "j": [1]},
        1,
    )
    x = np.ones((1, COLUMNS), np.float32)
    x[0, hole] = np.nan
    wanted = ort.InferenceSession(data, providers=["CPUExecutionProvider"]).run(None, {"x": x})[0]
    assert np.isnan(wanted).all()
    assert np.isnan(kedge.compile(data).predict(x)).all()


def of_two_columns(kind: str) -> bytes:
    """Whether the first column of x is more than the second, or less, and so on."""
    return net(
        [
            helper.make_node("Gather", ["x", "i"], ["a"], axis=1),
            helper.make_node("Gather", ["x", "j"], ["b"], axis=1),
            helper.make_node(kind, ["a", "b"], ["c"]),
            *node("Cast", "c", to=TensorProto.FLOAT),
        ],
        {"i": [0], "j": [1]},
        1,
    )


EDGES = [-np.inf, -3.4e38, -1.0, -0.0, 0.0, 1e-45, 1.0, 3.4e38, np.inf, np.nan]
COMPARISONS = ["Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual"]


@pytest.mark.parametrize("kind", COMPARISONS)
def test_numbers_are_compared_exactly(kind: str) -> None:
    x = np.zeros((len(EDGES) ** 2, COLUMNS), np.float32)
    x[:, 0], x[:, 1] = np.repeat(EDGES, len(EDGES)), np.tile(EDGES, len(EDGES))
    data = of_two_columns(kind)
    wanted = ort.InferenceSession(data, providers=["CPUExecutionProvider"]).run(None, {"x": x})[0]
    np.testing.assert_array_equal(kedge.compile(data).predict(x), wanted[:, 0])


@pytest.mark.parametrize("kind", COMPARISONS)
@pytest.mark.parametrize("inputs", ["xc", "cx"])
def test_numbers_are_compared_exactly_with_constants(kind: str, inputs: str) -> None:
    values = [-np.inf, np.inf, np.nan, 0.5, -np.inf, np.inf]
    data = net(
        [helper.make_node(kind, list(inputs), ["b"]), *node("Cast", "b", to=TensorProto.FLOAT)],
        {"c": values},
        6,
    )
    x = np.repeat(np.array([*EDGES, 0.5], np.float32)[:, None], COLUMNS, axis=1)
    wanted = ort.InferenceSession(data, providers=["CPUExecutionProvider"]).run(None, {"x": x})[0]
    np.testing.assert_array_equal(kedge.compile(data).predict(x), wanted)


@pytest.mark.parametrize("kind", ["ReduceMax", "ReduceMin"])
def test_what_is_missing_wins_wherever_it_is(kind: str) -> None:
    model = kedge.compile(net(node(kind, "x", "a", keepdims=1), {"a": [1]}, 1))
    x = np.ones((COLUMNS, COLUMNS), np.float32)
    np.fill_diagonal(x, np.nan)
    assert np.isnan(model.predict(x)).all()


def test_the_largest_of_a_norm_passes_over_what_is_missing() -> None:
    data = net(node("Normalizer", "x", norm="MAX", domain="ai.onnx.ml"), {}, COLUMNS)
    x = np.random.default_rng(2).normal(size=(COLUMNS, COLUMNS)).astype(np.float32)
    np.fill_diagonal(x, np.nan)
    wanted = ort.InferenceSession(data, providers=["CPUExecutionProvider"]).run(None, {"x": x})[0]
    np.testing.assert_array_equal(kedge.compile(data).predict(x), wanted)


@pytest.mark.parametrize("version", [2, 3, 4])
def test_no_number_is_a_key_where_onnxruntime_takes_it_for_one(version: int) -> None:
    data = net(
        [
            helper.make_node(
                "LabelEncoder",
                ["x"],
                ["y"],
                domain="ai.onnx.ml",
                keys_floats=[1.0, np.nan, 2.5, np.nan],
                values_floats=[10.0, 20.0, 30.0, 40.0],
                default_float=-1.0,
            )
        ],
        {},
        6,
        ml_version=version,
    )
    x = np.array([[1.0, np.nan, 2.5, 7.0, -np.inf, np.nan]], np.float32)
    wanted = ort.InferenceSession(data, providers=["CPUExecutionProvider"]).run(None, {"x": x})[0]
    np.testing.assert_array_equal(kedge.compile(data).predict(x), wanted)


@pytest.mark.parametrize(
    ("nodes", "constants", "said"),
    [
        (node("Gather", "x", "i", axis=0), {"i": [1]}, r"\(Gather\): axis 0"),
        (node("Gather", "x", "i", axis=1), {"i": [6]}, r"\(Gather\): column 6 of 6"),
        (node("Slice", "x", "s", "e", "a"), {"s": [4], "e": [2], "a": [1]}, "no columns are left"),
        (node("Slice", "x", "s", "e"), {"s": [1], "e": [LAST]}, r"\(Slice\): axis 0"),
        (node("Slice", "x", "s", "e", "a"), {"s": [0], "e": [4], "a": [1, 1]}, "1 ends, 2 axes"),
        (node("Gather", "x", "i", axis=1), {"i": [LAST]}, r"\(Gather\): column 46\d+ of 6"),
        (node("Flatten", "x", axis=LAST), {}, rf"\(Flatten\): axis {LAST}"),
        (node("ReduceSum", "x", "a", keepdims=1), {"a": [0]}, "axis 0"),
        (node("LayerNormalization", "x", "c", axis=0), {"c": FIVE}, "axis 0"),
        (node("Erf", "x"), {}, r"\(Erf\): no step does this"),
    ],
)
def test_what_no_step_does_is_named(nodes: list[Any], constants: Any, said: str) -> None:
    with pytest.raises(kedge.Unsupported, match=said):
        kedge.compile(net(nodes, constants, 1 if nodes[0].op_type == "ReduceSum" else 6))


def test_a_name_that_is_no_text_is_an_error_like_any_other() -> None:
    data = net(node("Erf", "x", name="wave"), {}, 6).replace(b"wave", b"w\xffve")
    with pytest.raises(kedge.Unsupported, match="w\N{REPLACEMENT CHARACTER}ve"):
        kedge.compile(data)
