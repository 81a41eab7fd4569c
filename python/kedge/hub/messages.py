"""The hub's messages of Protocol Buffers, as proto/kedge/v1/hub.proto has them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from kedge._core import CorruptData
from kedge.serve import wire

__all__ = [
    "Fields",
    "bytes_of",
    "joined",
    "message",
    "number_of",
    "parse",
    "parts_of",
    "text_of",
    "texts_of",
]

Fields = dict[int, list[int | bytes]]


def parse(data: bytes) -> Fields:
    """All values of each field.

    Raises:
        CorruptData: it is no message.
    """
    out: Fields = {}
    for number, value in wire.fields(data):
        out.setdefault(number, []).append(value)
    return out


def message(values: Mapping[int, Any]) -> bytes:
    """Fields of numbers, texts, bytes, or lists of them; what is empty is left out."""
    out = []
    for number, value in values.items():
        for one in value if isinstance(value, (list, tuple)) else (value,):
            if isinstance(one, int):
                out.append(wire.integer(number, one) if one else b"")
            elif one or isinstance(value, (list, tuple)):
                out.append(wire.part(number, one))
    return b"".join(out)


def number_of(fields: Fields, number: int) -> int:
    """A whole number; 0 without."""
    value = fields.get(number, [0])[-1]
    if not isinstance(value, int):
        raise CorruptData(f"field {number} is no number")
    return value


def bytes_of(fields: Fields, number: int) -> bytes:
    """Bytes; empty without."""
    return parts_of(fields, number)[-1] if number in fields else b""


def parts_of(fields: Fields, number: int) -> list[bytes]:
    """All of a repeated field."""
    found = []
    for value in fields.get(number, []):
        if not isinstance(value, bytes):
            raise CorruptData(f"field {number} is a number")
        found.append(value)
    return found


def text_of(fields: Fields, number: int) -> str:
    """A text; empty without."""
    return _text(number, bytes_of(fields, number))


def texts_of(fields: Fields, number: int) -> list[str]:
    """All of a repeated one."""
    return [_text(number, value) for value in parts_of(fields, number)]


def _text(number: int, value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        raise CorruptData(f"field {number} is no text") from None


def joined(parts: Iterable[bytes]) -> bytes:
    """All data of a stream of parts."""
    return b"".join(bytes_of(parse(part), 1) for part in parts)
