"""Rows as a message against rows in shared memory, on the native server, by grpcio's client.

The model is a small one over many features, so that what is timed is the way of the rows. With a
region the caller writes the rows there before each call, as a message copies them as well, and
reads the scores where the server wrote them.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from functools import partial
from importlib.metadata import version
from multiprocessing.shared_memory import SharedMemory as Memory
from pathlib import Path
from typing import Any

import grpc
import lightgbm
import numpy as np

import kedge
from bench.race import Contender, Race
from bench.report import parser, run_all
from kedge.serve import Options, wire
from kedge.serve.native import NativeServer
from kedge.serve.shared_memory import SharedMemory
from kedge.serve.tensors import SERVICE

__all__: list[str] = []

_FEATURES = 127
_ROWS = (1, 64, 1_000, 10_000)
_MOST_BYTES = 64 << 20


def _place(field: int, size: int, offset: int) -> bytes:
    """Parameters of a tensor (field 4) or of an output (field 2)."""
    said = (
        ("shared_memory_region", wire.part(3, "r")),
        ("shared_memory_byte_size", b"\x10" + wire.varint(size)),
        ("shared_memory_offset", b"\x10" + wire.varint(offset)),
    )
    return b"".join(
        wire.part(field, wire.part(1, name) + wire.part(2, value)) for name, value in said
    )


def _tensor(rows: int) -> bytes:
    shape = wire.part(3, wire.varint(rows) + wire.varint(_FEATURES))
    return wire.part(1, "rows") + wire.part(2, "FP64") + shape


def _by_message(call: Any, x: Any) -> bytes:
    request = wire.part(1, "m") + wire.part(5, _tensor(len(x))) + wire.part(7, x.tobytes())
    raw = [value for field, value in wire.fields(call(request, timeout=10)) if field == 6]
    assert isinstance(raw[0], bytes)
    return raw[0]


def _by_region(call: Any, x: Any, memory: Memory) -> bytes:
    assert memory.buf is not None
    size = len(x) * 8
    np.frombuffer(memory.buf, x.dtype, x.size).reshape(x.shape)[:] = x
    request = wire.part(1, "m") + wire.part(5, _tensor(len(x)) + _place(4, x.nbytes, 0))
    call(request + wire.part(6, wire.part(1, "score") + _place(2, size, x.nbytes)), timeout=10)
    return bytes(memory.buf[x.nbytes : x.nbytes + size])


def _race(rows: int, channel: grpc.Channel, memory: Memory, model: kedge.Model) -> Race[bytes]:
    x = np.random.default_rng(1).normal(size=(rows, _FEATURES))
    call = channel.unary_unary(SERVICE + "ModelInfer")

    def judge(engine: str, answer: bytes, expected: bytes) -> str:
        return "" if answer == expected else f"{engine} gives other scores"

    message = Contender("message", version("kedge"), partial(_by_message, call, x))
    region = Contender("region", version("kedge"), partial(_by_region, call, x, memory))
    wanted = np.asarray(model.predict(x)).tobytes()
    return Race(f"{rows} rows", rows, region, [message], judge, wanted)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark; the return value is the exit code."""
    options = parser("bench.serve.bench_shared_memory", __doc__, rows=None).parse_args(arguments)
    x = np.random.default_rng(0).normal(size=(5_000, _FEATURES))
    booster = lightgbm.train({"verbosity": -1, "seed": 0}, lightgbm.Dataset(x, x[:, 0]), 20)
    model = kedge.compile(booster)
    prefix = f"kedge-bench-{os.getpid()}"
    with tempfile.TemporaryDirectory() as made, ExitStack() as opened:
        (Path(made) / "m").mkdir()
        model.save(Path(made) / "m" / "1.kedge")
        memory = Memory(prefix, create=True, size=_MOST_BYTES)
        opened.callback(memory.unlink)
        opened.callback(memory.close)
        allowed = SharedMemory(prefix, most_bytes=_MOST_BYTES)
        server = NativeServer(Options(made, port=0, shared_memory=allowed))
        opened.callback(server.stop, 0)
        channel = opened.enter_context(
            grpc.insecure_channel(server.target, [("grpc.max_receive_message_length", _MOST_BYTES)])
        )
        known = wire.part(1, "r") + wire.part(2, prefix) + b"\x20" + wire.varint(_MOST_BYTES)
        channel.unary_unary(SERVICE + "SystemSharedMemoryRegister")(known, timeout=10)
        works = [(f"{n} rows", partial(_race, n, channel, memory, model)) for n in _ROWS]
        return run_all(works, options)


if __name__ == "__main__":
    sys.exit(main())
