"""Fitted tree models of scikit-learn as a `Forest`, bit for bit. scikit-learn is not imported.

| estimator                           | raw score, equal to                        |
|-------------------------------------|--------------------------------------------|
| HistGradientBoostingRegressor       | `predict` before its link: `_raw_predict`  |
| HistGradientBoostingClassifier      | `decision_function`                        |
| GradientBoostingRegressor           | `predict`                                  |
| GradientBoostingClassifier          | `decision_function`                        |
| RandomForest-, ExtraTreesRegressor  | `predict`, one output for each target      |
| DecisionTree-, ExtraTreeRegressor   | `predict`, one output for each target      |
| the four classifiers of these names | `predict_proba`; of two classes the second |
| IsolationForest                     | x where `score_samples` is `-(2**-x)`      |

A forest with `n_jobs` above 1 adds up its trees in the order in which they finish; ours is theirs
with one job. Category features of HistGradientBoosting take the values of the data where these are
whole numbers from 0; otherwise the feature's `categories` say their positions.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from kedge import _core

LESS_EQUAL, IN_SET, NOT_IN_SET = 0, 2, 3  # of the core's Test
LEAF = -1
MOST_CATEGORY = 2**31 - 1


@dataclass
class Nodes:
    """The nodes of one tree, its leaves among them."""

    left: np.ndarray
    right: np.ndarray
    feature: np.ndarray
    threshold: np.ndarray
    missing_left: np.ndarray
    values: np.ndarray  # one row for each node
    covers: np.ndarray  # training rows that came by, or their weights
    test: np.ndarray | None = None
    set: np.ndarray | None = None


@dataclass
class Parts:
    """What a forest is made of, tree by tree."""

    trees: list[Nodes] = field(default_factory=list)
    outputs: list[int] = field(default_factory=list)  # of each tree
    start: Sequence[float] = (0.0,)
    divisor: float = 1.0
    reads_float32: bool = True
    link: str = "identity"
    link_scale: float = 1.0
    categories: dict[int, list[str]] = field(default_factory=dict)
    sets: list[list[int]] = field(default_factory=list)


def forest_of(model: Any) -> _core.Forest:
    """The forest of a fitted estimator of the table above.

    Raises:
        Unsupported: another estimator, or one with a part that is not a tree.
        InvalidArgument: the estimator is not fitted.
    """
    kind = kind_of(model)
    if not hasattr(model, "n_features_in_"):
        raise _core.InvalidArgument(f"{type(model).__name__} is not fitted")
    return made_of(model, READERS[kind](model))


def raw_scores(model: Any, rows: np.ndarray) -> Any:
    """What the estimator itself gives for rows, one column for each output of its forest.

    Raises:
        ValueError: scikit-learn takes no such rows.
    """
    kind = kind_of(model)
    if kind.startswith("HistGradientBoosting"):
        scores = model._raw_predict(rows)
    elif kind == "GradientBoostingClassifier":
        scores = model.decision_function(rows)
    elif kind == "IsolationForest":
        scores = isolation_scores(model, rows)
    else:
        if hasattr(model, "n_jobs"):
            model = copy.copy(model)
            model.n_jobs = 1
        is_classifier = kind.endswith("Classifier")
        scores = model.predict_proba(rows) if is_classifier else model.predict(rows)
        if is_classifier and scores.shape[1] == 2:
            scores = scores[:, 1]
    return np.ascontiguousarray(np.reshape(scores, (len(rows), -1)))


def is_trees(model: Any) -> bool:
    """Whether the object is one of the table above."""
    return any(
        base.__module__.startswith("sklearn.") and base.__name__ in READERS
        for base in type(model).__mro__
    )


def kind_of(model: Any) -> str:
    """The name in READERS of a scikit-learn object, or of what it is derived from."""
    for base in type(model).__mro__:
        if base.__module__.startswith("sklearn.") and base.__name__ in READERS:
            return base.__name__
    name = type(model).__name__
    raise _core.Unsupported(f"{name} of {type(model).__module__} is not a known tree model")


def made_of(model: Any, parts: Parts) -> _core.Forest:
    """The parts in the core's form."""

    def joined(name: str, kind: Any) -> np.ndarray:
        arrays = [getattr(tree, name) for tree in parts.trees]
        zeros = [np.zeros(len(tree.left)) for tree in parts.trees]
        whole = [
            zero if array is None else array for array, zero in zip(arrays, zeros, strict=True)
        ]
        return np.ascontiguousarray(np.concatenate(whole), kind)

    names = getattr(model, "feature_names_in_", None)
    if names is None:
        names = [f"x{i}" for i in range(model.n_features_in_)]
    return _core.Forest.from_parts(
        origin=f"scikit-learn {type(model).__name__}",
        features=[str(name) for name in names],
        categories=parts.categories,
        tree_sizes=np.array([len(tree.left) for tree in parts.trees], np.uint32),
        tree_outputs=np.array(parts.outputs, np.uint32),
        left=joined("left", np.int32),
        right=joined("right", np.int32),
        feature=joined("feature", np.uint32),
        threshold=joined("threshold", np.float64),
        missing_left=joined("missing_left", np.uint8),
        test=joined("test", np.uint8),
        set=joined("set", np.uint32),
        values=joined("values", np.float64),
        covers=joined("covers", np.float64),
        sets=parts.sets,
        start=[float(value) for value in parts.start],
        divisor=parts.divisor,
        reads_float32=parts.reads_float32,
        link=parts.link,
        link_scale=parts.link_scale,
    )


def tree_nodes(tree: Any, values: np.ndarray, features: np.ndarray | None = None) -> Nodes:
    """A `sklearn.tree` tree; `features` are the columns that it was given, all of them if None."""
    leaf = tree.children_left == LEAF
    feature = np.where(leaf, 0, tree.feature)
    return Nodes(
        left=tree.children_left,
        right=tree.children_right,
        feature=feature if features is None else np.asarray(features)[feature],
        threshold=np.where(leaf, 0.0, tree.threshold),
        missing_left=tree.missing_go_to_left,
        values=values,
        covers=tree.weighted_n_node_samples,
    )


def read_trees(model: Any, estimators: Sequence[Any]) -> Parts:
    """Trees whose mean is the answer: class fractions, or one number for each target."""
    classes = getattr(model, "n_classes_", None)
    if classes is not None and model.n_outputs_ > 1:
        raise _core.Unsupported(f"{type(model).__name__} of {model.n_outputs_} targets")
    if classes == 1:
        raise _core.Unsupported(f"{type(model).__name__} of one class")
    parts = Parts(divisor=float(len(estimators)))
    for estimator in estimators:
        tree = estimator.tree_
        if classes is None:
            values = tree.value[:, :, 0]
        else:
            values = tree.value[:, 0, 1:2] if classes == 2 else tree.value[:, 0, :]
        parts.trees.append(tree_nodes(tree, values))
        parts.outputs.append(0)
    parts.start = [0.0] * parts.trees[0].values.shape[1]
    return parts


def read_tree(model: Any) -> Parts:
    """A single decision tree."""
    return read_trees(model, [model])


def read_forest(model: Any) -> Parts:
    """Random forests and extra trees."""
    return read_trees(model, model.estimators_)


def read_isolation_forest(model: Any) -> Parts:
    """Path lengths; the divisor makes their sum the exponent of the score."""
    parts = Parts(divisor=usual_path(model), link="halved_power")
    for estimator, columns, lengths in paths(model):
        parts.trees.append(tree_nodes(estimator.tree_, lengths[:, None], columns))
        parts.outputs.append(0)
    return parts


def usual_path(model: Any) -> float:
    """What the sum of path lengths is divided by."""
    from sklearn.ensemble._iforest import _average_path_length

    usual = _average_path_length([model._max_samples])[0]
    if usual == 0:
        raise _core.Unsupported("IsolationForest of one sample")
    return float(len(model.estimators_) * usual)


def paths(model: Any) -> Iterator[tuple[Any, np.ndarray, np.ndarray]]:
    """Trees, their columns, and the path length to each node."""
    for i, estimator in enumerate(model.estimators_):
        lengths = model._decision_path_lengths[i] + model._average_path_length_per_tree[i] - 1.0
        yield estimator, model.estimators_features_[i], lengths


def isolation_scores(model: Any, rows: np.ndarray) -> np.ndarray:
    """The exponent that `score_samples` does not show."""
    rows = rows.astype(np.float32)
    depths = np.zeros(len(rows))
    for estimator, columns, lengths in paths(model):
        depths += lengths[estimator.tree_.apply(np.ascontiguousarray(rows[:, columns]))]
    return depths / usual_path(model)


def read_gradient_boosting(model: Any) -> Parts:
    """Stages of trees on a constant."""
    init = type(model.init_).__name__
    if not (isinstance(model.init_, str) or init in {"DummyClassifier", "DummyRegressor"}):
        raise _core.Unsupported(f"{type(model).__name__} that starts with {init}")
    start = model._raw_predict_init(np.zeros((1, model.n_features_in_), np.float32))[0]
    parts = Parts(start=start)
    if hasattr(model, "classes_"):
        parts.link = "softmax" if len(start) > 1 else "sigmoid"
        parts.link_scale = 2.0 if model.loss == "exponential" else 1.0
    for stage in model.estimators_:
        for k, estimator in enumerate(stage):
            tree = estimator.tree_
            nodes = tree_nodes(tree, model.learning_rate * tree.value[:, 0, :1])
            nodes.missing_left = np.zeros(len(nodes.left))  # its own predict() does not look at it
            parts.trees.append(nodes)
            parts.outputs.append(k)
    return parts


def read_histogram_boosting(model: Any) -> Parts:
    """Trees over the columns as its own encoder puts them: category features come first."""
    is_category = model.is_categorical_
    if is_category is None:
        is_category = np.zeros(model.n_features_in_, bool)
    columns = np.concatenate([np.flatnonzero(is_category), np.flatnonzero(~is_category)])
    parts = Parts(start=model._baseline_prediction.ravel(), reads_float32=False)
    codes: list[list[int]] = []
    if is_category.any():
        encoder = model._preprocessor.named_transformers_["encoder"]
        for column, categories in zip(columns, encoder.categories_, strict=False):
            values, names = category_codes(categories)
            codes.append(values)
            parts.categories[int(column)] = names
    if hasattr(model, "classes_"):
        parts.link = "softmax" if len(parts.start) > 1 else "sigmoid"
    elif model.loss in {"poisson", "gamma"}:
        parts.link = "exp"
    for stage in model._predictors:
        for k, predictor in enumerate(stage):
            parts.trees.append(histogram_nodes(predictor, columns, codes, parts.sets))
            parts.outputs.append(k)
    return parts


def category_codes(categories: np.ndarray) -> tuple[list[int], list[str]]:
    """What category of the encoder is what number in a row, and names if these are positions."""
    known = [v for v in categories.tolist() if not (isinstance(v, float) and math.isnan(v))]
    if all(isinstance(v, int | float) and 0 <= v <= MOST_CATEGORY and v == int(v) for v in known):
        return [int(value) for value in known], []
    return list(range(len(known))), [str(value) for value in known]


def histogram_nodes(
    predictor: Any, columns: np.ndarray, codes: list[list[int]], sets: list[list[int]]
) -> Nodes:
    """One tree, whose category sets are added to `sets`. Unknown categories go where NaN goes."""
    nodes = predictor.nodes
    leaf = nodes["is_leaf"].astype(bool)
    category = nodes["is_categorical"].astype(bool) & ~leaf
    feature = np.where(leaf, 0, nodes["feature_idx"])
    test = np.where(category, IN_SET, LESS_EQUAL)
    set_of = np.zeros(len(nodes), np.uint32)
    for i in np.flatnonzero(category):
        bits = predictor.raw_left_cat_bitsets[nodes["bitset_idx"][i]]
        goes_left = np.unpackbits(bits.astype("<u4").view(np.uint8), bitorder="little")
        wanted = not nodes["missing_go_to_left"][i]
        if not wanted:
            test[i] = NOT_IN_SET
        set_of[i] = len(sets)
        known = codes[feature[i]]
        sets.append(sorted(code for j, code in enumerate(known) if goes_left[j] == wanted))
    return Nodes(
        left=np.where(leaf, LEAF, nodes["left"].astype(np.int64)),
        right=nodes["right"],
        feature=columns[feature],
        threshold=np.where(leaf | category, 0.0, nodes["num_threshold"]),
        missing_left=nodes["missing_go_to_left"],
        values=nodes["value"][:, None],
        covers=nodes["count"],
        test=test,
        set=set_of,
    )


READERS: dict[str, Callable[[Any], Parts]] = {
    "HistGradientBoostingRegressor": read_histogram_boosting,
    "HistGradientBoostingClassifier": read_histogram_boosting,
    "GradientBoostingRegressor": read_gradient_boosting,
    "GradientBoostingClassifier": read_gradient_boosting,
    "RandomForestRegressor": read_forest,
    "RandomForestClassifier": read_forest,
    "ExtraTreesRegressor": read_forest,
    "ExtraTreesClassifier": read_forest,
    "DecisionTreeRegressor": read_tree,
    "DecisionTreeClassifier": read_tree,
    "ExtraTreeRegressor": read_tree,
    "ExtraTreeClassifier": read_tree,
    "IsolationForest": read_isolation_forest,
}
