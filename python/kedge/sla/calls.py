"""What became of calls, counted by slices of time: latencies by cells, and codes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kedge._core import CorruptData, latency_bounds, latency_cells
from kedge.sla.interval import Interval, share_interval

__all__ = ["BOUNDS", "CODES", "Calls", "counted", "histogram", "quantile"]

BOUNDS: NDArray[np.int64] = latency_bounds()
CODES = (
    *("OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND"),
    *("ALREADY_EXISTS", "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION"),
    *("ABORTED", "OUT_OF_RANGE", "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS"),
    "UNAUTHENTICATED",
)
_BLOCKS = 20  # that slices are joined to: each long beside what makes calls alike

Counts = NDArray[np.int64]


@dataclass(frozen=True)
class Calls:
    """Calls by slices of time.

    Attributes:
        latency: of those answered or given up, from when they were due, [slices, cells].
        codes: how they ended, [slices, codes].
        slice_s: how long a slice is.
    """

    latency: Counts
    codes: Counts
    slice_s: float

    @cached_property
    def total(self) -> Counts:
        """Latencies of all slices together."""
        return np.asarray(self.latency.sum(0))

    @property
    def count(self) -> int:
        """All calls."""
        return int(self.codes.sum())

    @property
    def errors(self) -> int:
        """Those that did not end well."""
        return int(self.codes[:, 1:].sum())

    def quantile(self, q: float) -> float:
        """The latency that a share of `q` does not exceed, in nanoseconds."""
        return quantile(self.total, q)

    def quantile_interval(self, q: float, confidence: float) -> Interval:
        """Between which latencies that quantile lies, in nanoseconds."""
        blocks = _joined(self.latency)
        present = np.flatnonzero(self.total)
        if not present.size:
            return Interval(0.0, np.inf)
        over = blocks.sum(1, keepdims=True) - np.cumsum(blocks, 1)
        low, high = share_interval(over[:, present], blocks.sum(1), confidence)
        certain = np.flatnonzero(low > 1 - q)  # surely more calls are beyond these
        within = np.flatnonzero(high <= 1 - q)
        bounds = BOUNDS[present]
        least = float(bounds[certain[-1]]) if certain.size else 0.0
        return Interval(least, float(bounds[within[0]]) if within.size else np.inf)

    def over(self, ns: float, confidence: float) -> Interval:
        """The share of calls that took longer; of one that was refused nobody had an answer."""
        blocks, calls = _joined(self.latency), _joined(self.codes).sum(1)
        within = blocks[:, : int(np.searchsorted(BOUNDS, ns, side="right"))].sum(1)
        low, high = share_interval(calls - within, calls, confidence)
        return Interval(float(low), float(high))

    def error_interval(self, confidence: float) -> Interval:
        """The share of calls that did not end well."""
        blocks = _joined(self.codes)
        low, high = share_interval(blocks[:, 1:].sum(1), blocks.sum(1), confidence)
        return Interval(float(low), float(high))

    def __add__(self, other: Calls) -> Calls:
        """One after the other."""
        return Calls(
            np.concatenate([self.latency, other.latency]),
            np.concatenate([self.codes, other.codes]),
            self.slice_s,
        )

    def to_dict(self) -> dict[str, Any]:
        """As it is stored; `from_dict` reads it."""
        slices = [
            {"codes": _sparse(codes, "codes"), "latency": _sparse(latency, "cells")}
            for codes, latency in zip(self.codes, self.latency, strict=True)
        ]
        return {"slice_s": self.slice_s, "slices": slices}

    @classmethod
    def from_dict(cls, said: Mapping[str, Any]) -> Calls:
        """Calls that were stored.

        Raises:
            CorruptData: they were not.
        """
        try:
            slices = said["slices"]
            latency = [_dense(one["latency"], "cells", len(BOUNDS)) for one in slices]
            codes = [_dense(one["codes"], "codes", len(CODES)) for one in slices]
            return cls(np.stack(latency), np.stack(codes), float(said["slice_s"]))
        except (KeyError, TypeError, ValueError, IndexError) as error:
            raise CorruptData(f"no calls of kedge bench: {error}") from None


def counted(latencies: Iterable[int] | NDArray[np.int64]) -> Counts:
    """Latencies in nanoseconds, by cells."""
    cells = latency_cells(np.ascontiguousarray(latencies, np.int64))
    return np.bincount(cells, minlength=len(BOUNDS)).astype(np.int64)


def histogram(said: Mapping[str, Sequence[int]]) -> Counts:
    """Counts by cells, as a generator says them."""
    return _dense(said, "cells", len(BOUNDS))


def quantile(counts: Counts, q: float) -> float:
    """The nearest rank's upper bound; NaN of nothing."""
    sums = np.cumsum(counts)
    if not sums.size or sums[-1] == 0:
        return float("nan")
    rank = max(int(np.ceil(q * float(sums[-1]) * (1 - 1e-15))), 1)
    return float(BOUNDS[int(np.searchsorted(sums, rank))])


def _joined(slices: Counts) -> Counts:
    """Neighbouring slices as blocks."""
    blocks = min(_BLOCKS, len(slices))
    starts = np.arange(blocks) * len(slices) // max(blocks, 1)
    return np.add.reduceat(slices, starts, axis=0)


def _sparse(counts: Counts, name: str) -> dict[str, list[int]]:
    present = np.flatnonzero(counts)
    return {name: present.tolist(), "counts": counts[present].tolist()}


def _dense(said: Mapping[str, Sequence[int]], name: str, size: int) -> Counts:
    places, counts = np.asarray(said[name], np.int64), np.asarray(said["counts"], np.int64)
    if places.shape != counts.shape or (counts < 0).any():
        raise ValueError(f"{len(places)} {name} with {len(counts)} counts")
    out = np.zeros(size, np.int64)
    out[places] = counts
    return out
