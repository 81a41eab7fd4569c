"""Promises under continuous looking, by simulation: fixed seeds, and three standard errors."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

from kedge._core import (
    BernsteinInterval,
    BettingInterval,
    ChangeDetector,
    DetectorForm,
    MeanBet,
    MeanHedge,
    TwoSampleRatio,
    e_benjamini_hochberg,
)

ALPHA = 0.05
Draw = Callable[[np.random.Generator, int], np.ndarray]

# Values from 0 to 1 whose mean is known: what could mislead a bet.
STREAMS: dict[str, tuple[float, Draw]] = {
    "rare": (0.02, lambda rng, n: (rng.random(n) < 0.02).astype(float)),
    "even": (0.5, lambda rng, n: rng.random(n)),
    "heavy": (1 / 6, lambda rng, n: rng.beta(0.1, 0.5, n)),
    "ties": (0.5, lambda rng, n: rng.integers(0, 3, n) / 2),
    "constant": (0.5, lambda rng, n: np.full(n, 0.5)),
}


def too_often(times: int, runs: int) -> bool:
    """True when that many are three standard errors above ALPHA."""
    return times > runs * ALPHA + 3 * math.sqrt(runs * ALPHA * (1 - ALPHA))


@pytest.mark.parametrize("name", STREAMS)
def test_a_true_mean_is_seldom_ever_refused(name: str) -> None:
    mean, draw = STREAMS[name]
    rng = np.random.default_rng(3)
    runs = 400
    refused = {"bet": 0, "hedge": 0, "bernstein": 0, "betting": 0}
    for _ in range(runs):
        values = draw(rng, 600)
        refused["bet"] += max(MeanBet(mean, 0, 1).path(values)) >= math.log(1 / ALPHA)
        refused["hedge"] += max(MeanHedge(mean, 0, 1).path(values)) >= math.log(1 / ALPHA)
        for kind, interval in (
            ("bernstein", BernsteinInterval(0, 1, ALPHA)),
            ("betting", BettingInterval(0, 1, ALPHA, 100)),
        ):
            interval.update(values)  # limits are the narrowest so far: ever wrong is wrong at last
            refused[kind] += not interval.limits[0] <= mean <= interval.limits[1]
    assert not [kind for kind, times in refused.items() if too_often(times, runs)]


def test_limits_are_as_narrow_as_stated() -> None:
    rng = np.random.default_rng(4)
    values = (rng.random(5000) < 0.02).astype(float)
    bernstein, betting = BernsteinInterval(0, 1, ALPHA), BettingInterval(0, 1, ALPHA, 2000)
    for interval, widest in ((bernstein, 0.028), (betting, 0.015)):
        interval.update(values)
        low, high = interval.limits
        assert high - low < widest


def test_equal_arms_seldom_differ_and_a_doubled_error_is_found() -> None:
    rng = np.random.default_rng(5)
    runs, blocks = 400, 1000
    wrong = 0
    for _ in range(runs):
        test = TwoSampleRatio(True)
        a, b = rng.binomial(19, 0.02, blocks), rng.binomial(1, 0.02, blocks)
        for x, y in zip(a.tolist(), b.tolist(), strict=True):
            test.update(x, 19, y, 1)
            if test.log_evidence >= math.log(1 / ALPHA):
                wrong += 1
                break
    assert not too_often(wrong, runs)
    needed = [canary_blocks(rng, 0.02, 0.04) for _ in range(50)]
    assert np.median(needed) < 900


def canary_blocks(rng: np.random.Generator, chance_a: float, chance_b: float) -> int:
    """After how many blocks of 19 and 1 requests the canary is shown to be worse."""
    test = TwoSampleRatio(True)
    for block in range(1, 6000):
        test.update(int(rng.binomial(19, chance_a)), 19, int(rng.random() < chance_b), 1)
        if test.log_evidence >= math.log(1 / ALPHA):
            return block
    return 6000


def alarm_times(
    form: DetectorForm, threshold: float, runs: int, most: int, chance: float
) -> np.ndarray:
    """The first look at which a detector of a mean above 0.02 alarms."""
    rng = np.random.default_rng(6)
    return np.array([alarm_time(form, threshold, rng.random(most) < chance) for _ in range(runs)])


def alarm_time(form: DetectorForm, threshold: float, values: np.ndarray) -> int:
    """The first look at which it alarms; their number when it never does."""
    bet, detector = MeanBet(0.02, 0, 1, 0.999), ChangeDetector(form)
    for look, value in enumerate(values.tolist(), 1):
        detector.update(bet.update(value))
        if detector.log_evidence >= math.log(threshold):
            return look
    return len(values)


def test_the_mean_time_to_a_false_alarm_is_at_least_the_threshold() -> None:
    for form in (DetectorForm.shiryaev_roberts, DetectorForm.cusum):
        times = alarm_times(form, 300, 200, 3000, 0.02)
        error = times.std() / math.sqrt(len(times))
        assert times.mean() + 3 * error >= 300
        assert np.median(alarm_times(form, 300, 60, 3000, 0.1)) < 250


def test_a_never_false_detector_is_seldom_ever_false() -> None:
    times = alarm_times(DetectorForm.never_false, 1 / ALPHA, 300, 3000, 0.02)
    assert not too_often(int((times < 3000).sum()), 300)


def test_few_of_the_rejected_are_false_though_they_depend_on_each_other() -> None:
    rng = np.random.default_rng(7)
    tests, real, runs, rows = 100, 10, 100, 150
    shares, found = [], []
    for _ in range(runs):
        together = rng.random(rows)
        evidence = []
        for i in range(tests):
            own = rng.random(rows)
            values = np.where(rng.random(rows) < 0.7, together, own)
            if i < real:
                values = values**0.4
            evidence.append(MeanBet(0.5, 0, 1).path(values)[-1])
        rejected = e_benjamini_hochberg(evidence, ALPHA)
        shares.append(sum(i >= real for i in rejected) / max(1, len(rejected)))
        found.append(sum(i < real for i in rejected) / real)
    assert np.mean(shares) <= ALPHA + 3 * np.std(shares) / math.sqrt(runs)
    assert np.mean(found) > 0.5
