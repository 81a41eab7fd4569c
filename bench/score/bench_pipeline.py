"""Pipelines of 20 columns, half of them text, scored from a table.

    python -m bench.score.bench_pipeline [--rounds R] [--rows N] [--quick]

pipeline/<model>/<rows>: impute, scale, one-hot and logistic regression (`linear`) or boosted trees
(`trees`), a twentieth of the numbers missing. kedge takes an Arrow table, or its `matrix`,
or of one row the dictionary of its values, and as `kedge onnx` what skl2onnx made of the pipeline;
scikit-learn a pandas frame; ONNX Runtime, through skl2onnx, a dictionary of columns, made before
the clock starts. Peers that are not installed, or cannot convert the pipeline, are named and sit
out. One thread; medians of calls that take turns. A wrong answer (more than 1e-4 off) makes the
exit code 1.
"""

from __future__ import annotations

import argparse
import random
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

import kedge

COLUMNS = 10
Run = Callable[[], Any]


def table_of(rows: int, seed: int) -> pd.DataFrame:
    """Ten columns of numbers, ten of text with 4 to 22 values."""
    draws = np.random.default_rng(seed)
    columns: dict[str, Any] = {}
    for i in range(COLUMNS):
        numbers = draws.normal(size=rows)
        numbers[draws.random(rows) < 0.05] = np.nan
        columns[f"n{i}"] = numbers
    for i in range(COLUMNS):
        codes = draws.integers(0, 4 + 2 * i, rows)
        columns[f"t{i}"] = np.array([f"value {code}" for code in codes], object)
    return pd.DataFrame(columns)


def fitted(kind: str, table: pd.DataFrame) -> Any:
    """The pipeline, trained on the table."""
    from sklearn.compose import ColumnTransformer
    from sklearn.ensemble import GradientBoostingClassifier
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    numbers = make_pipeline(SimpleImputer(strategy="median"), StandardScaler())
    encoder = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    columns = ColumnTransformer(
        [
            ("numbers", numbers, [f"n{i}" for i in range(COLUMNS)]),
            ("texts", encoder, [f"t{i}" for i in range(COLUMNS)]),
        ]
    )
    trees = GradientBoostingClassifier(n_estimators=100, max_depth=4, random_state=0)
    model = LogisticRegression(max_iter=300) if kind == "linear" else trees
    truth = table["n0"].fillna(0) + (table["t1"] == "value 2") > 0.2
    return make_pipeline(columns, model).fit(table, truth)


def onnx_of(pipeline: Any, table: pd.DataFrame) -> bytes:
    """What skl2onnx makes of it, or a ModuleNotFoundError that says what is not installed."""
    from skl2onnx import to_onnx
    from skl2onnx.common.data_types import FloatTensorType, StringTensorType

    types = [
        (name, (StringTensorType if name.startswith("t") else FloatTensorType)([None, 1]))
        for name in table.columns
    ]
    options = {id(pipeline): {"zipmap": False}}
    model = to_onnx(pipeline, initial_types=types, options=options)
    return bytes(model.SerializeToString())


def onnx_run(data: bytes, table: pd.DataFrame) -> Run:
    """ONNX Runtime's call, or a ModuleNotFoundError that says what is not installed."""
    import onnxruntime as ort

    settings = ort.SessionOptions()
    settings.intra_op_num_threads = 1
    session = ort.InferenceSession(data, settings, providers=["CPUExecutionProvider"])
    feed = {
        name: table[[name]].to_numpy(object if name.startswith("t") else np.float32)
        for name in table.columns
    }
    return lambda: session.run([session.get_outputs()[1].name], feed)[0][:, 1]


def engines(pipeline: Any, model: kedge.Model, table: pd.DataFrame) -> dict[str, Run]:
    """What to call, by name; who is not there is named on the error stream."""
    arrow = pa.Table.from_pandas(table, preserve_index=False).combine_chunks().to_batches()[0]
    matrix = model.matrix(arrow)
    row = arrow.slice(0, 1).to_pylist()[0]
    runs: dict[str, Run] = {
        "kedge": lambda: model.predict(arrow),
        "kedge matrix": lambda: model.predict(matrix),
        **({"kedge dict": lambda: model.predict(row)} if len(table) == 1 else {}),
        "scikit-learn": lambda: pipeline.predict_proba(table)[:, 1],
    }
    try:
        data = onnx_of(pipeline, table)
        runs["onnxruntime"] = onnx_run(data, table)
        converted = kedge.compile(data)
        runs["kedge onnx"] = lambda: converted.predict(row if len(table) == 1 else arrow)
    except ModuleNotFoundError as error:
        print(f"onnxruntime sits out: {error.name} is not installed", file=sys.stderr)
    except Exception as error:  # noqa: BLE001  whatever a converter raises, it sits out
        print(f"onnxruntime sits out: {str(error).splitlines()[0]:.160}", file=sys.stderr)
    return runs


def scores_of(answer: Any) -> np.ndarray:
    """A plain array of what an engine gave."""
    return np.asarray(answer if isinstance(answer, np.ndarray) else pa.table(answer)["score"])


def race(runs: dict[str, Run], rounds: int) -> dict[str, float]:
    """Median seconds of a call."""
    times: dict[str, list[float]] = {name: [] for name in runs}
    turns = list(runs.items())
    shuffled = random.Random(0)  # whoever follows a large library finds the caches empty
    for _ in range(rounds):
        shuffled.shuffle(turns)
        for name, run in turns:
            start = time.perf_counter()
            run()
            times[name].append(time.perf_counter() - start)
    return {name: statistics.median(each) for name, each in times.items()}


def main() -> int:
    """Run all and print a line for each."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    options.add_argument("--rounds", type=int, default=9)
    options.add_argument("--rows", type=int, default=100_000)
    options.add_argument("--quick", action="store_true")
    given = options.parse_args()
    train = table_of(2000 if given.quick else 20_000, 0)
    failed = False
    for kind in ("linear", "trees"):
        pipeline = fitted(kind, train)
        model = kedge.compile(pipeline)
        for rows in (1, 2000 if given.quick else given.rows):
            runs = engines(pipeline, model, table_of(rows, 1))
            answers = {name: scores_of(run()) for name, run in runs.items()}
            expected = answers["scikit-learn"]
            for name, answer in answers.items():
                if not np.allclose(answer, expected, atol=1e-4):
                    print(f"pipeline/{kind}/{rows}: {name} is wrong", file=sys.stderr)
                    failed = True
            medians = race(runs, given.rounds * (100 if rows == 1 else 1))
            for name, seconds in medians.items():
                ratio = seconds / medians["kedge"]
                print(f"pipeline/{kind}/{rows}  {name:14} {seconds * 1e6:12.1f} us  {ratio:7.2f}x")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
