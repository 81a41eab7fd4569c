"""Where in a TOML document each key and value stands, which its readers do not tell."""

from __future__ import annotations

import re
import sys

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

__all__ = ["Path", "line_of", "places", "tomllib"]

Path = tuple[str | int, ...]

_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_SPACE = re.compile(r"[ \t]*")
_KEY = re.compile(r"""[A-Za-z0-9_-]+|"(?:[^"\\\n]|\\.)*"|'[^'\n]*'""")
# Of three quotes up to five may end a string: the first two are its own.
_STRING = re.compile(
    r'"""(?:[^\\]|\\.)*?"{3,5}'
    r"|'''.*?'{3,5}"
    r'|"(?:[^"\\\n]|\\.)*"'
    r"|'[^'\n]*'",
    re.DOTALL,
)
_PLAIN = re.compile(r"[^,\]}#\n]+")  # numbers, booleans and times, some of which have a space


def places(text: str) -> dict[Path, int]:
    """The line, from 1, of each table's header, each key and each entry of an array.

    A table without a header of its own has the line of the first key that made it. `text` is TOML:
    `tomllib.loads` took it.

    >>> places("a.b = [\\n  1,\\n  { c = 2 },\\n]")[("a", "b", 1, "c")]
    3
    """
    return _Reader(text).read()


def line_of(text: str, path: Path) -> int | None:
    """The line of a key or value, or of what is nearest around it; None for the whole document."""
    found = places(text)
    for size in range(len(path), 0, -1):
        if path[:size] in found:
            return found[path[:size]]
    return None


class _Reader:
    """One pass over a document that is known to be one."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._line = 1
        self._places: dict[Path, int] = {}
        self._counts: dict[Path, int] = {}  # entries of arrays of tables

    def read(self) -> dict[Path, int]:
        table: Path = ()
        self._skip(_BLANK)
        while self._at < len(self._text):
            if self._text.startswith("[[", self._at):
                table = self._next_entry()
            elif self._text[self._at] == "[":
                table = self._header()
            else:
                self._statement(table)
            self._skip(_BLANK)
        return self._places

    def _skip(self, pattern: re.Pattern[str]) -> str:
        found = pattern.match(self._text, self._at)
        assert found is not None  # the document is valid
        self._at = found.end()
        self._line += found.group().count("\n")
        return found.group()

    def _pass(self, mark: str) -> bool:
        """Whether this stands here; then it is behind."""
        is_here = self._text.startswith(mark, self._at)
        self._at += len(mark) * is_here
        return is_here

    def _keys(self) -> list[str]:
        keys: list[str] = []
        while not keys or self._pass("."):
            self._skip(_SPACE)
            key = self._skip(_KEY)
            keys.append(key if key[0] not in "\"'" else tomllib.loads(f"k = {key}")["k"])
            self._skip(_SPACE)
        return keys

    def _walk(self, path: Path, keys: list[str]) -> Path:
        """To what the keys name, in the last entry of each array of tables on the way."""
        for key in keys:
            path = (*path, key)
            self._places.setdefault(path, self._line)
            if path in self._counts:
                path = (*path, self._counts[path] - 1)
        return path

    def _header(self) -> Path:
        self._pass("[")
        table = self._walk((), self._keys())
        self._places[table] = self._line
        self._pass("]")
        return table

    def _next_entry(self) -> Path:
        self._pass("[[")
        *keys, last = self._keys()
        array = (*self._walk((), keys), last)
        self._places.setdefault(array, self._line)
        count = self._counts.get(array, 0)
        self._counts[array] = count + 1
        entry = (*array, count)
        self._places[entry] = self._line
        self._pass("]]")
        return entry

    def _statement(self, table: Path) -> None:
        path = self._walk(table, self._keys())
        self._places[path] = self._line
        self._pass("=")
        self._skip(_SPACE)
        self._value(path)

    def _value(self, path: Path) -> None:
        start = self._text[self._at]
        if start == "[":
            self._array(path)
        elif start == "{":
            self._inline(path)
        else:
            self._skip(_STRING if start in "\"'" else _PLAIN)

    def _array(self, path: Path) -> None:
        self._pass("[")
        self._skip(_BLANK)
        count = 0
        while not self._pass("]"):
            entry = (*path, count)
            self._places[entry] = self._line
            self._value(entry)
            self._skip(_BLANK)
            self._pass(",")
            self._skip(_BLANK)
            count += 1

    def _inline(self, path: Path) -> None:
        self._pass("{")
        self._skip(_BLANK)
        while not self._pass("}"):
            self._statement(path)
            self._skip(_BLANK)
            self._pass(",")
            self._skip(_BLANK)
