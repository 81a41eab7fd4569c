"""Floors: loops by hand, compiled by Numba, over keys that are dense numbers beforehand.

No engine: they know the works, the number of keys and that two windows at most are open.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from importlib.metadata import version
from typing import Any

import numpy as np

from bench.window.engine import Engine
from bench.window.exact import Table, slid
from bench.window.works import LATENESS, Floats, Ints, Rows

__all__ = ["numba_hopping", "numba_sliding", "numba_tumbling"]

_EMPTY = (0.0, 0.0, 0.0, np.inf, -np.inf)  # count, sum, sum of squares, min, max


def _compiled(loop: Callable[..., Any]) -> Callable[..., Any]:
    compiled: Callable[..., Any] = importlib.import_module("numba").njit(loop)
    return compiled


def numba_tumbling(rows: Rows) -> Engine:
    """Two windows, closed by the watermark."""
    work = rows.work
    names, dense = np.unique(rows.key, return_inverse=True)
    loop = _compiled(_tumble)
    windows = int(np.ptp(rows.time // work.every)) + 1
    most = min(len(rows), windows * len(names))
    ids = dense.astype(np.int64)

    def run() -> Any:
        state = np.tile(np.array(_EMPTY), (2, len(names), 1))
        closed, keys = np.empty((most, 7)), np.empty(most, np.int64)
        count = loop(rows.time, ids, rows.value, work.every, LATENESS, state, closed, keys)
        return closed[:count], keys[:count]

    def table(result: Any) -> Table:
        closed, keys = result
        columns = dict(
            zip(("start", "count", "sum", "mean", "min", "max", "stddev"), closed.T, strict=True)
        )
        return {"key": names[keys], **columns, "start": columns["start"].astype(np.int64)}

    return Engine(version("numba"), run, table)


def _tumble(
    time: Ints,
    ids: Ints,
    value: Floats,
    every: int,
    lateness: int,
    state: Floats,
    closed: Floats,
    keys: Ints,
) -> int:
    first = time[0] // every  # of the two windows that may be open
    reached = (first + 1) * every + lateness
    count = 0
    for i in range(len(time) + 1):
        # The row after the last closes what is open.
        now = time[i] if i < len(time) else reached + every
        while now >= reached:
            for key in range(state.shape[1]):
                row = state[first & 1, key]
                n = row[0]
                if n == 0:
                    continue
                mean = row[1] / n
                out = closed[count]
                out[0], out[1], out[2], out[3] = first * every, n, row[1], mean
                out[4], out[5] = row[3], row[4]
                out[6] = np.sqrt(max(row[2] - row[1] * mean, 0) / (n - 1)) if n > 1 else np.nan
                keys[count] = key
                count += 1
                row[0] = row[1] = row[2] = 0
                row[3], row[4] = np.inf, -np.inf
            first += 1
            reached += every
        if i == len(time):
            break
        row = state[(now // every) & 1, ids[i]]
        v = value[i]
        row[0] += 1
        row[1] += v
        row[2] += v * v
        row[3] = min(row[3], v)
        row[4] = max(row[4], v)
    return count


def numba_hopping(rows: Rows) -> Engine:
    """A grid of panes and keys, then running sums and maxima of the last maxima."""
    work = rows.work
    names, dense = np.unique(rows.key, return_inverse=True)
    ids = dense.astype(np.int64)
    panes = work.length // work.every
    loop = _compiled(_hop)

    def run() -> Any:
        return loop(rows.time, ids, rows.value, work.every, panes, len(names))

    def table(result: Any) -> Table:
        starts, keys, mean, largest = result
        return {"start": starts * work.every, "key": names[keys], "mean": mean, "max": largest}

    return Engine(version("numba"), run, table)


def _hop(
    time: Ints, ids: Ints, value: Floats, every: int, panes: int, keys: int
) -> tuple[Ints, Ints, Floats, Floats]:
    low = time.min() // every
    count = time.max() // every - low + panes
    grid = np.zeros((count, keys, 3))
    for i in range(len(time)):
        pane = grid[time[i] // every - low, ids[i]]
        pane[0] += 1
        pane[1] += value[i]
        pane[2] = max(pane[2], value[i])  # values are positive
    starts, names = np.empty(count * keys, np.int64), np.empty(count * keys, np.int64)
    mean, largest = np.empty(count * keys), np.empty(count * keys)
    recent = np.zeros((keys, 3))
    found = 0
    for place in range(count):
        for key in range(keys):
            state, new = recent[key], grid[place, key]
            state[0] += new[0]
            state[1] += new[1]
            state[2] = max(state[2], new[2])
            if place >= panes:
                old = grid[place - panes, key]
                state[0] -= old[0]
                state[1] -= old[1]
                if old[0] > 0 and old[2] == state[2]:
                    state[2] = 0
                    for i in range(place - panes + 1, place + 1):
                        state[2] = max(state[2], grid[i, key, 2])
            if state[0] > 0:
                starts[found], names[found] = place - panes + 1 + low, key
                mean[found], largest[found] = state[1] / state[0], state[2]
                found += 1
    return starts[:found], names[:found], mean[:found], largest[:found]


def numba_sliding(rows: Rows) -> Engine:
    """Running sums, and maxima of blocks from both their ends."""
    length = rows.work.length
    loop = _compiled(_slide)

    def table(result: Any) -> Table:
        return slid(length, mean=result[0], max=result[1], stddev=result[2])

    return Engine(version("numba"), lambda: loop(rows.value, length), table)


def _slide(value: Floats, length: int) -> tuple[Floats, Floats, Floats]:
    count = len(value)
    mean, largest, stddev = np.empty(count), np.empty(count), np.empty(count)
    ends = np.full(length + 1, -np.inf)  # of the block before, from each place to its end
    total = squares = 0.0
    highest = -np.inf
    for i in range(count):
        place = i % length
        if place == 0:
            for j in range(length if i > 0 else 0):
                before = value[i - 1 - j]
                ends[length - 1 - j] = max(before, ends[length - j])
            highest = -np.inf
        v = value[i]
        total += v
        squares += v * v
        if i >= length:
            old = value[i - length]
            total -= old
            squares -= old * old
        highest = max(highest, v)
        n = min(i + 1, length)
        mean[i] = total / n
        largest[i] = max(highest, ends[place + 1])
        stddev[i] = np.sqrt(max(squares - total * total / n, 0) / max(n - 1, 1))
    return mean, largest, stddev
