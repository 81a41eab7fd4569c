"""Scores under each instruction set that this machine has, each in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np

import kedge
from kedge._core import active_isa

ISAS = ("scalar", "avx2", "avx512", "avx512vbmi", "amx", "neon", "dotprod")

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


def expect_same_bits(models: list[kedge.Model], rows: Any, folder: Path) -> None:
    """Of all rows in one call, and of each alone."""
    files = [folder / "rows.npy"]
    np.save(files[0], rows)
    for i, model in enumerate(models):
        files.append(folder / f"{i}.kedge")
        model.save(files[-1])
    every = {isa: answers(isa, files) for isa in ISAS}
    here = {isa: found for isa, found in every.items() if found is not None}
    assert "scalar" in here
    assert active_isa() in here
    wrong = [isa for isa, found in here.items() if found != here["scalar"]]
    assert not wrong


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
