"""What is drawn of an explanation: the features that matter most, all others as one sum."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kedge._core import Explanation, InvalidArgument
from kedge.drift.words import aligned, printable, signed
from kedge.model.row_values import RowValues

__all__ = ["Contributions", "contributions_of"]

Floats = NDArray[np.float64]

_MOST_AMOUNT = 1e300  # in a row: the sum of many rows is still finite
_OUTPUT_NAME = "score_{}"  # as predict calls the columns of several outputs


@dataclass(frozen=True)
class Contributions:
    """One output of some rows.

    Attributes:
        output: its name; empty when it is the only one.
        base: the raw score of the average training row.
        names: of the features that are shown, the most important first.
        places: theirs among all features.
        values: rows x these features.
        others: what all other features add, row by row.
        other_amount: the sum of these features' mean amounts.
        other_count: how many these are.
        rows: their features' values, where they were given, and which rows of them these are.
    """

    output: str
    base: float
    names: list[str]
    places: list[int]
    values: Floats
    others: Floats
    other_amount: float
    other_count: int
    rows: RowValues | None
    row_places: NDArray[np.int64]

    @property
    def scores(self) -> Floats:
        """The raw scores."""
        return np.asarray(self.base + self.values.sum(axis=1) + self.others)

    @property
    def amounts(self) -> list[float]:
        """For each line the mean of the contributions without their signs."""
        means = np.abs(self.values).mean(axis=0).tolist()
        return [*means, self.other_amount] if self.other_count else means

    @property
    def sum_in_words(self) -> str:
        """How base and contributions make the mean score."""
        score = float(self.scores.mean())
        number = aligned([self.base, score])
        added = number(score - self.base)
        return (
            f"Base value {number(self.base)}, and the mean of all contributions {signed(added)},"
            f" make the mean score {number(score)}."
        )

    def titled(self, words: str) -> str:
        """With the output in front, where there are several."""
        return f"{self.output}: {words}" if self.output else words

    def lines(self) -> Iterator[tuple[str, Floats]]:
        """What each line of a picture is called, and its contributions."""
        yield from zip(self.names, self.values.T, strict=True)
        if self.other_count:
            yield f"and {self.other_count} more", self.others


def contributions_of(
    found: Explanation, rows: object, *, row: int | None, output: int | None, most: int
) -> list[Contributions]:
    """The outputs to draw, of one row or of all that have finite contributions.

    Raises:
        InvalidArgument: there is nothing to draw, `row` or `output` does not exist, `most` is not
            above 0, or `rows` are not those that were explained.
    """
    if most < 1:
        raise InvalidArgument(f"most: expected at least 1 feature, got {most}")
    names = found.feature_names
    values = found.values.reshape(len(found), len(found.base), len(names))
    _check("output", output, len(found.base))
    if not len(found):
        raise InvalidArgument("there are no rows, so there is nothing to draw")
    _check("row", row, len(found))
    given = None if rows is None else RowValues(rows, names, len(found))
    places = np.arange(len(found)) if row is None else np.array([row])
    with np.errstate(over="ignore"):
        amounts = np.abs(values[places]).sum(axis=2) + np.abs(found.base)
    finite = (amounts <= _MOST_AMOUNT).all(axis=1)
    if not finite.any():
        raise InvalidArgument(
            f"the contributions of all rows are NaN, or beyond {_MOST_AMOUNT:g}: nothing to draw"
        )
    places = places[finite]
    wanted = range(len(found.base)) if output is None else [output]
    several = len(found.base) > 1
    return [
        _chosen(
            _OUTPUT_NAME.format(k) if several else "",
            float(found.base[k]),
            names,
            values[places, k],
            most,
            given,
            places,
        )
        for k in wanted
    ]


def _check(name: str, index: int | None, count: int) -> None:
    if index is not None and not 0 <= index < count:
        raise InvalidArgument(f"{name}: expected 0 to {count - 1}, got {index}")


def _chosen(
    output: str,
    base: float,
    names: list[str],
    values: Floats,
    most: int,
    rows: RowValues | None,
    row_places: NDArray[np.int64],
) -> Contributions:
    """The most important features by their mean amount; ties go by place."""
    order = np.argsort(-np.abs(values).mean(axis=0), kind="stable")
    # "and 1 more" would take the line of the feature itself.
    count = len(names) if len(names) <= most + 1 else most
    shown, others = order[:count], order[count:]
    return Contributions(
        output=output,
        base=base,
        names=[printable(names[i], 400) for i in shown],
        places=shown.tolist(),
        values=values[:, shown],
        others=values[:, others].sum(axis=1),
        other_amount=float(np.abs(values[:, others]).mean(axis=0).sum()),
        other_count=len(others),
        rows=rows,
        row_places=row_places,
    )
