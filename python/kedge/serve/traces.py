"""Which calls are traced, and who gets the spans: a table of a configuration.

[traces]
endpoint = "http://collector:4318"
share = 0.01

A call whose caller says by the metadata `traceparent` that it is traced becomes a span of the
caller's trace; of the calls that are nobody's part, that share begin a trace. Spans go by OTLP over
HTTP to the endpoint, from a process of their own: a collector that is slow or gone costs spans,
which are counted, and no call anything.
"""

from __future__ import annotations

import socket
import subprocess
import sys
from dataclasses import dataclass, fields
from typing import ClassVar
from urllib.parse import urlsplit

from kedge._core import InvalidArgument
from kedge.serve.config_table import ConfigTable, check_bounds

__all__ = ["Exporting", "Traces"]

_BOUNDS = {"share": (0.0, 1.0), "every_s": (0.05, 60.0), "timeout_s": (0.1, 60.0)}


@dataclass(frozen=True)
class Traces(ConfigTable):
    """What is traced.

    Attributes:
        endpoint: of a collector of OpenTelemetry, its base as OTEL_EXPORTER_OTLP_ENDPOINT has it;
            empty for no traces.
        share: of the calls whose callers do not say whether they are traced.
        service: the name under which spans are found.
        every_s: how long spans are gathered before they are sent.
        timeout_s: how long the collector may take for that.
    """

    needs: ClassVar[str] = "endpoint"
    endpoint: str = ""
    share: float = 0.01
    service: str = "kedge"
    every_s: float = 1.0
    timeout_s: float = 10.0

    def check(self) -> None:
        """Refuse what cannot be.

        Raises:
            InvalidArgument: it begins with the attribute's name.
        """
        check_bounds(self, _BOUNDS)
        try:
            parts = urlsplit(self.endpoint)
            is_url = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
        except ValueError:
            is_url = False
        if not is_url:
            raise InvalidArgument(f"endpoint = {self.endpoint!r}: expected http://HOST:PORT")


class Exporting:
    """The process that sends a server's spans; it ends once nobody has `socket` any more.

    Attributes:
        socket: where the server puts them. Whoever takes it over closes it.
    """

    def __init__(self, traces: Traces) -> None:
        """Start it."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            told = [f"{one.name}={getattr(traces, one.name)}" for one in fields(traces)]
            self._process = subprocess.Popen(
                [sys.executable, "-m", "kedge.serve.span_export", str(theirs.fileno()), *told],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=(theirs.fileno(),),
                start_new_session=True,  # what stops the server from a terminal is not for it
            )
        self._patience_s = 2 * traces.timeout_s
        ours.set_inheritable(True)
        self.socket = ours.detach()

    def wait(self) -> None:
        """Until all spans are sent, or it has taken too long for that."""
        try:
            self._process.wait(self._patience_s)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
