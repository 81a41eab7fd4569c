"""Ten times as many calls as the server can answer, for a minute: what becomes of it.

Three runs in turn against one server: at half of what it can answer, at ten times, at half again.
A call is an explanation by a large model, so that ten times as many are no more than the transport
can refuse; the server takes on so few at once that those it takes are not late. Stated are the
memory, how the calls ended, how long accepted ones took against those of the first run, and when
the third run was like the first. Exit code 1 when a call ended otherwise than OK or
RESOURCE_EXHAUSTED, or the memory grew by a twentieth.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from bench.report import Progress, positive
from bench.serve.bench_service import train
from bench.sla.bench_levels import bodies_of
from kedge.serve import Options
from kedge.serve.native import NativeServer
from kedge.sla.calls import CODES, quantile
from kedge.sla.costs import server_pid, usage
from kedge.sla.generator import Load, Run, measure
from kedge.sla.shapes import due_times
from kedge.sla.target import Target

__all__: list[str] = []

_TIMES = 10
_MOST_CALLS = 2  # at once: one is answered, one waits
_TREES, _LEAVES = 500, 127  # of which an explanation takes long beside what a call does
_MANY = 10_000  # calls a second: more than can be answered
_QUIET_S = 10.0
_GROWTH = 1.05
_CLIENT = {"--connections": "4", "--timeout": "5"}


class _Stand:
    """A server and what is sent to it."""

    def __init__(self, folder: Path, opened: ExitStack) -> None:
        options = Options(
            str(folder), port=0, transport="grpc++", threads=1, most_calls=_MOST_CALLS
        )
        self._server = NativeServer(options)
        opened.callback(self._server.stop, 0)
        self._bodies = bodies_of(1, ("contributions",))
        self._progress = Progress(sys.stderr)
        pid = server_pid(self._server.target)
        assert pid is not None
        self._pid = pid
        self.capacity = 1.0
        self.capacity = _ends(self.run("capacity", _MANY, 1.0)).get("OK", 0)

    def run(self, what: str, times: float, seconds: float) -> Run:
        due = due_times("steady", times * self.capacity, seconds, poisson=True)
        load = Load(Target(self._server.target, "m"), self._bodies, due, 0.0, seconds, _CLIENT)
        run = measure(load, lambda share, calls: self._progress.show(f"{what} {share:.0%}"))
        self._progress.show()
        return run

    @contextmanager
    def memory(self) -> Iterator[list[int]]:
        """What was resident at most so far, four times a second."""
        seen: list[int] = []
        over = threading.Event()

        def look() -> None:
            while not over.wait(0.25):
                seen.append(usage(self._pid).peak_bytes)

        thread = threading.Thread(target=look)
        thread.start()
        try:
            yield seen
        finally:
            over.set()
            thread.join()


def _ends(run: Run) -> dict[str, int]:
    codes = run.calls.codes.sum(0)
    return {CODES[i]: int(codes[i]) for i in np.flatnonzero(codes)}


def _recovered_s(run: Run, p99_ns: float) -> float:
    """Up to the first slice in which fewer than a tenth of the calls were refused, and fewer than a
    tenth of the others took longer than the p99 of before.
    """
    for i, (cells, codes) in enumerate(zip(run.calls.latency, run.calls.codes, strict=True)):
        is_slow = cells.any() and quantile(cells, 0.9) > p99_ns
        if not is_slow and 10 * codes[1:].sum() < codes.sum():
            return i * run.calls.slice_s
    return len(run.calls.codes) * run.calls.slice_s


def _line(stand: _Stand, seconds: float) -> dict[str, Any]:
    before = stand.run("before", 0.5, _QUIET_S)
    with stand.memory() as seen:
        begun = time.monotonic()
        overload = stand.run("overload", _TIMES, seconds)
        took = time.monotonic() - begun
    after = stand.run("after", 0.5, _QUIET_S)
    quarter = max(len(seen) // 4, 1)
    p99 = before.calls.quantile(0.99)
    ends = _ends(overload)
    return {
        "work": f"overload, {_TIMES}x for {took:.0f} s",
        "capacity_per_s": round(stand.capacity),
        "offered_per_s": round(overload.calls.count / seconds),
        "answered_per_s": round(ends.get("OK", 0) / seconds),
        "ends": ends,
        "unsent": overload.unsent,
        "early_peak_bytes": seen[quarter - 1],
        "late_peak_bytes": seen[-1],
        "p99_before_us": p99 / 1e3,
        "p99_accepted_us": overload.calls.quantile(0.99) / 1e3,
        "ratio": overload.calls.quantile(0.99) / p99,
        "recovered_s": _recovered_s(after, p99),
        "ends_after": _ends(after),
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Run it; the return value is the exit code."""
    command = argparse.ArgumentParser(
        prog="python -m bench.sla.bench_overload", description=__doc__
    )
    command.add_argument("--json", action="store_true", help="one JSON object a line")
    command.add_argument("--seconds", type=positive, default=60, help="of overload (%(default)s)")
    options = command.parse_args(arguments)
    with tempfile.TemporaryDirectory() as made, ExitStack() as opened:
        folder = Path(made) / "models"
        train(folder, _TREES, _LEAVES)
        line = _line(_Stand(folder, opened), options.seconds)
    if options.json:
        print(json.dumps(line))
    else:
        print("\n".join(f"{name:16}  {value}" for name, value in line.items()))
    is_flat = line["late_peak_bytes"] <= _GROWTH * line["early_peak_bytes"]
    return int(not is_flat or not set(line["ends"]) <= {"OK", "RESOURCE_EXHAUSTED"})


if __name__ == "__main__":
    sys.exit(main())
