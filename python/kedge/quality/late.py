"""Labels that come late: predictions wait for them within a horizon, and are counted then."""

from __future__ import annotations

import operator
from typing import Any, Generic, TypeVar

from kedge._core import (
    CalibrationCounts,
    CorruptData,
    InvalidArgument,
    LateCounts,
    QualityCounts,
)
from kedge.quality.calibration import Calibration
from kedge.quality.fairness import Fairness
from kedge.quality.performance import Performance

__all__ = ["LateLabels"]

AnyCounted = TypeVar("AnyCounted", Performance, Fairness, Calibration)


class LateLabels(Generic[AnyCounted]):
    """A `Performance`, `Fairness` or `Calibration` whose labels come after the predictions, joined
    by an id.

    At most `most_waiting` predictions wait; the oldest gives way, and never came. With `time`, a
    column of times or integers of the predictions, so do those that are more than `horizon`, in
    the column's unit, before the latest one. Memory is bounded by the number that waits and the
    256 bytes that an id may have. What waits is in the stored form too.

    A calibration bets in the order of the labels. Its promise holds when what a label says has no
    part in when it comes: where defaults show early and repayments late, it does not.

    >>> from kedge import Performance
    >>> late = LateLabels(
    ...     Performance("binary", prediction="p", target="y"), id="id", most_waiting=1000
    ... )
    >>> late.predict({"id": [1, 2, 3], "p": [0.9, 0.2, 0.6]})
    >>> late.observe({"id": [3, 1, 7], "y": [0, 1, 1]})
    >>> late.counted().result().accuracy, late.waiting, late.unmatched
    (0.5, 1, 1)

    Raises:
        InvalidArgument: `most_waiting` is not from 1 to 67108864, `horizon` not above 0, or
            `counted` has no column of targets.
    """

    def __init__(
        self,
        counted: AnyCounted,
        *,
        id: str,
        most_waiting: int,
        time: str = "",
        horizon: int = 0,
    ) -> None:
        if operator.index(most_waiting) < 0:
            raise InvalidArgument(f"most_waiting = {most_waiting} is negative")
        if horizon and not time:
            raise InvalidArgument(f"horizon = {horizon}: no column of times is named")
        self._kind: type[Any] = type(counted)
        counter = counted._core if isinstance(counted, Calibration) else counted._counts
        self._core = LateCounts(
            counter, id, min(most_waiting, 2**63), time, operator.index(horizon)
        )

    def predict(self, data: object) -> None:
        """Let predictions wait: columns of the id, the prediction and, if asked for, the part and
        the time. One with the id of a prediction that still waits takes its place."""
        self._core.predict(data)

    def observe(self, data: object) -> None:
        """Count every label whose prediction waits: columns of the id and the target. A missing
        label is none, and its prediction goes on waiting."""
        self._core.observe(data)

    def counted(self) -> AnyCounted:
        """A copy of what is counted so far."""
        made: AnyCounted = self._kind._of(self._core.counter)
        return made

    def to_bytes(self) -> bytes:
        """The stored form: equal for equal streams on every machine."""
        return self._core.to_bytes()

    @classmethod
    def from_bytes(cls, data: bytes) -> LateLabels[Any]:
        """Read the stored form; predictions go on waiting.

        Raises:
            CorruptData: these bytes are no late labels.
        """
        made = cls.__new__(cls)
        made._core = LateCounts.from_bytes(data)
        made._kind = _kind_of(made._core.counter)
        return made

    def __reduce__(self) -> tuple[object, tuple[bytes]]:
        return LateLabels.from_bytes, (self.to_bytes(),)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, LateLabels) and self._core == other._core

    __hash__ = None  # type: ignore[assignment]  # equal by value and changeable

    @property
    def waiting(self) -> int:
        """Predictions without a label yet."""
        return self._core.waiting

    @property
    def joined(self) -> int:
        """Labels that found their prediction."""
        return self._core.joined

    @property
    def never_came(self) -> int:
        """Predictions that left without a label, by the horizon or the bound on their number."""
        return self._core.never_came

    @property
    def replaced(self) -> int:
        """Predictions whose id came again while they waited."""
        return self._core.replaced

    @property
    def unmatched(self) -> int:
        """Labels whose prediction does not wait: unknown, gone, or labelled before."""
        return self._core.unmatched

    @property
    def incomplete(self) -> int:
        """Rows of either kind without an id, a time or a label."""
        return self._core.incomplete


def _kind_of(counter: QualityCounts | CalibrationCounts) -> type[Any]:
    """Whose figures these counts are."""
    if isinstance(counter, CalibrationCounts):
        return Calibration
    for kind in (Performance, Fairness):
        if counter.definition["kind"] in kind._KINDS:
            return kind
    raise CorruptData("late labels: these counts are of no kind that labels are joined to")
