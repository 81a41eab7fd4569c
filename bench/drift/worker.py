"""One engine that compares two tables, under the interpreter of its own virtual environment.

    PYTHON worker.py evidently|alibi stored|both FOLDER

Reads FOLDER/reference.parquet and FOLDER/current.parquet, warms up, and writes the engine's
version. Then each line that comes in is answered by one run: a line of JSON with `drifted`,
`statistics` and `taken_ns`. Only what the engine itself must do is on the clock: its input is in
the form that it asks for, and `stored` has prepared whatever depends on the reference alone.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq

Answer = tuple[list[str], dict[str, float]]
Compare = Callable[[], Any]
Read = Callable[[Any], Answer]


def evidently(reference: Any, current: Any, work: str) -> tuple[str, Compare, Read]:
    """DataDriftPreset as it comes. It stores nothing of a reference, so both works are one."""
    from evidently import DataDefinition, Dataset, Report
    from evidently.presets import DataDriftPreset

    frames = [reference.to_pandas(), current.to_pandas()]
    numbers = [name for name in frames[0] if frames[0][name].dtype.kind == "f"]
    names = [name for name in frames[0] if name not in numbers]
    definition = DataDefinition(numerical_columns=numbers, categorical_columns=names)
    before, after = (Dataset.from_pandas(frame, data_definition=definition) for frame in frames)

    def read(result: Any) -> Answer:
        # Beyond a thousand rows all its measures are distances.
        metrics = [metric for metric in result.dict()["metrics"] if "column" in metric["config"]]
        drifted = [m["config"]["column"] for m in metrics if m["value"] >= m["config"]["threshold"]]
        return drifted, {}

    return version("evidently"), lambda: Report([DataDriftPreset()]).run(after, before), read


def alibi(reference: Any, current: Any, work: str) -> tuple[str, Compare, Read]:
    """TabularDrift, its alarms at 1 % with Bonferroni's correction. It takes one matrix of floats,
    so names are numbers beforehand."""
    from alibi_detect.cd import TabularDrift

    columns = reference.column_names
    categories: dict[int, int] = {}
    matrices = [np.empty((table.num_rows, len(columns))) for table in (reference, current)]
    for place, name in enumerate(columns):
        parts = [table.column(name).to_numpy() for table in (reference, current)]
        if parts[0].dtype.kind != "f":
            listed, codes = np.unique(np.concatenate(parts), return_inverse=True)
            parts = [codes[: len(parts[0])], codes[len(parts[0]) :]]
            categories[place] = len(listed)
        for matrix, part in zip(matrices, parts, strict=True):
            matrix[:, place] = part
    before, after = matrices
    level = 0.01 / len(columns)

    def detector() -> Any:
        return TabularDrift(before, p_val=level, categories_per_feature=categories)

    stored = detector() if work == "stored" else None

    def compare() -> Any:
        return (stored or detector()).predict(after, drift_type="feature")

    def read(result: Any) -> Answer:
        data = result["data"]
        drifted = [
            name for name, is_drift in zip(columns, data["is_drift"], strict=True) if is_drift
        ]
        return drifted, dict(zip(columns, map(float, data["distance"]), strict=True))

    return version("alibi-detect"), compare, read


def main() -> None:
    """Answer until there are no more questions."""
    engine, work, folder = sys.argv[1:]
    tables = [pq.read_table(Path(folder) / f"{side}.parquet") for side in ("reference", "current")]
    # What the engines print must not be taken for an answer.
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    make = {"evidently": evidently, "alibi": alibi}[engine]
    try:
        release, compare, read = make(tables[0], tables[1], work)
    except ImportError:
        return  # who asked says so
    compare()
    print(release, file=answers)
    for _ in sys.stdin:
        start = time.perf_counter_ns()
        result = compare()
        taken_ns = time.perf_counter_ns() - start
        drifted, statistics = read(result)
        line = {"drifted": drifted, "statistics": statistics, "taken_ns": taken_ns}
        print(json.dumps(line), file=answers)


if __name__ == "__main__":
    main()
