"""Nets in int8 against themselves in floats."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import kedge
from tests.model.isa_bits import expect_same_bits
from tests.model.nets import layers_of, mlp


def rows(columns: int, count: int = 500) -> np.ndarray:
    scales = np.logspace(-2, 2, columns)
    return np.random.default_rng(4).normal(size=(count, columns)) * scales


@pytest.mark.parametrize("widths", [[28, 1], [28, 64, 32, 1], [100, 256, 128, 5], [3, 17, 2]])
@pytest.mark.parametrize("activation", ["Relu", "Tanh"])
@pytest.mark.parametrize("calibrate", ["min-max", "percentile", "mse"])
def test_scores_are_near_the_floats(widths: list[int], activation: str, calibrate: str) -> None:
    data, x = mlp(widths, activation), rows(widths[0])
    floats = kedge.compile(data).predict(x)
    model = kedge.compile(data, quantize="int8", reference=x, calibrate=calibrate)
    off = np.abs(model.predict(x) - floats)
    assert off.mean() <= 0.03 * np.ptp(floats)
    report = json.loads(model.metadata["quantization"])["errors"]
    assert report[-1]["step"] == "raw scores"
    assert report[-1]["largest"] == pytest.approx(off.max())


def test_saved_model_scores_the_same(tmp_path: Path) -> None:
    x = rows(6)
    model = kedge.compile(mlp([6, 20, 2]), quantize="int8", reference=x)
    model.save(tmp_path / "net.kedge")
    assert kedge.load(tmp_path / "net.kedge").predict(x).tobytes() == model.predict(x).tobytes()


def test_what_cannot_be_kept_is_refused() -> None:
    data, x = mlp([6, 20, 2]), rows(6)
    with pytest.raises(kedge.InvalidArgument, match="wants reference="):
        kedge.compile(data, quantize="int8")
    with pytest.raises(kedge.InvalidArgument, match='quantize = "int4"'):
        kedge.compile(data, quantize="int4", reference=x)
    with pytest.raises(kedge.InvalidArgument, match='calibrate = "best"'):
        kedge.compile(data, quantize="int8", reference=x, calibrate="best")
    with pytest.raises(kedge.InvalidArgument, match=r"up to .* max_error is 1e-09"):
        kedge.compile(data, quantize="int8", reference=x, max_error=1e-9)


def in_float64(data: bytes, x: np.ndarray) -> np.ndarray:
    layers = layers_of(data)
    for i, (weights, bias) in enumerate(layers):
        x = x @ weights.astype(np.float64) + bias
        x = np.maximum(x, 0) if i + 1 < len(layers) else x
    return x


@pytest.mark.parametrize("calibrate", ["min-max", "percentile", "mse"])
def test_report_holds_against_float64(calibrate: str) -> None:
    data, x = mlp([12, 40, 3]), rows(12)
    model = kedge.compile(data, quantize="int8", reference=x, calibrate=calibrate)
    off = np.abs(model.predict(x).astype(np.float64) - in_float64(data, x))
    last = json.loads(model.metadata["quantization"])["errors"][-1]
    most = 1e-6 * np.abs(in_float64(data, x)).max()
    assert last["largest"] == pytest.approx(off.max(), abs=most)
    assert last["mean"] == pytest.approx(off.mean(), abs=most)
    assert model.parity.rows == len(x)
    assert model.parity.largest_difference == pytest.approx(off.max(), abs=most)


def test_max_error_is_the_largest_error_that_passes() -> None:
    data, x = mlp([6, 20, 2]), rows(6)
    model = kedge.compile(data, quantize="int8", reference=x)
    largest = json.loads(model.metadata["quantization"])["errors"][-1]["largest"]
    kedge.compile(data, quantize="int8", reference=x, max_error=largest)
    with pytest.raises(kedge.InvalidArgument, match="max_error"):
        kedge.compile(data, quantize="int8", reference=x, max_error=np.nextafter(largest, 0))


def test_bits_do_not_depend_on_the_instruction_set(tmp_path: Path) -> None:
    x = rows(28)
    nets = [
        kedge.compile(mlp([28, 64, 33, 3], kind), quantize="int8", reference=x)
        for kind in ("Relu", "Tanh")
    ]
    expect_same_bits(nets, 2 * x, tmp_path)


def test_inspect_says_which_numbers_a_step_has() -> None:
    model = kedge.compile(mlp([6, 20, 2]), quantize="int8", reference=rows(6))
    assert [(step["step"], step["numbers"]) for step in model.info()["steps"]] == [
        ("quantize", "uint8"),
        ("byte affine", "uint8"),
        ("byte affine", "float32"),
    ]
