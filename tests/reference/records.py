"""What records are in columns, by Python's own parsers and rules said one by one."""

from __future__ import annotations

import json
import math
import re
import struct
from collections.abc import Sequence
from datetime import datetime, timezone
from decimal import Decimal
from typing import Any

RANGES = {
    **{f"int{bits}": (-(1 << bits - 1), (1 << bits - 1) - 1) for bits in (8, 16, 32, 64)},
    **{f"uint{bits}": (0, (1 << bits) - 1) for bits in (8, 16, 32, 64)},
}
ISO = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
    r"([T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,9})?)?(Z|[+-][0-9]{2}:[0-9]{2})?)?"
)
EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


class Refused(Exception):
    """A record that is no row."""


class Number(str):
    """A number as it was spelled."""


def no_constant(spelling: str) -> None:
    raise Refused(spelling)


def pairs(items: list[tuple[str, Any]]) -> list[tuple[str, Any]]:
    return items


def parse(record: bytes) -> list[tuple[str, Any]]:
    try:
        value = json.loads(
            record.decode(),
            parse_int=Number,
            parse_float=Number,
            parse_constant=no_constant,
            object_pairs_hook=lambda items: ("object", items),
        )
        json.dumps(value, ensure_ascii=False).encode()  # no half of a surrogate pair
    except (ValueError, RecursionError) as error:
        raise Refused(str(error)) from error
    if not (isinstance(value, tuple) and value[0] == "object"):
        raise Refused("not an object")
    return value[1]


def walk(items: list[tuple[str, Any]], prefix: str, columns: Sequence[str], out: dict) -> None:
    """Every value that a column asks for, by the column's name."""
    nodes = {name[:i] for name in columns for i, c in enumerate(name) if c == "."}
    seen = set()
    for name, value in items:
        path = f"{prefix}{name}"
        if path in columns:
            if path in out:
                raise Refused(f"{path} twice")
            out[path] = value
        elif path in nodes:
            if path in seen:
                raise Refused(f"{path} twice")
            seen.add(path)
            if value is None:
                continue
            if not (isinstance(value, tuple) and value[0] == "object"):
                raise Refused(f"{path} is no object")
            walk(value[1], f"{path}.", columns, out)


def nearest_float32(spelling: str) -> float:
    """By hand: a double in between would round twice."""
    exact = Decimal(spelling)
    if math.isinf(float(spelling)):
        raise Refused(spelling)
    guess = struct.unpack("<f", struct.pack("<f", float(spelling)))[0]
    bits = struct.unpack("<i", struct.pack("<f", abs(guess)))[0]
    near = []
    for other in (bits - 1, bits, bits + 1):
        if 0 <= other < 0x7F800000:
            value = struct.unpack("<f", struct.pack("<i", other))[0]
            near.append((abs(abs(exact) - Decimal(value)), other & 1, value))
    value = min(near)[2]
    return -value if spelling.startswith("-") else value


def number(spelling: str, type_: str) -> float | int:
    if type_ == "float64":
        value = float(spelling)
    elif type_ == "float32":
        try:
            value = nearest_float32(spelling)
        except OverflowError as error:
            raise Refused(spelling) from error
    else:
        if any(c in spelling for c in ".eE"):
            raise Refused(f"{spelling} is no integer")
        low, high = RANGES["int64" if type_.startswith("timestamp") else type_]
        if not low <= int(spelling) <= high:
            raise Refused(f"{spelling} is beyond {type_}")
        return int(spelling)
    if value in (float("inf"), float("-inf")):
        raise Refused(f"{spelling} is beyond {type_}")
    return value


def micros(text: str) -> int:
    """Microseconds since 1970; of the forms of ISO 8601 that kedge knows."""
    if not ISO.fullmatch(text):
        raise Refused(text)
    head, point, tail = text.partition(".")
    digits = re.match("[0-9]*", tail)[0]
    if digits[6:].strip("0"):
        raise Refused(f"{text} has nanoseconds")
    short = head + point + digits[:6].ljust(6 if point else 0, "0") + tail[len(digits) :]
    try:
        time = datetime.fromisoformat(short.replace("Z", "+00:00"))
        since = time.replace(tzinfo=time.tzinfo or timezone.utc) - EPOCH
    except (ValueError, OverflowError) as error:
        raise Refused(text) from error
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def convert(value: Any, type_: str) -> Any:
    if value is None:
        return None
    if isinstance(value, Number) and type_ not in ("bool", "utf8"):
        return number(value, type_)
    if isinstance(value, bool) and type_ == "bool":
        return value
    if isinstance(value, str) and not isinstance(value, Number):
        if type_ == "utf8":
            return value
        if type_ == "timestamp[us]":
            return micros(value)
    raise Refused(f"wanted {type_}, got {value!r}")


def json_row(record: bytes, schema: dict[str, str]) -> dict[str, Any]:
    """The record's values by column; raises Refused."""
    found: dict[str, Any] = {}
    walk(parse(record), "", list(schema), found)
    row = {}
    for name, type_ in schema.items():
        row[name] = convert(found.get(name), type_.removesuffix(" not null"))
        if row[name] is None and type_.endswith(" not null"):
            raise Refused(f"{name} is null")
    return row


def json_rows(
    records: Sequence[bytes], schema: dict[str, str]
) -> tuple[dict[str, list[Any]], list[int]]:
    """Columns of the records that are rows, and which are not."""
    columns: dict[str, list[Any]] = {name: [] for name in schema}
    refused = []
    for index, record in enumerate(records):
        try:
            row = json_row(record, schema)
        except Refused:
            refused.append(index)
            continue
        for name, value in row.items():
            columns[name].append(value)
    return columns, refused


BOOLS = {"true": True, "True": True, "TRUE": True, "1": True}
BOOLS |= {"false": False, "False": False, "FALSE": False, "0": False}
NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")
WORDS = dict.fromkeys(("NaN", "nan", "NAN"), math.nan)
WORDS |= {
    f"{sign}{w}": float(f"{sign}inf") for sign in ("", "-") for w in ("inf", "Infinity", "Inf")
}


def csv_value(text: str, type_: str) -> Any:
    """Of a field whose type is not text."""
    if text == "":
        return None
    if type_ == "bool":
        if text not in BOOLS:
            raise Refused(text)
        return BOOLS[text]
    if NUMBER.fullmatch(text):
        return number(text, type_)
    if type_.startswith("float") and text in WORDS:
        return WORDS[text]
    return convert(text, type_) if type_.startswith("timestamp") else number("0.5", "int8")
