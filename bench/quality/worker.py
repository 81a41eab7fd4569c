"""fairlearn's MetricFrame over rows from a file, in a process and an environment of its own.

    PYTHON -m bench.quality.worker FILE CPU

FILE is numpy's: `decision`, `target` and `group`. Says its `version`; then each line that comes in
is answered by one run: for each group how many rows it has, its selection rate and its true
positive rate, and `taken_ns`.
"""

from __future__ import annotations

import importlib
import json
import sys
import time
from collections.abc import Callable, Iterable
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any, TextIO

import numpy as np

from bench import process

__all__ = ["answer_all", "load"]


def load(file: Path) -> Callable[[], Any]:
    """The work, which has run once."""
    metrics = importlib.import_module("fairlearn.metrics")
    rows = dict(np.load(file))
    wanted = {
        "rows": metrics.count,
        "selection": metrics.selection_rate,
        "opportunity": metrics.true_positive_rate,
    }

    def run() -> Any:
        frame = metrics.MetricFrame(
            metrics=wanted,
            y_true=rows["target"],
            y_pred=rows["decision"],
            sensitive_features=rows["group"],
        )
        return frame.by_group

    run()
    return run


def answer_all(run: Callable[[], Any], questions: Iterable[str], answers: TextIO) -> None:
    """Answer until there are no more questions."""
    for _ in questions:
        start = time.perf_counter_ns()
        by_group = run()
        taken_ns = time.perf_counter_ns() - start
        groups = {
            str(name): [float(value) for value in row] for name, *row in by_group.itertuples()
        }
        print(json.dumps({"groups": groups, "taken_ns": taken_ns}), file=answers)


def main() -> None:
    """Load the rows and answer."""
    file, cpu = sys.argv[1:]
    process.serve(
        partial(process.ready, partial(load, Path(file))),
        int(cpu),
        lambda run: {"version": version("fairlearn")},
        answer_all,
    )


if __name__ == "__main__":
    main()
