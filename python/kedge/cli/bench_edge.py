"""`kedge bench edge`: what the board's program costs, by a checkout's own benchmark."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from kedge._core import InvalidArgument
from kedge.cli.answer import FAIL, PASS, Answer

_BENCHMARK = Path("bench") / "edge" / "bench_edge.py"


def edge_table(words: Sequence[str], as_json: bool) -> Answer:
    """Sizes, memory and instructions against boards.toml; of a program that is named, its p99.9."""
    if len(words) > 1:
        raise InvalidArgument(f"edge: {len(words)} programs: expected one, or none")
    if not _BENCHMARK.is_file():
        raise InvalidArgument(f"edge: there is no {_BENCHMARK} here; go to a checkout of kedge")
    command = [sys.executable, "-m", "bench.edge.bench_edge", *(["--json"] if as_json else [])]
    for program in words:
        command += ["--board", str(Path(program).absolute())]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=False)
    text = done.stdout.decode().rstrip()
    return Answer(PASS if done.returncode == 0 and text else FAIL, text or "not measured")
