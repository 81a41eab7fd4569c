"""What it costs a call that calls are traced: the core's entry, without a transport.

    python -m bench.serve.bench_traces [--json] [--rounds R]

One row is scored by a model of one tree, so that nearly all of the time is the call's own. Off is a
service that traces nothing; of the others one looks at each call and traces none, one reads that
the caller is not traced, and one makes a span of each call, which another thread spells and sends.
"""

from __future__ import annotations

import socket
import sys
import tempfile
import threading
from collections.abc import Sequence
from functools import partial
from importlib.metadata import version
from pathlib import Path

import lightgbm
import numpy as np

import kedge
from bench.race import Contender, Race
from bench.report import parser, run_all
from bench.serve.bench_service import request_of, sample
from kedge._core import Service

__all__: list[str] = []

_CALLS = 2000
_PARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0"
_TRACED = {"looked at": "", "caller is not": _PARENT + "0", "traced": _PARENT + "1"}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark; the return value is the exit code."""
    options = parser("bench.serve.bench_traces", __doc__, rows=None).parse_args(arguments)
    with tempfile.TemporaryDirectory() as made:
        x = np.random.default_rng(0).normal(size=(1000, sample().shape[1]))
        settings = {"objective": "binary", "num_leaves": 4, "verbosity": -1}
        booster = lightgbm.train(settings, lightgbm.Dataset(x, x[:, 0] > 0), 1)
        (Path(made) / "m").mkdir()
        kedge.compile(booster).save(Path(made) / "m" / "1.kedge")
        return run_all([("a call", partial(_race, made))], options)


def _race(folder: str) -> Race[bytes]:
    peers = [_contender(name, _traced(folder), parent) for name, parent in _TRACED.items()]
    ours = _contender("kedge", Service(folder), "")
    return Race("a call", _CALLS, ours, peers, _judge)


def _contender(engine: str, service: Service, parent: str) -> Contender[bytes]:
    request = request_of(sample())

    def run() -> bytes:
        for _ in range(_CALLS):
            answer = service.handle("ModelInfer", request, 10.0, 0.0, parent)[2]
        return answer

    return Contender(engine, version("kedge"), run)


def _traced(folder: str) -> Service:
    service = Service(folder)
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    service.trace(0.0, theirs.detach())
    threading.Thread(target=_read_all, args=(ours,), daemon=True).start()
    return service


def _read_all(packets: socket.socket) -> None:
    with packets:
        while packets.recv(1 << 18):
            pass


def _judge(engine: str, answer: bytes, expected: bytes) -> str:
    return "" if answer == expected else f"{engine} answers otherwise"


if __name__ == "__main__":
    sys.exit(main())
