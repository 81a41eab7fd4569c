"""The process that gets a server's spans as packets on a socket, and sends them to a collector.

    python -m kedge.serve.span_export SOCKET endpoint=http://collector:4318 share=0.01 ...

`kedge.serve.traces` starts it. It ends when the server does: once the last spans are sent.
"""

from __future__ import annotations

import signal
import socket
import sys
import threading
import time
from collections.abc import Sequence

from kedge._core import CorruptData
from kedge.serve import wire
from kedge.serve.events import event
from kedge.serve.otlp import NotTaken, export_request, post, rejected
from kedge.serve.traces import Traces

__all__ = ["Batches", "main"]

_PACKET = 1 << 18  # no packet is larger
_MOST_WAITING = 8 << 20  # bytes, while the collector takes its time
_MOST_SENT = 1 << 20  # bytes of one message


class Batches:
    """Spans that wait for their turn: one thread adds, another one takes."""

    def __init__(self) -> None:
        self._packets: list[bytes] = []
        self._size = 0
        self._is_over = False
        self._lock = threading.Condition()
        self.dropped = 0

    def add(self, packet: bytes) -> None:
        """Have a packet sent; one for which there is no room is dropped."""
        with self._lock:
            if self._size + len(packet) > _MOST_WAITING:
                self.dropped += _spans(packet)
                return
            self._packets.append(packet)
            self._size += len(packet)
            if self._size >= _MOST_SENT:
                self._lock.notify()

    def end(self) -> None:
        """Nothing more comes."""
        with self._lock:
            self._is_over = True
            self._lock.notify()

    def take(self, wait_s: float) -> bytes | None:
        """What has come until then, or what is sent at once; None once all is taken at the end."""
        end = time.monotonic() + wait_s
        with self._lock:
            while not self._is_over and self._size < _MOST_SENT and time.monotonic() < end:
                self._lock.wait(max(end - time.monotonic(), 0))
            if self._is_over and not self._packets:
                return None
            many, size = 0, 0
            for packet in self._packets:
                if many and size + len(packet) > _MOST_SENT:
                    break
                many, size = many + 1, size + len(packet)
            taken = self._packets[:many]
            del self._packets[:many]
            self._size -= size
            return b"".join(taken)


def send_all(batches: Batches, traces: Traces) -> None:
    """Send what comes until nothing does; what a collector does not take is told, once each."""
    said = ""
    lost = 0
    while (spans := batches.take(traces.every_s)) is not None:
        if not spans:
            continue
        many = _spans(spans)
        try:
            message = export_request(spans, traces.service)
            left_out, why = rejected(post(traces.endpoint, message, traces.timeout_s))
        except (NotTaken, CorruptData) as error:
            left_out, why = many, str(error)
        lost += left_out
        if left_out and why != said:
            _say("spans_lost", reason=why, spans=str(left_out))
        said = why if left_out else ""
    if lost or batches.dropped:
        _say("spans_lost", reason="in all", spans=str(lost + batches.dropped))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run until the server has ended."""
    handle, *told = sys.argv[1:] if arguments is None else arguments
    for one in (signal.SIGINT, signal.SIGTERM):
        signal.signal(one, signal.SIG_IGN)  # the server's end is its own
    traces = _read(told)
    batches = Batches()
    sender = threading.Thread(target=send_all, args=(batches, traces))
    sender.start()
    with socket.socket(fileno=int(handle)) as packets:
        while packet := packets.recv(_PACKET):
            batches.add(packet)
    batches.end()
    sender.join()
    return 0


def _read(told: Sequence[str]) -> Traces:
    values: dict[str, str | float] = {}
    for one in told:
        name, _, value = one.partition("=")
        is_text = isinstance(Traces.__dataclass_fields__[name].default, str)
        values[name] = value if is_text else float(value)
    return Traces(**values)  # type: ignore[arg-type]


def _spans(spans: bytes) -> int:
    return sum(1 for _ in wire.fields(spans))


def _say(name: str, **members: str) -> None:
    sys.stderr.write(event(name, **members) + "\n")
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main())
