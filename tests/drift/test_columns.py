"""What a report says of each kind of column is what plain definitions say."""

from __future__ import annotations

import warnings

import numpy as np
import pyarrow as pa
import pytest
import scipy.spatial.distance
import scipy.stats

import kedge


def draw(rng: np.random.Generator, shares: list[float], rows: int) -> np.ndarray:
    """Names a, b, c, .. with these shares."""
    return rng.choice([chr(97 + i) for i in range(len(shares))], rows, p=shares)


def test_categories_are_compared_as_their_counts() -> None:
    rng = np.random.default_rng(0)
    x, y = draw(rng, [0.5, 0.3, 0.2], 5000), draw(rng, [0.45, 0.25, 0.3], 3000)
    row = kedge.compare(kedge.profile({"c": x}), {"c": y})["c"]
    counts = np.array([[np.sum(column == name) for name in "abc"] for column in (x, y)])
    expected = scipy.stats.chi2_contingency(counts, correction=False)
    assert row.statistic == pytest.approx(expected.statistic, rel=1e-9)
    assert row.pvalue == pytest.approx(expected.pvalue, rel=1e-9)
    p, q = counts / counts.sum(axis=1, keepdims=True)
    assert row.lower == row.upper == pytest.approx(np.abs(p - q).sum() / 2)
    assert row.psi == pytest.approx(np.sum((p - q) * np.log(p / q)))
    assert row.js == pytest.approx(scipy.spatial.distance.jensenshannon(p, q))
    assert row.names == "c"
    assert (row.reference_share, row.current_share) == pytest.approx((p[2], q[2]))
    assert row.carried == pytest.approx((q[2] - p[2]) / row.total_variation)


def test_the_bounds_of_categories_hold_as_often_as_promised() -> None:
    rng = np.random.default_rng(1)
    before, after = [0.4, 0.3, 0.2, 0.1], [0.35, 0.3, 0.2, 0.15]
    truth = 0.05
    wrong = yes = 0
    runs = 300
    for _ in range(runs):
        reference = kedge.profile({"c": draw(rng, before, 20_000)})
        report = kedge.compare(reference, {"c": draw(rng, after, 20_000)}, confidence=0.9)
        row = report["c"]
        wrong += not row.at_least <= truth <= row.at_most
        yes += row.drifted
    assert wrong / runs <= 0.1 + 3 * np.sqrt(0.09 / runs)
    assert yes / runs > 0.8


def test_harmless_changes_of_many_categories_are_no_drift() -> None:
    rng = np.random.default_rng(2)
    shares = (np.arange(1, 201) ** -1.0) / np.sum(np.arange(1, 201) ** -1.0)
    names = np.array([f"n{i}" for i in range(200)])
    verdicts = set()
    for _ in range(30):
        reference = kedge.profile({"c": rng.choice(names, 50_000, p=shares)})
        verdicts.add(kedge.compare(reference, {"c": rng.choice(names, 50_000, p=shares)}).verdict)
    assert "yes" not in verdicts


def test_a_new_category_is_its_own_mass() -> None:
    rng = np.random.default_rng(3)
    reference = kedge.profile({"c": draw(rng, [0.5, 0.5], 50_000)})
    row = kedge.compare(reference, {"c": np.append(draw(rng, [0.5, 0.5], 9000), ["z"] * 1000)})["c"]
    assert row.current_new_share == 0.1
    assert row.verdict == "yes"
    assert 0.02 < row.new_at_least <= row.at_least < 0.1


def test_names_that_chance_left_out_are_no_drift() -> None:
    rng = np.random.default_rng(12)
    for _ in range(20):
        for draw_names in (
            lambda: rng.zipf(1.3, 20_000).astype(str),
            lambda: rng.integers(0, 9000, 20_000).astype(str),
        ):
            reference = kedge.profile({"c": draw_names()}, max_categories=2000)
            report = kedge.compare(reference, {"c": draw_names()})
            assert report["c"].at_least == 0
            assert report["c"].new_at_least == 0


def test_numbers_beyond_the_range_by_chance_are_not_certainly_new() -> None:
    rng = np.random.default_rng(13)
    wrong = 0
    for _ in range(200):
        reference = kedge.profile({"v": rng.normal(size=200)})
        row = kedge.compare(reference, {"v": rng.normal(size=20_000)}, confidence=0.9)["v"]
        low, high = reference.histogram("v").low, reference.histogram("v").high
        truth = scipy.stats.norm.cdf(low) + scipy.stats.norm.sf(high)
        wrong += row.new_at_least > truth
    assert wrong / 200 <= 0.1


def test_a_column_without_values_on_both_sides_is_no_drift() -> None:
    data = {"empty": np.full(200_000, np.nan), "v": np.arange(200_000) % 7}
    report = kedge.compare(kedge.profile(data), data)
    assert report["empty"].verdict == report.verdict == "no"


def test_chi_square_keeps_its_level_at_equal_sizes() -> None:
    rng = np.random.default_rng(4)
    names = np.array([f"n{i:02}" for i in range(20)])
    runs = 1000
    alarms = 0
    for _ in range(runs):
        reference = kedge.profile({"c": rng.choice(names, 2000)})
        alarms += kedge.compare(reference, {"c": rng.choice(names, 2000)})["c"].pvalue < 0.05
    assert 0.03 <= alarms / runs <= 0.07


def test_the_power_is_within_a_point_of_the_exact_test() -> None:
    rng = np.random.default_rng(5)
    reference_rows = rng.normal(size=1_000_000)
    reference = kedge.profile({"v": reference_rows})
    runs = 60
    found = exact = false_alarms = 0
    for _ in range(runs):
        shifted = rng.normal(0.05, 1, 10_000)
        found += kedge.compare(reference, {"v": shifted})["v"].pvalue < 0.05
        exact += kedge.ks_test(reference_rows, shifted).pvalue < 0.05
        same = {"v": rng.normal(size=10_000)}
        false_alarms += kedge.compare(reference, same)["v"].pvalue < 0.05
    assert abs(found - exact) / runs <= 0.01 + 1 / runs
    assert found / runs > 0.95
    assert false_alarms / runs <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / runs)


def test_distances_of_numbers_are_near_those_of_the_rows() -> None:
    rng = np.random.default_rng(6)
    x, y = rng.normal(10, 2, 40_000), rng.normal(10.5, 2.5, 30_000)
    row = kedge.compare(kedge.profile({"v": x}), {"v": y})["v"]
    assert row.wasserstein == pytest.approx(scipy.stats.wasserstein_distance(x, y), rel=0.01)
    assert row.wasserstein_normed == pytest.approx(row.wasserstein / x.std(), rel=0.01)
    assert row.energy == pytest.approx(scipy.stats.energy_distance(x, y), rel=0.01)
    with warnings.catch_warnings():  # of the p-value, which scipy cuts off
        warnings.simplefilter("ignore")
        anderson = scipy.stats.anderson_ksamp([x[:300], x[300:700] + 0.3], variant="midrank")
    small = kedge.compare(kedge.profile({"v": x[:300]}, exact=True), {"v": x[300:700] + 0.3})["v"]
    scale = (small.anderson_darling - 1) / anderson.statistic
    assert 0.7 < scale < 0.8  # scipy divides by the deviation, which is 0.76 for large samples
    assert (row.reference_mean, row.current_mean) == pytest.approx((x.mean(), y.mean()), abs=0.005)
    tenths = np.quantile(x, np.arange(1, 10) / 10)
    p = np.bincount(np.searchsorted(tenths, x), minlength=10) / x.size
    q = np.bincount(np.searchsorted(tenths, y), minlength=10) / y.size
    assert row.psi == pytest.approx(np.sum((p - q) * np.log(p / q)), rel=0.05)


def test_a_psi_of_two_hundred_rows_means_nothing() -> None:
    rng = np.random.default_rng(7)
    runs = 300
    above = 0
    for _ in range(runs):
        row = kedge.compare(kedge.profile({"v": rng.normal(size=200)}), {"v": rng.normal(size=200)})
        above += row["v"].psi > row["v"].psi_noise
        assert row["v"].psi_noise > 0.1
    assert above / runs <= 0.04


def test_text_shows_its_lengths_and_a_value_that_takes_over() -> None:
    rng = np.random.default_rng(8)
    ids = pa.array([f"user-{i:09}" for i in rng.integers(0, 10**9, 50_000)])
    reference = kedge.profile({"id": ids})
    same = pa.array([f"user-{i:09}" for i in rng.integers(0, 10**9, 50_000)])
    unchanged = kedge.compare(reference, {"id": same})["id"]
    assert unchanged.at_least == 0
    assert unchanged.at_most < 0.03
    longer = pa.array([f"user-{i:013}" for i in rng.integers(0, 10**9, 20_000)])
    row = kedge.compare(reference, {"id": longer})["id"]
    assert (row.verdict, row.above_share) == ("yes", 1.0)
    assert 14 <= row.low < 15
    assert np.isnan(row.current_new_share)
    constant = pa.array(["user-000000001"] * 8000 + same[:12_000].to_pylist())
    row = kedge.compare(reference, {"id": constant})["id"]
    assert row.verdict == "yes"
    assert row.lower > 0.15


def test_the_slice_that_carries_the_drift_is_named_first() -> None:
    rng = np.random.default_rng(9)
    rows = 60_000

    def table(shift: float) -> dict[str, np.ndarray]:
        region = rng.choice([f"r{i:02}" for i in range(20)], rows)
        amount = rng.normal(size=rows) + np.where(region == "r07", shift, 0.0)
        return {"region": region, "amount": amount, "other": rng.normal(size=rows)}

    reference = kedge.profile(table(0), slices=["region"])
    first = 0
    for _ in range(20):
        report = kedge.compare(reference, table(1.0))
        top = report.slices[0]
        first += (top.by, top.value, top.drift.column) == ("region", "r07", "amount")
        assert "in region = r07: amount" in repr(report)
    assert first >= 19


def test_pvalues_are_adjusted_for_all_columns() -> None:
    rng = np.random.default_rng(10)
    data = {f"v{i}": rng.normal(size=3000) for i in range(20)}
    now = {f"v{i}": rng.normal(0.05 * (i < 5), 1, 3000) for i in range(20)}
    report = kedge.compare(kedge.profile(data), now)
    rows = [report[f"v{i}"] for i in range(20)]
    pvalues = [row.pvalue for row in rows]
    expected = scipy.stats.false_discovery_control(pvalues)
    assert [row.pvalue_bh for row in rows] == pytest.approx(list(expected))
    assert [row.pvalue_bonferroni for row in rows] == [min(1.0, 20 * p) for p in pvalues]


def test_chi_square_test_takes_columns_of_names() -> None:
    rng = np.random.default_rng(11)
    x, y = draw(rng, [0.5, 0.3, 0.2], 700), draw(rng, [0.4, 0.3, 0.3], 900)
    table = np.array([[np.sum(column == name) for name in "abc"] for column in (x, y)])
    expected = scipy.stats.chi2_contingency(table, correction=False)
    for other in (y, pa.array(y).dictionary_encode(), pa.array(y, pa.string_view())):
        result = kedge.chi_square_test(x, other)
        assert result.statistic == pytest.approx(expected.statistic, rel=1e-12)
        assert (result.pvalue, result.dof) == (pytest.approx(expected.pvalue, rel=1e-9), 2)
    with pytest.raises(kedge.Unsupported, match="counts are wanted"):
        kedge.chi_square_test(x, [1, 2, 3])
