"""Files as a sink: one for each epoch that had rows, visible when the epoch is published."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa

from kedge.io.writers import Writer, writer_for
from kedge.loop.ports import Sink, Store

__all__ = ["ENDINGS", "FileSink"]

ENDINGS = {"parquet": ".parquet", "arrow": ".arrow", "ndjson": ".ndjson", "csv": ".csv"}
"""What a kind of sink writes, by the ending of its files."""


class FileSink(Sink):
    """Writes `<prefix>-<epoch>.parquet` and the like.

    An epoch's file has a name that begins with "." until it is published, by a rename; readers of
    folders leave such names out. Epochs that come once more replace what they wrote before.

    Args:
        store: the folder; its other files are left alone.
        ending: the format.
        prefix: how names begin.
    """

    def __init__(self, store: Store, ending: str, prefix: str) -> None:
        self._store, self._ending, self._prefix = store, ending, prefix
        self._write = writer_for(Path(f"part{ending}"))
        self._is_first = True
        self._epoch = 0
        self._file: BinaryIO | None = None
        self._writer: Writer | None = None
        self._schema: pa.Schema | None = None
        self._open = ExitStack()

    def begin(self, epoch: int) -> None:
        """Drops files of this epoch and later ones; only a start can find any."""
        self._abandon()
        self._epoch = epoch
        if not self._is_first:
            return
        self._is_first = False
        for name in self._store.names():
            its = self._epoch_of(name)
            if its is not None and (its >= epoch or name.startswith(".")):
                self._store.remove(name)

    def write(self, rows: object) -> None:
        """The first rows of an epoch make its file."""
        table = pa.table(rows)
        if self._writer is None:
            self._file = self._store.create(self._staged(self._epoch))
            self._schema = table.schema
            opened = self._write(self._file, table.schema)
            self._writer = self._open.enter_context(opened)
        elif table.schema != self._schema:
            table = table.cast(self._schema)
        self._writer.write_table(table)

    def prepare(self, epoch: int) -> None:
        """The file is whole and durable, not yet visible."""
        if self._file is None:
            return
        self._writer = None
        self._open.close()
        self._store.sync(self._file)
        self._store.sync_names()

    def publish(self, epoch: int) -> None:
        """Renames the file, if there is one."""
        is_there = self._file is not None
        self._file = None
        if not is_there and not (self._is_first and self._staged(epoch) in self._store.names()):
            return
        self._store.rename(self._staged(epoch), self._name(epoch))
        self._store.sync_names()

    def close(self) -> None:
        """What was not prepared stays under its hidden name, and goes at the next start."""
        self._abandon()

    def _abandon(self) -> None:
        if self._writer is not None:
            self._writer = None
            try:
                self._open.close()
            except OSError:  # a full disk, most likely what led here
                self._open = ExitStack()
        if self._file is not None:
            self._file.close()
            self._file = None

    def _name(self, epoch: int) -> str:
        return f"{self._prefix}-{epoch:012}{self._ending}"

    def _staged(self, epoch: int) -> str:
        return f".{self._name(epoch)}"

    def _epoch_of(self, name: str) -> int | None:
        bare = name.removeprefix(".")
        start, end = f"{self._prefix}-", self._ending
        digits = bare[len(start) : len(bare) - len(end)]
        is_ours = bare.startswith(start) and bare.endswith(end) and digits.isdecimal()
        return int(digits) if is_ours else None
