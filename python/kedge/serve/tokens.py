"""Who may call what: bearer tokens from a file, one a line.

    # scope token
    infer 0f3a5c7e9b1d2f4a6c8e
    admin 9b1d2f4a6c8e0f3a5c7e

A token of scope `admin` may also load and unload models.
"""

from __future__ import annotations

import hashlib
import hmac
from pathlib import Path

from kedge._core import InvalidArgument

__all__ = ["ADMIN_METHODS", "Tokens"]

ADMIN_METHODS = frozenset({"RepositoryModelLoad", "RepositoryModelUnload"})

_SCOPES = ("infer", "admin")
_SHORTEST = 16  # below that, tokens are found by trying


class Tokens:
    """The tokens of a file; each is kept as its hash."""

    def __init__(self, path: Path) -> None:
        """Read a file.

        Raises:
            InvalidArgument: a line is none of scope and token, or there is none; tokens are not
                repeated in the message.
            OSError: it cannot be read.
        """
        self._known: list[tuple[bytes, str]] = []
        for number, line in enumerate(path.read_text().splitlines(), 1):
            words = line.partition("#")[0].split()
            if not words:
                continue
            if len(words) != 2 or words[0] not in _SCOPES:
                raise InvalidArgument(f"{path}:{number}: expected 'infer TOKEN' or 'admin TOKEN'")
            if len(words[1]) < _SHORTEST:
                raise InvalidArgument(
                    f"{path}:{number}: the token has {len(words[1])} characters, at least"
                    f" {_SHORTEST} are wanted"
                )
            self._known.append((_hash(words[1]), words[0]))
        if not self._known:
            raise InvalidArgument(f"{path}: has no token")

    def scope(self, header: str) -> str:
        """What the sender of an `authorization` header may do; empty for nothing.

        Every token is compared, each in the same time: how long it takes tells nothing.
        """
        given = _hash(header.removeprefix("Bearer "))
        found = ""
        for known, scope in self._known:
            if hmac.compare_digest(known, given) and found != "admin":
                found = scope
        return found if header.startswith("Bearer ") else ""


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode(errors="surrogateescape")).digest()
