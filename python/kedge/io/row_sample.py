"""A random sample of a stream's rows, the same for the same rows."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

__all__ = ["RowSample"]


class RowSample:
    """Up to `most` rows, each drawn as likely as any other; in the order of the stream.

    Every row gets a random number from a fixed seed, and those with the smallest are kept: how the
    rows are cut into batches does not matter.
    """

    def __init__(self, most: int) -> None:
        """No row."""
        self._most = most
        self._random = np.random.default_rng(0)
        self._keys = np.zeros(0)
        self._tables: list[pa.Table] = []
        self.seen = 0

    def add(self, table: pa.Table) -> None:
        """Rows of the stream."""
        self.seen += table.num_rows
        self._keys = np.concatenate([self._keys, self._random.random(table.num_rows)])
        self._tables.append(table)
        if len(self._keys) > 2 * self._most:
            self._thin()

    def table(self) -> pa.Table:
        """The rows."""
        if len(self._keys) > self._most:
            self._thin()
        return pa.concat_tables(self._tables).unify_dictionaries()

    def _thin(self) -> None:
        kept = np.sort(np.argsort(self._keys, kind="stable")[: self._most])
        self._keys = self._keys[kept]
        whole = pa.concat_tables(self._tables).unify_dictionaries()
        self._tables = [whole.take(pa.array(kept))]
