"""How a server listens, whom it lets in, and what it holds back: from a file, or the command line.

models = "models"
port = 8001
tls_cert = "server.pem"
tls_key = "server.key"
token_file = "tokens"

Tables [routes.MODEL] say which versions are tried: see kedge.serve.routes.
"""

from __future__ import annotations

import ipaddress
import os
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from kedge._core import InvalidArgument
from kedge.serve.routes import Route, read_routes
from kedge.toml import Document

__all__ = ["DESCRIPTORS", "Options", "read_config"]

DESCRIPTORS = Path(__file__).with_name("protocol.desc")  # what reflection tells, of proto/

_KINDS = {"str": (str,), "int": (int,), "bool": (bool,), "float": (int, float)}
_NAMES = {"str": "a text", "int": "a whole number", "bool": "true or false", "float": "a number"}
_BOUNDS = {
    "port": (0, 65535),
    "metrics_port": (-1, 65535),
    "most_bytes": (1024, 1 << 30),
    "threads": (0, 256),
    "most_calls": (1, 100_000),
    "rescan_s": (0.05, 3600),
    "grace_s": (0, 3600),
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
        metrics_port: of HTTP on the loopback address, for Prometheus; 0 takes a free one, and -1,
            the default, opens none.
        rescan_s: how often the folder and the tokens are looked at.
        grace_s: how long calls that have begun may take when it is told to stop.
        transport: "grpc++", the native server; "grpcio", Python's; or "auto", the first if it was
            built.
        routes: which versions of a model are live and tried.
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
    metrics_port: int = -1
    rescan_s: float = 1.0
    grace_s: float = 10.0
    transport: str = "auto"
    routes: tuple[Route, ...] = ()

    def __post_init__(self) -> None:
        """Refuse what cannot be, and what must be asked for by name.

        Raises:
            InvalidArgument: it says which, and why.
        """
        for name, (least, most) in _BOUNDS.items():
            value = getattr(self, name)
            if not least <= value <= most:
                raise InvalidArgument(f"{name} = {value}: allowed are {least} to {most}")
        if self.transport not in _TRANSPORTS:
            raise InvalidArgument(
                f"transport = {self.transport!r}: allowed are {', '.join(_TRANSPORTS)}"
            )
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
    known = {field.name: str(field.type) for field in fields(Options)}
    document.check_keys((), document.root, known)
    set_ = dict(document.root)
    if "routes" in set_:
        set_["routes"] = read_routes(document, set_["routes"])
    for name, value in set_.items():
        kind = known[name]
        if name == "routes":
            continue
        if not isinstance(value, _KINDS[kind]) or (kind != "bool" and isinstance(value, bool)):
            raise document.error((name,), f"{name} = {value!r}: expected {_NAMES[kind]}")
    return set_


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False  # a name may lead anywhere
