"""The aggregates of windows by their definitions, over all rows of a window at once.

Each function has the name and the arguments that `kedge` gives it and returns a function from a
`Closed` window to its value. Sums, means and moments are exact until the last rounding: a float is
a whole number over a power of two, so a column of them is a list of integers over one scale.
"""

from __future__ import annotations

import builtins
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

Row = Mapping[str, Any]
Column = str | Callable[[Row], Any]


@dataclass(frozen=True)
class Closed:
    """A window that is closed: its rows in the order they came."""

    start: int | None
    end: int | None
    key: tuple[Any, ...]
    rows: Sequence[Row]
    time: str | None  # the name of the time column
    second: Fraction | int  # how many units of the time column are a second
    unsigned: frozenset[str]  # columns whose integers reach to 2**64


Aggregate = Callable[[Closed], Any]


def read(column: Column, row: Row) -> Any:
    return row[column] if isinstance(column, str) else column(row)


def values(window: Closed, column: Column) -> list[Any]:
    """What the column has in the window, without nulls."""
    return [value for row in window.rows if (value := read(column, row)) is not None]


def is_nan(value: Any) -> bool:
    return isinstance(value, float) and math.isnan(value)


def where(condition: Callable[[Row], bool | None], aggregate: Aggregate) -> Aggregate:
    """The aggregate of those rows for which the condition is true, neither false nor null."""

    def value(window: Closed) -> Any:
        kept = [row for row in window.rows if condition(row) is True]
        return aggregate(replace(window, rows=kept))

    return value


def count(column: Column | None = None) -> Aggregate:
    if column is None:
        return lambda window: len(window.rows)
    return lambda window: len(values(window, column))


def exact_sum(numbers: Sequence[float]) -> float:
    """Rounded once; infinities and NaN as IEEE 754 adds them."""
    if not builtins.all(math.isfinite(x) for x in numbers):
        return builtins.sum(x for x in numbers if not math.isfinite(x))
    total = builtins.sum(Fraction(x) for x in numbers)
    try:
        return float(total)
    except OverflowError:
        return math.inf if total > 0 else -math.inf


def sum(column: Column) -> Aggregate:
    def value(window: Closed) -> Any:
        found = values(window, column)
        if not found:
            return None
        if builtins.any(isinstance(x, float) for x in found):
            return exact_sum(found)
        total = builtins.sum(int(x) for x in found)
        unsigned = column in window.unsigned
        low, high = (0, 2**64) if unsigned else (-(2**63), 2**63)
        return total if low <= total < high else None

    return value


def mean(column: Column) -> Aggregate:
    def value(window: Closed) -> Any:
        found = values(window, column)
        if not found:
            return None
        if not builtins.all(math.isfinite(x) for x in found):
            return exact_sum(found)
        return float(builtins.sum(Fraction(x) for x in found) / len(found))

    return value


def as_integers(numbers: Sequence[float]) -> tuple[list[int], int]:
    """Integers and the number all of them are to be divided by."""
    ratios = [x.as_integer_ratio() for x in numbers]
    scale = builtins.max(denominator for _, denominator in ratios)
    return [numerator * (scale // denominator) for numerator, denominator in ratios], scale


def central_moment(numbers: Sequence[float], power: int) -> Fraction:
    """The mean of (x - mean)**power, exactly."""
    integers, scale = as_integers(numbers)
    n, total = len(integers), builtins.sum(integers)
    powers = builtins.sum((n * x - total) ** power for x in integers)
    return Fraction(powers, n * (n * scale) ** power)


def variance(column: Column, *, ddof: int = 1) -> Aggregate:
    def value(window: Closed) -> Any:
        found = values(window, column)
        if len(found) <= ddof:
            return None
        if not builtins.all(math.isfinite(x) for x in found):
            return math.nan
        return float(central_moment(found, 2) * len(found) / (len(found) - ddof))

    return value


def stddev(column: Column, *, ddof: int = 1) -> Aggregate:
    squared = variance(column, ddof=ddof)
    return lambda window: None if (value := squared(window)) is None else math.sqrt(value)


def _standardised(column: Column, power: int, less: float) -> Aggregate:
    def value(window: Closed) -> Any:
        found = values(window, column)
        if not found:
            return None
        if not builtins.all(math.isfinite(x) for x in found):
            return math.nan
        second = float(central_moment(found, 2))
        if second == 0:
            return math.nan
        return float(central_moment(found, power)) / second ** (power / 2) - less

    return value


def skew(column: Column) -> Aggregate:
    return _standardised(column, 3, 0.0)


def kurtosis(column: Column) -> Aggregate:
    return _standardised(column, 4, 3.0)


def correlation(x: Column, y: Column) -> Aggregate:
    def value(window: Closed) -> Any:
        pairs = [(read(x, row), read(y, row)) for row in window.rows]
        pairs = [(a, b) for a, b in pairs if a is not None and b is not None]
        if len(pairs) < 2:
            return None
        if not builtins.all(math.isfinite(a) and math.isfinite(b) for a, b in pairs):
            return math.nan
        (left, _), (right, _) = (as_integers(side) for side in zip(*pairs, strict=True))
        n = len(pairs)
        left, right = ([n * a - builtins.sum(side) for a in side] for side in (left, right))
        xx, yy = (builtins.sum(a * a for a in side) for side in (left, right))
        xy = builtins.sum(a * b for a, b in zip(left, right, strict=True))
        if xx == 0 or yy == 0:
            return math.nan
        return math.copysign(math.sqrt(Fraction(xy * xy, xx * yy)), xy)

    return value


def _least(column: Column, choose: Callable[..., Any]) -> Aggregate:
    def value(window: Closed) -> Any:
        found = values(window, column)
        numbers = [x for x in found if not is_nan(x)]
        return choose(numbers) if numbers else (found[0] if found else None)

    return value


def min(column: Column) -> Aggregate:
    return _least(column, builtins.min)


def max(column: Column) -> Aggregate:
    return _least(column, builtins.max)


def _in_time(window: Closed, column: Column) -> list[Row]:
    """Rows with a value in the order of time; of equal times in the order they came."""
    rows = [row for row in window.rows if read(column, row) is not None]
    return rows if window.time is None else sorted(rows, key=lambda row: row[window.time])


def first(column: Column) -> Aggregate:
    def value(window: Closed) -> Any:
        rows = _in_time(window, column)
        return read(column, rows[0]) if rows else None

    return value


def last(column: Column) -> Aggregate:
    def value(window: Closed) -> Any:
        rows = _in_time(window, column)
        return read(column, rows[-1]) if rows else None

    return value


def delta(column: Column) -> Aggregate:
    begin, end = first(column), last(column)
    return lambda window: None if (a := begin(window)) is None else end(window) - a


def _arg(column: Column, of: Column | None, choose: Callable[..., Any]) -> Aggregate:
    def value(window: Closed) -> Any:
        rows = [
            row for row in window.rows if (x := read(column, row)) is not None and not is_nan(x)
        ]
        if not rows:
            return None
        # Python's min and max give the first among equals.
        return read(of or window.time, choose(rows, key=lambda row: read(column, row)))

    return value


def argmin(column: Column, *, of: Column | None = None) -> Aggregate:
    return _arg(column, of, builtins.min)


def argmax(column: Column, *, of: Column | None = None) -> Aggregate:
    return _arg(column, of, builtins.max)


def any(column: Column) -> Aggregate:
    return lambda window: True in found if (found := values(window, column)) else None


def all(column: Column) -> Aggregate:
    return lambda window: False not in found if (found := values(window, column)) else None


def distinct(column: Column, *, exact: bool = True) -> Aggregate:
    """Always exact here. All NaN are one value, and so are the two zeros."""
    return lambda window: len({"NaN" if is_nan(x) else x for x in values(window, column)})


def quantile(column: Column, q: float, *, error: float = 0, exact: bool = True) -> Aggregate:
    """Always exact here: between the two values around rank q (n - 1). NaN has no rank."""

    def value(window: Closed) -> Any:
        found = sorted(x for x in values(window, column) if not is_nan(x))
        if not found:
            return None
        rank = q * (len(found) - 1)
        low, high = found[math.floor(rank)], found[math.ceil(rank)]
        if low == high:
            return float(low)
        return float(low + (rank - math.floor(rank)) * (high - low))

    return value


def histogram(
    column: Column,
    *,
    bounds: Sequence[float] | None = None,
    bins: int = 0,
    range: tuple[float, float] = (0, 0),
) -> Aggregate:
    if bounds is None:
        low, high = range
        bounds = [*(low + i * ((high - low) / bins) for i in builtins.range(bins)), high]

    def value(window: Closed) -> Any:
        counts = [0] * (len(bounds) + 1)
        for x in values(window, column):
            if not is_nan(x):
                counts[builtins.sum(bound <= x for bound in bounds)] += 1
        return counts

    return value


def top(column: Column, *, k: int) -> Aggregate:
    """Always exact here. All NaN are one value, above all others, and the two zeros are one."""

    def value(window: Closed) -> Any:
        found = values(window, column)
        numbers = [x for x in found if not is_nan(x)]
        pairs = [(x, numbers.count(x)) for x in sorted(set(numbers))]
        if len(numbers) < len(found):
            pairs.append((math.nan, len(found) - len(numbers)))
        pairs.sort(key=lambda pair: -pair[1])  # of equal counts the smaller value stays ahead
        return [{"value": x, "count": n} for x, n in pairs[:k]]

    return value


def rate(column: Column | None = None, *, per: float = 1) -> Aggregate:
    """`per` in seconds."""
    total = count() if column is None else sum(column)

    def value(window: Closed) -> Any:
        top = total(window)
        if top is None:
            return None
        seconds = float(Fraction(window.end - window.start) / window.second) / per
        if seconds == 0:
            return math.nan if top == 0 or math.isnan(top) else math.copysign(math.inf, top)
        return top / seconds

    return value


def ema(column: Column, *, halflife: float) -> Aggregate:
    """`halflife` in seconds. Weights are taken from the newest value: only ratios matter.

    No weight is zero but by rounding, so an infinity stays however old it is.
    """

    def value(window: Closed) -> Any:
        rows = _in_time(window, column)
        if not rows:
            return None
        newest = rows[-1][window.time]
        ages = [(newest - row[window.time]) / window.second for row in rows]
        weights = [2.0 ** -(age / halflife) if age / halflife < 1070 else 0.0 for age in ages]
        values = [read(column, row) for row in rows]
        parts = [x if math.isinf(x) else w * x for w, x in zip(weights, values, strict=True)]
        if {math.inf, -math.inf} <= set(parts):
            return math.nan
        return math.fsum(parts) / math.fsum(weights)

    return value
