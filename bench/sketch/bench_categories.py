"""How often each category comes: strings, and the codes of a dictionary.

    python -m bench.sketch.bench_categories [--json] [--rows N] [--rounds R] [--only PART]

count/<column>: the counts of names that are known, what a monitor does. kedge: `Categories.like()`
    and `update`.
discover/<column>: the names and their counts, from nothing. kedge: `Frequent`, with room for all.
<column>: `few` has 50 names, `many` 100000, both with frequencies like 1 / rank; `codes` has the
    50 names as a dictionary with int32 codes.

Peers: the `value_counts` of polars (a Categorical series for `codes`) and of pyarrow, which count
from nothing in every race. What is timed ends in the engine's own counts; as {name: count} they
must be equal. Input is each engine's own, made beforehand; one thread; seeded. A wrong answer is
not timed and makes the exit code 1.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from functools import cache, partial
from importlib.metadata import version
from typing import Any

import numpy as np
import pyarrow as pa

from bench import peers
from bench.peers import NameCounts
from bench.race import Contender, Race
from bench.report import Planned, parser, run_all
from kedge._core import Categories, Frequent

NAMES: Mapping[str, int] = {"few": 50, "many": 100_000, "codes": 50}


def names(count: int) -> list[str]:
    """Different names of 4 to 13 bytes, like those of towns or products."""
    rng = np.random.default_rng(7)
    letters = np.array(list("abcdefghijklmnopqrstuvwxyz"))
    found: dict[str, None] = {}
    while len(found) < count:
        found["".join(rng.choice(letters, rng.integers(4, 14)))] = None
    return list(found)


@cache
def column(work: str, rows: int) -> pa.Array:
    """The column of one race."""
    listed = names(NAMES[work])
    weights = 1 / np.arange(1, len(listed) + 1)
    codes = np.random.default_rng(11).choice(len(listed), rows, p=weights / weights.sum())
    indices = pa.array(codes.astype(np.int32))
    made = pa.DictionaryArray.from_arrays(indices, pa.array(listed))
    return made if work == "codes" else made.cast(pa.string())


def kedge_count(work: str, data: pa.Array) -> Contender[NameCounts]:
    """Count names that are known."""
    listed = Categories(names(NAMES[work]))

    def run() -> NameCounts:
        counted = listed.like()
        counted.update(data)
        return NameCounts(lambda: dict(zip(counted.names, counted.counts.tolist(), strict=True)))

    return Contender("kedge", version("kedge"), run)


def kedge_discover(data: pa.Array) -> Contender[NameCounts]:
    """Find the names and count them."""

    def run() -> NameCounts:
        found = Frequent(len(data))
        found.update(data)
        return NameCounts(lambda: {name: count for name, count, _ in found.top()})

    return Contender("kedge", version("kedge"), run)


def judge(engine: str, answer: NameCounts, expected: NameCounts) -> str:
    """Every name that came must have its count."""
    ours, theirs = answer.plain(), expected.plain()
    wrong = [name for name in {**ours, **theirs} if ours.get(name, 0) != theirs.get(name, 0)]
    if not wrong:
        return ""
    first = min(wrong)
    return (
        f"{len(wrong)} counts differ; {first!r} is {ours.get(first, 0)}, "
        f"expected {theirs.get(first, 0)}"
    )


def race(work: str, name: str, rows: int, ours: Callable[[pa.Array], Any]) -> Race[NameCounts]:
    """Count one column."""
    data = column(name, rows)
    others = peers.installed(
        lambda: peers.polars_value_counts(data), lambda: peers.pyarrow_value_counts(data)
    )
    return Race(work, rows, ours(data), others, judge)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark; the return value is the exit code."""
    pa.set_cpu_count(1)
    command = parser("bench.sketch.bench_categories", __doc__, rows=1_000_000)
    options = command.parse_args(arguments)
    works: list[Planned] = []
    for name in NAMES:
        work = f"count/{name}"
        works.append((work, partial(race, work, name, options.rows, partial(kedge_count, name))))
    for name in NAMES:
        work = f"discover/{name}"
        works.append((work, partial(race, work, name, options.rows, kedge_discover)))
    return run_all(works, options)


if __name__ == "__main__":
    sys.exit(main())
