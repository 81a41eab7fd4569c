"""What is windowed: five works and their rows.

Everything is synthetic and seeded. Rows come at an even pace over 100 seconds, whatever their
number, from a whole minute on; one in a hundred is up to five seconds late. Keys are sparse int64,
values float64 of a gamma distribution, visitors sparse int64, a hundred times as many as keys.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from bench.setting import made

__all__ = ["LATENESS", "SECOND", "WORKS", "Floats", "Ints", "Rows", "Work", "draw"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

SECOND = 1_000_000  # all times are microseconds
LATENESS = 5 * SECOND

_START = 1_700_000_040 * SECOND
_SPAN = 100 * SECOND
_LATE = 0.01
_VISITORS = 100  # for each key
_COLUMNS = ("time", "key", "value", "visitor")


@dataclass(frozen=True)
class Work:
    """One kind of window and its aggregates.

    Attributes:
        name: of the work.
        every: windows begin at its whole multiples; without keys, rows between windows.
        length: of a window; without keys, its rows.
        keys: how many there are.
        zipf: whether the key of rank r is 1/r as frequent as the first; else all are alike.
        aggregates: their names, columns of the answer.
    """

    name: str
    every: int
    length: int
    keys: int
    zipf: bool
    aggregates: tuple[str, ...]

    @property
    def kind(self) -> str:
        """Of its windows: "tumbling", "hopping" or, row by row, "sliding"."""
        if not self.keys:
            return "sliding"
        return "tumbling" if self.length == self.every else "hopping"

    @property
    def has_visitors(self) -> bool:
        """Whether rows have a visitor."""
        return "distinct" in self.aggregates


_BASIC = ("count", "sum", "mean", "min", "max", "stddev")
_RANKS = ("p50", "p99", "distinct")

WORKS: Mapping[str, Work] = {
    work.name: work
    for work in (
        Work("W1", 10 * SECOND, 10 * SECOND, 1000, True, _BASIC),
        Work("W2", 10 * SECOND, 10 * SECOND, 1_000_000, False, _BASIC),
        Work("W3", SECOND, 60 * SECOND, 1000, True, ("mean", "max")),
        Work("W4", 1, 1000, 0, False, ("mean", "max", "stddev")),
        Work("W5", 10 * SECOND, 10 * SECOND, 1000, True, _RANKS),
    )
}


@dataclass(frozen=True)
class Rows:
    """The first rows of a stream of `drawn`: the columns its work reads; the others are empty."""

    work: Work
    drawn: int
    time: Ints
    key: Ints
    value: Floats
    visitor: Ints

    def __len__(self) -> int:
        return len(self.value)

    def head(self, rows: int) -> Rows:
        """The first rows."""
        return Rows(
            self.work,
            self.drawn,
            self.time[:rows],
            self.key[:rows],
            self.value[:rows],
            self.visitor[:rows],
        )

    @classmethod
    def kept(cls, work: Work, rows: int, folder: Path) -> Rows:
        """The rows that `draw` gives, from `folder`, where they are put the first time."""
        path = made(folder / f"{work.name}.{rows}", lambda path: draw(work, rows).save(path))
        return cls(work, rows, *(np.load(path / f"{name}.npy") for name in _COLUMNS))

    def save(self, folder: Path) -> None:
        """Write a file for each column."""
        folder.mkdir()
        for name in _COLUMNS:
            np.save(folder / f"{name}.npy", getattr(self, name))


def draw(work: Work, rows: int) -> Rows:
    """So many rows.

    >>> rows = draw(WORKS["W1"], 1000)
    >>> int(rows.time.max() - rows.time.min()) // SECOND
    99
    """
    rng = np.random.default_rng([2024, 7])
    value = rng.gamma(2.0, 10.0, rows)
    none = np.empty(0, np.int64)
    if not work.keys:
        return Rows(work, rows, none, none, value, none)
    time = _START + np.arange(rows) * _SPAN // rows
    late = rng.random(rows) < _LATE
    time[late] -= rng.integers(1, LATENESS, int(late.sum()))
    key = _sparse(rng, work.keys)[_ranks(rng, work, rows)]
    visitor = none
    if work.has_visitors:
        count = work.keys * _VISITORS
        visitor = _sparse(rng, count)[rng.integers(0, count, rows)]
    return Rows(work, rows, np.maximum(time, _START), key, value, visitor)


def _ranks(rng: np.random.Generator, work: Work, rows: int) -> Ints:
    if not work.zipf:
        return rng.integers(0, work.keys, rows)
    shares = np.cumsum(1 / np.arange(1, work.keys + 1))
    ranks: Ints = np.searchsorted(shares, rng.random(rows) * shares[-1], side="right")
    return ranks


def _sparse(rng: np.random.Generator, count: int) -> Ints:
    return rng.integers(-(2**62), 2**62, count)
