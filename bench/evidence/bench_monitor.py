"""A monitor at work, and whether it keeps its word.

    python -m bench.evidence.bench_monitor [--json] [--rows N] [--rounds R] [--only PART]
        [--peers-dir DIR] [--simulate]

monitor/wide: a monitor of 100 columns of float64 is told a batch of `rows` rows, all questions
    asked. Beside it, counting the same batch into a profile, and `numpy.histogram` over 32 bins of
    each column. The last batch has drifted in five columns, and these must alarm. `ns_per_value`.
monitor/item: one value at a time, through Python: a stream of 20 000 values whose mean moves by one
    standard deviation after 15 000. kedge looks every 64 values. Peers: river's ADWIN and
    KSWIN as they come, timed by their own clock, in the environment that
    `python -m bench.environments DIR river` makes. Everyone must alarm after the change; `delay` is
    by how many values, `early` how often before.

--simulate holds the promises and the power instead, for longer than the tests: see simulate.py.
Seeded; one thread; a wrong answer is not timed and makes the exit code 1.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from pathlib import Path

import numpy as np
import numpy.typing as npt

import kedge
from bench import peers
from bench.environments import add_peers_dir, interpreter
from bench.evidence import simulate
from bench.process import Process
from bench.race import Contender, Race
from bench.report import Planned, parser, run_all

_COLUMNS = 100
_DRIFTED = frozenset(f"c{i}" for i in range(0, _COLUMNS, 20))
_BATCHES = 10
_CHANGE, _VALUES = 15_000, 20_000
_PATIENCE_S = 60.0

Table = Mapping[str, npt.NDArray[np.float64]]


@dataclass(frozen=True)
class Found:
    """What alarmed, or at which values."""

    columns: frozenset[str] = frozenset()
    places: tuple[int, ...] = ()
    taken_ns: int = 0


def wide_batches(rows: int) -> tuple[kedge.Profile, list[Table]]:
    """A reference and batches, the last of which has drifted."""
    rng = np.random.default_rng(1)
    names = [f"c{i}" for i in range(_COLUMNS)]
    reference = kedge.profile({name: rng.normal(size=50_000) for name in names})
    batches: list[Table] = [
        {name: rng.normal(0.5 * (last and name in _DRIFTED), 1, rows) for name in names}
        for last in [False] * (_BATCHES - 1) + [True]
    ]
    return reference, batches


def kedge_wide(reference: kedge.Profile, batches: Sequence[Table]) -> Contender[Found]:
    """Count and look."""

    def run() -> Found:
        monitor = kedge.Monitor(reference)
        alarms = [alarm for batch in batches for alarm in monitor.update(batch)]
        return Found(frozenset(alarm.column for alarm in alarms))

    return Contender("kedge", version("kedge"), run)


def count_only(reference: kedge.Profile, batches: Sequence[Table]) -> Contender[Found]:
    """Count alone."""

    def run() -> Found:
        counted = reference.like()
        for batch in batches:
            counted.update(batch)
        return Found()

    return Contender("kedge, counting", version("kedge"), run)


def numpy_histograms(batches: Sequence[Table]) -> Contender[Found]:
    """32 even bins of each column."""

    def run() -> Found:
        for batch in batches:
            for values in batch.values():
                np.histogram(values, 32, (-4.0, 4.0))
        return Found()

    return Contender("numpy.histogram", version("numpy"), run)


def wide_race(rows: int) -> Race[Found]:
    """Tell a wide monitor its batches."""
    reference, batches = wide_batches(rows)

    def judge(engine: str, answer: Found, expected: Found) -> str:
        if engine == "kedge" and answer.columns != expected.columns:
            return f"{sorted(answer.columns)} alarmed, expected {sorted(expected.columns)}"
        return ""

    return Race(
        work="monitor/wide",
        rows=rows * _COLUMNS * _BATCHES,
        ours=kedge_wide(reference, batches),
        peers=[count_only(reference, batches), numpy_histograms(batches)],
        judge=judge,
        expected=Found(_DRIFTED),
    )


def stream() -> npt.NDArray[np.float64]:
    """Values whose mean moves."""
    rng = np.random.default_rng(2)
    return rng.normal(np.where(np.arange(_VALUES) < _CHANGE, 0.0, 1.0))


def kedge_items(values: Sequence[float]) -> Contender[Found]:
    """One value at a time."""
    rng = np.random.default_rng(3)
    reference = kedge.profile({"x": rng.normal(size=50_000)})

    def run() -> Found:
        feed = kedge.Monitor(reference).feed()
        add = feed.add
        places = []
        for place, value in enumerate(values):
            if add(value):
                places.append(place)
        return Found(places=tuple(places))

    return Contender("kedge", version("kedge"), run)


def river_items(engine: str, path: Path, options: argparse.Namespace) -> Contender[Found]:
    """One of river's detectors, in its own environment."""
    python = interpreter("river", options.peers_dir, "river")
    asked = Process(engine, python, "bench.evidence.worker", [engine, str(path), "0"], _PATIENCE_S)

    def run() -> Found:
        answer = asked.ask("")
        return Found(places=tuple(answer["alarms"]), taken_ns=answer["taken_ns"])

    return Contender(engine, asked.first["version"], run, lambda found: [found.taken_ns])


def item_race(options: argparse.Namespace, folder: Path) -> Race[Found]:
    """Tell everyone one value at a time."""
    values = stream()
    path = folder / "values.npy"
    np.save(path, values)
    makers: list[Callable[[], Contender[Found]]] = [
        partial(river_items, engine, path, options) for engine in ("river-ADWIN", "river-KSWIN")
    ]

    def judge(engine: str, answer: Found, expected: Found) -> str:
        late = [place for place in answer.places if place >= _CHANGE]
        if not late:
            return f"no alarm after value {_CHANGE}"
        if engine == "kedge" and len(late) != len(answer.places):
            return f"an alarm at value {answer.places[0]}, the change is at {_CHANGE}"
        return ""

    return Race(
        work="monitor/item",
        rows=_VALUES,
        ours=kedge_items(values.tolist()),
        peers=peers.installed(*makers),
        judge=judge,
        expected=Found(),
        facts=lambda found: {
            "delay": min(place for place in found.places if place >= _CHANGE) - _CHANGE,
            "early": sum(place < _CHANGE for place in found.places),
        },
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark; the return value is the exit code."""
    command = parser("bench.evidence.bench_monitor", __doc__, rows=4096)
    add_peers_dir(command)
    command.add_argument("--simulate", action="store_true", help="hold promises and power")
    command.add_argument(
        "--runs", type=int, default=200, metavar="N", help="of each simulation (%(default)s)"
    )
    options = command.parse_args(arguments)
    if options.simulate:
        return simulate.run_all(options.only.split(","), options.runs, options.json)
    with tempfile.TemporaryDirectory() as folder:
        works: list[Planned] = [
            ("monitor/wide", partial(wide_race, options.rows)),
            ("monitor/item", partial(item_race, options, Path(folder))),
        ]
        return run_all(works, options)


if __name__ == "__main__":
    sys.exit(main())
