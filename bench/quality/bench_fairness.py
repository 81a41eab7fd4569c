"""Decisions counted by protected group.

    python -m bench.quality.bench_fairness [--json] [--rows N] [--rounds R] [--peers-dir DIR]

counts/<groups>: rows, selection rate and true positive rate of each group. kedge:
    `Fairness.like()`, `update`, and the rates from its counts.
answers/<groups>: the same, and what is shown of them, with limits that hold at all times
    (`result()`); the peer does what it did before, as it has no such answers.
<groups>: `six` are integers, `names` are six strings, `sixty` are integers.

Peer: `MetricFrame` of fairlearn with `count`, `selection_rate` and `true_positive_rate`, in an
environment of its own (`python -m bench.environments DIR fairlearn`); its own clock counts. Rows
must be equal, rates to 1e-12. Input is NumPy's, and for kedge's `names` Arrow strings: NumPy's own,
four bytes a character, are made such first when they come in. One thread; seeded. A wrong answer is
not timed and makes the exit code 1.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

import kedge
from bench.environments import add_peers_dir, interpreter
from bench.peers import installed
from bench.process import Process
from bench.race import Contender, Race, difference
from bench.report import Planned, parser, run_all

GROUPS: Mapping[str, int] = {"six": 6, "names": 6, "sixty": 60}

_TOLERANCE = 1e-12


@dataclass(frozen=True)
class Rates:
    """Rows, selection rate and true positive rate of each group; its own time, if it has one."""

    groups: Mapping[str, tuple[float, float, float]]
    taken_ns: int = 0


def rows_of(work: str, rows: int) -> dict[str, npt.NDArray[Any]]:
    """Decisions that depend on target and group a little."""
    rng = np.random.default_rng(19)
    group = rng.integers(0, GROUPS[work], rows)
    target = rng.integers(0, 2, rows)
    decision = (rng.random(rows) < 0.3 + 0.3 * target + 0.002 * group).astype(np.int64)
    names = np.array([f"group-{i}" for i in range(GROUPS[work])])
    return {
        "decision": decision,
        "target": target,
        "group": names[group] if work == "names" else group,
    }


def kedge_rates(data: dict[str, npt.NDArray[Any]], *, answers: bool) -> Contender[Rates]:
    """Count, and read what is asked."""
    groups = sorted(map(str, np.unique(data["group"])))
    is_named = data["group"].dtype.kind == "U"
    given = {**data, "group": pa.array(data["group"])} if is_named else data
    empty = kedge.Fairness(decision="decision", target="target", group="group", groups=groups)

    def run() -> Rates:
        counted = empty.like()
        counted.update(given)
        if answers:
            counted.result()
        return Rates(counted.rates())

    return Contender("kedge", version("kedge"), run)


def fairlearn_rates(python: Path, file: Path) -> Contender[Rates]:
    """The peer in its own process.

    Raises:
        MissingPeer: it is not installed there.
    """
    cpu = max(os.sched_getaffinity(0))
    worker = Process("fairlearn", python, "bench.quality.worker", [str(file), str(cpu)], 120)

    def run() -> Rates:
        answer = worker.ask("run")
        groups = {name: (row[0], row[1], row[2]) for name, row in answer["groups"].items()}
        return Rates(groups, answer["taken_ns"])

    return Contender("fairlearn", worker.first["version"], run, lambda answer: [answer.taken_ns])


def judge(engine: str, answer: Rates, expected: Rates) -> str:
    """Groups and rows must be equal, rates too but for rounding."""
    if answer.groups.keys() != expected.groups.keys():
        return f"{engine} has the groups {sorted(answer.groups)}, not {sorted(expected.groups)}"
    for name, row in expected.groups.items():
        for what, value, right in zip(
            ("rows", "selection rate", "true positive rate"), answer.groups[name], row, strict=True
        ):
            absolute = 0 if what == "rows" else _TOLERANCE
            wrong = difference(f"{what} of {name}", value, right, absolute=absolute)
            if wrong:
                return wrong
    return ""


def race(work: str, options: argparse.Namespace, folder: Path) -> Race[Rates]:
    """Count one table."""
    kind, groups = work.split("/")
    data = rows_of(groups, options.rows)
    file = folder / f"{groups}.npz"
    np.savez(file, decision=data["decision"], target=data["target"], group=data["group"])
    python = interpreter("fairlearn", options.peers_dir, "fairlearn")
    others = installed(lambda: fairlearn_rates(python, file))
    return Race(work, options.rows, kedge_rates(data, answers=kind == "answers"), others, judge)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark; the return value is the exit code."""
    command = parser("bench.quality.bench_fairness", __doc__, rows=100_000)
    add_peers_dir(command)
    options = command.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        works: list[Planned] = [
            (work, partial(race, work, options, Path(folder)))
            for work in (f"{kind}/{groups}" for kind in ("counts", "answers") for groups in GROUPS)
        ]
        return run_all(works, options)


if __name__ == "__main__":
    sys.exit(main())
