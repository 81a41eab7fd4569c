"""What the values of a policy may be, and how tables of them are read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from kedge._core import InvalidArgument
from kedge.drift.spans import rate_per_second, seconds_of
from kedge.toml import Document, Path, nearest
from kedge.toml.text import path_text, value_text

__all__ = [
    "REQUIRED",
    "Field",
    "Fields",
    "flag",
    "length",
    "names",
    "number",
    "numbers",
    "one_of",
    "rate",
    "read_table",
    "string",
    "table",
    "tables",
    "whole",
]

REQUIRED = object()
_MOST = 1e300  # an integer of a document may be beyond any float
_MOST_UPDATES = 2**53  # a float counts no further
Reader = Callable[[Document, Path, Any], Any]


@dataclass(frozen=True)
class Field:
    """A key of a table: how its value is read, and what it is where there is none."""

    read: Reader
    default: Any = None


Fields = Mapping[str, Field]


def _value(check: Callable[[Any], Any]) -> Callable[..., Field]:
    def field(default: Any = None) -> Field:
        return Field(lambda document, path, value: document.checked(path, value, check), default)

    return field


def _is_number(value: object) -> bool:
    if not isinstance(value, int | float) or isinstance(value, bool):
        return False
    return abs(value) <= _MOST


def number(
    default: Any = None,
    *,
    above: float | None = None,
    least: float | None = None,
    below: float | None = None,
    most: float | None = None,
) -> Field:
    """A number within bounds, as a float."""
    said = {"above": above, "from": least, "below": below, "up to": most}
    bounds = " and ".join(f"{word} {bound:g}" for word, bound in said.items() if bound is not None)

    def check(value: object) -> float:
        is_in = _is_number(value) and (
            (above is None or value > above)  # type: ignore[operator]
            and (least is None or value >= least)  # type: ignore[operator]
            and (below is None or value < below)  # type: ignore[operator]
            and (most is None or value <= most)  # type: ignore[operator]
        )
        if not is_in:
            raise InvalidArgument(f"expected a number {bounds}")
        return float(value)  # type: ignore[arg-type]

    return _value(check)(default)


def whole(default: Any = None, *, least: int, most: int = 2**63 - 1) -> Field:
    """A whole number within bounds."""

    def check(value: object) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            raise InvalidArgument(f"expected a whole number from {least} to {most}")
        return value

    return _value(check)(default)


def _check_string(value: object) -> str:
    if not isinstance(value, str) or not value:
        raise InvalidArgument("expected a string that is not empty")
    return value


def _check_flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise InvalidArgument("expected true or false")
    return value


def _check_names(value: object) -> list[str | int | bool]:
    if not isinstance(value, list) or not all(isinstance(entry, str | int) for entry in value):
        raise InvalidArgument("expected a list of strings, whole numbers or booleans")
    return value


def _check_numbers(value: object) -> list[float]:
    if not isinstance(value, list) or not all(map(_is_number, value)):
        raise InvalidArgument("expected a list of numbers")
    return [float(entry) for entry in value]


def _check_rate(value: object) -> float | str:
    if isinstance(value, str):
        rate_per_second(value)
        return value
    if not _is_number(value) or not 1e-100 <= value <= 1:  # type: ignore[operator]
        raise InvalidArgument('expected a number above 0 and up to 1, or a rate such as "1/30d"')
    return float(value)  # type: ignore[arg-type]


def _check_length(value: object) -> int | str:
    if isinstance(value, str):
        seconds_of(value)
        return value
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= _MOST_UPDATES:
        raise InvalidArgument('expected a whole number of updates, or a length such as "7d"')
    return value


string = _value(_check_string)
flag = _value(_check_flag)
names = _value(_check_names)
numbers = _value(_check_numbers)
rate = _value(_check_rate)
length = _value(_check_length)


def one_of(known: tuple[str, ...], default: Any = None) -> Field:
    """One of some words."""

    def check(value: object) -> str:
        if not isinstance(value, str):
            raise InvalidArgument(f"expected one of {', '.join(known)}")
        if value not in known:
            raise InvalidArgument(f"there is no such word{nearest(value, known)}")
        return value

    return _value(check)(default)


def table(fields: Fields, default: Any = None) -> Field:
    """A table with these keys."""
    return Field(lambda document, path, value: read_table(document, path, value, fields), default)


def tables(fields: Fields, default: Any = None) -> Field:
    """A list of such tables, not empty."""

    def read(document: Document, path: Path, value: object) -> list[dict[str, Any]]:
        if not isinstance(value, list) or not value:
            what = f"{path_text(path)} = {value_text(value)}: expected a list of tables"
            raise document.error(path, what)
        return [read_table(document, (*path, i), entry, fields) for i, entry in enumerate(value)]

    return Field(read, default)


def read_table(document: Document, path: Path, value: object, fields: Fields) -> dict[str, Any]:
    """A table's checked values, those that it leaves out included.

    Raises:
        InvalidArgument: says where, which key, its value and what is allowed.
    """
    if not isinstance(value, dict):
        what = f"{path_text(path)} = {value_text(value)}: expected a table"
        raise document.error(path, what)
    document.check_keys(path, value, fields)
    read: dict[str, Any] = {}
    for name, field in fields.items():
        if name in value:
            read[name] = field.read(document, (*path, name), value[name])
        elif field.default is REQUIRED:
            raise document.error(path, f"{path_text(path)}: {name} is missing")
        else:
            read[name] = field.default
    return read
