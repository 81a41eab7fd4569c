"""One writer for each file format, for tables that come one after the other."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager
from pathlib import Path
from typing import BinaryIO, Protocol, TypeAlias, cast

import pyarrow as pa
import pyarrow.csv
import pyarrow.ipc
import pyarrow.parquet

from kedge._core import Unsupported
from kedge.io.files import format_of_suffix
from kedge.io.json_lines import json_lines

__all__ = ["Writer", "writer_for"]

_GROUP_ROWS = 131_072


class Writer(Protocol):
    """What takes tables of one schema."""

    def write_table(self, table: pa.Table) -> None:
        """Write a table's rows."""

    def close(self) -> None:
        """Write what a file of this format ends with."""


Make: TypeAlias = Callable[[BinaryIO, pa.Schema], Writer]


class _Parquet:
    """Row groups of a useful size, whatever the size of the tables."""

    def __init__(self, file: BinaryIO, schema: pa.Schema) -> None:
        self._writer = pa.parquet.ParquetWriter(file, schema)
        self._pending: list[pa.Table] = []

    def write_table(self, table: pa.Table) -> None:
        self._pending.append(table)
        if sum(table.num_rows for table in self._pending) >= _GROUP_ROWS:
            self._flush()

    def _flush(self) -> None:
        if self._pending:
            self._writer.write_table(pa.concat_tables(self._pending))
        self._pending.clear()

    def close(self) -> None:
        self._flush()
        self._writer.close()


class _JsonLines:
    def __init__(self, file: BinaryIO, schema: pa.Schema) -> None:
        self._file = file

    def write_table(self, table: pa.Table) -> None:
        self._file.write("".join(f"{line}\n" for line in json_lines(table)).encode())

    def close(self) -> None:
        pass


def _csv(file: BinaryIO, schema: pa.Schema, delimiter: str = ",") -> Writer:
    options = pa.csv.WriteOptions(delimiter=delimiter)
    writer: Writer = pa.csv.CSVWriter(file, schema, write_options=options)
    return writer


def _tsv(file: BinaryIO, schema: pa.Schema) -> Writer:
    return _csv(file, schema, "\t")


_WRITERS: Mapping[str, Make] = {
    "parquet": _Parquet,
    "arrow": pa.ipc.new_file,
    "csv": _csv,
    "json": _JsonLines,
}
_OF_SUFFIX: Mapping[str, Make] = {".arrows": pa.ipc.new_stream, ".tsv": _tsv}
_PRESSED = ("csv", "json")


def writer_for(path: Path) -> Callable[[BinaryIO, pa.Schema], AbstractContextManager[Writer]]:
    """What writes to a file that is open, in the format that the ending of `path` stands for.

    Raises:
        Unsupported: the ending is unknown; when writing, a column has a type that the format does
            not take.
    """
    format = format_of_suffix(path)
    name = path.name.lower()
    is_pressed = name.endswith(".gz")
    if is_pressed and format not in _PRESSED:
        raise Unsupported(f'"{path}": {format} has a compression of its own; leave ".gz" out')
    make = _OF_SUFFIX.get(Path(name.removesuffix(".gz")).suffix, _WRITERS[format])

    @contextmanager
    def opened(file: BinaryIO, schema: pa.Schema) -> Iterator[Writer]:
        with ExitStack() as outside:
            if is_pressed:
                pressed = gzip.GzipFile("", "wb", fileobj=file, mtime=0)
                file = cast(BinaryIO, outside.enter_context(pressed))
            try:
                with closing(make(file, schema)) as writer:
                    yield writer
            except pa.ArrowException as error:
                raise Unsupported(f'"{path}": {" ".join(str(error).split())}') from error

    return opened
