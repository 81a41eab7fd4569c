"""Are scores probabilities? And what do they say of their own quality, before labels come?"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

from kedge._core import CalibrationCounts, QualityCounts
from kedge.quality.counted import Counted, listed, ratio

__all__ = ["Calibration", "CalibrationResult", "Estimate", "EstimatedPerformance", "Reliability"]


@dataclass(frozen=True)
class Reliability:
    """Scores from `low` to below `high` (the last bin has its end): what was said and what came."""

    low: float
    high: float
    rows: int
    positives: int
    mean_score: float

    @property
    def rate(self) -> float:
        """The share of positives, NaN without rows."""
        return ratio(self.positives, self.rows)


@dataclass(frozen=True)
class CalibrationResult:
    """How well scores are kept by what came.

    Attributes:
        ece: the expected calibration error: how far rate and mean score are apart, over the rows.
        ece_of_noise: at most what `ece` is expected to be if every score is right. An error of that
            size says nothing; more bins and fewer rows make it larger.
        evidence: the most evidence there was against calibrated scores; for them, the chance that
            it ever reaches 1 / alpha is at most alpha.
        verdict: that nothing can show scores to be right, only that they are not shown to be wrong.
    """

    rows: int
    missing: int
    bins: tuple[Reliability, ...]
    ece: float
    ece_of_noise: float
    evidence: float
    verdict: Literal["miscalibration shown", "not yet known"]


class Calibration:
    """Scores from 0 to 1 held against what came: reliability by bins, and an alarm that keeps its
    word.

    The alarm is for any forecaster that is calibrated, whatever it knows, in any order of rows and
    however often one looks: it is false, ever, with probability `alpha` at most. It bets on all
    rows and in ten bins of the score. Bets follow the order of the rows; `merge` multiplies the
    capital of streams that do not depend on each other, and there is no `subtract`.

    >>> calibration = Calibration(score="p", target="y", bins=2)
    >>> calibration.update({"p": [0.25, 0.25, 0.75, 0.75], "y": [0, 1, 1, 1]})
    >>> result = calibration.result()
    >>> result.bins[0].rate, result.ece, result.verdict
    (0.5, 0.25, 'not yet known')

    Raises:
        InvalidArgument: `bins` is not from 1 to 1000, or alpha not between 0 and 1.
    """

    __hash__ = None  # type: ignore[assignment]  # equal by value and changeable

    def __init__(self, *, score: str, target: str, bins: int = 20, alpha: float = 0.05) -> None:
        definition = QualityCounts("calibration", score, target, bins=bins, alpha=float(alpha))
        self._core = CalibrationCounts(definition)

    def update(self, data: object) -> None:
        """Count every row of `data` in its order, or none when one of them is wrong."""
        self._core.update(data)

    def merge(self, other: Calibration) -> None:
        """Add what another of the same definition has counted of rows that are independent."""
        self._core.merge(other._core)

    def to_bytes(self) -> bytes:
        """The stored form."""
        return self._core.to_bytes()

    @classmethod
    def from_bytes(cls, data: bytes) -> Calibration:
        """Read the stored form."""
        return cls._of(CalibrationCounts.from_bytes(data))

    @classmethod
    def _of(cls, core: CalibrationCounts) -> Calibration:
        made = cls.__new__(cls)
        made._core = core
        return made

    def __reduce__(self) -> tuple[Any, tuple[bytes]]:
        return type(self).from_bytes, (self.to_bytes(),)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Calibration):
            return NotImplemented
        return self._core == other._core

    def result(self) -> CalibrationResult:
        """Reliability, its error, and the evidence."""
        counted = self._core.counts
        asked = counted.definition
        bins = asked["bins"]
        counts = counted.counts(len(counted.parts))
        sums = [high for high, _ in counted.sums(len(counted.parts))]
        rows, positives = counts[3 : 3 + bins], counts[3 + bins :]
        scores, spreads = sums[::2], sums[1::2]
        total = sum(rows)
        off = math.fsum(abs(came - said) for came, said in zip(positives, scores, strict=True))
        log_evidence = self._core.most_log_evidence
        shown = log_evidence >= -math.log(asked["alpha"])
        return CalibrationResult(
            rows=total,
            missing=sum(counts[:3]),
            bins=tuple(
                Reliability(
                    i / bins, (i + 1) / bins, rows[i], positives[i], ratio(scores[i], rows[i])
                )
                for i in range(bins)
            ),
            ece=ratio(off, total),
            # Of a mean's distance from what it estimates the mean is at most its deviation.
            ece_of_noise=ratio(math.fsum(map(math.sqrt, spreads)), total),
            evidence=math.exp(log_evidence) if log_evidence < 709 else math.inf,
            verdict="miscalibration shown" if shown else "not yet known",
        )


@dataclass(frozen=True)
class EstimatedPerformance:
    """What the scores say of their own quality, if they are probabilities.

    `accuracy_deviation` is the standard deviation of the accuracy that will be seen around
    `accuracy`, from the chance in the labels alone. `caveat` says what the figures rest on.
    """

    rows: int
    missing: int
    accuracy: float
    accuracy_deviation: float
    precision: float
    recall: float
    f1: float
    auc: float
    log_loss: float
    brier: float
    caveat: str


_CAVEAT = (
    "assumes that scores are probabilities for these rows: it sees rows become harder, "
    "not that what they mean has changed"
)


class Estimate(Counted):
    """Performance before labels come, from the scores of a calibrated binary classifier.

    A score of 0.9 that is right nine times in ten is wrong once: summed up, scores say how many
    decisions are right (confidence-based performance estimation). That holds while the scores are
    probabilities. When the inputs drift it holds only as far as the model is calibrated where they
    went; when the meaning of the inputs changes (concept drift) it is wrong, and nothing in the
    scores shows it. Hold the scores against labels with `Calibration`, as soon as some come.

    >>> estimate = Estimate(score="p")
    >>> estimate.update({"p": [0.9, 0.9, 0.1, 0.4]})
    >>> round(estimate.result().accuracy, 3)
    0.825

    Raises:
        InvalidArgument: `threshold` is not from 0 to 1.
    """

    _KINDS = ("estimate",)

    def __init__(
        self,
        *,
        score: str,
        threshold: float = 0.5,
        by: str = "",
        values: Iterable[object] = (),
    ) -> None:
        super().__init__(
            QualityCounts(
                "estimate",
                score,
                "",
                threshold=float(threshold),
                by=by,
                values=listed("values", values),
            )
        )

    def result(self, calibration: Calibration | None = None) -> EstimatedPerformance:
        """The estimate over all rows; with what is known of the scores' calibration, if given."""
        return self._result(self._all(), calibration)

    def parts(self, calibration: Calibration | None = None) -> dict[str, EstimatedPerformance]:
        """The estimate of each part; nothing without `by`."""
        return {name: self._result(part, calibration) for part, name in enumerate(self._names())}

    def _result(self, part: int, calibration: Calibration | None) -> EstimatedPerformance:
        counts = self._counts.counts(part)
        below, above, log_loss, spread = (high for high, _ in self._counts.sums(part))
        no, yes = counts[3:5]
        rows, right = no + yes, above + (no - below)
        return EstimatedPerformance(
            rows=rows,
            missing=sum(counts[:3]),
            accuracy=ratio(right, rows),
            accuracy_deviation=ratio(math.sqrt(spread), rows),
            precision=ratio(above, yes),
            recall=ratio(above, below + above),
            f1=ratio(2 * above, yes + below + above),
            auc=self._counts.expected_auc(part),
            log_loss=ratio(log_loss, rows),
            brier=ratio(spread, rows),
            caveat=_caveat(calibration),
        )


def _caveat(calibration: Calibration | None) -> str:
    if calibration is None:
        return _CAVEAT
    known = calibration.result()
    if known.verdict == "miscalibration shown":
        return f"do not use: over {known.rows} labelled rows these scores are no probabilities"
    return f"{_CAVEAT}; over {known.rows} labelled rows nothing shows that they are not"
