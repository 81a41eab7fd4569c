"""An imported ONNX tree ensemble gives ONNX Runtime's raw scores, bit for bit."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnxruntime
import pytest
from onnx import TensorProto, helper

import kedge
from kedge import _core
from tests.model.onnx_models import (
    NUMBER_MODES,
    Rows,
    attributes,
    classifier,
    ensemble,
    graph,
    grow,
    regressor,
)
from tests.model.rows import hard_rows, same_bits


def run(data: bytes, rows: np.ndarray) -> np.ndarray:
    """The scores that the runtime gives with one thread."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(data, options, ["CPUExecutionProvider"])
    return np.asarray(session.run(["Y"], {"X": rows})[0])


def draw(rows: Rows | None = None, seed: int = 3, count: int = 700) -> np.ndarray:
    rng = np.random.default_rng(seed)
    x = np.where(
        rng.random((count, 6)) < 0.5, rng.normal(size=(count, 6)), rng.integers(-2, 8, (count, 6))
    )
    cuts = np.array(rows.nodes["values"]) if rows else np.array([0.5])
    with np.errstate(over="ignore"):
        return np.vstack([x, hard_rows(x, cuts)])


def check_equal(data: bytes, rows: np.ndarray, double: bool = False) -> None:
    kind = np.float64 if double else np.float32
    with np.errstate(over="ignore"):
        theirs = run(data, rows.astype(kind))
    ours = _core.Forest.from_onnx(data).plain_scores(rows).astype(np.float32)
    if theirs.shape[1] == 2 and ours.shape[1] == 1:
        theirs = np.ascontiguousarray(theirs[:, 1:])
    assert same_bits(ours.astype(np.float64), theirs.astype(np.float64))


@pytest.mark.parametrize("double", [False, True])
@pytest.mark.parametrize("modes", [(mode,) for mode in NUMBER_MODES] + [NUMBER_MODES])
def test_every_comparison_and_its_missing_values(modes: tuple[str, ...], double: bool) -> None:
    rows = grow(np.random.default_rng(1), modes=modes)
    check_equal(regressor(rows, double=double), draw(rows), double)


@pytest.mark.parametrize("modes", [("BRANCH_EQ",), ("BRANCH_NEQ",), ("BRANCH_EQ", *NUMBER_MODES)])
def test_equality_is_a_category(modes: tuple[str, ...]) -> None:
    rows = grow(np.random.default_rng(2), modes=modes)
    check_equal(regressor(rows), draw(rows))
    del rows.nodes["missing_value_tracks_true"]
    check_equal(regressor(rows), draw(rows))


@pytest.mark.parametrize("more", [{}, {"base_values": [0.3]}, {"aggregate_function": "AVERAGE"}])
@pytest.mark.parametrize("double", [False, True])
def test_base_values_and_averages(more: dict[str, Any], double: bool) -> None:
    rows = grow(np.random.default_rng(4), trees=37)
    check_equal(regressor(rows, double=double, **more), draw(rows), double)


@pytest.mark.parametrize(
    "more", [{}, {"base_values": [0.3, -1.0, 0.1]}, {"aggregate_function": "AVERAGE"}]
)
def test_several_targets(more: dict[str, Any]) -> None:
    rows = grow(np.random.default_rng(5), trees=20, targets=(0, 1, 2))
    check_equal(regressor(rows, 3, **more), draw(rows))
    sparse = grow(np.random.default_rng(6), trees=20, targets=(0, 1, 2))
    sparse.votes = [vote for i, vote in enumerate(sparse.votes) if i % 4 < 2]
    check_equal(regressor(sparse, 3, **more), draw(sparse))


@pytest.mark.parametrize("base", [[], [0.25]])
@pytest.mark.parametrize("positive", [False, True])
def test_two_classes_with_votes_for_one(base: list[float], positive: bool) -> None:
    rows = grow(np.random.default_rng(7), positive=positive)
    more = {"base_values": base} if base else {}
    check_equal(classifier(rows, 2, **more), draw(rows))
    logistic = classifier(rows, 2, post_transform="LOGISTIC", **more)
    with np.errstate(over="ignore"):
        theirs = run(logistic, draw(rows).astype(np.float32))[:, 1]
    raw = _core.Forest.from_onnx(logistic).plain_scores(draw(rows))[:, 0]
    np.testing.assert_allclose(theirs, 1 / (1 + np.exp(-raw)), rtol=2e-6, atol=2e-7)


@pytest.mark.parametrize("classes", [2, 3, 5])
def test_classes_with_votes_for_all(classes: int) -> None:
    rows = grow(np.random.default_rng(8), targets=tuple(range(classes)))
    check_equal(classifier(rows, classes), draw(rows))
    if classes > 2:
        base = [0.1 * i for i in range(classes)]
        check_equal(classifier(rows, classes, double=True, base_values=base), draw(rows), True)


def test_a_tree_for_each_class() -> None:
    rows = grow(np.random.default_rng(9), trees=15)
    rows.votes = [(tree, node, tree % 3, weight) for tree, node, _, weight in rows.votes]
    check_equal(classifier(rows, 3), draw(rows))


@pytest.mark.parametrize("double", [False, True])
@pytest.mark.parametrize("modes", [NUMBER_MODES, ("BRANCH_MEMBER",), ("BRANCH_NEQ", "BRANCH_LEQ")])
def test_version_5(modes: tuple[str, ...], double: bool) -> None:
    rows = grow(np.random.default_rng(10), modes=modes)
    data = ensemble(rows, double=double)
    kind = np.float64 if double else np.float32
    with np.errstate(over="ignore"):
        theirs = run(data, draw(rows).astype(kind)).astype(np.float64)
    assert same_bits(_core.Forest.from_onnx(data).plain_scores(draw(rows)), theirs)


def test_version_5_of_several_targets() -> None:
    rows = grow(np.random.default_rng(13), trees=15)
    rng = np.random.default_rng(14)
    rows.votes = [(tree, node, int(rng.integers(3)), w) for tree, node, _, w in rows.votes]
    check_equal(ensemble(rows, 3, aggregate_function=0), draw(rows))


def test_a_chain_of_equalities_is_one_set() -> None:
    rows = Rows()
    tests = [(0, "BRANCH_EQ", 1.0, 4, 1), (1, "BRANCH_EQ", 3.0, 4, 2), (2, "BRANCH_EQ", 4.0, 4, 3)]
    for node, mode, value, yes, no in tests:
        rows.add(nodeids=node, modes=mode, values=value, truenodeids=yes, falsenodeids=no)
    for node in (3, 4):
        rows.add(nodeids=node, modes="LEAF")
        rows.votes.append((0, node, 0, float(node)))
    check_equal(regressor(rows), draw())


def test_casts_before_the_trees_are_followed() -> None:
    rows = grow(np.random.default_rng(11))
    nodes = [
        helper.make_node("Identity", ["X"], ["A"]),
        helper.make_node("Cast", ["A"], ["B"], to=TensorProto.FLOAT),
        helper.make_node(
            "TreeEnsembleRegressor",
            ["B"],
            ["Y"],
            domain="ai.onnx.ml",
            **attributes(rows, "target", False, n_targets=1),
        ),
    ]
    data = graph(nodes, TensorProto.DOUBLE, [("Y", TensorProto.FLOAT)])
    check_equal(data, np.nan_to_num(draw(rows), posinf=3e38, neginf=-3e38).clip(-3e38, 3e38), True)


def test_what_is_no_tree_ensemble_is_refused_by_name() -> None:
    rows = grow(np.random.default_rng(12), trees=1)
    scaler = helper.make_node(
        "Scaler", ["X"], ["Y"], domain="ai.onnx.ml", offset=[0.0], scale=[1.0]
    )
    with pytest.raises(kedge.Unsupported, match='operator "Scaler"'):
        _core.Forest.from_onnx(graph([scaler], TensorProto.FLOAT, [("Y", TensorProto.FLOAT)]))
    with pytest.raises(kedge.Unsupported, match="aggregate function MAX"):
        _core.Forest.from_onnx(regressor(rows, aggregate_function="MAX"))
    with pytest.raises(kedge.Unsupported, match="post transform PROBIT"):
        _core.Forest.from_onnx(regressor(rows, post_transform="PROBIT"))
    with pytest.raises(kedge.Unsupported, match="post transform LOGISTIC of 1 output"):
        _core.Forest.from_onnx(regressor(rows, post_transform="LOGISTIC"))
    with pytest.raises(kedge.CorruptData, match=r'"base_values" has 2 values, 0 or 1'):
        _core.Forest.from_onnx(regressor(rows, base_values=[1.0, 2.0]))
    rows.nodes["truenodeids"][0] = 99
    with pytest.raises(kedge.CorruptData, match="tree 0 has no node 99"):
        _core.Forest.from_onnx(regressor(rows))
    rows.nodes["modes"] = ["BRANCH_EQ" if m == "BRANCH_LEQ" else m for m in rows.nodes["modes"]]
    rows.nodes["truenodeids"][0] = 1
    with pytest.raises(kedge.Unsupported, match="a test whether a value is"):
        _core.Forest.from_onnx(regressor(rows))
    with pytest.raises(kedge.CorruptData, match="ModelProto"):
        _core.Forest.from_onnx(b"no model")
