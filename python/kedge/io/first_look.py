"""What a partition tells the driver so that it can choose cells: a sample of rows, each column's
ends, and its names while they are few.

Everything here depends on the rows as a set alone. Looks at parts merge, in any order and any
grouping, to the look at the whole.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from kedge._core import InvalidArgument
from kedge.io.kept_rows import KeptRows, one_batch
from kedge.io.row_hash import Hashes, one_zero, row_hashes

# Different rows that are kept: a rank in a sample of so many is off by less than 0.9 % with a
# probability of 99 % (Dvoretzky, Kiefer, Wolfowitz, Massart).
MOST_ROWS = 32_768
# Rows that are shown to the outline, where a row that came often is shown often: with the ends and
# the names, few enough that the outline thins them no further.
_MOST_SHOWN = 49_152
# A row is frequent that is one of so many or more: it would fill a cell of the 4096 alone.
LEAST_SHARE = 4096
# Rows whose counts are held to find those; the more, the fewer that are counted in vain.
_MOST_OFTEN = 2 * LEAST_SHARE


class FirstLook:
    """The different rows with the smallest hashes, how often each came, and what may be frequent.

    A hash that was left out never comes back, because the largest one kept only falls: so the
    counts of the sample are exact. A frequent row is drawn no more likely than any other, so those
    are found apart, and counted in another pass when there may be one.
    """

    def __init__(self, named: Sequence[str], most_names: int) -> None:
        """Of columns of strings, dictionaries and those `named`, up to `most_names` are listed."""
        self._named = frozenset(named)
        self._most_names = most_names
        self._schema: pa.Schema | None = None
        self._sample = KeptRows()
        self._often = KeptRows()
        self._total = 0
        self._ends: pa.RecordBatch | None = None
        self._names: dict[str, pa.Array | None] = {}
        self._is_all = True

    @property
    def is_empty(self) -> bool:
        """Whether there was no batch."""
        return self._schema is None

    def add(self, batch: pa.RecordBatch) -> None:
        """Look at every row of a batch without structs."""
        batch = plain(batch)
        self._check(batch.schema)
        hashes, ones = row_hashes(batch), np.ones(batch.num_rows, np.int64)
        self._total += batch.num_rows
        self._sample.add(batch, hashes, ones)
        self._often.add(batch, hashes, ones)
        self._widen(batch)
        for name in batch.schema.names:
            if self._is_named(batch.schema.field(name)):
                self._list(name, pc.unique(_decoded(batch.column(name))))
        if len(self._sample) > 2 * MOST_ROWS:
            self._keep_sample()
        if len(self._often) > 4 * _MOST_OFTEN:
            self._keep_often()

    def merge(self, other: FirstLook) -> None:
        """Add what another look saw."""
        if other._ends is None:
            return
        self._check(other._ends.schema)
        self._total += other._total
        self._sample.merge(other._sample)
        self._often.merge(other._often)
        self._widen(other._ends)
        self._is_all = self._is_all and other._is_all
        for name, values in other._names.items():
            self._list(name, values)
        self.compact()

    def candidates(self) -> Hashes:
        """Of the rows that may be frequent and must be counted; none when all are in the sample.

        All that are frequent are among them. Which others are is up to the parts and their order.
        """
        if self._is_all:
            return self._often.hashes[:0]
        least = self._total // LEAST_SHARE - self._total // _MOST_OFTEN
        return self._often.hashes[self._often.counts >= least]

    def rows(self, hashes: Hashes, counts: NDArray[np.int64]) -> Iterator[pa.Table]:
        """What the outline is to see, in an order that the rows alone decide.

        `hashes` rise, those of candidates; `counts` say how often they came in all rows.
        """
        if self._ends is None:
            return
        frequent = hashes[counts * LEAST_SHARE >= self._total]
        counts = counts[counts * LEAST_SHARE >= self._total]
        self._sample.keep(~np.isin(self._sample.hashes, frequent))
        self._often.keep(np.isin(self._often.hashes, frequent))
        shown = min(self._total, _MOST_SHOWN)
        times = counts * shown // max(self._total, 1)
        yield self._often.shown(times)
        # The others share what is left, however few of them were drawn.
        ends = np.cumsum(self._sample.counts)
        if len(ends):
            ends = ends * (shown - int(times.sum())) // ends[-1]
        yield self._sample.shown(np.diff(ends, prepend=0))
        if not self._is_all or self._total > _MOST_SHOWN:
            yield pa.Table.from_batches([self._ends])
            yield from self._each_name()

    def compact(self) -> None:
        """Keep no more rows than must be kept."""
        self._keep_sample()
        self._keep_often()

    def _check(self, schema: pa.Schema) -> None:
        if self._schema is None:
            self._schema = schema
        for mine, other in zip(self._schema, schema, strict=True):
            if mine != other:
                raise InvalidArgument(
                    f'column "{mine.name}": {mine.type} in one part of the data, '
                    f'column "{other.name}": {other.type} in another'
                )

    def _keep_sample(self) -> None:
        self._sample.group()
        self._is_all = self._is_all and len(self._sample) <= MOST_ROWS
        self._sample.keep(np.arange(len(self._sample)) < MOST_ROWS)

    def _keep_often(self) -> None:
        """Misra and Gries: no count is too low by more than the rows / _MOST_OFTEN."""
        self._often.group()
        if len(self._often) > _MOST_OFTEN:
            self._often.counts -= np.sort(self._often.counts)[-_MOST_OFTEN - 1]
            self._often.keep(self._often.counts > 0)

    def _widen(self, batch: pa.RecordBatch) -> None:
        if self._ends is not None:
            both = pa.Table.from_batches([self._ends, batch])
            batch = one_batch(both.unify_dictionaries())
        ends = [_ends(column) for column in batch.columns]
        self._ends = pa.RecordBatch.from_arrays(ends, schema=batch.schema)

    def _is_named(self, field: pa.Field) -> bool:
        return field.name in self._named or not _is_number(field.type)

    def _list(self, name: str, values: pa.Array | None) -> None:
        known = self._names.get(name, values)
        self._names[name] = None
        if known is not None and values is not None:
            both = pc.unique(pa.concat_arrays([known, values])).drop_null()
            if len(both) <= self._most_names:
                self._names[name] = both

    def _each_name(self) -> Iterator[pa.Table]:
        """Rows of nulls but for one name each, so that names are listed that no shown row has."""
        assert self._schema is not None
        for name, values in sorted(self._names.items()):
            if values is None or not len(values):
                continue
            order = pc.sort_indices(values)
            columns = [
                _typed(values.take(order), field.type)
                if field.name == name
                else _nulls(len(values), field.type)
                for field in self._schema
            ]
            yield pa.Table.from_arrays(columns, schema=self._schema)


def flat_batches(data: pa.RecordBatch | pa.Table) -> Iterator[pa.RecordBatch]:
    """The data in batches in which column b of struct a is column "a.b"."""
    table = data if isinstance(data, pa.Table) else pa.Table.from_batches([data])
    while any(pa.types.is_struct(field.type) for field in table.schema):
        table = table.flatten()
    yield from table.to_batches() or [one_batch(table)]


def _is_number(kind: pa.DataType) -> bool:
    tests = (
        pa.types.is_integer,
        pa.types.is_floating,
        pa.types.is_boolean,
        pa.types.is_temporal,
    )
    return any(test(kind) for test in tests)


def plain(batch: pa.RecordBatch) -> pa.RecordBatch:
    """The same values with one zero, and with the indices that dictionaries of any size have."""
    columns = []
    for column in batch.columns:
        kind = column.type
        if pa.types.is_floating(kind):
            values = column.to_numpy(zero_copy_only=False)
            nulls = column.is_null().to_numpy(zero_copy_only=False)
            column = pa.array(one_zero(values), kind, mask=nulls)
        elif pa.types.is_dictionary(kind):
            column = _typed(_decoded(column), pa.dictionary(pa.int32(), kind.value_type))
        columns.append(column)
    return pa.RecordBatch.from_arrays(columns, names=batch.schema.names)


def _decoded(column: pa.Array) -> pa.Array:
    return column.dictionary_decode() if pa.types.is_dictionary(column.type) else column


def _typed(values: pa.Array, kind: pa.DataType) -> pa.Array:
    return values.dictionary_encode() if pa.types.is_dictionary(kind) else values.cast(kind)


def _nulls(rows: int, kind: pa.DataType) -> pa.Array:
    if pa.types.is_dictionary(kind):
        return _typed(pa.nulls(rows, kind.value_type), kind)
    return pa.nulls(rows, kind)


def _ends(column: pa.Array) -> pa.Array:
    """The least and the greatest finite value; of names, null and a longest one."""
    kind = column.type
    values = _decoded(column).drop_null()
    if _is_number(values.type):
        if pa.types.is_floating(kind):
            finite = values.to_numpy(zero_copy_only=False)
            finite = finite[np.isfinite(finite)]
            ends = [finite.min(), finite.max()] if len(finite) else [None, None]
            return pa.array(ends, kind)
        if pa.types.is_temporal(kind):
            # As integers, because Python's own times end at the year 9999.
            return _ends(values.view(pa.int32() if kind.bit_width == 32 else pa.int64())).view(kind)
        least, greatest = pc.min_max(values).values()
        return _typed(pa.array([least.as_py(), greatest.as_py()], values.type), kind)
    if not len(values):
        return _nulls(2, kind)
    lengths = pc.binary_length(values.cast(pa.large_binary()))
    longest = values.filter(pc.equal(lengths, pc.max(lengths))).cast(pa.large_binary())
    # The greatest of them, because which came first is not a matter of the rows as a set.
    return _typed(pa.array([None, max(longest.unique().to_pylist())]).cast(values.type), kind)
