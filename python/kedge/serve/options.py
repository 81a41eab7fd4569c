"""How a server listens, whom it lets in, and what it holds back: from a file, or the command line.

models = "models"
port = 8001
tls_cert = "server.pem"
tls_key = "server.key"
token_file = "tokens"

Tables [routes.MODEL] say which versions are tried: see kedge.serve.routes; table [drift] how
requests are held against what the model was made for: see kedge.serve.drift; table [request_log]
which requests are kept: see kedge.serve.request_log; table [traces] which calls become spans of
OpenTelemetry: see kedge.serve.traces; table [shared_memory] that contents may come from shared
memory: see kedge.serve.shared_memory; table [batching] that calls are scored together: see
kedge.serve.batching.
"""

from __future__ import annotations

import ipaddress
import os
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from kedge._core import InvalidArgument
from kedge.serve.batching import Batching
from kedge.serve.config_table import ConfigTable, check_bounds, check_table, read_table
from kedge.serve.drift import Drift
from kedge.serve.request_log import RequestLog
from kedge.serve.routes import Route, read_routes
from kedge.serve.shared_memory import SharedMemory
from kedge.serve.traces import Traces
from kedge.toml import Document

__all__ = ["DESCRIPTORS", "Options", "read_config"]

DESCRIPTORS = Path(__file__).with_name("protocol.desc")  # what reflection tells, of proto/

_TABLES: dict[str, type[ConfigTable]] = {
    "drift": Drift,
    "request_log": RequestLog,
    "traces": Traces,
    "shared_memory": SharedMemory,
    "batching": Batching,
}
_BOUNDS = {
    "port": (0, 65535),
    "metrics_port": (-1, 65535),
    "most_bytes": (1024, 1 << 30),
    "threads": (0, 256),
    "most_calls": (1, 100_000),
    "most_calls_each": (0, 100_000),
    "rescan_s": (0.05, 3600),
    "grace_s": (0, 3600),
    "remember_rows": (16, 100_000_000),
    "slo_ms": (0.001, 3_600_000),
    "slo_share": (0.001, 0.999999),
}

_TRANSPORTS = ("auto", "grpc++", "grpcio")


@dataclass(frozen=True)
class Options:
    """What a server is told.

    Attributes:
        models: the folder, of `name/version.kedge`.
        host: the address it listens at; other machines reach none but a public one.
        port: of TCP; 0 takes a free one.
        unix: a socket's path, to listen there instead; only its owner's processes reach it.
        tls_cert: a chain of certificates in PEM; with `tls_key`, calls are encrypted.
        tls_key: its private key.
        client_ca: whose certificates callers must show.
        token_file: see kedge.serve.tokens.
        insecure_public: whether others may reach it without encryption or proof of who they are.
        most_bytes: of a message, both ways.
        threads: that answer; 0, the default, is eight of Python's, which take turns, or a native
            one for every two processors.
        most_calls: that are answered or wait; further ones are RESOURCE_EXHAUSTED.
        most_calls_each: likewise of one client, by its token, its certificate or its address; 0,
            the default, for no limit of its own.
        metrics_port: of HTTP on the loopback address, for Prometheus; 0 takes a free one, and -1,
            the default, opens none.
        rescan_s: how often the folder and the tokens are looked at.
        slo_ms: what calls for scores may take, for the objective that metrics hold them against.
        slo_share: of them, that shall not take longer or fail by the server's fault.
        grace_s: how long calls that have begun may take when it is told to stop.
        transport: "grpc++", the native server; "grpcio", Python's; or "auto", the first if it was
            built.
        routes: which versions of a model are live and tried.
        state: a folder for what must not be lost: labels, and what trials came to; without it there
            is no feedback.
        remember_rows: of each model's answers, for labels to come: 8 bytes each, and about 200 for
            each request; one of more than a sixteenth of them is not remembered.
        drift: how requests are held against the model's reference profile.
        request_log: which requests are kept, and where.
        traces: which calls become spans, and who gets them.
        shared_memory: whose contents requests may name instead of bringing them.
        batching: how calls that wait at the same time are scored together.
    """

    models: str
    host: str = "127.0.0.1"
    port: int = 8001
    unix: str = ""
    tls_cert: str = ""
    tls_key: str = ""
    client_ca: str = ""
    token_file: str = ""
    insecure_public: bool = False
    most_bytes: int = 64 << 20
    threads: int = 0
    most_calls: int = 256
    most_calls_each: int = 0
    metrics_port: int = -1
    rescan_s: float = 1.0
    grace_s: float = 10.0
    slo_ms: float = 100.0
    slo_share: float = 0.999
    transport: str = "auto"
    routes: tuple[Route, ...] = ()
    state: str = ""
    remember_rows: int = 100_000
    drift: Drift = field(default_factory=Drift)
    request_log: RequestLog = field(default_factory=RequestLog)
    traces: Traces = field(default_factory=Traces)
    shared_memory: SharedMemory = field(default_factory=SharedMemory)
    batching: Batching = field(default_factory=Batching)

    def __post_init__(self) -> None:
        """Refuse what cannot be, and what must be asked for by name.

        Raises:
            InvalidArgument: it says which, and why.
        """
        check_bounds(self, _BOUNDS)
        if self.transport not in _TRANSPORTS:
            raise InvalidArgument(
                f"transport = {self.transport!r}: allowed are {', '.join(_TRANSPORTS)}"
            )
        if not self.state and any(route.policy for route in self.routes):
            raise InvalidArgument("a policy that acts wants state, a folder that keeps what it did")
        if self.traces.endpoint:
            self.traces.check()
        if bool(self.tls_cert) != bool(self.tls_key):
            raise InvalidArgument("tls_cert and tls_key go together, one is missing")
        if self.client_ca and not self.tls_cert:
            raise InvalidArgument("client_ca needs tls_cert and tls_key")
        is_safe = self.tls_cert and (self.token_file or self.client_ca)
        if not (is_safe or self.insecure_public or self.unix or _is_loopback(self.host)):
            raise InvalidArgument(
                f"host = {self.host!r} is reached by other machines: give it tls_cert and tls_key,"
                " and token_file or client_ca, or say insecure_public"
            )

    @property
    def target(self) -> str:
        """Where it listens, as gRPC spells it."""
        if self.unix:
            return f"unix:{os.path.abspath(self.unix)}"  # noqa: PTH100, links are kept
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def read_config(path: str) -> dict[str, Any]:
    """What a file sets of Options.

    Raises:
        InvalidArgument: with the line, for a key that is not known or a value of another kind.
        OSError: it cannot be read.
    """
    document = Document.open(path)
    set_ = dict(document.root)
    check_table(document, (), set_, {one.name: str(one.type) for one in fields(Options)})
    if "routes" in set_:
        set_["routes"] = read_routes(document, set_["routes"])
    for name, kind in _TABLES.items():
        if name in set_:
            set_[name] = read_table(document, name, set_[name], kind)
    return set_


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False  # a name may lead anywhere
