"""The habit that a monitor replaces: each batch compared with a fixed threshold."""

from __future__ import annotations

from dataclasses import dataclass

from kedge._core import InvalidArgument, Profile
from kedge.drift.report import ColumnDrift, compare

__all__ = ["Exceeded", "FixedThreshold"]

_MEASURES = {"pvalue": 1.0, "psi": float("inf"), "js": 1.0}


@dataclass(frozen=True)
class Exceeded:
    """A column of a batch beyond a threshold.

    Attributes:
        column: its name.
        measure: "pvalue", "psi" or "js".
        value: that of the batch.
        threshold: what it went beyond.
        update: the update, from 1.
    """

    column: str
    measure: str
    value: float
    threshold: float
    update: int


class FixedThreshold:
    """Compares every batch by itself, and remembers nothing of the batches before.

    Exactly one of `pvalue`, `psi` and `js` is given: a p-value (of Kolmogorov and Smirnov's test
    for numbers, of chi-square for names) below it, a population stability index or a
    Jensen-Shannon distance above it is told. 0.05, 0.2 and 0.1 are what people use.

    For comparison and habit, not for alarms. At 0.05 one unchanged column in twenty is told at
    every batch, and of 100 columns some at practically every batch; PSI and Jensen-Shannon
    distances of small batches are above their thresholds by chance (`ColumnDrift.psi_noise`).
    kedge.Monitor keeps a promise instead.

    >>> import numpy as np
    >>> import kedge
    >>> habit = kedge.drift.FixedThreshold(kedge.profile({"x": np.arange(5000) % 50}), psi=0.2)
    >>> habit.update({"x": np.arange(5000) % 50})
    []
    >>> habit.update({"x": np.arange(5000) % 50 + 25})[0].column
    'x'

    Raises:
        InvalidArgument: none or several are given, or one is not above 0, up to 1 (`psi` has no
            upper bound).
    """

    def __init__(
        self,
        reference: Profile,
        *,
        pvalue: float | None = None,
        psi: float | None = None,
        js: float | None = None,
    ) -> None:
        if not isinstance(reference, Profile):
            raise InvalidArgument("reference must be a Profile; make one with kedge.profile(data)")
        given = {"pvalue": pvalue, "psi": psi, "js": js}
        asked = [(name, value) for name, value in given.items() if value is not None]
        if len(asked) != 1:
            names = ", ".join(name for name, _ in asked) or "none"
            raise InvalidArgument(f"one of pvalue, psi and js is wanted, there is {names}")
        self._measure, self._threshold = asked[0]
        most = _MEASURES[self._measure]
        if not 0 < self._threshold <= most:
            bound = f" and up to {most:g}" if most < float("inf") else ""
            raise InvalidArgument(f"{self._measure} = {self._threshold} is not above 0{bound}")
        self._reference = reference
        self._updates = 0

    def update(self, data: object) -> list[Exceeded]:
        """Compare a batch, of data or as a profile with the same cells; the worst column first."""
        report = compare(self._reference, data)
        self._updates += 1
        found = [self._exceeded(row) for row in report if self._is_beyond(self._value(row))]
        return sorted(found, key=lambda one: one.value, reverse=self._measure != "pvalue")

    @property
    def updates(self) -> int:
        """How many batches there were."""
        return self._updates

    def _value(self, row: ColumnDrift) -> float:
        value: float = getattr(row, self._measure)
        return value

    def _is_beyond(self, value: float) -> bool:
        # NaN, where a column has no such measure, is beyond nothing.
        return value < self._threshold if self._measure == "pvalue" else value > self._threshold

    def _exceeded(self, row: ColumnDrift) -> Exceeded:
        return Exceeded(row.column, self._measure, self._value(row), self._threshold, self._updates)
