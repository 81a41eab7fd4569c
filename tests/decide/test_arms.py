"""Canary and A/B tests: sticky arms, the promise at the boundary, and power away from it."""

from __future__ import annotations

import math
import pickle
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import kedge
from kedge._core import BestArm
from kedge.decide import split


def test_keys_stay_in_their_arm_and_arms_have_their_share() -> None:
    keys = [f"user-{i}" for i in range(20_000)]
    small = split(keys, [0.05], salt="a")
    large = split(keys, [0.20], salt="a")
    assert (small == split(keys, [0.05], salt="a")).all()
    assert set(np.flatnonzero(small)) <= set(np.flatnonzero(large))
    for share, arms in [(0.05, small), (0.2, large)]:
        assert abs(arms.mean() - share) < 4 * math.sqrt(share * (1 - share) / len(keys))
    again = split(keys, [0.5], salt="b").astype(bool)
    # Another salt parts anew: of one arm half goes to either.
    assert abs(again[large == 1].mean() - 0.5) < 0.04
    three = split(np.arange(30_000), [0.3, 0.3], salt="c")
    assert np.bincount(three, minlength=3) / 30_000 == pytest.approx([0.4, 0.3, 0.3], abs=0.015)
    assert split([3], [1.0], salt="d").tolist() == [1]
    for shares in ([1.1], [-0.1], [0.6, 0.6], [math.nan]):
        with pytest.raises(kedge.InvalidArgument, match="negative or more than 1"):
            split(keys, shares, salt="a")


def traffic(
    rng: np.random.Generator, live: float, canary: float, rows: int, share: float = 0.05
) -> dict[str, Any]:
    arm = (rng.random(rows) < share).astype(np.int64)
    return {"arm": arm, "error": (rng.random(rows) < np.where(arm, canary, live)).astype(float)}


def run(
    rng: np.random.Generator, live: float, canary: float, rows: int, **others: Any
) -> kedge.decide.Decision:
    test = kedge.Canary(arm="arm", error="error", **others)
    for _ in range(0, rows, 200):
        test.update(traffic(rng, live, canary, 200))
        if test.decision().verdict != "not yet known":
            break
    return test.decision()


def test_equal_error_rates_rarely_roll_back() -> None:
    rng = np.random.default_rng(31)
    runs, alpha = 200, 0.1
    wrong = sum(
        run(rng, 0.02, 0.02, 20_000, alpha=alpha, margin=0.001).verdict == "no" for _ in range(runs)
    )
    assert wrong / runs <= alpha + 3 * math.sqrt(alpha * (1 - alpha) / runs)


def test_an_error_rate_at_the_margin_is_rarely_promoted() -> None:
    rng = np.random.default_rng(32)
    runs, alpha = 200, 0.1
    # Worse than live, so that a no is right; a yes is not.
    wrong = sum(
        run(rng, 0.05, 0.06, 10_000, alpha=alpha, margin=0.01).verdict == "yes" for _ in range(runs)
    )
    assert wrong / runs <= alpha + 3 * math.sqrt(alpha * (1 - alpha) / runs)


def test_a_doubled_error_rate_is_rolled_back_and_an_equal_one_promoted() -> None:
    rng = np.random.default_rng(33)
    worse = [run(rng, 0.02, 0.04, 60_000) for _ in range(20)]
    assert all(decision.verdict == "no" for decision in worse)
    # 5 % of the traffic: about 620 canary requests by the block-wise test.
    assert np.median([decision.rows for decision in worse]) < 20_000
    fine = [run(rng, 0.02, 0.02, 60_000, margin=0.025) for _ in range(20)]
    assert sum(decision.verdict == "yes" for decision in fine) >= 18


def test_latency_counts_as_well_as_errors() -> None:
    rng = np.random.default_rng(34)
    test = kedge.Canary(arm="arm", error="error", latency="ms", latency_limit=50)
    rows = traffic(rng, 0.02, 0.02, 20_000, 0.2)
    rows["ms"] = rng.exponential(np.where(rows["arm"], 30.0, 15.0))
    rows["ms"][::7] = np.nan
    test.update(rows)
    assert test.decision().verdict == "no"
    over = rows["ms"] > 50
    there = ~np.isnan(rows["ms"])
    live = rows["arm"] == 0
    assert test.outcomes()["ms"] == (
        ((over & live).sum(), (there & live).sum()),
        ((over & ~live).sum(), (there & ~live).sum()),
    )
    assert test.outcomes()["error"][0] == (rows["error"][live].sum(), live.sum())


def test_a_canary_goes_on_where_its_bytes_left_off() -> None:
    rng = np.random.default_rng(40)
    whole = kedge.Canary(arm="arm", error="error")
    parts = kedge.Canary(arm="arm", error="error")
    rows = traffic(rng, 0.02, 0.04, 3000, 0.3)
    whole.update(rows)
    for at in np.array_split(np.arange(3000), 7):
        parts.update({name: column[at] for name, column in rows.items()})
        parts = pickle.loads(pickle.dumps(parts))
    # What a yes needs is looked at after each update, what a no needs after each row.
    assert parts.decision().evidence_no == whole.decision().evidence_no
    assert parts.outcomes() == whole.outcomes()


@given(st.data())
def test_broken_bytes_are_refused(data: st.DataObject) -> None:
    canary = kedge.Canary(arm="arm", error="error")
    canary.update({"arm": [0, 1, 0], "error": [1, 0, 0]})
    for core in (canary._core, BestArm(2, 0, 0.05)):
        stored = bytearray(core.to_bytes())
        stored[data.draw(st.integers(0, len(stored) - 1))] ^= data.draw(st.integers(1, 255))
        with pytest.raises(kedge.KedgeError):
            type(core).from_bytes(bytes(stored))


def test_the_forecast_of_a_canary_is_about_right() -> None:
    rng = np.random.default_rng(35)
    test = kedge.Canary(arm="arm", error="error")
    test.update(traffic(rng, 0.02, 0.035, 4000, 0.2))
    early = test.decision()
    while test.decision().verdict == "not yet known":
        test.update(traffic(rng, 0.02, 0.035, 200, 0.2))
    if early.verdict == "not yet known":
        assert early.rows_needed is not None
        assert test.decision().rows < 6 * (early.rows + early.rows_needed)
    assert test.decision().rows_needed == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"error": ""}, "neither a column of errors nor one of latencies"),
        ({"latency": "ms"}, "go together"),
        ({"latency_limit": 5}, "go together"),
        ({"factor": 0}, "factor = 0 is not above 0"),
        ({"margin": 1}, "margin = 1 is not between"),
        ({"alpha": 1}, "alpha = 1 is not between 0 and 1"),
    ],
)
def test_a_wrong_canary_is_refused(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(kedge.InvalidArgument, match=message):
        kedge.Canary(**{"arm": "arm", "error": "error", **arguments})


def race(
    rng: np.random.Generator, rates: dict[str, float], rows: int, **others: Any
) -> kedge.decide.ArmsDecision:
    test = kedge.ABTest(arm="arm", outcome="won", arms=list(rates), **others)
    names = np.array(list(rates))
    for _ in range(0, rows, 200):
        arm = rng.integers(0, len(names), 200)
        won = rng.random(200) < np.array(list(rates.values()))[arm]
        test.update({"arm": names[arm], "won": won.astype(float)})
        if test.decision().verdict == "yes":
            break
    return test.decision()


def test_equal_arms_rarely_have_a_winner() -> None:
    rng = np.random.default_rng(36)
    runs, alpha = 150, 0.1
    for rates in ({"a": 0.1, "b": 0.1}, {"a": 0.1, "b": 0.1, "c": 0.1, "d": 0.05}):
        wrong = sum(race(rng, rates, 8000, alpha=alpha).verdict == "yes" for _ in range(runs))
        assert wrong / runs <= alpha + 3 * math.sqrt(alpha * (1 - alpha) / runs)


def test_the_best_arm_is_found_by_name() -> None:
    rng = np.random.default_rng(37)
    decision = race(rng, {"a": 0.10, "b": 0.20, "c": 0.12}, 40_000)
    assert (decision.verdict, decision.best, decision.rows_needed) == ("yes", "b", 0)
    assert decision.evidence_yes >= 20
    # Where all are alike each of them could be the false winner.
    most = max(arm.evidence for arm in decision.arms.values())
    assert decision.evidence_yes == pytest.approx(most / 3)
    for arm in decision.arms.values():
        assert arm.at_least <= arm.hits / arm.rows <= arm.at_most
    assert race(rng, {"a": 0.10, "b": 0.20}, 4000, margin=0.2).verdict == "not yet known"


def test_arms_go_on_where_their_bytes_left_off() -> None:
    rng = np.random.default_rng(41)
    whole = kedge.ABTest(arm="arm", outcome="won", arms=["a", "b", "c"])
    parts = kedge.ABTest(arm="arm", outcome="won", arms=["c", "b", "a"])
    rows = {"arm": rng.choice(["a", "b", "c", "d"], 3000), "won": rng.random(3000) < 0.2}
    whole.update(rows)
    for at in np.array_split(np.arange(3000), 7):
        parts.update({name: column[at] for name, column in rows.items()})
        parts = pickle.loads(pickle.dumps(parts))
    assert parts.decision() == whole.decision()
    assert whole.decision().rows == (rows["arm"] != "d").sum()


def test_rates_that_move_together_do_no_harm() -> None:
    rng = np.random.default_rng(42)
    runs, alpha, wrong = 150, 0.1, 0
    for _ in range(runs):
        test = kedge.ABTest(arm="arm", outcome="won", arms=["a", "b"], alpha=alpha)
        # By day most rows and hits, and most of the traffic for b.
        for share, rate in [(0.5, 0.05), (0.9, 0.4), (0.5, 0.05), (0.9, 0.4)]:
            arm = np.where(rng.random(500) < share, "b", "a")
            test.update({"arm": arm, "won": rng.random(500) < rate})
        wrong += test.decision().verdict == "yes"
    assert wrong / runs <= alpha + 3 * math.sqrt(alpha * (1 - alpha) / runs)


def test_a_winner_stays() -> None:
    test = kedge.ABTest(arm="arm", outcome="won", arms=["a", "b"])
    assert test.decision().rows_needed is None
    test.update({"arm": np.array(["a", "b"] * 50), "won": [1, 0] * 50})
    assert test.decision().best == "a"
    test.update({"arm": np.array(["a", "b"] * 500), "won": [0, 1] * 500})
    assert (test.decision().verdict, test.decision().best) == ("yes", "a")
    assert test.decision().arms["b"].hits == 500


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"arms": ["a"]}, "1 are not from 2 to 64"),
        ({"arms": ["a", "a"]}, "is listed twice"),
        ({"margin": -0.1}, "margin = -0.1 is not from 0 to below 1"),
        ({"alpha": 0}, "alpha = 0 is not between 0 and 1"),
    ],
)
def test_a_wrong_race_is_refused(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(kedge.InvalidArgument, match=message):
        kedge.ABTest(**{"arm": "arm", "outcome": "won", "arms": ["a", "b"], **arguments})
