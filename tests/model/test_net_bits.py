"""The scores of nets are those of the plain definition, whatever the machine and the batch."""

from __future__ import annotations

import os
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

import kedge
from kedge._core import active_isa
from tests.model.nets import layers_of, mlp
from tests.reference.net import nearest_float32, scores

WIDTHS = st.lists(st.integers(1, 20), min_size=2, max_size=4)
ISAS = ("scalar", "avx2", "avx512", "avx512vbmi", "neon", "dotprod")
SCALES = st.sampled_from([1.0, 1e-22, 1e18])  # into denormals, and up to the largest

ANSWERS = """
import pathlib, sys, numpy as np, kedge
x = np.load(sys.argv[1])
for path in sys.argv[2:]:
    model = kedge.load(path)
    batch = model.predict(x)
    ones = np.concatenate([model.predict(row[None]) for row in x])
    for scores in (batch, ones):  # the sign of a NaN is the machine's
        sys.stdout.buffer.write(np.where(np.isnan(scores), np.float32(np.nan), scores).tobytes())
"""


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


def answers(isa: str, arguments: list[Path]) -> bytes | None:
    """What a process under an instruction set scores; None where the machine lacks it."""
    done = subprocess.run(
        [sys.executable, "-c", ANSWERS, *arguments],
        env=os.environ | {"KEDGE_ISA": isa},
        capture_output=True,
        check=False,
    )
    if b"KEDGE_ISA" in done.stderr:
        return None
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_bits_do_not_depend_on_the_instruction_set(tmp_path: Path) -> None:
    files = [tmp_path / "x.npy"]
    x = np.random.default_rng(4).normal(size=(31, 19)).astype(np.float32)
    x[5, 3] = np.nan
    np.save(files[0], x)
    for activation in ("Relu", "Tanh", "Gelu", "Softplus"):
        files.append(tmp_path / f"{activation}.kedge")
        kedge.compile(mlp([19, 70, 33, 3], activation, end="Softmax")).save(files[-1])
    every = {isa: answers(isa, files) for isa in ISAS}
    here = {isa: found for isa, found in every.items() if found is not None}
    assert "scalar" in here
    assert active_isa() in here
    wrong = [isa for isa, found in here.items() if found != here["scalar"]]
    assert not wrong
