"""Who may call what: bearer tokens from a file, one a line.

    # scope token
    infer 0f3a5c7e9b1d2f4a6c8e
    feedback 5c7e9b1d2f4a6c8e0f3a
    admin 9b1d2f4a6c8e0f3a5c7e

A token of scope `feedback` may say what became of rows, and nothing else; one of scope `admin` may
do all: load and unload models, and register shared memory.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from pathlib import Path

from kedge._core import InvalidArgument

__all__ = ["Tokens", "scope_wanted"]

_ADMIN_METHODS = frozenset(
    {
        "RepositoryModelLoad",
        "RepositoryModelUnload",
        "SystemSharedMemoryRegister",
        "SystemSharedMemoryUnregister",
    }
)
_SCOPES = ("infer", "feedback", "admin")
_SHORTEST = 16  # below that, tokens are found by trying


class Tokens:
    """The tokens of a file; each is kept as its hash."""

    def __init__(self, path: Path, scopes: Sequence[str] = _SCOPES) -> None:
        """Read a file, of lines with these scopes.

        Raises:
            InvalidArgument: a line is none of scope and token, or there is none; tokens are not
                repeated in the message.
            OSError: it cannot be read.
        """
        self._known: list[tuple[bytes, str]] = []
        text = path.read_text(encoding="utf-8", errors="surrogateescape")  # notes may be in any
        for number, line in enumerate(text.splitlines(), 1):
            words = line.partition("#")[0].split()
            if not words:
                continue
            if len(words) != 2 or words[0] not in scopes:
                wanted = [f"'{scope} TOKEN'" for scope in scopes]
                known = " or ".join([", ".join(wanted[:-1]), wanted[-1]][not wanted[:-1] :])
                raise InvalidArgument(f"{path}:{number}: expected {known}")
            if len(words[1]) < _SHORTEST:
                raise InvalidArgument(
                    f"{path}:{number}: the token has {len(words[1])} characters, at least"
                    f" {_SHORTEST} are wanted"
                )
            if not words[1].isascii():  # no header carries one
                raise InvalidArgument(f"{path}:{number}: the token has characters beyond ASCII")
            self._known.append((_hash(words[1]), words[0]))
        if not self._known:
            raise InvalidArgument(f"{path}: has no token")

    def scopes(self, header: str) -> frozenset[str]:
        """What the sender of an `authorization` header may do; empty for nothing.

        Every token is compared, each in the same time: how long it takes tells nothing.
        """
        given = _hash(header.removeprefix("Bearer "))
        found = set()
        for known, scope in self._known:
            if hmac.compare_digest(known, given):
                found |= set(_SCOPES) if scope == "admin" else {scope}
        return frozenset(found) if header.startswith("Bearer ") else frozenset()


def scope_wanted(method: str) -> str:
    """The narrowest scope that a method wants."""
    if method in _ADMIN_METHODS:
        return "admin"
    return "feedback" if method == "Feedback" else "infer"


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode(errors="surrogateescape")).digest()
