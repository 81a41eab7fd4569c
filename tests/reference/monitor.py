"""A monitor by its definition, for one column of numbers: plain sums over all beginnings."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence

import numpy as np

__all__ = ["cut_slots", "evidence_of"]

_ALTERNATIVES = {0.01: 0.24, 0.025: 0.3, 0.06: 0.24, 0.15: 0.16, 0.4: 0.06}
_CUTS = 32
_OF_QUESTIONS = 0.25


def cut_slots(counts: Sequence[int]) -> list[int]:
    """The ends of the fewest first cells that hold the share i / 33 of the reference, each once."""
    seen = np.cumsum(counts)
    rows = seen[-1]
    found = [int(np.argmax(seen * (_CUTS + 1) >= i * rows)) for i in range(1, _CUTS + 1)]
    return [slot for slot in dict.fromkeys(found) if seen[slot] < rows]


def _chernoff(share: float, most: float) -> tuple[float, float]:

    def divergence(chance: float) -> float:
        return sum(p * math.log(p / q) for p, q in ((share, chance), (1 - share, 1 - chance)) if p)

    def farthest(end: float) -> float:
        inside = share
        for _ in range(60):
            middle = (inside + end) / 2
            inside, end = (middle, end) if divergence(middle) <= most else (inside, middle)
        return end

    return farthest(0.0), farthest(1.0)


def _events(
    counts: Sequence[int], missing: int, alpha: float, points: Collection[int]
) -> list[tuple[float, float]]:
    """The chance of each event in the reference's population, from .. to."""
    part = alpha / 3
    values = sum(counts)
    error = math.sqrt(math.log(4 / part) / (2 * values))
    outside = min(1.0, (2 * math.log(1 / part) + 2) / values)

    def cut(slot: int) -> tuple[float, float]:
        share = sum(counts[: slot + 1]) / values
        low, high = max(0.0, share - error), min(1.0, share + error)
        alone = counts[slot] / values - 2 * error
        if slot not in points or alone <= 0:
            return low, high
        narrow = _chernoff(share, math.log(16 / (part * alone)) / values)
        return max(low, narrow[0]), min(high, narrow[1])

    return [
        _chernoff(missing / (values + missing), math.log(2 / part) / (values + missing)),
        *(cut(slot) for slot in cut_slots(counts)),
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
    points: Collection[int] = (),
) -> float:
    """The evidence after the batches, each (rows in each slot of the order, missing rows).

    `points` are the slots that hold one value and no other.
    """
    slots = cut_slots(reference[0])
    counted = [_hits(*batch, slots) for batch in batches]
    evidence, weights = [], []
    for event, (low, high) in enumerate(_events(*reference, alpha, points)):
        for boundary, rises in ((high + min_effect, True), (1 - low + min_effect, False)):
            for beyond, weight in _ALTERNATIVES.items():
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
                weights.append(weight)
                evidence.append(sum(math.prod(factors[j:]) for j in range(len(factors))))
    if not evidence:
        return 0.0
    asked = float(np.average(evidence, weights=weights))
    if not slots:
        return asked
    tables = _bets(reference, slots, min_effect, alpha, points)
    bets = []
    for _, table in tables:
        factors = [
            math.exp(float(np.dot(_parts(batch[0], slots), table)) / group) for batch in batches
        ]
        bets.append(sum(math.prod(factors[j:]) for j in range(len(factors))))
    if not bets:
        return asked
    betting = float(np.average(bets, weights=[weight for weight, _ in tables]))
    return _OF_QUESTIONS * asked + (1 - _OF_QUESTIONS) * betting


def _parts(counts: Sequence[int], slots: Sequence[int]) -> list[int]:
    ends = [*(slot + 1 for slot in slots), len(counts)]
    starts = [0, *ends]
    return [sum(counts[i:j]) for i, j in zip(starts, ends, strict=False)]


def _least_rank_sum(steps: np.ndarray, ranks: np.ndarray, rows: int, log_error: float) -> float:
    """The t below which the sum of steps times uniform order statistics is too rarely."""
    gaps = np.diff([0, *ranks, rows + 1]).astype(float)
    weights = np.append(np.cumsum(steps[::-1])[::-1], 0.0)

    def log_chance(t: float) -> float:
        least = weights.min()
        # d/dm of the sum of logarithms falls with m.
        inside, outside = 0.0, 1 / (t - least)
        for _ in range(100):
            m = (inside + outside) / 2
            slope = float(np.sum(gaps * (weights - t) / (1 + m * (weights - t))))
            inside, outside = (m, outside) if slope > 0 else (inside, m)
        return -float(np.sum(gaps * np.log1p(inside * (weights - t))))

    low, high = float(weights.min()) + 1e-15, float(np.dot(weights, gaps)) / (rows + 1)
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if log_chance(middle) <= -log_error else (low, middle)
    return low


def _poisson_mean(hits: int, log_error: float) -> float:
    """The mean from which on so few hits or less are too rare."""
    low, high = float(hits), 2 * hits + 2 * log_error + 10
    for _ in range(200):
        mean = (low + high) / 2
        divergence = mean - hits - (hits * math.log(mean / hits) if hits else 0)
        low, high = (mean, high) if divergence < log_error else (low, mean)
    return high


def _largest_by_ranks(
    score: np.ndarray, counts: Sequence[int], slots: Sequence[int], min_effect: float, part: float
) -> float:
    """Of the score's mean: the ranks below the cuts, and how far above those the cuts are."""
    rows = sum(counts)
    ranks = np.array([-(-rows * i // (_CUTS + 1)) for i in range(1, _CUTS + 1)])
    steps = np.diff(score)
    mean = float(score[-1]) + min_effect * float(np.abs(steps).sum())
    for step, slot, rank in zip(steps, slots, ranks, strict=True):
        between = sum(counts[: slot + 1]) + 1 - int(rank)
        log_error = math.log(8 * _CUTS * between * (between + 1) / part)
        mean += max(0.0, -step) * _poisson_mean(between - 1, log_error) / rows
    return mean - _least_rank_sum(steps, ranks, rows, math.log(16 / part))


def _bets(
    reference: tuple[Sequence[int], int],
    slots: Sequence[int],
    min_effect: float,
    alpha: float,
    points: Collection[int],
) -> list[tuple[float, np.ndarray]]:
    """The weight of each bet, and the logarithm of what a row in each part makes of its capital."""
    shares = np.array(_parts(reference[0], slots)) / sum(reference[0])
    has_all = len(slots) == _CUTS
    even = (np.arange(_CUTS + 1) + 0.5) / (_CUTS + 1)
    ranks = even if has_all else np.cumsum(shares) - shares / 2
    cuts = _events(*reference, alpha, points)[1 : 1 + len(slots)]

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
    for score, logit in ((ranks, logits), (1 - ranks, -logits), (far, None), (1 - far, None)):
        boundary = largest_mean(score)
        if has_all:
            by_ranks = _largest_by_ranks(score, reference[0], slots, min_effect, alpha / 3)
            boundary = min(boundary, by_ranks)
        if score.max() < boundary + 1e-6:
            continue
        for beyond, share in _ALTERNATIVES.items():
            weight = share * (1 if logit is None else 2)
            if logit is None or beyond <= 0.1:
                stake = min(beyond / (variance(score) + beyond**2), 0.9 / boundary)
                tables.append((weight, np.log1p(stake * (score - boundary))))
                continue
            tilt = math.sqrt(2 * math.pi) * beyond / math.sqrt(variance(logit))
            factors = np.exp(min(tilt, 6 / np.ptp(logit)) * logit)
            tables.append((weight, np.log(factors / largest_mean(factors))))
    return tables
