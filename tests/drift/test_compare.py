"""A report says what moved, by how much, how surely and where; and keeps its promise."""

from __future__ import annotations

import json

import numpy as np
import pyarrow as pa
import pytest
import scipy.stats

import kedge


def test_the_shifted_column_is_named_first_and_located() -> None:
    rng = np.random.default_rng(0)
    reference = kedge.profile({"a": rng.normal(size=50_000), "b": rng.normal(size=50_000)})
    b = rng.normal(size=20_000)
    b[rng.random(20_000) < 0.2] = 2.5
    report = kedge.compare(reference, {"a": rng.normal(size=20_000), "b": b})
    assert [row.column for row in report] == ["b", "a"]
    assert report.drifted
    assert [row.drifted for row in report] == [True, False]
    assert report["b"].low <= 2.5 <= report["b"].high
    assert report["b"].current_share - report["b"].reference_share > 0.18


def test_the_report_brackets_scipys_distance() -> None:
    rng = np.random.default_rng(1)
    x, y = rng.normal(size=30_000), rng.normal(0.1, 1, 20_000)
    row = kedge.compare(kedge.profile({"v": x}), {"v": y})["v"]
    exact = scipy.stats.ks_2samp(x, y)
    assert row.lower <= exact.statistic <= row.upper
    assert row.pvalue >= exact.pvalue


def test_what_does_not_matter_is_not_flagged_however_many_rows() -> None:
    rng = np.random.default_rng(2)
    reference = kedge.profile({"v": rng.normal(size=1_000_000)})
    harmless = kedge.compare(reference, {"v": rng.normal(0.005, 1, 1_000_000)})["v"]
    assert not harmless.drifted
    assert harmless.pvalue < 0.05
    assert kedge.compare(reference, {"v": rng.normal(0.1, 1, 1_000_000)}).drifted


def test_false_alarms_stay_below_the_promise_over_many_seeds() -> None:
    rng = np.random.default_rng(3)
    runs = 400
    alarms = 0
    for _ in range(runs):
        data = rng.normal(size=(2000, 20))
        reference = kedge.profile(data[:1000])
        alarms += kedge.compare(reference, data[1000:], min_effect=0.0, confidence=0.9).drifted
    assert alarms / runs <= 0.1 + 3 * np.sqrt(0.1 * 0.9 / runs)


def test_at_least_is_below_the_true_distance_as_often_as_promised() -> None:
    rng = np.random.default_rng(4)
    true = 2 * scipy.stats.norm.cdf(0.25) - 1
    runs = 400
    broken = 0
    for _ in range(runs):
        reference = kedge.profile({"v": rng.normal(size=3000)})
        row = kedge.compare(reference, {"v": rng.normal(0.5, 1, 3000)}, confidence=0.9)["v"]
        broken += row.at_least > true
    assert broken / runs <= 0.1


def test_the_report_goes_out_as_arrow_json_and_text() -> None:
    reference = kedge.profile({"v": np.arange(1000.0) % 7, "w": np.arange(1000.0)})
    report = kedge.compare(reference, {"v": np.arange(500.0) % 3, "w": np.arange(500.0)})
    table = pa.table(report.to_arrow())
    assert table["column"].to_pylist() == ["v", "w"]
    assert table["lower"].to_pylist() == [report["v"].lower, report["w"].lower]
    plain = json.loads(report.to_json())
    assert plain["drifted"] is True
    assert plain["columns"][0]["column"] == report.columns[0].column
    text = repr(report)
    assert "drifted: yes (distance above 0.02, confidence 0.99)" in text
    assert len({line.index("yes") for line in text.splitlines() if line[0] in "vw"}) == 1
    with pytest.raises(KeyError, match="nothing"):
        report["nothing"]


def test_empty_and_missing_data_say_nothing_rather_than_something() -> None:
    reference = kedge.profile({"v": np.arange(100.0)})
    row = kedge.compare(reference, {"v": np.full(50, np.nan)})["v"]
    assert (row.lower, row.upper, row.pvalue, row.drifted) == (0, 1, 1, False)
    assert row.current_null_share == 1
    with pytest.raises(kedge.InvalidArgument, match='there is no column "v"'):
        kedge.compare(reference, {"w": [1.0]})
    with pytest.raises(kedge.InvalidArgument, match="confidence = 1 is not between 0 and 1"):
        kedge.compare(reference, {"v": [1.0]}, confidence=1)
    with pytest.raises(kedge.InvalidArgument, match="different cells"):
        kedge.compare(reference, kedge.profile({"v": np.arange(99.0) * 1.5}))
