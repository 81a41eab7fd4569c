"""How far a pass over a file is: one line on a terminal, nothing anywhere else."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import TextIO

__all__ = ["Progress"]

_PAUSE = 0.1  # seconds between two lines, so that a slow terminal costs nothing


class Progress:
    """A line that is written over, and gone at the end.

    >>> import io
    >>> stream = io.StringIO()
    >>> progress = Progress("orders.parquet", stream)
    >>> progress.show(0.5, 1_000_000)
    >>> stream.getvalue()
    ''
    """

    def __init__(
        self,
        name: str,
        stream: TextIO | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        stream = stream or sys.stderr
        self._stream = stream if stream is not None and stream.isatty() else None
        self._name = name
        self._clock = clock
        self._start = clock()
        self._next = self._start + _PAUSE
        self._is_shown = False

    def show(self, share: float, rows: int) -> None:
        """Say that this share of the work is done, `rows` rows so far."""
        now = self._clock()
        if self._stream is None or now < self._next:
            return
        self._next = now + _PAUSE
        taken = now - self._start
        left = f"{_duration(taken / share - taken)} left" if share > 0 else ""
        self._write(f"{self._name}: {share:4.0%}  {rows / taken / 1e6:.2f} M rows/s  {left}")

    def say(self, line: Callable[[], str]) -> None:
        """Show what `line` gives, when it is time for another line."""
        now = self._clock()
        if self._stream is None or now < self._next:
            return
        self._next = now + _PAUSE
        self._write(f"{self._name}: {line()}")

    def _write(self, text: str) -> None:
        if self._stream is not None and (text or self._is_shown):
            self._stream.write("\r\x1b[K" + text.rstrip())
            self._stream.flush()
            self._is_shown = bool(text)

    def close(self) -> None:
        """Leave an empty line."""
        self._write("")


def _duration(seconds: float) -> str:
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    return f"{whole // 60} min {whole % 60} s" if whole < 3600 else f"{whole / 3600:.1f} h"
