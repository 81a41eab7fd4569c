"""Rows as records of Avro (Apache Avro 1.12, binary encoding), a column at a time.

Each column becomes pieces: bytes one after the other, and how many of them each row has. A row is
its pieces in the order of the schema's fields, and all are put in their places at once.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from kedge._core import InvalidArgument, Unsupported, avro_canonical

__all__ = ["AvroRows"]

_TYPES = {
    "boolean": pa.bool_(),
    "int": pa.int32(),
    "long": pa.int64(),
    "float": pa.float32(),
    "double": pa.float64(),
    "bytes": pa.large_binary(),
    "string": pa.large_string(),
}
_UNITS = {"millis": "ms", "micros": "us", "nanos": "ns"}
Piece = tuple[NDArray[np.uint8], NDArray[np.int64]]


@dataclass(frozen=True)
class _Field:
    name: str
    kind: str
    logical: str  # of a time; else empty
    branches: tuple[int, int] | None  # where null and the value stand in a union


class AvroRows:
    """The records of one schema.

    Args:
        schema: a record in JSON: its fields are columns by name, of the types bool, int, long,
            float, double, bytes, string, and with the logical types of dates and timestamps; or of
            a union with null.
        id: of a schema registry, to stand before each record.

    Raises:
        CorruptData: it is no schema.
        InvalidArgument: the id has not 32 bits.
        Unsupported: a field has another type.
    """

    def __init__(self, schema: str, id: int | None = None) -> None:
        avro_canonical(schema)
        made = json.loads(schema)
        if not isinstance(made, Mapping) or made.get("type") != "record":
            raise Unsupported("Avro schema: expected a record")
        if id is not None and not 0 <= id < 2**32:
            raise InvalidArgument(f"the id of a schema has 32 bits, and {id} has not")
        self._fields = [_field(it) for it in made["fields"]]
        self._head = b"" if id is None else b"\0" + id.to_bytes(4, "big")

    def encode(self, table: pa.Table) -> list[bytes]:
        """A record for each row. Numbers of 64 bits without a sign keep the bits.

        Raises:
            InvalidArgument: a column is missing, or a value is none of its field's.
        """
        rows = table.num_rows
        head = np.tile(np.frombuffer(self._head, np.uint8), rows)
        pieces: list[Piece] = [(head, np.full(rows, len(self._head)))]
        for field in self._fields:
            if field.name not in table.column_names:
                raise InvalidArgument(f'avro: the rows have no column "{field.name}"')
            try:
                pieces += _pieces(field, table[field.name])
            except pa.ArrowException as error:
                raise InvalidArgument(f'avro: column "{field.name}": {error}') from None
        return _rows(pieces)


def _field(declared: Mapping[str, Any]) -> _Field:
    name, type = declared["name"], declared["type"]
    branches = None
    if isinstance(type, list):
        if len(type) != 2 or "null" not in type:
            raise Unsupported(f'Avro schema: field "{name}": a union of other than null and a type')
        null = type.index("null")
        branches, type = (null, 1 - null), type[1 - null]
    about = type if isinstance(type, Mapping) else {"type": type}
    kind, logical = about["type"], str(about.get("logicalType", ""))
    if kind not in _TYPES:
        raise Unsupported(f'Avro schema: field "{name}": {kind} is no type of a column here')
    is_time = (kind, logical) == ("int", "date") or (kind == "long" and "timestamp-" in logical)
    if logical == "decimal":
        raise Unsupported(f'Avro schema: field "{name}": decimal is no type of a column here')
    return _Field(name, kind, logical if is_time else "", branches)


def _pieces(field: _Field, column: pa.ChunkedArray) -> list[Piece]:
    is_valid = column.is_valid().to_numpy()
    pieces: list[Piece] = []
    if field.branches is not None:
        null, value = field.branches
        pieces.append((np.where(is_valid, 2 * value, 2 * null).astype(np.uint8), _ones(is_valid)))
    elif not is_valid.all():
        raise InvalidArgument(f'avro: column "{field.name}" has nulls, which its field may not be')
    for data, sizes in _values(field.kind, _as_field(field, column.drop_null())):
        spread = np.zeros(len(is_valid), np.int64)
        spread[is_valid] = sizes
        pieces.append((data, spread))
    return pieces


def _as_field(field: _Field, values: pa.ChunkedArray) -> pa.Array:
    """Of the field's own type; fails where a value is none of it."""
    type = values.type
    if pa.types.is_dictionary(type):
        values, type = values.cast(type.value_type), type.value_type
    if type == pa.uint64() and field.kind == "long":
        chunks = [it.view(pa.int64()) for it in values.chunks]
        values = pa.chunked_array(chunks, pa.int64())
    elif field.logical == "date":
        values = values.cast(pa.date32())
    elif field.logical:
        unit = _UNITS[field.logical.rpartition("-")[2]]
        values = values.cast(pa.timestamp(unit, getattr(type, "tz", None)))
    found = values.cast(_TYPES[field.kind]).combine_chunks()
    assert isinstance(found, pa.Array)
    return found


def _values(kind: str, values: pa.Array) -> list[Piece]:
    if kind in ("int", "long"):
        return [_varints(values.to_numpy().astype(np.int64))]
    if kind in ("string", "bytes"):
        sizes = pc.binary_length(values).to_numpy().astype(np.int64)
        _, offsets, data = values.buffers()
        begin = np.frombuffer(offsets, np.int64)[values.offset] if len(values) else 0
        held = np.frombuffer(data or b"", np.uint8)[begin : begin + sizes.sum()]
        return [_varints(sizes), (held, sizes)]
    numbers = np.ascontiguousarray(values.to_numpy(zero_copy_only=False))
    little = numbers.astype(numbers.dtype.newbyteorder("<"), copy=False)
    return [(little.view(np.uint8), np.full(len(numbers), numbers.itemsize))]


def _varints(values: NDArray[np.int64]) -> Piece:
    """Seven bits a byte, the lowest first, of which all but the last have the eighth set; numbers
    near zero are short whatever their sign."""
    bits = ((values << 1) ^ (values >> 63)).view(np.uint64)
    most = 1 if len(bits) == 0 else max(1, -(-int(bits.max()).bit_length() // 7))
    shifts = np.arange(0, 7 * most, 7, dtype=np.uint64)
    septets = bits[:, None] >> shifts
    is_there = septets > 0
    is_there[:, 0] = True
    goes_on = np.zeros_like(is_there)
    goes_on[:, :-1] = is_there[:, 1:]
    data = (septets & np.uint64(0x7F)).astype(np.uint8) | (goes_on << 7).astype(np.uint8)
    return data[is_there], is_there.sum(axis=1)


def _rows(pieces: Sequence[Piece]) -> list[bytes]:
    sizes = np.stack([sizes for _, sizes in pieces])
    ends = np.cumsum(sizes.sum(axis=0))
    at = ends - sizes.sum(axis=0)
    out = np.empty(int(ends[-1]) if len(ends) else 0, np.uint8)
    for data, its in pieces:
        before = np.cumsum(its) - its
        out[np.repeat(at - before, its) + np.arange(len(data))] = data
        at = at + its
    held = out.tobytes()
    return [held[begin:end] for begin, end in pairwise([0, *ends.tolist()])]


def _ones(like: NDArray[Any]) -> NDArray[np.int64]:
    return np.ones(len(like), np.int64)
