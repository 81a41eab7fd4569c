"""Tables of a configuration, each read as a dataclass whose fields are its keys."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any, ClassVar, TypeVar

from kedge._core import InvalidArgument
from kedge.toml import Document

__all__ = ["ConfigTable", "check_bounds", "check_table", "read_table"]


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) for one in value)


# What a field's type asks of a value, and how that is said.
_KINDS: dict[str, tuple[Callable[[Any], bool], str]] = {
    "str": (lambda value: isinstance(value, str), "a text"),
    "bool": (lambda value: isinstance(value, bool), "true or false"),
    "int": (lambda value: isinstance(value, int) and _is_number(value), "a whole number"),
    "float": (_is_number, "a number"),
    "tuple[str, ...]": (_is_texts, "a list of texts"),
}


@dataclass(frozen=True)
class ConfigTable:
    """A table whose keys, their kinds and their defaults are a subclass's fields.

    Attributes:
        needs: a key that may not be missing or empty.
    """

    needs: ClassVar[str] = ""

    def check(self) -> None:
        """Refuse what cannot be.

        Raises:
            InvalidArgument: it begins with the key's name.
        """


_Table = TypeVar("_Table", bound=ConfigTable)


def check_bounds(read: object, bounds: Mapping[str, tuple[float, float]]) -> None:
    """Refuse an attribute that is out of its bounds.

    Raises:
        InvalidArgument: it begins with the attribute's name.
    """
    for name, (least, most) in bounds.items():
        value = getattr(read, name)
        if not least <= value <= most:
            raise InvalidArgument(f"{name} = {value}: allowed are {least} to {most}")


def check_table(
    document: Document, place: tuple[str, ...], table: Mapping[str, Any], known: Mapping[str, str]
) -> None:
    """Hold a table against the types of its keys; those of other types are others' to check.

    Raises:
        InvalidArgument: with the line, for a key that is not known or a value of another kind.
    """
    document.check_keys(place, table, known)
    for name, value in table.items():
        if known[name] not in _KINDS:
            continue
        is_kind, wanted = _KINDS[known[name]]
        if not is_kind(value):
            raise document.error((*place, name), f"{name} = {value!r}: expected {wanted}")


def read_table(document: Document, name: str, table: Any, kind: type[_Table]) -> _Table:
    """The table of this name.

    Raises:
        InvalidArgument: with the line, for a key that is missing or not known, a value of another
            kind, or one that cannot be.
    """
    if not isinstance(table, dict):
        raise document.error((name,), f"{name}: expected a table, [{name}]")
    check_table(document, (name,), table, {one.name: str(one.type) for one in fields(kind)})
    if kind.needs and table.get(kind.needs, "") == "":
        raise document.error((name,), f"{name}: {kind.needs} is missing")
    values = {key: tuple(one) if isinstance(one, list) else one for key, one in table.items()}
    read = kind(**values)
    try:
        read.check()
    except InvalidArgument as error:
        key = str(error).partition(" ")[0]
        raise document.error((name, key), str(error)) from None
    return read
