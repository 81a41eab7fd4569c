"""What goes on beside a measurement."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

__all__ = ["meanwhile"]


@contextmanager
def meanwhile(act: Callable[[], object], every_s: float) -> Iterator[None]:
    """Do it in a thread, over and over with so long a pause, until the block ends."""
    is_over = threading.Event()

    def go_on() -> None:
        while not is_over.wait(every_s):
            act()

    thread = threading.Thread(target=go_on)
    thread.start()
    try:
        yield
    finally:
        is_over.set()
        thread.join()
