"""The right answers, reckoned with NumPy in another way than any engine, and what is compared."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from bench.setting import made
from bench.window.works import Floats, Ints, Rows

__all__ = ["Digest", "Table", "digest", "errors", "exact", "kept", "slid"]

Table = Mapping[str, np.ndarray]
Digest = Mapping[str, float]


def exact(rows: Rows) -> Table:
    """The right answer: `start` and `key`, or `start` alone without keys, and the aggregates."""
    work = rows.work
    if work.kind == "sliding":
        return _sliding(rows.value, work.length)
    if work.kind == "hopping":
        return _hopping(rows)
    groups = _Groups(rows)
    return groups.ranks() if work.has_visitors else groups.basics()


def kept(rows: Rows, folder: Path) -> Table:
    """What `exact` gives, from `folder`, where it is put the first time."""

    def save(path: Path) -> None:
        with path.open("wb") as file:
            np.savez(file, allow_pickle=False, **exact(rows))

    name = f"{rows.work.name}.{rows.drawn}.first-{len(rows)}"
    with np.load(made(folder / name, save)) as columns:
        return dict(columns)


def slid(length: int, **columns: np.ndarray) -> Table:
    """The answer of a window that slides row by row, from the first full one on."""
    full = {name: column[length - 1 :] for name, column in columns.items()}
    return {"start": np.arange(len(next(iter(full.values())))), **full}


def digest(table: Table) -> Digest:
    """What two equal answers have in common, whatever the order of their rows.

    Of every aggregate: how many values there are, and their sum, weighed by start and key so that a
    value in another's place shows.
    """
    starts = table["start"].astype(np.int64, copy=False)
    spread = (starts ^ table.get("key", starts * 0)).view(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    weights = 1 + (spread >> np.uint64(54)).astype(np.float64) / 1024
    found = {"rows": float(len(starts))}
    for name in table.keys() - {"start", "key"}:
        values = table[name].astype(np.float64, copy=False)
        there = ~np.isnan(values)
        found[f"values of {name}"] = float(there.sum())
        found[name] = float((values * weights).sum(where=there))
    return found


def errors(table: Table, right: Table) -> Mapping[str, float]:
    """How far off approximate aggregates are: the sum of the errors over the sum of the values."""
    places = [np.lexsort((one["key"], one["start"])) for one in (table, right)]
    if any(not np.array_equal(table[k][places[0]], right[k][places[1]]) for k in ("start", "key")):
        return {"off": math.inf}
    off = {}
    for name in table.keys() - {"start", "key"}:
        values = right[name][places[1]].astype(np.float64)
        off[f"{name}_off"] = float(np.abs(table[name][places[0]] - values).sum() / values.sum())
    return dict(sorted(off.items()))


class _Groups:
    """Rows sorted by window and key."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows
        every = rows.work.every
        starts = rows.time // every * every
        self._order = np.lexsort((rows.value, rows.key, starts))
        starts, keys = starts[self._order], rows.key[self._order]
        new = (np.diff(starts) != 0) | (np.diff(keys) != 0)
        self._first = np.concatenate([[0], np.flatnonzero(new) + 1])
        self._count = np.diff(np.append(self._first, len(rows)))
        self._values = rows.value[self._order]
        self._names: dict[str, Ints] = {"start": starts[self._first], "key": keys[self._first]}

    def basics(self) -> Table:
        sums = np.add.reduceat(self._values, self._first)
        mean = sums / self._count
        squares = np.add.reduceat((self._values - np.repeat(mean, self._count)) ** 2, self._first)
        with np.errstate(invalid="ignore", divide="ignore"):
            stddev = np.where(self._count > 1, np.sqrt(squares / (self._count - 1)), np.nan)
        last = self._first + self._count - 1
        return {
            **self._names,
            "count": self._count,
            "sum": sums,
            "mean": mean,
            "min": self._values[self._first],
            "max": self._values[last],
            "stddev": stddev,
        }

    def ranks(self) -> Table:
        groups = np.repeat(np.arange(len(self._first)), self._count)
        visitors = self._rows.visitor[self._order]
        order = np.lexsort((visitors, groups))
        new = np.append(True, np.diff(visitors[order]) != 0)
        new[self._first] = True
        distinct = np.add.reduceat(new.astype(np.int64), self._first)
        return {**self._names, "p50": self._at(0.5), "p99": self._at(0.99), "distinct": distinct}

    def _at(self, share: float) -> Floats:
        place = (self._count - 1) * share
        below = self._first + place.astype(np.int64)
        above = np.minimum(below + 1, self._first + self._count - 1)
        low, high = self._values[below], self._values[above]
        quantile: Floats = low + (high - low) * (place % 1)
        return quantile


def _hopping(rows: Rows) -> Table:
    work = rows.work
    panes = work.length // work.every
    names, keys = np.unique(rows.key, return_inverse=True)
    pane = rows.time // work.every
    first, count = int(pane.min()), int(pane.max() - pane.min()) + panes
    # Row w is the window that begins `panes - 1` before pane w does.
    shape = (count, len(names))
    total, number, largest = np.zeros(shape), np.zeros(shape), np.full(shape, -np.inf)
    flat = (pane - first) * len(names) + keys
    size = count * len(names)
    sums = np.bincount(flat, rows.value, size).reshape(shape)
    counts = np.bincount(flat, minlength=size).reshape(shape)
    greatest = np.full(shape, -np.inf)
    np.maximum.at(greatest.reshape(-1), flat, rows.value)
    for shift in range(panes):
        stop = count - shift
        total[shift:] += sums[:stop]
        number[shift:] += counts[:stop]
        largest[shift:] = np.maximum(largest[shift:], greatest[:stop])
    window, key = np.nonzero(number)
    return {
        "start": (window + first - panes + 1) * work.every,
        "key": names[key],
        "mean": total[window, key] / number[window, key],
        "max": largest[window, key],
    }


def _sliding(value: Floats, length: int) -> Table:
    """Every window is the end of one block of `length` rows and the beginning of the next."""
    blocks = -(-len(value) // length)
    centre = float(value.mean())
    short = blocks * length - len(value)

    def over(values: Floats, ufunc: np.ufunc) -> Floats:
        cut = np.append(values, np.zeros(short)).reshape(blocks, length)
        begins = ufunc.accumulate(cut, axis=1).ravel()[: len(value)]
        ends = ufunc.accumulate(cut[:, ::-1], axis=1)[:, ::-1].ravel()[: len(value)]
        found: Floats = begins.copy()
        inner = np.arange(length - 1, len(value))
        split = inner[(inner + 1) % length != 0]
        found[split] = ufunc(begins[split], ends[split - length + 1])
        return found

    shifted = value - centre
    sums, squares = over(shifted, np.add), over(shifted**2, np.add)
    variance = (squares - sums**2 / length) / (length - 1)
    return slid(
        length,
        mean=sums / length + centre,
        max=over(value, np.maximum),
        stddev=np.sqrt(np.maximum(variance, 0)),
    )
