"""What a question comes to: three answers, and what they rest on."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

__all__ = ["Decision", "decision_of"]


@dataclass(frozen=True)
class Decision:
    """A verdict that may be acted on as soon as it is there; the first one stays.

    Attributes:
        evidence_yes: the most evidence there was for a yes; 1 / alpha shows it.
        evidence_no: the same for a no.
        rows: so far.
        rows_needed: about how many more a verdict takes if rows go on as they did; None where they
            point at neither. A forecast, not a promise.
    """

    verdict: Literal["yes", "no", "not yet known"]
    evidence_yes: float
    evidence_no: float
    rows: int
    rows_needed: int | None


def decision_of(fields: Mapping[str, Any]) -> Decision:
    """The decision that the core's fields say."""
    needed = fields["rows_needed"]
    return Decision(
        verdict=fields["verdict"],
        evidence_yes=exp(fields["log_evidence_yes"]),
        evidence_no=exp(fields["log_evidence_no"]),
        rows=fields["rows"],
        rows_needed=int(needed) if math.isfinite(needed) else None,
    )


def exp(log_evidence: float) -> float:
    """Evidence of a logarithm, infinite where a double cannot hold it."""
    return math.exp(log_evidence) if log_evidence < 709 else math.inf
