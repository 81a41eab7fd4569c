"""What a compiled model says of itself, and what it carries."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import catboost
import lightgbm
import numpy as np
import pyarrow as pa
import pytest
import xgboost
from sklearn import ensemble

import kedge

X = np.random.default_rng(4).normal(size=(400, 3))
NAMES = ["Column_0", "Column_1", "Column_2"]


@pytest.fixture(scope="module")
def booster() -> lightgbm.Booster:
    params = {"objective": "binary", "verbosity": -1, "num_threads": 1, "num_leaves": 7}
    return lightgbm.train(params, lightgbm.Dataset(X, X[:, 0] > X[:, 1] ** 2), 5)


def test_info_is_plain_and_of_the_file_that_save_writes(booster: lightgbm.Booster) -> None:
    model = kedge.compile(booster, reference=X, metadata={"team": "harbour"})
    info = model.info()
    assert json.loads(json.dumps(info, allow_nan=False)) == info
    data = model.to_bytes()
    assert (info["bytes"], info["sha256"]) == (len(data), hashlib.sha256(data).hexdigest())
    assert (info["trees"], info["outputs"], info["link"]) == (5, 1, "sigmoid")
    assert info["parity"] == {"rows": 416, "rows_off": 0, "largest_difference": 0.0}
    assert info["profile"] == {"rows": 400, "columns": 3}
    assert info["metadata"] == {"team": "harbour"}
    assert [row["name"] for row in info["features"]] == NAMES
    assert [row["uses"] for row in info["features"]] == model.feature_uses
    assert sum(model.feature_uses) == info["nodes"] == model.nodes


def test_a_difference_that_is_no_number_is_null(booster: lightgbm.Booster) -> None:
    model = kedge.compile(booster).with_parity(kedge.model.Parity(3, 2, np.nan))
    assert model.info()["parity"] == {"rows": 3, "rows_off": 2, "largest_difference": None}


def test_it_is_shown_on_one_line(booster: lightgbm.Booster) -> None:
    model = kedge.compile(booster)
    assert repr(model) == (
        f"Model of LightGBM v4: 5 trees, {model.nodes} nodes, 3 features, 1 output (sigmoid)"
    )
    assert repr(kedge.compile(booster, reference=X)) == f"{model!r}, reference of 400 rows"
    assert repr(kedge.model.Parity(9, 2, 0.5)) == (
        "Parity(rows=9, rows_off=2, largest_difference=0.5)"
    )


def test_the_reference_is_what_it_was_trained_on(booster: lightgbm.Booster) -> None:
    table = pa.table(dict(zip(NAMES, X.T, strict=True)))
    made = kedge.profile(table, cells=64)
    assert kedge.compile(booster).profile is None
    assert kedge.compile(booster, reference=table).profile == kedge.profile(table)
    assert kedge.compile(booster, reference=X).profile == kedge.profile(table)
    given = kedge.compile(booster, reference=made)
    assert given.profile == made
    assert given.parity.rows == 16
    again = kedge.compile(booster, reference=X).with_profile(made)
    assert again.profile == made
    assert again.parity.rows == 416
    assert (again.predict(X) == given.predict(X)).all()
    live = given.profile.like()
    live.update(pa.table(dict(zip(NAMES, (X + 2).T, strict=True))))
    assert kedge.compare(given.profile, live).drifted
    lacking = kedge.profile(table.select(NAMES[1:2]))
    with pytest.raises(kedge.InvalidArgument, match=r'lacks .*: "Column_0", "Column_2"$'):
        given.with_profile(lacking)


def test_the_rule_of_categories_is_kept() -> None:
    rng = np.random.default_rng(6)
    x = np.stack([rng.integers(0, 9, 500), rng.normal(size=500)], axis=1)
    forest = ensemble.HistGradientBoostingRegressor(max_iter=8, categorical_features=[0])
    model = kedge.compile(forest.fit(x, x[:, 0] % 3 + x[:, 1]))
    again = kedge.Model.from_bytes(model.to_bytes())
    rows = np.stack([np.repeat([-1, -0.5, 0, 0.5, 2, 2.5, 9, np.nan], 4), np.tile(x[:4, 1], 8)], 1)
    assert (again.predict(rows) == model.predict(rows)).all()
    assert (model.predict(rows[2::4]) != model.predict(rows[3::4])).any()


@pytest.mark.parametrize(
    ("content", "error", "text"),
    [
        (b"", kedge.CorruptData, "there is nothing in it"),
        (b"\x80\x04N.", kedge.InvalidArgument, "this is a pickle"),
        (kedge.profile({"a": X[:, 0]}).to_bytes(), kedge.InvalidArgument, "this is a profile"),
        (b"KEDGEBDL", kedge.InvalidArgument, "kedge.load reads it"),
    ],
)
def test_what_is_no_trainers_file_is_named(
    content: bytes, error: type[Exception], text: str
) -> None:
    with pytest.raises(error, match=text):
        kedge.compile(content)


@pytest.mark.parametrize(
    "model", [lightgbm.LGBMClassifier(), xgboost.XGBClassifier(), catboost.CatBoostClassifier()]
)
def test_what_has_learned_nothing_is_named(model: Any) -> None:
    with pytest.raises(kedge.InvalidArgument, match=f"{type(model).__name__} is not fitted"):
        kedge.compile(model)


def test_metadata_that_are_no_strings_are_named(booster: lightgbm.Booster) -> None:
    with pytest.raises(kedge.InvalidArgument, match=r"metadata\['a'\] = 1: expected strings"):
        kedge.compile(booster, metadata={"a": 1})  # type: ignore[dict-item]
