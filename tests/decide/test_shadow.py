"""Shadow: the promise at the boundary, the power away from it, and what is refused."""

from __future__ import annotations

import math
import pickle
from typing import Any

import numpy as np
import pytest

import kedge


def shadow(**others: Any) -> kedge.Shadow:
    return kedge.Shadow(**{"live": "a", "candidate": "b", "bound": 1, **others})


def pairs(rng: np.random.Generator, off: float, rows: int, kind: str) -> dict[str, Any]:
    """Losses of a live model and a candidate whose mean is `off` above, given the past."""
    if kind == "rare":  # one in a hundred rows is wrong in one of the two
        worse = rng.random(rows) < (0.01 + off) / 2
        better = ~worse & (rng.random(rows) < (0.01 - off) / 2 / (1 - (0.01 + off) / 2))
        return {"a": better.astype(float), "b": worse.astype(float)}
    if kind == "swinging":  # a spread that the past decides, and a mean that stays
        spread = 0.1 + 0.4 * (np.sin(np.arange(rows) / 40) > 0)
        return {"a": np.zeros(rows), "b": off + spread * rng.choice([-1.0, 1.0], rows)}
    return {"a": rng.random(rows) * 0.5, "b": rng.random(rows) * 0.5 + off}


@pytest.mark.parametrize("kind", ["rare", "swinging", "uniform"])
@pytest.mark.parametrize("delta", [0.0, 0.005])
def test_at_the_boundary_either_verdict_is_rare(kind: str, delta: float) -> None:
    rng = np.random.default_rng(21)
    runs, alpha = 300, 0.1
    wrong = {"yes": 0, "no": 0, "not yet known": 0}
    for _ in range(runs):
        one = shadow(delta=delta, alpha=alpha)
        one.update(pairs(rng, delta, 3000, kind))
        decision = one.decision()
        wrong[decision.verdict] += 1
        assert (decision.evidence_yes >= 1 / alpha) <= (decision.verdict != "not yet known")
    bound = alpha + 3 * math.sqrt(alpha * (1 - alpha) / runs)
    assert wrong["yes"] / runs <= bound
    assert wrong["no"] / runs <= bound


def test_a_tight_bound_shows_sooner_what_is_better() -> None:
    rng = np.random.default_rng(22)
    took: dict[float, list[int]] = {1.0: [], 0.15: []}
    for _ in range(30):
        rows = {"a": np.full(4000, 0.2), "b": 0.195 + rng.uniform(-0.04, 0.04, 4000)}
        for bound, rows_taken in took.items():
            one = shadow(bound=bound)
            for at in range(0, 4000, 50):
                one.update({name: column[at : at + 50] for name, column in rows.items()})
                if one.decision().verdict != "not yet known":
                    break
            rows_taken.append(one.decision().rows if one.decision().verdict == "yes" else 10_000)
    assert np.median(took[0.15]) < 500
    assert np.median(took[0.15]) < np.median(took[1.0]) / 2


def test_not_worse_by_delta_is_shown_where_better_is_not() -> None:
    rng = np.random.default_rng(23)
    rows = pairs(rng, 0.0, 5000, "rare")
    strict, lenient, worse = shadow(), shadow(delta=0.02), shadow(delta=-0.02)
    for one in (strict, lenient, worse):
        one.update(rows)
    verdicts = [one.decision().verdict for one in (strict, lenient, worse)]
    assert verdicts == ["not yet known", "yes", "no"]
    assert strict.mean_difference == pytest.approx((rows["b"] - rows["a"]).mean(), abs=1e-12)


def test_the_forecast_is_about_right() -> None:
    rng = np.random.default_rng(24)
    one = shadow(bound=0.5)
    early = None
    while one.decision().verdict == "not yet known":
        one.update({"a": rng.random(20) * 0.4, "b": rng.random(20) * 0.38})
        if one.decision().rows == 1000:
            early = one.decision()
    assert early is not None
    assert early.rows_needed is not None
    total = early.rows + early.rows_needed
    assert total / 5 < one.decision().rows < total * 5
    assert one.decision().rows_needed == 0


def test_the_first_verdict_stays_and_bytes_keep_it() -> None:
    one = shadow()
    one.update({"a": [1.0] * 50, "b": [0.0] * 50})
    assert one.decision().verdict == "yes"
    one.update({"a": [0.0] * 500, "b": [1.0] * 500})
    assert one.decision().verdict == "yes"
    assert pickle.loads(pickle.dumps(one)) == one
    other = shadow()
    other.update({"a": [1.0, math.nan], "b": [0.0, 1.0]})
    assert other != one
    assert (other.missing, other.decision().rows) == (1, 1)


def test_a_row_that_breaks_the_bound_is_refused_with_all_others() -> None:
    one = shadow(bound=0.5)
    with pytest.raises(kedge.InvalidArgument, match=r"row 1: losses 0 and 0\.75 differ"):
        one.update({"a": [0.0, 0.0], "b": [0.5, 0.75]})
    assert one.decision().rows == 0
    assert one.decision().rows_needed is None
    assert math.isnan(one.mean_difference)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"bound": 0}, "bound = 0 is not above 0"),
        ({"bound": math.inf}, "bound = inf is not above 0"),
        ({"delta": 1}, "delta = 1 is not between -1 and 1"),
        ({"alpha": 0}, "alpha = 0 is not between 0 and 1"),
    ],
)
def test_refusals(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(kedge.InvalidArgument, match=message):
        shadow(**arguments)
