"""A wide table against its reference, every column, as a monitor does it.

    python -m bench.drift.bench_wide [--json] [--rows N] [--rounds R] [--only PART]
        [--peers-dir DIR]

wide/stored: the reference's profile is there; count the current table, compare all columns.
wide/both: profile the reference too.

100 columns of numbers, 20 of strings with 5 to 100 names, `rows` in each table; five columns of
the current table have drifted. kedge computes all of its tests and distances. Peers: a loop over
`scipy.stats` (`ks_2samp`, `chi2_contingency`) in this process; Evidently's DataDriftPreset and
Alibi Detect's TabularDrift, which need older packages, in environments of their own that
`python -m bench.environments DIR drift` makes. They are timed by their own clock, with their input
made beforehand. kedge's bounds of each column's Kolmogorov-Smirnov distance must hold scipy's, its
chi-square statistics be equal to 1e-9, and the columns it calls drifted be the five. Alibi's
statistics must be scipy's, to the floats that it keeps; Evidently's distances are others. Seeded; a
wrong answer is not timed and makes the exit code 1.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Mapping, Sequence
from functools import partial
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

import kedge
from bench import peers
from bench.environments import add_peers_dir, interpreter
from bench.peers import Drifts, Names, Sample
from bench.race import Contender, Race
from bench.report import Planned, parser, run_all

_NUMBERS = 100
_NAMES = 20
_SIZES = (5, 20, 50, 100)
_LEVEL = 0.01
_DRIFTED = frozenset({"n0", "n26", "n52", "n78", "s1"})
_SHIFT = 0.3  # standard deviations, or the share of rows that take the first name
_EXACT = 1e-9
_SINGLE = 1e-6  # what is left of a statistic in a float32

Table = Mapping[str, Sample | Names]


def draw(seed: int, rows: int, drifted: frozenset[str] = frozenset()) -> Table:
    """A table, some of whose columns have drifted."""
    rng = np.random.default_rng([2024, seed])
    shapes = (
        lambda: rng.normal(size=rows),
        lambda: rng.lognormal(size=rows),
        lambda: rng.exponential(size=rows),
        lambda: rng.random(rows),
        lambda: rng.standard_t(4, rows),
    )
    table: dict[str, Sample | Names] = {}
    for i in range(_NUMBERS):
        values = shapes[i % len(shapes)]()
        table[f"n{i}"] = values + (_SHIFT * values.std() if f"n{i}" in drifted else 0)
    for i in range(_NAMES):
        names = np.array([f"name_{j}" for j in range(_SIZES[i % len(_SIZES)])])
        codes = rng.integers(0, names.size, rows)
        if f"s{i}" in drifted:
            codes[rng.random(rows) < _SHIFT] = 0
        table[f"s{i}"] = names[codes]
    return table


def kedge_table(work: str, reference: pa.Table, current: pa.Table) -> Contender[Drifts]:
    """Count and compare."""
    stored = kedge.profile(reference)

    def run() -> Drifts:
        profile = stored if work == "stored" else kedge.profile(reference)
        counted = profile.like()
        counted.update(current)
        report = kedge.compare(profile, counted)
        bounds = {
            row.column: (row.lower, row.upper) if row.kind == "number" else (row.chi_square,) * 2
            for row in report
        }
        return Drifts(frozenset(row.column for row in report if row.drifted), bounds)

    return Contender("kedge", version("kedge"), run)


def judge(engine: str, answer: Drifts, expected: Drifts) -> str:
    """Statistics must be right where there are any; our alarms must be the five."""
    tolerance = _SINGLE if engine == "alibi" else _EXACT
    for column, (lower, upper) in answer.bounds.items():
        statistic = expected.bounds[column][0]
        slack = tolerance * max(1.0, statistic)
        if not lower - slack <= statistic <= upper + slack:
            return f"column {column} is {lower} .. {upper}, expected {statistic}"
    if engine == "kedge" and answer.bounds.keys() != expected.bounds.keys():
        return f"{len(answer.bounds)} columns, expected {len(expected.bounds)}"
    if engine == "kedge" and answer.drifted != _DRIFTED:
        return f"drifted: {sorted(answer.drifted)}, expected {sorted(_DRIFTED)}"
    return ""


def race(work: str, options: argparse.Namespace, folder: Path) -> Race[Drifts]:
    """Compare the two tables."""
    reference, current = draw(0, options.rows), draw(1, options.rows, _DRIFTED)
    tables = {"reference": pa.table(dict(reference)), "current": pa.table(dict(current))}
    for side, table in tables.items():
        pq.write_table(table, folder / f"{side}.parquet")

    def worker(engine: str) -> Contender[Drifts]:
        python = interpreter(engine, options.peers_dir, engine)
        return peers.worker_table(engine, python, work, folder)

    others = peers.installed(
        lambda: peers.scipy_table(reference, current, _LEVEL),
        *(partial(worker, engine) for engine in ("evidently", "alibi")),
    )
    ours = kedge_table(work, tables["reference"], tables["current"])
    return Race(
        work=f"wide/{work}",
        rows=options.rows,
        ours=ours,
        peers=others,
        judge=judge,
        facts=lambda answer: {"drifted": len(answer.drifted)},
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark; the return value is the exit code."""
    command = parser("bench.drift.bench_wide", __doc__, rows=100_000)
    add_peers_dir(command)
    options = command.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        works: list[Planned] = [
            (f"wide/{work}", partial(race, work, options, Path(folder)))
            for work in ("stored", "both")
        ]
        return run_all(works, options)


if __name__ == "__main__":
    sys.exit(main())
