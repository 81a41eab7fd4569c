"""What a server tells its operator: lines of JSON, as the core writes them."""

from __future__ import annotations

import json
import time

__all__ = ["event"]


def event(name: str, **members: str) -> str:
    """One line: what happened, when, and more about it."""
    return json.dumps({"event": name, "time_ms": time.time_ns() // 1_000_000, **members})
