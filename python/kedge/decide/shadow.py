"""Is a candidate that runs in the shadow of the live model good enough to take over?"""

from __future__ import annotations

import operator
from dataclasses import replace
from typing import Any

from kedge._core import InvalidArgument, ShadowTest
from kedge.decide.decision import Decision, decision_of

__all__ = ["Shadow"]


class Shadow:
    """Paired losses of the live model and a candidate on the same rows.

    "yes": the candidate's loss is shown to be less than `delta` above the live one's. `delta` of 0
    asks for it to be better, above 0 for it to be not worse by more than that, below 0 for it to be
    better by more than that. "no": it is shown to be more than `delta` above. Each is false, ever,
    with probability `alpha` at most, however often one looks and whatever the rows depend on.

    `bound` is the most that the two losses of one row can differ by, such as 1 for the squared
    error of two scores. A tighter one that is true shows things sooner; a row that breaks it is
    refused, as no promise would survive it. No yes is said before `min_rows` rows.

    >>> shadow = Shadow(live="old", candidate="new", bound=1)
    >>> shadow.update({"old": [0.5] * 30, "new": [0.25] * 30})
    >>> shadow.decision().verdict
    'yes'

    Raises:
        InvalidArgument: `bound` is not above 0, `delta` not between `-bound` and `bound`, or
            `alpha` not between 0 and 1.
    """

    __hash__ = None  # type: ignore[assignment]  # equal by value and changeable

    def __init__(
        self,
        *,
        live: str,
        candidate: str,
        bound: float,
        delta: float = 0.0,
        alpha: float = 0.05,
        min_rows: int = 0,
    ) -> None:
        self._core = ShadowTest(float(bound), float(delta), float(alpha))
        self._live, self._candidate = live, candidate
        self._min_rows = operator.index(min_rows)
        if self._min_rows < 0:
            raise InvalidArgument(f"min_rows = {min_rows} is negative")
        self.missing = 0  # rows without both losses

    def update(self, data: object) -> None:
        """Take the losses of every row, in order, or none when one breaks the bound. Rows where
        one is missing, null or NaN, count as `missing`."""
        self.missing += self._core.update(data, self._live, self._candidate)

    def decision(self) -> Decision:
        """What is shown so far."""
        decision = decision_of(self._core.decision())
        lacking = self._min_rows - decision.rows
        if decision.verdict != "yes" or lacking <= 0:
            return decision
        return replace(decision, verdict="not yet known", rows_needed=lacking)

    @property
    def mean_difference(self) -> float:
        """The candidate's mean loss less the live one's, NaN without rows."""
        return self._core.mean_difference

    def __reduce__(self) -> tuple[Any, tuple[Any, ...]]:
        return _restored, (
            self._core.to_bytes(),
            self._live,
            self._candidate,
            self.missing,
            self._min_rows,
        )

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Shadow):
            return NotImplemented
        return self._parts == other._parts

    @property
    def _parts(self) -> tuple[ShadowTest, str, str, int, int]:
        return self._core, self._live, self._candidate, self.missing, self._min_rows


def _restored(data: bytes, live: str, candidate: str, missing: int, min_rows: int) -> Shadow:
    shadow = Shadow.__new__(Shadow)
    shadow._core = ShadowTest.from_bytes(data)
    shadow._live, shadow._candidate = live, candidate
    shadow.missing, shadow._min_rows = missing, min_rows
    return shadow
