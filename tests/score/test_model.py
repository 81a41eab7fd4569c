"""A compiled model takes what people have, gives what they expect, and says what is wrong."""

from __future__ import annotations

import copy
import mmap
import os
import pickle
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import duckdb
import lightgbm
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import xgboost

import kedge
from tests.model.rows import same_bits

NAMES = ["age", "spend", "visits"]
Change = Callable[[np.ndarray], Any]


def draw(rows: int, seed: int = 1) -> np.ndarray:
    """Eighths, which every float holds, some of them missing."""
    rng = np.random.default_rng(seed)
    x = rng.integers(-40, 40, (rows, len(NAMES))) / 8
    return np.where(rng.random(x.shape) < 0.1, np.nan, x)


@pytest.fixture(scope="module")
def booster() -> lightgbm.Booster:
    x = draw(800)
    data = lightgbm.Dataset(x, np.nan_to_num(x) @ [1, -2, 0.5], feature_name=NAMES)
    params = {"objective": "regression", "verbosity": -1, "num_threads": 1, "min_data_in_leaf": 5}
    return lightgbm.train(params, data, 20)


@pytest.fixture(scope="module")
def model(booster: lightgbm.Booster) -> kedge.Model:
    return kedge.compile(booster, reference=draw(300, 2), metadata={"team": "harbour"})


@pytest.fixture(scope="module")
def classes() -> kedge.Model:
    """Three float32 outputs, names of categories."""
    x = pd.DataFrame(draw(400), columns=NAMES)
    x["town"] = pd.Categorical(np.array(["Oslo", "Riga", "Kiel"])[np.arange(400) % 3])
    data = xgboost.DMatrix(x, np.arange(400) % 3, enable_categorical=True)
    return kedge.compile(xgboost.train({"objective": "multi:softprob", "num_class": 3}, data, 5))


def with_gaps(x: np.ndarray) -> np.ndarray:
    wide = np.full((2 * len(x) + 1, 7), 99.0)
    wide[1::2, 1::2] = x
    return wide[1::2, 1::2]


def unaligned(x: np.ndarray) -> np.ndarray:
    held = np.zeros(x.nbytes + 1, np.uint8)
    view = np.frombuffer(held.data, np.float64, x.size, 1).reshape(x.shape)
    np.copyto(view, x)
    return view


def read_only(x: np.ndarray) -> np.ndarray:
    frozen = x.copy()
    frozen.flags.writeable = False
    return frozen


LAYOUTS: dict[str, Change] = {
    "C": np.ascontiguousarray,
    "Fortran": np.asfortranarray,
    "gaps": with_gaps,
    "negative strides": lambda x: x[::-1, ::-1].copy()[::-1, ::-1],
    "unaligned": unaligned,
    "read-only": read_only,
    "other byte order": lambda x: x.astype(">f8"),
    "repeated row": lambda x: np.broadcast_to(x[:1], x.shape),
    "list": lambda x: x.tolist(),
    "tuple": lambda x: tuple(map(tuple, x)),
    "subclass": lambda x: x.view(np.recarray),
    "float32": lambda x: x.astype(np.float32),
    "float32 by column": lambda x: np.asfortranarray(x, np.float32),
    "float16": lambda x: x.astype(np.float16),
}


@pytest.mark.parametrize("rows", [1, 15, 16, 65, 200])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_layouts_of_arrays_do_not_matter(model: kedge.Model, layout: str, rows: int) -> None:
    x = LAYOUTS[layout](draw(rows, 3))
    wanted = model.predict(np.array(x, np.float64))
    assert same_bits(model.predict(x), wanted)
    out = np.empty_like(wanted)
    assert model.predict(x, out=out) is out
    assert same_bits(out, wanted)


@pytest.mark.parametrize("kind", [*"bhilqBHILQ", "?"])
def test_whole_numbers_of_every_size(model: kedge.Model, kind: str) -> None:
    x = np.arange(60).reshape(20, 3).astype(kind)
    assert same_bits(model.predict(x), model.predict(x.astype(np.float64)))


def table(x: np.ndarray, names: list[str] = NAMES) -> dict[str, np.ndarray]:
    return {name: x[:, i] for i, name in enumerate(names)}


def with_nulls(x: np.ndarray) -> pa.Table:
    return pa.table({k: pa.array(v, from_pandas=True) for k, v in table(x).items()})


def in_duckdb(x: np.ndarray) -> Any:
    frame = pl.DataFrame(table(x))  # noqa: F841  found by its name
    return duckdb.sql("select * from frame")


def batches(x: np.ndarray) -> pa.RecordBatchReader:
    return with_nulls(x).to_reader(max_chunksize=7)


TABLES: dict[str, Change] = {
    "pyarrow": lambda x: pa.table(table(x)),
    "nulls": with_nulls,
    "shuffled": lambda x: pa.table(table(x)).select(["visits", "age", "spend"]),
    "chunks": lambda x: pa.concat_tables([with_nulls(x[:5]), with_nulls(x[5:])]),
    "slice": lambda x: with_nulls(np.vstack([x, x])).slice(3, len(x)),
    "batch": lambda x: pa.RecordBatch.from_pydict(table(x)),
    "batches": batches,
    "polars": lambda x: pl.DataFrame(table(x)),
    "polars nulls": lambda x: pl.from_arrow(with_nulls(x)),
    "pandas": lambda x: pd.DataFrame(table(x)),
    "duckdb": in_duckdb,
}


@pytest.mark.parametrize("kind", TABLES)
def test_tables_of_every_library(model: kedge.Model, kind: str) -> None:
    x = draw(50, 4)
    data = TABLES[kind](x)
    rows = np.vstack([x, x])[3:53] if kind == "slice" else x
    scores = pa.table(model.predict(data))
    assert scores.column_names == ["score"]
    assert scores["score"].type == pa.float64()
    assert same_bits(scores["score"].to_numpy(), model.predict(rows))


@pytest.mark.parametrize("type_name", ["int8", "int16", "int32", "int64", "bool", "halffloat"])
@pytest.mark.parametrize("unsigned", [False, True])
def test_columns_of_every_number(model: kedge.Model, type_name: str, unsigned: bool) -> None:
    kind = pa.type_for_alias("u" * (unsigned and type_name.startswith("int")) + type_name)
    values = [None if i % 5 == 2 else i % 2 for i in range(30)]
    if type_name == "halffloat":
        values = [None if v is None else np.float16(v) for v in values]
    column = pa.array(values, pa.int8() if type_name == "bool" else kind).cast(kind)
    numbers = np.array([np.nan if v is None else float(v) for v in values])
    scores = pa.table(model.predict(pa.table([column] * 3, NAMES)))["score"].to_numpy()
    assert same_bits(scores, model.predict(np.stack([numbers] * 3, 1)))


def test_a_masked_array_is_refused(classes: kedge.Model) -> None:
    masked = np.ma.masked_invalid(np.full((2, len(classes.features)), np.nan))
    with pytest.raises(kedge.Unsupported, match="masked array"):
        classes.predict(masked)


def test_no_rows(model: kedge.Model, classes: kedge.Model) -> None:
    assert model.predict(draw(0, 3)).shape == (0,)
    assert pa.table(model.predict(pa.table(table(draw(0))))).num_rows == 0
    assert pa.table(model.predict(with_nulls(draw(9)).slice(0, 0))).schema.names == ["score"]
    nothing = pa.table({**table(draw(0)), "town": pa.array([], pa.utf8())})
    assert pa.table(classes.predict(nothing)).column_names == ["score_0", "score_1", "score_2"]


def test_categories_by_name_are_their_places(classes: kedge.Model) -> None:
    assert [feature.categories for feature in classes.features][:3] == [[], [], []]
    places = {name: i for i, name in enumerate(classes.features[3].categories)}
    assert set(places) == {"Oslo", "Riga", "Kiel"}
    towns = ["Riga", None, "Oslo", "nowhere", "Kiel"] * 8
    x = draw(40, 5)
    numbers = np.column_stack([x, [places.get(town, np.nan) for town in towns]])
    wanted = classes.predict(numbers)
    for column in (
        pa.array(towns),
        pa.array(towns, pa.large_utf8()),
        pa.array(towns).dictionary_encode(),
        pa.chunked_array([pa.array(towns[:9]), pa.array(towns[9:])]).dictionary_encode(),
    ):
        scores = pa.table(classes.predict(pa.table({"town": column, **table(x)})))
        found = np.stack([scores[f"score_{k}"].to_numpy() for k in range(3)], 1)
        assert (found == wanted).all()


def test_wrong_columns_are_listed(model: kedge.Model, classes: kedge.Model) -> None:
    data = pa.table({"age": [1.0], "visit": [2.0], "town": [3.0]})
    with pytest.raises(kedge.InvalidArgument) as error:
        model.predict(data)
    assert 'missing columns "spend", "visits"' in str(error.value)
    assert 'does not know "town", "visit"' in str(error.value)
    with pytest.raises(kedge.InvalidArgument, match='does not know "age"'):
        model.predict(pa.table([[1.0]] * 4, [*NAMES, "age"]))
    with pytest.raises(kedge.InvalidArgument, match='"age": expected numbers, got'):
        model.predict(pa.table([["x"]] * 3, NAMES))
    with pytest.raises(kedge.InvalidArgument, match='"age": expected numbers, got'):
        model.predict(pa.table([pa.array([1]).dictionary_encode()] * 3, NAMES))
    with pytest.raises(kedge.KedgeError, match='"age"'):
        model.predict(pa.table([[[1.0]]] * 3, NAMES))


@pytest.mark.parametrize(
    ("wrong", "text"),
    [
        (np.zeros(3), r"shape \(3,\); x\[None, :\]"),
        (np.zeros((2, 4)), r"rows of 3 features, got an array of shape \(2, 4\)"),
        (np.zeros((2, 2)), r"shape \(2, 2\)"),
        (np.zeros((2, 3, 1)), r"shape \(2, 3, 1\)"),
        (np.array(1.0), r"shape \(\)"),
        (np.zeros((2, 3), "U3"), "expected numbers, got a NumPy array of dtype <U3"),
        (np.zeros((2, 3), complex), "dtype complex128"),
        (np.zeros((2, 3), object), "dtype object"),
        (np.zeros((2, 3), "M8[s]"), "dtype datetime64"),
        ([1.0, 2.0, 3.0], r"shape \(3,\)"),
        ([], r"shape \(0,\)"),
    ],
)
def test_wrong_arrays_are_refused(model: kedge.Model, wrong: Any, text: str) -> None:
    with pytest.raises(kedge.InvalidArgument, match=text):
        model.predict(wrong)


@pytest.mark.parametrize("wrong", [None, 3, "age", object(), [["x", "y", "z"]], [[1], [2, 3]]])
def test_what_is_no_data_is_refused(model: kedge.Model, wrong: Any) -> None:
    with pytest.raises((TypeError, ValueError)):
        model.predict(wrong)


@pytest.mark.parametrize(
    "wrong",
    [
        np.zeros(19),
        np.zeros((20, 1)),
        np.zeros(20, np.float32),
        np.zeros(20, ">f8"),
        np.zeros(40)[::2],
        read_only(np.zeros(20)),
        [0.0] * 20,
        "out",
    ],
)
def test_a_wrong_out_is_refused_and_left_alone(model: kedge.Model, wrong: Any) -> None:
    with pytest.raises(kedge.InvalidArgument, match=r"^out: "):
        model.predict(draw(20), out=wrong)
    assert isinstance(wrong, str) or not np.any(np.asarray(wrong))


def test_an_out_within_the_rows_is_refused(model: kedge.Model) -> None:
    x = draw(20)
    both = np.zeros((4, 20))
    both[:3] = x.T
    assert same_bits(model.predict(both[:3].T, out=both[3]), model.predict(x))
    for rows, out in ((x, x.ravel()[:20]), (x[::-1], x.ravel()[-20:]), (both[1:].T, both[2])):
        with pytest.raises(kedge.InvalidArgument, match="out: shares memory"):
            model.predict(rows, out=out)


def test_outputs_have_the_models_precision(model: kedge.Model, classes: kedge.Model) -> None:
    x = draw(20)
    assert model.predict(x).dtype == np.float64
    assert model.predict(x).shape == (20,)
    four = np.column_stack([x, np.arange(20) % 3])
    for raw in (False, True):
        assert classes.predict(four, raw=raw).dtype == np.float32
        assert classes.predict(four, raw=raw).shape == (20, 3)
    out = np.empty((20, 3), np.float32)
    assert classes.predict(four, out=out) is out
    for wrong in (np.empty((20, 3)), np.empty(60, np.float32), np.empty((3, 20), np.float32).T):
        with pytest.raises(kedge.InvalidArgument, match=r"^out: .* float32, shape \(20, 3\)"):
            classes.predict(four, out=wrong)
    with pytest.raises(kedge.InvalidArgument, match="out: only with a NumPy array"):
        model.predict(pa.table(table(x)), out=np.empty(20))


def test_copies_score_the_same(model: kedge.Model) -> None:
    x = draw(70)
    for again in (
        pickle.loads(pickle.dumps(model)),
        copy.copy(model),
        copy.deepcopy(model),
        kedge.Model.from_bytes(model.to_bytes()),
    ):
        assert again.to_bytes() == model.to_bytes()
        assert same_bits(again.predict(x), model.predict(x))


def test_any_buffer_is_read_in_place(model: kedge.Model, tmp_path: Path) -> None:
    data = model.to_bytes()
    path = tmp_path / "model.kedge"
    path.write_bytes(data)
    with path.open("rb") as file:
        mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    x = draw(70)
    for held in (bytearray(data), memoryview(b"x" + data)[1:], np.frombuffer(data, "u1"), mapped):
        again = kedge.Model.from_bytes(held)
        del held
        assert same_bits(again.predict(x), model.predict(x))
    with pytest.raises(TypeError):
        kedge.Model.from_bytes("text")


def test_a_saved_model_is_the_same(model: kedge.Model, tmp_path: Path) -> None:
    path = tmp_path / "ŋ churn.kedge"
    for name in (path, str(path)):
        model.save(name)
        assert path.read_bytes() == model.to_bytes()
        again = kedge.load(name)
        assert again.metadata == {"team": "harbour"}
        assert again.profile_bytes == model.profile_bytes
        assert (again.origin, again.link) == (model.origin, model.link)
        assert [feature.name for feature in again.features] == NAMES
        assert (again.parity.rows, again.parity.rows_off) == (316, 0)
        assert same_bits(again.golden_rows, model.golden_rows)
    assert os.listdir(tmp_path) == [path.name]  # noqa: PTH208  nothing half written is left


def test_what_is_no_model_file_is_refused(model: kedge.Model, tmp_path: Path) -> None:
    with pytest.raises(kedge.InvalidArgument, match=r'none.kedge": there is no such file'):
        kedge.load(tmp_path / "none.kedge")
    with pytest.raises(kedge.InvalidArgument, match="is no file"):
        kedge.load(tmp_path)
    with pytest.raises(kedge.InvalidArgument, match="No such file"):
        model.save(tmp_path / "none" / "model.kedge")
    path = tmp_path / "model.kedge"
    data = model.to_bytes()
    damaged = bytearray(data)
    damaged[-400] ^= 4
    for wrong in (b"", b"tree\n", b"text, which is no model\n" * 9, data[:-64], bytes(damaged)):
        path.write_bytes(wrong)
        with pytest.raises(kedge.CorruptData, match=r'model.kedge": '):
            kedge.load(path)
        with pytest.raises(kedge.CorruptData):
            kedge.Model.from_bytes(wrong)


def test_a_replaced_file_leaves_the_model_that_maps_it(model: kedge.Model, tmp_path: Path) -> None:
    path = tmp_path / "model.kedge"
    model.save(path)
    before = kedge.load(path)
    kedge.compile(b"tree\n" + FEW).save(path)
    x = draw(70)
    assert same_bits(before.predict(x), model.predict(x))
    assert kedge.load(path).outputs == 1


FEW = (
    b"version=v4\nnum_class=1\nnum_tree_per_iteration=1\nlabel_index=0\nmax_feature_idx=0\n"
    b"objective=regression\nfeature_names=a\nfeature_infos=[0:1]\ntree_sizes=100\n\nTree=0\n"
    b"num_leaves=1\nnum_cat=0\nleaf_value=0.5\nis_linear=0\nshrinkage=1\n\n\nend of trees\n"
)


def test_metadata_must_be_text(booster: lightgbm.Booster) -> None:
    assert kedge.compile(booster).metadata == {}
    made = kedge.compile(booster, metadata={"ŋ": "", "": "\0\n"})
    assert kedge.Model.from_bytes(made.to_bytes()).metadata == {"ŋ": "", "": "\0\n"}
    with pytest.raises((TypeError, ValueError, RuntimeError)):
        kedge.compile(booster, metadata={"rows": 3})


@pytest.mark.parametrize("rows", [1, 4095, 4097, 9001])
def test_threads_of_one_call_change_nothing(model: kedge.Model, rows: int) -> None:
    x = draw(rows, 7)
    wanted = model.predict(x)
    for threads in (0, 2, 3, 64):
        assert same_bits(model.predict(x, threads=threads), wanted)
    with pytest.raises(TypeError):
        model.predict(x, threads=-1)


def test_eight_threads_share_one_model(booster: lightgbm.Booster) -> None:
    model = kedge.compile(booster)
    x = draw(2000, 8)
    wanted = booster.predict(x, raw_score=True)

    def run(seed: int) -> bool:
        rng = np.random.default_rng(seed)
        parts = [
            (int(at), int(at) + int(rng.choice([1, 17, 200]))) for at in rng.integers(0, 1800, 60)
        ]
        return all(same_bits(model.predict(x[a:b], raw=True), wanted[a:b]) for a, b in parts)

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(run, range(16)))
