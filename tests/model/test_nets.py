"""Nets of ONNX files against onnxruntime."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnxruntime as ort
import pytest
from onnx import helper

import kedge
from kedge.model import onnx_runtime
from tests.model.nets import mlp, model


def theirs(data: bytes, x: np.ndarray) -> np.ndarray:
    session = ort.InferenceSession(data, providers=["CPUExecutionProvider"])
    return np.asarray(session.run(None, {"x": x})[0])


def assert_equal_scores(data: bytes, columns: int, rows: int = 200) -> None:
    x = np.random.default_rng(1).normal(size=(rows, columns)).astype(np.float32)
    wanted = theirs(data, x)
    compiled = kedge.compile(data)
    scores = compiled.predict(x).reshape(wanted.shape)
    size = np.abs(wanted).max()
    np.testing.assert_allclose(scores, wanted, rtol=1e-6, atol=2e-6 * size)
    one_by_one = np.vstack([compiled.predict(x[i : i + 1]).reshape(1, -1) for i in range(20)])
    assert one_by_one.tobytes() == scores[:20].tobytes()


@pytest.mark.parametrize(
    "widths",
    [[28, 1], [28, 64, 32, 1], [100, 256, 128, 5], [3, 17, 33, 2], [1, 1], [50, 16, 16, 16]],
)
@pytest.mark.parametrize("end", [None, "Sigmoid", "Softmax"])
def test_perceptrons(widths: list[int], end: str | None) -> None:
    assert_equal_scores(mlp(widths, end=end), widths[0])


@pytest.mark.parametrize(
    "activation",
    [
        "Relu",
        "LeakyRelu",
        "Elu",
        "Tanh",
        "Sigmoid",
        "Gelu",
        "Abs",
        "Neg",
        "Softplus",
        "Exp",
        "Identity",
    ],
)
def test_activations(activation: str) -> None:
    assert_equal_scores(mlp([12, 40, 3], activation), 12)


def test_link_is_what_follows_the_raw_scores() -> None:
    with_link, without = mlp([5, 8, 3], end="Softmax"), mlp([5, 8, 3])
    x = np.random.default_rng(2).normal(size=(9, 5))
    raw = kedge.compile(with_link).predict(x, raw=True)
    assert raw.tobytes() == kedge.compile(without).predict(x).tobytes()


def test_saved_model_scores_the_same(tmp_path: Path) -> None:
    compiled = kedge.compile(mlp([6, 20, 2], "Tanh"))
    compiled.save(tmp_path / "net.kedge")
    x = np.random.default_rng(3).normal(size=(50, 6))
    back = kedge.load(tmp_path / "net.kedge")
    assert back.predict(x).tobytes() == compiled.predict(x).tobytes()
    assert back.to_bytes() == compiled.to_bytes()


def test_a_net_is_explained_against_a_background_only() -> None:
    compiled = kedge.compile(mlp([5, 8, 3]))
    x = np.zeros((4, 5))
    for interactions in (False, True):
        with pytest.raises(kedge.Unsupported, match="graph of steps"):
            compiled.explain(x, interactions=interactions)
    assert (compiled.explain(x, background=x).values == 0).all()


def test_what_has_no_step_is_refused_by_name() -> None:
    data = model([helper.make_node("Cos", ["x"], ["y"], name="wave")], [], 2, 2, "y")
    with pytest.raises(kedge.Unsupported, match=r'"wave" \(Cos\)'):
        kedge.compile(data)


def test_a_net_is_compared_with_onnxruntime(monkeypatch: pytest.MonkeyPatch) -> None:
    x = np.random.default_rng(4).normal(size=(40, 5))
    compiled = kedge.compile(mlp([5, 8, 3], "Tanh", end="Softmax"), reference=x)
    assert compiled.parity.rows >= 40
    assert compiled.parity.largest_difference < 1e-6
    monkeypatch.setattr(onnx_runtime, "session_of", lambda *_: None)
    assert kedge.compile(mlp([5, 8, 3])).parity.rows == 0


def test_a_net_that_onnxruntime_scores_otherwise_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    other = onnx_runtime.session_of(mlp([5, 8, 3], seed=1), [], [])
    monkeypatch.setattr(onnx_runtime, "session_of", lambda *_: other)
    with pytest.raises(kedge.Unsupported, match=r"output \d of row \d+ is "):
        kedge.compile(mlp([5, 8, 3]))
