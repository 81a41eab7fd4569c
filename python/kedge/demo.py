"""The product's main job in one run: a shop's feed, a reference, a stream, a shift, the verdict."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass

import numpy as np

from kedge.drift import Report, compare
from kedge.sketch import profile

__all__ = ["BatchVerdict", "DemoResult", "feed", "run"]

_REFERENCE_ROWS = 200_000
_BATCH_ROWS = 50_000
_BATCHES = 12
_SHIFT_AT = 7  # the first batch after the injected shift
_WINDOW = 3  # batches that are compared at once


@dataclass(frozen=True)
class BatchVerdict:
    """What the window that ends with one batch looks like."""

    batch: int
    shifted: bool
    verdict: str
    drifted: list[str]
    farthest: str
    lower: float
    upper: float


@dataclass(frozen=True)
class DemoResult:
    """The verdicts of the stream and the report of its last window."""

    batches: list[BatchVerdict]
    report: Report

    @property
    def found(self) -> bool:
        """Whether the shifted column, and no other, was found once most of the window had it."""
        before = [v.drifted for v in self.batches if not v.shifted]
        after = [v.drifted for v in self.batches if v.batch > _SHIFT_AT]
        return not any(before) and all(drifted == ["amount"] for drifted in after)

    def to_dict(self) -> dict[str, object]:
        """The result as plain data."""
        return {
            "found": self.found,
            "batches": [asdict(verdict) for verdict in self.batches],
            "report": self.report.to_dict(),
        }


def feed(rng: np.random.Generator, rows: int, *, shifted: bool) -> dict[str, np.ndarray]:
    """Orders of a shop; after the shift a tenth of them is a new, dearer product."""
    amount = rng.lognormal(3.2, 0.9, rows)
    if shifted:
        amount = np.where(rng.random(rows) < 0.1, rng.normal(250.0, 15.0, rows), amount)
    discount = np.where(rng.random(rows) < 0.6, 0.0, rng.random(rows) * 0.5)
    delay = rng.standard_exponential(rows).astype(np.float32) * 40
    delay[rng.random(rows) < 0.02] = np.nan
    return {
        "amount": amount,
        "discount": discount,
        "items": rng.poisson(2.0, rows) + 1,
        "age": np.clip(rng.normal(41, 14, rows), 18, 95).astype(np.int32),
        "delay_ms": delay,
    }


def _stream(seed: int) -> Iterator[tuple[int, bool, dict[str, np.ndarray]]]:
    rng = np.random.default_rng(seed)
    for batch in range(_BATCHES):
        shifted = batch >= _SHIFT_AT
        yield batch, shifted, feed(rng, _BATCH_ROWS, shifted=shifted)


def run(seed: int = 7) -> DemoResult:
    """Run the whole demonstration; the same seed gives the same result."""
    reference = profile(feed(np.random.default_rng(seed + 1), _REFERENCE_ROWS, shifted=False))
    window = reference.like()
    recent = []
    verdicts = []
    for number, shifted, batch in _stream(seed):
        counted = reference.like()
        counted.update(batch)
        recent.append(counted)
        window.merge(counted)
        if len(recent) > _WINDOW:
            window.subtract(recent.pop(0))
        report = compare(reference, window)
        first = report.columns[0]
        drifted = [row.column for row in report if row.drifted]
        verdict = BatchVerdict(
            batch=number,
            shifted=shifted,
            verdict=report.verdict,
            drifted=drifted,
            farthest=first.column,
            lower=first.lower,
            upper=first.upper,
        )
        verdicts.append(verdict)
    return DemoResult(verdicts, report)
