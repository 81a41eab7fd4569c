"""One function for each file format: the schema at once, the batches as often as wanted.

All of them read ahead as little as pyarrow lets them, in one thread, so that memory depends on the
width of a row and not on the length of the file.
"""

from __future__ import annotations

import mmap
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.csv
import pyarrow.ipc
import pyarrow.json
import pyarrow.parquet

from kedge._core import InvalidArgument, Unsupported
from kedge.io.csv_nulls import batches_with_nulls
from kedge.io.json_objects import Objects

__all__ = ["READERS", "Part", "arrow_type"]

_TYPES = (
    "bool, int8 to int64, uint8 to uint64, float32, float64, utf8, date32, "
    "timestamp[s] to timestamp[ns], which may have a zone as in timestamp[us, UTC]"
)
_MOST_ROWS = 65536
_BATCH_BYTES = 1 << 25
# Without it a column's whole chunk is read at once, a row group's size in all.
_BUFFER_BYTES = 1 << 16
_BLOCK_BYTES = 1 << 20

Batches = Iterator[tuple[pa.RecordBatch, float]]


@dataclass(frozen=True)
class Part:
    """One file.

    Attributes:
        path: where it is.
        schema: all its columns.
        row_count: how many rows it has, where its format says so.
        read: the batches with the columns at these places of the schema, each with the share of
            the file that was read when it came.
    """

    path: Path
    schema: pa.Schema
    row_count: int | None
    read: Callable[[Sequence[int]], Batches]


def arrow_type(name: str) -> pa.DataType:
    """The type that a profile calls so; of a dictionary, that of its values.

    Raises:
        InvalidArgument: there is none.
    """
    if name.startswith("dictionary<"):
        name = name.removeprefix("dictionary<").split(",")[0].removesuffix(">")
    if "utf8" in name:
        return pa.string()
    unit, _, zone = name.removeprefix("timestamp[").removesuffix("]").partition(", ")
    try:
        return pa.timestamp(unit, zone) if zone else pa.type_for_alias(name)
    except (ValueError, TypeError):
        raise InvalidArgument(f"expected one of {_TYPES}") from None


def _rows_of(size: int, rows: int) -> int:
    """How many rows are a batch where `rows` of them take `size` bytes."""
    return min(_MOST_ROWS, max(1, _BATCH_BYTES * rows // max(1, size)))


def _size_of(metadata: pa.parquet.FileMetaData, names: Sequence[str]) -> tuple[int, int]:
    """The bytes of these columns in the first row group, and its rows."""
    if metadata.num_row_groups == 0:
        return 0, 0
    group = metadata.row_group(0)
    columns = [group.column(i) for i in range(group.num_columns)]
    chosen = [c for c in columns if c.path_in_schema.split(".")[0] in names]
    values = sum(c.total_uncompressed_size for c in chosen)
    return values + 8 * len(chosen) * group.num_rows, group.num_rows


def _parquet(path: Path, types: Mapping[str, pa.DataType]) -> Part:
    def open_file() -> pa.parquet.ParquetFile:
        return pa.parquet.ParquetFile(path, pre_buffer=False, buffer_size=_BUFFER_BYTES)

    with open_file() as file:
        schema, rows = file.schema_arrow, file.metadata.num_rows

    def read(places: Sequence[int]) -> Batches:
        names = [schema.field(place).name for place in places]
        seen = 0
        with open_file() as file:
            most = _rows_of(*_size_of(file.metadata, names))
            for batch in file.iter_batches(most, columns=names, use_threads=False):
                seen += batch.num_rows
                yield batch, seen / rows

    return Part(path, schema, rows, read)


class _Mapped:
    """A file in memory whose pages are let go once they were read."""

    def __init__(self, path: Path) -> None:
        with path.open("rb") as file:
            self._memory = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        self.source = pa.BufferReader(pa.py_buffer(self._memory))

    def let_go(self) -> None:
        self._memory.madvise(mmap.MADV_DONTNEED)


def _arrow(path: Path, types: Mapping[str, pa.DataType]) -> Part:
    with path.open("rb") as file:
        start = file.read(6)
    if start.startswith(b"FEA1"):
        raise Unsupported(f'"{path}": Feather version 1; write it as version 2')
    is_file = start == b"ARROW1"
    with pa.OSFile(str(path)) as source:
        opened = pa.ipc.open_file(source) if is_file else pa.ipc.open_stream(source)
        schema = opened.schema

    def read(places: Sequence[int]) -> Batches:
        # Without `included_fields`, for which pyarrow copies the whole batch out of the map.
        mapped = _Mapped(path)
        for batch, share in (_in_file if is_file else _in_stream)(mapped.source):
            wanted = batch.select(list(places))
            wanted.validate()  # pyarrow believes what a file says of its buffers
            most = _rows_of(wanted.nbytes, wanted.num_rows)
            for start in range(0, batch.num_rows, most):
                yield wanted.slice(start, most), share
                mapped.let_go()

    return Part(path, schema, None, read)


def _in_file(source: pa.NativeFile) -> Batches:
    reader = pa.ipc.open_file(source, options=pa.ipc.IpcReadOptions(use_threads=False))
    count = reader.num_record_batches
    for i in range(count):
        yield reader.get_batch(i), (i + 1) / count


def _in_stream(source: pa.NativeFile) -> Batches:
    for batch in pa.ipc.open_stream(source, options=pa.ipc.IpcReadOptions(use_threads=False)):
        yield batch, source.tell() / source.size()


def _pressed(path: Path) -> tuple[pa.NativeFile, pa.NativeFile]:
    """The file, and what its text comes from."""
    file = pa.OSFile(str(path))
    return file, pa.CompressedInputStream(file, "gzip") if path.suffix.lower() == ".gz" else file


def _csv(path: Path, types: Mapping[str, pa.DataType]) -> Part:
    suffixes = path.name.lower().split(".")[1:]
    parse = pa.csv.ParseOptions(delimiter="\t" if "tsv" in suffixes else ",")
    options = pa.csv.ReadOptions(use_threads=False, block_size=_BLOCK_BYTES)

    def open_file(text: pa.NativeFile, convert: pa.csv.ConvertOptions) -> pa.csv.CSVStreamingReader:
        return pa.csv.open_csv(
            text, read_options=options, parse_options=parse, convert_options=convert
        )

    with _pressed(path)[1] as text:
        given = pa.csv.ConvertOptions(column_types=dict(types))
        schema = pa.schema([_seen(field) for field in open_file(text, given).schema])

    def read_again(convert: pa.csv.ConvertOptions) -> Iterator[pa.RecordBatch]:
        with _pressed(path)[1] as text:
            yield from open_file(text, convert)

    def read(places: Sequence[int]) -> Batches:
        fields = [schema.field(place) for place in places]
        convert = pa.csv.ConvertOptions(
            column_types={field.name: field.type for field in fields},
            include_columns=[field.name for field in fields],
        )
        size = path.stat().st_size
        file, text = _pressed(path)
        with text:
            for batch in batches_with_nulls(open_file(text, convert), read_again):
                yield batch, min(1.0, file.tell() / size)

    return Part(path, schema, None, read)


def _seen(field: pa.Field) -> pa.Field:
    """A column without a value in the first block: most that come later are numbers."""
    return field.with_type(pa.int64()) if pa.types.is_null(field.type) else field


def _json(path: Path, types: Mapping[str, pa.DataType]) -> Part:
    if not hasattr(pa.json, "open_json"):
        raise Unsupported(f'"{path}": JSON lines need pyarrow 19 or newer')
    options = pa.json.ReadOptions(use_threads=False, block_size=_BLOCK_BYTES)

    def open_file(text: pa.NativeFile, schema: pa.Schema | None) -> pa.RecordBatchReader:
        parse = pa.json.ParseOptions(explicit_schema=schema, unexpected_field_behavior="infer")
        objects = Objects(text, path)
        return pa.json.open_json(objects, read_options=options, parse_options=parse)

    with _pressed(path)[1] as text:
        schema = open_file(text, pa.schema(list(types.items())) if types else None).schema

    def read(places: Sequence[int]) -> Batches:
        size = path.stat().st_size
        file, text = _pressed(path)
        with text:
            for batch in open_file(text, schema):
                yield batch.select(list(places)), min(1.0, file.tell() / size)

    return Part(path, schema, None, read)


READERS: Mapping[str, Callable[[Path, Mapping[str, pa.DataType]], Part]] = {
    "parquet": _parquet,
    "arrow": _arrow,
    "csv": _csv,
    "json": _json,
}
