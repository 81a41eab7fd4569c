"""Model.explain of models that are graphs of steps: estimates around Shapley's values."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import compose, ensemble, linear_model, neural_network, pipeline, preprocessing

import kedge
from tests.reference.shapley import shapley_of

Values = npt.NDArray[np.float64]
FEATURES = 4


def draw(rows: int, seed: int, features: int = FEATURES) -> Values:
    return np.random.default_rng(seed).normal(size=(rows, features))


def target(x: Values) -> Values:
    found: Values = x[:, 0] * x[:, 1] * x[:, 2] + np.abs(x[:, 3]) + x[:, 0]
    return found


def rough(net: Any) -> Any:
    """With weights that make features meet as training for an hour would."""
    rng = np.random.default_rng(3)
    net.coefs_ = [rng.normal(size=weights.shape) for weights in net.coefs_]
    return net


@pytest.fixture(scope="module")
def net() -> kedge.Model:
    x = draw(60, 1)
    return kedge.compile(
        rough(neural_network.MLPRegressor(hidden_layer_sizes=(12, 8), tol=99).fit(x, target(x)))
    )


def exact(model: kedge.Model, rows: Values, sample: Values, output: int = 0) -> Values:
    """By the definition, over all sets of features."""

    def score(values: list[list[float]]) -> list[float]:
        raw = model.predict(np.array(values), raw=True).reshape(len(values), -1)
        return [float(it) for it in raw[:, output]]

    return np.array([shapley_of(score, list(row), sample.tolist()) for row in rows])


def adds_up(model: kedge.Model, found: kedge.Explanation, rows: Any) -> None:
    raw = model.predict(rows, raw=True).reshape(len(found), -1)
    values = found.values.reshape(len(found), raw.shape[1], -1)
    np.testing.assert_allclose(found.base + values.sum(axis=2), raw, rtol=1e-9, atol=1e-9)


@given(
    st.lists(st.floats(-3, 3), min_size=FEATURES + 1, max_size=FEATURES + 1),
    st.lists(st.lists(st.floats(-9, 9), min_size=FEATURES, max_size=FEATURES), max_size=3),
    st.lists(st.lists(st.floats(-9, 9), min_size=FEATURES, max_size=FEATURES), min_size=1),
)
@settings(max_examples=30, deadline=None)
def test_a_linear_model_is_explained_exactly(
    weights: list[float], rows: list[list[float]], sample: list[list[float]]
) -> None:
    trained = linear_model.LinearRegression().fit(draw(9, 2), draw(9, 3)[:, 0])
    trained.coef_, trained.intercept_ = np.array(weights[1:]), weights[0]
    x = np.array(rows).reshape(-1, FEATURES)
    found = kedge.compile(trained).explain(x, background=sample)
    wanted = trained.coef_ * (x - np.mean(sample, axis=0))
    np.testing.assert_allclose(found.values, wanted, atol=1e-11)
    assert found.errors is not None
    np.testing.assert_allclose(found.errors, 0, atol=1e-9)


def test_pairs_of_features_are_explained_exactly() -> None:
    x = draw(300, 4)
    squares = preprocessing.StandardScaler()
    trained = pipeline.make_pipeline(squares, linear_model.LinearRegression()).fit(x, target(x))
    model = kedge.compile(trained)
    found = model.explain(x[:5], background=x[5:20])
    np.testing.assert_allclose(found.values, exact(model, x[:5], x[5:20]), atol=1e-12)


def test_a_nets_values_lie_as_far_off_as_their_errors_say(net: kedge.Model) -> None:
    rows, sample = draw(30, 5), draw(12, 6)
    wanted = exact(net, rows, sample)
    found = net.explain(rows, background=sample, rounds=40)
    assert found.errors is not None
    adds_up(net, found, rows)
    off = np.abs(found.values - wanted)
    assert found.errors.max() > 1e-4
    assert (off <= 5 * found.errors + 1e-6).all()
    # Of normal errors, and they are means of forty rounds, two thirds lie within one.
    assert 0.55 < np.mean(off <= found.errors) < 0.8
    more = net.explain(rows, background=sample, rounds=640)
    assert more.errors is not None
    assert 3 < found.errors.mean() / more.errors.mean() < 5
    np.testing.assert_allclose(found.base, net.predict(sample, raw=True).mean(axis=0), rtol=1e-12)


def test_a_pipelines_values_are_its_columns() -> None:
    rng = np.random.default_rng(7)
    table = pa.table(
        {
            "city": rng.choice(["Oslo", "Rome", "Lima"], 200),
            "age": rng.normal(40, 9, 200),
            "income": rng.normal(3, 1, 200),
        }
    )
    frame = table.to_pandas()
    wants = (frame["age"] > 40) ^ (frame["city"] == "Rome")
    steps = compose.ColumnTransformer(
        [
            ("names", preprocessing.OneHotEncoder(handle_unknown="ignore"), ["city"]),
            ("numbers", preprocessing.StandardScaler(), ["age", "income"]),
        ]
    )
    trained = pipeline.make_pipeline(steps, linear_model.LogisticRegression()).fit(frame, wants)
    model = kedge.compile(trained)
    found = model.explain(table.slice(0, 20), background=table.slice(20, 50))
    assert list(found.feature_names) == [feature.name for feature in model.features]
    adds_up(model, found, model.matrix(table.slice(0, 20)))
    score = trained.decision_function
    mixed = frame[20:70].copy()
    mixed["city"] = frame["city"][3]
    change = score(mixed).mean() - score(frame[20:70]).mean()
    place = list(found.feature_names).index("city")
    assert found.values[3, place] == pytest.approx(change, abs=1e-9)


def test_every_output_is_explained() -> None:
    x = draw(300, 8)
    classes = np.digitize(target(x), [-1, 1])
    model = kedge.compile(rough(neural_network.MLPClassifier((6,), tol=99).fit(x, classes)))
    found = model.explain(x[:4], background=x[9:17], rounds=400)
    assert found.values.shape == (4, 3, FEATURES)
    adds_up(model, found, x[:4])
    assert found.errors is not None
    for k in range(3):
        off = np.abs(found.values[:, k] - exact(model, x[:4], x[9:17], k))
        assert (off <= 5 * found.errors[:, k] + 1e-6).all()


def test_a_rows_numbers_depend_on_nothing_but_the_row(net: kedge.Model) -> None:
    rows = draw(200, 9)
    background = net.background(draw(7, 10))
    whole = net.explain(rows, background=background, rounds=5)
    threads = net.explain(rows, background=background, rounds=5, threads=3)
    one = net.explain(rows[77:78], background=background, rounds=5)
    np.testing.assert_array_equal(whole.values, threads.values)
    np.testing.assert_array_equal(whole.values[77:78], one.values)
    assert whole.errors is not None
    assert one.errors is not None
    np.testing.assert_array_equal(whole.errors[77:78], one.errors)


def test_a_deadline_that_is_over_leaves_two_rounds(net: kedge.Model) -> None:
    rows, sample = draw(3, 11), draw(20, 12)
    hurried = net.explain(rows, background=sample, rounds=5000, deadline_ms=0.001)
    two = net.explain(rows, background=sample, rounds=2)
    np.testing.assert_array_equal(hurried.values, two.values)


def test_a_feature_that_is_the_same_adds_nothing(net: kedge.Model) -> None:
    rows = draw(5, 13)
    sample = draw(6, 14)
    sample[:, 2] = rows[:, 2] = 0.5
    assert (net.explain(rows, background=sample).values[:, 2] == 0).all()


def test_rows_that_the_model_keeps_are_a_background(tmp_path: Path) -> None:
    x = draw(300, 15)
    trained = linear_model.LinearRegression().fit(x, target(x))
    model = kedge.compile(trained, reference=x, background=50)
    found = model.explain(x[:3], background="reference")
    assert model.background_rows is not None
    wanted = trained.coef_ * (x[:3] - model.background_rows.mean(axis=0))
    np.testing.assert_allclose(found.values, wanted, atol=1e-12)


def test_wrong_words_are_refused(net: kedge.Model) -> None:
    rows = draw(2, 16)
    with pytest.raises(kedge.Unsupported, match="against a background only"):
        net.explain(rows)
    with pytest.raises(kedge.Unsupported, match="trees alone ask conditions"):
        net.reasons(rows, background=rows)
    with pytest.raises(kedge.InvalidArgument, match=r"keeps no rows of its reference"):
        net.explain(rows, background="reference")
    with pytest.raises(kedge.InvalidArgument, match=r"background of 0 rows; 1 to 10000"):
        net.explain(rows, background=rows[:0])
    with pytest.raises(kedge.InvalidArgument, match=r"rounds = 1; 2 to 100000"):
        net.explain(rows, background=rows, rounds=1)
    with pytest.raises(kedge.InvalidArgument, match=r"deadline_ms = 0; above 0"):
        net.explain(rows, background=rows, deadline_ms=0)
    with pytest.raises(kedge.InvalidArgument, match="interactions are not known"):
        net.explain(rows, background=rows, interactions=True)
    other = kedge.compile(linear_model.LinearRegression().fit(rows, [0, 1]))
    with pytest.raises(kedge.InvalidArgument, match="made by another model"):
        other.explain(rows, background=net.background(rows))


def test_trees_are_exact_and_say_so() -> None:
    x = draw(80, 17)
    model = kedge.compile(ensemble.RandomForestRegressor(4, random_state=0).fit(x, target(x)))
    assert model.explain(x[:2], background=x).errors is None
    with pytest.raises(kedge.InvalidArgument, match="made by another model"):
        model.explain(
            x,
            background=kedge.compile(linear_model.LinearRegression().fit(x, x[:, 0])).background(x),
        )
