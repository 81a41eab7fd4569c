"""The values of features in the rows that were explained, as a picture writes and colours them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kedge._core import InvalidArgument, Table
from kedge.drift.words import brief

__all__ = ["RowValues", "written"]


class RowValues:
    """Columns by the features' names; a NumPy array or a list of rows has them by place."""

    def __init__(self, rows: object, names: Sequence[str], count: int) -> None:
        """Refuses rows that cannot be those of the explanation."""
        if isinstance(rows, np.ndarray | list | tuple):
            matrix = np.asarray(rows)
            if matrix.shape != (count, len(names)):
                raise InvalidArgument(
                    f"rows: expected {count} rows of {len(names)} features, as were explained, "
                    f"got an array of shape {matrix.shape}"
                )
            self._columns: list[Sequence[Any]] = list(matrix.T)
            return
        if isinstance(rows, dict):
            rows = {
                name: [it] if it is None or np.isscalar(it) else it for name, it in rows.items()
            }
        table = Table(rows)
        if table.num_rows != count:
            raise InvalidArgument(
                f"rows: expected {count}, as were explained, got {table.num_rows}"
            )
        missing = [name for name in names if name not in table.column_names]
        if missing:
            raise InvalidArgument(f'rows: there is no column "{missing[0]}"')
        columns = table.to_pydict()
        self._columns = [columns[name] for name in names]

    def text(self, row: int, feature: int) -> str:
        """One value in words."""
        return written(self._columns[feature][row])

    def levels(self, feature: int, count: int) -> NDArray[np.int64] | None:
        """For each row where its value lies among all, from 0 to below `count`; -1 for missing.

        By ranks, so that one far value does not take all the colour. None for names.
        """
        try:
            values = np.asarray(self._columns[feature], dtype=np.float64)
        except (TypeError, ValueError):
            return None
        levels = np.full(values.size, -1)
        known = ~np.isnan(values)
        if known.any():
            _, place, counts = np.unique(values[known], return_inverse=True, return_counts=True)
            middles = 2 * counts.cumsum() - counts  # of the ranks that equal values share
            scaled = (middles - middles[0]) * count // max(int(middles[-1] - middles[0]), 1)
            levels[known] = np.minimum(scaled, count - 1)[place.reshape(-1)]
        return levels


def written(value: Any) -> str:
    """A value of any column."""
    if value is None:
        return "missing"
    if isinstance(value, bool | np.bool_):
        return "true" if value else "false"
    if isinstance(value, int | float | np.number):
        return "missing" if np.isnan(value) else brief(float(value))
    return str(value)
