"""Summaries that merge: what each column looked like, without keeping a row."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Iterator, Mapping, Sequence

from kedge._core import Categories, Histogram, InvalidArgument, Outline, Profile, row_count

__all__ = ["Categories", "Histogram", "Profile", "profile"]

# Of a stream that cannot be read twice, the rows that choose the cells.
_FIRST_ROWS = 131_072
_MOST = 1 << 20  # cells and categories that the core keeps of a column


def profile(
    data: object,
    *,
    cells: int = 4096,
    columns: Sequence[str] | None = None,
    categorical: Sequence[str] = (),
    max_categories: int = 10_000,
    exact: bool = False,
    cuts: Mapping[str, Iterable[float]] | None = None,
    slices: Sequence[str] = (),
) -> Profile:
    """Summarise every column of `data`, or only `columns`, as the reference to compare with.

    `data` is anything with an Arrow protocol method (pyarrow, polars, DuckDB, pandas, ..), a NumPy
    array, or a dict of them. What is larger than memory comes as a `pyarrow.dataset.Dataset`, which
    is read twice, or as an iterator of batches, which is read once: then its first 131 072 rows
    choose the cells.

    - **numbers** (integers, floats, bools, times): a monotone map from values to at most `cells`
      cells, chosen so that the fullest cell stays small, and one count per cell. Null, NaN, -inf
      and +inf, and what lies below or above the range of `data`, are counted apart. With `exact`,
      each value of `data` (as a double) has a counter of its own; `cuts` gives a column's cells by
      their bounds, and the range is then that of the cuts and the data together.
    - **categories** (strings and dictionaries, and the integer columns named in `categorical`): one
      count for each of the `max_categories` most frequent names, one for all others.
    - **text** (strings that are mostly different): how long they are, and how they spread.

    For each column named in `slices`, everything is counted once more for each of its 32 most
    frequent values, and for the rest, so that a report can name the slice that changed.

    "a.b" names column b of struct a.

    >>> import numpy as np
    >>> reference = profile({"amount": np.arange(10.0)})
    >>> current = reference.like()
    >>> current.update({"amount": np.arange(5.0)})
    >>> current
    Profile of 5 rows
      amount: float64, 21 cells, 0 null, 0 NaN

    Raises:
        Unsupported: a column has a type that cannot be profiled.
        InvalidArgument: `cells` is not from 8 to 1048576, `max_categories` not from 1 to 1048576,
            `cuts` do not rise, a column does not exist, or there is no data.
        ResourceExhausted: `exact`, and a column has more than 1048575 different values.
    """
    outline = outline_of(
        cells=cells,
        columns=columns,
        categorical=categorical,
        max_categories=max_categories,
        exact=exact,
        cuts=cuts,
        slices=slices,
    )
    if isinstance(data, Iterator):
        return _once(outline, data)
    if hasattr(data, "to_batches") and not hasattr(data, "__arrow_c_stream__"):
        return _twice(outline, data.to_batches)
    return outline.profile_of(data)


def outline_of(
    *,
    cells: int,
    columns: Sequence[str] | None,
    categorical: Sequence[str],
    max_categories: int,
    exact: bool,
    cuts: Mapping[str, Iterable[float]] | None,
    slices: Sequence[str],
) -> Outline:
    """The first look with these options of `profile`, nothing seen."""
    for name, names in (("columns", columns), ("categorical", categorical), ("slices", slices)):
        if isinstance(names, str):
            raise InvalidArgument(f'{name} = "{names}" is a string; pass a list of names')
    return Outline(
        _within("cells", cells, 8),
        _within("max_categories", max_categories, 1),
        exact,
        list(columns or ()),
        list(categorical),
        {name: [float(cut) for cut in bounds] for name, bounds in (cuts or {}).items()},
        list(slices),
    )


def _within(name: str, value: int, least: int) -> int:
    """Refuse what the core would name by what is left of it in 32 bits."""
    number = operator.index(value)
    if not least <= number <= _MOST:
        raise InvalidArgument(f"{name} = {number} is not from {least} to {_MOST}")
    return number


def first_batches(batches: Iterator[object]) -> list[object]:
    """The first batches of a stream that cannot be read twice: enough to choose cells from."""
    first: list[object] = []
    rows = 0
    for batch in batches:
        first.append(batch)
        rows += row_count(batch)
        if rows >= _FIRST_ROWS:
            break
    return first


def _once(outline: Outline, batches: Iterator[object]) -> Profile:
    first = first_batches(batches)
    for batch in first:
        outline.look(batch)
    counted = outline.profile()
    for batch in first:
        counted.update(batch)
    first.clear()
    for batch in batches:
        counted.update(batch)
    return counted


def _twice(outline: Outline, read: object) -> Profile:
    for batch in read():  # type: ignore[operator]
        outline.look(batch)
    counted = outline.profile()
    for batch in read():  # type: ignore[operator]
        counted.update(batch)
    return counted
