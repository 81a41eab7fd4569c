"""Avro's binary encoding, written value by value."""

from __future__ import annotations

import json
import struct
from typing import Any


def long(value: int) -> bytes:
    bits = (value << 1) ^ (value >> 63)
    out = bytearray()
    while bits > 0x7F:
        out.append(bits & 0x7F | 0x80)
        bits >>= 7
    return bytes([*out, bits])


def text(value: bytes) -> bytes:
    return long(len(value)) + value


def blocks(items: list[bytes], sized: bool) -> bytes:
    if not items:
        return long(0)
    body = b"".join(items)
    head = long(-len(items)) + long(len(body)) if sized else long(len(items))
    return head + body + long(0)


def encode(schema: Any, value: Any, sized: bool = False) -> bytes:
    """`sized` gives blocks with their bytes; a union's value is (branch, value)."""
    kind = schema["type"] if isinstance(schema, dict) else schema
    if isinstance(kind, list):
        return long(value[0]) + encode(kind[value[0]], value[1], sized)
    if isinstance(kind, dict):
        return encode(kind, value, sized)
    match kind:
        case "null":
            return b""
        case "boolean":
            return bytes([value])
        case "int" | "long":
            return long(value)
        case "float":
            return struct.pack("<f", value)
        case "double":
            return struct.pack("<d", value)
        case "bytes":
            return text(value)
        case "string":
            return text(value.encode())
        case "fixed":
            return bytes(value)
        case "enum":
            return long(schema["symbols"].index(value))
        case "array":
            return blocks([encode(schema["items"], item, sized) for item in value], sized)
        case "map":
            pairs = [
                text(k.encode()) + encode(schema["values"], v, sized) for k, v in value.items()
            ]
            return blocks(pairs, sized)
        case "record":
            return b"".join(encode(f["type"], value[f["name"]], sized) for f in schema["fields"])
    raise ValueError(json.dumps(schema))
