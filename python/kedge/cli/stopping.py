"""Verbs that work until they are told to stop."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["told_to_stop"]


@contextmanager
def told_to_stop() -> Iterator[threading.Event]:
    """Set by SIGTERM and SIGINT."""
    told = threading.Event()
    before = {
        which: signal.signal(which, lambda *_: told.set())
        for which in (signal.SIGTERM, signal.SIGINT)
    }
    try:
        yield told
    finally:
        for which, handler in before.items():
            signal.signal(which, handler)
