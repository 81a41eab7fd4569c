"""Model.explain(method="gradients"): slopes add up along each way, whatever the steps."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from onnx import helper, numpy_helper
from sklearn import ensemble, linear_model, neural_network, preprocessing
from sklearn.pipeline import make_pipeline

import kedge
from tests.model.nets import mlp, model

Values = npt.NDArray[np.float64]
FEATURES = 6


def draw(rows: int, seed: int) -> Values:
    return np.random.default_rng(seed).normal(size=(rows, FEATURES))


def single_changes(sample: Values) -> Values:
    """Rows that differ from the first of the sample in one feature each."""
    rows = np.repeat(sample[:1], FEATURES, axis=0)
    rows[np.arange(FEATURES), np.arange(FEATURES)] += 0.75
    return rows


def adds_up(net: kedge.Model, most_off: float, points: int = 60) -> None:
    """Over whole ways, and over ways of one feature, which is its slope's doing alone."""
    sample = draw(3, 1)
    for rows, against in ((draw(4, 2), sample), (single_changes(sample), sample[:1])):
        found = net.explain(rows, background=against, method="gradients", rounds=points)
        raw = net.predict(rows, raw=True).reshape(len(rows), -1)
        values = found.values.reshape(*raw.shape, FEATURES)
        short = np.abs(raw - found.base - values.sum(axis=2))
        assert short.max() <= most_off * np.abs(raw).max()
        assert found.errors is not None
        errors = found.errors.reshape(values.shape)
        np.testing.assert_allclose(errors, np.repeat(short[..., None], FEATURES, 2), atol=1e-6)
        if against is not sample:
            elsewhere = ~np.eye(FEATURES, dtype=bool)
            assert (values.transpose(1, 0, 2)[:, elsewhere] == 0).all()


@pytest.mark.parametrize("kind", ["Tanh", "Sigmoid", "Gelu", "Softplus", "Identity", "Neg"])
def test_smooth_activations(kind: str) -> None:
    adds_up(kedge.compile(mlp([FEATURES, 9, 20, 3], kind)), 2e-6)


@pytest.mark.parametrize("kind", ["Relu", "LeakyRelu", "Elu", "Abs"])
def test_activations_with_a_corner(kind: str) -> None:
    adds_up(kedge.compile(mlp([FEATURES, 9, 20, 3], kind)), 1e-2, 500)


def joined(end: list[Any], constants: dict[str, Any], outputs: int) -> kedge.Model:
    """Two layers of tanh, a and b of five numbers each, and what `end` makes y of them."""
    rng = np.random.default_rng(4)
    nodes = []
    tensors = {**constants}
    for name in "ab":
        tensors[f"w{name}"] = rng.normal(size=(FEATURES, 5)) / 2
        nodes.append(helper.make_node("MatMul", ["x", f"w{name}"], [f"h{name}"]))
        nodes.append(helper.make_node("Tanh", [f"h{name}"], [name]))
    held = []
    for name, values in tensors.items():
        kind = np.float32 if np.asarray(values).dtype.kind == "f" else np.int64
        held.append(numpy_helper.from_array(np.asarray(values, kind), name))
    return kedge.compile(model([*nodes, *end], held, FEATURES, outputs, "y"))


@pytest.mark.parametrize("kind", ["Add", "Sub", "Mul"])
def test_slots_are_combined(kind: str) -> None:
    adds_up(joined([helper.make_node(kind, ["a", "b"], ["y"])], {}, 5), 2e-6)


def test_a_quotient() -> None:
    steps = [
        helper.make_node("Add", ["b", "three"], ["c"]),
        helper.make_node("Div", ["a", "c"], ["y"]),
    ]
    adds_up(joined(steps, {"three": [3.0]}, 5), 2e-6)


def test_softmax_before_the_end() -> None:
    steps = [
        helper.make_node("Softmax", ["a"], ["s"], axis=1),
        helper.make_node("Mul", ["s", "b"], ["y"]),
    ]
    adds_up(joined(steps, {}, 5), 2e-6)


def test_a_scaled_linear_model_is_explained_exactly() -> None:
    x = draw(80, 6)
    trained = make_pipeline(preprocessing.StandardScaler(), linear_model.Ridge()).fit(x, x[:, 0])
    found = kedge.compile(trained).explain(x[:5], background=x[5:], method="gradients", rounds=2)
    weights = trained[-1].coef_ / trained[0].scale_
    np.testing.assert_allclose(found.values, weights * (x[:5] - x[5:].mean(axis=0)), atol=1e-12)


def test_values_are_the_slopes_mean_on_the_way() -> None:
    x = draw(60, 7)
    trained = neural_network.MLPRegressor(hidden_layer_sizes=(5,), activation="tanh", tol=99).fit(
        x, x[:, 0]
    )
    net = kedge.compile(trained)
    found = net.explain(x[:3], background=x[9:11], method="gradients", rounds=40)
    step, places = 1e-5, (np.arange(400) + 0.5) / 400
    for i, row in enumerate(x[:3]):
        wanted = np.zeros(FEATURES)
        for other in x[9:11]:
            way = other + places[:, None] * (row - other)
            for j in range(FEATURES):
                ahead = step * (np.arange(FEATURES) == j)
                slopes = (net.predict(way + ahead) - net.predict(way - ahead)) / (2 * step)
                wanted[j] += slopes.mean() * (row - other)[j] / 2
        np.testing.assert_allclose(found.values[i], wanted, atol=2e-6)


def test_wrong_words_are_refused() -> None:
    x = draw(30, 8)
    net = kedge.compile(mlp([FEATURES, 4, 1]))
    trees = kedge.compile(ensemble.RandomForestRegressor(2).fit(x, x[:, 0]))
    bins = make_pipeline(preprocessing.KBinsDiscretizer(3), linear_model.Ridge()).fit(x, x[:, 0])
    with pytest.raises(kedge.InvalidArgument, match='method = "slopes", expected "orders" or'):
        net.explain(x, background=x, method="slopes")
    with pytest.raises(kedge.InvalidArgument, match="deadline_ms is of"):
        net.explain(x, background=x, method="gradients", deadline_ms=5)
    with pytest.raises(kedge.InvalidArgument, match="rounds = 1001; gradients take 1000"):
        net.explain(x, background=x, method="gradients", rounds=1001)
    with pytest.raises(kedge.Unsupported, match="trees have no gradients"):
        trees.explain(x, background=x, method="gradients")
    with pytest.raises(kedge.Unsupported, match=r"step \d+, \w+, has no gradient"):
        kedge.compile(bins).explain(x, background=x, method="gradients")
