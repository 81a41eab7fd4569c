"""OpenTelemetry's protocol for spans, over HTTP: one message and its answer."""

from __future__ import annotations

from http.client import HTTPConnection, HTTPException, HTTPSConnection
from importlib.metadata import version
from urllib.parse import urlsplit

from kedge._core import CorruptData
from kedge.serve import wire

__all__ = ["NotTaken", "export_request", "post", "rejected"]

_PATH = "/v1/traces"
_MOST_ANSWER = 1 << 16


class NotTaken(Exception):
    """The collector has not got the spans, and why."""


def export_request(spans: bytes, service: str) -> bytes:
    """An ExportTraceServiceRequest of spans as the core writes them, elements of ScopeSpans."""
    name = wire.part(1, "service.name") + wire.part(2, wire.part(1, service))
    release = wire.part(1, "service.version") + wire.part(2, wire.part(1, version("kedge")))
    resource = wire.part(1, name) + wire.part(1, release)
    scope = wire.part(1, "kedge.serve") + wire.part(2, version("kedge"))
    scoped = wire.part(1, scope) + spans
    return wire.part(1, wire.part(1, resource) + wire.part(2, scoped))


def post(endpoint: str, request: bytes, timeout_s: float) -> bytes:
    """Send it, and give the ExportTraceServiceResponse.

    Raises:
        NotTaken: there is nobody, or they do not want it.
    """
    parts = urlsplit(endpoint)
    kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
    path = parts.path.rstrip("/")
    connection = kind(parts.hostname or "", parts.port, timeout=timeout_s)
    try:
        connection.request(
            "POST",
            path if path.endswith(_PATH) else path + _PATH,
            request,
            {"Content-Type": "application/x-protobuf"},
        )
        answer = connection.getresponse()
        body = answer.read(_MOST_ANSWER)
    except (OSError, HTTPException) as error:
        raise NotTaken(f"{endpoint}: {error or type(error).__name__}") from None
    finally:
        connection.close()
    if not 200 <= answer.status < 300:
        raise NotTaken(f"{endpoint}: {answer.status} {answer.reason}")
    return body


def rejected(response: bytes) -> tuple[int, str]:
    """How many spans of the message a collector left out, and why.

    Raises:
        CorruptData: it is no such response.
    """
    many, why = 0, ""
    for field, value in wire.fields(response):
        if field == 1 and isinstance(value, bytes):
            for inner, said in wire.fields(value):
                if inner == 1 and isinstance(said, int):
                    many = said
                elif inner == 2 and isinstance(said, bytes):
                    why = said.decode(errors="replace")
        elif field == 1:
            raise CorruptData("partial_success is no message")
    return many, why
