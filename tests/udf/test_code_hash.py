"""The hash of code is that of what it does."""

from __future__ import annotations

import math
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import kedge
from kedge.udf.code_hash import code_hash
from tests.udf.classes import Spread

ROOT = Path(__file__).parents[2]
SCALE = 2.0


def function(source: str, **names: Any) -> Callable[..., Any]:
    """Compiled anew, as a text of its own."""
    namespace = dict(names)
    exec(source, namespace)  # noqa: S102  the code is what is tried
    made: Callable[..., Any] = namespace["f"]
    return made


PLAIN = "def f(state, x):\n    state.total += x * 2\n"


@pytest.mark.parametrize(
    "same",
    [
        "def f(state, x):\n    # a comment\n\n    state.total += x * 2\n",
        "\n\n\ndef f(state, x):\n    state.total += (x * 2)\n",
        "def other(): ...\ndef f(state, x): state.total += x * 2\n",
    ],
)
def test_how_it_is_written_does_not_count(same: str) -> None:
    assert code_hash(function(same)) == code_hash(function(PLAIN))


@pytest.mark.parametrize(
    "other",
    [
        "def f(state, x):\n    state.total += x * 3\n",
        "def f(state, x):\n    state.total += x * 2.0\n",
        "def f(state, x):\n    state.total -= x * 2\n",
        "def f(state, x):\n    state.tally += x * 2\n",
        "def f(state, x=1):\n    state.total += x * 2\n",
        "def f(state, x):\n    state.total += x if x in (1, 2) else x * 2\n",
    ],
)
def test_what_it_does_counts(other: str) -> None:
    assert code_hash(function(other)) != code_hash(function(PLAIN))


@pytest.mark.parametrize(
    ("one", "two"),
    [
        (2.0, 3.0),
        (2.0, 2),
        (0.0, -0.0),
        (np.float64(2), np.float32(2)),
        (np.array([1, 2]), np.array([1, 3])),
        ((1, 2), (1, 3)),
        ((1, 2), (12,)),
        (math.sqrt, math.exp),
        (np.sqrt, np.exp),
        (function("def f(x): return x"), function("def f(x): return -x")),
    ],
)
def test_the_globals_it_reads_count(one: Any, two: Any) -> None:
    source = "def f(x):\n    return G\n"
    hashes = [code_hash(function(source, G=value)) for value in (one, two, one)]
    assert hashes[0] == hashes[2] != hashes[1]


def test_other_globals_do_not() -> None:
    assert code_hash(function(PLAIN, total=1)) == code_hash(function(PLAIN, total=2))


def test_what_it_closes_over_counts() -> None:
    def scaled(by: float) -> Callable[[float], float]:
        return lambda x: x * by

    assert code_hash(scaled(2)) == code_hash(scaled(2)) != code_hash(scaled(3))


def test_functions_may_call_themselves() -> None:
    source = "def f(n):\n    return n * f(n - 1) if n else 1\n"
    assert code_hash(function(source)) == code_hash(function(source))


def test_a_value_that_cannot_be_told_is_refused() -> None:
    with pytest.raises(kedge.Unsupported, match="has no name of its own"):
        code_hash(function("def f(x):\n    return G\n", G=object()))


def test_it_is_the_same_in_every_process() -> None:
    program = "from tests.udf.classes import Spread; print(Spread.hash)"
    for seed in ("1", "2"):
        found = subprocess.run(
            [sys.executable, "-c", program],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        )
        assert int(found.stdout) == Spread.hash
