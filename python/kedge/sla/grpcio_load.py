"""kedge-load's word `run`, on grpcio, for where gRPC's C++ library was not there at the build.

    python -m kedge.sla.grpcio_load TARGET --due FILE --requests FILE ...

Several share the calls: --first and --step say which ones are this one's. The first alone says how
far it is: the others are read when it has ended, and one whose pipe is full stops sending.
"""

from __future__ import annotations

import json
import struct
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from kedge.sla.calls import CODES, counted
from kedge.sla.generator import SLICES

__all__: list[str] = []

_METHOD = "/inference.GRPCInferenceService/ModelInfer"
_SPIN_NS = 200_000  # before a call is due, no more sleep
_OK, _GIVEN_UP = CODES.index("OK"), CODES.index("DEADLINE_EXCEEDED")


def _channels(target: str, said: dict[str, str]) -> list[Any]:
    import grpc

    options = [("grpc.use_local_subchannel_pool", 1), ("grpc.max_receive_message_length", -1)]
    files = [said.get(name) for name in ("--ca", "--key", "--cert")]
    read = [Path(file).read_bytes() if file else None for file in files]
    channels = []
    for _ in range(int(said.get("--connections", "1"))):
        if read[0] is not None:
            secure = grpc.ssl_channel_credentials(*read)
            channels.append(grpc.secure_channel(target, secure, options))
        else:
            channels.append(grpc.insecure_channel(target, options))
        try:
            grpc.channel_ready_future(channels[-1]).result(float(said.get("--timeout", "10")))
        except grpc.FutureTimeoutError:
            raise SystemExit(f"nobody answers at {target}") from None
    return channels


def _requests(path: str) -> list[bytes]:
    data, at, out = Path(path).read_bytes(), 0, []
    while at < len(data):
        (size,) = struct.unpack_from("<I", data, at)
        out.append(data[at + 4 : at + 4 + size])
        at += 4 + size
    return out


class _Sender:
    """Sends on time; grpcio's own threads write down the ends."""

    def __init__(self, target: str, said: dict[str, str]) -> None:
        self._channels = _channels(target, said)
        self._calls = [one.unary_unary(_METHOD) for one in self._channels]
        self._requests = _requests(said["--requests"])
        self._due = np.fromfile(said["--due"], np.int64)
        self._first, self._step = int(said.get("--first", 0)), int(said.get("--step", 1))
        self._sent, self._done = np.zeros((2, len(self._due)), np.int64)
        self._codes = np.zeros(len(self._due), np.int64)
        self._timeout = float(said.get("--timeout", "10"))
        token = said.get("--token-file")
        self._metadata = (
            [("authorization", f"Bearer {Path(token).read_text().strip()}")] if token else []
        )
        self._left = threading.Semaphore(0)
        self.error = ""

    def run(self) -> None:
        """Send all, and wait for the last end."""
        begun = time.perf_counter_ns()
        shown = begun
        for i, due in enumerate(self._due.tolist()):
            while (left := begun + due - time.perf_counter_ns()) > 0:
                if left > _SPIN_NS:
                    time.sleep((left - _SPIN_NS) / 1e9)
            self._start(i, begun)
            if self._first == 0 and time.perf_counter_ns() - shown > 200_000_000:
                shown = time.perf_counter_ns()
                said = {"sent": i + 1, "done": i + 1, "calls": len(self._due)}
                print(json.dumps(said), flush=True)  # noqa: T201  the one who started it reads
        for _ in range(len(self._due)):
            self._left.acquire()
        for channel in self._channels:
            channel.close()

    def _start(self, i: int, begun: int) -> None:
        self._sent[i] = time.perf_counter_ns() - begun
        request = self._requests[(self._first + i * self._step) % len(self._requests)]
        stub = self._calls[i % len(self._calls)]
        call = stub.future(request, timeout=self._timeout, metadata=self._metadata)

        def ended(call: Any) -> None:
            self._done[i] = time.perf_counter_ns() - begun
            self._codes[i] = call.code().value[0]
            if self._codes[i] and not self.error:
                self.error = str(call.details())
            self._left.release()

        call.add_done_callback(ended)

    def counts(self, warm_ns: int, slice_ns: int, slices: int) -> dict[str, Any]:
        """What kedge-load prints at its end."""
        kept = self._due >= warm_ns
        due, sent, done, codes = (
            each[kept] for each in (self._due, self._sent, self._done, self._codes)
        )
        timed = (codes == _OK) | (codes == _GIVEN_UP)
        place = np.minimum((due - warm_ns) // slice_ns, slices - 1)
        parts = []
        for i in range(slices):
            here = place == i
            ends = np.bincount(codes[here], minlength=len(CODES)).tolist()
            latency = _sparse((done - due)[here & timed])
            parts.append({"codes": ends, "latency": latency})
        return {
            "end_ns": int(done.max(initial=0)),
            "unsent": 0,
            "lag": _sparse(sent - due),
            "service": _sparse((done - sent)[timed]),
            "error": self.error,
            "slices": parts,
        }


def _sparse(latencies: Any) -> dict[str, list[int]]:
    counts = counted(latencies)
    present = np.flatnonzero(counts)
    return {"cells": present.tolist(), "counts": counts[present].tolist()}


def _main(target: str, options: Sequence[str]) -> None:
    said = dict(zip(options[::2], options[1::2], strict=True))
    sender = _Sender(target, said)
    sender.run()
    slices = int(said.get("--slices", SLICES))
    counts = sender.counts(int(said["--warm-ns"]), int(said["--slice-ns"]), slices)
    print(json.dumps(counts))  # noqa: T201


if __name__ == "__main__":
    _main(sys.argv[1], sys.argv[2:])
