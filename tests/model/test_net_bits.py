"""The scores of nets are those of the plain definition, whatever the machine and the batch."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

import kedge
from tests.model.isa_bits import expect_same_bits
from tests.model.nets import layers_of, mlp
from tests.reference.net import nearest_float32, scores

WIDTHS = st.lists(st.integers(1, 20), min_size=2, max_size=4)
SCALES = st.sampled_from([1.0, 1e-22, 1e18])  # into denormals, and up to the largest


@settings(max_examples=25, deadline=None)
@given(WIDTHS, st.integers(0, 1000), SCALES, st.integers(1, 15))
def test_nets_score_by_the_definition(
    widths: list[int], seed: int, scale: float, rows: int
) -> None:
    data = mlp(widths, seed=seed)
    x = (np.random.default_rng(seed).normal(size=(rows, widths[0])) * scale).astype(np.float32)
    wanted = scores(layers_of(data), x)
    found = kedge.compile(data).predict(x).reshape(wanted.shape)
    np.testing.assert_array_equal(found, wanted)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_the_definition_rounds_as_numpy_does(value: float) -> None:
    with np.errstate(over="ignore"):
        assert nearest_float32(Fraction(value)) == np.float32(value)


def test_bits_do_not_depend_on_the_instruction_set(tmp_path: Path) -> None:
    x = np.random.default_rng(4).normal(size=(31, 19)).astype(np.float32)
    x[5, 3] = np.nan
    kinds = ("Relu", "Tanh", "Gelu", "Softplus")
    nets = [kedge.compile(mlp([19, 70, 33, 3], kind, end="Softmax")) for kind in kinds]
    expect_same_bits(nets, x, tmp_path)
