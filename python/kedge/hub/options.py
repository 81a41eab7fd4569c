"""How a hub listens and what it keeps, with bounds on what any one device may take."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass

from kedge._core import InvalidArgument

__all__ = ["HubOptions"]

_PORTS = ("grpc_port", "board_port", "http_port")
_BOUNDS = {
    "most_connections": (1, 100_000),
    "most_waiting_bytes": (1 << 20, 1 << 40),
    "most_sketches": (1, 1 << 20),
    "most_sketch_bytes": (1 << 10, 1 << 40),
    "keep_scores": (0, 1 << 50),
    "most_file_bytes": (1 << 10, 1 << 40),
}


@dataclass(frozen=True)
class HubOptions:
    """What a hub is told.

    Attributes:
        folder: holds all that must not be lost: the accounts, the repository, the operator's token.
        host: the address of gRPC and of the boards' port.
        grpc_port: 0 takes a free one, as for the next two.
        board_port: where boards upload, on TCP.
        board_unix: a socket's path, to listen for boards there instead.
        http_host: the address of the repository's port; what it serves is signed.
        http_port: where boards fetch updates by plain HTTP.
        tls_cert: a chain of certificates in PEM; with `tls_key`, gRPC is encrypted.
        tls_key: its private key.
        insecure_public: whether `host` may be an address that other machines reach: what boards
            upload is not encrypted, and gRPC only with certificates.
        models: a folder of further .kedge files that boards run and the repository lacks.
        keep_scores: bytes of each device's newest scores that are kept; 0 counts them alone.
        most_connections: of boards at once.
        most_waiting_bytes: of records that are not whole, over all connections.
        most_sketches: of one device: beyond it the one that was sent longest ago goes.
        most_sketch_bytes: likewise, of all its sketches together.
        most_file_bytes: of a file that is pushed to the repository.
    """

    folder: str
    host: str = "127.0.0.1"
    grpc_port: int = 8021
    board_port: int = 8022
    board_unix: str = ""
    http_host: str = "127.0.0.1"
    http_port: int = 8023
    tls_cert: str = ""
    tls_key: str = ""
    insecure_public: bool = False
    models: str = ""
    keep_scores: int = 0
    most_connections: int = 4096
    most_waiting_bytes: int = 256 << 20
    most_sketches: int = 256
    most_sketch_bytes: int = 16 << 20
    most_file_bytes: int = 256 << 20

    def __post_init__(self) -> None:
        """Refuse what cannot be.

        Raises:
            InvalidArgument: it says which, and why.
        """
        bounds = _BOUNDS | dict.fromkeys(_PORTS, (0, 65535))
        for name, (least, most) in bounds.items():
            value = getattr(self, name)
            if not least <= value <= most:
                raise InvalidArgument(f"{name} = {value}: allowed are {least} to {most}")
        if bool(self.tls_cert) != bool(self.tls_key):
            raise InvalidArgument("tls_cert and tls_key go together, one is missing")
        if not self.insecure_public and not is_loopback(self.host):
            raise InvalidArgument(
                f"host = {self.host!r} is reached by other machines, and what boards upload is not"
                " encrypted: put a tunnel before it, or say insecure_public"
            )


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches an address."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False  # a name may lead anywhere
