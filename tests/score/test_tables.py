"""A table's columns are found by name, and its categories by value, whatever type holds them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import xgboost

import kedge

ROWS = 600


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    rng = np.random.default_rng(2)
    return pd.DataFrame(
        {
            "city": pd.Categorical(rng.choice(["Riga", "", "New York"], ROWS)),
            "size": rng.normal(size=ROWS),
            "code": pd.Categorical(rng.choice([30, 5, 900], ROWS)),
        }
    )


@pytest.fixture(scope="module")
def model(frame: pd.DataFrame) -> kedge.Model:
    y = frame["size"] + (frame["city"] == "Riga") * 2 + (frame["code"] == 5)
    data = xgboost.DMatrix(frame, y, enable_categorical=True)
    return kedge.compile(xgboost.train({"max_depth": 4, "nthread": 1}, data, 8))


@pytest.fixture(scope="module")
def want(model: kedge.Model, frame: pd.DataFrame) -> np.ndarray:
    codes = [frame["city"].cat.codes, frame["size"], frame["code"].cat.codes]
    return model.predict(np.stack(codes, axis=1)).astype(np.float64)


@pytest.mark.parametrize("kind", ["category", "int64", "uint16", "float32", "str", "int8[codes]"])
def test_named_categories_are_found_by_value(
    model: kedge.Model, frame: pd.DataFrame, want: np.ndarray, kind: str
) -> None:
    if kind == "int8[codes]":
        code = pa.DictionaryArray.from_arrays(
            pa.array(frame["code"].cat.codes), pa.array(["5", "30", "900"])
        )
    else:
        code = pa.array(frame["code"].astype(kind))
    table = pa.table({"size": frame["size"], "code": code, "city": frame["city"].astype(str)})
    assert pa.table(model.predict(table))["score"].to_pylist() == want.tolist()


def test_a_value_that_is_no_category_is_missing(model: kedge.Model) -> None:
    def score(code: pa.Array) -> list[float]:
        n = len(code)
        table = pa.table({"size": [0.0] * n, "code": code, "city": ["Riga"] * n})
        return pa.table(model.predict(table))["score"].to_pylist()

    missing = score(pa.nulls(1, pa.int64()))
    for values in ([6, None], [5.5, np.nan], ["five", None], [True, None]):
        assert score(pa.array(values, from_pandas=False)) == missing * 2
        assert score(pa.array(values, from_pandas=False).dictionary_encode()) == missing * 2


def test_a_number_is_no_category_where_all_are_words(model: kedge.Model) -> None:
    table = pa.table({"size": [0.0], "code": [5], "city": [0]})
    with pytest.raises(kedge.InvalidArgument, match='"city": expected names, got int64'):
        model.predict(table)


def test_a_column_without_a_type_is_missing(model: kedge.Model) -> None:
    names = [feature.name for feature in model.features]
    dark = pa.table({name: pa.nulls(3) for name in names})
    none = pa.table({name: pa.nulls(3, pa.float64()) for name in names})
    assert model.features[1].name == "size"
    none = none.set_column(0, names[0], pa.nulls(3, pa.utf8()))
    assert pa.table(model.predict(dark)) == pa.table(model.predict(none))


def test_times_are_no_numbers(model: kedge.Model) -> None:
    days = {feature.name: pa.array([1], "date32") for feature in model.features}
    with pytest.raises(kedge.InvalidArgument, match=r"expected .*, got date32"):
        model.predict(pa.table(days))
