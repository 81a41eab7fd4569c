"""A row as a dictionary: what a table of one row gives, and what does not fit by name."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import compose, ensemble, impute, pipeline, preprocessing

import kedge

CITIES = ["Oslo", "Rome", "Lima"]


@pytest.fixture(scope="module")
def model() -> kedge.Model:
    rng = np.random.default_rng(7)
    columns = {"city": rng.choice(CITIES, 200), "age": rng.normal(size=200)}
    frame = pa.table({**columns, "income": rng.normal(size=200)}).to_pandas()
    steps = compose.ColumnTransformer(
        [
            ("names", preprocessing.OneHotEncoder(handle_unknown="ignore"), ["city"]),
            ("numbers", impute.SimpleImputer(), ["age", "income"]),
        ]
    )
    trained = pipeline.make_pipeline(steps, ensemble.GradientBoostingClassifier(n_estimators=9))
    return kedge.compile(trained.fit(frame, (frame["age"] > 0) ^ (frame["city"] == "Rome")))


NUMBERS = st.none() | st.floats(-9, 9) | st.just(math.nan) | st.integers(-9, 9)


@given(st.sampled_from([*CITIES, "Bonn"]) | st.none(), NUMBERS, NUMBERS, st.permutations(range(3)))
def test_it_scores_as_a_table_of_one_row(
    model: kedge.Model, city: str | None, age: Any, income: Any, order: list[int]
) -> None:
    items = [("city", city), ("age", age), ("income", income)]
    row = dict(items[i] for i in order)
    types = {"city": pa.string(), "age": pa.float64(), "income": pa.float64()}
    table = pa.table({name: pa.array([row[name]], type) for name, type in types.items()})
    wanted = pa.table(model.predict(table))["score"].to_numpy()
    np.testing.assert_array_equal(model.predict(row), wanted)
    raw = pa.table(model.predict(table, raw=True))["score"].to_numpy()
    np.testing.assert_array_equal(model.predict(row, raw=True), raw)


def test_it_is_explained_as_one(model: kedge.Model) -> None:
    row = {"city": "Rome", "age": np.float32(0.5), "income": np.int64(1)}
    table = pa.table({"city": ["Rome"], "age": [0.5], "income": [1.0]})
    sample = model.background(table)
    np.testing.assert_array_equal(
        model.explain(row, background=sample).values,
        model.explain(table, background=sample).values,
    )


def test_it_is_drawn_with_its_values(model: kedge.Model) -> None:
    row = {"city": "Rome", "age": 0.5, "income": None}
    sample = pa.table({"city": ["Oslo"], "age": [0.1], "income": [1.0]})
    page = model.explain(row, background=sample).to_html(row)
    assert "Rome" in page
    assert "missing" in page


def test_numbers_name_categories_that_spell_them() -> None:
    x = np.array([[0.0], [1.0], [2.0]] * 9)
    frame = pa.table({"code": pa.array(["10", "20", "30"] * 9)}).to_pandas()
    steps = pipeline.make_pipeline(
        preprocessing.OneHotEncoder(), ensemble.RandomForestClassifier(3, random_state=0)
    )
    coded = kedge.compile(steps.fit(frame, x[:, 0] > 0))
    assert coded.predict({"code": 20}) == coded.predict({"code": "20"})


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"city": "Oslo"}, r'missing columns "age", "income"'),
        ({"city": "Oslo", "age": 1, "income": 1, "x": 1}, r'does not know "x"'),
        ({"city": "Oslo", "age": 1, "incom": 1}, r'missing columns "income"; .* "incom"'),
        ({"city": "Oslo", "age": "old", "income": 1}, r"\"age\": expected a number, got 'old'"),
        ({"city": 3, "age": 1, "income": 1}, r'"city": expected a name, got 3'),
        ({"city": "Oslo", "age": [1], "income": 1}, r'"age": expected one value, got \[1\]'),
        ({"city": "Oslo", "age": 1j, "income": 1}, r'"age": expected a number, got 1j'),
        ({"city": "Oslo", 3: 1, "income": 1}, r"a name is 3, expected text"),
    ],
)
def test_what_does_not_fit_is_named(model: kedge.Model, row: Any, said: str) -> None:
    with pytest.raises(kedge.InvalidArgument, match=said):
        model.predict(row)
