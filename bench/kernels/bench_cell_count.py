"""Values into cells, by every variant of the kernel that runs here.

    python -m bench.kernels.bench_cell_count [--json] [--rows N] [--rounds R] [--only PART]

cell_count/<kind of map>: count float64 values over a map of that kind, 4096 cells where the kind
    allows. kedge: the best variant; the others are the rest of the kernel's own list, by name. All
    counts must be equal. Seeded; one thread; a wrong answer is not timed and makes the exit code 1.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from importlib.metadata import version

import numpy as np
import numpy.typing as npt

import kedge
from bench.race import Contender, Race
from bench.report import Planned, parser, run_all
from kedge._core import cell_variants, count_with

Counts = npt.NDArray[np.uint32]


def _with_atoms(
    rng: np.random.Generator, atoms: npt.ArrayLike, values: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    return np.where(rng.random(values.size) < 0.4, rng.choice(atoms, values.size), values)


COLUMNS: Mapping[str, Callable[[np.random.Generator, int], npt.NDArray[np.float64]]] = {
    "affine": lambda rng, rows: rng.normal(size=rows),
    "lattice": lambda rng, rows: rng.integers(0, 30, rows).astype(np.float64),
    "bend": lambda rng, rows: rng.standard_cauchy(rows),
    "affine_atoms": lambda rng, rows: _with_atoms(rng, [-9.0], rng.normal(size=rows)),
    "bend_atoms": lambda rng, rows: _with_atoms(rng, [0.0], rng.lognormal(size=rows)),
    "clusters": lambda rng, rows: rng.normal(size=rows) + 1e6 * rng.integers(0, 2, rows),
    "cuts": lambda rng, rows: _with_atoms(rng, np.arange(9) / 10, rng.normal(size=rows)),
}


def _judge(engine: str, answer: Counts, expected: Counts) -> str:
    wrong = np.flatnonzero(answer != expected)
    return f"{wrong.size} slots differ, the first is {wrong[0]}" if wrong.size else ""


def race(work: str, kind: str, rows: int) -> Race[Counts]:
    """Count one column with every variant."""
    column = COLUMNS[kind](np.random.default_rng(5), rows)
    histogram = kedge.profile(column).histogram("")
    contenders = [
        Contender(isa, version("kedge"), partial(count_with, isa, histogram, column))
        for isa in cell_variants()
    ]
    best = contenders.pop()
    return Race(work, rows, Contender("kedge", best.version, best.run), contenders, _judge)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark; the return value is the exit code."""
    options = parser("bench.kernels.bench_cell_count", __doc__, rows=1_000_000).parse_args(
        arguments
    )
    works: list[Planned] = []
    for kind in COLUMNS:
        work = f"cell_count/{kind}"
        works.append((work, partial(race, work, kind, options.rows)))
    return run_all(works, options)


if __name__ == "__main__":
    sys.exit(main())
