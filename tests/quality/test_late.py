"""Labels that come late, against a plain join."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import kedge
from kedge.quality import LateLabels

EVENTS = st.lists(
    st.tuples(st.booleans(), st.integers(0, 12), st.integers(-3, 5), st.integers(0, 9)), max_size=60
)


def performance(kind: str = "binary", **others: Any) -> kedge.Performance:
    return kedge.Performance(kind, prediction="p", target="y", **others)


class Plain:
    """The join by its definition."""

    def __init__(self, most_waiting: int, horizon: int) -> None:
        self.most, self.horizon = most_waiting, horizon
        self.rows: dict[int, tuple[float, int]] = {}
        self.now = -(2**62)
        self.never_came = self.replaced = self.unmatched = 0
        self.joined: list[tuple[float, int]] = []

    def predict(self, key: int, p: float, time: int) -> None:
        self.replaced += self.rows.pop(key, None) is not None
        self.rows[key] = (p, time)
        self.now = max(self.now, time)
        while self.rows:
            oldest = next(iter(self.rows))
            is_old = bool(self.horizon) and self.now - self.rows[oldest][1] > self.horizon
            if not is_old and len(self.rows) <= self.most:
                break
            del self.rows[oldest]
            self.never_came += 1

    def observe(self, key: int, y: int) -> None:
        found = self.rows.pop(key, None)
        is_old = found is not None and bool(self.horizon) and self.now - found[1] > self.horizon
        self.never_came += is_old
        if found is None or is_old:
            self.unmatched += 1
        else:
            self.joined.append((found[0], y))


def test_what_is_replaced_again_and_again_drives_nobody_out() -> None:
    late = LateLabels(performance(), id="id", most_waiting=2)
    for key in [1, *[0] * 9]:
        late.predict({"id": [key], "p": [0.5]})
    assert (late.waiting, late.never_came, late.replaced) == (2, 0, 8)
    late.observe({"id": [1, 0], "y": [1, 0]})
    assert (late.waiting, late.joined, late.unmatched) == (0, 2, 0)


@settings(deadline=None)
@given(EVENTS, st.integers(1, 6), st.integers(0, 4))
def test_labels_join_as_in_a_plain_table(
    events: list[tuple[bool, int, int, int]], most_waiting: int, horizon: int
) -> None:
    plain = Plain(most_waiting, horizon)
    timed = {"time": "t", "horizon": horizon} if horizon else {}
    late = LateLabels(performance(), id="id", most_waiting=most_waiting, **timed)
    time = 0
    for is_label, key, step, score in events:
        if is_label:
            plain.observe(key, score % 2)
            late.observe({"id": [key], "y": [score % 2]})
        else:
            time += step
            plain.predict(key, score / 10, time)
            late.predict({"id": [key], "p": [score / 10], "t": [time]})
    expected = performance()
    if plain.joined:
        p, y = zip(*plain.joined, strict=True)
        expected.update({"p": list(p), "y": list(y)})
    assert late.counted() == expected
    assert late.joined == len(plain.joined)
    assert (late.waiting, late.never_came) == (len(plain.rows), plain.never_came)
    assert (late.replaced, late.unmatched) == (plain.replaced, plain.unmatched)


def test_a_batch_in_any_order_is_as_good_as_the_whole() -> None:
    rng = np.random.default_rng(1)
    size = 5000
    ids = np.array([f"request-{i:06d}-{'x' * (i % 20)}" for i in range(size)])
    p, y = rng.random(size), rng.integers(0, 2, size)
    group = rng.choice(["a", "b"], size)
    whole = performance(by="g", values=["a"])
    whole.update({"p": p, "y": y, "g": group})
    late = LateLabels(performance(by="g", values=["a"]), id="id", most_waiting=size)
    late.predict(pa.table({"id": ids, "p": p, "g": group}))
    at = rng.permutation(size)
    late.observe({"id": ids[at], "y": y[at]})
    assert late.counted() == whole
    assert (late.waiting, late.joined, late.never_came) == (0, size, 0)


def test_missing_labels_leave_their_prediction_waiting() -> None:
    late = LateLabels(performance(), id="id", most_waiting=10)
    late.predict({"id": pa.array(["a", None, "b"]), "p": [0.5, 0.5, 0.5]})
    late.observe({"id": np.array(["a", "b"]), "y": [np.nan, 1.0]})
    assert (late.waiting, late.joined, late.incomplete) == (1, 1, 2)
    late.observe({"id": np.array(["a", "b"]), "y": [1.0, 1.0]})
    assert (late.waiting, late.joined, late.unmatched) == (0, 2, 1)


def test_classes_and_decisions_wait_too() -> None:
    late = LateLabels(performance("classes", classes=["a", "b"]), id="id", most_waiting=9)
    late.predict({"id": [1, 2, 3], "p": np.array(["a", "b", "z"])})
    late.observe({"id": [3, 2, 1], "y": np.array(["a", "b", "b"])})
    assert late.counted().result().accuracy == pytest.approx(1 / 3)
    fairness = kedge.Fairness(decision="d", target="y", group="g", groups=["a", "b"])
    waits = LateLabels(fairness, id="id", most_waiting=9)
    waits.predict({"id": [1, 2], "d": [1, 0], "g": np.array(["a", "b"])})
    waits.observe({"id": [2], "y": [1]})
    assert waits.counted().result().opportunity.groups["b"].rows == 1


def test_memory_is_bounded_by_what_waits() -> None:
    late = LateLabels(performance(), id="id", most_waiting=100)
    for _ in range(50):
        late.predict({"id": np.arange(10), "p": np.full(10, 0.5)})
    late.predict({"id": np.arange(1000), "p": np.full(1000, 0.5)})
    assert late.waiting == 100


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"most_waiting": 0}, "most_waiting = 0 is not from 1 to 67108864"),
        ({"most_waiting": -1}, "most_waiting = -1 is negative"),
        ({"most_waiting": 2**70}, "is not from 1 to"),
        ({"id": ""}, "no column of ids"),
        ({"horizon": 5}, "no column of times"),
        ({"time": "t"}, "horizon = 0 is not above 0"),
    ],
)
def test_refusals(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(kedge.InvalidArgument, match=message):
        LateLabels(performance(), **{"id": "id", "most_waiting": 10, **arguments})


def test_wrong_rows_are_refused_and_none_is_taken() -> None:
    late = LateLabels(performance(), id="id", most_waiting=10)
    with pytest.raises(kedge.InvalidArgument, match="is not from 0 to 1"):
        late.predict({"id": [1, 2], "p": [0.5, 2.0]})
    with pytest.raises(kedge.InvalidArgument, match="has 257 bytes, at most 256"):
        late.predict({"id": np.array(["x" * 257]), "p": [0.5]})
    with pytest.raises(kedge.Unsupported, match="float64 has no ids"):
        late.predict({"id": [0.5], "p": [0.5]})
    assert late.waiting == 0
