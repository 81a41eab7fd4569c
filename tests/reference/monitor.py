"""A monitor by its definition, for one column of numbers: plain sums over all beginnings."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

__all__ = ["cut_slots", "evidence_of"]

_ALTERNATIVES = (0.01, 0.025, 0.06, 0.15, 0.4)
_CUTS = 32


def cut_slots(counts: Sequence[int]) -> list[int]:
    """The ends of the fewest first cells that hold the share i / 33 of the reference, each once."""
    seen = np.cumsum(counts)
    rows = seen[-1]
    found = [int(np.argmax(seen * (_CUTS + 1) >= i * rows)) for i in range(1, _CUTS + 1)]
    return [slot for slot in dict.fromkeys(found) if seen[slot] < rows]


def _chernoff(hits: int, rows: int, alpha: float) -> tuple[float, float]:
    share, most = hits / rows, math.log(2 / alpha) / rows

    def divergence(chance: float) -> float:
        return sum(p * math.log(p / q) for p, q in ((share, chance), (1 - share, 1 - chance)) if p)

    def farthest(end: float) -> float:
        inside = share
        for _ in range(60):
            middle = (inside + end) / 2
            inside, end = (middle, end) if divergence(middle) <= most else (inside, middle)
        return end

    return farthest(0.0), farthest(1.0)


def _events(counts: Sequence[int], missing: int, alpha: float) -> list[tuple[float, float]]:
    """The chance of each event in the reference's population, from .. to."""
    part = alpha / 3
    values = sum(counts)
    error = math.sqrt(math.log(2 / part) / (2 * values))
    shares = [sum(counts[: slot + 1]) / values for slot in cut_slots(counts)]
    outside = min(1.0, (2 * math.log(1 / part) + 2) / values)
    return [
        _chernoff(missing, values + missing, part),
        *((max(0.0, share - error), min(1.0, share + error)) for share in shares),
        (0.0, outside),
        (0.0, outside),
    ]


def _hits(counts: Sequence[int], missing: int, slots: Sequence[int]) -> list[tuple[int, int]]:
    """How often each event came in a batch, and of how many rows."""
    values = sum(counts)
    return [
        (missing, values + missing),
        *((sum(counts[: slot + 1]), values) for slot in slots),
        (sum(counts[:2]), values),
        (sum(counts[-2:]), values),
    ]


def evidence_of(
    reference: tuple[Sequence[int], int],
    batches: Sequence[tuple[Sequence[int], int]],
    *,
    min_effect: float,
    alpha: float,
    group: int = 1,
) -> float:
    """The evidence after the batches, each (rows in each slot of the order, missing rows)."""
    slots = cut_slots(reference[0])
    counted = [_hits(*batch, slots) for batch in batches]
    evidence = []
    for event, (low, high) in enumerate(_events(*reference, alpha)):
        for boundary, rises in ((high + min_effect, True), (1 - low + min_effect, False)):
            for beyond in _ALTERNATIVES:
                alternative = boundary + beyond
                if alternative >= 1:
                    continue
                factors = []
                for batch in counted:
                    hits, rows = (
                        batch[event]
                        if rises
                        else (batch[event][1] - batch[event][0], batch[event][1])
                    )
                    log_ratio = hits * math.log(alternative / boundary) + (rows - hits) * math.log(
                        (1 - alternative) / (1 - boundary)
                    )
                    factors.append(math.exp(log_ratio / group))
                evidence.append(sum(math.prod(factors[j:]) for j in range(len(factors))))
    if not evidence:
        return 0.0
    asked = float(np.mean(evidence))
    if not slots:
        return asked
    tables = _bets(reference, slots, min_effect, alpha)
    bets = []
    for table in tables:
        factors = [
            math.exp(float(np.dot(_parts(batch[0], slots), table)) / group) for batch in batches
        ]
        bets.append(sum(math.prod(factors[j:]) for j in range(len(factors))))
    return (asked + float(np.mean(bets))) / 2 if bets else asked


def _parts(counts: Sequence[int], slots: Sequence[int]) -> list[int]:
    ends = [*(slot + 1 for slot in slots), len(counts)]
    starts = [0, *ends]
    return [sum(counts[i:j]) for i, j in zip(starts, ends, strict=False)]


def _bets(
    reference: tuple[Sequence[int], int], slots: Sequence[int], min_effect: float, alpha: float
) -> list[np.ndarray]:
    """The logarithm of what a row in each part makes of each bet's capital."""
    shares = np.array(_parts(reference[0], slots)) / sum(reference[0])
    ranks = np.cumsum(shares) - shares / 2
    cuts = _events(*reference, alpha)[1 : 1 + len(slots)]

    def largest_mean(score: np.ndarray) -> float:
        steps = np.diff(score)
        # Put each cut's chance where it makes the mean largest: low below a rising step.
        chances = [
            max(0.0, low - min_effect) if step > 0 else min(1.0, high + min_effect)
            for step, (low, high) in zip(steps, cuts, strict=True)
        ]
        return float(score[-1]) - float(np.dot(steps, chances))

    def variance(score: np.ndarray) -> float:
        return float(np.dot(shares, (score - np.dot(shares, score)) ** 2))

    tables = []
    logits = np.log(ranks / (1 - ranks))
    far = np.abs(2 * ranks - 1)
    for score, logit in (
        (ranks, logits),
        (1 - ranks, -logits),
        (far, None),
        (1 - far, None),
    ):
        boundary = largest_mean(score)
        if score.max() < boundary + 1e-6:
            continue
        for beyond in _ALTERNATIVES:
            if logit is None or beyond <= 0.1:
                stake = min(beyond / (variance(score) + beyond**2), 0.9 / boundary)
                tables.append(np.log1p(stake * (score - boundary)))
                continue
            tilt = math.sqrt(2 * math.pi) * beyond / math.sqrt(variance(logit))
            factors = np.exp(min(tilt, 6 / np.ptp(logit)) * logit)
            tables.append(np.log(factors / largest_mean(factors)))
    return tables
