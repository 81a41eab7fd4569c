"""What is not compiled runs in onnxruntime, in a bundle that is otherwise the same."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

import kedge
from kedge.cli.inspect import text_of
from kedge.model import onnx_runtime
from tests.model.converters import CASES, TABLE, X, columns, one_hot
from tests.model.test_onnx_converters import compiled_scores, runtime_scores

ARROW = pa.Table.from_pandas(TABLE, preserve_index=False)


@pytest.fixture(scope="module")
def gauss() -> bytes:
    return CASES["Gauss"]().onnx()


@pytest.fixture(scope="module")
def model(gauss: bytes) -> kedge.Model:
    return kedge.compile(gauss, fallback="onnxruntime", reference=X.astype(np.float64))


def test_it_predicts_as_onnxruntime_does(gauss: bytes, model: kedge.Model) -> None:
    wanted = runtime_scores(gauss, X)
    assert (compiled_scores(model, X) == wanted).all()
    assert (model.predict(X, raw=True, threads=2) == wanted[:, 0]).all()
    assert (model.predict(X[:1]) == wanted[0]).all()
    row = {f"x{i}": float(value) for i, value in enumerate(X[0])}
    assert (model.predict(row) == wanted[0]).all()


def test_it_is_a_bundle_like_any_other(tmp_path: Path, model: kedge.Model) -> None:
    model.save(tmp_path / "gauss.kedge")
    loaded = kedge.load(tmp_path / "gauss.kedge")
    assert loaded.to_bytes() == model.to_bytes()
    assert (loaded.predict(X) == model.predict(X)).all()
    assert loaded.profile is not None
    assert loaded.metadata["classes"] == '["0", "1"]'
    assert loaded.parity.rows > len(X)
    assert loaded.parity.rows_off == 0
    assert len(loaded.golden_rows) == 16
    assert loaded.engine() == "onnxruntime"
    assert "run by onnxruntime" in repr(loaded)


def test_inspect_says_why(model: kedge.Model) -> None:
    info = model.info()
    assert len(info["not_native"]) == 1
    assert "(ReduceLogSumExp)" in info["not_native"][0]
    said = text_of({**info, "bytes": 0, "sha256": ""})
    assert "runs in       onnxruntime" in said
    assert "not compiled  ONNX node" in said


def test_without_the_word_the_refusal_names_the_door(gauss: bytes) -> None:
    with pytest.raises(
        kedge.Unsupported, match=r'\(ReduceLogSumExp\).* with fallback="onnxruntime"'
    ):
        kedge.compile(gauss)
    with pytest.raises(kedge.InvalidArgument, match='expected "onnxruntime"'):
        kedge.compile(gauss, fallback="somebody")


def test_what_compiles_is_compiled() -> None:
    compiled = kedge.compile(CASES["linear"]().onnx(), fallback="onnxruntime")
    assert compiled.info()["not_native"] == []
    assert compiled.engine() == "plan"


def test_text_goes_to_the_runtime_as_text() -> None:
    from sklearn.naive_bayes import GaussianNB

    case = CASES["columns, logistic"]()
    data = type(case)(columns(one_hot(), GaussianNB()), x=TABLE).onnx()
    model = kedge.compile(data, fallback="onnxruntime", reference=ARROW)
    table = TABLE.iloc[:3].assign(s=["u", "?", ""])
    np.testing.assert_allclose(
        compiled_scores(model, table), runtime_scores(data, table), rtol=1e-12
    )


def test_what_it_cannot_say_is_refused_by_name(model: kedge.Model) -> None:
    for ask in (model.explain, model.reasons, model.background):
        with pytest.raises(kedge.Unsupported, match="the model runs in onnxruntime"):
            ask(X[:2])


def test_without_onnxruntime_it_is_refused_by_name(
    model: kedge.Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = model.to_bytes()
    monkeypatch.setattr(onnx_runtime, "session_of", lambda *_: None)
    with pytest.raises(kedge.Unsupported, match="runs in onnxruntime, which is not installed"):
        kedge.Model.from_bytes(data)
