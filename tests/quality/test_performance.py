"""Performance against its definitions, against scikit-learn, and against any split of the rows."""

from __future__ import annotations

import math
import pickle
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics

import kedge
from tests.reference import quality as plain

KINDS = ("binary", "classes", "regression")


def rows_of(kind: str, seed: int, size: int) -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    region = rng.choice(["north", "south", "west"], size)
    if kind == "binary":
        y = rng.integers(0, 2, size).astype(float)
        near = rng.choice([0.0, 1.0, 0.5, 0.25, 1e-9, 1 - 1e-12, 0.1 + 0.2], size)
        p = np.where(rng.random(size) < 0.5, rng.random(size) ** 3, near)
    elif kind == "classes":
        y, p = (rng.choice(["a", "b", "c", "other"], size) for _ in range(2))
        return {"y": pa.array(y), "p": pa.array(p), "region": region}
    else:
        y = rng.normal(1e8, 1, size) * 10.0 ** rng.integers(-3, 3, size)
        p = np.where(rng.random(size) < 0.1, y, y + rng.normal(size=size))
    y[rng.random(size) < 0.05] = np.nan
    p[rng.random(size) < 0.05] = np.nan
    return {"y": y, "p": p, "region": region}


def counter(kind: str) -> kedge.Performance:
    return kedge.Performance(
        kind,
        prediction="p",
        target="y",
        classes=["a", "b", "c"] if kind == "classes" else (),
        quantiles=[0.1, 0.9] if kind == "regression" else (),
        by="region",
        values=["south", "north"],
    )


def some(rows: dict[str, Any], at: Any) -> dict[str, Any]:
    return {
        name: column.take(pa.array(at)) if isinstance(column, pa.Array) else column[at]
        for name, column in rows.items()
    }


@given(st.sampled_from(KINDS), st.integers(0, 2**32), st.integers(1, 200), st.integers(1, 6))
def test_any_split_order_and_merge_gives_the_same_bytes(
    kind: str, seed: int, size: int, pieces: int
) -> None:
    rows = rows_of(kind, seed, size)
    whole = counter(kind)
    whole.update(rows)
    rng = np.random.default_rng(seed)
    parts = [counter(kind) for _ in range(pieces)]
    for at in np.array_split(rng.permutation(size), rng.integers(1, 8)):
        parts[rng.integers(pieces)].update(some(rows, at))
    merged = whole.like()
    for i in rng.permutation(pieces):
        merged.merge(parts[i])
    assert merged.to_bytes() == whole.to_bytes()
    assert (
        kedge.Performance.from_bytes(whole.to_bytes()) == whole == pickle.loads(pickle.dumps(whole))
    )
    merged.subtract(parts[0])
    rest = whole.like()
    for part in parts[1:]:
        rest.merge(part)
    assert merged.to_bytes() == rest.to_bytes()


@given(st.integers(0, 2**32), st.integers(2, 200))
def test_binary_figures_are_their_definitions(seed: int, size: int) -> None:
    rows = rows_of("binary", seed, size)
    performance = counter("binary")
    performance.update(rows)
    for name, result in [("", performance.result()), *performance.parts().items()]:
        listed = {"south", "north"}
        in_part = np.array(
            [
                not name or region == name or (name == "(others)" and region not in listed)
                for region in rows["region"]
            ]
        )
        there = ~np.isnan(rows["y"]) & ~np.isnan(rows["p"]) & in_part
        y, p = rows["y"][there], rows["p"][there]
        assert isinstance(result, kedge.quality.BinaryPerformance)
        assert result.rows == y.size
        assert result.missing.target == (in_part & np.isnan(rows["y"]) & ~np.isnan(rows["p"])).sum()
        assert result.missing.both == (in_part & np.isnan(rows["y"]) & np.isnan(rows["p"])).sum()
        if not y.size:
            assert math.isnan(result.accuracy)
            continue
        held = np.clip(p, 2.0**-52, 1 - 2.0**-52)
        losses = np.where(y == 1, -np.log(held), -np.log1p(-held))
        assert result.log_loss == pytest.approx(plain.mean(list(losses)), rel=1e-13, abs=1e-15)
        assert result.brier == plain.mean(list((p - y) ** 2))
        assert result.accuracy == ((p >= 0.5) == y).mean()
        if y.min() == y.max():
            assert math.isnan(result.auc.value)
            continue
        area = plain.roc_area(y, p)
        assert result.auc.at_least - 1e-12 <= area <= result.auc.at_most + 1e-12
        area = plain.precision_area(y, p)
        assert result.pr_auc.at_least - 1e-12 <= area <= result.pr_auc.at_most + 1e-12


@pytest.mark.parametrize("rate", [0.5, 0.01])
def test_binary_figures_are_scikit_learns(rate: float) -> None:
    rng = np.random.default_rng(5)
    y = (rng.random(50_000) < rate).astype(np.int64)
    p = 1 / (1 + np.exp(-(rng.normal(size=y.size) + 1.5 * y + np.log(rate / (1 - rate)))))
    performance = kedge.Performance("binary", prediction="p", target="y", threshold=rate)
    performance.update({"y": y, "p": p})
    result = performance.result()
    said = p >= rate
    assert isinstance(result, kedge.quality.BinaryPerformance)
    assert result.accuracy == metrics.accuracy_score(y, said)
    assert result.precision == metrics.precision_score(y, said)
    assert result.recall == metrics.recall_score(y, said)
    assert result.f1 == metrics.f1_score(y, said)
    assert result.log_loss == pytest.approx(metrics.log_loss(y, p), rel=1e-12)
    assert result.brier == pytest.approx(metrics.brier_score_loss(y, p), rel=1e-12)
    for exact, area in [
        (metrics.roc_auc_score(y, p), result.auc),
        (metrics.average_precision_score(y, p), result.pr_auc),
    ]:
        assert area.at_least <= exact <= area.at_most
    assert result.auc.error < 1e-3
    assert abs(result.auc.value - metrics.roc_auc_score(y, p)) < 5e-5
    assert result.pr_auc.error < 0.02


def test_class_figures_are_scikit_learns() -> None:
    rng = np.random.default_rng(6)
    y, p = rng.choice(list("abcd"), (2, 5000), p=[0.1, 0.2, 0.3, 0.4])
    performance = kedge.Performance(
        "classes", prediction="p", target="y", classes=["d", "a", "c", "b"]
    )
    performance.update({"y": y, "p": p})
    result = performance.result()
    assert isinstance(result, kedge.quality.ClassPerformance)
    expected = metrics.confusion_matrix(y, p)
    assert (np.array(result.matrix)[:-1, :-1] == expected).all()
    assert result.accuracy == metrics.accuracy_score(y, p)
    assert result.macro_f1 == pytest.approx(metrics.f1_score(y, p, average="macro"), rel=1e-14)
    assert [result.precision(c) for c in "abcd"] == list(
        metrics.precision_score(y, p, average=None)
    )
    assert [result.recall(c) for c in "abcd"] == list(metrics.recall_score(y, p, average=None))


def test_regression_figures_are_scikit_learns() -> None:
    rng = np.random.default_rng(7)
    y = rng.normal(1e6, 3, 20_000)
    p = y + rng.normal(0.1, 1, y.size)
    performance = kedge.Performance(
        "regression", prediction="p", target="y", quantiles=[0.1, 0.5, 0.9]
    )
    performance.update({"y": y, "p": p})
    result = performance.result()
    assert isinstance(result, kedge.quality.RegressionPerformance)
    assert result.mae == pytest.approx(metrics.mean_absolute_error(y, p), rel=1e-13)
    assert result.rmse == pytest.approx(metrics.root_mean_squared_error(y, p), rel=1e-13)
    assert result.mape == pytest.approx(metrics.mean_absolute_percentage_error(y, p), rel=1e-13)
    assert result.r2 == pytest.approx(metrics.r2_score(y, p), rel=1e-12)
    for quantile, loss in result.pinball.items():
        expected = metrics.mean_pinball_loss(y, p, alpha=quantile)
        assert loss == pytest.approx(expected, rel=1e-12)
        assert loss == pytest.approx(plain.pinball(y, p, quantile), rel=1e-12)


def test_squares_beyond_doubles_leave_r2_unknown() -> None:
    performance = kedge.Performance("regression", prediction="p", target="y", weight="w")
    performance.update({"y": np.full(20, 1e150), "p": np.zeros(20), "w": np.full(20, 1e7)})
    assert math.isnan(performance.result().r2)


@given(st.lists(st.floats(-1e150, 1e150), min_size=1, max_size=50))
def test_regression_sums_are_exact(errors: list[float]) -> None:
    performance = kedge.Performance("regression", prediction="p", target="y")
    performance.update({"p": np.array(errors), "y": np.zeros(len(errors))})
    result = performance.result()
    assert isinstance(result, kedge.quality.RegressionPerformance)
    assert result.bias == plain.mean(errors)
    assert result.zero_targets == len(errors)
    assert math.isnan(result.mape)


def test_what_is_missing_is_counted_in_arrow_columns_too() -> None:
    performance = kedge.Performance("binary", prediction="p", target="y")
    performance.update(
        pa.table({"p": pa.array([0.5, None, 0.1, None]), "y": pa.array([True, False, None, None])})
    )
    result = performance.result()
    assert (result.rows, result.missing.prediction) == (1, 1)
    assert (result.missing.target, result.missing.both) == (1, 1)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"kind": "ranking"}, 'kind = "ranking" is not one of binary'),
        ({"prediction": ""}, "no column of predictions"),
        ({"target": ""}, "no column of targets"),
        ({"threshold": 1.5}, "threshold = 1.5 is not from 0 to 1"),
        ({"threshold": math.nan}, "is not from 0 to 1"),
        ({"kind": "classes"}, "classes: 0 are named"),
        ({"classes": ["a"]}, "classes: 1 are named"),
        ({"kind": "classes", "classes": "ab"}, "is a string"),
        ({"kind": "classes", "classes": ["a", "a"]}, '"a" is listed twice'),
        ({"kind": "regression", "quantiles": [1.0]}, "quantiles: 1 is not between 0 and 1"),
        ({"values": ["a"]}, "no column that has them"),
        ({"by": "g", "values": ["a", "a"]}, '"a" is listed twice'),
    ],
)
def test_a_wrong_definition_is_refused(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(kedge.InvalidArgument, match=message):
        kedge.Performance(**{"kind": "binary", "prediction": "p", "target": "y", **arguments})


def test_too_many_counters_are_refused() -> None:
    names = [str(i) for i in range(1000)]
    with pytest.raises(kedge.ResourceExhausted, match="1001 parts have 1003006004 counts"):
        kedge.Performance(
            "classes", prediction="p", target="y", classes=names, by="g", values=names
        )


@pytest.mark.parametrize(
    ("kind", "rows", "message"),
    [
        ("binary", {"y": [0.0, 1.0], "p": [0.5, 1.5]}, '"p": 1.5 in row 1 is not from 0 to 1'),
        ("binary", {"y": [0.0, 2.0], "p": [0.5, 0.5]}, '"y": 2 in row 1 is not 0 or 1'),
        ("regression", {"y": [np.inf], "p": [0.5]}, "inf in row 0 is not from -1e150"),
        ("binary", {"y": [0.0]}, 'no column "p"'),
    ],
)
def test_a_wrong_row_counts_none(kind: str, rows: dict[str, Any], message: str) -> None:
    performance = kedge.Performance(kind, prediction="p", target="y")
    before = performance.to_bytes()
    with pytest.raises(kedge.InvalidArgument, match=message):
        performance.update({name: np.array(values) for name, values in rows.items()})
    assert performance.to_bytes() == before


def test_other_definitions_and_rows_do_not_mix() -> None:
    a = kedge.Performance("binary", prediction="p", target="y")
    b = kedge.Performance("binary", prediction="p", target="y", threshold=0.4)
    with pytest.raises(kedge.InvalidArgument, match="another definition"):
        a.merge(b)
    other = a.like()
    other.update({"p": [0.5], "y": [1.0]})
    with pytest.raises(kedge.InvalidArgument, match="that are not counted here"):
        a.subtract(other)


@given(st.data())
def test_broken_bytes_are_refused(data: st.DataObject) -> None:
    whole = counter(data.draw(st.sampled_from(KINDS)))
    whole.update(rows_of(whole.definition["kind"], 1, 20))
    stored = bytearray(whole.to_bytes())
    at = data.draw(st.integers(0, len(stored) - 1))
    stored[at] ^= data.draw(st.integers(1, 255))
    with pytest.raises(kedge.KedgeError):
        kedge.Performance.from_bytes(bytes(stored))
