"""The race: compare answers, then time the contenders side by side.

A wrong answer is never timed. Rounds are interleaved and the order rotates, so a noisy second hits
everyone. A slow contender sits rounds out, evenly, when it would spend more than the time budget
(but never has fewer than three): `rounds` says how many it ran. `p99_ns` is the nearest rank, hence
the slowest of up to 100 readings; a round is one, or several when it is many short calls. `ratio`
is our median / the engine's: below 1 we are faster.
"""

from __future__ import annotations

import gc
import math
import statistics
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Generic, TypeVar

__all__ = ["Contender", "Line", "Race", "WrongAnswer", "difference", "run"]

Answer = TypeVar("Answer")
Clock = Callable[[], int]

_FEWEST_ROUNDS = 3


class WrongAnswer(Exception):
    """A contender's answer is not the expected one; the text names it and both values."""


@dataclass(frozen=True)
class Contender(Generic[Answer]):
    """One engine at work.

    Attributes:
        engine: its name.
        version: the release installed.
        run: does the work once and gives the answer; this is what is timed.
        taken_ns: how long each call of the run took by the engine's own clock, for one that runs in
            a process of its own and should not pay for the way there.
    """

    engine: str
    version: str
    run: Callable[[], Answer]
    taken_ns: Callable[[Answer], Sequence[int]] | None = None


@dataclass(frozen=True)
class Race(Generic[Answer]):
    """One piece of work and who does it.

    Attributes:
        work: its name.
        rows: how many rows one run reads, or one call of it.
        ours: this project's contender.
        peers: the others.
        judge: what is wrong with an answer, given the contender's engine, its answer and the
            expected one; empty when nothing is.
        expected: the right answer; without it, the first peer's.
        facts: what else to report of an answer, such as its accuracy.
    """

    work: str
    rows: int
    ours: Contender[Answer]
    peers: Sequence[Contender[Answer]]
    judge: Callable[[str, Answer, Answer], str]
    expected: Answer | None = None
    facts: Callable[[Answer], Mapping[str, float]] = lambda answer: {}


@dataclass(frozen=True)
class Line:
    """What one contender did in one race."""

    work: str
    engine: str
    version: str
    rows: int
    median_ns: int
    p99_ns: int
    rows_per_s: float
    ratio: float
    rounds: int
    facts: Mapping[str, float]

    def to_dict(self) -> dict[str, str | int | float]:
        """The line as plain data, the facts beside the rest."""
        own = {name: value for name, value in vars(self).items() if name != "facts"}
        return {**own, **self.facts}


def difference(
    what: str, value: float, expected: float, *, absolute: float = 0.0, relative: float = 0.0
) -> str:
    """What is wrong with `value`: empty when it is within either tolerance of `expected`.

    >>> difference("statistic", 0.25, 0.5, absolute=1e-12)
    'statistic is 0.25, expected 0.5 (tolerance 1e-12)'
    """
    if math.isclose(value, expected, abs_tol=absolute, rel_tol=relative):
        return ""
    stated = f"{absolute:g}" if absolute else f"{relative:g} of it"
    return f"{what} is {value!r}, expected {expected!r} (tolerance {stated})"


def run(
    race: Race[Answer],
    *,
    rounds: int,
    budget_s: float,
    alone: bool = False,
    clock: Clock = time.perf_counter_ns,
    progress: Callable[[str], None] = lambda text: None,
) -> list[Line]:
    """Compare the answers, then time the contenders; our line comes first.

    `alone` compares everyone's answers but times only ours.

    Raises:
        WrongAnswer: before anything is timed.
    """
    everyone = [race.ours, *race.peers]
    answers, warm_ns = _answers(everyone, clock, progress)
    _refuse_wrong(race, answers)
    racers = everyone[:1] if alone else everyone
    turns = [_turns(ns, rounds, budget_s) for ns in warm_ns[: len(racers)]]
    readings = _time(racers, turns, rounds, clock, progress)
    our_median = statistics.median(readings[0])
    return [
        _line(race, racer, taken, ran, our_median, race.facts(answer))
        for racer, taken, ran, answer in zip(racers, readings, turns, answers, strict=False)
    ]


def _answers(
    everyone: Iterable[Contender[Answer]], clock: Clock, progress: Callable[[str], None]
) -> tuple[list[Answer], list[int]]:
    answers, warm_ns = [], []
    for contender in everyone:
        progress(f"answer of {contender.engine}")
        start = clock()
        answers.append(contender.run())
        warm_ns.append(sum(_readings(contender, answers[-1], clock() - start)))
    return answers, warm_ns


def _readings(contender: Contender[Answer], answer: Answer, taken: int) -> Sequence[int]:
    return [taken] if contender.taken_ns is None else contender.taken_ns(answer)


def _refuse_wrong(race: Race[Answer], answers: Sequence[Answer]) -> None:
    expected = race.expected
    if expected is None:
        expected = answers[min(1, len(answers) - 1)]
    for contender, answer in zip([race.ours, *race.peers], answers, strict=True):
        complaint = race.judge(contender.engine, answer, expected)
        if complaint:
            raise WrongAnswer(f"{race.work}: {contender.engine} is not timed: {complaint}")


def _turns(warm_ns: int, rounds: int, budget_s: float) -> int:
    affordable = int(budget_s * 1e9 // max(warm_ns, 1))
    return min(rounds, max(_FEWEST_ROUNDS, affordable))


def _time(
    racers: Sequence[Contender[Answer]],
    turns: Sequence[int],
    rounds: int,
    clock: Clock,
    progress: Callable[[str], None],
) -> list[list[int]]:
    readings: list[list[int]] = [[] for _ in racers]
    with _no_collection():
        for round_ in range(rounds):
            progress(f"round {round_ + 1} of {rounds}")
            for place in range(len(racers)):
                i = (round_ + place) % len(racers)
                if (round_ + 1) * turns[i] // rounds == round_ * turns[i] // rounds:
                    continue
                start = clock()
                answer = racers[i].run()
                readings[i] += _readings(racers[i], answer, clock() - start)
    return readings


@contextmanager
def _no_collection() -> Iterator[None]:
    was_on = gc.isenabled()
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _line(
    race: Race[Answer],
    racer: Contender[Answer],
    taken: Sequence[int],
    rounds: int,
    our_median: float,
    facts: Mapping[str, float],
) -> Line:
    median = max(statistics.median(taken), 1)
    return Line(
        work=race.work,
        engine=racer.engine,
        version=racer.version,
        rows=race.rows,
        median_ns=round(median),
        p99_ns=sorted(taken)[math.ceil(0.99 * len(taken)) - 1],
        rows_per_s=round(race.rows / median * 1e9, 1),
        ratio=float(f"{our_median / median:.4g}"),
        rounds=rounds,
        facts=facts,
    )
