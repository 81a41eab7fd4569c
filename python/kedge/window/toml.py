"""Definitions of windows as TOML, for people to write and to keep beside the code.

    [window]
    time = "ts"
    key = ["user"]
    every = "10s"
    lateness = "5s"

    [window.aggregates]
    n = { function = "count" }
    spend = { function = "sum", column = "amount", where = "status == 'ok'" }
    p99 = { function = "quantile", column = "amount", q = 0.99 }

The keys of `[window]` are the arguments of `kedge.Window`, those of an aggregate the arguments of
its function; the two of `correlation` are `columns = ["x", "y"]`. Times are TOML's own or strings,
which can be finer than microseconds. The `like` of `profile_of` is the path of a stored profile,
seen from the document's folder, or the profile itself in base64 with "base64:" before it. A class
of `kedge.aggregate` is `{ function = "user", code = "module:Class", columns = ["x"] }`, a column of
`kedge.column` is `{ code = "module:function", columns = ["x"] }` wherever a column can stand:
modules are imported.
"""

from __future__ import annotations

import inspect
import os
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from kedge._core import CorruptData, InvalidArgument, normal_duration
from kedge.toml import Document, nearest
from kedge.toml.text import key_text, path_text, string_text, value_text
from kedge.window import aggregates, toml_user
from kedge.window.durations import ticks
from kedge.window.toml_reference import read_reference, reference_items

__all__ = ["read", "read_part", "write"]

_Made = TypeVar("_Made")
_Path = tuple[str, ...]
_AGGREGATES: _Path = ("window", "aggregates")


def read(source: str | os.PathLike[str], make: Callable[..., _Made]) -> _Made:
    """What `make` makes of the arguments that a document gives.

    A string with a line break is the document itself, any other the path of one.

    Raises:
        InvalidArgument: says where, which key, its value and what is allowed.
    """
    if isinstance(source, str) and "\n" in source:
        return _Definition(Document(source)).make(make)
    return _Definition(Document.open(source)).make(make)


def read_part(document: Document, make: Callable[..., _Made]) -> _Made:
    """The same of the `[window]` in a document that has other tables too."""
    return _Definition(document).make_window(make)


def write(definition: Mapping[str, Any], paths: Mapping[str, str]) -> str:
    """The document of a definition as `WindowStream.definition` has it; defaults are left out.

    `paths` says of aggregates, by name, where the reference was read.
    """
    lines = ["[window]"]
    lines += [f"{name} = {value_text(value)}" for name, value in _window_items(definition)]
    lines += ["", "[window.aggregates]"]
    columns = {column["name"]: column for column in definition.get("columns", ())}
    for aggregate in definition["aggregates"]:
        made = toml_user.spelled(aggregate, columns)
        items = _aggregate_items(made, paths.get(made["name"], ""))
        lines.append(f"{key_text(made['name'])} = {value_text(items)}")
    return "\n".join(lines) + "\n"


# What a value must be: each takes it as it came, and gives what the argument is or raises.


def _string(value: object) -> str:
    if not isinstance(value, str):
        raise InvalidArgument("expected a string")
    return value


def _strings(value: object) -> str | list[str]:
    if isinstance(value, str):
        return value
    if not isinstance(value, list) or not all(isinstance(entry, str) for entry in value):
        raise InvalidArgument("expected a string or a list of strings")
    return value


def _two_columns(value: object) -> list[str]:
    if not isinstance(value, list) or len(value) != 2:
        raise InvalidArgument("expected a list of two strings")
    return toml_user.columns(value)


def _count(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 < value < 2**63:
        raise InvalidArgument("expected a whole number above 0")
    return value


def _number(value: object) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise InvalidArgument("expected a number")
    return value


def _numbers(value: object) -> list[float]:
    if not isinstance(value, list):
        raise InvalidArgument("expected a list of numbers")
    return [_number(entry) for entry in value]


def _range(value: object) -> list[float]:
    if not isinstance(value, list) or len(value) != 2:
        raise InvalidArgument("expected a list of two numbers")
    return _numbers(value)


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise InvalidArgument("expected true or false")
    return value


def _duration(value: object) -> str:
    if not isinstance(value, str):
        raise InvalidArgument('expected a duration such as "10s"')
    return normal_duration(value)


def _duration_or_count(value: object) -> str | int:
    if isinstance(value, str):
        return _duration(value)
    try:
        return _count(value)
    except InvalidArgument:
        raise InvalidArgument('expected a duration such as "10s" or a number of rows') from None


def _time(value: object) -> datetime | date | str:
    if not isinstance(value, datetime | date | str):
        raise InvalidArgument("expected a time such as 2024-01-01T00:00:00")
    ticks(value, "ns", "times")
    return value


def _times(value: object) -> list[datetime | date | str]:
    if not isinstance(value, list):
        raise InvalidArgument("expected a list of times")
    return [_time(entry) for entry in value]


_Check = Callable[[Any], Any]
_WINDOW: dict[str, _Check] = {
    "time": _string,
    "key": _strings,
    "every": _duration_or_count,
    "length": _duration_or_count,
    "gap": _duration,
    "bounds": _times,
    "lateness": _duration,
    "align_to": _time,
    "time_zone": _string,
    "partitions": _count,
    "idle": _duration,
    "expire": _duration,
    "mode": _string,
    "trigger": _duration_or_count,
    "max_keys": _count,
    "max_state_bytes": _count,
}
# Of the functions of aggregates: what a value must be, and which field of Aggregate holds it.
_ARGUMENTS: dict[str, tuple[_Check, str]] = {
    "column": (toml_user.column, "input"),
    "columns": (_two_columns, ""),
    "code": (toml_user.imported, "code"),
    "x": (toml_user.column, "input"),
    "y": (toml_user.column, "of"),
    "of": (toml_user.column, "of"),
    "q": (_number, "number"),
    "ddof": (_number, "number"),
    "error": (_number, "error"),
    "exact": (_flag, "exact"),
    "per": (_duration, "duration"),
    "halflife": (_duration, "duration"),
    "bounds": (_numbers, "bounds"),
    "bins": (_count, "number"),
    "k": (_count, "number"),
    "like": (_string, "reference"),
    "name": (_string, ""),
    "range": (_range, "bounds"),
    "where": (_string, "where"),
}
_WHOLE = ("ddof", "bins", "k")
_FUNCTIONS: dict[str, Callable[..., aggregates.Aggregate]] = {
    name: getattr(aggregates, name) for name in aggregates.__all__ if name != "Aggregate"
}
_FUNCTIONS["user"] = toml_user.user
_USER_COLUMNS: tuple[_Check, str] = (toml_user.columns, "")


def _parameters(function: str) -> dict[str, inspect.Parameter]:
    """The keys that a function has in a document."""
    parameters = dict(inspect.signature(_FUNCTIONS[function]).parameters)
    if "x" in parameters:
        del parameters["y"]
        return {"columns": parameters.pop("x"), **parameters}
    return parameters


def _argument(function: str, name: str) -> tuple[_Check, str]:
    return _USER_COLUMNS if (function, name) == ("user", "columns") else _ARGUMENTS[name]


class _Definition:
    """The definition in a document."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._root = document.root
        self._error = document.error
        self._check_keys = document.check_keys

    def make(self, make: Callable[..., _Made]) -> _Made:
        self._check_keys((), self._root, ("window",))
        return self.make_window(make)

    def make_window(self, make: Callable[..., _Made]) -> _Made:
        window = self._table(("window",))
        self._check_keys(("window",), window, (*_WINDOW, "aggregates"))
        entries = self._table(_AGGREGATES)
        arguments = {
            name: self._checked(("window", name), value, _WINDOW[name])
            for name, value in window.items()
            if name != "aggregates"
        }
        arguments["aggregates"] = {
            name: self._aggregate((*_AGGREGATES, name), entry) for name, entry in entries.items()
        }
        try:
            return make(**arguments)
        except InvalidArgument as error:
            raise self._error(self._culprit(str(error), arguments), str(error)) from None

    def _aggregate(self, path: _Path, entry: object) -> aggregates.Aggregate:
        if not isinstance(entry, dict):
            expected = 'expected a table such as { function = "count" }'
            raise self._error(path, f"{path_text(path)} = {value_text(entry)}: {expected}")
        if "function" not in entry:
            self._check_keys(path, entry, (*_ARGUMENTS, "function"))
            raise self._error(path, f"{path_text(path)}: function is missing")
        function = self._checked((*path, "function"), entry["function"], _string)
        if function not in _FUNCTIONS:
            there = (*path, "function")
            what = f"{path_text(there)} = {string_text(function)}: there is no such aggregate"
            raise self._error(there, what + nearest(function, _FUNCTIONS))
        parameters = _parameters(function)
        self._check_keys(path, entry, ("function", *parameters))
        for name, parameter in parameters.items():
            if parameter.default is inspect.Parameter.empty and name not in entry:
                raise self._error(path, f"{path_text(path)}: {function} needs {name}")
        arguments = {
            name: self._checked((*path, name), value, _argument(function, name)[0])
            for name, value in entry.items()
            if name != "function"
        }
        try:
            if "like" in arguments:
                arguments["like"] = read_reference(
                    arguments["like"], Path(self._document.file).parent
                )
            return _FUNCTIONS[function](*arguments.pop("columns", ()), **arguments)
        except (InvalidArgument, CorruptData, OSError) as error:
            raise self._error(path, f"{path_text(path)}: {error}") from None

    def _table(self, path: _Path) -> dict[str, Any]:
        found: Any = self._root
        for name in path:
            if name not in found:
                raise self._error(path[:-1], f"there is no [{path_text(path)}]")
            found = found[name]
        if not isinstance(found, dict):
            raise self._error(path, f"{path_text(path)} = {value_text(found)}: expected a table")
        return found

    def _checked(self, path: _Path, value: object, check: _Check) -> Any:
        def check_all(value: object) -> Any:
            self._check_digits(value)
            return check(value)

        return self._document.checked(path, value, check_all)

    def _check_digits(self, value: object) -> None:
        """TOML's reader drops what is finer than microseconds, and is not asked to say so."""
        for moment in value if isinstance(value, list) else [value]:
            if not isinstance(moment, datetime):
                continue
            finer = re.escape(f"{moment:%H:%M:%S.%f}") + r"0*[1-9][-+:Zz\d]*(?=[\s,\]}#]|$)"
            if re.search(finer, self._document.text):
                raise InvalidArgument("finer than microseconds; as a string it is read in full")

    def _culprit(self, message: str, arguments: Mapping[str, Any]) -> _Path:
        """What an error of the core is about: its text begins with the argument's name."""
        for name in arguments["aggregates"]:
            if message.startswith(f'aggregates["{name}"]'):
                return (*_AGGREGATES, name)
        first = re.match(r"\w*", message)
        assert first is not None
        return ("window", first.group())


def _window_items(definition: Mapping[str, Any]) -> Iterable[tuple[str, Any]]:
    """The arguments of kedge.Window that differ from their defaults."""
    written = dict(definition)
    written["key"] = definition["keys"]
    if "rows" in definition:
        written["length" if definition["kind"] == "sliding" else "every"] = definition["rows"]
    if "trigger_rows" in definition:
        written["trigger"] = definition["trigger_rows"]
    if written.get("length") == written.get("every"):
        written.pop("length", None)
    if "bounds" in definition:
        written["bounds"] = [np.datetime64(bound, "ns") for bound in definition["bounds"]]
    if "align_to" in definition:
        written["align_to"] = np.datetime64(definition["align_to"], "ns")
    if "zone" in definition:
        written["time_zone"] = definition["zone"]
    for name, default in (("key", []), ("lateness", "0s"), ("partitions", 1)):
        if written[name] == default:
            del written[name]
    return [(name, written[name]) for name in _WINDOW if name in written]


def _aggregate_items(made: Mapping[str, Any], path: str) -> dict[str, Any]:
    """A function and those of its arguments that differ from their defaults."""
    is_user = made["function"] == "user"
    items: dict[str, Any] = {"function": made["function"]}
    for name, parameter in _parameters(made["function"]).items():
        if name == "columns":
            items[name] = list(made["inputs"]) if is_user else [made["input"], made["of"]]
            continue
        if name == "like":
            items |= reference_items(made, path)
        if name in ("like", "name", "bounds" if made["number"] else "range"):
            continue
        value = made[_ARGUMENTS[name][1]]
        if value != (parameter.default or type(value)()):
            items[name] = int(value) if name in _WHOLE else value
    return items
