"""The classical detectors: as river decides, as their definitions say, one law for all of them."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import kedge
from kedge import drift
from tests.reference import detector_streams, detectors
from tests.reference.detector_streams import CASES, Case, stream_of

GOLDEN = json.loads((Path(__file__).parents[1] / "golden" / "detectors" / "river.json").read_text())

OURS = [
    *CASES,
    Case("CUSUM", {}, "numbers"),
    Case("CUSUM", {"slack": 0.1, "threshold": 20.0, "warm_start": 20}, "errors"),
    Case("KSWIN", {}, "numbers"),
    Case("KSWIN", {"window_size": 37, "stat_size": 5, "min_distance": 0.7}, "shares"),
    Case("KSWIN", {"window_size": 2, "stat_size": 1, "alpha": 0.999}, "shares"),
]
PLAIN: dict[str, Callable[..., Iterator[str]]] = {
    "ADWIN": detectors.adwin,
    "CUSUM": detectors.cusum,
    "DDM": detectors.ddm,
    "EDDM": detectors.eddm,
    "HDDMA": detectors.hddm_a,
    "HDDMW": detectors.hddm_w,
    "KSWIN": detectors.kswin,
    "PageHinkley": detectors.page_hinkley,
}


def make(case: Case) -> Any:
    return getattr(drift, case.detector)(**case.options)


def name_of(case: Case) -> str:
    return f"{case.detector}-{case.stream}-" + "-".join(map(str, case.options.values()))


def places(signals: Iterable[str], word: str) -> list[int]:
    return [place for place, signal in enumerate(signals) if signal == word]


@pytest.mark.parametrize(
    ("case", "answer"),
    list(zip(CASES, GOLDEN["answers"], strict=True)),
    ids=[name_of(case) for case in CASES],
)
def test_decides_as_river(case: Case, answer: dict[str, list[int]]) -> None:
    found = make(case).update(np.array(stream_of(case)))
    assert {"drifts": found.drifts, "warnings": found.warnings} == answer
    assert found.drifts or case.detector == "DDM"


@pytest.mark.parametrize("case", OURS, ids=name_of)
def test_decides_as_its_definition_says(case: Case) -> None:
    values = stream_of(case, 2)
    found = make(case).update(np.array(values))
    said = list(PLAIN[case.detector](values, **case.options))
    assert found.drifts == places(said, "drift")
    assert found.warnings == places(said, "warning")


@pytest.mark.parametrize("case", OURS, ids=name_of)
def test_one_by_one_in_parts_and_stored_between_are_the_same(case: Case) -> None:
    values = stream_of(case, 3)
    whole = make(case)
    found = whole.update(np.array(values))
    single = make(case)
    said = []
    for value in values:
        assert single.add(value) == single.drift
        said.append("drift" if single.drift else "warning" if single.warning else "")
    assert places(said, "drift") == found.drifts
    assert places(said, "warning") == found.warnings
    parts = make(case)
    drifts = []
    for start in range(0, len(values), 111):
        parts = pickle.loads(pickle.dumps(parts))
        part = parts.update(np.array(values[start : start + 111]))
        drifts += [start + place for place in part.drifts]
    assert drifts == found.drifts
    assert whole.to_bytes() == single.to_bytes() == parts.to_bytes()
    assert whole == single
    assert whole.count == len(values)


@pytest.mark.parametrize("case", OURS, ids=name_of)
def test_begins_anew_after_a_drift(case: Case) -> None:
    values = np.array(stream_of(case, 4))
    found = make(case).update(values)
    for start, end in zip(found.drifts[:3], found.drifts[1:], strict=False):
        rest = make(case).update(values[start + 1 :])
        assert rest.drifts[0] + start + 1 == end


@given(st.lists(st.integers(0, 4), max_size=60), st.integers(2, 12), st.data())
def test_kswin_orders_ties_as_the_test_does(
    values: list[int], window: int, data: st.DataObject
) -> None:
    part = data.draw(st.integers(1, window - 1))
    options: dict[str, Any] = {"alpha": 0.3, "window_size": window, "stat_size": part}
    said = detectors.kswin(values, **options)
    assert drift.KSWIN(**options).update(np.array(values, float)).drifts == places(said, "drift")


@given(st.lists(st.floats(-1e100, 1e100), max_size=200))
def test_no_number_is_too_large(values: list[float]) -> None:
    for name in ("ADWIN", "CUSUM", "PageHinkley", "KSWIN"):
        detector = getattr(drift, name)()
        detector.update(np.array(values))
        assert type(detector).from_bytes(detector.to_bytes()) == detector


def test_takes_what_holds_numbers() -> None:
    values = detector_streams.errors(1)
    expected = drift.DDM().update(np.array(values)).drifts
    for other in (np.array(values, bool), np.array(values, np.int8), np.array(values, np.float32)):
        assert drift.DDM().update(other).drifts == expected


REFUSED = [
    ("ADWIN", {"delta": 0.0}, "delta = 0 is not between 0 and 1"),
    ("ADWIN", {"delta": float("nan")}, "delta = nan is not between 0 and 1"),
    ("ADWIN", {"clock": 0}, "clock = 0 is not from 1 to 1000000"),
    ("ADWIN", {"max_buckets": 257}, "max_buckets = 257 is not from 1 to 256"),
    ("ADWIN", {"grace": -1}, "grace = -1 is not from"),
    ("DDM", {"drift_threshold": 1.0}, "warning_threshold = 2 is not from 0 to 1"),
    ("EDDM", {"beta": 0.97}, "beta = 0.97 is not from 0 to 0.95"),
    ("HDDMA", {"warning_confidence": 1.0}, "warning_confidence = 1 is not between 0 and 1"),
    ("HDDMW", {"weight": 0.0}, "weight = 0 is not between 0 and 1"),
    ("PageHinkley", {"mode": "sideways"}, 'mode = "sideways" is none of "up", "down" and "both"'),
    ("PageHinkley", {"threshold": -1.0}, "threshold = -1 is not from 0"),
    ("CUSUM", {"warm_start": 1}, "warm_start = 1 is not from 2"),
    ("KSWIN", {"window_size": 10_001}, "window_size = 10001 is not from 2 to 10000"),
    ("KSWIN", {"stat_size": 100}, "stat_size = 100 is not from 1 to 99"),
]


@pytest.mark.parametrize(("name", "options", "words"), REFUSED)
def test_refuses_options_by_their_bounds(name: str, options: dict[str, Any], words: str) -> None:
    with pytest.raises(kedge.InvalidArgument, match=words):
        getattr(drift, name)(**options)


@pytest.mark.parametrize("case", OURS, ids=name_of)
def test_refuses_values_and_takes_none_of_them(case: Case) -> None:
    detector = make(case)
    detector.update(np.array(stream_of(case)[:100]))
    before = detector.to_bytes()
    for bad in (float("nan"), float("inf"), -1e101):
        with pytest.raises(kedge.InvalidArgument):
            detector.add(bad)
        with pytest.raises(kedge.InvalidArgument, match=r"values\[1\]: "):
            detector.update(np.array([1.0, bad]))
    assert detector.to_bytes() == before


def test_an_error_is_zero_or_one() -> None:
    with pytest.raises(kedge.InvalidArgument, match=r"0\.5 is neither 0, right, nor 1, an error"):
        drift.DDM().add(0.5)
    with pytest.raises(kedge.InvalidArgument, match=r"1\.5 is not from 0 to 1"):
        drift.HDDMA().add(1.5)


@pytest.mark.parametrize("case", OURS, ids=name_of)
def test_bytes_that_were_cut_or_changed_are_refused(case: Case) -> None:
    detector = make(case)
    detector.update(np.array(stream_of(case)[:300]))
    data = detector.to_bytes()
    for wrong in (data[:-1], data + b"\0", data[:30] + bytes([data[30] ^ 1]) + data[31:], b""):
        with pytest.raises(kedge.CorruptData):
            type(detector).from_bytes(wrong)
