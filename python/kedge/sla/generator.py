"""Who sends the calls: the program kedge-load where it was built, else grpcio in some processes.

Both wait for nobody, take the same options and say the same; both measure how late they were
themselves.
"""

from __future__ import annotations

import json
import struct
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kedge._core import InvalidArgument, ResourceExhausted
from kedge.sla.calls import BOUNDS, CODES, Calls, Counts, histogram, quantile
from kedge.sla.target import Target

__all__ = ["GeneratorTooSlow", "Load", "Run", "measure", "program"]

SLICES = 100
_PROCESSES = 2  # of grpcio
_UNSURE_NS = 50_000  # of the median's lag, on top of a tenth of what calls take
_TAIL_NS = 1_000_000  # of the lag's 99 %, on top of a quarter

Progress = Callable[[float, int], None]


class GeneratorTooSlow(ResourceExhausted):
    """The generator, not the server, was the limit; nothing it measured says anything."""


@dataclass(frozen=True)
class Load:
    """What is sent, where and when.

    Attributes:
        target: whom to.
        requests: in turn.
        due: when, in nanoseconds, warm-up included.
        warm_s: calls due before are made and not counted.
        seconds: how long the others are.
        options: of the generators, such as connections.
        most_lag_ns: of the median, where its default will not do.
    """

    target: Target
    requests: Sequence[bytes]
    due: NDArray[np.int64]
    warm_s: float
    seconds: float
    options: Mapping[str, str] = field(default_factory=dict)
    most_lag_ns: int = 0


@dataclass(frozen=True)
class Run:
    """What was measured.

    Attributes:
        calls: what became of them.
        lag: how late the generator sent them, by cells.
        service: how long they took from when they were sent, by cells.
        unsent: calls that found too many others waiting.
        elapsed_s: from the end of the warm-up to the last answer.
        error: the first text of an error.
        generator: who sent.
    """

    calls: Calls
    lag: Counts
    service: Counts
    unsent: int
    elapsed_s: float
    error: str
    generator: str

    def refuse_lag(self, most_ns: int = 0) -> None:
        """Nothing, unless the generator could not keep its schedule.

        Raises:
            GeneratorTooSlow: its lag is not small beside what it measured, or what is allowed.
        """
        median, tail = quantile(self.lag, 0.5), quantile(self.lag, 0.99)
        middle = most_ns or max(_UNSURE_NS, 0.1 * self.calls.quantile(0.5))
        end = max(20 * most_ns, _TAIL_NS, 0.25 * self.calls.quantile(0.99))
        if median > middle or tail > end:
            raise GeneratorTooSlow(
                "the generator, not the server, was the limit: half of the calls were sent"
                f" {median / 1e3:.0f} us late or later (allowed {middle / 1e3:.0f}), one in a"
                f" hundred {tail / 1e3:.0f} us (allowed {end / 1e3:.0f})"
            )


def program() -> Path | None:
    """The native generator, if it was built."""
    path = Path(__file__).parents[1] / "bin" / "kedge-load"
    return path if path.is_file() else None


def measure(load: Load, progress: Progress = lambda share, calls: None) -> Run:
    """Send it all, and count.

    Raises:
        InvalidArgument: nobody answers, or an option is wrong.
    """
    native = program()
    senders = 1 if native is not None else _PROCESSES
    word = [str(native), "run"] if native else [sys.executable, "-m", "kedge.sla.grpcio_load"]
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        requests = folder / "requests"
        requests.write_bytes(b"".join(struct.pack("<I", len(one)) + one for one in load.requests))
        commands = []
        for i in range(senders):
            due = folder / f"due{i}"
            load.due[i::senders].tofile(due)
            own = {"--due": str(due), "--requests": str(requests), **_slices(load), **load.options}
            if native is None:
                own |= {"--first": str(i), "--step": str(senders)}
            flat = [word for pair in own.items() for word in pair]
            commands.append([*word, load.target.place, *flat])
        said = _all(commands, progress, len(load.due))
    return _run(load, said, "kedge-load (grpc++)" if native else f"grpcio, {senders} processes")


def _slices(load: Load) -> dict[str, str]:
    return {
        "--warm-ns": str(round(load.warm_s * 1e9)),
        "--slice-ns": str(max(round(load.seconds / SLICES * 1e9), 1)),
        "--slices": str(SLICES),
    }


def _all(commands: Sequence[Sequence[str]], progress: Progress, calls: int) -> list[Any]:
    processes = [
        subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for command in commands
    ]
    try:
        return [_last(process, progress, calls) for process in processes]
    finally:
        for process in processes:
            process.kill()
            process.communicate()


def _last(process: subprocess.Popen[str], progress: Progress, calls: int) -> Any:
    assert process.stdout is not None
    assert process.stderr is not None
    last: Any = None
    for line in process.stdout:
        last = json.loads(line)
        if "done" in last:
            progress(last["done"] / max(last["calls"], 1), last["done"] * calls // last["calls"])
    if process.wait() != 0 or last is None:
        text = process.stderr.read().strip().splitlines()
        raise InvalidArgument((text or [f"the generator ended with {process.returncode}"])[-1])
    return last


def _run(load: Load, said: Sequence[Any], generator: str) -> Run:
    latency = np.zeros((SLICES, len(BOUNDS)), np.int64)
    codes = np.zeros((SLICES, len(CODES)), np.int64)
    for one in said:
        for i, slice_ in enumerate(one["slices"]):
            latency[i] += histogram(slice_["latency"])
            codes[i] += slice_["codes"]
    return Run(
        calls=Calls(latency, codes, load.seconds / SLICES),
        lag=np.sum([histogram(one["lag"]) for one in said], axis=0),
        service=np.sum([histogram(one["service"]) for one in said], axis=0),
        unsent=sum(one["unsent"] for one in said),
        elapsed_s=max(max(one["end_ns"] for one in said) / 1e9 - load.warm_s, 0.0),
        error=next((one["error"] for one in said if one["error"]), ""),
        generator=generator,
    )
