"""How sure a verdict is: rates over many seeds, where calls that follow each other are alike."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

import kedge
from kedge.sla.calls import CODES, Calls, counted
from kedge.sla.compare import differences
from kedge.sla.interval import share_interval, student
from kedge.sla.limits import parse_limits
from kedge.sla.verdict import FAIL, PASS, UNKNOWN, judge, judge_ratio, overall

SLICES, PER_SLICE = 100, 400


def calls_of(latencies: np.ndarray, errors: int = 0) -> Calls:
    """[slices, calls] of latencies, with errors in each slice."""
    codes = np.zeros((len(latencies), len(CODES)), np.int64)
    codes[:, 0], codes[:, 8] = latencies.shape[1], errors
    return Calls(np.stack([counted(one.astype(np.int64)) for one in latencies]), codes, 0.1)


def alike(seed: int, scale: float = 1.0) -> Calls:
    """A tenth of the slices are slow as a whole."""
    random = np.random.default_rng(seed)
    slow = random.random(SLICES) < 0.1
    latencies = random.lognormal(np.log(100_000 * scale), 0.3, (SLICES, PER_SLICE))
    return calls_of(latencies * np.where(slow, 3, 1)[:, None])


TRUE_P95 = float(
    np.quantile(
        np.concatenate(
            [
                np.random.default_rng(0).lognormal(np.log(100_000), 0.3, 900_000),
                np.random.default_rng(1).lognormal(np.log(300_000), 0.3, 100_000),
            ]
        ),
        0.95,
    )
)


def test_a_true_level_is_rarely_said_to_fail_and_a_false_one_to_pass() -> None:
    holds, broken = f"p95<{1.05 * TRUE_P95:.0f}ns", f"p95<{0.95 * TRUE_P95:.0f}ns"
    runs = [alike(seed) for seed in range(100)]
    held = [judge(run, parse_limits(holds)[0], 0.99).verdict for run in runs]
    broke = [judge(run, parse_limits(broken)[0], 0.99).verdict for run in runs]
    assert held.count(FAIL) <= 4
    assert broke.count(PASS) <= 4


def test_a_tenth_about_the_limit_is_open() -> None:
    run = calls_of(np.full((SLICES, 100), 100_000))
    found = {
        most: judge(run, parse_limits(f"p50<{most}us")[0], 0.999).verdict
        for most in (85, 95, 105, 115)
    }
    assert found == {85: FAIL, 95: UNKNOWN, 105: UNKNOWN, 115: PASS}


def test_the_interval_has_the_quantile() -> None:
    within = 0
    for seed in range(100):
        interval = alike(seed).quantile_interval(0.95, 0.95)
        within += interval.low <= TRUE_P95 <= interval.high * (1 + 1 / 128)
    assert within >= 88


def test_a_clear_level_is_answered() -> None:
    run = alike(0)
    assert judge(run, parse_limits("p95<1ms")[0], 0.999).verdict == PASS
    assert judge(run, parse_limits("p95<90us")[0], 0.999).verdict == FAIL
    assert judge(run, parse_limits("errors<1%")[0], 0.999).verdict == PASS
    broken = calls_of(np.full((SLICES, 100), 1000), errors=5)
    assert judge(broken, parse_limits("errors<1%")[0], 0.999).verdict == FAIL


def test_who_is_refused_has_not_been_served_fast() -> None:
    fast = calls_of(np.full((SLICES, 100), 1_000_000))
    refused = fast.codes.copy()
    refused[:, 8] = 9 * refused[:, 0]
    shedding = Calls(fast.latency, refused, fast.slice_s)
    (limit,) = parse_limits("p99<2ms")
    assert judge(fast, limit, 0.99).verdict == PASS
    assert judge(shedding, limit, 0.99).verdict == FAIL
    nobody = Calls(np.zeros_like(fast.latency), refused, fast.slice_s)
    assert judge(nobody, limit, 0.99).verdict == FAIL


def test_few_slices_are_not_yet_known() -> None:
    few = calls_of(np.full((4, 100), 1000))
    assert judge(few, parse_limits("p50<1ms")[0], 0.9).verdict == UNKNOWN


def test_a_ratio_is_of_neighbours() -> None:
    """The machine gets slower from round to round, by more than the two differ."""
    drift = [1 + 0.3 * i for i in range(10)]
    first = [alike(i, scale) for i, scale in enumerate(drift)]
    second = [alike(100 + i, 1.3 * scale) for i, scale in enumerate(drift)]
    (pass_,), (fail,) = parse_limits("p50<1.5x"), parse_limits("p50<1.1x")
    assert judge_ratio(second, first, pass_, 0.99).verdict == PASS
    assert judge_ratio(second, first, fail, 0.99).verdict == FAIL
    found = {
        one.quantile: one.verdict
        for one in differences(first, second, paired=True, confidence=0.99)
    }
    assert found[0.5] == "slower"
    back = {
        one.quantile: one.verdict
        for one in differences(second, first, paired=True, confidence=0.99)
    }
    assert back[0.5] == "faster"
    with pytest.raises(kedge.InvalidArgument, match="peer"):
        judge(first[0], pass_, 0.99)


def test_the_same_server_is_rarely_slower_than_itself() -> None:
    wrong = 0
    for seed in range(60):
        sides = [[alike(1000 * seed + 100 * side + i) for i in range(6)] for side in (1, 2)]
        found = differences(*sides, paired=True, confidence=0.99)
        wrong += any(one.verdict != "not known" for one in found[:1])
    assert wrong <= 3


def test_two_stored_runs_differ_by_more_than_a_tenth_or_not_at_all() -> None:
    found = differences([alike(1)], [alike(2, 1.05)], paired=False, confidence=0.99)
    assert {one.verdict for one in found} == {"not known"}
    found = differences([alike(1)], [alike(2, 2.0)], paired=False, confidence=0.99)
    assert found[0].verdict == "slower"


def test_shares_are_wilsons_where_calls_are_independent() -> None:
    hits = np.full(20, 10)
    low, high = share_interval(hits, np.full(20, 1000), 0.95)
    wanted = stats.binomtest(200, 20_000).proportion_ci(0.95, method="wilson")
    assert low == pytest.approx(wanted.low, rel=0.02)
    assert high == pytest.approx(wanted.high, rel=0.02)


@pytest.mark.parametrize("freedom", [4, 9, 19, 99])
@pytest.mark.parametrize("confidence", [0.9, 0.99, 0.999])
def test_students_quantile(freedom: int, confidence: float) -> None:
    wanted = stats.t.ppf(0.5 + confidence / 2, freedom)
    assert student(confidence, freedom) == pytest.approx(wanted, rel=1e-4)


def test_one_no_is_no() -> None:
    assert overall([PASS, UNKNOWN, FAIL]) == FAIL
    assert overall([PASS, UNKNOWN]) == UNKNOWN
    assert overall([PASS]) == PASS
