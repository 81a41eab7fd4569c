"""What is loaded: a model of a server, or one in this process."""

from __future__ import annotations

import re
from dataclasses import dataclass

from kedge._core import InvalidArgument

__all__ = ["Target"]

_GRPC = re.compile(r"(grpcs?)://([^/@\s]+:\d+)/([^/@\s]+)(?:@([^/@\s]+))?")
_UNIX = re.compile(r"unix:(/\S*)/([^/@\s]+)(?:@([^/@\s]+))?")


@dataclass(frozen=True)
class Target:
    """A model of a server.

    Attributes:
        place: of the server, as gRPC spells it.
        model: its name.
        version: of it; empty for what the server takes.
        is_encrypted: by TLS.
    """

    place: str
    model: str
    version: str = ""
    is_encrypted: bool = False

    @classmethod
    def parse(cls, text: str) -> Target:
        """From grpc://host:port/model, grpcs://..., or unix:/path/of/socket/model; with @version.

        >>> Target.parse("grpc://localhost:8001/churn@2").version
        '2'

        Raises:
            InvalidArgument: it is neither.
        """
        if found := _GRPC.fullmatch(text):
            return cls(found[2], found[3], found[4] or "", found[1] == "grpcs")
        if found := _UNIX.fullmatch(text):
            return cls(f"unix:{found[1]}", found[2], found[3] or "")
        raise InvalidArgument(
            f"{text!r}: expected grpc://host:port/model, grpcs://host:port/model,"
            " unix:/path/of/socket/model, or a .kedge file"
        )
