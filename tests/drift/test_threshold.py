"""Fixed thresholds: what they tell, and how often they tell it of nothing."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import kedge
from kedge.drift import FixedThreshold


def table(rng: np.random.Generator, rows: int, shift: float = 0.0) -> dict[str, Any]:
    return {
        "moved": rng.normal(shift, 1, rows),
        "still": rng.normal(size=rows),
        "name": rng.choice(["a", "b", "c"], rows),
    }


@pytest.mark.parametrize("asked", [{"pvalue": 1e-6}, {"psi": 0.2}, {"js": 0.1}])
def test_tells_the_column_beyond_its_threshold(asked: dict[str, float]) -> None:
    rng = np.random.default_rng(1)
    habit = FixedThreshold(kedge.profile(table(rng, 20_000)), **asked)
    assert habit.update(table(rng, 5000)) == []
    (found,) = habit.update(table(rng, 5000, 0.7))
    ((measure, threshold),) = asked.items()
    assert (found.column, found.measure, found.threshold) == ("moved", measure, threshold)
    assert found.update == habit.updates == 2


def test_has_the_values_of_the_report_and_tells_the_worst_first() -> None:
    rng = np.random.default_rng(2)
    reference = kedge.profile(table(rng, 5000))
    batch = table(rng, 500, 0.3)
    report = kedge.compare(reference, batch)
    for measure in ("pvalue", "psi", "js"):
        bound = {"pvalue": 1.0, "psi": 1e-12, "js": 1e-12}[measure]
        found = FixedThreshold(reference, **{measure: bound}).update(batch)
        assert {one.column: one.value for one in found} == {
            row.column: getattr(row, measure)
            for row in report
            if (getattr(row, measure) < bound if measure == "pvalue" else True)
        }
        assert found[0].column == "moved"


def test_a_pvalue_of_one_in_twenty_tells_of_nothing_one_time_in_twenty() -> None:
    rng = np.random.default_rng(3)
    false = batches = 0
    for _ in range(20):
        habit = FixedThreshold(kedge.profile({"x": rng.normal(size=20_000)}), pvalue=0.05)
        for _ in range(30):
            false += bool(habit.update({"x": rng.normal(size=500)}))
            batches += 1
    # 600 batches; those of one reference depend on each other, the more so with fewer rows of it.
    assert 0.02 < false / batches < 0.10


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({}, "one of pvalue, psi and js is wanted, there is none"),
        ({"psi": 0.2, "js": 0.1}, "is wanted, there is psi, js"),
        ({"pvalue": 0.0}, "pvalue = 0.0 is not above 0 and up to 1"),
        ({"psi": float("nan")}, "psi = nan is not above 0"),
        ({"js": 1.5}, "js = 1.5 is not above 0 and up to 1"),
    ],
)
def test_refuses_thresholds_by_their_bounds(asked: dict[str, float], words: str) -> None:
    with pytest.raises(kedge.InvalidArgument, match=words):
        FixedThreshold(kedge.profile({"x": np.arange(100.0)}), **asked)


def test_wants_a_profile() -> None:
    with pytest.raises(kedge.InvalidArgument, match="reference must be a Profile"):
        FixedThreshold({"x": [1.0]}, psi=0.2)  # type: ignore[arg-type]
