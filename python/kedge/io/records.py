"""Text files as blocks of whole records, from any byte on, and blocks as tables.

JSON is decoded by `kedge.records`, which gives back the records that are wrong. What only pyarrow
decodes (CSV, and JSON with lists or objects as columns) is taken as a block at once; when it cannot
be, or its rows are not its records one by one, it is halved until the records that are wrong stand
alone, so that one of them costs a few parses and takes no good one with it.
"""

from __future__ import annotations

import codecs
import csv
import gzip
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.json
from numpy.typing import NDArray

from kedge import _core
from kedge._core import InvalidArgument, JsonRecords, Unsupported
from kedge.io.csv_nulls import table_with_nulls
from kedge.io.json_objects import null_line
from kedge.io.readers import arrow_type
from kedge.loop.ports import Rejected

__all__ = [
    "Block",
    "CsvDecoder",
    "Decoder",
    "JsonDecoder",
    "RecordFile",
    "decode",
    "flat_json",
    "header_of",
    "reason_of",
    "rejected_records",
]

_FILL_BYTES = 1 << 20
_LONGEST_RECORD = 1 << 26
_KEPT_OF_LONG = 1 << 10
_LONGEST_REASON = 300  # pyarrow quotes what it cannot read
_NEWLINE, _QUOTE = 10, 34
_SPLIT = re.compile(rb"\r[^\r\n]")  # where pyarrow ends a row, and no record ends


@dataclass(frozen=True)
class Block:
    """Whole records: their bytes, where each ends in them, and where the first stands."""

    data: bytes
    ends: NDArray[np.int64]
    offset: int

    def part(self, low: int, high: int) -> Block:
        """The records from `low` to before `high`."""
        start = int(self.ends[low - 1]) if low else 0
        ends = self.ends[low:high] - start
        return Block(self.data[start : start + int(ends[-1])], ends, self.offset + start)

    def records(self) -> list[bytes]:
        """The bytes of each."""
        ends = self.ends.tolist()
        return [self.data[low:high] for low, high in zip([0, *ends], ends, strict=False)]

    def without_mark(self) -> Block:
        """Without the mark of UTF-8 that a file may begin with."""
        if self.offset > 0 or not self.data.startswith(codecs.BOM_UTF8):
            return self
        mark = len(codecs.BOM_UTF8)
        return Block(self.data[mark:], self.ends - mark, mark)


class RecordFile:
    """A text file that is read record by record, and may still be written at its end.

    Args:
        path: of the file; one that ends in ".gz" is decompressed: offsets are those of the text.
        offset: where to begin; the start of a record.
        quoted: whether a record may have line breaks between quotes.
    """

    def __init__(self, path: Path, offset: int, quoted: bool) -> None:
        is_pressed = path.suffix.lower() == ".gz"
        opened = gzip.open(path) if is_pressed else path.open("rb")  # noqa: SIM115
        self._file = cast(BinaryIO, opened)
        self._file.seek(offset)
        self.offset = offset
        self.too_long: list[Rejected] = []
        self._quoted, self._origin = quoted, str(path)
        self._held, self._start = b"", 0
        self._ends: NDArray[np.int64] = np.empty(0, np.int64)
        self._next = 0

    def read(self, records: int, is_whole: bool) -> Block | None:
        """The next records, `records` at most; None when there is none that is whole.

        With `is_whole`, what stands behind the last line break is a record too.
        """
        if self._next == len(self._ends) and not self._fill(is_whole):
            return None
        ends = self._ends[self._next : self._next + records]
        self._next += len(ends)
        data = self._held[self._start : int(ends[-1])]
        block = Block(data, ends - self._start, self.offset)
        self._start = int(ends[-1])
        self.offset += len(data)
        return block

    def close(self) -> None:
        """Let the file go."""
        self._file.close()

    def _fill(self, is_whole: bool) -> bool:
        self._held, self._start, self._next = self._held[self._start :], 0, 0
        while True:
            more = self._file.read(_FILL_BYTES)
            self._held += more
            self._ends = self._record_ends()
            last = int(self._ends[-1]) if len(self._ends) else 0
            if not more and is_whole and len(self._held) > last:
                self._ends = np.append(self._ends, len(self._held))
            if len(self._ends) or not more:
                return len(self._ends) > 0
            if len(self._held) > _LONGEST_RECORD:
                self._skip_long()

    def _record_ends(self) -> NDArray[np.int64]:
        values = np.frombuffer(self._held, np.uint8)
        breaks = np.flatnonzero(values == _NEWLINE)
        if self._quoted:
            before = np.searchsorted(np.flatnonzero(values == _QUOTE), breaks)
            breaks = breaks[before % 2 == 0]
        return breaks + 1

    def _skip_long(self) -> None:
        """No memory holds a record without an end: its beginning is kept, the rest passed over."""
        start, kept = self.offset, self._held[:_KEPT_OF_LONG]
        passed, rest = len(self._held), b""
        while more := self._file.read(_FILL_BYTES):
            at = more.find(b"\n") + 1
            if at > 0:
                passed, rest = passed + at, more[at:]
                break
            passed += len(more)
        reason = f"a record of {passed} bytes, at most {_LONGEST_RECORD}"
        self.too_long.append(Rejected(self._origin, start, reason, kept))
        self.offset += passed
        self._held = rest


class Decoder:
    """A block into a table of one schema; raises a `pyarrow.ArrowException` when it cannot."""

    schema: pa.Schema

    def table(self, block: Block) -> pa.Table:
        """The rows of whole records, one of each that is not blank."""
        raise NotImplementedError


class JsonDecoder(Decoder):
    """One object a line; keys that the schema does not have are left out, missing ones null."""

    def __init__(self, schema: pa.Schema) -> None:
        self.schema = schema
        self.flat = flat_json(schema)
        self._parse = pa.json.ParseOptions(
            explicit_schema=schema, unexpected_field_behavior="ignore"
        )

    def table(self, block: Block) -> pa.Table:
        # Quick looks that nearly always suffice: each line begins and ends with a brace.
        data, count = block.data, len(block.ends)
        begun, ended, lines = map(data.count, (b"\n{", b"}\n", b"\n"))
        if data[:1] == b"{" and begun + 1 == ended == lines == count:
            return self._counted(data, count)
        return self.objects([it for it in map(bytes.strip, block.records()) if it])

    def objects(self, values: Sequence[bytes]) -> pa.Table:
        """The rows of values, one of each."""
        if not values:
            return self.schema.empty_table()
        if not all(it[:1] == b"{" and it[-1:] == b"}" for it in map(bytes.strip, values)):
            raise pa.ArrowInvalid("JSON parse error: no object")
        return self._counted(b"\n".join(values), len(values))

    def _counted(self, data: bytes, count: int) -> pa.Table:
        # Where one value ends and the next begins, "}" and "{" meet without a comma, and so outside
        # of any object: each value has one at least, and the count says that none has two.
        table = _json(data, self._parse).select(self.schema.names)
        if table.num_rows != count:
            raise pa.ArrowInvalid(f"JSON parse error: {table.num_rows} objects")
        return table

    @classmethod
    def of(cls, block: Block, types: Mapping[str, str]) -> JsonDecoder:
        """With the types of the first records, where `types` does not say other ones."""
        given = pa.schema([(name, arrow_type(type)) for name, type in types.items()])
        parse = pa.json.ParseOptions(explicit_schema=given, unexpected_field_behavior="infer")
        found = _inferred(block, lambda data: _json(data, parse).schema)
        # Who asks for fields by their paths wants no objects, and pyarrow finds no paths in them.
        has_paths = any("." in name for name in types)
        is_left_out = pa.types.is_nested if has_paths else lambda type: False
        kept = [it for it in found if it.name in types or not is_left_out(it.type)]
        return cls(pa.schema(kept))


def flat_json(schema: pa.Schema) -> JsonRecords | None:
    """What decodes into the schema; None when it has columns that are lists, objects and such."""
    try:
        return JsonRecords(schema)
    except (InvalidArgument, Unsupported):
        return None


def _json(data: bytes, parse: pa.json.ParseOptions) -> pa.Table:
    if null_line(data) is not None:
        raise pa.ArrowInvalid("null, and an object is wanted")
    read = pa.json.ReadOptions(use_threads=False, block_size=len(data) + 1)
    return pa.json.read_json(pa.BufferReader(data), read_options=read, parse_options=parse)


class CsvDecoder(Decoder):
    """Records of values in the order of a header.

    Raises:
        pyarrow.ArrowInvalid: the header lacks a column of the schema, or has it twice.
    """

    def __init__(self, schema: pa.Schema, header: Sequence[str], delimiter: str) -> None:
        missing = [name for name in schema.names if name not in header]
        if missing:
            raise pa.ArrowInvalid(f'there is no column "{missing[0]}"')
        for name in schema.names:
            if (count := header.count(name)) > 1:
                raise pa.ArrowInvalid(f'there are {count} columns "{name}"')
        self.schema = schema
        self._header, self._delimiter = list(header), delimiter
        self._convert = pa.csv.ConvertOptions(
            column_types=dict(zip(schema.names, schema.types, strict=True)),
            include_columns=schema.names,
        )

    def table(self, block: Block) -> pa.Table:
        table = self._rows(block.data)
        if b'"' not in block.data:
            return table  # only a quote takes what follows a record into it
        is_one = len(block.ends) == 1
        if not (is_one or self._is_one_by_one(table, block)):
            raise pa.ArrowInvalid(f"CSV parse error: {table.num_rows} rows")
        place = int(np.searchsorted(block.ends, len(block.data.rstrip(b"\r\n"))))
        last = block.part(place, place + 1).data.strip(b"\r\n")
        if b'"' in last:
            # One that is still open would take the same record in when it comes once more.
            twice = self._rows(2 * (last + b"\n")).num_rows
            if twice != 2 * (table.num_rows if is_one else 1):
                raise pa.ArrowInvalid("CSV parse error: a quote is not closed")
        return table

    @staticmethod
    def _is_one_by_one(table: pa.Table, block: Block) -> bool:
        """Whether no records are one row, and none is two, which would hide it."""
        if _SPLIT.search(block.data) is not None:
            return False
        if table.num_rows == len(block.ends):
            return True
        filled = sum(bool(it.strip(b"\r\n")) for it in block.records())
        return bool(table.num_rows == filled)

    def _rows(self, data: bytes) -> pa.Table:
        if not data.strip(b"\r\n"):
            return self.schema.empty_table()

        def read(convert: pa.csv.ConvertOptions) -> pa.Table:
            return _csv(data, self._header, self._delimiter, convert)

        return table_with_nulls(read(self._convert), read)

    @classmethod
    def of(
        cls, block: Block, types: Mapping[str, str], header: Sequence[str], delimiter: str
    ) -> CsvDecoder:
        """With the types of the first records, where `types` does not say other ones."""
        given = {name: arrow_type(type) for name, type in types.items()}
        convert = pa.csv.ConvertOptions(column_types=given)
        schema = _inferred(block, lambda data: _csv(data, list(header), delimiter, convert).schema)
        return cls(schema, header, delimiter)


def _csv(
    data: bytes, header: list[str], delimiter: str, convert: pa.csv.ConvertOptions
) -> pa.Table:
    return pa.csv.read_csv(
        pa.BufferReader(data),
        read_options=pa.csv.ReadOptions(
            use_threads=False, column_names=header, block_size=len(data) + 1
        ),
        parse_options=pa.csv.ParseOptions(delimiter=delimiter, newlines_in_values=True),
        convert_options=convert,
    )


def header_of(line: bytes, delimiter: str) -> list[str]:
    """The names in the first line of a CSV file.

    Raises:
        pyarrow.ArrowInvalid: it is no line of CSV.
    """
    text = line.decode("utf-8-sig", errors="replace").rstrip("\r\n")
    try:
        return next(csv.reader([text], delimiter=delimiter), [])
    except csv.Error as error:
        raise pa.ArrowInvalid(f"the header is no line of CSV: {error}") from None


def _inferred(block: Block, schema_of: object) -> pa.Schema:
    """The types of the first half of the records when all of them have none, and so on."""
    assert callable(schema_of)
    low, high = 0, len(block.ends)
    while True:
        try:
            return _without_nulls(schema_of(block.part(low, high).data))
        except pa.ArrowException:
            if high - low > 1:
                high = (low + high) // 2
            elif high < len(block.ends):
                low, high = high, len(block.ends)
            else:
                raise


def _without_nulls(schema: pa.Schema) -> pa.Schema:
    """A column without a value in the first records: most that come later are numbers."""
    return pa.schema(
        [it.with_type(pa.int64()) if pa.types.is_null(it.type) else it for it in schema]
    )


def reason_of(wrong: Exception | _core.Rejected) -> str:
    """Why a record is none, in one line."""
    if isinstance(wrong, _core.Rejected):
        return f"{wrong.field}: {wrong.reason}" if wrong.field else wrong.reason
    return " ".join(str(wrong).split())[:_LONGEST_REASON]


def rejected_records(block: Block, origin: str, error: Exception) -> list[Rejected]:
    """All records of a block, with one reason."""
    reason = reason_of(error)
    parts = [block.part(place, place + 1) for place in range(len(block.ends))]
    return [Rejected(origin, it.offset, reason, it.data.rstrip(b"\r\n")) for it in parts]


def decode(decoder: Decoder, block: Block, origin: str) -> tuple[pa.Table, list[Rejected]]:
    """All records that can be decoded, in their order, and those that cannot."""
    if isinstance(decoder, JsonDecoder) and decoder.flat is not None:
        return _decode_flat(decoder.flat, block, origin)
    tables: list[pa.Table] = []
    rejected: list[Rejected] = []
    waiting = [(0, len(block.ends))]
    while waiting:
        low, high = waiting.pop()
        part = block.part(low, high)
        try:
            tables.append(decoder.table(part))
        except (pa.ArrowException, UnicodeDecodeError) as error:
            if high - low == 1:
                rejected += rejected_records(part, origin, error)
                continue
            middle = (low + high) // 2
            waiting += [(middle, high), (low, middle)]
    return pa.concat_tables([decoder.schema.empty_table(), *tables]), rejected


def _decode_flat(
    records: JsonRecords, block: Block, origin: str
) -> tuple[pa.Table, list[Rejected]]:
    rows, wrong = records.decode(block.data)
    if not wrong:
        return pa.table(rows), []
    starts = [0, *block.ends.tolist()]
    # Blank lines are no records, and are not counted.
    pairs = zip(starts, block.records(), strict=False)
    begins = [low for low, it in pairs if it.strip(b" \t\r\n")]
    rejected = [
        Rejected(origin, block.offset + begins[it.index], reason_of(it), it.record) for it in wrong
    ]
    return pa.table(rows), rejected
