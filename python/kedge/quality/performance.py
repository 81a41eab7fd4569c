"""How good predictions are once the truth is known, counted as rows come."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

from kedge._core import InvalidArgument, QualityCounts
from kedge.quality.counted import Counted, listed, ratio

__all__ = ["Area", "BinaryPerformance", "ClassPerformance", "Performance", "RegressionPerformance"]


@dataclass(frozen=True)
class Area:
    """An area under a curve: `value` takes scores of one cell to be equal; the exact area of the
    rows lies between the bounds."""

    value: float
    at_least: float
    at_most: float

    @property
    def error(self) -> float:
        """How far `value` is from the exact area at most."""
        return max(self.value - self.at_least, self.at_most - self.value)


@dataclass(frozen=True)
class Missing:
    """Rows that have no part in the figures: a null or NaN for what became true, for what was
    predicted, or for both."""

    target: int
    prediction: int
    both: int


@dataclass(frozen=True)
class BinaryPerformance:
    """Scores against 0 and 1, the decision being yes from the threshold on.

    What cannot be computed, such as the precision of no decisions, is NaN.
    """

    rows: int
    missing: Missing
    true_positives: int
    false_positives: int
    true_negatives: int
    false_negatives: int
    log_loss: float
    brier: float
    auc: Area
    pr_auc: Area

    @property
    def accuracy(self) -> float:
        """The share of decisions that were right."""
        return ratio(self.true_positives + self.true_negatives, self.rows)

    @property
    def precision(self) -> float:
        """The share of yes that was right."""
        return ratio(self.true_positives, self.true_positives + self.false_positives)

    @property
    def recall(self) -> float:
        """The share of positives that was found."""
        return ratio(self.true_positives, self.true_positives + self.false_negatives)

    @property
    def f1(self) -> float:
        """The harmonic mean of precision and recall."""
        wrong = self.false_positives + self.false_negatives
        return ratio(2 * self.true_positives, 2 * self.true_positives + wrong)


@dataclass(frozen=True)
class ClassPerformance:
    """Classes against classes; `matrix[true][predicted]` counts rows, the last of each being
    "(others)", names that were not listed."""

    rows: int
    missing: Missing
    classes: tuple[str, ...]
    matrix: tuple[tuple[int, ...], ...]

    @property
    def accuracy(self) -> float:
        """The share of rows whose class was predicted; of unlisted names none counts as right."""
        right = sum(self.matrix[i][i] for i in range(len(self.classes) - 1))
        return ratio(right, self.rows)

    def precision(self, name: str) -> float:
        """The share of the predictions of a class that was right."""
        at = self.classes.index(name)
        return ratio(self.matrix[at][at], sum(row[at] for row in self.matrix))

    def recall(self, name: str) -> float:
        """The share of the rows of a class that was found."""
        at = self.classes.index(name)
        return ratio(self.matrix[at][at], sum(self.matrix[at]))

    def f1(self, name: str) -> float:
        """The harmonic mean of precision and recall of a class."""
        at = self.classes.index(name)
        both = sum(self.matrix[at]) + sum(row[at] for row in self.matrix)
        return ratio(2 * self.matrix[at][at], both)

    @property
    def macro_f1(self) -> float:
        """The mean over the listed classes that came, true or predicted."""
        values = [self.f1(name) for name in self.classes[:-1]]
        known = [value for value in values if not math.isnan(value)]
        return ratio(math.fsum(known), len(known))


@dataclass(frozen=True)
class RegressionPerformance:
    """Numbers against numbers; an error is the prediction less the target.

    `mape` is the mean of |error / target| over targets that are not 0; `zero_targets` counts those
    that are, or are below 1e-150. `pinball` has the mean quantile loss of each quantile asked for.
    """

    rows: int
    missing: Missing
    zero_targets: int
    bias: float
    mae: float
    rmse: float
    mape: float
    r2: float
    pinball: dict[float, float]


class Performance(Counted):
    """Predictions against what became true: streaming, mergeable, by part, without keeping a row.

    `kind` is "binary" (a score from 0 to 1 against 0 or 1), "classes" (names against names, those
    listed in `classes`) or "regression". With `by`, rows are counted apart for each of `values` of
    that column, and for the rest.

    Sums are exact: the same rows give the same bits and bytes, in whatever order, split and merge.
    Areas under curves come from counts in cells, with bounds that hold the exact area.

    >>> performance = Performance("binary", prediction="score", target="label")
    >>> performance.update({"score": [0.9, 0.2, 0.7, 0.4], "label": [1, 0, 0, 1]})
    >>> result = performance.result()
    >>> result.accuracy, result.recall, result.auc.value
    (0.5, 0.5, 0.75)

    Raises:
        InvalidArgument: a bound is broken, or columns of one kind are missing.
        ResourceExhausted: parts and classes would take too many counters.
    """

    _KINDS = ("binary", "classes", "regression")

    def __init__(
        self,
        kind: str,
        *,
        prediction: str,
        target: str,
        threshold: float = 0.5,
        classes: Iterable[object] = (),
        quantiles: Iterable[float] = (),
        by: str = "",
        values: Iterable[object] = (),
    ) -> None:
        if kind not in self._KINDS:
            raise InvalidArgument(f'kind = "{kind}" is not one of {", ".join(self._KINDS)}')
        counts = QualityCounts(
            kind,
            prediction,
            target,
            threshold=float(threshold),
            classes=listed("classes", classes),
            quantiles=[float(quantile) for quantile in quantiles],
            by=by,
            values=listed("values", values),
        )
        super().__init__(counts)

    def result(self) -> BinaryPerformance | ClassPerformance | RegressionPerformance:
        """The figures of all rows."""
        return self._result(self._all())

    def parts(self) -> dict[str, BinaryPerformance | ClassPerformance | RegressionPerformance]:
        """The figures of each part: those of `values`, then "(others)"; nothing without `by`."""
        return {name: self._result(part) for part, name in enumerate(self._names())}

    def _result(self, part: int) -> BinaryPerformance | ClassPerformance | RegressionPerformance:
        kind = self.definition["kind"]
        counts = self._counts.counts(part)
        if kind == "classes":
            return _classes(counts, self.definition["classes"])
        sums = self._counts.sums(part)
        if kind == "regression":
            return _regression(counts, sums, self.definition["quantiles"])
        roc, precision = self._counts.areas(part)
        return _binary(counts, [high for high, _ in sums], Area(*roc), Area(*precision))


def _missing(counts: list[int]) -> Missing:
    return Missing(*counts[:3])


def _binary(counts: list[int], sums: list[float], roc: Area, precision: Area) -> BinaryPerformance:
    true_negatives, false_positives, false_negatives, true_positives = counts[3:7]
    rows = sum(counts[3:7])
    return BinaryPerformance(
        rows=rows,
        missing=_missing(counts),
        true_positives=true_positives,
        false_positives=false_positives,
        true_negatives=true_negatives,
        false_negatives=false_negatives,
        log_loss=ratio(sums[0], rows),
        brier=ratio(sums[1], rows),
        auc=roc,
        pr_auc=precision,
    )


def _classes(counts: list[int], classes: list[str]) -> ClassPerformance:
    names = (*classes, "(others)")
    cells = counts[3:]
    rows = [tuple(cells[i : i + len(names)]) for i in range(0, len(cells), len(names))]
    return ClassPerformance(sum(cells), _missing(counts), names, tuple(rows))


def _regression(
    counts: list[int], sums: list[tuple[float, float]], quantiles: list[float]
) -> RegressionPerformance:
    rows, zeros = counts[3:5]
    error, size, square, relative, _, _, *losses = [high for high, _ in sums]
    # Where all targets are far from 0 their squares hide their spread; fractions lose nothing.
    target, squared = (Fraction(high) + Fraction(low) for high, low in sums[4:6])
    spread = float(squared - target * target / rows) if rows else 0.0
    return RegressionPerformance(
        rows=rows,
        missing=_missing(counts),
        zero_targets=zeros,
        bias=ratio(error, rows),
        mae=ratio(size, rows),
        rmse=math.sqrt(ratio(square, rows)) if rows else math.nan,
        mape=ratio(relative, rows - zeros),
        r2=1 - square / spread if spread > 0 else math.nan,
        pinball={at: ratio(loss, rows) for at, loss in zip(quantiles, losses, strict=True)},
    )
