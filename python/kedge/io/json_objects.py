"""Lines of JSON that are null, which pyarrow must not see.

Of a block that begins with one it takes the process down, and elsewhere it makes a row without a
value of a line that is no object.
"""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import Protocol

from kedge._core import CorruptData

__all__ = ["Objects", "null_line"]

_NULL = b"null"
_ANOTHER = re.compile(rb"\n[^{]")
_LINE = re.compile(rb"\n(?:\xef\xbb\xbf)?[ \t\r\n]*null")


class _Text(Protocol):
    def read(self, nbytes: int) -> bytes: ...


def null_line(text: bytes) -> int | None:
    """Which line, from 0, is the first that begins with null; `text` begins with a line."""
    lines = b"\n" + text
    # Quick looks that nearly always suffice: all lines begin with a brace.
    if _NULL not in text or _ANOTHER.search(lines) is None:
        return None
    found = _LINE.search(lines)
    return None if found is None else lines.count(b"\n", 0, found.end()) - 1


class Objects(io.RawIOBase):
    """The text of a file; reading it raises `CorruptData` where a line is null."""

    def __init__(self, text: _Text, path: Path) -> None:
        self._text, self._path = text, path
        self._lines = 0
        self._begun = b""  # of the line that the last block ends in: as much as tells what it is

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        """The next bytes of the text."""
        block = self._text.read(size)
        seen = self._begun + block
        line = null_line(seen)
        if line is not None:
            place = self._lines + line + 1
            raise CorruptData(f'"{self._path}": line {place}: null, and an object is wanted')
        self._lines += block.count(b"\n")
        last = seen[seen.rfind(b"\n") + 1 :] if b"\n" in block else seen
        self._begun = last.lstrip(b" \t\r")[: len(_NULL)]
        return block
