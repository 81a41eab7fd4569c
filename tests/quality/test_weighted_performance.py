"""Probabilities of classes and weights of rows against their definitions and scikit-learn."""

from __future__ import annotations

import math
import pickle
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics

import kedge
from tests.reference import quality as plain

NAMES = ["a", "b", "c"]


def class_rows(seed: int, size: int) -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    shares = rng.dirichlet([0.3, 0.5, 1.0], size)
    shares[rng.random(size) < 0.2] = [0.0, 1.0, 0.0]
    return {
        "y": rng.choice([*NAMES, "other"], size, p=[0.3, 0.3, 0.3, 0.1]),
        "p": np.array(NAMES)[shares.argmax(axis=1)],
        "w": rng.choice([0.0, 0.1, 1.0, 2.5, 1e6], size),
        **{f"p_{name}": shares[:, i] for i, name in enumerate(NAMES)},
    }


def class_counter(**options: Any) -> kedge.Performance:
    return kedge.Performance(
        "classes",
        prediction="p",
        target="y",
        classes=["c", "a", "b"],
        probabilities={name: f"p_{name}" for name in NAMES},
        **options,
    )


def result_of(performance: kedge.Performance, rows: dict[str, Any]) -> Any:
    performance.update(rows)
    return performance.result()


@given(st.integers(0, 2**32), st.integers(1, 60), st.booleans())
def test_class_losses_are_their_definitions(seed: int, size: int, is_weighted: bool) -> None:
    rows = class_rows(seed, size)
    weights = rows["w"] if is_weighted else np.ones(size)
    result = result_of(class_counter(weight="w" if is_weighted else ""), rows)
    losses = [
        plain.class_losses(str(rows["y"][i]), {name: rows[f"p_{name}"][i] for name in NAMES})
        for i in range(size)
    ]
    if not weights.sum():
        assert math.isnan(result.log_loss)
        return
    for found, each in zip((result.log_loss, result.brier), zip(*losses, strict=True), strict=True):
        assert found == pytest.approx(plain.weighted_mean(each, weights), rel=1e-13, abs=1e-15)
    right = plain.weighted_mean(list((rows["y"] == rows["p"]).astype(float)), weights)
    assert result.accuracy == pytest.approx(right, rel=1e-13)


@pytest.mark.parametrize("is_weighted", [False, True])
def test_class_figures_are_scikit_learns(is_weighted: bool) -> None:
    rows = {name: column[:3000] for name, column in class_rows(1, 4000).items()}
    rows = {name: column[rows["y"] != "other"] for name, column in rows.items()}
    weights = rows["w"] if is_weighted else None
    result = result_of(class_counter(weight="w" if is_weighted else ""), rows)
    y, p = rows["y"], rows["p"]
    shares = np.column_stack([rows[f"p_{name}"] for name in NAMES])
    close = {"rel": 1e-12}
    log_loss = metrics.log_loss(y, shares, sample_weight=weights, labels=NAMES)
    assert result.log_loss == pytest.approx(log_loss, **close)
    brier = metrics.brier_score_loss(
        y, shares, sample_weight=weights, labels=NAMES, scale_by_half=False
    )
    assert result.brier == pytest.approx(brier, **close)
    matrix = metrics.confusion_matrix(y, p, sample_weight=weights)
    np.testing.assert_allclose(np.array(result.matrix)[:-1, :-1], matrix, rtol=1e-12)
    assert result.macro_f1 == pytest.approx(
        metrics.f1_score(y, p, average="macro", sample_weight=weights), **close
    )


def test_weighted_binary_figures_are_scikit_learns() -> None:
    rng = np.random.default_rng(2)
    p, w = rng.random(5000), rng.random(5000) * 10
    y = (rng.random(5000) < p).astype(float)
    result = result_of(
        kedge.Performance("binary", prediction="p", target="y", weight="w"),
        {"p": p, "y": y, "w": w},
    )
    said, close = p >= 0.5, {"rel": 1e-12}
    for name in ("accuracy", "precision", "recall", "f1"):
        expected = getattr(metrics, f"{name}_score")(y, said, sample_weight=w)
        assert getattr(result, name) == pytest.approx(expected, **close)
    assert result.log_loss == pytest.approx(metrics.log_loss(y, p, sample_weight=w), **close)
    assert result.brier == pytest.approx(metrics.brier_score_loss(y, p, sample_weight=w), **close)
    assert result.rows == 5000
    assert math.isnan(result.auc.value)


def test_weighted_regression_figures_are_scikit_learns() -> None:
    rng = np.random.default_rng(3)
    y, w = rng.normal(1e6, 3, 5000), rng.random(5000) * 10
    p = y + rng.normal(0.1, 1, y.size)
    result = result_of(
        kedge.Performance("regression", prediction="p", target="y", quantiles=[0.2], weight="w"),
        {"p": p, "y": y, "w": w},
    )
    given_weights, close = {"sample_weight": w}, {"rel": 1e-12}
    assert result.mae == pytest.approx(metrics.mean_absolute_error(y, p, **given_weights), **close)
    assert result.rmse == pytest.approx(
        metrics.root_mean_squared_error(y, p, **given_weights), **close
    )
    assert result.mape == pytest.approx(
        metrics.mean_absolute_percentage_error(y, p, **given_weights), **close
    )
    assert result.r2 == pytest.approx(metrics.r2_score(y, p, **given_weights), **close)
    assert result.pinball[0.2] == pytest.approx(
        metrics.mean_pinball_loss(y, p, alpha=0.2, **given_weights), **close
    )


def counters() -> dict[str, kedge.Performance]:
    return {
        "classes": class_counter(weight="w", by="p", values=["a"]),
        "binary": kedge.Performance("binary", prediction="p_a", target="hit", weight="w"),
        "regression": kedge.Performance(
            "regression", prediction="p_a", target="p_b", quantiles=[0.3], weight="w"
        ),
    }


@given(st.sampled_from(list(counters())), st.integers(0, 2**32), st.integers(1, 60))
def test_any_split_order_and_merge_gives_the_same_bytes(kind: str, seed: int, size: int) -> None:
    rows = class_rows(seed, size)
    rows["hit"] = (rows["y"] == rows["p"]).astype(float)
    rows["p_a"] = np.where(rows["w"] == 0.1, np.nan, rows["p_a"])
    whole = counters()[kind]
    whole.update(rows)
    rng = np.random.default_rng(seed)
    parts = [whole.like(), whole.like()]
    for at in np.array_split(rng.permutation(size), 3):
        parts[rng.integers(2)].update({name: column[at] for name, column in rows.items()})
    merged = whole.like()
    for part in parts[::-1]:
        merged.merge(part)
    assert merged.to_bytes() == whole.to_bytes()
    assert pickle.loads(pickle.dumps(whole)) == whole
    merged.subtract(parts[0])
    assert merged.to_bytes() == parts[1].to_bytes()


@pytest.mark.parametrize("kind", list(counters()))
def test_rows_of_weight_one_are_rows_without(kind: str) -> None:
    rows = class_rows(4, 300) | {"w": np.ones(300)}
    rows["hit"] = (rows["y"] == rows["p"]).astype(float)
    weighted = counters()[kind]
    found = result_of(weighted, rows)
    options = weighted.definition | {"weight": ""}
    columns = dict(zip(options["classes"], options.pop("probabilities"), strict=False))
    plain_options = {
        name: options[name]
        for name in ("kind", "prediction", "target", "classes", "quantiles", "by", "values")
    }
    expected = result_of(kedge.Performance(**plain_options, probabilities=columns), rows)
    for name, value in vars(expected).items():
        if name not in ("auc", "pr_auc"):
            assert getattr(found, name) == value, name


def test_a_prediction_without_all_probabilities_is_missing() -> None:
    rows = class_rows(5, 10)
    rows["p_b"][3] = np.nan
    result = result_of(class_counter(), rows)
    assert (result.rows, result.missing.prediction) == (9, 1)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"p_a": np.full(5, 0.9)}, '"p_a" and 2 more: the probabilities in row 0 add up to'),
        ({"p_a": np.full(5, -0.1)}, '"p_a": -0.1 in row 0 is not from 0 to 1'),
        ({"w": np.full(5, 2e7)}, '"w": 2e\\+07 in row 0 is not from 0 to 1e7'),
        ({"w": np.array([1, 1, np.nan, 1, 1])}, '"w": row 2 has no weight'),
    ],
)
def test_a_wrong_row_counts_none(change: dict[str, Any], message: str) -> None:
    performance = class_counter(weight="w")
    before = performance.to_bytes()
    shares = {"p_a": np.full(5, 0.2), "p_b": np.full(5, 0.5), "p_c": np.full(5, 0.3)}
    with pytest.raises(kedge.InvalidArgument, match=message):
        performance.update(class_rows(6, 5) | shares | change)
    assert performance.to_bytes() == before


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"probabilities": {"a": "x"}}, "a have columns, the classes are a, b"),
        ({"probabilities": {"a": "x", "b": "x"}}, 'probabilities: "x" is listed twice'),
        ({"kind": "binary", "classes": (), "probabilities": {"a": "x"}}, "a have columns"),
    ],
)
def test_a_wrong_definition_is_refused(arguments: dict[str, Any], message: str) -> None:
    options = {"kind": "classes", "prediction": "p", "target": "y", "classes": ["a", "b"]}
    with pytest.raises(kedge.InvalidArgument, match=message):
        kedge.Performance(**{**options, **arguments})


def test_evidence_has_no_weights() -> None:
    with pytest.raises(kedge.InvalidArgument, match='weight = "w": evidence is of rows'):
        kedge._core.QualityCounts("calibration", "p", "y", bins=5, weight="w")
