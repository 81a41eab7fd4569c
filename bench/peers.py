"""The competitors: one adapter each, which prepares what it may and times only the rest.

`pip install ".[bench]"` brings them.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from types import ModuleType
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from bench.race import Contender

__all__ = [
    "Bracket",
    "Ks",
    "MissingPeer",
    "NameCounts",
    "Sample",
    "installed",
    "numpy_histogram",
    "numpy_ks",
    "polars_value_counts",
    "pyarrow_value_counts",
    "scipy_ks",
]

Answer = TypeVar("Answer")
Sample = npt.NDArray[np.floating[Any]]


class MissingPeer(Exception):
    """A competitor is not installed; the text says which extra brings it."""


@dataclass(frozen=True)
class Bracket:
    """Bounds of the Kolmogorov-Smirnov distance."""

    lower: float
    upper: float


@dataclass(frozen=True)
class Ks:
    """The exact distance, and the test's p-value from engines that give one."""

    statistic: float
    pvalue: float | None


@dataclass(frozen=True)
class NameCounts:
    """How often each name came, as the engine has it; `plain` makes a dict of it, off the clock."""

    plain: Callable[[], dict[str, int]]


def installed(
    *makers: Callable[[], Contender[Answer]], missing: Callable[[str], None]
) -> list[Contender[Answer]]:
    """The contenders whose package is here; of the others, `missing` hears."""
    contenders = []
    for make in makers:
        try:
            contenders.append(make())
        except MissingPeer as error:
            missing(str(error))
    return contenders


def numpy_histogram(reference: Sample, current: Sample, cuts: int = 1023) -> Contender[Bracket]:
    """`numpy.histogram` over the reference's quantiles, and the distance's bounds from its counts.

    Cuts that fall on one value are made one: fewer bins, and none of them empty, is faster. The
    end bins are open, so that no value is lost.
    """
    inner = np.unique(np.quantile(reference, np.arange(1, cuts + 1) / (cuts + 1)))
    edges = np.concatenate([[-np.inf], inner, [np.inf]]).astype(reference.dtype)

    def shares_below(values: Sample) -> npt.NDArray[np.float64]:
        counts, _ = np.histogram(values, edges)
        return np.concatenate([[0.0], np.cumsum(counts) / values.size])

    expected = shares_below(reference)

    def run() -> Bracket:
        shares = shares_below(current)
        lower = np.abs(shares - expected).max()
        above = (expected[1:] - shares[:-1]).max()
        below = (shares[1:] - expected[:-1]).max()
        return Bracket(float(lower), float(max(above, below)))

    return Contender("numpy.histogram", version("numpy"), run)


def numpy_ks(x: Sample, y: Sample) -> Contender[Ks]:
    """The statistic by sorting both samples and looking every value up in both; no p-value."""

    def run() -> Ks:
        first, second = np.sort(x), np.sort(y)
        both = np.concatenate([first, second])
        below_first = np.searchsorted(first, both, side="right") / first.size
        below_second = np.searchsorted(second, both, side="right") / second.size
        return Ks(float(np.abs(below_first - below_second).max()), None)

    return Contender("numpy.sort", version("numpy"), run)


def scipy_ks(x: Sample, y: Sample) -> Contender[Ks]:
    """`scipy.stats.ks_2samp`: statistic and p-value.

    Raises:
        MissingPeer: scipy is not installed.
    """
    stats = _module("scipy", "scipy.stats")

    def run() -> Ks:
        result = stats.ks_2samp(x, y)
        return Ks(float(result.statistic), float(result.pvalue))

    return Contender("scipy.ks_2samp", version("scipy"), run)


def polars_value_counts(column: Any) -> Contender[NameCounts]:
    """`Series.value_counts`, of a String or, for an Arrow dictionary, a Categorical series.

    Raises:
        MissingPeer: polars is not installed.
    """
    polars = _module("polars", "polars")
    series = polars.Series("name", column)
    if series.dtype != polars.String:
        series = series.cast(polars.Categorical)

    def run() -> NameCounts:
        counted = series.value_counts()
        return NameCounts(
            lambda: dict(zip(counted["name"].cast(polars.String), counted["count"], strict=True))
        )

    return Contender("polars", version("polars"), run)


def pyarrow_value_counts(column: Any) -> Contender[NameCounts]:
    """`Array.value_counts`.

    Raises:
        MissingPeer: pyarrow is not installed.
    """
    _module("pyarrow", "pyarrow")

    def run() -> NameCounts:
        counted = column.value_counts()
        names, counts = counted.field("values"), counted.field("counts")
        return NameCounts(lambda: dict(zip(names.to_pylist(), counts.to_pylist(), strict=True)))

    return Contender("pyarrow", version("pyarrow"), run)


def _module(package: str, module: str) -> ModuleType:
    try:
        version(package)
        return importlib.import_module(module)
    except (ImportError, PackageNotFoundError) as error:
        text = f'{package} is not installed and sits out: pip install ".[bench]"'
        raise MissingPeer(text) from error
