"""A folder of the file system as the place where a pipeline keeps its state."""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from kedge._core import InvalidArgument

__all__ = ["Folder", "sync_folder"]

_LOCK = "lock"


class Folder:
    """The files in a folder; see `kedge.loop.ports.Store`. Made when the first file is."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._path = Path(path)
        there = next(it for it in (self._path, *self._path.absolute().parents) if it.exists())
        if not there.is_dir():
            raise InvalidArgument(f'"{there}" is no folder')

    def names(self) -> list[str]:
        """Of all files, sorted; folders are none."""
        if not self._path.exists():
            return []
        with os.scandir(self._path) as entries:
            return sorted(entry.name for entry in entries if entry.is_file())

    def read(self, name: str) -> bytes:
        """The whole of a file."""
        return (self._path / name).read_bytes()

    def create(self, name: str) -> BinaryIO:
        """A file to write, empty."""
        self._make()
        return (self._path / name).open("wb")

    def sync(self, file: BinaryIO) -> None:
        """Write what is pending, fsync and close."""
        file.flush()
        os.fsync(file.fileno())
        file.close()

    def rename(self, old: str, new: str) -> None:
        """Give a file another name, which another file may have had."""
        (self._path / old).replace(self._path / new)

    def remove(self, name: str) -> None:
        """Delete a file, if it is there."""
        (self._path / name).unlink(missing_ok=True)

    def sync_names(self) -> None:
        """fsync of the folder."""
        sync_folder(self._path)

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Hold it alone; the system lets go of it when the process ends, however it does."""
        self._make()
        with (self._path / _LOCK).open("ab") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise InvalidArgument(f'"{self._path}" is held by another process') from None
            except OSError as error:  # a file system without locks: generations must do
                if error.errno not in (errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS):
                    raise
            yield

    def _make(self) -> None:
        """Each folder's name is durable before there is anything in it."""
        missing = [it for it in (self._path, *self._path.parents) if not it.exists()]
        for folder in reversed(missing):
            folder.mkdir(exist_ok=True)
            sync_folder(folder.parent)


def sync_folder(path: Path) -> None:
    """Names in it are so after a power cut."""
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
