"""scikit-learn pipelines, linear models and nets against scikit-learn itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import PCA, TruncatedSVD
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    RandomForestClassifier,
    RandomForestRegressor,
    StackingClassifier,
    StackingRegressor,
    VotingClassifier,
    VotingRegressor,
)
from sklearn.feature_selection import SelectKBest, f_classif
from sklearn.impute import SimpleImputer
from sklearn.linear_model import (
    ElasticNet,
    Lasso,
    LinearRegression,
    LogisticRegression,
    Perceptron,
    PoissonRegressor,
    Ridge,
    RidgeClassifier,
    SGDClassifier,
    SGDRegressor,
)
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.preprocessing import (
    Binarizer,
    KBinsDiscretizer,
    MaxAbsScaler,
    MinMaxScaler,
    Normalizer,
    OneHotEncoder,
    OrdinalEncoder,
    PowerTransformer,
    RobustScaler,
    StandardScaler,
    TargetEncoder,
)
from sklearn.svm import LinearSVC

import kedge
from tests.model.isa_bits import expect_same_bits

ROWS = 300


def numbers(seed: int = 0, columns: int = 6) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(ROWS, columns)) * 3 + 1


def frame(seed: int = 0, missing: float = 0.1) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    table = pd.DataFrame(
        {
            "age": random.integers(18, 90, ROWS).astype(float),
            "income": random.lognormal(10, 1, ROWS),
            "town": random.choice(["Bath", "Cork", "Ghent", "Turku"], ROWS).astype(object),
            "plan": random.choice(["a", "b", "c"], ROWS, p=[0.6, 0.38, 0.02]).astype(object),
            "rooms": random.integers(0, 5, ROWS).astype(float),
        }
    )
    for name in ("age", "income", "town", "plan"):
        table.loc[random.random(ROWS) < missing, name] = np.nan
    return table


def answer(model: Any, x: Any) -> np.ndarray:
    if hasattr(model, "predict_proba"):
        scores = model.predict_proba(x)
        return scores[:, 1] if scores.shape[1] == 2 else scores
    scores = model.decision_function(x) if hasattr(model, "decision_function") else model.predict(x)
    return np.asarray(scores)


def assert_equal(model: Any, x: Any, rtol: float = 1e-9) -> kedge.Model:
    compiled = kedge.compile(model, reference=x)
    wanted = np.asarray(answer(model, x), np.float64).reshape(ROWS, -1)
    given = x if isinstance(x, np.ndarray) else compiled.matrix(x)
    ours = np.asarray(compiled.predict(given), np.float64).reshape(ROWS, -1)
    np.testing.assert_allclose(ours, wanted, rtol=rtol, atol=rtol * np.abs(wanted).max())
    assert compiled.parity.rows >= ROWS
    assert compiled.parity.largest_difference <= rtol * max(1, np.abs(wanted).max())
    back = kedge.Model.from_bytes(compiled.to_bytes())
    assert np.asarray(back.predict(given)).reshape(ROWS, -1).tobytes() == (
        np.asarray(compiled.predict(given)).tobytes()
    )
    single = np.vstack([np.reshape(back.predict(given[i : i + 1]), (1, -1)) for i in range(9)])
    assert (single == ours[:9]).all()
    return compiled


@pytest.mark.parametrize(
    "model",
    [
        LinearRegression(),
        Ridge(),
        Lasso(0.01),
        ElasticNet(0.01),
        SGDRegressor(random_state=0),
        PoissonRegressor(),
        MLPRegressor(hidden_layer_sizes=(9, 5), max_iter=30, random_state=0),
        VotingRegressor([("a", Ridge()), ("b", LinearRegression())], weights=[1, 3]),
        StackingRegressor([("a", Ridge())], LinearRegression(), passthrough=True),
        StackingRegressor([("a", Ridge()), ("f", RandomForestRegressor(5, random_state=0))]),
    ],
    ids=lambda model: type(model).__name__,
)
@pytest.mark.filterwarnings("ignore")
def test_regressors(model: Any) -> None:
    x = numbers()
    model.fit(x / 9, np.abs(x[:, 0] - x[:, 1]))
    assert_equal(model, x / 9)


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize(
    "model",
    [
        LogisticRegression(),
        LogisticRegression(C=0.1),
        SGDClassifier(loss="log_loss", random_state=0),
        SGDClassifier(random_state=0),
        RidgeClassifier(),
        Perceptron(),
        LinearSVC(),
        MLPClassifier((8,), max_iter=20, random_state=0),
        MLPClassifier((8, 4), activation="tanh", max_iter=20, random_state=0),
        VotingClassifier(
            [("a", LogisticRegression()), ("f", RandomForestClassifier(4, random_state=0))],
            voting="soft",
        ),
        StackingClassifier([("a", LogisticRegression()), ("s", LinearSVC())]),
        CalibratedClassifierCV(LinearSVC(), cv=3),
        CalibratedClassifierCV(RandomForestClassifier(4, random_state=0), ensemble=False),
    ],
    ids=lambda model: type(model).__name__,
)
@pytest.mark.filterwarnings("ignore")
def test_classifiers(model: Any, classes: int) -> None:
    x = numbers()
    model.fit(x, np.digitize(x[:, 0] + x[:, 1], [1.0, 4.0][: classes - 1]))
    assert_equal(model, x)


@pytest.mark.filterwarnings("ignore")
def test_many_targets() -> None:
    x = numbers()
    assert_equal(LinearRegression().fit(x, x[:, :3] @ np.ones((3, 4))), x)
    assert_equal(MLPClassifier((4,), max_iter=9).fit(x, (x[:, :3] > 1).astype(int)), x)


TRANSFORMS = [
    StandardScaler(),
    StandardScaler(with_mean=False),
    MinMaxScaler(clip=True),
    MaxAbsScaler(),
    RobustScaler(),
    Normalizer(),
    Normalizer("l1"),
    Normalizer("max"),
    Binarizer(threshold=1.5),
    KBinsDiscretizer(4, encode="ordinal"),
    KBinsDiscretizer(3, encode="onehot"),
    SelectKBest(f_classif, k=3),
    PCA(3),
    PCA(3, whiten=True),
    TruncatedSVD(2),
    "passthrough",
    FeatureUnion([("a", StandardScaler()), ("b", PCA(2))], transformer_weights={"b": 2.0}),
    ColumnTransformer([("a", MinMaxScaler(), [3, 1]), ("b", "drop", [0])], remainder="passthrough"),
]


@pytest.mark.parametrize("transform", TRANSFORMS, ids=str)
@pytest.mark.filterwarnings("ignore")
def test_transforms_of_numbers(transform: Any) -> None:
    x = numbers()
    model = make_pipeline(transform, LogisticRegression()).fit(x, x[:, 0] > 1)
    assert_equal(model, x)


ENCODERS = [
    OneHotEncoder(handle_unknown="ignore"),
    OneHotEncoder(drop="first"),
    OneHotEncoder(handle_unknown="infrequent_if_exist", min_frequency=20),
    OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1, encoded_missing_value=-2),
    TargetEncoder(random_state=0),
]


def tabular(encoder: Any, model: Any, *, fills: bool = True) -> Any:
    numeric = make_pipeline(SimpleImputer(strategy="median", add_indicator=True), StandardScaler())
    texts = make_pipeline(SimpleImputer(strategy="most_frequent"), encoder) if fills else encoder
    columns = ColumnTransformer(
        [("n", numeric, ["age", "income"]), ("t", texts, ["town", "plan", "rooms"])]
    )
    return make_pipeline(columns, model)


@pytest.mark.parametrize("fills", [True, False])
@pytest.mark.parametrize("encoder", ENCODERS, ids=lambda encoder: type(encoder).__name__)
@pytest.mark.parametrize(
    "model",
    [
        LogisticRegression(max_iter=500),
        HistGradientBoostingClassifier(max_iter=5, early_stopping=False),
    ],
    ids=lambda model: type(model).__name__,
)
@pytest.mark.filterwarnings("ignore")
def test_text_and_missing_values(encoder: Any, model: Any, fills: bool) -> None:
    x = frame()
    whole = tabular(encoder, model, fills=fills)
    if model.__class__ is HistGradientBoostingClassifier:
        whole.set_params(columntransformer__sparse_threshold=0)
    whole.fit(x, x["rooms"] + x["age"].fillna(50) / 30 > 4)
    compiled = assert_equal(whole, x)
    other = frame(1)
    other.loc[::7, "town"] = "Oslo"
    other.loc[::5, "rooms"] = 17.0
    ours = np.asarray(compiled.predict(compiled.matrix(other)))
    if getattr(encoder, "handle_unknown", "ignore") == "error":
        assert np.isnan(ours[::7]).all() or model.__class__ is HistGradientBoostingClassifier
        return
    np.testing.assert_allclose(ours, answer(whole, other), rtol=1e-9)


@pytest.mark.filterwarnings("ignore")
def test_other_boosted_trees() -> None:
    lightgbm = pytest.importorskip("lightgbm", reason="an optional trainer")
    xgboost = pytest.importorskip("xgboost", reason="an optional trainer")
    x = numbers()
    for trees in (
        lightgbm.LGBMClassifier(n_estimators=5, verbose=-1, n_jobs=1),
        xgboost.XGBClassifier(n_estimators=5, n_jobs=1),
    ):
        assert_equal(make_pipeline(StandardScaler(), trees).fit(x, x[:, 0] > 1), x, rtol=1e-6)


def test_a_saved_pipeline_takes_the_table_itself(tmp_path: Path) -> None:
    x = frame(missing=0)
    model = tabular(OneHotEncoder(handle_unknown="ignore"), LogisticRegression(max_iter=500))
    model.fit(x, x["rooms"] > 2)
    kedge.compile(model).save(tmp_path / "pipeline.kedge")
    loaded = kedge.load(tmp_path / "pipeline.kedge")
    kinds = {feature.name: feature.kind.name for feature in loaded.features}
    assert kinds == {
        "age": "NUMBER",
        "income": "NUMBER",
        "town": "TEXT",
        "plan": "TEXT",
        "rooms": "NUMBER",
    }
    assert loaded.info()["features"][2]["kind"] == "text"
    scores = loaded.predict(x)
    assert not isinstance(scores, np.ndarray)
    with pytest.raises(kedge.Unsupported, match="explain"):
        loaded.explain(x)


def test_what_has_no_step_is_refused_by_its_place() -> None:
    x = numbers()
    model = make_pipeline(
        FeatureUnion([("a", StandardScaler()), ("warp", PowerTransformer())]), LogisticRegression()
    ).fit(x, x[:, 0] > 1)
    with pytest.raises(kedge.Unsupported, match='"featureunion" > "warp": PowerTransformer'):
        kedge.compile(model)
    with pytest.raises(kedge.InvalidArgument, match="not fitted"):
        kedge.compile(LogisticRegression())
    hard = VotingClassifier([("a", LogisticRegression())]).fit(x, x[:, 0] > 1)
    with pytest.raises(kedge.Unsupported, match="votes hard"):
        kedge.compile(hard)


@pytest.mark.filterwarnings("ignore")
def test_every_instruction_set_gives_the_same_bits(tmp_path: Path) -> None:
    x = frame()
    trees = HistGradientBoostingClassifier(max_iter=5, early_stopping=False)
    model = tabular(TargetEncoder(random_state=0), trees).fit(x, x["rooms"] > 2)
    compiled = kedge.compile(model)
    expect_same_bits([compiled], compiled.matrix(x), tmp_path)
