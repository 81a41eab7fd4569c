"""How numbers, shares, times and ranges are written, in the terminal and on a page alike."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable

import numpy as np

__all__ = [
    "Number",
    "absent",
    "aligned",
    "bounds",
    "brief",
    "change",
    "number_of",
    "per_second",
    "plain",
    "printable",
    "range_of",
    "share",
    "signed",
    "time_unit",
]

_LONGEST_NAME = 32  # in a printed table
_LEAST = 1e-300

Number = Callable[[float], str]


def absent(column: str, columns: Iterable[str]) -> str:
    """What is said of a column that is not there, in the core's words."""
    there = ", ".join(f'"{name}"' for name in columns)
    return f'there is no column "{column}"; the columns are {there}'


def printable(name: str, longest: int = _LONGEST_NAME) -> str:
    """A name for a table: no control characters, not too long."""
    clean = name if name.isprintable() else "".join(c if c.isprintable() else "?" for c in name)
    return clean if len(clean) <= longest else clean[: longest - 1] + "…"


def plain(value: float) -> str:
    """A number with six digits."""
    return f"{value:.6g}"


def brief(value: float) -> str:
    """A number with four digits, or all of those before the point while they are few."""
    if math.isinf(value):
        return "∞" if value > 0 else "-∞"
    if 0 < abs(value) < _LEAST:
        return "0+" if value > 0 else "0-"  # the neighbours of zero, which are ends of ranges
    return f"{value:.0f}" if 1000 <= abs(value) < 1e7 else f"{value:.4g}"


def aligned(values: Iterable[float]) -> Number:
    """How to write numbers that add up below each other: all with as many decimals.

    The largest gets four digits, unless it is so large or small that decimals say nothing.
    """
    largest = max(map(abs, values), default=0.0)
    if not 1e-4 <= largest < 1e7:
        return brief
    decimals = max(0, 3 - math.floor(math.log10(largest)))
    return lambda value: f"{round(value, decimals) + 0.0:.{decimals}f}"


def signed(text: str) -> str:
    """A number's text with a sign in any case."""
    return text if text.startswith("-") else f"+{text}"


def share(value: float) -> str:
    """A share in per cent."""
    return f"{value:.1%}"


def change(before: float, after: float, *, arrow: str = "->") -> str:
    """Two shares, then and now."""
    return f"{share(before)} {arrow} {share(after)}"


def bounds(low: float, high: float, digits: int) -> str:
    """Two bounds of one number."""
    return f"{low:.{digits}f} .. {high:.{digits}f}"


def range_of(low: float, high: float, *, number: Number = plain, unit: str = "") -> str:
    """The values from `low` to `high`, both included; an infinite end is no bound."""
    if low == high:
        return f"= {number(low)}{unit}"
    if low == -math.inf:
        return "all values" if high == math.inf else _bound("<", high, math.inf, number) + unit
    if high == math.inf:
        return _bound(">", low, -math.inf, number) + unit
    return f"{number(low)} .. {number(high)}{unit}"


def _bound(sign: str, end: float, outward: float, number: Number) -> str:
    """An included end, or the rounder number just beyond it, excluded."""
    beyond = math.nextafter(end, outward)
    if len(repr(beyond)) < len(repr(end)):
        return f"{sign} {number(beyond)}"
    return f"{sign}= {number(end)}"


def time_unit(column_type: str) -> str | None:
    """NumPy's unit of a type that holds points in time, None for other types."""
    if column_type.startswith("timestamp["):
        return column_type.removeprefix("timestamp[").rstrip("]").split(",")[0]
    return {"date32": "D", "date64": "ms"}.get(column_type)


def per_second(unit: str) -> float:
    """How many of NumPy's units of time there are in a second."""
    one = np.timedelta64(1, unit)  # type: ignore[call-overload]
    return float(np.timedelta64(1, "s") / one)


def number_of(column_type: str) -> Number:
    """How a value of a column of this type is written for people to look at."""
    unit = time_unit(column_type)
    if unit is not None:
        return lambda value: _time(value, unit)
    if column_type == "bool":
        return lambda value: {0.0: "false", 1.0: "true"}.get(value, plain(value))
    return brief


def _time(value: float, unit: str) -> str:
    """A date, with the time of day unless it is midnight."""
    if not abs(value) < 2.0**63:
        return plain(value)
    moment = np.datetime64(int(value), unit)  # type: ignore[call-overload]
    text = str(moment.astype("datetime64[s]"))
    return text.removesuffix("T00:00:00").replace("T", " ")
