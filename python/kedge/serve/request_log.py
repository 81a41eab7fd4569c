"""Which requests are kept, and where: a table of a configuration.

[request_log]
folder = "requests"
share = 0.01
most_bytes = 1073741824
redact = ["age", "postcode"]

Files are Arrow streams, which `pyarrow.ipc.open_stream`, polars and DuckDB read; what a model was
asked and answered is there as columns by name. See `cpp/kedge/serve/request_log.h`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from kedge.serve.config_table import ConfigTable

__all__ = ["RequestLog"]


@dataclass(frozen=True)
class RequestLog(ConfigTable):
    """What is kept; values are checked where they are used, by the core.

    Attributes:
        folder: of the files; empty for no log.
        share: of the requests.
        most_bytes: of all files: the oldest make room.
        redact: columns that are not written. One that no model has is refused.
    """

    needs: ClassVar[str] = "folder"
    folder: str = ""
    share: float = 0.01
    most_bytes: int = 1 << 30
    redact: tuple[str, ...] = ()
