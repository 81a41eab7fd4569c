"""The Kolmogorov-Smirnov distance of two samples, bracketed and exact.

    python -m bench.drift.bench_ks [--json] [--rows N] [--exact-rows N] [--rounds R] [--only PART]

ks_bracket/<column>: count the current sample into cells fixed by the reference and bound the
    distance. kedge: `reference.like()`, `update`, `ks_bracket`, 4096 cells. Peer: `numpy.histogram`
    over the reference's 1023 quantile cuts (equal cuts are made one) and the same bounds from its
    counts. Both brackets must contain the exact distance, and kedge's must be no wider than 0.002.
    `rows` is the current sample; whatever depends on the reference alone is prepared beforehand.
ks_float32/normal: the same with float32.
ks_nulls/normal: the same with a tenth of the rows null, in an Arrow column; the peer gets the
    values without them.
ks_exact/<column>: the exact test of two unsorted samples; `rows` counts both. Peers:
    `scipy.stats.ks_2samp`, and sorting with numpy, which gives the statistic alone. Statistics must
    be equal to 1e-12, p-values to 1e-9 of their size. The samples are prepared beforehand.

Each column's current sample is shifted a little, so that the distance is not noise. Seeded; one
thread; a wrong answer is not timed and makes the exit code 1.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from importlib.metadata import version
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

import kedge
from bench import peers
from bench.peers import Bracket, Ks, Sample
from bench.race import Contender, Race, difference
from bench.report import Planned, parser, positive, run_all
from kedge._core import ks_bracket

_WIDEST = 0.002
_STATISTIC = 1e-12
_PVALUE = 1e-9

Draw = Callable[[np.random.Generator, int, float], npt.NDArray[np.float64]]


def _integers(rng: np.random.Generator, rows: int, shift: float) -> npt.NDArray[np.float64]:
    return np.floor(30 * rng.random(rows) ** (1 - shift))


def _clusters(rng: np.random.Generator, rows: int, shift: float) -> npt.NDArray[np.float64]:
    return rng.normal(size=rows) + np.where(rng.random(rows) < 0.5 + shift, 1e6, 0.0)


def _zeros(rng: np.random.Generator, rows: int, shift: float) -> npt.NDArray[np.float64]:
    return np.where(rng.random(rows) < 0.4 + shift, 0.0, rng.lognormal(size=rows))


COLUMNS: Mapping[str, Draw] = {
    "normal": lambda rng, rows, shift: rng.normal(shift, 1, rows),
    "lognormal": lambda rng, rows, shift: rng.lognormal(3 * shift, 3, rows),
    "pareto": lambda rng, rows, shift: (1 + shift) * (1 + rng.pareto(1, rows)),
    "cauchy": lambda rng, rows, shift: shift + rng.standard_cauchy(rows),
    "integers": _integers,
    "clusters": _clusters,
    "zeros": _zeros,
}


def samples(column: str, rows: int) -> tuple[Sample, Sample]:
    """Reference and current sample of a column."""
    rng = np.random.default_rng([2024, list(COLUMNS).index(column)])
    return COLUMNS[column](rng, rows, 0.0), COLUMNS[column](rng, rows, 0.01)


def kedge_bracket(reference: Sample, current: Sample) -> Contender[Bracket]:
    """Count into the reference's cells, bound the distance."""
    profile = kedge.profile({"value": reference})
    expected = profile.histogram("value")

    def run() -> Bracket:
        counted = profile.like()
        counted.update({"value": current})
        return Bracket(*ks_bracket(expected, counted.histogram("value")))

    return Contender("kedge", version("kedge"), run)


def kedge_nulls(
    reference: Sample, current: Sample, valid: npt.NDArray[np.bool_]
) -> Contender[Bracket]:
    """The same for an Arrow column with nulls."""
    table = pa.table({"value": pa.array(current, mask=~valid)})
    profile = kedge.profile({"value": reference})
    expected = profile.histogram("value")

    def run() -> Bracket:
        counted = profile.like()
        counted.update(table)
        return Bracket(*ks_bracket(expected, counted.histogram("value")))

    return Contender("kedge", version("kedge"), run)


def kedge_exact(x: Sample, y: Sample) -> Contender[Ks]:
    """The exact test."""

    def run() -> Ks:
        result = kedge.ks_test(x, y)
        return Ks(result.statistic, result.pvalue)

    return Contender("kedge", version("kedge"), run)


def judge_bracket(engine: str, answer: Bracket, exact: Bracket) -> str:
    """A bracket must hold the exact distance; ours must be narrow too."""
    distance = exact.lower
    if not answer.lower - _STATISTIC <= distance <= answer.upper + _STATISTIC:
        return f"the bracket is {answer.lower} .. {answer.upper}, the exact distance {distance}"
    width = answer.upper - answer.lower
    if engine == "kedge" and width > _WIDEST:
        return f"the bracket is {width:.6f} wide, expected at most {_WIDEST}"
    return ""


def judge_exact(engine: str, answer: Ks, expected: Ks) -> str:
    """Statistics must be equal, and p-values where both engines give one."""
    wrong = difference("statistic", answer.statistic, expected.statistic, absolute=_STATISTIC)
    if wrong or answer.pvalue is None or expected.pvalue is None:
        return wrong
    return difference("p-value", answer.pvalue, expected.pvalue, relative=_PVALUE)


def bracket_race(work: str, column: str, rows: int, dtype: type[np.floating[Any]]) -> Race[Bracket]:
    """Bracket the distance of one column."""
    reference, current = (sample.astype(dtype) for sample in samples(column, rows))
    exact = peers.numpy_ks(reference, current).run().statistic
    return Race(
        work=work,
        rows=rows,
        ours=kedge_bracket(reference, current),
        peers=[peers.numpy_histogram(reference, current)],
        judge=judge_bracket,
        expected=Bracket(exact, exact),
        facts=lambda answer: {"width": round(answer.upper - answer.lower, 9)},
    )


def nulls_race(work: str, column: str, rows: int) -> Race[Bracket]:
    """Bracket the distance of a column with nulls."""
    reference, current = samples(column, rows)
    valid = np.random.default_rng(5).random(rows) >= 0.1
    exact = peers.numpy_ks(reference, current[valid]).run().statistic
    return Race(
        work=work,
        rows=rows,
        ours=kedge_nulls(reference, current, valid),
        peers=[peers.numpy_histogram(reference, current[valid])],
        judge=judge_bracket,
        expected=Bracket(exact, exact),
        facts=lambda answer: {"width": round(answer.upper - answer.lower, 9)},
    )


def exact_race(work: str, column: str, rows: int) -> Race[Ks]:
    """Test one column exactly."""
    x, y = samples(column, rows)
    others = peers.installed(lambda: peers.scipy_ks(x, y), lambda: peers.numpy_ks(x, y))
    return Race(work, 2 * rows, kedge_exact(x, y), others, judge_exact)


def plan(options: argparse.Namespace) -> list[Planned]:
    """Every work's name and what makes its race."""
    rows, exact_rows = options.rows, options.exact_rows or options.rows
    works: list[Planned] = []
    for column in COLUMNS:
        work = f"ks_bracket/{column}"
        works.append((work, partial(bracket_race, work, column, rows, np.float64)))
    work = "ks_float32/normal"
    works.append((work, partial(bracket_race, work, "normal", rows, np.float32)))
    works.append(("ks_nulls/normal", partial(nulls_race, "ks_nulls/normal", "normal", rows)))
    for column in COLUMNS:
        work = f"ks_exact/{column}"
        works.append((work, partial(exact_race, work, column, exact_rows)))
    return works


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark; the return value is the exit code."""
    command = parser("bench.drift.bench_ks", __doc__, rows=1_000_000)
    command.add_argument(
        "--exact-rows", type=positive, metavar="N", help="rows of a sample in ks_exact (as --rows)"
    )
    options = command.parse_args(arguments)
    return run_all(plan(options), options)


if __name__ == "__main__":
    sys.exit(main())
