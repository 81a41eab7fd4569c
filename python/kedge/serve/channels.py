"""The two ways to a server of gRPC: its C++ library where kedge was built with it, else grpcio.

With the first one the thread that calls waits itself, where grpcio wakes another one for each
answer: a call of one row takes a third of the time, and nothing has to be imported.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

from kedge._core import InvalidArgument

try:
    from kedge._channel import NativeChannel
except ImportError:  # it was not built, or the library is not on this machine
    NativeChannel = None  # type: ignore[assignment, misc]

__all__ = ["TRANSPORTS", "Answer", "Channel", "Place", "channel_to", "is_native_built"]

TRANSPORTS = ("auto", "grpc++", "grpcio")
_CODES = (
    *("OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND"),
    *("ALREADY_EXISTS", "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION"),
    *("ABORTED", "OUT_OF_RANGE", "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS"),
    "UNAUTHENTICATED",
)
_forks = 0  # that lie between this process and the one which loaded the module


class Answer(NamedTuple):
    """What a call came to: a code of gRPC, "OK" for one with an answer, and why."""

    code: str
    details: str
    message: bytes


class Place(NamedTuple):
    """Where a server is.

    Attributes:
        target: as gRPC spells it.
        ca: the certificates that its own must come from, PEM; empty for no encryption.
        key: a private key to show with `cert`, or nothing.
        cert: its certificate.
        most_bytes: of an answer.
    """

    target: str
    ca: bytes
    key: bytes
    cert: bytes
    most_bytes: int


class Channel(Protocol):
    """Calls with one message and one answer, from any thread."""

    def call(
        self, path: str, request: bytes, timeout: float, metadata: Sequence[tuple[str, str]]
    ) -> Answer:
        """What became of a call within so many seconds."""

    def close(self) -> None:
        """End it; calls that are under way fail."""


def is_native_built() -> bool:
    """Whether there is the first way."""
    return NativeChannel is not None


def channel_to(place: Place, transport: str = "auto") -> Channel:
    """A way there; it connects with the first call.

    Raises:
        InvalidArgument: there is no such transport, or it was not built.
    """
    if transport not in TRANSPORTS:
        raise InvalidArgument(f"transport = {transport!r}: allowed are {', '.join(TRANSPORTS)}")
    if transport == "grpc++" and not is_native_built():
        raise InvalidArgument(
            "transport = 'grpc++': the client's part was not built, or does not load; install"
            " gRPC's C++ library (Debian: libgrpc++-dev, pkg-config) and build anew"
        )
    is_native = transport != "grpcio" and is_native_built() and not _forks
    return _Native(place) if is_native else _Grpcio(place)


class _Native:
    """By gRPC's C++ library, which a forked process must not touch: there grpcio takes over."""

    def __init__(self, place: Place) -> None:
        pem = (place.ca, place.key, place.cert)
        self._place = place
        self._forks = _forks
        self._ours: Any = NativeChannel(place.target, pem, place.most_bytes)
        self._after_fork: _Grpcio | None = None

    def call(
        self, path: str, request: bytes, timeout: float, metadata: Sequence[tuple[str, str]]
    ) -> Answer:
        if self._forks != _forks:
            return self._other().call(path, request, timeout, metadata)
        code, details, message = self._ours.call(path, request, timeout, metadata)
        return Answer(_CODES[code], details, message)

    def close(self) -> None:
        if self._forks == _forks:
            self._ours.close()
        elif self._after_fork is not None:
            self._after_fork.close()

    def _other(self) -> _Grpcio:
        if self._after_fork is None:
            self._after_fork = _Grpcio(self._place)
        return self._after_fork


class _Grpcio:
    def __init__(self, place: Place) -> None:
        import grpc  # a tenth of a second, for those who want no client

        self._error = grpc.RpcError
        options = [("grpc.max_receive_message_length", place.most_bytes)]
        if place.ca:
            credentials = grpc.ssl_channel_credentials(
                place.ca, place.key or None, place.cert or None
            )
            self._channel = grpc.secure_channel(place.target, credentials, options)
        else:
            self._channel = grpc.insecure_channel(place.target, options)
        self._methods: dict[str, Any] = {}

    def call(
        self, path: str, request: bytes, timeout: float, metadata: Sequence[tuple[str, str]]
    ) -> Answer:
        method = self._methods.get(path)
        if method is None:
            method = self._methods[path] = self._channel.unary_unary(path)
        try:
            return Answer("OK", "", method(request, timeout=timeout, metadata=metadata))
        except self._error as error:
            return Answer(error.code().name, error.details() or "", b"")

    def close(self) -> None:
        self._channel.close()


def _was_forked() -> None:
    global _forks
    _forks += 1


os.register_at_fork(after_in_child=_was_forked)
