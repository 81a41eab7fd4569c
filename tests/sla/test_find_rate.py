"""The highest rate that holds."""

from __future__ import annotations

import pytest

from kedge.sla.find_rate import find_rate
from kedge.sla.generator import GeneratorTooSlow
from kedge.sla.verdict import FAIL, PASS, UNKNOWN


@pytest.mark.parametrize("limit", [37.0, 1234.0, 88_000.0])
@pytest.mark.parametrize("start", [10.0, 1000.0, 500_000.0])
def test_it_is_found_from_both_sides(limit: float, start: float) -> None:
    found = find_rate(lambda rate: PASS if rate <= limit else FAIL, start)
    assert limit / 1.06 < found.holds <= limit
    assert found.fails is not None
    assert limit < found.fails <= found.holds * 1.05
    assert "fails" in found.reason


def test_what_is_not_known_does_not_hold() -> None:
    found = find_rate(lambda rate: PASS if rate <= 100 else UNKNOWN, 100)
    assert found.holds <= 100
    assert "not known to pass" in found.reason


def test_the_generator_may_be_the_limit() -> None:
    def try_rate(rate: float) -> str:
        if rate > 5000:
            raise GeneratorTooSlow("the generator, not the server, was the limit")
        return PASS

    found = find_rate(try_rate, 1000)
    assert (found.holds, found.fails) == (4000, None)
    assert "generator" in found.reason


def test_nothing_may_pass() -> None:
    assert find_rate(lambda rate: FAIL, 8).holds == 0
