"""One engine with one model, in a process and under an interpreter of its own.

    PYTHON -m bench.score.worker ENGINE CASE CPU

Says `version` and `probability` of itself and answers as bench.process has it:

time ROWS NS: call after call for NS nanoseconds, each with other rows: `taken_ns` of the calls.
touch ROWS NS: the same, but every input is read before its call, off the clock.
scores ROWS PATH: the scores of the same rows from the first on, as far as 0.2 seconds go: PATH.

The process keeps to one processor from the first answer on; before, it may use them all.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, TextIO

import numpy as np

from bench import process
from bench.score.engines import ENGINES, Engine
from bench.score.models import Case, Rows, Scores

__all__ = ["MOST_CALLS", "Track", "answer_all", "ready"]

MOST_CALLS = 4096
_SCORING_NS = 200_000_000

Clock = Callable[[], int]


@dataclass
class Track:
    """Rows cut into inputs of `size`, which the engine is led along, round after round."""

    engine: Engine
    table: Rows
    size: int
    clock: Clock = time.perf_counter_ns
    inputs: list[Any] = field(init=False)
    place: int = 0

    def __post_init__(self) -> None:
        count = min(len(self.table) // self.size, MOST_CALLS)
        starts = range(0, count * self.size, self.size)
        self.inputs = [self.engine.feed(self.table[i : i + self.size]) for i in starts]

    def time(self, limit_ns: int, *, touch: bool = False) -> list[int]:
        """How long each call took; the first eighth, which finds cold caches, is left out."""
        call, inputs, clock, place = self.engine.call, self.inputs, self.clock, self.place
        taken: list[int] = []
        end = clock() + limit_ns
        while len(taken) < MOST_CALLS:
            given = inputs[place]
            place = (place + 1) % len(inputs)
            if touch:
                for array in given.values() if isinstance(given, dict) else [given]:
                    array.tobytes()
            start = clock()
            call(given)
            stop = clock()
            taken.append(stop - start)
            if stop >= end:
                break
        self.place = place
        return taken[len(taken) // 8 :]

    def scores(self, classes: int) -> Scores:
        """What the engine says of the first inputs, at least one."""
        answers = []
        end = self.clock() + _SCORING_NS
        for given in self.inputs:
            answers.append(self.engine.scores(self.engine.call(given), classes))
            if self.clock() >= end:
                break
        return np.concatenate(answers)


def answer_all(engine: Engine, case: Case, questions: Iterable[str], answers: TextIO) -> None:
    """Answer until there are no more questions."""
    table = case.rows()
    track: Track | None = None
    for question in questions:
        what, size, detail = question.split(maxsplit=2)
        if track is None or track.size != int(size):
            track = Track(engine, table, int(size))
        if what != "scores":
            taken = track.time(int(detail), touch=what == "touch")
            print(json.dumps({"taken_ns": taken}), file=answers)
        else:
            path = Path(detail.rstrip("\n"))
            with path.open("wb") as file:
                np.save(file, track.scores(case.shape.classes))
            print(json.dumps({"scores": str(path)}), file=answers)


def ready(name: str, case: Case) -> Engine | str:
    """The engine, or why there is none."""

    def make() -> Engine:
        engine = ENGINES[name](case)
        engine.call(engine.feed(case.rows()[:1]))
        return engine

    return process.ready(make)


def main() -> None:
    """Load the engine and answer."""
    name, case_text, cpu = sys.argv[1:]
    case = Case.from_json(case_text)
    process.serve(
        partial(ready, name, case),
        int(cpu),
        lambda engine: {"version": engine.version, "probability": engine.probability},
        lambda engine, questions, answers: answer_all(engine, case, questions, answers),
    )


if __name__ == "__main__":
    main()
