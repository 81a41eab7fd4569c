"""The highest rate at which a service level holds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from kedge.sla.generator import GeneratorTooSlow
from kedge.sla.verdict import FAIL, PASS

__all__ = ["Found", "find_rate"]

_STEP = 2.0
_MOST_RATE = 1e7


@dataclass(frozen=True)
class Found:
    """What was found.

    Attributes:
        holds: the highest rate that passed; 0 when none did.
        fails: the lowest that failed, or could not be told from one that does; None when there is
            none up to what the generator can do.
        tried: each rate and what it gave.
        reason: why it ends there.
    """

    holds: float
    fails: float | None
    tried: tuple[tuple[float, str], ...]
    reason: str


def find_rate(try_rate: Callable[[float], str], start: float, tolerance: float = 0.05) -> Found:
    """Double the rate, or halve it, until it stops passing or starts; then halve between.

    A rate whose verdict is not yet known is not one that holds.
    """
    tried: list[tuple[float, str]] = []
    holds, fails = 0.0, None
    rate = start
    while fails is None or fails > holds * (1 + tolerance):
        try:
            verdict = try_rate(rate)
        except GeneratorTooSlow as error:
            tried.append((rate, "the generator was the limit"))
            if holds == 0 and rate > 1:
                rate /= _STEP
                continue
            return Found(holds, fails, tuple(tried), str(error))
        tried.append((rate, verdict))
        if verdict == PASS:
            holds = max(holds, rate)
        else:
            fails = rate if fails is None else min(fails, rate)
        if holds == 0:
            rate /= _STEP
            if rate < 1:
                return Found(0.0, fails, tuple(tried), "no rate from one call a second on passes")
        elif fails is None:
            rate *= _STEP
            if rate > _MOST_RATE:
                return Found(holds, None, tuple(tried), "every rate passes")
        else:
            rate = (holds * fails) ** 0.5
    ends = "fails" if (fails, FAIL) in tried else "is not known to pass"
    return Found(holds, fails, tuple(tried), f"{fails:.0f} calls a second {ends}")
