"""Operators between the layers of ONNX nets, against onnxruntime; and what is refused by name."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnxruntime as ort
import pytest
from onnx import helper, numpy_helper

import kedge
from tests.model.nets import model

COLUMNS = 6
RNG = np.random.default_rng(5)
WEIGHTS = RNG.normal(size=(COLUMNS, COLUMNS)) / 2
FIVE = RNG.normal(size=COLUMNS)


def net(nodes: list[Any], constants: dict[str, Any], outputs: int) -> bytes:
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
    return model([*layer, *nodes], tensors, COLUMNS, outputs, "y")


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


@pytest.mark.parametrize(
    ("nodes", "constants", "said"),
    [
        (node("Gather", "x", "i", axis=0), {"i": [1]}, r"\(Gather\): axis 0"),
        (node("Gather", "x", "i", axis=1), {"i": [6]}, r"\(Gather\): column 6 of 6"),
        (node("Slice", "x", "s", "e", "a"), {"s": [4], "e": [2], "a": [1]}, "no columns are left"),
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
