"""Nets in int16: between int8 and the floats."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import kedge
from tests.model.isa_bits import expect_same_bits
from tests.model.nets import mlp
from tests.model.test_int8 import in_float64, rows

CALIBRATIONS = ("min-max", "percentile", "mse")


def errors_of(model: kedge.Model) -> list[dict[str, float]]:
    return json.loads(model.metadata["quantization"])["errors"]


@pytest.mark.parametrize("widths", [[28, 1], [28, 64, 32, 1], [300, 256, 128, 5], [3, 17, 2]])
@pytest.mark.parametrize("activation", ["Relu", "Tanh", "Sigmoid"])
def test_scores_are_nearer_than_those_of_int8(widths: list[int], activation: str) -> None:
    data, x = mlp(widths, activation), rows(widths[0])
    floats = kedge.compile(data).predict(x)
    model = kedge.compile(data, quantize="int16", reference=x)
    off = np.abs(model.predict(x) - floats)
    assert off.max() <= 0.002 * np.ptp(floats)
    assert errors_of(model)[-1]["step"] == "raw scores"
    assert errors_of(model)[-1]["largest"] == pytest.approx(off.max())
    coarse = kedge.compile(data, quantize="int8", reference=x)
    assert errors_of(model)[-1]["mean"] <= 0.2 * errors_of(coarse)[-1]["mean"]


@settings(max_examples=25, deadline=None)
@given(
    widths=st.lists(st.integers(1, 40), min_size=2, max_size=4),
    seed=st.integers(0, 2**32 - 1),
    calibrate=st.sampled_from(CALIBRATIONS),
)
def test_report_holds_against_float64(widths: list[int], seed: int, calibrate: str) -> None:
    data, x = mlp(widths, seed=seed), rows(widths[0], 100)
    model = kedge.compile(data, quantize="int16", reference=x, calibrate=calibrate)
    wanted = in_float64(data, x)
    off = np.abs(model.predict(x).astype(np.float64).reshape(wanted.shape) - wanted)
    most = 1e-6 * max(np.abs(wanted).max(), np.abs(x).max())
    assert errors_of(model)[-1]["largest"] == pytest.approx(off.max(), abs=most)
    assert errors_of(model)[-1]["mean"] == pytest.approx(off.mean(), abs=most)


def test_saved_model_scores_the_same(tmp_path: Path) -> None:
    x = rows(6)
    model = kedge.compile(mlp([6, 20, 2]), quantize="int16", reference=x)
    model.save(tmp_path / "net.kedge")
    assert kedge.load(tmp_path / "net.kedge").predict(x).tobytes() == model.predict(x).tobytes()


def test_what_cannot_be_kept_is_refused() -> None:
    data, x = mlp([6, 20, 2]), rows(6)
    with pytest.raises(kedge.InvalidArgument, match='"int16" wants reference='):
        kedge.compile(data, quantize="int16")
    model = kedge.compile(data, quantize="int16", reference=x)
    largest = errors_of(model)[-1]["largest"]
    kedge.compile(data, quantize="int16", reference=x, max_error=largest)
    with pytest.raises(kedge.InvalidArgument, match=r"in int16 are up to .* max_error is"):
        kedge.compile(data, quantize="int16", reference=x, max_error=np.nextafter(largest, 0))


def test_bits_do_not_depend_on_the_instruction_set(tmp_path: Path) -> None:
    x = rows(28)
    nets = [
        kedge.compile(mlp([28, 300, 33, 3], kind), quantize="int16", reference=x)
        for kind in ("Relu", "Tanh")
    ]
    expect_same_bits(nets, 2 * x, tmp_path)


def test_inspect_says_which_numbers_a_step_has() -> None:
    model = kedge.compile(mlp([6, 20, 2]), quantize="int16", reference=rows(6))
    assert [(step["step"], step["numbers"]) for step in model.info()["steps"]] == [
        ("quantize short", "int16"),
        ("short affine", "int16"),
        ("short affine", "float32"),
    ]
