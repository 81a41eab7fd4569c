"""Estimators and pipelines as skl2onnx and onnxmltools write them: small, fitted, by name."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from skl2onnx import to_onnx
from skl2onnx.common.data_types import FloatTensorType, Int64TensorType, StringTensorType
from sklearn import (
    calibration,
    cluster,
    compose,
    decomposition,
    discriminant_analysis,
    ensemble,
    feature_selection,
    impute,
    linear_model,
    multiclass,
    naive_bayes,
    neighbors,
    neural_network,
    preprocessing,
    svm,
    tree,
)
from sklearn.pipeline import make_pipeline, make_union

ROWS = 300
RNG = np.random.default_rng(0)
X = RNG.normal(size=(ROWS, 5)).astype(np.float32)
HOLES = np.where(RNG.random(X.shape) < 0.1, np.nan, X).astype(np.float32)
TWO = (X[:, 0] + X[:, 1] > 0).astype(int)
THREE = np.digitize(X[:, 0], [-0.5, 0.5])
NAMES = np.array(["a", "b", "c"])[THREE]
TARGET = X @ np.arange(5) + RNG.normal(size=ROWS)
TABLE = pd.DataFrame(
    {
        **{f"n{i}": HOLES[:, i] for i in range(3)},
        "s": np.array(["u", "v", "w"], object)[RNG.integers(0, 3, ROWS)],
        "t": np.array(["p", ""], object)[RNG.integers(0, 2, ROWS)],
        "k": RNG.integers(0, 5, ROWS),
    }
)
NUMBERS, TEXTS = ["n0", "n1", "n2"], ["s", "t"]


@dataclass(frozen=True)
class Case:
    """An estimator, what it is trained on, and what refuses its graph, if anything does."""

    estimator: Any
    x: Any = field(default_factory=lambda: X)
    y: Any = field(default_factory=lambda: TWO)
    zipmap: bool = False
    refused: str | None = None

    def onnx(self) -> bytes:
        """Fitted and converted."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            fitted = self.estimator.fit(self.x, self.y)
            has_classes = hasattr(fitted, "predict_proba") and not self.zipmap
            model = to_onnx(
                fitted,
                initial_types=types_of(self.x),
                options={id(fitted): {"zipmap": False}} if has_classes else None,
            )
        return bytes(model.SerializeToString())


def types_of(x: Any) -> list[tuple[str, Any]]:
    """A matrix, or an input for each column of a frame."""
    if not isinstance(x, pd.DataFrame):
        return [("X", FloatTensorType([None, x.shape[1]]))]
    kinds = {"O": StringTensorType, "i": Int64TensorType, "f": FloatTensorType}
    return [(name, kinds[x[name].dtype.kind]([None, 1])) for name in x]


def one_hot() -> Any:
    return preprocessing.OneHotEncoder(handle_unknown="ignore", sparse_output=False)


def columns(encoder: Any, model: Any) -> Any:
    """Numbers imputed and scaled, text encoded, and a column of whole numbers one-hot."""
    numbers = make_pipeline(impute.SimpleImputer(strategy="median"), preprocessing.StandardScaler())
    parts = [("n", numbers, NUMBERS), ("t", encoder, TEXTS), ("k", one_hot(), ["k"])]
    return make_pipeline(compose.ColumnTransformer(parts), model)


def before(*steps: Any) -> Any:
    return make_pipeline(*steps, linear_model.LogisticRegression())


def stacked(kind: Any, *models: Any) -> Any:
    return kind([(f"m{i}", model) for i, model in enumerate(models)])


CASES: dict[str, Callable[[], Case]] = {
    "linear": lambda: Case(linear_model.LinearRegression(), y=TARGET),
    "linear, two targets": lambda: Case(linear_model.LinearRegression(), y=np.c_[TARGET, -TARGET]),
    "logistic": lambda: Case(linear_model.LogisticRegression()),
    "logistic, zipmap": lambda: Case(linear_model.LogisticRegression(), zipmap=True),
    "logistic, names": lambda: Case(linear_model.LogisticRegression(), y=NAMES, zipmap=True),
    "ridge classifier": lambda: Case(linear_model.RidgeClassifier()),
    "perceptron": lambda: Case(linear_model.Perceptron()),
    "gradient descent": lambda: Case(linear_model.SGDClassifier(loss="log_loss")),
    "gradient descent, three": lambda: Case(
        linear_model.SGDClassifier(loss="log_loss", alpha=0.1), y=THREE
    ),
    "linear SVC": lambda: Case(svm.LinearSVC()),
    "linear SVR": lambda: Case(svm.LinearSVR(), y=TARGET),
    "Huber": lambda: Case(linear_model.HuberRegressor(), y=TARGET),
    "Poisson": lambda: Case(linear_model.PoissonRegressor(), y=np.exp(X[:, 0])),
    "discriminant": lambda: Case(discriminant_analysis.LinearDiscriminantAnalysis()),
    "perceptrons": lambda: Case(neural_network.MLPClassifier((8,), max_iter=9)),
    "perceptrons, names": lambda: Case(
        neural_network.MLPClassifier((8, 4), activation="tanh", max_iter=9), y=NAMES
    ),
    "perceptrons, target": lambda: Case(
        neural_network.MLPRegressor(hidden_layer_sizes=(8,), activation="logistic", max_iter=9),
        y=TARGET,
    ),
    "k-means": lambda: Case(cluster.KMeans(3, n_init=1), y=None),
    "one against the rest": lambda: Case(
        multiclass.OneVsRestClassifier(linear_model.LogisticRegression()), y=THREE
    ),
    "standard scaler": lambda: Case(before(preprocessing.StandardScaler())),
    "min-max scaler": lambda: Case(before(preprocessing.MinMaxScaler())),
    "max-abs scaler": lambda: Case(before(preprocessing.MaxAbsScaler())),
    "robust scaler": lambda: Case(before(preprocessing.RobustScaler())),
    "L1 norm": lambda: Case(before(preprocessing.Normalizer("l1"))),
    "L2 norm": lambda: Case(before(preprocessing.Normalizer())),
    "largest norm": lambda: Case(before(preprocessing.Normalizer("max"))),
    "binarizer": lambda: Case(before(preprocessing.Binarizer(threshold=0.3))),
    "bins": lambda: Case(
        before(preprocessing.KBinsDiscretizer(3, encode="onehot-dense", quantile_method="linear"))
    ),
    "bins by number": lambda: Case(
        before(preprocessing.KBinsDiscretizer(3, encode="ordinal", quantile_method="linear"))
    ),
    "PCA": lambda: Case(before(decomposition.PCA(3))),
    "PCA, whitened": lambda: Case(before(decomposition.PCA(3, whiten=True))),
    "truncated SVD": lambda: Case(before(decomposition.TruncatedSVD(3))),
    "best columns": lambda: Case(before(feature_selection.SelectKBest(k=3))),
    "imputer": lambda: Case(before(impute.SimpleImputer()), x=HOLES),
    "imputer of a number": lambda: Case(
        before(impute.SimpleImputer(missing_values=0.0, strategy="constant", fill_value=2.5)),
        x=np.rint(X),
    ),
    "union": lambda: Case(before(make_union(preprocessing.StandardScaler(), decomposition.PCA(2)))),
    "one-hot of a matrix": lambda: Case(before(one_hot()), x=np.rint(X)),
    "columns, logistic": lambda: Case(
        columns(one_hot(), linear_model.LogisticRegression()), x=TABLE
    ),
    "columns, three classes": lambda: Case(
        columns(one_hot(), linear_model.LogisticRegression()), x=TABLE, y=NAMES, zipmap=True
    ),
    "columns, boosted trees": lambda: Case(
        columns(one_hot(), ensemble.GradientBoostingClassifier(n_estimators=5)), x=TABLE
    ),
    "columns, ordinal, forest": lambda: Case(
        columns(
            preprocessing.OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1),
            ensemble.RandomForestClassifier(5, max_depth=4),
        ),
        x=TABLE,
        y=NAMES,
    ),
    "columns, target encoder": lambda: Case(
        columns(preprocessing.TargetEncoder(), linear_model.Ridge()), x=TABLE, y=TARGET
    ),
    "forest": lambda: Case(ensemble.RandomForestClassifier(5, max_depth=4)),
    "forest, target": lambda: Case(ensemble.RandomForestRegressor(5, max_depth=4), y=TARGET),
    "boosted trees": lambda: Case(ensemble.GradientBoostingClassifier(n_estimators=5)),
    "one tree, names": lambda: Case(tree.DecisionTreeClassifier(max_depth=4), y=NAMES),
    "scaled trees": lambda: Case(
        make_pipeline(
            preprocessing.StandardScaler(), ensemble.GradientBoostingClassifier(n_estimators=5)
        )
    ),
    "voting": lambda: Case(
        ensemble.VotingClassifier(
            [("l", linear_model.LogisticRegression()), ("t", tree.DecisionTreeClassifier())],
            voting="soft",
            flatten_transform=False,
        )
    ),
    "voting, target": lambda: Case(
        stacked(ensemble.VotingRegressor, linear_model.LinearRegression(), linear_model.Ridge()),
        y=TARGET,
    ),
    "stacking, target": lambda: Case(
        stacked(ensemble.StackingRegressor, linear_model.LinearRegression(), linear_model.Ridge()),
        y=TARGET,
    ),
    "calibrated": lambda: Case(
        calibration.CalibratedClassifierCV(linear_model.LogisticRegression(), cv=2)
    ),
    # skl2onnx hands both columns of each model on to coefficients for one of each.
    "stacking": lambda: Case(
        stacked(
            ensemble.StackingClassifier,
            linear_model.LogisticRegression(),
            linear_model.RidgeClassifier(),
        ),
        refused=r"\(LinearClassifier\): 2 intercepts for 1 targets",
    ),
    "Gauss": lambda: Case(naive_bayes.GaussianNB(), refused=r"\(ReduceLogSumExp\): no step"),
    "multinomial": lambda: Case(
        naive_bayes.MultinomialNB(), x=np.abs(X), refused=r"\(ReduceLogSumExp\): no step"
    ),
    "support vectors": lambda: Case(svm.SVC(), refused=r"\(SVMClassifier\): no step"),
    "neighbours": lambda: Case(neighbors.KNeighborsClassifier(3), refused=r"\(\w+\): "),
    "polynomials": lambda: Case(
        before(preprocessing.PolynomialFeatures(2)), refused=r"\(ReduceProd\): no step"
    ),
    "power": lambda: Case(before(preprocessing.PowerTransformer()), refused=r"\(\w+\): "),
    "bagged trees": lambda: Case(
        ensemble.BaggingClassifier(tree.DecisionTreeClassifier(max_depth=3), 3),
        refused="a second tree operator",
    ),
    "adaptive boosting": lambda: Case(
        ensemble.AdaBoostClassifier(n_estimators=3), refused=r"\(\w+\): "
    ),
    "isotonic": lambda: Case(
        calibration.CalibratedClassifierCV(
            linear_model.LogisticRegression(), cv=2, method="isotonic"
        ),
        refused=r"\(\w+\): ",
    ),
}
