"""How load comes over time: steady, in bursts, rising, or as it once did."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from kedge._core import InvalidArgument, arrivals

__all__ = ["SHAPES", "due_times", "replayed"]

SHAPES = ("steady", "burst", "ramp")
_BURST_S = 0.1  # of each second
_BURST = 5.5
_REST = 0.5
_SECOND = 1_000_000_000


def due_times(
    shape: str, rate: float, seconds: float, *, poisson: bool = False, seed: int = 0
) -> NDArray[np.int64]:
    """When calls are due, in nanoseconds: `rate` a second on average.

    Bursts take a tenth of every second, at eleven times the rate of what is between; a ramp rises
    evenly from nothing to twice the rate.

    Raises:
        InvalidArgument: the rate is not positive, or there is no such shape.
    """
    if not 0 < rate < 1e8:
        raise InvalidArgument(f"rate = {rate}: expected calls a second, below 100 million")
    if shape == "steady":
        parts = [(seconds, rate, rate)]
    elif shape == "burst":
        whole = max(round(seconds), 1)
        length = seconds / whole
        burst = (length * _BURST_S, rate * _BURST, rate * _BURST)
        rest = (length * (1 - _BURST_S), rate * _REST, rate * _REST)
        parts = [part for _ in range(whole) for part in (rest, burst)]
    elif shape == "ramp":
        parts = [(seconds, 0.0, 2 * rate)]
    else:
        raise InvalidArgument(f"shape = {shape!r}: expected one of {', '.join(SHAPES)}")
    return arrivals(parts, poisson, seed)


def replayed(times: NDArray[Any]) -> NDArray[np.int64]:
    """When calls are due that once came at these times: with the distances they had.

    Raises:
        InvalidArgument: these are no times, or some are before those above them.
    """
    if times.dtype.kind == "M":
        ns = times.astype("datetime64[ns]").astype(np.int64)
    elif times.dtype.kind in "iuf":
        ns = np.rint(times.astype(np.float64) * _SECOND).astype(np.int64)  # seconds
    else:
        raise InvalidArgument(f"times of {times.dtype}: expected a timestamp, or seconds")
    if not ns.size or (np.diff(ns) < 0).any():
        raise InvalidArgument("the times to replay are none, or do not rise")
    return np.ascontiguousarray(ns - ns[0])
