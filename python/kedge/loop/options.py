"""Tables of a pipeline's file, taken key by key, with the place of what is wrong.

>>> document = Document('[source]\\nkind = "files"\\nbatch = 0\\n', "orders.toml")
>>> source = document.table("source")
>>> source.text("kind")
'files'
>>> source.whole("batch")
Traceback (most recent call last):
kedge.InvalidArgument: orders.toml:3: source.batch = 0: expected a whole number from 1
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from kedge import toml
from kedge._core import InvalidArgument, normal_duration
from kedge.toml.text import path_text, value_text
from kedge.window.durations import seconds_of

__all__ = ["Document", "Table"]


_AGGREGATE = re.compile(r'aggregates\["(.*?)"\]: ')  # so the core begins what is wrong with one


class Document(toml.Document):
    """A file of TOML whose tables are taken one by one."""

    def table(self, name: str) -> Table:
        """A table, which must be there."""
        if name not in self.root:
            raise self.error((), f"there is no [{name}]")
        if not isinstance(self.root[name], dict):
            raise self.error((name,), f"{name} = {value_text(self.root[name])}: expected a table")
        return Table(self, (name,), self.root[name])

    def placed(self, name: str, what: str) -> InvalidArgument:
        """The error of what was made of a table, and does not know where in a file that stands.

        It goes to the key whose value the text quotes first, of the aggregate that it begins with
        if it does; where there is none, to the aggregate or the table.
        """
        what = what.removeprefix(f"{name}: ")
        path: toml.Path = (name,)
        if found := _AGGREGATE.match(what):
            path, what = (name, "aggregates", found[1]), what[found.end() :]
        quoted = [
            (what.index(f'"{text}"'), key, value)
            for key, value, text in _texts((name,), self.root.get(name))
            if key[: len(path)] == path and f'"{text}"' in what
        ]
        if not quoted:
            shown = f"[{name}]" if len(path) == 1 else path_text(path)
            return self.error(path, f"{shown}: {what}")
        _, key, value = min(quoted, key=lambda it: it[0])
        return self.error(key, f"{path_text(key)} = {value_text(value)}: {what}")

    def check_names(self, known: Sequence[str]) -> None:
        """Refuse what is at the top and not in `known`."""
        for name in self.root:
            if name not in known:
                raise self.error(
                    (name,), f"[{name}]: there is no such table{toml.nearest(name, known)}"
                )


class Table:
    """One table; see `kedge.loop.ports.Options`."""

    def __init__(self, document: Document, path: tuple[str, ...], entries: dict[str, Any]) -> None:
        self._document, self._path, self._entries = document, path, entries
        self._asked: set[str] = set()

    def text(self, key: str, default: str | None = None) -> str:
        """A string."""
        value = self._take(key, default)
        if not isinstance(value, str):
            raise self.error(key, "expected a string")
        return value

    def texts(self, key: str, default: Sequence[str] | None = None) -> list[str]:
        """A string or a list of them."""
        value = self._take(key, default)
        values = [value] if isinstance(value, str) else value
        if not isinstance(values, Sequence) or not all(isinstance(v, str) for v in values):
            raise self.error(key, "expected a string or a list of strings")
        return list(values)

    def whole(self, key: str, default: int | None = None, *, least: int = 1) -> int:
        """A whole number."""
        value = self._take(key, default)
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value < 2**63:
            raise self.error(key, f"expected a whole number from {least}")
        return value

    def number(self, key: str, default: float | None = None) -> float:
        """A number."""
        value = self._take(key, default)
        if not isinstance(value, int | float) or isinstance(value, bool):
            raise self.error(key, "expected a number")
        return value

    def flag(self, key: str, default: bool = False) -> bool:
        """True or false."""
        value = self._take(key, default)
        if not isinstance(value, bool):
            raise self.error(key, "expected true or false")
        return value

    def seconds(self, key: str, default: str | None = None) -> float:
        """A duration."""
        text = self.text(key, default)
        try:
            return seconds_of(normal_duration(text))
        except InvalidArgument as error:
            raise self.error(key, str(error)) from None

    def table(self, key: str, check: Callable[[str], object] = str) -> dict[str, str]:
        """A table of strings."""
        value = self._take(key, {})
        if not isinstance(value, dict) or not all(isinstance(v, str) for v in value.values()):
            raise self.error(key, "expected a table of strings")
        for name, entry in value.items():
            self._document.checked((*self._path, key, name), entry, check)
        return value

    def path(self, key: str, default: str | None = None) -> str:
        """A path, seen from the document's folder."""
        return str(Path(self._document.file).parent / self.text(key, default))

    def __contains__(self, key: str) -> bool:
        return key in self._entries

    @property
    def name(self) -> str:
        """What stands in the brackets."""
        return path_text(self._path)

    def finish(self) -> None:
        """Refuse keys that nobody asked for."""
        for key in self._entries:
            if key not in self._asked:
                where = path_text((*self._path, key))
                what = f"{where}: there is no such key{toml.nearest(key, sorted(self._asked))}"
                raise self._document.error((*self._path, key), what)

    def error(self, key: str, what: str) -> InvalidArgument:
        """An error that says where `key` stands and what it is."""
        path = (*self._path, key)
        if key not in self._entries:
            return self._document.error(self._path, f"{path_text(path)}: {what}")
        text = f"{path_text(path)} = {value_text(self._entries[key])}: {what}"
        return self._document.error(path, text)

    def _take(self, key: str, default: Any) -> Any:
        self._asked.add(key)
        if key in self._entries:
            return self._entries[key]
        if default is None:
            raise self._document.error(self._path, f"{self.name}: {key} is missing")
        return default


def _texts(path: toml.Path, value: Any) -> Iterator[tuple[toml.Path, Any, str]]:
    """Keys with their values, and each string in those."""
    if isinstance(value, dict):
        for name, entry in value.items():
            yield from _texts((*path, name), entry)
    for text in value if isinstance(value, list) else [value]:
        if isinstance(text, str):
            yield path, value, text
