"""Different rows, each once, with the hash of its values and the number of times it came."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from kedge.io.row_hash import Hashes


class KeptRows:
    """Rows that are added one by one and grouped now and then, in the order of their hashes."""

    def __init__(self) -> None:
        """No row."""
        self.hashes: Hashes = np.zeros(0, np.uint64)
        self.counts: NDArray[np.int64] = np.zeros(0, np.int64)
        self._batches: list[pa.RecordBatch] = []

    def __len__(self) -> int:
        return len(self.hashes)

    def add(self, batch: pa.RecordBatch, hashes: Hashes, counts: NDArray[np.int64]) -> None:
        """Rows that may be here already."""
        self._batches.append(batch)
        self.hashes = np.concatenate([self.hashes, hashes])
        self.counts = np.concatenate([self.counts, counts])

    def merge(self, other: KeptRows) -> None:
        """The rows of another one, which is grouped."""
        for batch in other._batches:
            self.add(batch, other.hashes, other.counts)

    def group(self) -> None:
        """Add up the counts of equal rows."""
        if not self._batches:
            return
        hashes, first, number = np.unique(self.hashes, return_index=True, return_inverse=True)
        counts = np.zeros(len(hashes), np.int64)
        np.add.at(counts, number, self.counts)
        self.hashes, self.counts = hashes, counts
        self._take(first)

    def keep(self, mask: NDArray[np.bool_]) -> None:
        """Of grouped rows only those."""
        self.hashes, self.counts = self.hashes[mask], self.counts[mask]
        self._take(np.flatnonzero(mask))

    def shown(self, times: NDArray[np.int64]) -> pa.Table:
        """Of grouped rows each so many times."""
        return pa.Table.from_batches(self._batches).take(
            pa.array(np.repeat(np.arange(len(self)), times))
        )

    def _take(self, places: NDArray[np.int64]) -> None:
        if self._batches:
            table = pa.Table.from_batches(self._batches).unify_dictionaries()
            self._batches = [one_batch(table.take(pa.array(places)))]


def one_batch(table: pa.Table) -> pa.RecordBatch:
    """The same rows without chunks."""
    table = table.combine_chunks()
    columns = [
        column.chunk(0) if column.num_chunks else pa.array([], field.type)
        for field, column in zip(table.schema, table.columns, strict=True)
    ]
    return pa.RecordBatch.from_arrays(columns, schema=table.schema)
