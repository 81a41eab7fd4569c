"""Aggregates and a column as a user writes them, each with the built-in that says the same."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numba

import kedge

__all__ = ["CLASSES"]

_SPLIT = 134217729.0  # 2^27 + 1: parts a double in two halves of 26 bits


@numba.njit
def rest_of_sum(a: Any, b: Any) -> Any:
    """What rounding takes from a + b."""
    total = a + b
    added = total - a
    return (a - (total - added)) + (b - added)


@numba.njit
def rest_of_square(a: Any) -> Any:
    """What rounding takes from a * a."""
    square = a * a
    high = a * _SPLIT - (a * _SPLIT - a)
    low = a - high
    return low * low - ((square - high * high) - 2 * high * low)


class _Sum:
    state = {"n": "int64", "total": "float64", "rest": "float64"}

    def step(state: Any, x: Any) -> None:
        state.rest += rest_of_sum(state.total, x)
        state.total += x
        state.n += 1

    def merge(into: Any, other: Any) -> None:
        into.rest += rest_of_sum(into.total, other.total) + other.rest
        into.total += other.total
        into.n += other.n


class Sum:
    """The sum, carried in two doubles."""

    state = _Sum.state
    step, merge = _Sum.step, _Sum.merge

    def finish(state: Any) -> Any:
        return state.total + state.rest if state.n else None


class Mean:
    """The same over the count."""

    state = _Sum.state
    step, merge = _Sum.step, _Sum.merge

    def finish(state: Any) -> Any:
        return (state.total + state.rest) / state.n if state.n else None


class Variance:
    """Sums and sums of squares in two doubles each."""

    state = {
        "n": "int64",
        "total": "float64",
        "squares": "float64",
        "rest": "float64",
        "rest_of_squares": "float64",
    }

    def step(state: Any, x: Any) -> None:
        state.rest += rest_of_sum(state.total, x)
        state.total += x
        state.rest_of_squares += rest_of_sum(state.squares, x * x) + rest_of_square(x)
        state.squares += x * x
        state.n += 1

    def merge(into: Any, other: Any) -> None:
        into.rest += rest_of_sum(into.total, other.total) + other.rest
        into.total += other.total
        into.rest_of_squares += rest_of_sum(into.squares, other.squares) + other.rest_of_squares
        into.squares += other.squares
        into.n += other.n

    def finish(state: Any) -> Any:
        if state.n < 2:
            return None
        total = state.total + state.rest
        squares = state.squares + state.rest_of_squares
        return max(0.0, squares - total * total / state.n) / (state.n - 1)


class Welford:
    """The variance from deviations about the running mean."""

    state = {"n": "int64", "mean": "float64", "squares": "float64"}

    def step(state: Any, x: Any) -> None:
        state.n += 1
        off = x - state.mean
        state.mean += off / state.n
        state.squares += off * (x - state.mean)

    def merge(into: Any, other: Any) -> None:
        n = into.n + other.n
        if n:
            off = other.mean - into.mean
            into.squares += other.squares + off * off * (into.n * (other.n / n))
            into.mean += off * (other.n / n)
            into.n = n

    def finish(state: Any) -> Any:
        return state.squares / (state.n - 1) if state.n > 1 else None


def scaled(x: Any) -> Any:
    """What an expression can say too."""
    return x * 2 + 1


SCALED = kedge.column(scaled)

CLASSES: Mapping[str, tuple[Callable[[str], Any], Callable[[str], Any]]] = {
    "sum": (kedge.aggregate(Sum), kedge.sum),
    "mean": (kedge.aggregate(Mean), kedge.mean),
    "variance": (kedge.aggregate(Variance), kedge.variance),
    "welford": (kedge.aggregate(Welford), kedge.variance),
    "column": (
        lambda column: kedge.sum(SCALED(column)),
        lambda column: kedge.sum(f"{column} * 2 + 1"),
    ),
}
