"""Files that are written: whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from kedge._core import InvalidArgument

__all__ = ["check_output", "write_whole"]


def check_output(option: str, path: Path, inputs: Iterable[Path]) -> None:
    """Refuse before the work what could not be written after it, or would overwrite its input."""
    if path.is_dir():
        raise InvalidArgument(f'{option} "{path}" is a folder')
    if not path.absolute().parent.is_dir():
        raise InvalidArgument(f'{option} "{path}": there is no folder "{path.parent}"')
    for read in inputs:
        if path.exists() and read.exists() and path.samefile(read):
            raise InvalidArgument(f'{option} "{path}" is the file that is read')


def write_whole(path: Path, content: bytes) -> None:
    """Write a file that nobody ever sees half of: beside its place, then renamed."""
    if path.exists() and not path.is_file():  # a device or a pipe stays what it is
        path.write_bytes(content)
        return
    target = path.resolve()  # a link stays a link
    beside = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        with beside.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(target)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
