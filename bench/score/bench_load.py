"""Getting a model ready: from the trainer's file, and from kedge's own.

    python -m bench.score.bench_load [--json] [--rounds R] [--only PART] [--cache DIR]
        [--peers-dir DIR]

load/<model>/text: `kedge.compile` of LightGBM's text. Peer: `lightgbm.Booster` of the same file.
load/<model>/json: `kedge.compile` of XGBoost's JSON. Peer: `xgboost.Booster` of the same file.
load/<model>/kedge: `kedge.load` of what `model.save` wrote; `rows` is 1 everywhere.

The models are those of bench.score.bench_trees, whose notes say how to get their trainers; a peer
runs if it is installed beside kedge. The file is in the page cache. `goal_ms` is what the median is
to stay below, for T2. Each model must then score 64 rows as its trainer did, bit for bit.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from bench import peers
from bench.peers import MissingPeer
from bench.race import Contender, Race
from bench.report import Planned, parser, run_all
from bench.score.engines import kedge_that_compiles
from bench.score.field import write_model
from bench.score.models import SHAPES, Case, Scores
from bench.setting import Setting, add_options, opened

_CHECKED = 64
_GOAL_MS = {"load/T2/text": 200.0, "load/T2/kedge": 2.0}


@dataclass(frozen=True)
class Loaded:
    """A model that has been loaded; `score` gives the scores of the first rows, off the clock."""

    score: Callable[[], Scores]


def kedge_load(case: Case, *, own_file: bool) -> Contender[Loaded]:
    """`kedge.compile` of the trainer's file, or `kedge.load` of kedge's own.

    Raises:
        MissingPeer: it is a build without models.
    """
    kedge = kedge_that_compiles()
    rows = case.rows()[:_CHECKED]
    load, path = kedge.compile, str(case.model)
    if own_file:
        load, path = kedge.load, str(case.file("kedge"))
        kedge.compile(str(case.model)).save(path)

    def run() -> Loaded:
        model = load(path)
        return Loaded(lambda: _plain(case, model.predict(rows, raw=True)))

    return Contender("kedge", version("kedge"), run)


def trainer_load(case: Case) -> Contender[Loaded]:
    """The trainer's `Booster` of its own file.

    Raises:
        MissingPeer: it is not installed here.
    """
    try:
        trainer = importlib.import_module(case.trainer)
    except ImportError as error:
        raise MissingPeer(f"{case.trainer} is not installed here and sits out") from error
    rows = case.rows()[:_CHECKED]

    def score(booster: Any) -> Scores:
        if case.trainer == "xgboost":
            return _plain(case, booster.inplace_predict(rows, predict_type="margin"))
        return _plain(case, booster.predict(rows, raw_score=True))

    def run() -> Loaded:
        booster = trainer.Booster(model_file=case.model)
        return Loaded(partial(score, booster))

    return Contender(case.trainer, trainer.__version__, run)


def judge(_: str, answer: Loaded, expected: Loaded) -> str:
    """Equal bits."""
    scores, right = answer.score(), expected.score()
    if scores.tobytes() == right.tobytes():
        return ""
    return f"scores are {scores[:2].tolist()}, expected {right[:2].tolist()}"


def race(work: str, case: Case, setting: Setting, *, own_file: bool) -> Race[Loaded]:
    """Load one file.

    Raises:
        MissingPeer: kedge or the trainer of the model cannot take part.
    """
    write_model(case, setting)
    reference = case.reference()[:_CHECKED]
    others = [] if own_file else peers.installed(lambda: trainer_load(case))
    goal = {"goal_ms": _GOAL_MS[work]} if work in _GOAL_MS else {}
    return Race(
        work=work,
        rows=1,
        ours=kedge_load(case, own_file=own_file),
        peers=others,
        judge=judge,
        expected=Loaded(lambda: reference),
        facts=lambda answer: goal,
    )


def _plain(case: Case, answer: Any) -> Scores:
    return np.asarray(answer, np.float64).reshape(-1, case.shape.classes)


def plan(setting: Setting) -> list[Planned]:
    """Every work's name and what makes its race."""
    works: list[Planned] = []
    for shape in SHAPES:
        for trainer, kind, own_file in (
            ("lightgbm", "text", False),
            ("xgboost", "json", False),
            ("lightgbm", "kedge", True),
        ):
            work = f"load/{shape.name}/{kind}"
            case = Case(shape, trainer, Path(setting.folder))
            works.append((work, partial(race, work, case, setting, own_file=own_file)))
    return works


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark; the return value is the exit code."""
    command = parser("bench.score.bench_load", __doc__, rows=None)
    command.set_defaults(budget=1.5)
    add_options(command, kept="the models")
    options = command.parse_args(arguments)
    with opened(options) as setting:
        return run_all(plan(setting), options)


if __name__ == "__main__":
    sys.exit(main())
