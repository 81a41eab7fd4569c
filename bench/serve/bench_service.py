"""Calls of one row: each transport against gRPC alone, by the same client.

The row has 28 features, the model 100 trees of 31 leaves. Each server has a process of its own; the
client adds neither messages nor conversions. The echo does no work: its ratio says what scoring,
counting and the protocol add to the transport. grpcio's own client calls the Python transport: at
concurrency 1 each call is a reading, at concurrency 8 the time of a block of calls is shared among
them. With --load a native client calls both (bench/serve/native.py), each call a reading; further
races have MLServer beside both transports (--peers-dir, see bench.environments), have a shadow on,
have all on that watches (drift, shadow, scrapes) against none of it, and reload the model all the
time under calls that come at a fixed rate.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from pathlib import Path

import grpc
import lightgbm
import numpy as np

import kedge
from bench.environments import add_peers_dir
from bench.race import Contender, Race
from bench.report import Planned, parser, run_all
from bench.serve.native import Bench
from kedge.serve import wire

__all__: list[str] = []

_FEATURES = 28
_METHOD = "/inference.GRPCInferenceService/ModelInfer"


@dataclass(frozen=True)
class Replies:
    """One answer of a block of calls, and how long each call took."""

    answer: bytes
    taken_ns: Sequence[int]


def train(folder: Path, trees: int = 100, leaves: int = 31) -> kedge.Model:
    """A model, which is saved as what is served."""
    x = np.random.default_rng(0).normal(size=(20_000, _FEATURES))
    data = lightgbm.Dataset(x, x[:, 0] + x[:, 1] * x[:, 2] > 0)
    settings = {"objective": "binary", "num_leaves": leaves, "verbosity": -1, "seed": 0}
    booster = lightgbm.train(settings, data, trees)
    model = kedge.compile(booster, reference=x)
    (folder / "m").mkdir(parents=True)
    booster.save_model(folder.parent / "booster.txt")
    for name in ("1", "2"):
        model.save(folder / "m" / f"{name}.kedge")
    return model


def sample() -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """The row that is asked for."""
    return np.random.default_rng(1).normal(size=(1, _FEATURES))


def request_of(row: np.ndarray[tuple[int, int], np.dtype[np.float64]]) -> bytes:
    """A ModelInferRequest with the row as raw contents."""
    shape = wire.part(3, b"".join(wire.varint(length) for length in row.shape))
    tensor = wire.part(1, "rows") + wire.part(2, "FP64") + shape
    return wire.part(1, "m") + wire.part(5, tensor) + wire.part(7, row.tobytes())


@contextmanager
def served(engine: str, folder: Path) -> Iterator[Callable[[bytes], bytes]]:
    """A call to a server in a process of its own."""
    command = [sys.executable, "-m", "bench.serve.worker", engine, str(folder)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        port = json.loads(process.stdout.readline())["port"]
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            call = channel.unary_unary(_METHOD)
            yield lambda request: call(request, timeout=10)
        process.communicate()  # its input ends


def block(call: Callable[[bytes], bytes], request: bytes, calls: int, at_once: int) -> Replies:
    """Make so many calls, each after the other or some at once."""
    if at_once == 1:
        taken = []
        for _ in range(calls):
            start = time.perf_counter_ns()
            answer = call(request)
            taken.append(time.perf_counter_ns() - start)
        return Replies(answer, taken)
    with ThreadPoolExecutor(at_once) as threads:
        start = time.perf_counter_ns()
        answers = list(threads.map(call, [request] * calls))
        return Replies(answers[-1], [(time.perf_counter_ns() - start) // calls])


def race(
    at_once: int, calls: int, folder: Path, model: kedge.Model, open_servers: ExitStack
) -> Race[Replies]:
    """One row a call."""
    row = sample()
    request = request_of(row)
    wanted = np.asarray(model.predict(row)).tobytes()

    def judge(engine: str, answer: Replies, expected: Replies) -> str:
        if engine != "kedge":
            return "" if answer.answer == request else f"{engine} is no echo"
        raw = [value for field, value in wire.fields(answer.answer) if field == 6]
        return "" if raw == [wanted] else f"{engine} gives {raw}, expected {[wanted]}"

    def contender(engine: str, release: str) -> Contender[Replies]:
        call = open_servers.enter_context(served(engine, folder))
        run = partial(block, call, request, calls, at_once)
        return Contender(engine, release, run, lambda replies: replies.taken_ns)

    ours, echo = contender("kedge", version("kedge")), contender("grpcio echo", version("grpcio"))
    return Race(f"one row, {at_once} at once", 1, ours, [echo], judge)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark; the return value is the exit code."""
    command = parser("bench.serve.bench_service", __doc__, rows=None)
    command.add_argument("--calls", type=int, default=500, help="of a round (%(default)s)")
    command.add_argument("--load", type=Path, help="kedge-load, for the native races")
    add_peers_dir(command)
    options = command.parse_args(arguments)
    with tempfile.TemporaryDirectory() as made, ExitStack() as open_servers:
        folder = Path(made) / "models"
        model = train(folder)
        works: list[Planned] = [
            (
                f"one row, {at_once} at once",
                partial(race, at_once, options.calls, folder, model, open_servers),
            )
            for at_once in (1, 8)
        ]
        if options.load is not None:
            row = sample()
            request, calls = request_of(row), options.calls
            peers = options.peers_dir
            bench = Bench(options.load, folder, model, request, row, calls, open_servers, peers)
            works += bench.plan()
        return run_all(works, options)


if __name__ == "__main__":
    sys.exit(main())
