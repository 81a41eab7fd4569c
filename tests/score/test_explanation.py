"""What Model.explain takes, what its Explanation gives, and what is refused."""

from __future__ import annotations

import pickle

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import kedge
from kedge import _core
from tests.model import test_lightgbm as lgb
from tests.model.rows import same_bits
from tests.score.test_predict import TWO_LEAVES


@pytest.fixture(scope="module")
def model() -> kedge.Model:
    return kedge.compile(lgb.train(lgb.KINDS["binary"]))


@pytest.fixture(scope="module")
def classes() -> kedge.Model:
    return kedge.compile(lgb.train(lgb.KINDS["multiclass"]))


def named(model: kedge.Model, rows: np.ndarray) -> dict[str, np.ndarray]:
    return {feature.name: rows[:, i] for i, feature in enumerate(model.features)}


def test_a_stump_in_numbers() -> None:
    stump = kedge.compile(TWO_LEAVES)
    found = stump.explain(np.array([[0.0, 0.25], [0.0, 0.75]]))
    assert found.base.tolist() == [0.5]
    assert found.values.tolist() == [[0.0, -1.5], [0.0, 1.5]]
    assert found.feature_names == ["a", "b"]
    assert len(found) == 2
    assert repr(found) == "<Explanation of 2 rows, 2 features, 1 output>"


def test_arrays_lists_and_tables_are_read_as_predict_reads_them(model: kedge.Model) -> None:
    rows = lgb.draw(3, 70)
    wanted = model.explain(rows).values
    table = named(model, rows)
    forms = [rows.tolist(), np.asfortranarray(rows), rows[::-1][::-1], pa.table(table)]
    forms += [pd.DataFrame(table), pa.table(table).to_reader(max_chunksize=9), table]
    for form in forms:
        assert same_bits(model.explain(form).values, wanted)
    narrow = rows.astype(np.float32)
    assert same_bits(model.explain(narrow).values, model.explain(narrow.astype(float)).values)


def test_no_rows_have_no_values(model: kedge.Model, classes: kedge.Model) -> None:
    assert model.explain(np.empty((0, lgb.FEATURES))).values.shape == (0, lgb.FEATURES)
    assert classes.explain(np.empty((0, lgb.FEATURES))).values.shape == (0, 4, lgb.FEATURES)
    table = named(model, np.empty((0, lgb.FEATURES)))
    empty = model.explain(pa.table(table))
    assert (len(empty), empty.top(3).names.shape) == (0, (0, 3))
    assert pa.table(empty).num_rows == 0


def test_rows_and_threads_do_not_change_a_bit(model: kedge.Model, classes: kedge.Model) -> None:
    rows = lgb.draw(3, 700)
    for one in (model, classes):
        whole = one.explain(rows).values
        assert same_bits(one.explain(rows, threads=3).values, whole)
        for i in (0, 1, 63, 64, 699):
            assert same_bits(one.explain(rows[i : i + 1]).values, whole[i : i + 1])
        copy = pickle.loads(pickle.dumps(one))
        assert same_bits(copy.explain(rows[:5]).values, whole[:5])


def test_the_largest_contributions_come_by_name(classes: kedge.Model) -> None:
    found = classes.explain(lgb.draw(3, 20))
    top = found.top(3)
    assert top.names.shape == top.values.shape == top.places.shape == (20, 4, 3)
    order = np.argsort(-np.abs(found.values), axis=-1, kind="stable")[..., :3]
    assert (top.places == order).all()
    assert (top.names == np.array(found.feature_names, object)[order]).all()
    assert same_bits(top.values, np.take_along_axis(found.values, order, -1))
    assert found.top(99).values.shape == (20, 4, lgb.FEATURES)
    assert found.top(0).values.shape == (20, 4, 0)


def test_columns_are_features_and_base(model: kedge.Model, classes: kedge.Model) -> None:
    rows = lgb.draw(3, 20)
    found = model.explain(rows)
    table = pa.table(found)
    assert table.column_names == [*found.feature_names, "base"]
    for i, name in enumerate(found.feature_names):
        assert same_bits(table[name].to_numpy(), found.values[:, i].copy())
    assert set(table["base"].to_pylist()) == {float(found.base[0])}
    several = classes.explain(rows)
    table = pa.table(several)
    assert table.column_names[:2] == ["score_0.Column_0", "score_0.Column_1"]
    assert table.column_names[-1] == "score_3.base"
    assert same_bits(table["score_3.Column_1"].to_numpy(), several.values[:, 3, 1].copy())


@pytest.mark.parametrize(
    ("rows", "error", "text"),
    [
        (np.zeros(8), kedge.InvalidArgument, r"expected rows of 8 features, got .*\(8,\); x\[None"),
        (np.zeros((2, 7)), kedge.InvalidArgument, "expected rows of 8 features"),
        (np.array([["a"] * 8]), kedge.InvalidArgument, "expected numbers"),
        ({"Column_0": np.zeros(2)}, kedge.InvalidArgument, "Column_1"),
    ],
)
def test_rows_that_predict_refuses_are_refused(
    model: kedge.Model, rows: object, error: type[Exception], text: str
) -> None:
    with pytest.raises(error, match=text):
        model.predict(rows)
    with pytest.raises(error, match=text):
        model.explain(rows)


def test_models_that_cannot_be_explained_are_refused_by_name() -> None:
    linear = kedge.compile(lgb.train(lgb.KINDS["linear"]))
    with pytest.raises(kedge.Unsupported, match="linear leaves"):
        linear.explain(lgb.draw(3, 2))
    lines = TWO_LEAVES.replace(b"leaf_count=1 1\n", b"")
    with pytest.raises(kedge.Unsupported, match="how many training rows"):
        kedge.compile(lines).explain(np.zeros((1, 2)))


def test_an_explanation_outlives_its_model() -> None:
    found = kedge.compile(TWO_LEAVES).explain(np.zeros((1, 2)))
    assert isinstance(found, _core.Explanation)
    assert found.values.tolist() == [[0.0, -1.5]]
