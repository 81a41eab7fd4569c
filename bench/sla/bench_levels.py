"""The levels of bench/sla/*.toml, held by our own service against a bare echo of the same run.

Each file says what happens and which ratios must hold. Both servers get the same calls, round by
round in turn; whatever the file has happen meanwhile happens to ours alone. Exit code 1 when a
level certainly does not hold; what is not yet known on a noisy machine is said, and is no failure.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, nullcontext
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import grpc
import numpy as np
from numpy.typing import NDArray

import kedge
from bench.report import Progress
from bench.serve.bench_service import train
from bench.serve.native import swapping
from bench.sla.slow_client import slow_callers
from kedge._core import InvalidArgument
from kedge.serve import Options
from kedge.serve.native import NativeServer
from kedge.serve.routes import Route
from kedge.sla.calls import CODES
from kedge.sla.echo import bare_echo
from kedge.sla.generator import GeneratorTooSlow, Run
from kedge.sla.limits import Level, read_level
from kedge.sla.requests import request
from kedge.sla.session import Answered, Timing, answered, measured, server_side
from kedge.sla.shapes import due_times
from kedge.sla.target import Target
from kedge.sla.verdict import FAIL, UNKNOWN

__all__ = ["LEVELS", "bodies_of", "levels"]

LEVELS = Path(__file__).parent
_KEYS = {"rate", "shape", "times_as_long", "meanwhile", "times_capacity", "refused"}
_MEANWHILE = ("", "reload", "shadow", "slow client", "overload")
_CONFIDENCE = 0.99
_ROUNDS = 6
_FEW_CALLS = 16  # that a server under overload holds at once
_DIFFERENT = 256  # requests


def levels() -> dict[str, Level]:
    """All files, by name.

    Raises:
        InvalidArgument: one says what nobody understands.
    """
    found = {}
    for path in sorted(LEVELS.glob("*.toml")):
        level = read_level(path)
        unknown = set(level.scenario) - _KEYS
        if unknown or level.scenario.get("meanwhile", "") not in _MEANWHILE:
            raise InvalidArgument(f"{path}: {', '.join(sorted(unknown)) or 'meanwhile'}")
        found[path.stem] = level
    return found


@dataclass(frozen=True)
class _Stand:
    """What all levels share: a folder of models, and how long a side is loaded."""

    folder: Path
    seconds: float

    def run(self, level: Level, progress: Callable[[str, float], None]) -> Answered:
        said = level.scenario
        what = said.get("meanwhile", "")
        routes = (Route("m", "1", "2", shadow=1.0),) if what == "shadow" else ()
        most = _FEW_CALLS if what == "overload" else Options.most_calls
        options = Options(
            str(self.folder), port=0, transport="grpc++", routes=routes, threads=1, most_calls=most
        )
        with ExitStack() as opened:
            server = NativeServer(options)
            opened.callback(server.stop, 0)
            echo = opened.enter_context(bare_echo())
            bodies = bodies_of(8, ("contributions",)) if what == "overload" else bodies_of(1)
            ours = server_side(
                "kedge", Target(server.target, "m"), bodies, _CLIENT, rows=1, pid=None
            )
            ours.run = _meanwhile(ours.run, _happening(what, server, opened))
            peer = server_side("echo", echo, bodies, _CLIENT, rows=1, pid=None)
            rate = float(said.get("rate", 0)) or said["times_capacity"] * _capacity(
                server, bodies[0]
            )
            shaped = partial(due_times, said.get("shape", "steady"), rate)
            seconds = self.seconds * said.get("times_as_long", 1)
            measured([ours, peer], Timing(shaped, seconds, 0.5, _ROUNDS), progress)
        return answered([ours, peer], level.limits, confidence=_CONFIDENCE)


_CLIENT = {"--connections": "4", "--timeout": "5"}
_Measure = Callable[[NDArray[np.int64], float, float, Callable[[float, int], None]], Run]


def _meanwhile(run: _Measure, happening: Callable[[], AbstractContextManager[object]]) -> _Measure:
    def both(
        due: NDArray[np.int64], warm: float, seconds: float, show: Callable[[float, int], None]
    ) -> Run:
        with happening():
            return run(due, warm, seconds, show)

    return both


def _happening(
    what: str, server: NativeServer, opened: ExitStack
) -> Callable[[], AbstractContextManager[object]]:
    if what == "reload":
        client = opened.enter_context(kedge.Client(server.target))
        return partial(swapping, client)
    if what == "slow client":
        return partial(slow_callers, server.port)
    return nullcontext


def bodies_of(rows: int, outputs: Sequence[str] = ()) -> list[bytes]:
    """Rows as the model was trained on: one that comes over and over would be drift."""
    random = np.random.default_rng(1)
    return [
        request(Target("", "m"), {"rows": random.normal(size=(rows, 28))}, outputs)
        for _ in range(_DIFFERENT)
    ]


def _capacity(server: NativeServer, body: bytes) -> float:
    """Calls a second, by two callers for a while."""
    with grpc.insecure_channel(server.target) as channel:
        call = channel.unary_unary("/inference.GRPCInferenceService/ModelInfer")
        call(body, timeout=10)
        begun, done = time.perf_counter(), 0
        while time.perf_counter() < begun + 0.5:
            for pending in [call.future(body, timeout=10) for _ in range(_FEW_CALLS // 2)]:
                pending.result()
                done += 1
        return done / (time.perf_counter() - begun)


def _lines(name: str, found: Answered) -> Iterator[Mapping[str, Any]]:
    for side in found.sides:
        calls = side.whole.calls
        yield {
            "work": name,
            "engine": side.name,
            "version": version("kedge"),
            "rows": 1,
            "median_ns": calls.quantile(0.5),
            "p99_ns": calls.quantile(0.99),
            "ratio": found.sides[0].whole.calls.quantile(0.5) / calls.quantile(0.5),
            "calls": calls.count,
            "errors": calls.errors,
            "verdict": found.verdict if side is found.sides[0] else "",
            "limits": [one.to_dict() for one in found.verdicts] if side is found.sides[0] else [],
        }


def _wrong_codes(level: Level, found: Answered) -> str:
    """Which refusals a server under overload should not have given."""
    wanted = level.scenario.get("refused")
    if wanted is None:
        return ""
    codes = found.sides[0].whole.calls.codes.sum(0)
    others = [CODES[i] for i in np.flatnonzero(codes) if CODES[i] not in ("OK", wanted)]
    return ", ".join(others)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the levels; the return value is the exit code."""
    command = argparse.ArgumentParser(prog="python -m bench.sla.bench_levels", description=__doc__)
    command.add_argument("--json", action="store_true", help="one JSON object a line")
    command.add_argument("--quick", action="store_true", help="a fifth of the time")
    command.add_argument("--only", default="", metavar="NAME", help="levels that contain it")
    options = command.parse_args(arguments)
    code = 0
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made) / "models"
        train(folder)
        stand = _Stand(folder, 1.8 if options.quick else 9.0)
        chosen = {name: one for name, one in levels().items() if options.only in name}
        for name, level in chosen.items():
            line = Progress(sys.stderr)
            show = partial(_show, line, name)
            try:
                found = stand.run(level, show)
            except GeneratorTooSlow as error:
                line.show()
                print(f"{name}: {UNKNOWN}: {error}", file=sys.stderr)
                continue
            except InvalidArgument as error:
                print(f"{name} sits out: {error}", file=sys.stderr)
                return 1
            line.show()
            for said in _lines(name, found):
                print(json.dumps(said) if options.json else _row(said), flush=True)
            wrong = _wrong_codes(level, found)
            if wrong:
                print(f"{name}: calls ended as {wrong}", file=sys.stderr)
            code |= int(found.verdict == FAIL or bool(wrong))
    return code


def _show(line: Progress, name: str, side: str, share: float) -> None:
    line.show(f"{name}: {side} {share:.0%}")


def _row(said: Mapping[str, Any]) -> str:
    limits = "  ".join(
        f"{one['limit']} {one['verdict']} ({one['value']:.3g})" for one in said["limits"]
    )
    return (
        f"{said['work']:12}  {said['engine']:6}  p50 {said['median_ns'] / 1e3:8.1f} us"
        f"  p99 {said['p99_ns'] / 1e3:9.1f} us  {said['calls']:7} calls"
        f"  {said['errors']:6} errors  {said['verdict']:14} {limits}"
    ).rstrip()


if __name__ == "__main__":
    sys.exit(main())
