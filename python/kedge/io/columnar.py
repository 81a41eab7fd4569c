"""Parquet and Arrow files from any row on."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet

from kedge.loop.ports import Rejected

__all__ = ["ColumnarReader"]

_BUFFER_BYTES = 1 << 16
_MOST_ROWS = 65536

_Batches = Generator[pa.RecordBatch, None, None]


class ColumnarReader:
    """The rows of one file.

    Args:
        path: of the file.
        format: "parquet" or "arrow".
        offset: how many rows to pass over.
        schema: what the rows must have; other columns are left out. None: all that there is.
    """

    def __init__(self, path: Path, format: str, offset: int, schema: pa.Schema | None) -> None:
        self.offset = offset
        self.schema = schema
        self._batches = (_parquet if format == "parquet" else _arrow)(path, offset)
        self._held: pa.RecordBatch | None = None

    def read(self, rows: int) -> tuple[pa.Table | None, list[Rejected]] | None:
        """The next rows; None at the end.

        Raises:
            pyarrow.ArrowException: the rest of the file cannot be read, or has other columns.
        """
        if self._held is None:
            self._held = next(self._batches, None)
        if self._held is None:
            return None
        taken = self._held.slice(0, rows)
        self._held = self._held.slice(rows) if self._held.num_rows > rows else None
        table = self._checked(pa.Table.from_batches([taken]))
        self.offset += taken.num_rows
        return table, []

    def close(self) -> None:
        """Let the file go."""
        self._batches.close()

    def _checked(self, table: pa.Table) -> pa.Table:
        if self.schema is None:
            self.schema = table.schema.remove_metadata()
        for field in self.schema:
            if table.schema.get_field_index(field.name) < 0:
                raise pa.ArrowInvalid(f'there is no one column "{field.name}"')
            its = table.schema.field(field.name).type
            if its != field.type:
                raise pa.ArrowInvalid(f'column "{field.name}" is {its}, before it was {field.type}')
        return table.select(self.schema.names)


def _parquet(path: Path, offset: int) -> _Batches:
    with pa.parquet.ParquetFile(path, pre_buffer=False, buffer_size=_BUFFER_BYTES) as file:
        groups = file.metadata.num_row_groups
        first = 0
        while first < groups and offset >= file.metadata.row_group(first).num_rows:
            offset -= file.metadata.row_group(first).num_rows
            first += 1
        if first < groups:
            wanted = list(range(first, groups))
            yield from _from_row(
                file.iter_batches(_MOST_ROWS, row_groups=wanted, use_threads=False), offset
            )


def _arrow(path: Path, offset: int) -> _Batches:
    with path.open("rb") as file:
        is_file = file.read(6) == b"ARROW1"
    with pa.OSFile(str(path)) as source:
        if is_file:
            reader = pa.ipc.open_file(source)
            every = (reader.get_batch(i) for i in range(reader.num_record_batches))
            yield from _from_row(every, offset)
        else:
            yield from _from_row(iter(pa.ipc.open_stream(source)), offset)


def _from_row(batches: Iterator[pa.RecordBatch], offset: int) -> Iterator[pa.RecordBatch]:
    for batch in batches:
        batch.validate()  # pyarrow believes what a file says of its buffers
        if batch.num_rows <= offset:
            offset -= batch.num_rows
        else:
            yield batch.slice(offset)
            offset = 0
