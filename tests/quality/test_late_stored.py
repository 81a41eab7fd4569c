"""Late labels come back from bytes and go on; a calibration bets as if they had never been late."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import kedge
from kedge.quality import Calibration, LateLabels

EVENTS = st.lists(
    st.tuples(st.booleans(), st.integers(0, 12), st.integers(0, 5), st.integers(0, 9)), max_size=40
)


def counters() -> dict[str, Any]:
    return {
        "binary": kedge.Performance("binary", prediction="p", target="y"),
        "regression": kedge.Performance("regression", prediction="p", target="y"),
        "parts": kedge.Performance("binary", prediction="p", target="y", by="g", values=["1", "2"]),
        "calibration": Calibration(score="p", target="y"),
        "weighted": kedge.Performance("regression", prediction="p", target="y", weight="d"),
        "shares": kedge.Performance(
            "classes",
            prediction="d",
            target="y",
            classes=["0", "1"],
            probabilities={"1": "p", "0": "q"},
            weight="t",
        ),
        "fairness": kedge.Fairness(decision="d", target="y", group="g", groups=["1", "2"]),
    }


@settings(max_examples=40, deadline=None)
@given(EVENTS, st.sampled_from(list(counters())), st.integers(1, 6), st.integers(0, 4))
def test_a_stream_goes_on_from_bytes(
    events: list[tuple[bool, int, int, int]], kind: str, most_waiting: int, horizon: int
) -> None:
    timed = {"time": "t", "horizon": horizon} if horizon else {}
    late = LateLabels(counters()[kind], id="id", most_waiting=most_waiting, **timed)
    again = LateLabels.from_bytes(late.to_bytes())
    now = 0
    for is_label, key, step, score in events:
        now += step
        rows = {"id": [key], "p": [score / 10], "t": [now], "y": [score % 2]}
        rows["q"] = [1 - score / 10 if score else float("nan")]
        rows |= {"g": [score % 3], "d": [score // 5]}
        for one in (late, again):
            (one.observe if is_label else one.predict)(rows)
        assert again == late
        again = LateLabels.from_bytes(again.to_bytes())
    assert type(again.counted()) is type(late.counted())
    assert again.counted() == late.counted()
    assert pickle.loads(pickle.dumps(late)) == late
    figures = ("waiting", "joined", "never_came", "replaced", "unmatched", "incomplete")
    assert all(getattr(again, name) == getattr(late, name) for name in figures)


def test_a_calibration_bets_in_the_order_of_the_labels() -> None:
    rng = np.random.default_rng(1)
    size = 3000
    p = rng.random(size)
    y = (rng.random(size) < p**2).astype(float)
    late = LateLabels(Calibration(score="p", target="y"), id="id", most_waiting=size)
    late.predict({"id": np.arange(size), "p": p})
    at = rng.permutation(size)
    for part in np.array_split(at, 7):
        late.observe({"id": part, "y": y[part]})
    whole = Calibration(score="p", target="y")
    whole.update({"p": p[at], "y": y[at]})
    assert late.counted() == whole
    assert late.counted().result().verdict == "miscalibration shown"


def test_missing_scores_and_classes_wait_in_bytes_too() -> None:
    classes = kedge.Performance("classes", prediction="p", target="y", classes=["a", "b"])
    for counter, p, y in (
        (classes, ["a", None, "z"], ["b", "b", "a"]),
        (counters()["binary"], pa.array([0.5, None, 0.1]), [1, 0, 1]),
    ):
        late = LateLabels(counter, id="id", most_waiting=9)
        late.predict({"id": [1, 2, 3], "p": p})
        late = LateLabels.from_bytes(late.to_bytes())
        late.observe({"id": [1, 2, 3], "y": y})
        whole = counter.like()
        whole.update({"p": p, "y": y})
        assert late.counted() == whole


def test_bytes_of_something_else_are_corrupt() -> None:
    late = LateLabels(counters()["binary"], id="id", most_waiting=9)
    late.predict({"id": [1, 2, 3], "p": [0.1, 0.2, 0.3]})
    data = late.to_bytes()
    for other in (b"", data[:-1], data + b"x", counters()["binary"].to_bytes()):
        with pytest.raises(kedge.CorruptData):
            LateLabels.from_bytes(other)
    with pytest.raises(kedge.KedgeError):
        LateLabels(kedge.Estimate(score="p"), id="id", most_waiting=9)  # type: ignore[type-var]
