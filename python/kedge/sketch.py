"""Summaries that merge: a profile of each column's distribution, without keeping a row."""

from __future__ import annotations

import operator
from collections.abc import Sequence

from kedge._core import InvalidArgument, Profile

__all__ = ["Profile", "profile"]


def profile(data: object, *, cells: int = 4096, columns: Sequence[str] | None = None) -> Profile:
    """Summarise every column of `data`, or only `columns`, as the reference to compare with.

    `data` is anything with an Arrow protocol method (pyarrow, polars, DuckDB, pandas, ..), a NumPy
    array, or a dict of them. Each column gets a monotone map from values to at most `cells` cells,
    chosen so that the fullest cell stays small, and one count per cell. Null, NaN, -inf and +inf
    are counted apart. Columns must be numeric; "a.b" names column b of struct a.

    >>> import numpy as np
    >>> reference = profile({"amount": np.arange(10.0)})
    >>> current = reference.like()
    >>> current.update({"amount": np.arange(5.0)})
    >>> current
    Profile of 5 rows
      amount: float64, 21 cells, 0 null, 0 NaN

    Raises:
        Unsupported: a column is not numeric.
        InvalidArgument: `cells` is not from 8 to 1048576, or a column does not exist.
    """
    if isinstance(columns, str):
        raise InvalidArgument(f'columns = "{columns}" is a string; pass a list of names')
    return Profile.of(data, operator.index(cells), list(columns or ()))
