"""A report says what moved, by how much, how surely and where; and keeps its promise."""

from __future__ import annotations

import json
import math
import pickle

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
    assert plain["verdict"] == "yes"
    assert plain["columns"][0]["column"] == report.columns[0].column
    text = repr(report)
    assert "drifted: yes (change above 0.02, confidence 0.99)" in text
    assert len({line.index("yes") for line in text.splitlines() if line[0] in "vw"}) == 1
    assert "v" in report
    assert "nothing" not in report
    assert len(report) == 2
    copy = pickle.loads(pickle.dumps(report))
    assert copy.to_dict() == report.to_dict()
    with pytest.raises(KeyError, match='no column "nothing"; the columns are "'):
        report["nothing"]


def test_a_column_that_went_missing_has_drifted() -> None:
    rng = np.random.default_rng(5)
    reference = kedge.profile({"v": rng.normal(size=20_000)})
    gone = kedge.compare(reference, {"v": np.full(1000, np.nan)})["v"]
    assert (gone.lower, gone.upper, gone.verdict) == (0, 1, "yes")
    assert math.isnan(gone.pvalue)
    assert gone.current_null_share == 1
    assert gone.where == "null: 0.0% -> 100.0%"
    half = rng.normal(size=20_000)
    half[::5] = np.nan
    row = kedge.compare(reference, {"v": half})["v"]
    assert row.verdict == "yes"
    assert row.null_at_least <= 0.2 <= row.null_at_most


def test_too_few_rows_are_not_yet_known_and_enough_are_a_no() -> None:
    rng = np.random.default_rng(6)
    reference = kedge.profile({"v": rng.normal(size=500_000)})
    assert kedge.compare(reference, {"v": rng.normal(size=100)}).verdict == "not yet known"
    assert kedge.compare(reference, {"v": rng.normal(size=500_000)}).verdict == "no"
    assert kedge.compare(reference, {"v": np.array([])}).verdict == "not yet known"
    huge = kedge.profile({"v": [2**62 + 1] * 1000})
    assert kedge.compare(huge, {"v": [2**62 + 2] * 1000}).verdict == "not yet known"


def test_the_bounds_are_the_bracket_and_the_stated_sampling_error() -> None:
    rng = np.random.default_rng(7)
    reference = kedge.profile({"a": rng.normal(size=4000), "b": rng.normal(size=4000)})
    row = kedge.compare(reference, {"a": rng.normal(1, 1, 900), "b": rng.normal(size=900)})["a"]
    alpha = 0.01 / (2 * 6)  # two columns, six bounds each
    error = sum(math.sqrt(math.log(2 / alpha) / (2 * rows)) for rows in (4000, 900))
    assert row.at_least == pytest.approx(row.lower - error, abs=1e-15)
    assert row.at_most == pytest.approx(row.upper + error, abs=1e-15)
    assert row.null_at_most == pytest.approx(error, abs=1e-15)


def test_what_the_reference_has_beyond_its_range_is_not_new() -> None:
    rng = np.random.default_rng(8)

    def drawn(rows: int, infinite: float) -> np.ndarray:
        return np.where(rng.random(rows) < infinite, np.inf, rng.normal(size=rows))

    reference = kedge.profile({"v": drawn(20_000, 0.1)})
    same = kedge.compare(reference, {"v": drawn(20_000, 0.1)})["v"]
    assert same.reference_new_share > 0.09
    assert same.new_at_least == 0
    more = kedge.compare(reference, {"v": drawn(20_000, 0.3)})["v"]
    assert 0.15 < more.new_at_least < 0.2


def test_a_rare_name_is_judged_by_the_exact_test() -> None:
    reference = kedge.profile({"v": ["a"] * 99_990 + ["b"] * 10})
    row = kedge.compare(reference, {"v": ["a"] * 99 + ["b"]})["v"]
    exact = scipy.stats.fisher_exact([[99_990, 10], [99, 1]]).pvalue
    assert (row.test, row.pvalue) == ("fisher", pytest.approx(exact, rel=1e-9))
    more = kedge.profile({"v": ["a"] * 40_000 + ["c"] * 39_990 + ["d"] * 20_000 + ["b"] * 10})
    row = kedge.compare(more, {"v": ["a"] * 40 + ["c"] * 39 + ["d"] * 20 + ["b"]})["v"]
    assert row.test == "chi_square"
    assert row.pvalue > 0.01


@pytest.mark.parametrize(("n", "m"), [(1000, 1000), (900, 1000), (5000, 4999), (20_000, 300)])
def test_the_pvalue_is_the_exact_one_or_that_of_the_finite_size(n: int, m: int) -> None:
    rng = np.random.default_rng(n)
    x, y = rng.normal(size=n), rng.normal(0.05, 1, m)
    row = kedge.compare(kedge.profile({"v": x}), {"v": y})["v"]
    exact = scipy.stats.ks_2samp(x, y, method="exact" if n * m <= 2**20 else "asymp")
    expected = scipy.stats.kstwo.sf(row.lower, round(n * m / (n + m)))
    assert row.pvalue == pytest.approx(exact.pvalue if n * m <= 2**20 else expected, rel=0.2)
    assert n * m <= 2**20 or row.pvalue == pytest.approx(expected, rel=1e-9)


def test_where_names_what_changed() -> None:
    reference = kedge.profile({"v": np.arange(5000) % 25})
    assert kedge.compare(reference, {"v": np.full(99, 24)})["v"].where == "= 24: 4.0% -> 100.0%"
    assert kedge.compare(reference, {"v": np.arange(500) % 25})["v"].where == "-"
    assert kedge.compare(reference, {"v": [99.0] * 9})["v"].where == "> 24: 0.0% -> 100.0%"
    infinite = kedge.compare(reference, {"v": [-np.inf] * 9})
    assert infinite["v"].where == "= -inf: 0.0% -> 100.0%"
    assert infinite.to_dict()["columns"][0]["low"] == "-inf"


def test_what_cannot_be_compared_is_refused_by_name() -> None:
    reference = kedge.profile({"v": np.arange(100.0)})
    with pytest.raises(kedge.InvalidArgument, match="reference must be a Profile"):
        kedge.compare(np.arange(3.0), {"v": [1.0]})  # type: ignore[arg-type]
    with pytest.raises(kedge.InvalidArgument, match='there is no column "v"'):
        kedge.compare(reference, {"w": [1.0]})
    with pytest.raises(kedge.InvalidArgument, match="confidence = 1 is not between 0 and 1"):
        kedge.compare(reference, {"v": [1.0]}, confidence=1)
    with pytest.raises(kedge.InvalidArgument, match="different cells"):
        kedge.compare(reference, kedge.profile({"v": np.arange(99.0) * 1.5}))
