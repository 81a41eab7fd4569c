"""Callers who take their time: connections that begin a call and send a byte now and then."""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager

from bench.meanwhile import meanwhile

__all__ = ["slow_callers"]

_PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
_HEADERS, _SETTINGS, _DATA, _END_HEADERS = 1, 4, 0, 4
_MESSAGE = 1000  # bytes that are promised and never all sent
_PAUSE_S = 0.05
_FIELDS = (
    (":method", "POST"),
    (":scheme", "http"),
    (":path", "/inference.GRPCInferenceService/ModelInfer"),
    (":authority", "slow"),
    ("te", "trailers"),
    ("content-type", "application/grpc"),
)


def _frame(kind: int, flags: int, stream: int, payload: bytes) -> bytes:
    return (
        struct.pack(">I", len(payload))[1:]
        + bytes([kind, flags])
        + struct.pack(">I", stream)
        + payload
    )


def _field(name: str, value: str) -> bytes:
    """A literal that no table keeps (RFC 7541, 6.2.2); all are shorter than 127 bytes."""
    return b"\0" + bytes([len(name)]) + name.encode() + bytes([len(value)]) + value.encode()


@contextmanager
def slow_callers(port: int, count: int = 8) -> Iterator[None]:
    """So many calls under way that never come to their end, until the context does."""
    headers = b"".join(_field(*pair) for pair in _FIELDS)
    begun = _PREFACE + _frame(_SETTINGS, 0, 0, b"")
    begun += _frame(_HEADERS, _END_HEADERS, 1, headers)
    begun += _frame(_DATA, 0, 1, b"\0" + struct.pack(">I", _MESSAGE))
    sockets = [socket.create_connection(("127.0.0.1", port)) for _ in range(count)]
    for one in sockets:
        one.sendall(begun)

    def trickle() -> None:
        for one in sockets:
            try:
                one.sendall(_frame(_DATA, 0, 1, b"\0"))
            except OSError:  # the server has had enough of it
                continue

    try:
        with meanwhile(trickle, _PAUSE_S):
            yield
    finally:
        for one in sockets:
            one.close()
