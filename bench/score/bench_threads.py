"""One model under many Python threads.

    python -m bench.score.bench_threads [--json] [--rounds R] [--only PART] [--cache DIR]
        [--peers-dir DIR]

threads/<model>/<rows>: 256 calls, 64 batches of so many rows four times over, by eight threads that
    share one kedge model. "kedge alone" is the same in one thread, "lightgbm" the trainer's one
    Booster under eight threads, if it is installed beside kedge. `rows` counts all calls.

A thread takes the next batch when it is done with one. Were the batches dealt out beforehand, the
system's choice where eight threads start would be timed: with five of them on one of two processors
nothing scales beyond 0.8, and a short round is over before they are moved.

`goal` is what kedge's ratio to "kedge alone" is to stay below: 0.9 times as much as the processors
give at best. Scores must be LightGBM's bit for bit, whoever computed them.
"""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from importlib.metadata import version
from typing import Any

import numpy as np

from bench import peers
from bench.peers import MissingPeer
from bench.race import Contender, Race
from bench.report import Planned, parser, run_all
from bench.score.engines import kedge_that_compiles
from bench.score.field import write_model
from bench.score.models import SHAPES, Case, Rows, Scores
from bench.setting import Setting, add_options, opened

_THREADS = 8
_BATCHES = 64
_TIMES = 4
_SIZES = {"T1": 1024, "T2": 128}

Predict = Callable[[Rows], Any]
Batches = Sequence[Rows]


def under_threads(
    engine: str, release: str, predict: Predict, batches: Batches, threads: int
) -> Contender[Scores]:
    """Score all batches, every thread the next one that nobody has taken."""
    pool = ThreadPoolExecutor(threads)
    answers: list[Any] = [None] * len(batches)

    def score(places: Iterator[int]) -> None:
        for i in places:
            answers[i] = predict(batches[i])

    def run() -> Scores:
        places = iter([*range(len(batches))] * _TIMES)
        list(pool.map(score, [places] * threads))
        scores: Scores = np.asarray(np.concatenate(answers), np.float64).reshape(-1, 1)
        return scores

    return Contender(engine, release, run)


def lightgbm_booster(case: Case, batches: Batches) -> Contender[Scores]:
    """LightGBM's Booster.

    Raises:
        MissingPeer: it is not installed here.
    """
    try:
        lightgbm = importlib.import_module("lightgbm")
    except ImportError as error:
        raise MissingPeer("lightgbm is not installed here and sits out") from error
    predict = partial(lightgbm.Booster(model_file=case.model).predict, raw_score=True)
    return under_threads("lightgbm", lightgbm.__version__, predict, batches, _THREADS)


def judge(_: str, answer: Scores, expected: Scores) -> str:
    """Equal bits."""
    unequal = np.flatnonzero(answer.view(np.int64) != expected.view(np.int64))
    if unequal.size == 0:
        return ""
    row = unequal[0]
    return f"{unequal.size} scores differ, row {row} is {answer[row]}, expected {expected[row]}"


def goal(processors: int) -> float:
    """What the ratio of eight threads' time to one's is to stay below.

    >>> round(goal(2), 3)
    0.556
    """
    return 1 / (0.9 * min(processors, _THREADS))


def race(work: str, case: Case, size: int, setting: Setting) -> Race[Scores]:
    """Score batches of a size.

    Raises:
        MissingPeer: kedge or LightGBM, which trains the model, cannot take part.
    """
    kedge = kedge_that_compiles()
    write_model(case, setting)
    rows = case.rows()[: _BATCHES * size]
    batches = np.split(rows, _BATCHES)
    predict = partial(kedge.compile(str(case.model)).predict, raw=True)
    alone = under_threads("kedge alone", version("kedge"), predict, batches, 1)
    others = peers.installed(lambda: lightgbm_booster(case, batches))
    limit = round(goal(len(os.sched_getaffinity(0))), 3)
    return Race(
        work=work,
        rows=len(rows) * _TIMES,
        ours=under_threads("kedge", version("kedge"), predict, batches, _THREADS),
        peers=[alone, *others],
        judge=judge,
        expected=case.reference()[: len(rows)],
        facts=lambda answer: {"goal": limit},
    )


def plan(setting: Setting) -> list[Planned]:
    """Every work's name and what makes its race."""
    works: list[Planned] = []
    for shape in SHAPES:
        if shape.name in _SIZES:
            size = _SIZES[shape.name]
            work = f"threads/{shape.name}/{size}"
            case = Case(shape, "lightgbm", setting.folder)
            works.append((work, partial(race, work, case, size, setting)))
    return works


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark; the return value is the exit code."""
    command = parser("bench.score.bench_threads", __doc__, rows=None)
    add_options(command, kept="the models")
    options = command.parse_args(arguments)
    with opened(options) as setting:
        return run_all(plan(setting), options)


if __name__ == "__main__":
    sys.exit(main())
