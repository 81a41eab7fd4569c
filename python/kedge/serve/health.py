"""grpc.health.v1: what probes and balancers ask; without a token, as it tells nothing else."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

from kedge.serve import wire

__all__ = ["INFERENCE", "Health"]

INFERENCE = "inference.GRPCInferenceService"

_SERVING, _NOT_SERVING, _UNKNOWN = 1, 2, 3
_MOST_WATCHERS = 4  # each holds a thread
_BEAT_S = 1.0  # how long a watcher that has gone goes unnoticed


class Health:
    """Whether the server takes calls."""

    def __init__(self) -> None:
        """It does, until it stops."""
        self._changed = threading.Condition()
        self._is_serving = True
        self._watchers = threading.Semaphore(_MOST_WATCHERS)

    def stop(self) -> None:
        """Tell everyone that it does not any more."""
        with self._changed:
            self._is_serving = False
            self._changed.notify_all()

    def check(self, request: bytes, context: Any) -> bytes:
        """The answer to one question."""
        import grpc

        state = self._state(_service(request))
        if state == _UNKNOWN:
            context.abort(grpc.StatusCode.NOT_FOUND, f"service {_service(request)!r} is not served")
        return wire.integer(1, state)

    def watch(self, request: bytes, context: Any) -> Iterator[bytes]:
        """The answer, and another one whenever it changes."""
        import grpc

        if not self._watchers.acquire(blocking=False):
            context.abort(
                grpc.StatusCode.RESOURCE_EXHAUSTED, f"{_MOST_WATCHERS} already watch, use Check"
            )
        try:
            service, said = _service(request), 0
            while context.is_active():
                is_over = not self._is_serving  # before the state, which may change meanwhile
                state = self._state(service)
                if state != said:
                    said = state
                    yield wire.integer(1, state)
                elif is_over:
                    return
                with self._changed:
                    self._changed.wait_for(lambda: not self._is_serving, _BEAT_S)
        finally:
            self._watchers.release()

    def _state(self, service: str) -> int:
        if service not in ("", INFERENCE):
            return _UNKNOWN
        return _SERVING if self._is_serving else _NOT_SERVING


def _service(request: bytes) -> str:
    named = [value for number, value in wire.fields(request) if number == 1]
    last = named[-1] if named else b""
    return last.decode(errors="replace") if isinstance(last, bytes) else ""
