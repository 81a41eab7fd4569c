"""An example of a connector: rows of a table in memory, in partitions, as a source.

It is in docs/pipelines.md as a connector to begin from, and its size is a promise of the ports.
"""

import json

import pyarrow as pa

from kedge.loop.ports import Batch, Options, Source


class RowsSource(Source):
    """Each table is a partition; they take turns."""

    def __init__(self, tables: list[pa.Table]) -> None:
        self.partitions = len(tables)
        self._tables = tables
        self._offsets = [0] * len(tables)
        self._turn = 0

    @classmethod
    def of(cls, options: Options) -> "RowsSource":
        """As a pipeline's `[source]` describes it: kind = "module:RowsSource.of"."""
        return cls([pa.table({"x": list(range(options.whole("rows")))})])

    def read(self, rows: int, wait: float) -> Batch | None:
        for _ in self._tables:
            partition, self._turn = self._turn, (self._turn + 1) % self.partitions
            start = self._offsets[partition]
            taken = self._tables[partition].slice(start, rows)
            if taken.num_rows > 0:
                self._offsets[partition] = start + taken.num_rows
                return Batch(rows=taken, partition=partition)
        return None

    def position(self) -> str:
        return json.dumps([self._offsets, self._turn])

    def seek(self, position: str) -> None:
        self._offsets, self._turn = json.loads(position)
