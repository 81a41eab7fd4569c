"""One engine with one work, in a process and under an interpreter of its own.

    PYTHON -m bench.window.worker ENGINE WORK ROWS FOLDER CPU

Runs once and says its `version` and how many `rows` it reads. Then, as bench.process has it:

run: all rows once more: `taken_ns`.
digest: what the last run gave, the first one at first, summed up by bench.window.exact.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TextIO

from bench import process
from bench.window.engine import Engine
from bench.window.engines import field
from bench.window.exact import digest, errors, kept
from bench.window.works import WORKS, Rows

__all__ = ["Loaded", "answer_all", "load"]


@dataclass
class Loaded:
    """An engine that has run once, its rows and what the run gave."""

    engine: Engine
    rows: Rows
    result: Any


def load(name: str, work: str, rows: int, folder: Path) -> Loaded:
    """The engine, its rows in memory."""
    peer = field(WORKS[work])[name]
    given = Rows.kept(WORKS[work], rows, folder).head(min(peer.most or rows, rows))
    engine = peer.make(given)
    return Loaded(engine, given, engine.run())


def answer_all(loaded: Loaded, folder: Path, questions: Iterable[str], answers: TextIO) -> None:
    """Answer until there are no more questions."""
    engine = loaded.engine
    for question in questions:
        if question.strip() == "run":
            loaded.result = None  # let go of off the clock
            start = time.perf_counter_ns()
            loaded.result = engine.run()
            taken = time.perf_counter_ns() - start
            print(json.dumps({"taken_ns": taken}), file=answers)
        else:
            table = engine.table(loaded.result)
            approximate = loaded.rows.work.has_visitors
            off = errors(table, kept(loaded.rows, folder)) if approximate else {}
            print(json.dumps({"digest": digest(table), "errors": off}), file=answers)


def main() -> None:
    """Load the engine and answer."""
    name, work, rows, folder, cpu = sys.argv[1:]
    process.serve(
        partial(process.ready, partial(load, name, work, int(rows), Path(folder))),
        int(cpu),
        lambda loaded: {"version": loaded.engine.version, "rows": len(loaded.rows)},
        lambda loaded, questions, answers: answer_all(loaded, Path(folder), questions, answers),
    )


if __name__ == "__main__":
    main()
