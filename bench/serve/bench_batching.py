"""Calls of one row scored together against calls scored alone, on the native server.

A row of a wide net reads all its weights, alone as well as beside others. Nets have random weights,
trees 31 or 127 leaves; the client is kedge-load, in a closed loop, each call a reading. "waiting"
is max_wait_us = 200, "together" 0.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import lightgbm
import numpy as np

import kedge
from bench.race import Contender, Race, WrongAnswer
from bench.report import parser, run_all
from bench.score.bench_dense import layers_of, to_onnx
from bench.serve.native import Calls, caller
from kedge.serve import Options, wire
from kedge.serve.batching import Batching
from kedge.serve.native import NativeServer

__all__: list[str] = []

_NETS = ((127, 256, 128, 1), (784, 512, 256, 10), (127, 1024, 1024, 1))
_TREES = ((100, 31), (500, 127))
_MODES = {"alone": Batching(), "together": Batching(0, 64), "waiting": Batching(200, 64)}


def _net(widths: Sequence[int]) -> tuple[kedge.Model, Any]:
    model = kedge.compile(to_onnx(layers_of(widths)))
    return model, np.random.default_rng(1).normal(size=(1, widths[0])).astype(np.float32)


def _trees(trees: int, leaves: int) -> tuple[kedge.Model, Any]:
    x = np.random.default_rng(0).normal(size=(20_000, 28))
    settings = {"objective": "binary", "num_leaves": leaves, "verbosity": -1, "seed": 0}
    data = lightgbm.Dataset(x, x[:, 0] + x[:, 1] * x[:, 2] > 0)
    return kedge.compile(lightgbm.train(settings, data, trees)), x[:1]


def _request_of(row: Any) -> bytes:
    shape = wire.part(3, wire.varint(1) + wire.varint(row.shape[1]))
    datatype = "FP32" if row.dtype == np.float32 else "FP64"
    tensor = wire.part(1, "rows") + wire.part(2, datatype) + shape
    return wire.part(1, "m") + wire.part(5, tensor) + wire.part(7, row.tobytes())


def _race(
    work: str,
    at_once: int,
    calls: int,
    load: Path,
    make: Callable[[], tuple[kedge.Model, Any]],
    opened: ExitStack,
) -> Race[Calls]:
    model, row = make()
    folder = Path(opened.enter_context(tempfile.TemporaryDirectory())) / "models"
    (folder / "m").mkdir(parents=True)
    model.save(folder / "m" / "1.kedge")
    wanted = np.asarray(model.predict(row)).tobytes()

    def judge(engine: str, answer: Calls, expected: Calls) -> str:
        raw = [value for field, value in wire.fields(answer.answer) if field == 6]
        return "" if raw == [wanted] else f"{engine} gives {raw}, expected {[wanted]}"

    def contender(mode: str) -> Contender[Calls]:
        server = NativeServer(Options(str(folder), port=0, batching=_MODES[mode]))
        opened.callback(server.stop, 0)
        ask = opened.enter_context(caller(load, server.target, folder, _request_of(row)))

        def run() -> Calls:
            made = ask(calls, at_once, 0)
            if made.failed:
                raise WrongAnswer(f"{mode}: {made.failed} calls failed")
            return made

        return Contender(mode, version("kedge"), run, lambda made: made.taken_ns)

    peers = [contender("alone"), contender("waiting")]
    return Race(work, 1, contender("together"), peers, judge)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark; the return value is the exit code."""
    command = parser("bench.serve.bench_batching", __doc__, rows=None)
    command.add_argument("--calls", type=int, default=400, help="of a round (%(default)s)")
    command.add_argument("--load", type=Path, required=True, help="kedge-load")
    options = command.parse_args(arguments)
    models: dict[str, Callable[[], tuple[kedge.Model, Any]]] = {
        **{
            f"{trees} trees of {leaves}": partial(_trees, trees, leaves) for trees, leaves in _TREES
        },
        **{"-".join(map(str, widths)): partial(_net, widths) for widths in _NETS},
    }
    with ExitStack() as opened:
        works = [
            (
                f"{name}, {n} at once",
                partial(
                    _race, f"{name}, {n} at once", n, options.calls, options.load, make, opened
                ),
            )
            for name, make in models.items()
            for n in (1, 8, 32)
        ]
        return run_all(works, options)


if __name__ == "__main__":
    sys.exit(main())
