"""Fairness: counts, rates, and answers that keep their promise."""

from __future__ import annotations

import math
import pickle
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

import kedge
from kedge.quality import FairnessResult

GROUPS = ("a", "b", "c")


def rows_of(seed: int, size: int) -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    decision = rng.integers(0, 2, size).astype(float)
    target = rng.integers(0, 2, size).astype(float)
    decision[rng.random(size) < 0.1] = np.nan
    target[rng.random(size) < 0.3] = np.nan
    group = rng.choice(np.array([*GROUPS, "d"]), size)
    return {"said": decision, "true": target, "group": group}


def counter(**others: Any) -> kedge.Fairness:
    return kedge.Fairness(decision="said", target="true", group="group", groups=GROUPS, **others)


@given(st.integers(0, 2**32), st.integers(1, 200))
def test_rates_are_their_definitions(seed: int, size: int) -> None:
    rows = rows_of(seed, size)
    fairness = counter()
    fairness.update(rows)
    result = fairness.result()
    said, true = rows["said"], rows["true"]
    for name in GROUPS:
        there = (rows["group"] == name) & ~np.isnan(said)
        for parity, among in [
            (result.selection, there),
            (result.opportunity, there & (true == 1)),
            (result.false_alarms, there & (true == 0)),
        ]:
            rate = parity.groups[name]
            assert (rate.rows, rate.hits) == (among.sum(), (said[among] == 1).sum())
            assert rate.at_least <= (rate.hits / rate.rows if rate.rows else 0.5) <= rate.at_most
    others = (rows["group"] == "d") & ~np.isnan(said)
    assert (result.others, result.missing) == (others.sum(), np.isnan(said).sum())


@given(st.integers(0, 2**32), st.integers(1, 100))
def test_any_split_and_merge_gives_the_same_bytes(seed: int, size: int) -> None:
    rows = rows_of(seed, size)
    whole, left, right = counter(), counter(), counter()
    whole.update(rows)
    at = np.random.default_rng(seed).random(size) < 0.5
    left.update({name: column[at] for name, column in rows.items()})
    right.update({name: column[~at] for name, column in rows.items()})
    right.merge(left)
    assert right.to_bytes() == whole.to_bytes()
    assert pickle.loads(pickle.dumps(whole)) == whole
    # NaN is in it, which is unequal to itself.
    assert repr(kedge.Fairness.from_bytes(whole.to_bytes()).result()) == repr(whole.result())


@pytest.mark.parametrize("kind", ["string", "view", "large", "dictionary", "numpy"])
def test_groups_may_come_as_any_names(kind: str) -> None:
    names = ["b", None, "a", "b", "zz", "a-name-of-more-than-16-bytes"]
    column: Any = pa.array(names)
    if kind == "view":
        column = column.cast(pa.string_view())
    elif kind == "large":
        column = column.cast(pa.large_string())
    elif kind == "dictionary":
        column = column.dictionary_encode()
    elif kind == "numpy":
        column = np.array([name or "" for name in names])
    fairness = kedge.Fairness(
        decision="d", group="g", groups=["a", "b", "a-name-of-more-than-16-bytes"]
    )
    fairness.update({"d": np.ones(6, bool), "g": column})
    groups = fairness.result().selection.groups
    assert [groups[name].rows for name in ("a", "b", "a-name-of-more-than-16-bytes")] == [1, 2, 1]
    assert fairness.result().others == 2


@pytest.mark.parametrize("dtype", [np.int8, np.int64, np.uint64, bool])
def test_groups_may_be_integers_and_bools(dtype: type) -> None:
    column = np.array([0, 1, 1, 0, 1]).astype(dtype)
    names = [False, True] if dtype is bool else [0, 1]
    fairness = kedge.Fairness(decision="d", group="g", groups=names)
    fairness.update({"d": np.array([1, 1, 0, 1, 1]), "g": column})
    assert [group.rows for group in fairness.result().selection.groups.values()] == [2, 3]
    wide = np.array([0, 1, 2**62, -(2**62)])
    far = kedge.Fairness(decision="d", group="g", groups=[0, 1, 2**62])
    far.update({"d": np.ones(4), "g": wide})
    assert [group.rows for group in far.result().selection.groups.values()] == [1, 1, 1]


def simulated(
    rng: np.random.Generator, rates: dict[str, float], rows: int, step: int, **others: Any
) -> list[FairnessResult]:
    """The result after every `step` rows of each group."""
    fairness = kedge.Fairness(decision="d", group="g", groups=list(rates), **others)
    results = []
    for _ in range(0, rows, step):
        for name, rate in rates.items():
            fairness.update({"d": rng.random(step) < rate, "g": np.full(step, name)})
        results.append(fairness.result())
    return results


@pytest.mark.parametrize("third", [False, True])
def test_at_the_boundary_neither_answer_comes_but_rarely(third: bool) -> None:
    rng = np.random.default_rng(11)
    runs, alpha = 200, 0.1
    rates = {"a": 0.4, "b": 0.5} | ({"c": 0.5} if third else {})
    shown = {"violation shown": 0, "compliance shown": 0}
    for _ in range(runs):
        seen = {result.selection.verdict for result in simulated(rng, rates, 3000, 50, alpha=alpha)}
        for verdict in shown:
            shown[verdict] += verdict in seen
    for count in shown.values():
        assert count / runs <= alpha + 3 * math.sqrt(alpha * (1 - alpha) / runs)


def test_violation_and_compliance_are_shown_in_time() -> None:
    rng = np.random.default_rng(12)
    for rates, verdict in [
        ({"a": 0.3, "b": 0.5}, "violation shown"),
        ({"a": 0.49, "b": 0.5}, "compliance shown"),
    ]:
        took = []
        for _ in range(40):
            results = simulated(rng, rates, 4000, 100)
            verdicts = [result.selection.verdict for result in results]
            assert set(verdicts) <= {verdict, "not yet known"}
            took.append(100 * (verdicts.index(verdict) + 1) if verdict in verdicts else 10_000)
        assert np.median(took) <= 1500, took


def test_a_violation_names_its_pair() -> None:
    rng = np.random.default_rng(13)
    last = simulated(rng, {"a": 0.2, "b": 0.5, "c": 0.5}, 3000, 3000)[-1].selection
    assert {(pair.low, pair.high) for pair in last.violations} == {("a", "b"), ("a", "c")}
    for pair in last.violations:
        assert pair.at_least <= pair.ratio <= pair.at_most < 0.8
    assert last.ratio == pytest.approx(0.4, abs=0.05)
    assert last.difference == pytest.approx(0.3, abs=0.05)


def test_a_reference_is_the_one_that_others_are_held_against() -> None:
    fairness = counter(reference="b")
    fairness.update(rows_of(1, 100))
    result = fairness.result()
    assert {(pair.low, pair.high) for pair in result.selection.pairs} == {("a", "b"), ("c", "b")}
    assert {(pair.low, pair.high) for pair in result.false_alarms.pairs} == {("b", "a"), ("b", "c")}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"groups": ["a"]}, "groups: 1 are not from 2 to 256"),
        ({"groups": range(257)}, "groups: 257 are not from 2 to 256"),
        ({"groups": "ab"}, "is a string"),
        ({"minimum": 0}, "minimum = 0 is not above 0"),
        ({"alpha": 1}, "alpha = 1 is not between 0 and 1"),
        ({"reference": "z"}, 'reference = "z" is not one of the groups'),
        ({"group": ""}, "no column that has them"),
    ],
)
def test_refusals(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(kedge.InvalidArgument, match=message):
        kedge.Fairness(**{"decision": "d", "group": "g", "groups": GROUPS, **arguments})


def test_a_decision_that_is_none_is_refused() -> None:
    fairness = counter()
    with pytest.raises(kedge.InvalidArgument, match=r'"said": 0\.5 in row 0 is not 0 or 1'):
        fairness.update({"said": [0.5], "true": [1.0], "group": np.array(["a"])})
    with pytest.raises(kedge.Unsupported, match='"group": float64 has no names'):
        fairness.update({"said": [1.0], "true": [1.0], "group": [1.0]})
