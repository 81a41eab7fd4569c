"""Requests that are almost right, over the wire to a running server: each has an end, and the
server goes on, with what it had.

`python -m tests.serve.wire_mutations --calls 1000000 --server PROGRAM` sends them with kedge-load
to any build of kedge-serve; one under a sanitizer ends with that sanitizer's exit code and report.
"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from multiprocessing.shared_memory import SharedMemory as Memory
from pathlib import Path
from typing import Any

import grpc
import lightgbm
import numpy as np
import pandas as pd
from google.protobuf import descriptor

import kedge
from kedge.serve import Options
from kedge.serve.batching import Batching
from kedge.serve.native import arguments, program
from kedge.serve.routes import Route
from kedge.serve.shared_memory import SharedMemory
from kedge.sla.calls import CODES
from kedge.sla.generator import Load, measure
from kedge.sla.shapes import due_times
from kedge.sla.target import Target
from tests.serve.fuzz_seeds import INFER, seeds
from tests.serve.messages import message
from tests.serve.regions import asker, register

__all__ = ["ENDS", "Attack", "mutations"]

Field = descriptor.FieldDescriptor
ENDS = {"OK", "INVALID_ARGUMENT", "NOT_FOUND", "RESOURCE_EXHAUSTED", "UNIMPLEMENTED"}
_CHUNK = 20_000
_RATE = 8000.0  # a second
_NUMBERS = (0, 1, 2, 3, 127, 128, 2**31 - 1, 2**31, 2**32, 2**62, 2**63 - 1)
_SHORT = {Field.CPPTYPE_INT32, Field.CPPTYPE_UINT32}
_WHOLE = {Field.CPPTYPE_INT64, Field.CPPTYPE_UINT64, *_SHORT}
_REAL = {Field.CPPTYPE_DOUBLE, Field.CPPTYPE_FLOAT}
_WORDS = (
    "",
    "m",
    "1",
    "2",
    "rows",
    "a",
    "color",
    "x",
    "score",
    "raw",
    "FP64",
    "FP32",
    "BYTES",
    "BOOL",
    "r",
)
_PARAMETERS = (
    *("explain", "content_type", "sticky_key", "other"),
    *("shared_memory_region", "shared_memory_byte_size", "shared_memory_offset"),
)


def _value(field: Any, chance: random.Random) -> Any:
    if field.cpp_type in _WHOLE:
        value = chance.choice(_NUMBERS)
        return value % 2**31 if field.cpp_type in _SHORT else value
    if field.cpp_type in _REAL:
        return chance.choice((0.0, -0.0, 1.5, float("nan"), float("inf"), 3e38))
    if field.cpp_type == Field.CPPTYPE_BOOL:
        return chance.random() < 0.5
    if field.type == Field.TYPE_BYTES:
        return chance.randbytes(chance.choice((0, 1, 4, 8, 16, 33)))
    return chance.choice(_WORDS)


def _change(node: Any, chance: random.Random) -> None:
    """One field of a message, or of one in it, is another, is gone, or is there once more."""
    field = chance.choice(node.DESCRIPTOR.fields)
    value = getattr(node, field.name)
    is_map = field.message_type is not None and field.message_type.GetOptions().map_entry
    if is_map:
        return _change(value[chance.choice(_PARAMETERS)], chance)
    if field.is_repeated:
        if len(value) and chance.random() < 0.3:
            del value[chance.randrange(len(value))]
        elif field.message_type is not None:
            within = chance.choice(value) if len(value) and chance.random() < 0.8 else value.add()
            _change(within, chance)
        elif len(value) and chance.random() < 0.5:
            value[chance.randrange(len(value))] = _value(field, chance)
        else:
            value.append(_value(field, chance))
        return None
    if field.message_type is not None:
        return _change(value, chance)
    return setattr(node, field.name, _value(field, chance))


def _damaged(data: bytes, chance: random.Random) -> bytes:
    """Bytes are others, are put in, are doubled, or the end is missing."""
    out = bytearray(data)
    for _ in range(chance.randint(1, 3)):
        at = chance.randrange(len(out) + 1)
        kind = chance.randrange(4)
        if kind == 0 and at < len(out):
            out[at] ^= 1 << chance.randrange(8)
        elif kind == 1:
            out[at:at] = chance.randbytes(chance.randint(1, 5))
        elif kind == 2:
            out[at:at] = out[max(at - 9, 0) : at]
        else:
            del out[at:]
    return bytes(out)


def mutations(seed: int) -> Iterator[bytes]:
    """Requests of ModelInfer without end: half of them damaged as bytes, half as messages."""
    chance = random.Random(seed)
    known = [one[1:] for one in seeds().values() if one[0] == INFER]
    request = message("ModelInferRequest")
    while True:
        data = chance.choice(known)
        if chance.random() < 0.5:
            yield _damaged(data, chance)
            continue
        changed = request.FromString(data)
        for _ in range(chance.randint(1, 4)):
            _change(changed, chance)
        yield changed.SerializeToString()


def save_model(folder: Path) -> None:
    """What the seeds ask for: one number, one category."""
    (folder / "m").mkdir(parents=True)
    chance = np.random.default_rng(0)
    colors = pd.Categorical(chance.choice(["red", "green", "blue"], 400))
    table = pd.DataFrame({"a": chance.normal(size=400), "color": colors})
    data = lightgbm.Dataset(table, (table["a"] > 0) ^ (colors == "red"))
    booster = lightgbm.train({"objective": "binary", "verbosity": -1, "num_leaves": 4}, data, 3)
    model = kedge.compile(booster, reference=table)
    for version in ("1", "2"):
        model.save(folder / "m" / f"{version}.kedge")


class Attack:
    """A server of such a model with all that can be switched on, called until `end`."""

    def __init__(self, server: Path, folder: Path) -> None:
        save_model(folder / "models")
        (folder / "state").mkdir()
        self._memory = Memory(f"kedge-mutations-{os.getpid()}", create=True, size=4096)
        options = Options(
            str(folder / "models"),
            port=0,
            state=str(folder / "state"),
            routes=(Route("m", "1", "2", canary=0.3, shadow=0.5),),
            shared_memory=SharedMemory("kedge-mutations-"),
            batching=Batching(max_rows=64),
        )
        self._process = subprocess.Popen(
            [server, *arguments(options)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        assert self._process.stdout is not None
        said = self._process.stdout.readline()
        self.place = next(word for word in said.split() if word.startswith("127.0.0.1:")).strip(",")
        self.ends: Counter[str] = Counter()
        with grpc.insecure_channel(self.place) as channel:
            register(asker(channel), self._memory)

    def send(self, requests: Sequence[bytes], rate: float = _RATE) -> None:
        """All of them, each once."""
        seconds = len(requests) / rate
        due = due_times("steady", rate, seconds)[: len(requests)]
        run = measure(Load(Target(self.place, "m"), requests, due, 0.0, seconds))
        codes = run.calls.codes.sum(0)
        self.ends.update({CODES[i]: int(codes[i]) for i in np.flatnonzero(codes)})

    def end(self) -> tuple[int, str]:
        """The server's exit code, once it has stopped, and what it said that is no line of JSON."""
        self._process.terminate()
        _, said = self._process.communicate(timeout=120)
        self._memory.close()
        self._memory.unlink()
        lines = [line for line in said.splitlines() if not line.startswith("{")]
        return self._process.returncode, "\n".join(lines)


def main(words: Sequence[str] | None = None) -> int:
    """Attack; the return value is the exit code."""
    command = argparse.ArgumentParser(
        prog="python -m tests.serve.wire_mutations", description=__doc__
    )
    command.add_argument("--calls", type=int, default=1_000_000, help="(%(default)s)")
    command.add_argument("--server", type=Path, default=program(), help="(%(default)s)")
    command.add_argument("--rate", type=float, default=_RATE, help="a second (%(default)s)")
    command.add_argument("--seed", type=int, default=0)
    options = command.parse_args(words)
    with tempfile.TemporaryDirectory() as made:
        attack = Attack(options.server, Path(made))
        stream = mutations(options.seed)
        for sent in range(0, options.calls, _CHUNK):
            attack.send(
                [next(stream) for _ in range(min(_CHUNK, options.calls - sent))], options.rate
            )
            sys.stderr.write(f"\r{sent + _CHUNK} of {options.calls}")
        code, said = attack.end()
    sys.stdout.write(f"\nends: {dict(attack.ends)}\nexit code {code}\n{said[-4000:]}\n")
    return int(code != 0 or bool(said) or not set(attack.ends) <= ENDS)


if __name__ == "__main__":
    sys.exit(main())
