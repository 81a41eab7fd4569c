"""A server that stalls for a tenth of the time: what open and closed loops say of it.

The server is a bare echo that answers nobody for a second in every ten. Of calls that come evenly,
a share of (1 s - x) / 10 s waits longer than x: that is the exact answer. The open loop must say it
within 2 %; a closed loop, which waits for an answer before it asks again, meets each stall with one
call.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from kedge._core import InvalidArgument
from kedge.sla.calls import counted, quantile
from kedge.sla.echo import bare_echo
from kedge.sla.generator import program
from kedge.sla.report import duration
from kedge.sla.session import server_side
from kedge.sla.shapes import due_times

__all__: list[str] = []

_PERIODS = 2
_QUANTILES = (0.5, 0.85, 0.99, 0.999)  # nine in ten calls meet no stall
_CLOSE = 0.02
_REQUEST = bytes(300)


def exact(q: float, period_ms: int, stall_ms: int) -> float:
    """The latency in nanoseconds, beside what a call takes."""
    return max(stall_ms - (1 - q) * period_ms, 0.0) * 1e6


def open_loop(rate: float, period_ms: int, stall_ms: int) -> tuple[dict[float, float], float]:
    """Quantiles by kedge bench's generator, and its lag's median."""
    seconds = _PERIODS * period_ms / 1000
    with bare_echo("echo", str(period_ms), str(stall_ms)) as target:
        side = server_side("echo", target, [_REQUEST], {}, rows=1, pid=None)
        run = side.run(due_times("steady", rate, seconds), 0.0, seconds, lambda share, calls: None)
    return {q: run.calls.quantile(q) for q in _QUANTILES}, quantile(run.lag, 0.5)


def closed_loop(rate: float, period_ms: int, stall_ms: int) -> dict[float, float]:
    """Quantiles by one caller who waits for each answer, for as long."""
    seconds = _PERIODS * period_ms / 1000
    taken: list[int] = []
    with bare_echo("echo", str(period_ms), str(stall_ms)) as target, _caller(target.place) as ask:
        while sum(taken) < seconds * 1e9:
            taken += ask(1000)
    counts = counted(np.array(taken))
    return {q: quantile(counts, q) for q in _QUANTILES}


class _caller:
    """kedge-load's word `call`: blocks of calls, one after the other."""

    def __init__(self, place: str) -> None:
        self._folder = tempfile.TemporaryDirectory()
        request = Path(self._folder.name) / "request"
        request.write_bytes(_REQUEST)
        command = [str(program()), "call", place, str(request)]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )

    def __enter__(self) -> Any:
        return self._ask

    def __exit__(self, *error: object) -> None:
        self._process.communicate()
        self._folder.cleanup()

    def _ask(self, calls: int) -> list[int]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{calls} 1 0\n")
        taken: list[int] = json.loads(self._process.stdout.readline())["taken_ns"]
        return taken


def main(arguments: Sequence[str] | None = None) -> int:
    """Run both; 1 when the open loop is not what is true, on a machine that is free to say it."""
    command = argparse.ArgumentParser(prog="python -m bench.sla.bench_stall", description=__doc__)
    command.add_argument("--json", action="store_true", help="one JSON object a line")
    command.add_argument("--rate", type=float, default=2000.0, help="calls a second (%(default)g)")
    command.add_argument("--quick", action="store_true", help="half of the time")
    options = command.parse_args(arguments)
    period, stall = (5000, 500) if options.quick else (10_000, 1000)
    try:
        opened, lag = open_loop(options.rate, period, stall)
        closed = closed_loop(options.rate, period, stall)
    except InvalidArgument as error:
        print(error, file=sys.stderr)
        return 1
    work = f"stall of {stall} ms in {period} ms"
    for engine, found in (("open loop", opened), ("closed loop", closed)):
        line = {
            "work": work,
            "engine": engine,
            "version": version("kedge"),
            "rows": 1,
            "median_ns": found[0.5],
            "p99_ns": found[0.99],
            "p999_ns": found[0.999],
            "exact_p99_ns": exact(0.99, period, stall),
            "exact_p999_ns": exact(0.999, period, stall),
            "lag_ns": lag if engine == "open loop" else 0,
            "ratio": found[0.99] / exact(0.99, period, stall),
        }
        print(json.dumps(line) if options.json else _row(line))
    off = [abs(opened[q] / exact(q, period, stall) - 1) for q in (0.99, 0.999)]
    if max(off) <= _CLOSE:
        return 0
    if opened[0.85] > _CLOSE / 4 * stall * 1e6:
        print(
            "not yet known: calls that met no stall were slow, the machine is busy", file=sys.stderr
        )
        return 0
    return 1


def _row(line: dict[str, Any]) -> str:
    return (
        f"{line['work']:24}  {line['engine']:12}  p50 {duration(line['median_ns']):>8}"
        f"  p99 {duration(line['p99_ns']):>8} (exactly {duration(line['exact_p99_ns'])})"
        f"  p99.9 {duration(line['p999_ns']):>8} (exactly {duration(line['exact_p999_ns'])})"
    )


if __name__ == "__main__":
    sys.exit(main())
