"""A server that stalls for a second in every ten: what open and closed loops say of it.

The clock is simulated, so that the law is exact; bench/sla/bench_stall.py has a real one.
"""

from __future__ import annotations

import numpy as np
import pytest

from kedge.sla.calls import BOUNDS, CODES, Calls, counted, quantile
from kedge.sla.shapes import due_times

PERIOD, STALL, SERVICE = 10_000_000_000, 1_000_000_000, 20_000


def done(sent: int) -> int:
    """When a call sent then is answered: nobody is, before the stall ends."""
    phase = sent % PERIOD
    return sent + SERVICE + max(STALL - phase, 0)


def exact(q: float) -> float:
    """Of even arrivals: those beyond x of the stall are (STALL - x) / PERIOD of all."""
    return max(STALL - (1 - q) * PERIOD, 0.0) + SERVICE


@pytest.mark.parametrize("q", [0.95, 0.99, 0.999])
def test_the_open_loop_says_what_is_true(q: float) -> None:
    due = due_times("steady", 1000, 100)
    latency = counted([done(at) - at for at in due.tolist()])
    assert quantile(latency, q) == pytest.approx(exact(q), rel=0.01)


@pytest.mark.parametrize("q", [0.99, 0.999])
def test_the_closed_loop_is_wrong_by_orders_of_magnitude(q: float) -> None:
    at, latencies = 0, []
    while at < 100_000_000_000:
        end = done(at)
        latencies.append(end - at)
        at = end
    assert quantile(counted(latencies), q) * 10_000 < exact(q)


def test_quantiles_are_those_of_the_values() -> None:
    values = np.random.default_rng(0).lognormal(11, 2, 10_001).astype(np.int64)
    for q in (0.001, 0.5, 0.9, 0.99, 0.999, 1.0):
        wanted = float(np.quantile(values, q, method="inverted_cdf"))
        assert wanted <= quantile(counted(values), q) <= wanted * (1 + 1 / 128)
    assert np.isnan(quantile(counted([]), 0.5))


def test_calls_come_back_from_what_is_stored() -> None:
    latency = np.stack([counted([5, 7]), counted([1_000_000])])
    codes = np.zeros((2, len(CODES)), np.int64)
    codes[:, 0], codes[1, 8] = (2, 1), 3
    calls = Calls(latency, codes, 0.5)
    again = Calls.from_dict(calls.to_dict())
    np.testing.assert_array_equal(again.latency, latency)
    np.testing.assert_array_equal(again.codes, codes)
    assert (again.count, again.errors, (again + again).count) == (6, 3, 12)
    assert again.quantile(1.0) >= 1_000_000
    assert BOUNDS[-1] > 1 << 40
