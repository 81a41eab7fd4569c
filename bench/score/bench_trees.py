"""Tree ensembles scored by kedge, by the libraries that trained them and by their converters.

    python -m bench.environments DIR score       # once: the peers' virtual environments
    python -m bench.score.bench_trees --peers-dir DIR [--cache DIR] [--json] [--only PART]
        [--quick] [--rounds R] [--rows N] [--touch] [--peers-only] [--patience SECONDS]

trees/<model>/<trainer>/<rows>: batches of so many float32 rows, scored by a call from Python.
    T1: 28 columns, 100 trees of 31 leaves, two classes. T2: 100 columns, 1000 trees of 63 leaves,
    a regression. T3: 50 columns, ten of them categories, a tenth of the values missing, five
    classes, 500 trees of 127 leaves. LightGBM and XGBoost train one of each.

Every call is timed by itself, clock included, and has other rows than the call before, 4096 of them
when it has one: an engine that branches on values must not learn them. A round is 20 ms of calls,
or one; its first eighth, which finds cold caches, does not count. Every engine has a process of its
own, timed inside; they keep to one processor and one thread and take turns. So an engine's rows
have left the caches when its turn comes: merely to read the shape of such a row takes 0.3 us in the
slowest of a hundred calls. `--touch` reads each input before its call, off the clock, as if its
caller had just made it.

Peers: the trainer; ONNX Runtime through onnxmltools, oneDAL, lleaves, tl2cgen and treelite's GTIL
on the same model; CatBoost and YDF on equally large models that they trained, marked "(own)". Who
is not installed, refuses the model or needs more than `--patience` to get ready sits out and is
named; what was made in time stays in the `--cache`. Without KEDGE_PEERS or `--peers-dir` the peers
that are installed beside kedge run.

kedge's raw scores must be the trainer's bit for bit, and so must XGBoost's by either way. Of the
others' a hundredth may be off by more than 1e-4: `off` is the share; who is off more often sits
out. Seeded; a wrong answer is not timed and makes the exit code 1.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np

from bench.peers import say_once
from bench.race import Race
from bench.report import Planned, parser, run_all
from bench.score.field import Answer, Field
from bench.score.models import SHAPES, Case, Shape
from bench.setting import Setting, add_options, opened

_BATCHES = (1, 64, 1024)
_EXACT = frozenset({"kedge", "lightgbm", "xgboost", "xgboost DMatrix"})
_CLOSE = 1e-4
_CHECKED = 1024
_MOST_OFF = 0.01


def off(answer: Answer) -> float:
    """The share of rows whose scores are not close to the reference."""
    close = np.abs(answer.scores - answer.expected) <= _CLOSE
    return float((~close.all(axis=1)).mean())


def judge(engine: str, answer: Answer, _: Answer) -> str:
    """Equal bits from those that promise them, else few rows off; each has its own reference."""
    scores, expected = answer.scores, answer.expected
    if scores.shape != expected.shape:
        return f"scores are {scores.shape}, expected {expected.shape}"
    if engine in _EXACT:
        unequal = np.argwhere(scores.view(np.int64) != expected.view(np.int64))
        if unequal.size == 0:
            return ""
        row, column = unequal[0]
        return (
            f"{len(unequal)} of {scores.size} scores differ, first row {row}, class {column}: "
            f"{scores[row, column]!r}, expected {expected[row, column]!r}"
        )
    share = off(answer)
    if share > _MOST_OFF:
        return f"{share:.2%} of {len(scores)} rows are off by more than {_CLOSE:g}"
    return ""


class Stage:
    """The one field that is there; another case's takes its place."""

    def __init__(self, setting: Setting, *, with_kedge: bool) -> None:
        self._setting = setting
        self._with_kedge = with_kedge
        self._case: Case | None = None
        self._field: Field | None = None

    def race(self, work: str, case: Case, rows: int) -> Race[Answer]:
        """Score batches of `rows`.

        Raises:
            MissingPeer: the trainer or kedge cannot take part.
        """
        if self._field is None or case != self._case:
            self.close()
            self._field = self._open(case)
            self._case = case
        ours, *others = self._field.contenders(rows)
        return Race(
            work, rows, ours, others, judge, facts=lambda answer: {"off": round(off(answer), 6)}
        )

    def _open(self, case: Case) -> Field:
        field = Field(case, self._setting, with_kedge=self._with_kedge, missing=say_once)
        for contender in field.contenders(_CHECKED):
            engine = contender.engine
            complaint = "" if engine in _EXACT else judge(engine, *[contender.run()] * 2)
            if complaint:
                say_once(f"{engine} with {case.shape.name} of {case.trainer} sits out: {complaint}")
                field.dismiss(engine)
        return field

    def close(self) -> None:
        """End what runs."""
        if self._field is not None:
            self._field.close()
            self._field = None


def plan(stage: Stage, folder: Path, shapes: Sequence[Shape], most: int) -> list[Planned]:
    """Every work's name and what makes its race, batches of up to `most` rows."""
    works: list[Planned] = []
    for shape in shapes:
        for trainer in ("lightgbm", "xgboost"):
            case = Case(shape, trainer, folder)
            for rows in (*_BATCHES, shape.most):
                if rows <= most:
                    work = f"trees/{shape.name}/{trainer}/{rows}"
                    works.append((work, partial(stage.race, work, case, rows)))
    return works


def options_of(arguments: Sequence[str] | None) -> argparse.Namespace:
    """The command line."""
    command = parser("bench.score.bench_trees", __doc__, rows=100_000)
    command.set_defaults(rounds=11, budget=1.0)
    add_options(command, kept="the models")
    command.add_argument("--quick", action="store_true", help="T1 alone, small batches, 5 rounds")
    command.add_argument(
        "--touch", action="store_true", help="the caches hold a call's rows when it starts"
    )
    command.add_argument(
        "--peers-only", action="store_true", help="without kedge: ratios are the trainer's"
    )
    options = command.parse_args(arguments)
    if options.quick:
        options.rows, options.rounds = min(options.rows, 1024), min(options.rounds, 5)
    return options


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark; the return value is the exit code."""
    options = options_of(arguments)
    shapes = SHAPES[:1] if options.quick else SHAPES
    with opened(options) as setting:
        stage = Stage(setting, with_kedge=not options.peers_only)
        try:
            return run_all(plan(stage, setting.folder, shapes, options.rows), options)
        finally:
            stage.close()


if __name__ == "__main__":
    sys.exit(main())
