"""Calibration and estimates: definitions, the alarm's promise and power, and what is refused."""

from __future__ import annotations

import math
import pickle
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics

import kedge


def logistic(x: Any) -> Any:
    return 1 / (1 + np.exp(-x))


def test_reliability_is_its_definition() -> None:
    rng = np.random.default_rng(1)
    p = rng.random(5000)
    p[:3] = [0, 1, 0.5]
    y = (rng.random(5000) < p**1.2).astype(float)
    y[10] = np.nan
    calibration = kedge.Calibration(score="p", target="y", bins=10)
    calibration.update({"p": p, "y": y})
    result = calibration.result()
    there = ~np.isnan(y)
    p, y = p[there], y[there]
    at = np.minimum((p * 10).astype(int), 9)
    assert (result.rows, result.missing) == (4999, 1)
    ece, noise = 0.0, 0.0
    for i, found in enumerate(result.bins):
        assert (found.rows, found.positives) == ((at == i).sum(), y[at == i].sum())
        assert found.mean_score == pytest.approx(p[at == i].mean(), rel=1e-14)
        ece += abs(y[at == i].mean() - p[at == i].mean()) * (at == i).mean()
        noise += math.sqrt((p * (1 - p))[at == i].sum()) / p.size
    assert result.ece == pytest.approx(ece, rel=1e-12)
    assert result.ece_of_noise == pytest.approx(noise, rel=1e-12)


def test_the_error_of_noise_is_no_less_than_that_of_calibrated_scores() -> None:
    rng = np.random.default_rng(2)
    errors, bounds = [], []
    for _ in range(200):
        p = rng.random(500) ** 2
        calibration = kedge.Calibration(score="p", target="y")
        calibration.update({"p": p, "y": rng.random(500) < p})
        result = calibration.result()
        errors.append(result.ece)
        bounds.append(result.ece_of_noise)
    assert 0.7 * np.mean(bounds) < np.mean(errors) < np.mean(bounds)


def streams(rng: np.random.Generator, kind: str, rows: int) -> tuple[Any, Any]:
    p = np.clip(logistic(rng.normal(-2, 1.5, rows)), 0.001, 0.999)
    true = p
    if kind == "drifting":  # the truth moves, and the forecaster knows
        p = true = logistic(np.sin(np.arange(rows) / 50) * 3)
    elif kind == "certain":
        p = true = (rng.random(rows) < 0.3).astype(float)
    elif kind == "biased":
        true = np.clip(p + 0.05, 0, 1)
    elif kind == "bold":  # right on average, wrong at both ends
        p = logistic(rng.normal(0, 2, rows))
        true = 0.5 + (p - 0.5) * 0.6
    return p, (rng.random(rows) < true).astype(float)


@pytest.mark.parametrize("kind", ["calibrated", "drifting", "certain"])
def test_the_alarm_is_rarely_false_ever(kind: str) -> None:
    rng = np.random.default_rng(3)
    runs, alpha, wrong = 300, 0.1, 0
    for _ in range(runs):
        p, y = streams(rng, kind, 3000)
        calibration = kedge.Calibration(score="p", target="y", alpha=alpha)
        calibration.update({"p": p, "y": y})
        wrong += calibration.result().verdict == "miscalibration shown"
    assert wrong / runs <= alpha + 3 * math.sqrt(alpha * (1 - alpha) / runs)


@pytest.mark.parametrize("kind", ["biased", "bold"])
def test_the_alarm_finds_what_is_wrong(kind: str) -> None:
    rng = np.random.default_rng(4)
    found = 0
    for _ in range(40):
        p, y = streams(rng, kind, 4000)
        calibration = kedge.Calibration(score="p", target="y")
        calibration.update({"p": p, "y": y})
        found += calibration.result().verdict == "miscalibration shown"
    assert found >= 36


@given(st.integers(0, 2**32), st.integers(1, 100))
def test_batches_of_any_size_give_the_same_bytes(seed: int, size: int) -> None:
    rng = np.random.default_rng(seed)
    p, y = streams(rng, "calibrated", size)
    p[rng.random(size) < 0.1] = np.nan
    whole = kedge.Calibration(score="p", target="y")
    parts = kedge.Calibration(score="p", target="y")
    whole.update({"p": p, "y": y})
    cut = rng.integers(0, size + 1)
    for at in (slice(0, cut), slice(cut, size)):
        parts.update({"p": p[at], "y": y[at]})
    assert parts.to_bytes() == whole.to_bytes()
    assert pickle.loads(pickle.dumps(whole)) == whole


def test_merging_multiplies_the_evidence() -> None:
    rng = np.random.default_rng(5)
    left, right = (kedge.Calibration(score="p", target="y") for _ in range(2))
    for one in (left, right):
        p, y = streams(rng, "biased", 1000)
        one.update({"p": p, "y": y})
    both = kedge.Calibration.from_bytes(left.to_bytes())
    both.merge(right)
    assert both.result().rows == 2000
    assert both.result().evidence > 2 * max(left.result().evidence, right.result().evidence)
    with pytest.raises(kedge.InvalidArgument, match="another definition"):
        both.merge(kedge.Calibration(score="p", target="y", bins=3))


@given(st.data())
def test_broken_bytes_are_refused(data: st.DataObject) -> None:
    calibration = kedge.Calibration(score="p", target="y", bins=2)
    calibration.update({"p": [0.1, 0.9], "y": [0, 1]})
    stored = bytearray(calibration.to_bytes())
    stored[data.draw(st.integers(0, len(stored) - 1))] ^= data.draw(st.integers(1, 255))
    with pytest.raises(kedge.KedgeError):
        kedge.Calibration.from_bytes(bytes(stored))


@pytest.mark.parametrize("bins", [0, 1001, -1, 2**40])
def test_bins_are_held_to_their_bounds(bins: int) -> None:
    with pytest.raises(kedge.InvalidArgument, match="is not from 1 to 1000"):
        kedge.Calibration(score="p", target="y", bins=bins)


def test_estimates_are_what_labels_then_show() -> None:
    rng = np.random.default_rng(6)
    p, y = streams(rng, "calibrated", 200_000)
    estimate = kedge.Estimate(score="p", threshold=0.3)
    estimate.update({"p": p})
    result = estimate.result()
    said = p >= 0.3
    seen = metrics.accuracy_score(y, said)
    assert abs(result.accuracy - seen) < 4 * result.accuracy_deviation < 0.004
    for expected, found, tolerance in [
        (metrics.precision_score(y, said), result.precision, 0.01),
        (metrics.recall_score(y, said), result.recall, 0.01),
        (metrics.f1_score(y, said), result.f1, 0.01),
        (metrics.roc_auc_score(y, p), result.auc, 0.005),
        (metrics.log_loss(y, p), result.log_loss, 0.005),
        (metrics.brier_score_loss(y, p), result.brier, 0.002),
    ]:
        assert found == pytest.approx(expected, abs=tolerance)


def test_estimates_follow_inputs_that_drift_and_miss_meaning_that_does() -> None:
    rng = np.random.default_rng(7)
    harder = logistic(rng.normal(0, 0.3, 50_000))
    estimate = kedge.Estimate(score="p")
    estimate.update({"p": harder})
    seen = ((harder >= 0.5) == (rng.random(50_000) < harder)).mean()
    result = estimate.result()
    assert abs(result.accuracy - seen) < 4 * result.accuracy_deviation
    p, y = streams(rng, "bold", 20_000)
    changed = kedge.Estimate(score="p")
    changed.update({"p": p})
    calibration = kedge.Calibration(score="p", target="y")
    calibration.update({"p": p, "y": y})
    assert changed.result().accuracy > ((p >= 0.5) == y).mean() + 0.05
    assert "not that what they mean" in changed.result().caveat
    assert changed.result(calibration).caveat.startswith("do not use: over 20000 labelled rows")


@given(st.integers(0, 2**32))
def test_estimates_merge(seed: int) -> None:
    rng = np.random.default_rng(seed)
    p = rng.random(100)
    group = rng.choice(["a", "b"], 100)
    whole = kedge.Estimate(score="p", by="g", values=["a"])
    whole.update({"p": p, "g": group})
    merged = whole.like()
    for at in np.array_split(rng.permutation(100), 3):
        part = whole.like()
        part.update({"p": p[at], "g": group[at]})
        merged.merge(part)
    assert merged == whole
    assert whole.parts()["a"].rows == (group == "a").sum()
    assert kedge.Estimate.from_bytes(whole.to_bytes()) == whole
    with pytest.raises(kedge.InvalidArgument, match="counts of another kind"):
        kedge.Performance.from_bytes(whole.to_bytes())
