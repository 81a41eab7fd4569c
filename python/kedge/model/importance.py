"""How much each feature moves a model's scores: explanations of many rows, summed up.

Contributions are columns of numbers like any other. Their profile merges over machines and windows,
keeps no row, has slices, and is compared with an earlier one by `kedge.compare`: a model that
decides for other reasons than it did has drifted, though its scores may not show it.
"""

from __future__ import annotations

from dataclasses import dataclass

from kedge._core import Profile

__all__ = ["Importance", "importances"]

_TAIL = 0.05


@dataclass(frozen=True)
class Importance:
    """What one feature adds to the raw score, over all rows that were counted."""

    feature: str
    mean_abs: float
    """The mean of the contributions without their signs."""
    error: float
    """How far `mean_abs` may be off: half a cell of the profile."""
    mean: float
    """The mean of the contributions, with their signs."""
    low: float
    """At most one contribution of twenty is less."""
    high: float
    """At most one of twenty is more."""
    rows: int
    part: str | None = None
    """The value of the slicing column that these rows have."""


def importances(contributions: Profile, *, by: str | None = None) -> list[Importance]:
    """Sum up a profile of contributions, the most important feature first.

    `contributions` is the profile of a table with a column for each feature, as explanations are.
    `by` is one of its slicing columns: then each of its values comes in turn, those with the most
    rows first. Contributions beyond the range of the data that the profile was made of count as its
    ends.

    >>> import numpy as np
    >>> from kedge.sketch import profile
    >>> added = {"age": np.array([0.5, -1.5]), "spend": np.array([0.1, 0.1])}
    >>> for one in importances(profile(added, exact=True)):
    ...     print(one.feature, one.mean_abs, one.mean)
    age 1.0 -0.5
    spend 0.1 0.1

    Raises:
        InvalidArgument: the profile has no slices by that column.
    """
    if by is None:
        return _of(contributions, None)
    parts = sorted(contributions.parts(by), key=lambda part: -part[1].row_count)
    return [one for name, part in parts for one in _of(part, name)]


def _of(contributions: Profile, part: str | None) -> list[Importance]:
    found = []
    for name in contributions.columns:
        if contributions.kind(name) != "number":
            continue
        values = contributions.histogram(name)
        if values.value_count == 0:
            continue
        found.append(
            Importance(
                feature=name,
                mean_abs=values.mean_abs,
                error=values.mean_abs_error,
                mean=values.mean,
                low=values.quantile(_TAIL)[0],
                high=values.quantile(1 - _TAIL)[1],
                rows=values.value_count,
                part=part,
            )
        )
    return sorted(found, key=lambda one: -one.mean_abs)
