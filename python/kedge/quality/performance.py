"""How good predictions are once the truth is known, counted as rows come."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

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

    What cannot be computed, such as the precision of no decisions, is NaN. Where rows have weights,
    the four outcomes are sums of them, and there are no areas.
    """

    rows: int
    missing: Missing
    true_positives: float
    false_positives: float
    true_negatives: float
    false_negatives: float
    log_loss: float
    brier: float
    auc: Area
    pr_auc: Area

    @property
    def accuracy(self) -> float:
        """The share of decisions that were right."""
        right = self.true_positives + self.true_negatives
        return ratio(right, right + self.false_positives + self.false_negatives)

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
    """Classes against classes; `matrix[true][predicted]` counts rows, or adds up their weights, the
    last of each being "(others)", names that were not listed.

    `log_loss` and `brier` (the mean over the rows of the sum of squares over the classes, from 0 to
    2) are NaN without probabilities. A class that is not listed has a probability of 0.
    """

    rows: int
    missing: Missing
    classes: tuple[str, ...]
    matrix: tuple[tuple[float, ...], ...]
    log_loss: float
    brier: float

    @property
    def accuracy(self) -> float:
        """The share of rows whose class was predicted; of unlisted names none counts as right."""
        right = sum(self.matrix[i][i] for i in range(len(self.classes) - 1))
        return ratio(right, sum(map(sum, self.matrix)))

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
    """Numbers against numbers; an error is the prediction less the target. Means are weighted where
    rows have weights.

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

    `probabilities` names the column of each class's probability, for log loss and Brier score. The
    column `weight` says how much each row counts, from 0 to 1e7. With weights there are no areas
    under curves; what carries a promise (fairness, calibration) takes none.

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
        probabilities: Mapping[Any, str] | None = None,
        weight: str = "",
    ) -> None:
        if kind not in self._KINDS:
            raise InvalidArgument(f'kind = "{kind}" is not one of {", ".join(self._KINDS)}')
        names = listed("classes", classes)
        counts = QualityCounts(
            kind,
            prediction,
            target,
            threshold=float(threshold),
            classes=names,
            quantiles=[float(quantile) for quantile in quantiles],
            by=by,
            values=listed("values", values),
            probabilities=_columns(names, probabilities or {}),
            weight=weight,
        )
        super().__init__(counts)

    def result(self) -> BinaryPerformance | ClassPerformance | RegressionPerformance:
        """The figures of all rows."""
        return self._result(self._all())

    def parts(self) -> dict[str, BinaryPerformance | ClassPerformance | RegressionPerformance]:
        """The figures of each part: those of `values`, then "(others)"; nothing without `by`."""
        return {name: self._result(part) for part, name in enumerate(self._names())}

    def _result(self, part: int) -> BinaryPerformance | ClassPerformance | RegressionPerformance:
        definition = self.definition
        tallied = _Tallied(
            self._counts.counts(part), self._counts.sums(part), bool(definition["weight"])
        )
        if definition["kind"] == "classes":
            return _classes(tallied, definition["classes"], bool(definition["probabilities"]))
        if definition["kind"] == "regression":
            return _regression(tallied, definition["quantiles"])
        roc, precision = self._counts.areas(part)
        return _binary(tallied, Area(*roc), Area(*precision))


@dataclass(frozen=True)
class _Tallied:
    """Counts and exact sums of a part."""

    counts: list[int]
    sums: list[tuple[float, float]]
    is_weighted: bool

    @property
    def missing(self) -> Missing:
        return Missing(*self.counts[:3])

    def values(self) -> list[float]:
        """The sums, rounded."""
        return [high for high, _ in self.sums]

    def cells(self, first_weight: int) -> list[float]:
        """What is counted, in rows or in weights, which begin there."""
        return self.values()[first_weight:] if self.is_weighted else list(self.counts[3:])


def _columns(classes: list[str], probabilities: Mapping[Any, str]) -> list[str]:
    """The column of each class."""
    columns = dict(zip(listed("probabilities", probabilities), probabilities.values(), strict=True))
    if columns and columns.keys() != set(classes):
        raise InvalidArgument(
            f"probabilities: {', '.join(sorted(columns))} have columns, "
            f"the classes are {', '.join(classes)}"
        )
    return [columns[name] for name in classes] if columns else []


def _binary(tallied: _Tallied, roc: Area, precision: Area) -> BinaryPerformance:
    outcomes = tallied.cells(2)
    true_negatives, false_positives, false_negatives, true_positives = outcomes
    log_loss, brier = tallied.values()[:2]
    total = math.fsum(outcomes)
    none = Area(math.nan, math.nan, math.nan)
    return BinaryPerformance(
        rows=sum(tallied.counts[3:7]),
        missing=tallied.missing,
        true_positives=true_positives,
        false_positives=false_positives,
        true_negatives=true_negatives,
        false_negatives=false_negatives,
        log_loss=ratio(log_loss, total),
        brier=ratio(brier, total),
        auc=none if tallied.is_weighted else roc,
        pr_auc=none if tallied.is_weighted else precision,
    )


def _classes(tallied: _Tallied, classes: list[str], has_shares: bool) -> ClassPerformance:
    names = (*classes, "(others)")
    losses = tallied.values()[:2] if has_shares else [math.nan, math.nan]
    cells = tallied.cells(2 if has_shares else 0)
    matrix = tuple(tuple(cells[i : i + len(names)]) for i in range(0, len(cells), len(names)))
    log_loss, brier = (ratio(loss, math.fsum(cells)) for loss in losses)
    return ClassPerformance(
        sum(tallied.counts[3:]), tallied.missing, names, matrix, log_loss, brier
    )


def _regression(tallied: _Tallied, quantiles: list[float]) -> RegressionPerformance:
    rows, zeros = tallied.counts[3:5]
    error, size, square, relative, _, _, *rest = tallied.values()
    losses = rest[: len(quantiles)]
    total, relatives = rest[len(quantiles) :] if tallied.is_weighted else (rows, rows - zeros)
    # Where all targets are far from 0 their squares hide their spread; fractions lose nothing.
    spread = 0.0
    if all(math.isfinite(high) for high, _ in tallied.sums[4:]):
        target, squared, *weights = (
            Fraction(high) + Fraction(low) for high, low in tallied.sums[4:]
        )
        weight = weights[len(quantiles)] if tallied.is_weighted else Fraction(rows)
        spread = float(squared - target * target / weight) if weight else 0.0
    return RegressionPerformance(
        rows=rows,
        missing=tallied.missing,
        zero_targets=zeros,
        bias=ratio(error, total),
        mae=ratio(size, total),
        rmse=math.sqrt(ratio(square, total)) if total else math.nan,
        mape=ratio(relative, relatives),
        r2=1 - square / spread if spread > 0 else math.nan,
        pinball={at: ratio(loss, total) for at, loss in zip(quantiles, losses, strict=True)},
    )
