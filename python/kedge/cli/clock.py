"""How much time passes from one update to the next, by the times of the events themselves."""

from __future__ import annotations

from typing import Any

import numpy as np

from kedge._core import InvalidArgument, Unsupported

__all__ = ["EventClock"]

_LEAST = 1e-9  # seconds; what comes late does not turn the clock back, nor does it stand still


class EventClock:
    """The latest event time so far. A replay of the stream has the same times as the day itself."""

    def __init__(self, column: str) -> None:
        self._column = column
        self._latest: np.datetime64 | None = None

    def elapsed(self, batch: Any) -> float:
        """Seconds from the latest time before these rows to the latest one with them; of the first
        rows, from their own earliest one.

        Raises:
            InvalidArgument: the first rows have no time.
            Unsupported: the column has no times.
        """
        times = batch.column(self._column).to_numpy(zero_copy_only=False)
        if times.dtype.kind != "M":
            what = f'--clock: column "{self._column}" has no times of events but {times.dtype}'
            raise Unsupported(what)
        known = times[~np.isnat(times)]
        if self._latest is None:
            if not len(known):
                raise InvalidArgument(f'--clock: column "{self._column}" begins without a time')
            self._latest = known.min()
        latest = max(known.max(), self._latest) if len(known) else self._latest
        seconds = float((latest - self._latest) / np.timedelta64(1, "s"))
        self._latest = latest
        return max(seconds, _LEAST)
