"""docs/formats.md is enough to read a model file, and to score with it."""

from __future__ import annotations

from pathlib import Path

import lightgbm
import numpy as np
import pytest
from sklearn import ensemble

import kedge
from tests.model.rows import HARD, same_bits
from tests.reference.model_file import ModelFile

GOLDEN = sorted((Path(__file__).parents[1] / "golden" / "bundle" / "v1").glob("*.kedge"))
COVERS = {"covers": ("<f4", True), "weights": ("<f8", True)}
X = np.random.default_rng(8).normal(size=(300, 3))


def boosted(**options: object) -> lightgbm.Booster:
    params = {"verbosity": -1, "num_threads": 1, "num_leaves": 7, "min_data_in_leaf": 5, **options}
    return lightgbm.train(params, lightgbm.Dataset(X, np.abs(X[:, 0]) + X[:, 1]), 4)


def check(model: kedge.Model) -> ModelFile:
    file = ModelFile(model.to_bytes())
    rng = np.random.default_rng(9)
    hard = rng.choice(np.append(HARD, file.cuts), (40, len(file.features)))
    rows = np.vstack([file.golden_rows, np.clip(hard, -1e38, 1e38)])
    with np.errstate(over="ignore"):
        wanted = np.array([file.raw(row) for row in rows])
    ours = np.reshape(model.predict(rows, raw=True), wanted.shape).astype(np.float64)
    assert same_bits(ours, wanted)
    assert same_bits(wanted[: len(file.golden_raw)], file.golden_raw)
    return file


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_golden_files_read_as_the_page_says(path: Path) -> None:
    model = kedge.load(path)
    file = check(model)
    info = model.info()
    assert file.origin == info["origin"]
    assert file.metadata == info["metadata"]
    assert [feature.name for feature in file.features] == [f["name"] for f in info["features"]]
    assert file.parity == tuple(info["parity"].values())
    assert (file.covers.dtype, len(file.covers) > 0) == COVERS.get(path.stem, ("<f8", False))
    assert info["covers"] is (len(file.covers) > 0)


@pytest.mark.parametrize(
    "options",
    [
        {"objective": "binary"},
        {"zero_as_missing": True},
        {"use_missing": False},
        {"linear_tree": True},
        {"boosting": "rf", "bagging_freq": 1, "bagging_fraction": 0.6},
    ],
    ids=lambda options: next(iter(options)),
)
def test_ways_of_missing_values_and_sums(options: dict[str, object]) -> None:
    file = check(kedge.compile(boosted(**options), reference=X))
    assert kedge.Profile.from_bytes(file.profile) == kedge.profile(
        {f"Column_{i}": X[:, i] for i in range(3)}
    )


def test_categories_and_a_divisor() -> None:
    x = np.column_stack([np.arange(300) % 7, X[:, 1]])
    forest = ensemble.HistGradientBoostingRegressor(max_iter=4, categorical_features=[0])
    assert check(kedge.compile(forest.fit(x, X[:, 0] + (x[:, 0] == 3)))).category_rule == 2
    means = ensemble.RandomForestRegressor(5, random_state=0).fit(X, X[:, :2])
    assert check(kedge.compile(means)).divisor == 5
