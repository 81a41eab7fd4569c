"""An imported scikit-learn model gives scikit-learn's raw scores, bit for bit."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from sklearn import ensemble, tree
from sklearn.linear_model import LinearRegression, LogisticRegression
from threadpoolctl import threadpool_limits

import kedge
from kedge.model.sklearn import forest_of, raw_scores
from tests.model.rows import hard_rows, same_bits

# scikit-learn adds up all values, infinities too, to see whether one of them is not finite.
pytestmark = pytest.mark.filterwarnings("ignore:invalid value encountered in reduce:RuntimeWarning")

FEATURES = 7
CATEGORY = [2, 5]


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    with threadpool_limits(1):
        yield


def draw(seed: int, rows: int = 600, missing: bool = True) -> np.ndarray:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(rows, FEATURES))
    x[:, 1] = np.round(x[:, 1] * 4) / 4
    x[:, 2] = rng.choice([0, 3, 4, 9, 17, 1000], rows)
    x[:, 5] = rng.integers(0, 40, rows)
    if missing:
        x[:, 2:5] = np.where(rng.random((rows, 3)) < 0.1, np.nan, x[:, 2:5])
    return x


def target(x: np.ndarray) -> np.ndarray:
    x = np.nan_to_num(x)
    return x[:, 0] + x[:, 1] * x[:, 3] + x[:, 2] % 4 + np.sin(x[:, 5]) + x[:, 4]


def labels(x: np.ndarray, classes: int) -> np.ndarray:
    y = target(x)
    return np.digitize(y, np.quantile(y, np.linspace(0, 1, classes + 1)[1:-1]))


def rows_for(model: Any, missing: bool, infinite: bool = False) -> np.ndarray:
    """Rows that the estimator takes: as it was given, and hard ones."""
    estimators = np.ravel(getattr(model, "estimators_", [model]))
    if hasattr(model, "_predictors"):
        nodes = [p.nodes for stage in model._predictors for p in stage]
        cuts = np.concatenate([node["num_threshold"][node["is_leaf"] == 0] for node in nodes])
    else:
        trees = [e.tree_ for e in estimators]
        cuts = np.concatenate([t.threshold[t.children_left >= 0] for t in trees])
    hard = hard_rows(draw(22, missing=missing), np.append(cuts[np.isfinite(cuts)], 0.5))
    if not missing:
        hard = np.nan_to_num(hard, nan=0.25, posinf=np.inf, neginf=-np.inf)
    if not infinite:
        hard = np.clip(hard, -1e38, 1e38)
    return np.vstack([draw(21, missing=missing), hard])


def finite_categories(rows: np.ndarray) -> None:
    # The encoder in these models refuses infinities.
    rows[:, CATEGORY] = np.clip(rows[:, CATEGORY], -1e19, 1e19)


def check_equal(model: Any, rows: np.ndarray, theirs: np.ndarray) -> None:
    ours = forest_of(model).plain_scores(np.ascontiguousarray(rows))
    assert same_bits(ours, raw_scores(model, rows))
    assert same_bits(ours, np.ascontiguousarray(theirs.reshape(len(rows), -1)))


@pytest.mark.parametrize("loss", ["squared_error", "absolute_error", "poisson", "gamma"])
@pytest.mark.parametrize("categorical", [None, CATEGORY])
def test_histogram_regressors(loss: str, categorical: list[int] | None) -> None:
    x = draw(1)
    y = np.exp(target(x) / 9) if loss in {"poisson", "gamma"} else target(x)
    model = ensemble.HistGradientBoostingRegressor(
        loss=loss, max_iter=12, categorical_features=categorical
    ).fit(x, y)
    rows = rows_for(model, missing=True, infinite=True)
    if categorical:
        finite_categories(rows)
    check_equal(model, rows, model._raw_predict(rows))


@pytest.mark.parametrize("classes", [2, 4])
def test_histogram_classifiers(classes: int) -> None:
    x = draw(2)
    monotonic = [1, 0, 0, -1, 0, 0, 0] if classes == 2 else None
    model = ensemble.HistGradientBoostingClassifier(
        max_iter=10, categorical_features=CATEGORY, monotonic_cst=monotonic
    ).fit(x, labels(x, classes))
    rows = rows_for(model, missing=True, infinite=True)
    finite_categories(rows)
    check_equal(model, rows, model.decision_function(rows))


def test_categories_of_histogram_models_that_are_no_whole_numbers_go_by_position() -> None:
    x = draw(12).astype(object)
    names = np.array(["red", "green", "blue", "grey", "-1", ""], object)
    x[:, 2] = names[np.random.default_rng(1).integers(0, 6, len(x))]
    x[:, 5] = x[:, 5] / 2 - 1
    y = target(draw(12)) + (x[:, 2] == "green") * 3 + np.sin(x[:, 5].astype(float) * 2)
    model = ensemble.HistGradientBoostingRegressor(max_iter=12, categorical_features=CATEGORY).fit(
        x, y.astype(float)
    )
    forest = forest_of(model)
    assert forest.features[2].categories == sorted(names)
    halves = [float(name) for name in forest.features[5].categories]
    assert halves == sorted(halves)
    rows = x.copy()
    rows[:, 2] = [sorted(names).index(name) for name in x[:, 2]]
    rows[:, 5] = [halves.index(value) for value in x[:, 5]]
    ours = forest.plain_scores(rows.astype(float))
    assert same_bits(ours, raw_scores(model, x))


@pytest.mark.parametrize("init", [None, "zero"])
@pytest.mark.parametrize("loss", ["squared_error", "huber", "quantile", "absolute_error"])
def test_gradient_boosting_regressors(loss: str, init: str | None) -> None:
    x = draw(3, missing=False)
    model = ensemble.GradientBoostingRegressor(loss=loss, n_estimators=15, init=init)
    model.fit(x, target(x))
    rows = rows_for(model, missing=False)
    check_equal(model, rows, model.predict(rows))


@pytest.mark.parametrize(
    ("loss", "classes"), [("log_loss", 2), ("log_loss", 3), ("exponential", 2)]
)
def test_gradient_boosting_classifiers(loss: str, classes: int) -> None:
    x = draw(4, missing=False)
    model = ensemble.GradientBoostingClassifier(loss=loss, n_estimators=15, subsample=0.7)
    model.fit(x, labels(x, classes))
    rows = rows_for(model, missing=False)
    check_equal(model, rows, model.decision_function(rows))


FORESTS = [ensemble.RandomForestRegressor, ensemble.ExtraTreesRegressor]
FOREST_CLASSIFIERS = [ensemble.RandomForestClassifier, ensemble.ExtraTreesClassifier]
TREES = [tree.DecisionTreeRegressor, tree.ExtraTreeRegressor]
TREE_CLASSIFIERS = [tree.DecisionTreeClassifier, tree.ExtraTreeClassifier]


@pytest.mark.parametrize("missing", [False, True])
@pytest.mark.parametrize("targets", [1, 3])
@pytest.mark.parametrize("kind", FORESTS + TREES)
def test_forest_regressors(kind: Any, targets: int, missing: bool) -> None:
    x = draw(5, missing=missing)
    y = np.stack([target(x), x[:, 0] ** 2, x[:, 6]], axis=1)[:, :targets]
    more = {"n_estimators": 9} if kind in FORESTS else {"max_leaf_nodes": 50}
    model = kind(random_state=1, **more).fit(x, y if targets > 1 else y[:, 0])
    rows = rows_for(model, missing=missing)
    check_equal(model, rows, model.predict(rows))


@pytest.mark.parametrize("classes", [2, 4])
@pytest.mark.parametrize("kind", FOREST_CLASSIFIERS + TREE_CLASSIFIERS)
def test_forest_classifiers(kind: Any, classes: int) -> None:
    x = draw(6)
    more = {"n_estimators": 9} if kind in FOREST_CLASSIFIERS else {}
    model = kind(random_state=1, max_depth=6, **more).fit(x, labels(x, classes))
    rows = rows_for(model, missing=True)
    theirs = model.predict_proba(rows)
    check_equal(model, rows, theirs[:, 1:] if classes == 2 else theirs)


@pytest.mark.parametrize("max_features", [1.0, 0.6])
def test_isolation_forests(max_features: float) -> None:
    x = draw(7)
    model = ensemble.IsolationForest(n_estimators=20, max_features=max_features, random_state=0)
    model.fit(x)
    rows = rows_for(model, missing=True)
    ours = forest_of(model).plain_scores(rows)[:, 0]
    assert same_bits(-(2**-ours), model.score_samples(rows))
    assert same_bits(ours, raw_scores(model, rows)[:, 0])


def test_other_estimators_are_refused_by_name() -> None:
    x = draw(8, missing=False)
    y = labels(x, 2)
    with pytest.raises(kedge.Unsupported, match="LogisticRegression"):
        forest_of(LogisticRegression())
    with pytest.raises(kedge.InvalidArgument, match="RandomForestClassifier is not fitted"):
        forest_of(ensemble.RandomForestClassifier())
    model = ensemble.GradientBoostingRegressor(init=LinearRegression(), n_estimators=2).fit(x, y)
    with pytest.raises(kedge.Unsupported, match="starts with LinearRegression"):
        forest_of(model)
    both = np.stack([y, 1 - y], axis=1)
    with pytest.raises(kedge.Unsupported, match="DecisionTreeClassifier of 2 targets"):
        forest_of(tree.DecisionTreeClassifier().fit(x, both))
