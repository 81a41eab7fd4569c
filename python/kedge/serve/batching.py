"""Calls that wait at the same time are scored together: a table of a configuration.

[batching]
max_wait_us = 200
max_rows = 64

An answer is the same as alone. A call waits for others only right after calls were answered
together, for `max_wait_us` at most, and until as many are there. It is the native server's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from kedge.serve.config_table import ConfigTable, check_bounds

__all__ = ["Batching"]

_BOUNDS = {"max_wait_us": (0, 1_000_000), "max_rows": (2, 4096)}


@dataclass(frozen=True)
class Batching(ConfigTable):
    """How much of it.

    Attributes:
        max_wait_us: that a call waits for others; 0 takes only those that wait anyway.
        max_rows: of a batch; 0, the default, for none.
    """

    needs: ClassVar[str] = "max_rows"
    max_wait_us: int = 0
    max_rows: int = 0

    def check(self) -> None:
        """Refuse what cannot be.

        Raises:
            InvalidArgument: it begins with the attribute's name.
        """
        check_bounds(self, _BOUNDS)
