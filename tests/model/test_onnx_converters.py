"""What converters write compiles and scores as onnxruntime does, or is refused by its operator.

The table is `tests.model.converters.CASES`: a case with `refused` says by what.
"""

from __future__ import annotations

import json
from typing import Any

import lightgbm
import numpy as np
import onnxmltools
import onnxruntime as ort
import pandas as pd
import pyarrow as pa
import pytest
import xgboost
from hypothesis import given, settings
from hypothesis import strategies as st
from onnxmltools.convert.common.data_types import FloatTensorType

import kedge
from tests.model.converters import CASES, TABLE, TARGET, TWO, X

COMPILED = sorted(name for name, case in CASES.items() if case().refused is None)
REFUSED = sorted(set(CASES) - set(COMPILED))


def feed_of(x: Any) -> dict[str, np.ndarray]:
    if not isinstance(x, pd.DataFrame):
        return {"X": x.astype(np.float32)}
    return {name: x[[name]].to_numpy() for name in x}


def runtime_scores(data: bytes, x: Any) -> np.ndarray:
    """Of two classes the second's, as everywhere here."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    session = ort.InferenceSession(data, options, providers=["CPUExecutionProvider"])
    outputs = session.get_outputs()
    scores = session.run([outputs[-1].name], feed_of(x))[0]
    if isinstance(scores, list):
        scores = np.array([[row[key] for key in sorted(row)] for row in scores])
    scores = scores.reshape(len(x), -1)
    is_binary = len(outputs) == 2 and scores.shape[1] == 2
    return np.asarray(scores[:, 1:] if is_binary else scores)


def compiled_scores(model: kedge.Model, x: Any) -> np.ndarray:
    table = x
    if isinstance(x, pd.DataFrame):
        table = pa.Table.from_pandas(x, preserve_index=False)
    answer = model.predict(table)
    if not isinstance(answer, np.ndarray):
        answer = np.column_stack([np.asarray(column) for column in pa.table(answer).columns])
    return answer.reshape(len(x), -1)


def check_equal(data: bytes, x: Any) -> kedge.Model:
    model = kedge.compile(data)
    wanted = runtime_scores(data, x)
    np.testing.assert_allclose(compiled_scores(model, x), wanted, rtol=1e-6, atol=1e-6)
    assert model.parity.rows > 0 or model.trees > 0
    return model


@pytest.mark.parametrize("name", COMPILED)
def test_a_converted_model_scores_as_onnxruntime_does(name: str) -> None:
    case = CASES[name]()
    check_equal(case.onnx(), case.x)


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused_is_named(name: str) -> None:
    case = CASES[name]()
    with pytest.raises(kedge.Unsupported, match=case.refused):
        kedge.compile(case.onnx())


def boosters() -> dict[str, Any]:
    few = {"n_estimators": 5, "max_depth": 3}
    return {
        "LightGBM": lightgbm.LGBMClassifier(**few, verbose=-1).fit(X, TWO),
        "LightGBM, target": lightgbm.LGBMRegressor(**few, verbose=-1).fit(X, TARGET),
        "XGBoost": xgboost.XGBClassifier(**few).fit(X, TWO),
        "XGBoost, target": xgboost.XGBRegressor(**few).fit(X, TARGET),
    }


def test_what_onnxmltools_makes_of_boosters_compiles() -> None:
    types = [("X", FloatTensorType([None, X.shape[1]]))]
    for name, booster in boosters().items():
        convert = onnxmltools.convert_lightgbm if "Light" in name else onnxmltools.convert_xgboost
        data = convert(booster, initial_types=types, target_opset=15).SerializeToString()
        assert check_equal(data, X).trees == 5, name


def test_classes_are_kept() -> None:
    assert classes_of("logistic, names") == ["a", "b", "c"]
    assert classes_of("perceptrons, names") == ["a", "b", "c"]
    assert classes_of("one tree, names") == ["a", "b", "c"]
    assert classes_of("ridge classifier") == ["0", "1"]
    assert "classes" not in kedge.compile(CASES["linear"]().onnx()).metadata


def classes_of(name: str) -> Any:
    return json.loads(kedge.compile(CASES[name]().onnx()).metadata["classes"])


def test_raw_scores_of_two_classes_are_what_the_link_reads() -> None:
    case = CASES["standard scaler"]()
    model = kedge.compile(case.onnx())
    wanted = case.estimator.fit(case.x, case.y).decision_function(case.x)
    np.testing.assert_allclose(model.predict(case.x, raw=True), wanted, rtol=1e-4, atol=1e-5)


def test_text_that_is_unknown_or_missing() -> None:
    data = CASES["columns, logistic"]().onnx()
    table = TABLE.iloc[:4].assign(s=["u", "?", None, "w"], t=["p", "nan", None, ""])
    wanted = runtime_scores(data, table.fillna({"s": "", "t": ""}))
    model = kedge.compile(data, reference=pa.Table.from_pandas(TABLE, preserve_index=False))
    np.testing.assert_allclose(compiled_scores(model, table), wanted, rtol=1e-6)
    assert [feature.name for feature in model.features] == ["n0", "n1", "n2", "s", "t", "k"]
    assert model.parity.rows >= len(TABLE)
    row = {**table.iloc[1].to_dict(), "k": 77}
    unknown = runtime_scores(data, table.iloc[[1]].assign(k=77))
    np.testing.assert_allclose(model.predict(row), unknown[0], rtol=1e-6)


# Larger ones cancel: then float32 sums in another order are further apart, there too.
FLOATS = st.one_of(st.just(np.nan), st.floats(-5, 5, width=32))
ROW = st.tuples(
    FLOATS,
    FLOATS,
    FLOATS,
    st.sampled_from(["u", "v", "w", "", "other"]),
    st.sampled_from(["p", "", "q"]),
    st.integers(-2, 2**40),
)


@pytest.fixture(scope="module")
def converted() -> list[tuple[bytes, kedge.Model]]:
    names = ["columns, logistic", "columns, ordinal, forest", "columns, target encoder"]
    graphs = [CASES[name]().onnx() for name in names]
    return [(data, kedge.compile(data)) for data in graphs]


@settings(max_examples=20, deadline=None)
@given(st.lists(ROW, min_size=1, max_size=30))
def test_any_rows_score_as_there(converted: Any, rows: list[tuple[Any, ...]]) -> None:
    table = pd.DataFrame(rows, columns=list(TABLE)).astype(
        {"n0": np.float32, "n1": np.float32, "n2": np.float32, "s": object, "t": object}
    )
    for data, model in converted:
        wanted = runtime_scores(data, table)
        np.testing.assert_allclose(compiled_scores(model, table), wanted, rtol=2e-6, atol=1e-5)


def test_fractions_are_cut_before_they_are_encoded() -> None:
    data = CASES["one-hot of a matrix"]().onnx()
    x = np.array([[-2.5, -1.5, -0.5, 0.5, 1.7], [2.0, 0.999, -0.999, 1.0, -1.0]], np.float32)
    np.testing.assert_allclose(
        compiled_scores(kedge.compile(data), x), runtime_scores(data, x), rtol=1e-6
    )


def test_there_are_forty() -> None:
    assert len(COMPILED) >= 40
