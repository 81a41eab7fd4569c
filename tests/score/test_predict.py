"""Model.predict reads its own arguments: as Python does, and says so when they are wrong."""

from __future__ import annotations

import inspect
import pickle
from typing import Any

import numpy as np
import pytest

import kedge
from tests.model.rows import same_bits

TWO_LEAVES = (
    b"tree\nversion=v4\nnum_class=1\nnum_tree_per_iteration=1\nlabel_index=0\nmax_feature_idx=1\n"
    b"objective=binary sigmoid:1\nfeature_names=a b\nfeature_infos=[0:1] [0:1]\ntree_sizes=100\n\n"
    b"Tree=0\nnum_leaves=2\nnum_cat=0\nsplit_feature=1\nsplit_gain=1\nthreshold=0.5\n"
    b"decision_type=2\nleft_child=-1\nright_child=-2\nleaf_value=-1 2\nleaf_weight=1 1\n"
    b"leaf_count=1 1\ninternal_value=0\ninternal_weight=0\ninternal_count=2\nis_linear=0\n"
    b"shrinkage=1\n\n\nend of trees\n"
)
X = np.array([[0.0, 0.25], [0.0, 0.75]])
RAW = np.array([-1.0, 2.0])


@pytest.fixture(scope="module")
def model() -> kedge.Model:
    return kedge.compile(TWO_LEAVES)


def test_arguments_go_by_place_and_by_name(model: kedge.Model) -> None:
    linked = model.predict(X)
    assert not same_bits(linked, RAW)
    assert same_bits(model.predict(x=X), linked)
    assert same_bits(model.predict(X, raw=False, out=None, threads=1), linked)
    out = np.empty(2)
    assert model.predict(threads=2, out=out, x=X, raw=True) is out
    assert same_bits(out, RAW)


def test_names_made_at_run_time_are_names(model: kedge.Model) -> None:
    arguments: dict[str, Any] = {"".join("raw"): True, "".join("x"): X}
    assert same_bits(model.predict(**arguments), RAW)


@pytest.mark.parametrize(
    ("placed", "named", "text"),
    [
        ((), {}, "predict() misses its argument x, the rows"),
        ((), {"raw": True}, "predict() misses its argument x, the rows"),
        ((X, True), {}, "predict() takes one argument by place, x, got 2"),
        ((X,), {"x": X}, "predict() got its argument x twice"),
        ((X,), {"row": True}, "predict() knows no argument 'row'"),
        ((X,), {"raw\0": True}, r"predict() knows no argument 'raw\x00'"),
        ((X,), {"\udc80": True}, r"predict() knows no argument '\udc80'"),
        ((X,), {"raw": 1}, "raw: expected True or False, got 1"),
        ((X,), {"raw": None}, "raw: expected True or False, got NoneType"),
        ((X,), {"threads": -1}, "threads: expected a whole number, 0 or more, got -1"),
        ((X,), {"threads": 1 << 64}, f"threads: expected a whole number, 0 or more, got {1 << 64}"),
        ((X,), {"threads": "2"}, "threads: expected a whole number, 0 or more, got str"),
        ((X,), {"threads": None}, "threads: expected a whole number, 0 or more, got NoneType"),
    ],
)
def test_wrong_arguments_are_named(
    model: kedge.Model, placed: tuple[Any, ...], named: dict[str, Any], text: str
) -> None:
    with pytest.raises(TypeError) as raised:
        model.predict(*placed, **named)
    assert str(raised.value) == text


def test_what_a_call_raises_is_kedges_own_or_pythons(model: kedge.Model) -> None:
    with pytest.raises(kedge.InvalidArgument, match="expected rows of 2 features"):
        model.predict(X[0])
    with pytest.raises(kedge.Unsupported, match="masked"):
        model.predict(np.ma.masked_array(X))  # type: ignore[no-untyped-call]

    class Broken:
        def __arrow_c_stream__(self, schema: object = None) -> object:
            raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        model.predict(Broken())
    assert same_bits(model.predict(X, raw=True), RAW)


def test_a_model_that_was_never_made_is_refused(model: kedge.Model) -> None:
    with pytest.raises(TypeError, match="never initialised"):
        kedge.Model.__new__(kedge.Model).predict(X)
    with pytest.raises(TypeError, match="predict"):
        kedge.Model.predict(X, X)  # type: ignore[arg-type]
    assert same_bits(kedge.Model.predict(model, X, raw=True), RAW)


def test_python_knows_how_it_is_called(model: kedge.Model) -> None:
    signature = "(self, /, x, *, raw=False, out=None, threads=1)"
    assert str(inspect.signature(kedge.Model.predict)) == signature
    assert (kedge.Model.predict.__doc__ or "").startswith("What the trainer's predict gives")
    assert same_bits(pickle.loads(pickle.dumps(model.predict))(X), model.predict(X))
