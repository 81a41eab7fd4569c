"""What a window may know of its rows: `kedge.sum("amount", where="status == 'ok'")`.

The first argument is a column, or an expression over columns such as "price * quantity". Nulls do
not count. With `where`, only the rows for which it is true do. Strings and dictionaries of strings
come out as large strings.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from kedge._core import InvalidArgument, Profile
from kedge.window.durations import DurationLike, duration_text

__all__ = [
    "Aggregate",
    "all",
    "any",
    "argmax",
    "argmin",
    "correlation",
    "count",
    "delta",
    "distinct",
    "ema",
    "first",
    "histogram",
    "kurtosis",
    "last",
    "max",
    "mean",
    "min",
    "profile_of",
    "quantile",
    "rate",
    "skew",
    "stddev",
    "sum",
    "top",
    "variance",
]


@dataclass(frozen=True)
class Aggregate:
    """One aggregate of a definition; made by the functions of this module."""

    function: str
    input: str = ""
    of: str = ""
    where: str = ""
    number: float = 0.0
    error: float = 0.0
    exact: bool = False
    duration: str = "0s"
    bounds: tuple[float, ...] = ()
    reference: bytes = field(default=b"", repr=False)
    # Where the reference was read, which is no part of the definition.
    path: str = field(default="", compare=False)


def count(column: str = "", *, where: str = "") -> Aggregate:
    """How many rows, or how many that have a value in this column: uint64."""
    return Aggregate("count", column, where=where)


def sum(column: str, *, where: str = "") -> Aggregate:
    """The sum: of integers and bools exact, null when it does not fit; of floats compensated."""
    return Aggregate("sum", column, where=where)


def mean(column: str, *, where: str = "") -> Aggregate:
    """The arithmetic mean."""
    return Aggregate("mean", column, where=where)


def variance(column: str, *, ddof: int = 1, where: str = "") -> Aggregate:
    """The variance over `n - ddof`; null unless there are more than `ddof` values."""
    return Aggregate("variance", column, number=ddof, where=where)


def stddev(column: str, *, ddof: int = 1, where: str = "") -> Aggregate:
    """The standard deviation over `n - ddof`; null unless there are more than `ddof` values."""
    return Aggregate("stddev", column, number=ddof, where=where)


def skew(column: str, *, where: str = "") -> Aggregate:
    """The skewness of the values as a population, m3 / m2^1.5; NaN when all are equal."""
    return Aggregate("skew", column, where=where)


def kurtosis(column: str, *, where: str = "") -> Aggregate:
    """The excess kurtosis of the values as a population, m4 / m2^2 - 3; NaN when all are equal."""
    return Aggregate("kurtosis", column, where=where)


def min(column: str, *, where: str = "") -> Aggregate:
    """The least value, in the column's own type; NaN only when there is nothing else.

    Strings are compared by the bytes of their UTF-8.
    """
    return Aggregate("min", column, where=where)


def max(column: str, *, where: str = "") -> Aggregate:
    """The greatest value, in the column's own type; NaN only when there is nothing else.

    Strings are compared by the bytes of their UTF-8.
    """
    return Aggregate("max", column, where=where)


def first(column: str, *, where: str = "") -> Aggregate:
    """The value of the earliest row; of rows of one time, of the first to arrive."""
    return Aggregate("first", column, where=where)


def last(column: str, *, where: str = "") -> Aggregate:
    """The value of the latest row; of rows of one time, of the last to arrive."""
    return Aggregate("last", column, where=where)


def argmin(column: str, *, of: str = "", where: str = "") -> Aggregate:
    """What `of` (or the time) is where the column is least; among equals the first to arrive.

    The column is of numbers or times, `of` may also be of strings.
    """
    return Aggregate("argmin", column, of=of, where=where)


def argmax(column: str, *, of: str = "", where: str = "") -> Aggregate:
    """What `of` (or the time) is where the column is greatest; among equals the first to arrive.

    The column is of numbers or times, `of` may also be of strings.
    """
    return Aggregate("argmax", column, of=of, where=where)


def any(column: str, *, where: str = "") -> Aggregate:
    """Whether a bool column, or a condition, is true in at least one row."""
    return Aggregate("any", column, where=where)


def all(column: str, *, where: str = "") -> Aggregate:
    """Whether a bool column, or a condition, is true in every row that has a value."""
    return Aggregate("all", column, where=where)


def distinct(column: str, *, exact: bool = False, where: str = "") -> Aggregate:
    """How many different values.

    Exact up to 256 of them, beyond that by HyperLogLog with a standard error of 1.6 %. With
    `exact`, all are kept: numbers themselves, strings by 64 bits of their hash. The column's
    metadata have the error under `kedge.standard_error`.
    """
    return Aggregate("distinct", column, exact=exact, where=where)


def quantile(
    column: str, q: float, *, error: float = 0.01, exact: bool = False, where: str = ""
) -> Aggregate:
    """The value below which a share `q` of the values lies; NaN has no rank and is left out.

    While a window's key has fewer than 4096 values (always, with `exact`) it is what
    `numpy.quantile` gives. Beyond that it is a value whose rank is off by at most `error` times
    the number of values; that bound is certain, not probable, and stands in the column's metadata
    under `kedge.rank_error`.
    """
    return Aggregate("quantile", column, number=q, error=error, exact=exact, where=where)


def rate(column: str = "", *, per: DurationLike = "1s", where: str = "") -> Aggregate:
    """Rows, or the column's sum, for each `per` of the window's length."""
    return Aggregate("rate", column, duration=duration_text(per, "per"), where=where)


def delta(column: str, *, where: str = "") -> Aggregate:
    """The last value less the first one, by time."""
    return Aggregate("delta", column, where=where)


def correlation(x: str, y: str, *, where: str = "") -> Aggregate:
    """Pearson's correlation over the rows in which both have a value; null below two of them."""
    return Aggregate("correlation", x, of=y, where=where)


def ema(column: str, *, halflife: DurationLike, where: str = "") -> Aggregate:
    """The mean in which a row counts half as much for each `halflife` that it is older."""
    return Aggregate("ema", column, duration=duration_text(halflife, "halflife"), where=where)


def histogram(
    column: str,
    *,
    bounds: Iterable[float] | None = None,
    bins: int | None = None,
    range: tuple[float, float] | None = None,
    where: str = "",
) -> Aggregate:
    """How many values lie in each cell between rising bounds: a list of uint64.

    There is one cell more than bounds: below the first, from each one to before the next, and at
    or above the last. Either `bounds` are given, up to 4096, or `bins` of equal width over
    `range`, which are `bins + 1` bounds. NaN is not counted; integers are compared exactly. The
    column's metadata have the bounds under `kedge.bounds`, as JSON. A state has 8 bytes a cell.
    """
    if (bounds is None) == (bins is None) or (bins is None) != (range is None):
        raise InvalidArgument("histogram needs either bounds, or bins and range")
    if bins is not None and bins < 1:
        raise InvalidArgument(f"bins = {bins} is not above 0")
    given = (bounds if range is None else range) or ()
    return Aggregate(
        "histogram", column, number=bins or 0, bounds=tuple(map(float, given)), where=where
    )


def top(column: str, *, k: int, where: str = "") -> Aggregate:
    """The `k` most frequent values, up to 512: a list of structs of `value` and `count`.

    The most frequent one comes first; of equally frequent ones the smaller. Numbers, bools, times,
    strings and dictionaries of strings are counted; all NaN are one value, above all others.

    Exact while a window's key has at most 1024 different values. Beyond that a count may be too
    high, never too low, by at most the share of the counted rows that the column's metadata have
    under `kedge.count_error`: 1/512. A value that came more often than that is found.
    """
    return Aggregate("top", column, number=k, where=where)


def profile_of(
    column: str, *, like: Profile | str | os.PathLike[str], name: str = "", where: str = ""
) -> Aggregate:
    """A profile of the column, so that its drift comes out of the same pass as features do.

    `like` is the reference, a `kedge.Profile` or the path of a stored one; the rows are counted
    over the cells, or names, of its column `name`, which is `column` unless given. The result is
    binary: a stored profile of that one column, nulls counted.

    >>> import kedge, pyarrow as pa
    >>> reference = kedge.profile({"amount": [1.0, 2.0, 3.0, 4.0], "n": [1, 2, 3, 4]})
    >>> window = kedge.Window(aggregates={"drift": kedge.profile_of("amount", like=reference)})
    >>> _ = window.push({"amount": pa.array([1.0, 9.0])})
    >>> (stored,) = pa.table(window.finish())["drift"].to_pylist()
    >>> current = kedge.Profile.from_bytes(stored)
    >>> kedge.compare(reference.select(["amount"]), current)["amount"].above_share
    0.5

    A state has 4 bytes for each cell, 16 kB with the 4096 of `kedge.profile`, and so has each row
    of a sliding window: for many keys make the reference with fewer `cells`. The reference is part
    of the definition, with its counts; a snapshot has it, and of another one it is refused.
    """
    path = "" if isinstance(like, Profile) else str(like)
    profile = like if isinstance(like, Profile) else Profile.from_bytes(Path(like).read_bytes())
    reference = profile.select([name or column]).to_bytes()
    return Aggregate("profile_of", column, where=where, reference=reference, path=path)
