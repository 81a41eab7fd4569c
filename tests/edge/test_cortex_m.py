"""A model as constants scores and counts on every Cortex-M as the host does, bit for bit."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import kedge
from kedge._core import Forest, model_header
from kedge.cli import main

for package in ("unicorn", "ziglang"):
    pytest.importorskip(
        package, reason=f"NOT TESTED on Cortex-M: there is no {package}; .ci/run cortexm has it"
    )

from edge_targets.cortex_m.emulator import Firmware
from edge_targets.cortex_m.firmware import CORES, compile_firmware

ROWS = 40
HARD = [0.0, -0.0, np.nan, np.inf, -np.inf, 1e-35, -1e-35, 5e-324, 1e-45, 3.4e38, 0.5, -0.5]
brief = settings(
    max_examples=10,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def same_bits(a: np.ndarray, b: np.ndarray) -> bool:
    return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()


def raw_of(model: kedge.Model, rows: np.ndarray) -> np.ndarray:
    return np.asarray(model.predict(rows, raw=True)).reshape(len(rows), -1)


def run(
    model: kedge.Model, rows: np.ndarray, core: str, folder: Path, *, counted: bool = False
) -> tuple[np.ndarray, np.ndarray, Firmware]:
    """Raw scores and counters, as the firmware gives them."""
    header = model_header(model, name="model", rows_are_double=rows.dtype == np.float64)
    firmware = Firmware(compile_firmware(header.text, CORES[core], folder), core)
    raw = np.zeros_like(raw_of(model, rows[:1]), shape=(len(rows), model.outputs))
    counters = np.zeros(header.counter_bytes // 4, np.uint32)
    codes = np.zeros(4 * 4096, np.uint8)
    firmware.call(rows, len(rows), codes, raw, counters, counted=counted)
    return raw, counters, firmware


def counts_of(model: kedge.Model, rows: np.ndarray) -> np.ndarray:
    """The counters that a host has after these rows: each column's slots, one after the other."""
    reference = model.profile
    assert reference is not None
    live = reference.like()
    names = [feature["name"] for feature in model.info()["features"]]
    live.update({name: rows[:, i].astype(np.float64) for i, name in enumerate(names)})
    slots = []
    for name in live.columns:
        histogram = live.histogram(name)
        slots += [histogram.counts, [histogram.nan_count, histogram.null_count]]
    return np.concatenate(slots).astype(np.uint32)


def split(feature: st.SearchStrategy[int]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(
        {
            "feature": feature,
            "threshold": st.sampled_from(HARD[:2] + HARD[3:])
            | st.floats(-4, 4, width=32)
            | st.floats(-4, 4),
            "missing_left": st.booleans(),
            "test": st.sampled_from([0, 1]),
        }
    )


@st.composite
def forests(draw: st.DrawFn) -> tuple[Forest, int]:
    """Small forests of every leaf width, tree size and missing rule, with sets of categories."""
    features = draw(st.integers(1, 5))
    outputs = draw(st.sampled_from([1, 1, 3]))
    with_sets = draw(st.booleans())
    sets = draw(st.lists(st.sets(st.integers(0, 40), min_size=1), min_size=1, max_size=3))
    nodes: list[dict[str, Any]] = []
    sizes = []
    for _ in range(draw(st.integers(0, 6))):
        first = len(nodes)
        _grow(draw, nodes, first, draw(st.integers(0, 4)), features, len(sets) * with_sets)
        sizes.append(len(nodes) - first)
    values = [
        [draw(st.floats(-1e3, 1e3)) for _ in range(outputs)]
        if node["left"] < 0
        else [0.0] * outputs
        for node in nodes
    ]

    def column(name: str, dtype: type) -> np.ndarray:
        return np.array([node.get(name, 0) for node in nodes], dtype)

    forest = Forest.from_parts(
        origin="drawn",
        features=[f"f{i}" for i in range(features)],
        categories={},
        tree_sizes=np.array(sizes, np.uint32),
        tree_outputs=np.zeros(len(sizes), np.uint32),
        left=column("left", np.int32),
        right=column("right", np.int32),
        feature=column("feature", np.uint32),
        threshold=column("threshold", np.float64),
        missing_left=column("missing_left", np.uint8),
        test=column("test", np.uint8),
        set=column("set", np.uint32),
        values=np.array(values, np.float64).reshape(len(nodes), outputs),
        covers=np.full(len(nodes), np.nan),
        sets=[sorted(members) for members in sets],
        start=draw(st.lists(st.floats(-10, 10), min_size=outputs, max_size=outputs)),
        divisor=draw(st.sampled_from([1.0, 3.0])),
        reads_float32=draw(st.booleans()),
        link="identity",
        link_scale=1.0,
    )
    return forest, features


def _grow(
    draw: st.DrawFn, nodes: list[dict[str, Any]], first: int, depth: int, features: int, sets: int
) -> int:
    place = len(nodes) - first
    if depth == 0:
        nodes.append({"left": -1, "right": -1})
        return place
    node = draw(split(st.integers(0, features - 1)))
    if sets and draw(st.booleans()):
        node |= {"test": draw(st.sampled_from([2, 3])), "set": draw(st.integers(0, sets - 1))}
        node["threshold"] = 0.0
    nodes.append(node)
    node["left"] = _grow(draw, nodes, first, draw(st.integers(0, depth - 1)), features, sets)
    node["right"] = _grow(draw, nodes, first, depth - 1, features, sets)
    return place


@st.composite
def cases(draw: st.DrawFn) -> tuple[kedge.Model, np.ndarray]:
    """A model with a reference, and rows on its thresholds, beside them, and hard ones."""
    forest, features = draw(forests())
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    reference = random.normal(size=(200, features)) * 10.0 ** random.integers(-3, 4, features)
    reference[random.random(reference.shape) < 0.3] = draw(st.sampled_from([0.0, 1.5, -3.0]))
    names = [f"f{i}" for i in range(features)]
    profile = kedge.profile(
        {name: reference[:, i] for i, name in enumerate(names)},
        cells=draw(st.sampled_from([8, 64])),
    )
    model = kedge.Model(forest).with_profile(profile)
    pool = np.concatenate([HARD, reference.ravel(), np.arange(-2.0, 45.0), random.normal(size=50)])
    rows = random.choice(pool, (ROWS, features))
    return model, rows.astype(draw(st.sampled_from([np.float32, np.float64])))


@pytest.mark.parametrize("core", CORES)
@brief
@given(case=cases())
def test_scores_and_counts_are_the_hosts(
    core: str, case: tuple[kedge.Model, np.ndarray], tmp_path: Path
) -> None:
    model, rows = case
    raw, counters, _ = run(model, rows, core, tmp_path)
    assert same_bits(raw, raw_of(model, rows))
    assert same_bits(counters, counts_of(model, rows))


@pytest.mark.parametrize("core", CORES)
def test_every_kind_of_cells(core: str, tmp_path: Path) -> None:
    random = np.random.default_rng(6)
    count = 4000
    crowded = 10.0 * random.integers(0, 7, count) + 1e-3 * random.normal(size=count)
    table = {
        "even": random.uniform(-3, 3, count),
        "whole": random.integers(0, 20, count).astype(float),
        "heavy": random.lognormal(0, 4, count),
        "crowded": crowded,
        "zeros": np.where(random.random(count) < 0.4, 0.0, random.normal(size=count)),
        "cuts": random.normal(size=count),
    }
    profile = kedge.profile(table, cells=256, cuts={"cuts": [-1.0, 0.0, 0.25, *range(2, 10)]})
    lightgbm = pytest.importorskip("lightgbm")
    data = lightgbm.Dataset(
        np.column_stack(list(table.values())), table["even"], feature_name=list(table)
    )
    booster = lightgbm.train({"num_leaves": 4, "verbose": -1, "num_threads": 1}, data, 3)
    model = kedge.compile(booster, reference=profile)
    text = model_header(model, name="model").text
    kinds = set(re.findall(r"CellKind\{(\d)\}", text))
    assert kinds == {"0", "1", "2", "3", "4"}
    rows = np.column_stack([random.permutation(column)[:400] for column in table.values()])
    with np.errstate(invalid="ignore"):
        rows[::3] *= random.choice([-1.0, 1.001, 1e6, 1e-6, np.inf, np.nan], (len(rows[::3]), 6))
    for width in (np.float32, np.float64):
        raw, counters, _ = run(model, rows.astype(width), core, tmp_path)
        assert same_bits(raw, raw_of(model, rows.astype(width)))
        assert same_bits(counters, counts_of(model, rows.astype(width)))


def boosted() -> kedge.Model:
    """A hundred trees of 31 leaves on 32 features, with a reference of 64 cells each."""
    lightgbm = pytest.importorskip("lightgbm")
    random = np.random.default_rng(1)
    x = random.normal(size=(20_000, 32)).astype(np.float32)
    y = x[:, 0] + x[:, 1] * x[:, 2] + random.normal(size=len(x)) > 0
    options = {"objective": "binary", "num_leaves": 31, "verbose": -1, "seed": 1}
    booster = lightgbm.train(options | {"num_threads": 1}, lightgbm.Dataset(x, y), 100)
    names = booster.feature_name()
    table = {name: x[:, i] for i, name in enumerate(names)}
    return kedge.compile(booster, reference=kedge.profile(table, cells=64))


@pytest.fixture(scope="module")
def gbdt() -> kedge.Model:
    return boosted()


@pytest.mark.parametrize("core", CORES)
def test_a_boosted_model_of_a_hundred_trees(core: str, gbdt: kedge.Model, tmp_path: Path) -> None:
    rows = np.random.default_rng(2).normal(size=(500, 32)).astype(np.float32)
    rows[::7, ::3] = np.nan
    raw, counters, _ = run(gbdt, rows, core, tmp_path)
    assert same_bits(raw, raw_of(gbdt, rows))
    assert same_bits(counters, counts_of(gbdt, rows))


@pytest.mark.parametrize("core", CORES)
def test_floats_that_are_summed_as_floats(core: str, tmp_path: Path) -> None:
    xgboost = pytest.importorskip("xgboost")
    random = np.random.default_rng(3)
    x = random.normal(size=(500, 6)).astype(np.float32)
    y = np.digitize(x[:, 0] * x[:, 1], [-0.5, 0.5])
    classes = xgboost.XGBClassifier(n_estimators=20, max_depth=4, n_jobs=1).fit(x, y)
    model = kedge.compile(classes)
    x[::5, ::2] = np.nan
    raw, counters, _ = run(model, x, core, tmp_path)
    assert raw.dtype == np.float32
    assert counters.size == 0
    assert same_bits(raw, raw_of(model, x))


@pytest.mark.parametrize("core", CORES)
def test_it_takes_little_flash_and_stack(core: str, gbdt: kedge.Model, tmp_path: Path) -> None:
    rows = np.random.default_rng(4).normal(size=(64, 32)).astype(np.float32)
    _, _, firmware = run(gbdt, rows, core, tmp_path)
    sections = firmware.sections()
    told = model_header(gbdt, name="model")
    assert sections.memory == 0
    assert sections.code <= 8192
    assert firmware.stack_bytes <= 512
    # It takes what the header says, but for what the compiler adds or makes part of the code.
    assert abs(sections.constants - told.forest_bytes - told.column_bytes) <= 512


def test_a_firmware_that_scores_otherwise_is_found(gbdt: kedge.Model, tmp_path: Path) -> None:
    rows = np.random.default_rng(5).normal(size=(8, 32)).astype(np.float32)
    header = model_header(gbdt, name="model")
    damaged = header.text.replace("kLeaves[] = {\n    ", "kLeaves[] = {\n    1.0 + ", 1)
    damaged = damaged.replace("kTrees[] = {\n    {0u, 0u, 0u}", "kTrees[] = {\n    {0u, 1u, 0u}", 1)
    assert damaged != header.text
    firmware = Firmware(compile_firmware(damaged, CORES["cortex-m4"], tmp_path), "cortex-m4")
    raw = np.zeros((8, 1))
    counters = np.zeros(header.counter_bytes // 4, np.uint32)
    firmware.call(rows, 8, np.zeros(64, np.uint8), raw, counters)
    assert not same_bits(raw, raw_of(gbdt, rows))


def test_the_command_writes_the_header(
    gbdt: kedge.Model, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    gbdt.save(tmp_path / "churn.kedge")
    assert main(["edge", "header", str(tmp_path / "churn.kedge"), "--name", "churn"]) == 0
    text = (tmp_path / "churn.h").read_text()
    assert "namespace churn {" in text
    assert text == model_header(gbdt, name="churn").text
    assert "for the cells of 32 columns" in capsys.readouterr().out
    assert main(["edge", "header", str(tmp_path / "churn.kedge"), "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["file"] == str(tmp_path / "churn.h")
    assert said["counter_bytes"] == 4 * sum(
        len(gbdt.profile.histogram(name).counts) + 2 for name in gbdt.profile.columns
    )


@pytest.mark.parametrize("name", ["", "2nd", "a-b", "a b", "_x", "naïve"])
def test_a_name_that_is_no_name_is_refused(name: str, gbdt: kedge.Model) -> None:
    with pytest.raises(kedge.InvalidArgument, match="letters, digits and _ are wanted"):
        model_header(gbdt, name=name)


def test_what_is_not_trees_is_refused() -> None:
    linear_model = pytest.importorskip("sklearn.linear_model")
    x = np.arange(20.0).reshape(10, 2)
    fitted = linear_model.LinearRegression().fit(x, x[:, 0])
    with pytest.raises(kedge.Unsupported, match="a model of steps cannot be constants"):
        model_header(kedge.compile(fitted), name="model")
