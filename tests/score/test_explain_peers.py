"""Explanations are those of CatBoost and of the shap package, where that is installed."""

from __future__ import annotations

from typing import Any

import catboost
import numpy as np
import pytest
from sklearn import ensemble, tree
from threadpoolctl import threadpool_limits

import kedge
from tests.score.test_explain import adds_up, close

SKLEARN = {
    "RandomForestRegressor": ensemble.RandomForestRegressor(12, random_state=1, n_jobs=1),
    "RandomForestClassifier": ensemble.RandomForestClassifier(12, random_state=1, n_jobs=1),
    "ExtraTreesRegressor": ensemble.ExtraTreesRegressor(12, random_state=1, max_depth=7),
    "GradientBoostingRegressor": ensemble.GradientBoostingRegressor(random_state=1),
    "HistGradientBoostingRegressor": ensemble.HistGradientBoostingRegressor(max_iter=12),
    "DecisionTreeRegressor": tree.DecisionTreeRegressor(random_state=1),
}


def draw(rows: int, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(rows, 6)).astype(np.float32).astype(np.float64)
    x[:, 1] = np.round(x[:, 1])
    return x


def target(x: np.ndarray) -> np.ndarray:
    y: np.ndarray = np.nan_to_num(x[:, 0] * x[:, 1] + np.sin(3 * x[:, 2]))
    return y


@pytest.mark.parametrize("classes", [1, 2, 3])
@pytest.mark.parametrize("policy", ["SymmetricTree", "Depthwise", "Lossguide"])
def test_contributions_are_catboosts(policy: str, classes: int) -> None:
    x = draw(700, 2)
    x[::9, 3] = np.nan
    y = target(x)
    labels = np.digitize(y, [0, 1][: classes - 1]) if classes > 1 else y
    kind = catboost.CatBoostClassifier if classes > 1 else catboost.CatBoostRegressor
    grown = kind(
        iterations=15,
        depth=5,
        grow_policy=policy,
        thread_count=1,
        verbose=False,
        random_seed=1,
        allow_writing_files=False,
    ).fit(x, labels)
    model = kedge.compile(grown)
    rows = x[:50]
    found = model.explain(rows)
    adds_up(model, found, rows)
    if policy != "SymmetricTree":  # a leaf beside a node: CatBoost's own do not add up to its score
        return
    theirs = grown.get_feature_importance(catboost.Pool(rows), type="ShapValues", thread_count=1)
    wanted = theirs.reshape(len(rows), model.outputs, -1)
    close(found.values.reshape(wanted[..., :-1].shape), wanted[..., :-1])
    close(found.base, wanted[0, :, -1])


def explained_by_shap(model: Any, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The values of the last class, and their base."""
    shap = pytest.importorskip("shap")
    explainer = shap.TreeExplainer(model, feature_perturbation="tree_path_dependent")
    values = explainer.shap_values(rows, check_additivity=False)
    return values[..., -1] if values.ndim == 3 else values, np.ravel(explainer.expected_value)[-1:]


@pytest.mark.parametrize("name", sorted(SKLEARN))
def test_contributions_to_scikit_learns_models_are_shaps(name: str) -> None:
    x = draw(500, 4)
    y = target(x)
    with threadpool_limits(1):
        trained = SKLEARN[name].fit(x, y > 0 if "Classifier" in name else y)
    model = kedge.compile(trained)
    wanted, base = explained_by_shap(trained, x[:60])
    found = model.explain(x[:60])
    close(found.values, wanted)
    close(found.base, base)
    adds_up(model, found, x[:60])
