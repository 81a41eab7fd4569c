"""The few messages of Protocol Buffers that Python itself writes and reads."""

from __future__ import annotations

from collections.abc import Iterator

from kedge._core import CorruptData

__all__ = ["fields", "integer", "part", "varint", "varints"]

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_FIXED = {_FIXED64: 8, _FIXED32: 4}


def varint(value: int) -> bytes:
    """A whole number from 0, or one below as 64 bits say it."""
    value &= (1 << 64) - 1
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def integer(field: int, value: int) -> bytes:
    """One field of a whole number, an enum or a bool."""
    return varint(field << 3 | _VARINT) + varint(value)


def part(field: int, value: bytes | str) -> bytes:
    """One field of text, bytes or a message."""
    data = value.encode() if isinstance(value, str) else value
    return varint(field << 3 | _BYTES) + varint(len(data)) + data


def fields(message: bytes) -> Iterator[tuple[int, int | bytes]]:
    """The number and value of each field, those of fixed size as their bytes.

    Raises:
        CorruptData: it is no message.
    """
    at = 0
    while at < len(message):
        tag, at = _varint_at(message, at)
        wire = tag & 7
        if wire == _VARINT:
            value, at = _varint_at(message, at)
            yield tag >> 3, value
            continue
        if wire == _BYTES:
            size, at = _varint_at(message, at)
        elif wire in _FIXED:
            size = _FIXED[wire]
        else:
            raise CorruptData(f"field {tag >> 3} is of wire type {wire}")
        if size > len(message) - at:
            raise CorruptData(f"field {tag >> 3} has {size} bytes of {len(message) - at} left")
        yield tag >> 3, message[at : at + size]
        at += size


def varints(packed: bytes) -> list[int]:
    """The elements of a packed list of whole numbers."""
    out, at = [], 0
    while at < len(packed):
        value, at = _varint_at(packed, at)
        out.append(value)
    return out


def _varint_at(message: bytes, at: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 70, 7):
        if at >= len(message):
            break
        byte = message[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
    raise CorruptData(f"no varint ends at byte {at}")
