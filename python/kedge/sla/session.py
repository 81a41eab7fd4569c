"""One or two sides under the same load: in turn, round by round, where there are two."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import reduce
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kedge.sla.calls import Calls
from kedge.sla.compare import Difference, differences
from kedge.sla.costs import price_of_million, usage
from kedge.sla.find_rate import Found
from kedge.sla.generator import Load, Progress, Run, measure
from kedge.sla.limits import Limit
from kedge.sla.target import Target
from kedge.sla.verdict import PASS, Verdict, judge, judge_ratio, overall

__all__ = ["Answered", "Side", "Timing", "answered", "measured", "server_side"]

_SHORT_WARM_S = 0.2  # of rounds but the first

Schedule = Callable[[float], NDArray[np.int64]]
Measure = Callable[[NDArray[np.int64], float, float, Progress], Run]


@dataclass(frozen=True)
class Timing:
    """How long, and when calls are due.

    Attributes:
        due: the times of a round of so many seconds.
        seconds: of all rounds of a side, without warm-up.
        warm_s: before the first round.
        rounds: of each side.
    """

    due: Schedule
    seconds: float
    warm_s: float
    rounds: int = 1


@dataclass
class Side:
    """Who is loaded, and what came of it.

    Attributes:
        name: as it was given.
        run: sends one round.
        rows: of a call, on average.
        pid: of the server, where it is on this machine.
        runs: the rounds so far.
        cost: what they took of the server.
    """

    name: str
    run: Measure
    rows: float = 1.0
    pid: int | None = None
    runs: list[Run] = field(default_factory=list)
    cost: dict[str, float] = field(default_factory=dict)

    @property
    def rounds(self) -> list[Calls]:
        """Each round's calls."""
        return [run.calls for run in self.runs]

    @property
    def whole(self) -> Run:
        """All rounds as one."""
        first = self.runs[0]
        return replace(
            first,
            calls=reduce(lambda a, b: a + b, self.rounds),
            lag=np.sum([run.lag for run in self.runs], axis=0),
            service=np.sum([run.service for run in self.runs], axis=0),
            unsent=sum(run.unsent for run in self.runs),
            elapsed_s=sum(run.elapsed_s for run in self.runs),
            error=next((run.error for run in self.runs if run.error), ""),
        )


@dataclass(frozen=True)
class Answered:
    """What a session came to.

    Attributes:
        verdict: of all limits together; "pass" where none were stated.
        verdicts: of each limit.
        differences: of the second side to the first, where there are two.
        sides: who was loaded.
        found: the highest rate, where it was looked for.
    """

    verdict: str
    verdicts: tuple[Verdict, ...]
    differences: tuple[Difference, ...]
    sides: tuple[Side, ...]
    found: Found | None = None


def server_side(
    name: str,
    target: Target,
    requests: Sequence[bytes],
    options: Mapping[str, str],
    *,
    rows: float,
    pid: int | None,
) -> Side:
    """A side that a generator loads."""

    def run(due: NDArray[np.int64], warm_s: float, seconds: float, progress: Progress) -> Run:
        return measure(Load(target, requests, due, warm_s, seconds, options), progress)

    return Side(name, run, rows, pid)


def measured(sides: Sequence[Side], timing: Timing, progress: Callable[[str, float], None]) -> None:
    """Load the sides in turn; who begins alternates."""
    seconds = timing.seconds / timing.rounds
    done = 0
    for round_ in range(timing.rounds):
        for side in sides if round_ % 2 == 0 else reversed(sides):
            warm = timing.warm_s if round_ == 0 else min(timing.warm_s, _SHORT_WARM_S)

            def show(share: float, calls: int, side: Side = side, done: int = done) -> None:
                progress(side.name, (done + share) / timing.rounds / len(sides))

            due = timing.due(seconds + warm)
            before = usage(side.pid) if side.pid is not None else None
            side.runs.append(side.run(due, warm, seconds, show))
            if before is not None and side.pid is not None:
                after = usage(side.pid)
                _add(side.cost, after.cpu_s - before.cpu_s, len(due), after.peak_bytes)
            done += 1


def answered(
    sides: Sequence[Side],
    limits: Sequence[Limit],
    *,
    confidence: float,
    most_lag_ns: int = 0,
    price: float | None = None,
    found: Found | None = None,
) -> Answered:
    """What is known of the first side, and how the second compares.

    Raises:
        GeneratorTooSlow: its figures would be the generator's.
    """
    wholes = [side.whole for side in sides]
    for whole in wholes:
        whole.refuse_lag(most_lag_ns)
    rounds = [side.rounds for side in sides]
    verdicts = tuple(
        judge_ratio(rounds[0], rounds[1], limit, confidence)
        if limit.is_ratio and len(sides) > 1
        else judge(wholes[0].calls, limit, confidence)
        for limit in limits
    )
    apart = (
        differences(rounds[0], rounds[1], paired=True, confidence=confidence)
        if len(sides) > 1
        else []
    )
    for side in sides:
        _state_cost(side, price)
    verdict = overall(one.verdict for one in verdicts) if verdicts else PASS
    return Answered(verdict, verdicts, tuple(apart), tuple(sides), found)


def _add(cost: dict[str, float], cpu_s: float, calls: int, peak: int) -> None:
    cost["cpu_s"] = cost.get("cpu_s", 0.0) + cpu_s
    cost["calls"] = cost.get("calls", 0) + calls
    cost["peak_bytes"] = max(cost.get("peak_bytes", 0), peak)


def _state_cost(side: Side, price: float | None) -> None:
    cost: dict[str, Any] = side.cost
    if not cost.get("cpu_s"):
        return
    cost["cpu_us_per_call"] = cost["cpu_s"] / cost["calls"] * 1e6
    cost["rows_per_cpu_s"] = cost["calls"] * side.rows / cost["cpu_s"]
    if price is not None:
        cost["price_of_million"] = price_of_million(cost["cpu_s"], cost["calls"], price)
