"""Files as a sink: one for each epoch that had rows, visible when the epoch is published."""

from __future__ import annotations

import re
import secrets
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa

from kedge._core import KedgeError
from kedge.io.writers import Writer, writer_for
from kedge.loop.ports import Sink, Store

__all__ = ["ENDINGS", "FileSink"]

ENDINGS = {"parquet": ".parquet", "arrow": ".arrow", "ndjson": ".ndjson", "csv": ".csv"}
"""What a kind of sink writes, by the ending of its files."""


class FileSink(Sink):
    """Writes `<prefix>-<epoch>.parquet` and the like.

    An epoch's file has a name that begins with "." until it is published, by a rename; readers of
    folders leave such names out. That name is the process's own, so that one that was thought dead
    does not write into the file of another; the snapshot has it. An epoch that comes once more
    replaces what it wrote before.

    Args:
        store: the folder; its other files are left alone.
        ending: the format.
        prefix: how names begin.
        path: of the folder, for `makes`.
    """

    holds = "a row group"

    def __init__(self, store: Store, ending: str, prefix: str, path: str = "") -> None:
        self._store, self._ending, self._prefix = store, ending, prefix
        self.makes = str(Path(path) / self._name(1)) if path else ""
        self._write = writer_for(Path(f"part{ending}"))
        self._is_first = True
        self._token = secrets.token_hex(4)
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

    def prepare(self, epoch: int) -> str:
        """The file is whole and durable, not yet visible; the note is its name."""
        if self._file is None:
            return ""
        self._writer = None
        self._open.close()
        self._store.sync(self._file)
        self._store.sync_names()
        self._file = None
        return self._staged(epoch)

    def publish(self, epoch: int, note: str) -> None:
        """Renames the file, if there is one; after a start it may have been renamed before."""
        if note and (not self._is_first or note in self._store.names()):
            self._store.rename(note, self._name(epoch))
            self._store.sync_names()

    def close(self) -> None:
        """What was not prepared stays under its hidden name, and goes at the next start."""
        self._abandon()

    def _abandon(self) -> None:
        if self._writer is not None:
            self._writer = None
            with suppress(OSError, KedgeError):  # a full disk, most likely what led here
                self._open.close()
            self._open = ExitStack()
        if self._file is not None:
            with suppress(OSError):
                self._file.close()
            self._file = None

    def _name(self, epoch: int) -> str:
        return f"{self._prefix}-{epoch:012}{self._ending}"

    def _staged(self, epoch: int) -> str:
        return f".{self._name(epoch)}.{self._token}"

    def _epoch_of(self, name: str) -> int | None:
        ours = rf"\.?{re.escape(self._prefix)}-(\d+){re.escape(self._ending)}(\.[0-9a-f]+)?"
        found = re.fullmatch(ours, name)
        return int(found[1]) if found else None
