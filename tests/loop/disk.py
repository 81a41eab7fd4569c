"""A disk in memory that can be cut at any operation, and forgets then what a real one may forget.

What was written and not synced may be there in part; names that were given and not synced may be
there up to any point. So a cut is worse than `kill -9`, after which the system still writes all.
"""

from __future__ import annotations

import errno
import io
import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO, cast

from kedge.io.file_sink import FileSink
from kedge.loop.ports import Options, Sink, Source, Store


class Cut(BaseException):
    """The power is gone: nothing below catches it."""


class Disk:
    """Folders by path, and a count of the operations on all of them."""

    def __init__(self) -> None:
        self.folders: dict[str, MemoryFolder] = {}
        self.operations = 0
        self.cut_at: int | None = None
        self.fail_at: dict[int, int] = {}

    def folder(self, path: str) -> MemoryFolder:
        return self.folders.setdefault(path, MemoryFolder(self))

    def operate(self) -> None:
        """Before each operation."""
        self.operations += 1
        if self.operations == self.cut_at:
            raise Cut
        if self.operations in self.fail_at:
            code = self.fail_at[self.operations]
            raise OSError(code, errno.errorcode[code])

    def lose_power(self, rng: random.Random) -> None:
        """Only what is durable remains, and a random part of the rest."""
        self.operations, self.cut_at, self.fail_at = 0, None, {}
        for folder in self.folders.values():
            folder.lose_power(rng)


_BUFFERED = 4096


class _File(io.BytesIO):
    def __init__(self, disk: Disk) -> None:
        super().__init__()
        self.synced = b""
        self.content = b""
        self._disk = disk

    def write(self, data: object) -> int:  # type: ignore[override]
        written = super().write(cast(bytes, data))
        if self.tell() - len(self.content) > _BUFFERED:
            self.flush()
        return written

    def flush(self) -> None:
        if not self.closed and self.tell() > len(self.content):
            self._disk.operate()
            self.content = self.getvalue()


class MemoryFolder:
    """A store of the disk; see `kedge.loop.ports.Store`."""

    def __init__(self, disk: Disk) -> None:
        self._disk = disk
        self._files: dict[str, _File] = {}
        self._durable: dict[str, _File] = {}
        self._pending: list[dict[str, _File]] = []

    def names(self) -> list[str]:
        return sorted(self._files)

    def read(self, name: str) -> bytes:
        return self._files[name].content

    def create(self, name: str) -> BinaryIO:
        self._disk.operate()
        file = _File(self._disk)
        self._rename({**self._files, name: file})
        return file

    def sync(self, file: BinaryIO) -> None:
        made = cast(_File, file)
        made.flush()
        self._disk.operate()
        made.synced = made.content
        made.close()

    def rename(self, old: str, new: str) -> None:
        self._disk.operate()
        files = dict(self._files)
        files[new] = files.pop(old)
        self._rename(files)

    def remove(self, name: str) -> None:
        self._disk.operate()
        self._rename({its: file for its, file in self._files.items() if its != name})

    def sync_names(self) -> None:
        self._disk.operate()
        self._durable, self._pending = self._files, []

    @contextmanager
    def lock(self) -> Iterator[None]:
        yield

    def write_durably(self, name: str, content: bytes) -> None:
        """Behind everybody's back, for tests."""
        file = _File(self._disk)
        file.content = file.synced = content
        self._files = self._durable = {**self._files, name: file}

    def _rename(self, files: dict[str, _File]) -> None:
        self._files = files
        self._pending.append(files)

    def lose_power(self, rng: random.Random) -> None:
        self._files = rng.choice([self._durable, *self._pending])
        self._durable, self._pending = self._files, []
        for file in self._files.values():
            if file.content != file.synced:
                file.content = file.content[: rng.randint(0, len(file.content))]
            file.synced = file.content


class OnDisk:
    """Connectors whose sinks and state are on a disk; the source is the test's."""

    def __init__(self, disk: Disk, source: Source) -> None:
        self._disk, self._source = disk, source

    def source(self, kind: str, options: Options) -> Source:
        return self._source

    def sink(self, kind: str, options: Options) -> Sink:
        return FileSink(self.store(options.path("path")), ".arrow", "part")

    def store(self, path: str) -> Store:
        return self._disk.folder(path)
