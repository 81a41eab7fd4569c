"""Contents in shared memory: a table of a configuration. Without it there are none.

[shared_memory]
prefix = "kedge-"
most_regions = 64
most_bytes = 268435456

Callers on the same machine make an object of POSIX shared memory whose name begins with the prefix,
have a part of it registered as a region, and name the region in place of contents: see
`cpp/kedge/serve/shared_regions.h`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from kedge._core import InvalidArgument
from kedge.serve.config_table import ConfigTable

__all__ = ["SharedMemory"]


@dataclass(frozen=True)
class SharedMemory(ConfigTable):
    """What may be registered.

    Attributes:
        prefix: of the names of objects; empty for no shared memory.
        most_regions: at a time.
        most_bytes: of them all, and of what a request takes from them.
    """

    needs: ClassVar[str] = "prefix"
    prefix: str = ""
    most_regions: int = 64
    most_bytes: int = 256 << 20

    def check(self) -> None:
        """Refuse what cannot be; upper bounds and the prefix are the core's to check.

        Raises:
            InvalidArgument: it begins with the attribute's name.
        """
        for name in ("most_regions", "most_bytes"):
            if getattr(self, name) < 1:
                raise InvalidArgument(f"{name} = {getattr(self, name)}: expected at least 1")
