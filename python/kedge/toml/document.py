"""A TOML document, and errors that say where in it, which key, its value and what is allowed."""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path as File
from typing import TYPE_CHECKING, Any

from kedge._core import InvalidArgument
from kedge.toml.places import Path, line_of, tomllib
from kedge.toml.text import path_text, value_text

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["Document", "Path", "nearest"]

_AT_LINE = re.compile(r"\(at line (\d+), column \d+\)")


class Document:
    """What a document holds.

    Attributes:
        text: the document itself.
        file: its path, empty where it has none.
        root: its values, as `tomllib` has them.
    """

    def __init__(self, text: str, file: str = "") -> None:
        """Read a document.

        Raises:
            InvalidArgument: it is no TOML; says where.
        """
        self.text = text.replace("\r\n", "\n")
        self.file = file
        try:
            self.root: dict[str, Any] = tomllib.loads(self.text)
        except ValueError as error:  # also integers of too many digits
            raise self._error_at(self._line_in(str(error)), f"not TOML: {error}") from None
        except RecursionError:
            raise self._error_at(None, "not TOML: nested too deep") from None

    @classmethod
    def open(cls, path: str | os.PathLike[str]) -> Self:
        """The document in a file.

        Raises:
            InvalidArgument: it is not there, no UTF-8, or no TOML.
            OSError: it cannot be read.
        """
        file = File(path)
        try:
            text = file.read_bytes().decode("utf-8-sig")
        except FileNotFoundError:
            raise InvalidArgument(f'"{file}": there is no such file') from None
        except UnicodeDecodeError as error:
            raise InvalidArgument(f"{file}: not UTF-8 at byte {error.start}") from None
        return cls(text, str(file))

    def check_keys(self, path: Path, table: Mapping[str, Any], known: Iterable[str]) -> None:
        """Refuse a key that nothing knows, with the nearest one that something does."""
        for name in table:
            if name not in known:
                there = (*path, name)
                what = f"{path_text(there)}: there is no such key"
                raise self.error(there, what + nearest(name, known))

    def checked(self, path: Path, value: object, check: Callable[[Any], Any]) -> Any:
        """What `check` makes of a value, or why it does not."""
        try:
            return check(value)
        except InvalidArgument as error:
            raise self.error(path, f"{path_text(path)} = {value_text(value)}: {error}") from None

    def error(self, path: Path, what: str) -> InvalidArgument:
        """The error of a place in the document; of all of it where the path is empty."""
        return self._error_at(line_of(self.text, path) if path else None, what)

    def _error_at(self, line: int | None, what: str) -> InvalidArgument:
        if self.file:
            place = self.file if line is None else f"{self.file}:{line}"
        else:
            place = "TOML" if line is None else f"line {line}"
        return InvalidArgument(f"{place}: {what}")

    def _line_in(self, message: str) -> int | None:
        if "(at end of document)" in message:
            return self.text.rstrip("\n").count("\n") + 1
        found = _AT_LINE.search(message)
        return int(found[1]) if found else None


def nearest(name: str, known: Iterable[str]) -> str:
    """What was meant, or all that there is."""
    near = difflib.get_close_matches(name, list(known), 1)
    return f", did you mean {near[0]!r}?" if near else f": {', '.join(known)}"
