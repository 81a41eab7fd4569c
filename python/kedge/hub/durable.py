"""Files that are whole and on the disk, or not there."""

from __future__ import annotations

import os
from pathlib import Path

from kedge.io.folder import sync_folder

__all__ = ["write_durable"]


def write_durable(path: Path, content: bytes, *, mode: int = 0o644) -> None:
    """Write beside the place, flush, rename, flush the folder."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)
