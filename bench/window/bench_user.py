"""Users' aggregates, compiled by Numba, against the built-in aggregate of the same formula.

    python -m bench.window.bench_user [--json] [--rows N] [--rounds R] [--only PART]

The works are those of bench.window.works with one aggregate each: W1 tumbling (1000 zipf keys), W2
(a million keys), W3 hopping (60 s, one each second), W4 sliding (the last 1000 rows of all). Both
sides have the same batches of 65 536 rows and the same windows; compiling is done before anything
is timed. `sum`, `mean` and `variance` have the built-ins' formula, which carries sums in two
doubles; a user has no fused multiply-add, so that `variance` splits its factors for the rest of a
square. `welford` is the variance as users write it. `column` is the sum of a computed column, by a
user's function and by an expression. Answers must be equal to 1e-9, absolute or
relative. `ratio` is the
user's time over the built-in's; at most 2 is asked.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from functools import cache, partial
from importlib.metadata import version
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

import kedge
from bench.race import Contender, Race
from bench.report import Planned, parser, run_all
from bench.window.engine import BATCH, arrow_table
from bench.window.user_classes import CLASSES
from bench.window.works import LATENESS, SECOND, WORKS, Work, draw

_CLOSE = 1e-9


@cache
def batches(work: str, rows: int) -> list[pa.RecordBatch]:
    """The rows of every race of a work."""
    made: list[pa.RecordBatch] = arrow_table(draw(WORKS[work], rows)).to_batches(
        max_chunksize=BATCH
    )
    return made


def window(work: Work, aggregate: Any) -> kedge.Window:
    """The work's windows with one aggregate."""
    if work.kind == "sliding":
        return kedge.Window(length=work.length, aggregates={"a": aggregate})
    return kedge.Window(
        time="time",
        key="key",
        every=f"{work.every // SECOND}s",
        length=f"{work.length // SECOND}s",
        lateness=f"{LATENESS // SECOND}s",
        aggregates={"a": aggregate},
    )


def runs(work: str, aggregate: Any, rows: int) -> Callable[[], list[Any]]:
    """All rows through a new window."""
    parts = batches(work, rows)

    def run() -> list[Any]:
        made = window(WORKS[work], aggregate)
        return [*(made.push(part) for part in parts), made.finish()]

    return run


def values(closed: Sequence[Any]) -> npt.NDArray[np.float64]:
    """The answers in their order, nulls as NaN."""
    found: npt.NDArray[np.float64] = pa.concat_tables(map(pa.table, closed))["a"].to_numpy()
    return found


def judge(_: str, answer: Sequence[Any], expected: Sequence[Any]) -> str:
    """Every answer must be close."""
    ours, theirs = values(answer), values(expected)
    wrong = ~np.isclose(ours, theirs, rtol=_CLOSE, atol=_CLOSE, equal_nan=True)
    if ours.shape != theirs.shape or wrong.any():
        return f"{wrong.sum()} of {len(ours)} answers differ from {len(theirs)}"
    return ""


def race(work: str, name: str, rows: int) -> Race[list[Any]]:
    """One class in one kind of window."""
    made, built_in = CLASSES[name]
    window(WORKS[work], made("value")).push(batches(work, rows)[0])  # compiles it
    ours = Contender("user", version("numba"), runs(work, made("value"), rows))
    theirs = Contender("built-in", version("kedge"), runs(work, built_in("value"), rows))
    return Race(f"{work} {name}", rows, ours, [theirs], judge)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark; the return value is the exit code."""
    options = parser("bench.window.bench_user", __doc__, rows=2_000_000).parse_args(arguments)
    works: list[Planned] = [
        (f"{work} {name}", partial(race, work, name, options.rows))
        for work in ("W1", "W2", "W3", "W4")
        for name in CLASSES
    ]
    return run_all(works, options)


if __name__ == "__main__":
    sys.exit(main())
