"""Live traffic in arms: a canary that is rolled back in time, and a race between variants."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from kedge._core import BestArm, CanaryTest, InvalidArgument, places_of_keys
from kedge.decide.decision import Decision, decision_of, exp
from kedge.quality.counted import listed

__all__ = ["ABTest", "Arm", "ArmsDecision", "Canary", "split"]


def split(keys: object, shares: Sequence[float], *, salt: str) -> npt.NDArray[np.int64]:
    """The arm of each key: sticky, as a key is in the same arm on every machine and at every time.

    `shares` are those of the arms after the first one, which has the rest and the keys that are
    null. When shares grow, no key leaves an arm for the first one. Another `salt` parts keys anew.

    >>> split(["ada", "alan", "grace", "edsger"], [0.5], salt="rollout-7").tolist()
    [1, 0, 0, 0]

    Raises:
        InvalidArgument: a share is negative, or they are more than 1 together.
    """
    if any(not share >= 0 for share in shares) or not math.fsum(shares) <= 1:
        raise InvalidArgument(f"shares = {list(shares)} are negative or more than 1 together")
    places = np.asarray(places_of_keys(keys, salt), np.float64)
    arms = np.searchsorted(np.cumsum(shares), places, side="right") + 1
    return np.where(arms > len(shares), 0, arms)


class Canary:
    """A new version on a small share of the traffic, beside the live one.

    "no": its error rate, or its share of answers over `latency_limit`, is shown to be above the
    live one's: roll back. "yes": all of them are shown to be below `factor` times the live one plus
    `margin`: promote. Each is false, ever, with probability `alpha` at most, however often one
    looks. A no holds when the rates of both move together, as they do over a day; a yes takes rows
    of an arm to fail with one chance, given those before.

    Columns: `arm` is 1 or true for the canary, as `split` says; `error` is 0 or 1; `latency` a
    number. At least one of `error` and `latency` is named.

    >>> canary = Canary(arm="arm", error="failed", margin=0.01)
    >>> canary.update({"arm": [0] * 190 + [1] * 10, "failed": [0] * 190 + [1] * 10})
    >>> canary.decision().verdict
    'no'

    Raises:
        InvalidArgument: `factor` is not above 0, `margin` not between `-factor` and 1, alpha not
            between 0 and 1, or `latency` comes without its limit.
    """

    def __init__(
        self,
        *,
        arm: str,
        error: str = "",
        latency: str = "",
        latency_limit: float | None = None,
        factor: float = 1.0,
        margin: float = 0.01,
        alpha: float = 0.05,
    ) -> None:
        if not error and not latency:
            raise InvalidArgument("neither a column of errors nor one of latencies is named")
        if bool(latency) != (latency_limit is not None):
            raise InvalidArgument("latency and latency_limit go together")
        outcomes = [name for name in (error, latency) if name]
        self._core = CanaryTest([(float(factor), float(margin))] * len(outcomes), float(alpha))
        self._arm, self._error, self._latency, self._limit = arm, error, latency, latency_limit

    def update(self, data: object) -> None:
        """Count every row, or none when one is wrong; then look.

        A missing outcome, null or NaN, is not counted; a missing arm leaves out the row.
        """
        limit = math.inf if self._limit is None else float(self._limit)
        self._core.update(data, self._arm, self._error, self._latency, limit)

    def decision(self) -> Decision:
        """What is shown so far."""
        return decision_of(self._core.decision())

    def __reduce__(self) -> tuple[Any, tuple[Any, ...]]:
        columns = (self._arm, self._error, self._latency, self._limit)
        return _restored, (self._core.to_bytes(), *columns)

    def outcomes(self) -> dict[str, tuple[tuple[int, int], tuple[int, int]]]:
        """Of each outcome, hits and rows of live and of canary traffic."""
        names = [name for name in (self._error, self._latency) if name]
        return dict(zip(names, self._core.outcomes, strict=True))


def _restored(data: bytes, arm: str, error: str, latency: str, limit: float | None) -> Canary:
    canary = Canary.__new__(Canary)
    canary._core = CanaryTest.from_bytes(data)
    canary._arm, canary._error, canary._latency, canary._limit = arm, error, latency, limit
    return canary


@dataclass(frozen=True)
class Arm:
    """One arm: `hits` of `rows`, and limits that hold its true rate, for all arms and at all times
    at once, with probability 1 - alpha. `evidence` is that it is best: the least there was against
    another one.
    """

    rows: int
    hits: int
    at_least: float
    at_most: float
    evidence: float


@dataclass(frozen=True)
class ArmsDecision(Decision):
    """`verdict` is "yes" when `best` is shown to be above all other arms, and "no" never."""

    best: str | None
    arms: dict[str, Arm]


class ABTest:
    """Arms of traffic and an outcome that is wanted: which arm is best?

    "yes": one arm's rate is shown to be above each other's by more than `margin`. That is false,
    ever, with probability `alpha` at most, however often one looks. Without a margin that holds
    also when the rates of all arms move together. Between arms that are equal it stays "not yet
    known": `arms` says how far apart they can still be.

    >>> test = ABTest(arm="variant", outcome="bought", arms=["a", "b"])
    >>> test.update({"variant": ["a", "b"] * 60, "bought": [0, 0, 0, 1] * 30})
    >>> decision = test.decision()
    >>> decision.verdict, decision.best
    ('yes', 'b')

    Raises:
        InvalidArgument: there are fewer than 2 arms or more than 64, `margin` is not from 0 to
            below 1, or `alpha` not between 0 and 1.
    """

    def __init__(
        self,
        *,
        arm: str,
        outcome: str,
        arms: Iterable[object],
        margin: float = 0.0,
        alpha: float = 0.05,
    ) -> None:
        self._names = sorted(listed("arms", arms))
        if len(set(self._names)) < len(self._names):
            raise InvalidArgument(f"arms = {self._names}: one is listed twice")
        self._core = BestArm(len(self._names), float(margin), float(alpha))
        self._arm, self._outcome = arm, outcome

    def update(self, data: object) -> None:
        """Take every row in its order, or none when an outcome is neither 0 nor 1; then look.

        Rows of other arms, and those whose outcome is missing, have no part.
        """
        self._core.update(data, self._names, self._arm, self._outcome)

    def decision(self) -> ArmsDecision:
        """What is shown so far; the first winner stays."""
        core = self._core
        is_won = core.best < len(self._names)
        arms = {
            name: Arm(rows, hits, low, high, exp(log_evidence))
            for name, (rows, hits, low, high, log_evidence) in zip(
                self._names, core.arms, strict=True
            )
        }
        most = max(log_evidence for *_, log_evidence in core.arms)
        # What a yes needs of all other arms, in the words of one question: 1 / alpha shows it.
        return ArmsDecision(
            verdict="yes" if is_won else "not yet known",
            evidence_yes=exp(most - math.log(len(self._names))),
            evidence_no=0.0,
            rows=sum(arm.rows for arm in arms.values()),
            rows_needed=int(core.rows_needed) if math.isfinite(core.rows_needed) else None,
            best=self._names[core.best] if is_won else None,
            arms=arms,
        )

    def __reduce__(self) -> tuple[Any, tuple[Any, ...]]:
        return _restored_arms, (self._core.to_bytes(), self._names, self._arm, self._outcome)


def _restored_arms(data: bytes, names: list[str], arm: str, outcome: str) -> ABTest:
    test = ABTest.__new__(ABTest)
    test._core = BestArm.from_bytes(data)
    test._names, test._arm, test._outcome = names, arm, outcome
    return test
