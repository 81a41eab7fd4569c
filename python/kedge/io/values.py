"""Values of messages as columns, many at once; `FORMATS` has what there is by name.

JSON, Avro and Protobuf are decoded by `kedge.records`: a value is a row, or it is refused with the
reason. What only pyarrow can decode (JSON with lists or objects as columns, Arrow IPC) is taken in
one call, and halved when that cannot be until the values that are wrong stand alone.
"""

from __future__ import annotations

import base64
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pyarrow as pa

from kedge._core import ProtobufRecords, Rejected
from kedge.io.avro_writers import AvroWriters
from kedge.io.readers import arrow_type
from kedge.io.records import Block, JsonDecoder, reason_of
from kedge.loop.ports import Options

__all__ = [
    "FORMATS",
    "ArrowValues",
    "AvroValues",
    "JsonValues",
    "ProtobufValues",
    "Values",
    "values_of",
]

_NO_VALUE = "no value"
Decoded = tuple[pa.Table | None, dict[int, str]]


class _Records(Protocol):
    def decode(self, data: object) -> tuple[object, list[Rejected]]: ...


class Values(ABC):
    """What decodes values.

    Args:
        schema: of the rows; None until the first values have brought one.
    """

    def __init__(self, schema: pa.Schema | None = None) -> None:
        self.schema = schema

    def decode(self, values: Sequence[bytes | None]) -> Decoded:
        """The rows of all values that have some, and the reasons why others have none, by place."""
        if all(values):
            return self._decode(values)  # type: ignore[arg-type]
        places = [place for place, value in enumerate(values) if value is not None]
        table, found = self._decode([value for value in values if value is not None])
        wrong = dict.fromkeys(range(len(values)), _NO_VALUE)
        for place in places:
            del wrong[place]
        wrong |= {places[at]: reason for at, reason in found.items()}
        return table, dict(sorted(wrong.items()))

    @abstractmethod
    def _decode(self, values: Sequence[bytes]) -> Decoded:
        """The same of values that are there."""

    def position(self) -> dict[str, Any]:
        """What `seek` of a later run wants, for a snapshot."""
        schema = None if self.schema is None else self.schema.serialize().to_pybytes()
        return {"schema": None if schema is None else base64.b64encode(schema).decode()}

    def seek(self, held: Mapping[str, Any]) -> None:
        """Go on as an earlier run."""
        if held["schema"] is not None:
            self.schema = pa.ipc.read_schema(pa.py_buffer(base64.b64decode(held["schema"])))


class JsonValues(Values):
    """A value is an object of JSON: one row."""

    def __init__(self, types: Mapping[str, str], schema: pa.Schema | None = None) -> None:
        super().__init__(schema)
        self._types = types
        self._decoder: JsonDecoder | None = None

    def _decode(self, values: Sequence[bytes]) -> Decoded:
        if self._decoder is None:
            if not values:
                return None, {}
            try:
                self._begin(values)
            except (pa.ArrowException, UnicodeDecodeError) as error:
                return None, dict.fromkeys(range(len(values)), reason_of(error))
        assert self._decoder is not None
        flat = self._decoder.flat
        return _decoded(flat, values) if flat else _halved(self._decoder.objects, values)

    def _begin(self, values: Sequence[bytes]) -> None:
        """With the schema of an earlier run, or that of the first values."""
        if self.schema is None:
            ends = np.cumsum([len(value) + 1 for value in values])
            block = Block(b"\n".join([*values, b""]), ends, 0)
            self.schema = JsonDecoder.of(block, self._types).schema
        self._decoder = JsonDecoder(self.schema)


class ArrowValues(Values):
    """A value is a stream of Arrow IPC: any number of rows."""

    def _decode(self, values: Sequence[bytes]) -> Decoded:
        return _halved(self._table, values)

    def _table(self, values: Sequence[bytes]) -> pa.Table:
        tables = []
        for value in values:
            try:
                read = pa.ipc.open_stream(value).read_all()
                read.validate(full=True)
            except OSError as error:  # what pyarrow calls a stream that is cut off
                raise pa.ArrowInvalid(str(error)) from None
            tables.append(read)
        schema = self.schema or tables[0].schema
        table = pa.concat_tables([it.cast(schema) for it in tables])
        self.schema = schema
        return table


class AvroValues(Values):
    """A value is a record of Avro, of writers that are known or that a registry knows."""

    def __init__(self, types: Mapping[str, str], writers: AvroWriters) -> None:
        super().__init__(_schema_of(types))
        self._writers = writers
        self._records = writers.records(self.schema)

    def _decode(self, values: Sequence[bytes]) -> Decoded:
        rows, rejected = self._records.decode(values)
        refused = [values[it.index] for it in rejected]
        if refused and self._writers.meet(self._records, refused):
            rows, rejected = self._records.decode(values)
        wrong = {
            it.index: self._writers.reason(values[it.index]) or reason_of(it) for it in rejected
        }
        return _table(rows), wrong

    def position(self) -> dict[str, Any]:
        """With the fingerprints of the writers' schemas."""
        return {**super().position(), "writers": self._writers.fingerprints}

    def seek(self, held: Mapping[str, Any]) -> None:
        """Refuses writers that are not those of the snapshot."""
        super().seek(held)
        self._writers.check(held["writers"])
        self._records = self._writers.records(self.schema)


class ProtobufValues(Values):
    """A value is a message of Protocol Buffers."""

    def __init__(
        self, types: Mapping[str, str], descriptors: bytes, message: str, framed: bool
    ) -> None:
        super().__init__(_schema_of(types))
        self._made = descriptors, message, framed
        self._records = ProtobufRecords(self.schema, descriptors, message, framed=framed)

    def _decode(self, values: Sequence[bytes]) -> Decoded:
        return _decoded(self._records, values)

    def seek(self, held: Mapping[str, Any]) -> None:
        """With the columns of the snapshot."""
        super().seek(held)
        descriptors, message, framed = self._made
        self._records = ProtobufRecords(self.schema, descriptors, message, framed=framed)


def _schema_of(types: Mapping[str, str]) -> pa.Schema:
    return pa.schema([(name, arrow_type(type)) for name, type in types.items()])


def _decoded(records: _Records, values: Sequence[bytes]) -> Decoded:
    rows, rejected = records.decode(values)
    return _table(rows), {it.index: reason_of(it) for it in rejected}


def _table(rows: object) -> pa.Table | None:
    table = pa.table(rows)
    return table if table.num_rows else None


def _halved(table_of: Callable[[Sequence[bytes]], pa.Table], values: Sequence[bytes]) -> Decoded:
    """By what takes all or nothing."""
    wrong: dict[int, str] = {}
    tables: list[pa.Table] = []
    waiting = [(0, len(values))] if values else []
    while waiting:
        low, high = waiting.pop()
        try:
            tables.append(table_of(values[low:high]))
        except (pa.ArrowException, UnicodeDecodeError, ValueError) as error:
            if high - low == 1:
                wrong[low] = reason_of(error)
                continue
            middle = (low + high) // 2
            waiting += [(middle, high), (low, middle)]
    return (pa.concat_tables(tables) if tables else None), wrong


def _json(options: Options, topics: Sequence[str]) -> Values:
    return JsonValues(options.table("columns", arrow_type))


def _arrow(options: Options, topics: Sequence[str]) -> Values:
    return ArrowValues()


def _avro(options: Options, topics: Sequence[str]) -> Values:
    return AvroValues(_columns(options), AvroWriters.of(options, topics))


def _protobuf(options: Options, topics: Sequence[str]) -> Values:
    types, descriptors = _columns(options), Path(options.path("schema"))
    message, framed = options.text("message"), options.flag("framed")
    try:
        return ProtobufValues(types, descriptors.read_bytes(), message, framed)
    except OSError as error:
        raise options.error("schema", str(error)) from None


def _columns(options: Options) -> dict[str, str]:
    types = options.table("columns", arrow_type)
    if not types:
        raise options.error("columns", "expected the fields to read, with their types")
    return types


FORMATS: Mapping[str, Callable[[Options, Sequence[str]], Values]] = {
    "json": _json,
    "arrow": _arrow,
    "avro": _avro,
    "protobuf": _protobuf,
}
"""What decodes values of topics, as a pipeline's `[source]` describes it."""


def values_of(options: Options, topics: Sequence[str]) -> Values:
    """As `format` says."""
    format = options.text("format", "json")
    if format not in FORMATS:
        raise options.error("format", f"expected one of {', '.join(FORMATS)}")
    return FORMATS[format](options, topics)
