"""Model.explain against a background: as the definition and the shap package have it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import ensemble
from threadpoolctl import threadpool_limits

import kedge
from tests.model import test_lightgbm as lgb
from tests.model.rows import hard_rows
from tests.reference.shapley import Tree, expectation, shapley_against
from tests.score.test_bits import XGBOOST, xgboost_booster, xgboost_hard
from tests.score.test_explain import FEATURES, LINEAR, VALUES, adds_up, close, compiled, trees
from tests.score.test_explain_peers import SKLEARN, draw, target

SHAPS_FLOATS = 1e-6  # shap's C code for this keeps values of leaves as floats
ROWS = st.lists(st.lists(VALUES, min_size=FEATURES, max_size=FEATURES), max_size=5)
SAMPLES = st.lists(st.lists(VALUES, min_size=FEATURES, max_size=FEATURES), min_size=1, max_size=5)


@settings(max_examples=150)
@given(st.lists(trees(), min_size=1, max_size=4), ROWS, SAMPLES, st.integers(1, 2))
def test_contributions_are_shapleys_over_all_mixed_rows(
    forest: list[Tree], rows: list[list[float]], sample: list[list[float]], outputs: int
) -> None:
    model = compiled(forest, outputs)
    x = np.array(rows).reshape(-1, FEATURES)
    found = model.explain(x, background=sample)
    values = found.values.reshape(len(x), outputs, FEATURES)
    everything = frozenset(range(FEATURES))
    for k in range(outputs):
        own = forest[k::outputs]
        scores = [sum(expectation(tree, row, everything) for tree in own) for row in sample]
        assert found.base[k] == pytest.approx((0.25 + np.mean(scores)) / 2, abs=1e-12)
        for i, row in enumerate(x):
            wanted = sum(np.array(shapley_against(tree, row, sample, FEATURES)) for tree in own)
            np.testing.assert_allclose(values[i, k], wanted / 2, atol=1e-12)
    adds_up(model, found, x)


@pytest.mark.parametrize("kind", [*sorted(lgb.KINDS.keys() - LINEAR), "rf", "rf_multiclass"])
def test_lightgbms_contributions_add_up(kind: str) -> None:
    params = (
        lgb.KINDS.get(kind)
        or lgb.KINDS["multiclass" if kind == "rf_multiclass" else "regression"] | lgb.FOREST
    )
    booster = lgb.train(params, rounds=20)
    model = kedge.compile(booster)
    rows = np.vstack(
        [lgb.draw(9, 60), hard_rows(lgb.draw(11, 60), lgb.thresholds(booster.model_to_string()))]
    )
    found = model.explain(rows, background=lgb.draw(13, 70))
    adds_up(model, found, rows)
    close(found.base, model.predict(lgb.draw(13, 70), raw=True).reshape(70, -1).mean(axis=0))


@pytest.mark.parametrize("kind", sorted(XGBOOST))
def test_xgboosts_contributions_add_up(kind: str) -> None:
    booster = xgboost_booster(kind)
    model = kedge.compile(booster)
    rows = xgboost_hard(booster, 80, 3)
    adds_up(model, model.explain(rows, background=rows[::3]), rows)


def of_scikit_learn(name: str) -> Any:
    x = draw(500, 4)
    y = target(x)
    with threadpool_limits(1):
        return SKLEARN[name].fit(x, y > 0 if "Classifier" in name else y)


@pytest.mark.parametrize("name", sorted(SKLEARN))
def test_contributions_to_scikit_learns_models_are_shaps(name: str) -> None:
    shap = pytest.importorskip("shap")
    trained = of_scikit_learn(name)
    rows, sample = draw(60, 5), draw(90, 6)
    explainer = shap.TreeExplainer(trained, data=sample, feature_perturbation="interventional")
    values = explainer.shap_values(rows, check_additivity=False)
    wanted = values[..., -1] if values.ndim == 3 else values
    found = kedge.compile(trained).explain(rows, background=sample)
    close(found.values, wanted, SHAPS_FLOATS)
    close(found.base, np.ravel(explainer.expected_value)[-1:])


@pytest.fixture(scope="module")
def forest() -> kedge.Model:
    with threadpool_limits(1):
        return kedge.compile(
            ensemble.RandomForestClassifier(12, random_state=1, n_jobs=1).fit(
                draw(500, 4), np.digitize(target(draw(500, 4)), [0, 1])
            )
        )


@pytest.mark.parametrize("count", [1, 2, 7, 8, 9, 63, 64, 65, 500, 513])
def test_a_rows_numbers_do_not_depend_on_the_rows_around_it(
    forest: kedge.Model, count: int
) -> None:
    background = forest.background(draw(100, 6))
    rows = draw(1100, 7)
    whole = forest.explain(rows, background=background).values
    first = forest.explain(rows[:count], background=background).values
    last = forest.explain(rows[-count:], background=background, threads=2).values
    assert first.tobytes() == whole[:count].tobytes()
    assert last.tobytes() == whole[-count:].tobytes()
    threads = forest.explain(rows, background=background, threads=3).values
    assert threads.tobytes() == whole.tobytes()


def test_samples_of_every_form_are_the_same(forest: kedge.Model) -> None:
    rows, sample = draw(20, 7), draw(130, 6)
    names = [feature.name for feature in forest.features]
    table = pa.table(dict(zip(names, sample.T, strict=True)))
    forms = [sample, sample.astype(np.float32), sample[::-1], sample.tolist(), table]
    forms += [np.vstack([sample, sample])]
    found = [forest.explain(rows, background=form).values for form in forms]
    assert len({values.tobytes() for values in found[:5]}) == 1
    close(found[5], found[0], 1e-15)
    prepared = forest.background(table)
    assert forest.explain(rows, background=prepared).values.tobytes() == found[0].tobytes()
    assert len(prepared) == 130
    assert repr(prepared) == "<Background of 130 rows>"


def test_a_model_without_covers_is_explained_against_a_background(tmp_path: Path) -> None:
    booster = lgb.train(lgb.KINDS["regression"], rounds=5)
    lines = booster.model_to_string().split("\n")
    path = tmp_path / "model.txt"
    path.write_text("\n".join(line for line in lines if not line.startswith("leaf_count=")))
    model = kedge.compile(path)
    rows = lgb.draw(9, 10)
    with pytest.raises(kedge.KedgeError, match="against a background it can be explained without"):
        model.explain(rows)
    adds_up(model, model.explain(rows, background=lgb.draw(13, 70)), rows)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda m: m.background(draw(0, 1)), "background of 0 rows; 1 to 10000"),
        (lambda m: m.background(draw(10_001, 1)), "background of 10001 rows; 1 to 10000"),
        (lambda m: m.background(draw(5, 1)[:, :3]), "6"),
        (lambda m: m.explain(draw(5, 1), background=draw(5, 1), interactions=True), "interactions"),
        (
            lambda m: m.explain(
                draw(5, 1),
                background=kedge.compile(of_scikit_learn("DecisionTreeRegressor")).background(
                    draw(5, 1)
                ),
            ),
            "another model",
        ),
    ],
)
def test_what_cannot_be_is_refused(
    forest: kedge.Model, call: Callable[[kedge.Model], object], message: str
) -> None:
    with pytest.raises(kedge.KedgeError, match=message):
        call(forest)


@pytest.mark.parametrize("kind", sorted(LINEAR & lgb.KINDS.keys()))
def test_linear_leaves_are_refused(kind: str) -> None:
    model = kedge.compile(lgb.train(lgb.KINDS[kind], rounds=5))
    with pytest.raises(kedge.KedgeError, match="linear leaves"):
        model.background(lgb.draw(13, 70))
