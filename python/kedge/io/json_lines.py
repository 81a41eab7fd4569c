"""Rows as objects of JSON: NaN and infinities are null, what has no form there is text.

Each column becomes texts at once, of which a row's are put into one form. Values that repeat, such
as keys and the ends of windows, become text once.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from json.encoder import encode_basestring_ascii
from typing import Any

import numpy as np
import pyarrow as pa

__all__ = ["json_lines", "json_rows", "python_values"]

_NULL = "null"


def json_rows(table: pa.Table) -> Iterator[dict[str, Any]]:
    """The rows with values as JSON takes them."""
    names = table.schema.names
    for row in zip(*map(python_values, table.columns), strict=True):
        yield {name: _plain(value) for name, value in zip(names, row, strict=True)}


def json_lines(table: pa.Table) -> list[str]:
    """The text of each row, in ASCII and without a line's end."""
    names = [encode_basestring_ascii(name).replace("%", "%%") for name in table.schema.names]
    form = "{" + ", ".join(f"{name}: %s" for name in names) + "}"
    if not names:
        return [form] * table.num_rows
    return [form % row for row in zip(*map(_texts, table.columns), strict=True)]


def python_values(column: pa.ChunkedArray | pa.Array) -> list[Any]:
    """As `to_pylist`; what Python's types have no room for, such as the year 10000, is a text."""
    try:
        values: list[Any] = column.to_pylist()
        return values
    except (OverflowError, ValueError):
        return list(map(_python_value, column))


def _python_value(value: pa.Scalar) -> Any:
    try:
        return value.as_py()
    except (OverflowError, ValueError):
        if isinstance(value, pa.StructScalar):
            return {name: _python_value(it) for name, it in value.items()}
        if pa.types.is_nested(value.type):
            return python_values(value.values)
        return value.cast(pa.string()).as_py()


def _texts(column: pa.ChunkedArray) -> list[str]:
    type = column.type
    if pa.types.is_dictionary(type):
        return _texts(column.cast(type.value_type))
    if pa.types.is_integer(type) and column.null_count == 0:
        return list(map(repr, column.to_numpy().tolist()))
    if pa.types.is_float64(type):
        values = column.fill_null(math.nan).to_numpy()
        texts = list(map(repr, values.tolist()))
        for place in np.flatnonzero(~np.isfinite(values)):
            texts[place] = _NULL
        return texts
    try:
        # A null has an index too.
        coded = column.combine_chunks().dictionary_encode(null_encoding="encode")
    except pa.ArrowException:
        return list(map(_text, python_values(column)))
    if isinstance(coded, pa.ChunkedArray):
        coded = coded.combine_chunks()
    known = np.array([_text(it) for it in python_values(coded.dictionary)], object)
    return known[coded.indices.to_numpy()].tolist() if len(known) else []


def _text(value: Any) -> str:
    return json.dumps(_plain(value), allow_nan=False)


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return str(value)
