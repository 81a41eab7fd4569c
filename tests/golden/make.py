"""Writes the golden files of the newest format versions: `python -m tests.golden.make`.

A golden file is written once and never again: what it holds must stay readable for ever.
"""

from __future__ import annotations

import json
from pathlib import Path

import lightgbm
import numpy as np
import onnx
import onnx.helper
import onnx.numpy_helper
import pyarrow as pa
from sklearn.ensemble import GradientBoostingRegressor, RandomForestRegressor
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import kedge
from kedge._core import Categories, Table
from kedge.loop import Snapshot
from tests.golden.quality import holds_quality, quality
from tests.golden.updates import updates

FOLDER = Path(__file__).parent
VERSIONS = {
    "histogram": 2,
    "profile": 2,
    "ipc": 1,
    "categories": 1,
    "bundle": 3,
    "quality": 2,
    "calibration": 1,
    "shadow": 1,
    "canary": 1,
    "arms": 1,
    "pipeline": 1,
    "update": 1,
}
GENERATION = 7  # that the snapshots of pipelines were stored by


def columns() -> dict[str, np.ndarray]:
    """A column for each kind of map."""
    rng = np.random.default_rng(1)
    return {
        "affine": rng.normal(size=3000),
        "lattice": rng.integers(-3, 9, 3000).astype(np.float64),
        "bend": rng.standard_cauchy(3000),
        "cuts": np.where(rng.random(3000) < 0.5, rng.integers(1, 10, 3000) / 10, rng.random(3000)),
        "odd": np.array([np.nan, np.inf, -np.inf, 0.0, -0.0] * 600),
        "affine_atoms": np.where(rng.random(3000) < 0.4, -9.5, rng.normal(size=3000)),
        "bend_atoms": np.where(rng.random(3000) < 0.4, 0.0, rng.standard_cauchy(3000)),
        "clusters": rng.normal(size=3000) + 1e6 * rng.integers(0, 2, 3000),
    }


def save(format_name: str, name: str, data: bytes, holds: object, version: int = 0) -> None:
    """Write one file, of the newest version or the one named, and what it holds; none twice."""
    path = FOLDER / format_name / f"v{version or VERSIONS[format_name]}" / name
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        path.with_suffix(".json").write_text(json.dumps(holds) + "\n")


def holds_snapshot(snapshot: Snapshot) -> dict[str, object]:
    """What a pipeline's snapshot holds, as plain data."""
    sections = {name: content.decode("latin-1") for name, content in snapshot.sections.items()}
    return {"epoch": snapshot.epoch, "sections": sections}


def pipelines() -> dict[str, Snapshot]:
    """Snapshots of pipelines by name."""
    sections = {"pipeline": b'["window"]', "source": b"{}", "window/window": bytes(range(256))}
    return {"first": Snapshot(0, {}), "later": Snapshot(2**40 + 1, {**sections, "\u00fc/x": b""})}


def holds(histogram: kedge.Histogram) -> dict[str, object]:
    """What a histogram counted, as plain data."""
    return {
        "counts": histogram.counts.tolist(),
        "nulls": histogram.null_count,
        "nans": histogram.nan_count,
    }


def categories(novel: int) -> Categories:
    """Counts of short, long and foreign names, and of `novel` unlisted ones."""
    made = Categories(["", "Oslo", "Riga", "a name of more than sixteen bytes", "\u00e4\U0001f600"])
    rows = ["Oslo", None, "", "Oslo", "\u00e4\U0001f600", "x" * 300]
    rows += [f"novel {i}" for i in range(novel) for _ in range(1 + i % 3)]
    made.update(pa.array(rows))
    return made


def holds_names(counted: Categories) -> dict[str, object]:
    """What categories counted, as plain data."""
    return {
        "names": counted.names,
        "counts": counted.counts.tolist(),
        "unlisted": counted.unlisted_count,
        "nulls": counted.null_count,
        "novel": [list(entry) for entry in counted.novel],
        "complete": counted.novel_is_complete,
    }


def models() -> dict[str, object]:
    """A small model for each kind of leaf and node."""
    rng = np.random.default_rng(1)
    x = rng.normal(size=(500, 3))
    x[:, 1] = rng.integers(0, 40, 500)
    x[rng.random(500) < 0.1, 2] = np.nan
    y = x[:, 0] + x[:, 1] % 3 + np.nan_to_num(x[:, 2])
    params = {"num_leaves": 6, "verbosity": -1, "num_threads": 1, "deterministic": True}

    def train(categories: list[int], target: np.ndarray, **more: object) -> lightgbm.Booster:
        data = lightgbm.Dataset(x, target, categorical_feature=categories)
        return lightgbm.train({**params, **more}, data, 3)

    vectors = RandomForestRegressor(3, max_leaf_nodes=6, random_state=1)
    weighed = GradientBoostingRegressor(n_estimators=3, max_depth=2, random_state=1)
    return {
        "covers": train([], y > 1, objective="binary", is_unbalance=True),
        "weights": weighed.fit(np.nan_to_num(x), y, sample_weight=rng.random(500)),
        "numbers": train([], y > 1, objective="binary"),
        "categories": train([1], np.digitize(y, [0.5, 1.5]), objective="multiclass", num_class=3),
        "linear": train([], y, objective="regression", linear_tree=True),
        "vectors": vectors.fit(np.nan_to_num(x), np.stack([y, -y * y], 1)),
    }


def graph(nodes: list[onnx.NodeProto], *constants: onnx.TensorProto) -> bytes:
    """An ONNX graph of three numbers, x, and one answer, y."""
    real = onnx.TensorProto.FLOAT
    made = onnx.helper.make_graph(
        nodes,
        "golden",
        [onnx.helper.make_tensor_value_info("x", real, [None, 3])],
        [onnx.helper.make_tensor_value_info("y", real, [None, 1])],
        constants,
    )
    opset = onnx.helper.make_opsetid("", 17)
    model = onnx.helper.make_model(made, opset_imports=[opset], ir_version=8)
    return bytes(model.SerializeToString())


def nets() -> dict[str, kedge.Model]:
    """A pipeline in doubles, and a net in floats and in whole numbers."""
    rng = np.random.default_rng(2)
    x = rng.normal(size=(400, 3))
    net = MLPRegressor(hidden_layer_sizes=(8,), max_iter=20, random_state=1)
    pipeline = make_pipeline(StandardScaler(), net).fit(x, x[:, 0] * x[:, 1])
    layers = graph(
        [
            onnx.helper.make_node("Gemm", ["x", "w0", "b0"], ["h"]),
            onnx.helper.make_node("Relu", ["h"], ["r"]),
            onnx.helper.make_node("Gemm", ["r", "w1"], ["y"]),
        ],
        onnx.numpy_helper.from_array(rng.normal(size=(3, 8)).astype(np.float32), "w0"),
        onnx.numpy_helper.from_array(rng.normal(size=8).astype(np.float32), "b0"),
        onnx.numpy_helper.from_array(rng.normal(size=(8, 1)).astype(np.float32), "w1"),
    )
    made = {
        "pipeline": kedge.compile(pipeline, metadata={"kind": "pipeline"}),
        "net": kedge.compile(layers, metadata={"kind": "net"}),
    }
    for quantize in ("int8", "int16"):
        made[quantize] = kedge.compile(
            layers, quantize=quantize, reference=x, metadata={"kind": quantize}
        )
    return made


def foreign() -> bytes:
    """An ONNX graph that is not compiled, and is exact wherever it runs."""
    return graph(
        [
            onnx.helper.make_node("Mod", ["x", "by"], ["rest"], fmod=1),
            onnx.helper.make_node("ReduceMax", ["rest"], ["y"], axes=[1], keepdims=1),
        ],
        onnx.helper.make_tensor("by", onnx.TensorProto.FLOAT, [1], [3.0]),
    )


def holds_scores(model: kedge.Model) -> dict[str, object]:
    """What a model answers on its golden rows."""
    rows = model.golden_rows
    return {
        "features": [feature.name for feature in model.features],
        "link": model.link,
        "rows": rows.tolist(),
        "raw": model.predict(rows, raw=True).tolist(),
        "predictions": model.predict(rows).tolist(),
    }


def main() -> None:
    """Write whatever is missing."""
    data = columns()
    profile = kedge.profile(data, cells=64)
    for name in data:
        histogram = profile.histogram(name)
        save("histogram", f"{name}.hist", histogram.to_bytes(), holds(histogram))
    everything = {name: holds(profile.histogram(name)) for name in data}
    save("profile", "columns.kprof", profile.to_bytes(), everything)
    table = pa.table(
        {
            "word": pa.array(["a", None, "kedge"]).dictionary_encode(),
            "view": pa.array(["", "a string of more than twelve bytes", None], pa.string_view()),
            "at": pa.array([1, 2, None], pa.timestamp("ms", "UTC")),
            "flag": pa.array([True, None, False]),
        }
    )
    plain = Table(table).to_pydict()
    save("ipc", "types.arrows", Table(table).to_ipc(), plain)
    for name, novel in (("few", 3), ("many", 1200)):
        counted = categories(novel)
        save("categories", f"{name}.cats", counted.to_bytes(), holds_names(counted))
    for name, trained in models().items():
        model = kedge.compile(trained, metadata={"kind": name})
        save("bundle", f"{name}.kedge", model.to_bytes(), holds_scores(model), 1)
    for name, model in nets().items():
        save("bundle", f"{name}.kedge", model.to_bytes(), holds_scores(model), 2)
    run = kedge.compile(foreign(), fallback="onnxruntime", metadata={"kind": "run"})
    save("bundle", "run.kedge", run.to_bytes(), holds_scores(run), 3)
    for format_name, stored in quality().items():
        for name, content in stored.items():
            save(format_name, name, content, holds_quality(format_name, content))
    for name, snapshot in pipelines().items():
        stored_bytes = snapshot.to_bytes(GENERATION)
        save("pipeline", f"{name}.snapshot", stored_bytes, holds_snapshot(snapshot))
    for name, (content, sums) in updates().items():
        save("update", name, content, sums)


if __name__ == "__main__":
    main()
