"""Text in CSV: a cell without anything in it is null, one with two quotes is an empty text.

So pyarrow writes them, and `kedge.records` reads them. pyarrow reads both as an empty text, and its
options that tell them apart hold for all columns at once: numbers would have no quoted empty cells,
and "NA" would be no text. So text that has empty cells is read once more, alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import TypeAlias, TypeVar

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

__all__ = ["batches_with_nulls", "table_with_nulls"]

_Rows = TypeVar("_Rows", pa.RecordBatch, pa.Table)
_Options: TypeAlias = pa.csv.ConvertOptions


def table_with_nulls(rows: pa.Table, read: Callable[[_Options], pa.Table]) -> pa.Table:
    """The rows with nulls in their text; `read` gives them once more, by other options."""
    return _replaced(rows, read(_of_text(rows.schema))) if _has_empty(rows) else rows


def batches_with_nulls(
    batches: Iterable[pa.RecordBatch],
    read: Callable[[_Options], Iterable[pa.RecordBatch]],
) -> Iterator[pa.RecordBatch]:
    """The same batch by batch; `read` begins where `batches` did, and cuts where they do."""
    texts: Iterator[pa.RecordBatch] | None = None
    for place, batch in enumerate(batches):
        if texts is None and _has_empty(batch):
            texts = islice(read(_of_text(batch.schema)), place, None)
        yield batch if texts is None else _replaced(batch, next(texts))


def _is_text(type: pa.DataType) -> bool:
    return type in (pa.string(), pa.large_string())


def _has_empty(rows: pa.RecordBatch | pa.Table) -> bool:
    return any(
        _is_text(column.type) and pc.min(pc.binary_length(column)).as_py() == 0
        for column in rows.columns
    )


def _of_text(schema: pa.Schema) -> _Options:
    fields = [field for field in schema if _is_text(field.type)]
    return _Options(
        column_types={field.name: field.type for field in fields},
        include_columns=[field.name for field in fields],
        null_values=[""],
        strings_can_be_null=True,
        quoted_strings_can_be_null=False,
    )


def _replaced(rows: _Rows, texts: _Rows) -> _Rows:
    places = [place for place, field in enumerate(rows.schema) if _is_text(field.type)]
    for place, column in zip(places, texts.columns, strict=True):
        rows = rows.set_column(place, rows.schema.field(place), column)
    return rows
