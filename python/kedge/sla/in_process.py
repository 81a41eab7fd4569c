"""Load on a model in this process: one thread is the generator and the server, so that a slow call
keeps those behind it waiting, from when they were due.
"""

from __future__ import annotations

import sys
import time
import tracemalloc
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kedge.sla.calls import CODES, Calls, counted
from kedge.sla.generator import SLICES, Progress, Run

__all__ = ["allocations", "measure_calls"]

_COUNTED = 256


def measure_calls(
    call: Callable[[Any], object],
    inputs: Sequence[Any],
    due: NDArray[np.int64],
    warm_s: float,
    seconds: float,
    progress: Progress = lambda share, calls: None,
) -> Run:
    """Make each call when it is due and the one before it has ended.

    The lag is that of calls that nobody kept waiting.
    """
    times = due.tolist()
    ended, lag = np.zeros(len(times), np.int64), np.full(len(times), -1, np.int64)
    clock, count = time.perf_counter_ns, len(inputs)
    begun = clock()
    last, shown = 0, 0
    for i, at in enumerate(times):
        while (now := clock() - begun) < at:
            if now - shown > 200_000_000 and at - now > 1_000_000:
                shown = now
                progress(i / len(times), i)
        if last <= at:
            lag[i] = now - at
        call(inputs[i % count])
        last = clock() - begun
        ended[i] = last
    kept = due >= round(warm_s * 1e9)
    place = np.minimum((due[kept] / 1e9 - warm_s) / seconds * SLICES, SLICES - 1).astype(int)
    taken = (ended - due)[kept]
    latency = np.stack([counted(taken[place == i]) for i in range(SLICES)])
    codes = np.zeros((SLICES, len(CODES)), np.int64)
    codes[:, 0] = np.bincount(place, minlength=SLICES)
    free = lag[kept]
    return Run(
        calls=Calls(latency, codes, seconds / SLICES),
        lag=counted(free[free >= 0]),
        service=counted(taken),
        unsent=0,
        elapsed_s=last / 1e9 - warm_s,
        error="",
        generator="in this process",
    )


def allocations(call: Callable[[Any], object], inputs: Sequence[Any]) -> dict[str, float]:
    """What a call takes of Python's memory: the most bytes at once, and blocks that stay."""
    for one in inputs[:8]:
        call(one)
    before = sys.getallocatedblocks()
    for i in range(_COUNTED):
        call(inputs[i % len(inputs)])
    kept = (sys.getallocatedblocks() - before) / _COUNTED
    tracemalloc.start()
    try:
        most = []
        for i in range(16):
            tracemalloc.reset_peak()
            base = tracemalloc.get_traced_memory()[0]
            call(inputs[i % len(inputs)])
            most.append(tracemalloc.get_traced_memory()[1] - base)
    finally:
        tracemalloc.stop()
    return {"peak_bytes": float(np.median(most)), "blocks_kept": round(max(kept, 0.0), 3)}
