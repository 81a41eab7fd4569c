"""The competitors: one adapter each, which prepares what it may and times only the rest.

`pip install ".[bench]"` brings them.
"""

from __future__ import annotations

import atexit
import importlib
import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from bench.race import Contender

__all__ = [
    "Bracket",
    "Drifts",
    "Ks",
    "MissingPeer",
    "NameCounts",
    "Names",
    "Sample",
    "installed",
    "numpy_histogram",
    "numpy_ks",
    "polars_value_counts",
    "pyarrow_value_counts",
    "say_once",
    "scipy_ks",
    "scipy_table",
    "worker_table",
]

Answer = TypeVar("Answer")
Sample = npt.NDArray[np.floating[Any]]
Names = npt.NDArray[np.str_]


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


@dataclass(frozen=True)
class Drifts:
    """What two tables' comparison says of their columns.

    Attributes:
        drifted: those that changed.
        bounds: of each column's test statistic, equal ones from engines that give the statistic:
            Kolmogorov and Smirnov's for numbers, chi-square for names. Empty from engines that
            measure something else.
        taken_ns: by the engine's own clock, when it ran elsewhere.
    """

    drifted: frozenset[str]
    bounds: Mapping[str, tuple[float, float]]
    taken_ns: int = 0


@cache
def say_once(text: str) -> None:
    """Tell the people at the screen, whose table goes to the other stream."""
    print(text, file=sys.stderr)


def installed(*makers: Callable[[], Contender[Answer]]) -> list[Contender[Answer]]:
    """The contenders whose package is here; which are not is said once."""
    contenders = []
    for make in makers:
        try:
            contenders.append(make())
        except MissingPeer as error:
            say_once(str(error))
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


def scipy_table(
    reference: Mapping[str, Sample | Names], current: Mapping[str, Sample | Names], level: float
) -> Contender[Drifts]:
    """`ks_2samp` for each column of numbers, `chi2_contingency` of `numpy.unique` for names.

    Its alarms are those of Bonferroni's correction at `level`.

    Raises:
        MissingPeer: scipy is not installed.
    """
    stats = _module("scipy", "scipy.stats")

    def test(before: Sample | Names, after: Sample | Names) -> Any:
        if before.dtype.kind == "f":
            return stats.ks_2samp(before, after)
        names, codes = np.unique(np.concatenate([before, after]), return_inverse=True)
        table = [
            np.bincount(part, minlength=names.size)
            for part in (codes[: before.size], codes[before.size :])
        ]
        return stats.chi2_contingency(table, correction=False)

    def run() -> Drifts:
        results = {name: test(reference[name], current[name]) for name in reference}
        bounds = {name: (float(r.statistic),) * 2 for name, r in results.items()}
        found = (name for name, r in results.items() if r.pvalue * len(results) < level)
        return Drifts(frozenset(found), bounds)

    return Contender("scipy loop", version("scipy"), run)


def worker_table(engine: str, python: Path, work: str, folder: Path) -> Contender[Drifts]:
    """An engine that needs older packages, under an interpreter of its own: bench.drift.worker.

    `folder` holds reference.parquet and current.parquet. The worker stays until this process ends,
    and has warmed up.

    Raises:
        MissingPeer: `python` has no such engine.
    """
    script = Path(__file__).parent / "drift" / "worker.py"
    command = [str(python), str(script), engine, work, str(folder)]
    try:
        worker = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )
    except OSError as error:
        raise MissingPeer(f"{engine} sits out: {error}") from error
    atexit.register(worker.kill)
    assert worker.stdin is not None
    assert worker.stdout is not None
    ask, answers = worker.stdin, worker.stdout
    release = answers.readline().strip()
    if not release:
        raise MissingPeer(f"{engine} is not installed and sits out: python -m bench.environments")

    def run() -> Drifts:
        ask.write("run\n")
        answer = json.loads(answers.readline())
        bounds = {name: (value, value) for name, value in answer["statistics"].items()}
        return Drifts(frozenset(answer["drifted"]), bounds, answer["taken_ns"])

    return Contender(engine, release, run, lambda answer: [answer.taken_ns])


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
