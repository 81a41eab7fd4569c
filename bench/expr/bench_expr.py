"""Conditions and computed columns over one batch.

    python -m bench.expr.bench_expr [--json] [--rows N] [--rounds R] [--only PART]

Each work is one expression over the columns `amount` and `price` (float64), `count` (int64), `day`
(int32) and `status` (utf8, five names), with 5 % nulls in `amount` and `status`. kedge:
`Expression.select` for conditions and `Expression.evaluate` for the rest, types checked anew and
strings checked in every call, as for any table that comes from outside.

Peers: polars (eager `select`, one thread) and pyarrow.compute, with the same expression in their
own words. Input is each engine's own, made beforehand; what is timed ends in the engine's own
column; values and nulls must be equal. Seeded. A wrong answer is not timed and makes the exit code
1.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, partial
from importlib.metadata import version
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from bench import peers
from bench.race import Contender, Race
from bench.report import Planned, parser, run_all
from kedge import Expression


@dataclass(frozen=True)
class Computed:
    """A column as the engine has it; `plain` makes an Arrow array of it, off the clock."""

    plain: Callable[[], pa.Array]


@dataclass(frozen=True)
class Work:
    """One expression in three languages."""

    text: str
    is_condition: bool
    polars: Callable[[Any], Any]
    pyarrow: Callable[[pa.RecordBatch], Any]


WORKS = {
    "number": Work(
        "price > 50",
        True,
        lambda pl: pl.col("price") > 50,
        lambda rows: pc.greater(rows["price"], 50.0),
    ),
    "two": Work(
        "amount > 10 and price < count",
        True,
        lambda pl: (pl.col("amount") > 10) & (pl.col("price") < pl.col("count")),
        lambda rows: pc.and_kleene(
            pc.greater(rows["amount"], 10.0), pc.less(rows["price"], rows["count"])
        ),
    ),
    "text": Work(
        "status == 'ok' and amount > 10",
        True,
        lambda pl: (pl.col("status") == "ok") & (pl.col("amount") > 10),
        lambda rows: pc.and_kleene(
            pc.equal(rows["status"], "ok"), pc.greater(rows["amount"], 10.0)
        ),
    ),
    "list": Work(
        "day in (1, 5, 9, 14)",
        True,
        lambda pl: pl.col("day").is_in([1, 5, 9, 14]),
        lambda rows: pc.is_in(rows["day"], pa.array([1, 5, 9, 14], pa.int32())),
    ),
    "product": Work(
        "price * amount",
        False,
        lambda pl: pl.col("price") * pl.col("amount"),
        lambda rows: pc.multiply(rows["price"], rows["amount"]),
    ),
    "formula": Work(
        "(price - 3) * count + amount",
        False,
        lambda pl: (pl.col("price") - 3) * pl.col("count") + pl.col("amount"),
        lambda rows: pc.add(
            pc.multiply(pc.subtract(rows["price"], 3.0), rows["count"]),
            rows["amount"],
        ),
    ),
}


@cache
def orders(rows: int) -> pa.RecordBatch:
    """The batch of every race."""
    rng = np.random.default_rng(5)
    names = np.array(["ok", "failed", "open", "returned", "lost"])
    return pa.record_batch(
        {
            "amount": pa.array(rng.lognormal(2, 1, rows), mask=rng.random(rows) < 0.05),
            "price": rng.uniform(0, 100, rows),
            "count": rng.integers(0, 100, rows),
            "day": rng.integers(0, 31, rows).astype(np.int32),
            "status": pa.array(names[rng.integers(0, 5, rows)], mask=rng.random(rows) < 0.05),
        }
    )


def kedge_run(work: Work, data: pa.RecordBatch) -> Contender[Computed]:
    """Parsed beforehand, checked in every call."""
    expression = Expression(work.text)
    call = expression.select if work.is_condition else expression.evaluate

    def run() -> Computed:
        table = call(data)
        return Computed(lambda: pa.table(table)[0].combine_chunks())

    return Contender("kedge", version("kedge"), run)


def polars_run(work: Work, data: pa.RecordBatch) -> Contender[Computed]:
    """`DataFrame.select`; a condition's nulls are filled with false.

    Raises:
        MissingPeer: polars is not installed.
    """
    try:
        import polars
    except ImportError as error:
        raise peers.MissingPeer('polars: not installed; `pip install ".[bench]"`') from error
    frame = polars.DataFrame(data)
    column = work.polars(polars)
    column = (column.fill_null(False) if work.is_condition else column).alias("out")

    def run() -> Computed:
        out = frame.select(column)["out"]
        return Computed(out.to_arrow)

    return Contender("polars", version("polars"), run)


def pyarrow_run(work: Work, data: pa.RecordBatch) -> Contender[Computed]:
    """Functions of pyarrow.compute; a condition's nulls are filled with false."""

    def run() -> Computed:
        out = work.pyarrow(data)
        filled = pc.fill_null(out, False) if work.is_condition else out
        return Computed(lambda: filled)

    return Contender("pyarrow", version("pyarrow"), run)


def judge(engine: str, answer: Computed, expected: Computed) -> str:
    """Every value and every null must be the same."""
    ours, theirs = answer.plain(), expected.plain()
    if ours.equals(theirs):
        return ""
    wrong = pc.indices_nonzero(pc.fill_null(pc.not_equal(ours, theirs), True))
    row = wrong[0].as_py() if len(wrong) else 0
    return f"{len(wrong)} rows differ; row {row} is {ours[row]}, expected {theirs[row]}"


def race(name: str, rows: int) -> Race[Computed]:
    """One expression."""
    work, data = WORKS[name], orders(rows)
    others = peers.installed(lambda: polars_run(work, data), lambda: pyarrow_run(work, data))
    return Race(name, rows, kedge_run(work, data), others, judge)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark; the return value is the exit code."""
    os.environ["POLARS_MAX_THREADS"] = "1"  # read when polars is first imported
    pa.set_cpu_count(1)
    options = parser("bench.expr.bench_expr", __doc__, rows=1_000_000).parse_args(arguments)
    works: list[Planned] = [(name, partial(race, name, options.rows)) for name in WORKS]
    return run_all(works, options)


if __name__ == "__main__":
    sys.exit(main())
