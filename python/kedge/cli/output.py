"""Files that are written: whole or not at all."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from kedge._core import InvalidArgument

__all__ = ["check_output", "whole_file", "write_whole"]


def check_output(option: str, path: Path, inputs: Iterable[Path]) -> None:
    """Refuse before the work what could not be written after it, or would overwrite its input."""
    if str(path) == "-":  # who types it wants a stream, and would look for it there
        raise InvalidArgument(f'{option} "-" is no file')
    if path.is_dir():
        raise InvalidArgument(f'{option} "{path}" is a folder')
    if not path.absolute().parent.is_dir():
        raise InvalidArgument(f'{option} "{path}": there is no folder "{path.parent}"')
    for read in inputs:
        if path.exists() and read.exists() and path.samefile(read):
            raise InvalidArgument(f'{option} "{path}" is the file that is read')


@contextmanager
def whole_file(path: Path) -> Iterator[BinaryIO]:
    """A file to write that nobody ever sees half of: beside its place, then renamed."""
    if path.exists() and not path.is_file():  # a device or a pipe stays what it is
        with path.open("wb") as file:
            yield file
        return
    target = path.resolve()  # a link stays a link
    beside = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        with beside.open("xb") as file:
            if target.exists():  # who may read it stays as it was
                os.fchmod(file.fileno(), stat.S_IMODE(target.stat().st_mode))
            yield file
            file.flush()
            os.fsync(file.fileno())
        beside.replace(target)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise


def write_whole(path: Path, content: bytes) -> None:
    """Write a file whole or not at all."""
    with whole_file(path) as file:
        file.write(content)
