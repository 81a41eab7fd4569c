"""The classical detectors against river's: equal decisions, then the time.

    python -m bench.drift.bench_detectors [--json] [--rows N] [--rounds R] [--only PART]
        [--peers-dir DIR]

detector/NAME: one value at a time, through Python, `drift` asked after each; river's by its own
    clock, in the environment that `python -m bench.environments DIR river` makes. Beside it the
    whole stream as one array. Everyone must find the same drifts. river has no CUSUM.
KSWIN has a window of 60, the only one in which river's draws nothing by chance; KSWIN/default are
    both as they come: there only the time is compared.

Seeded; one thread; a wrong answer is not timed and makes the exit code 1.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Mapping, Sequence
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from bench import peers
from bench.environments import add_peers_dir, interpreter
from bench.evidence.bench_monitor import Found
from bench.process import Process
from bench.race import Contender, Race
from bench.report import Planned, parser, run_all
from kedge import drift

_PATIENCE_S = 60.0
_REGIME = 2500

Values = npt.NDArray[np.float64]

# What kedge's detector is called, its options, and who it races.
_WORKS: Mapping[str, tuple[str, dict[str, Any], str]] = {
    "detector/ADWIN": ("ADWIN", {}, "river-ADWIN"),
    "detector/DDM": ("DDM", {}, "river-DDM"),
    "detector/EDDM": ("EDDM", {}, "river-EDDM"),
    "detector/HDDMA": ("HDDMA", {}, "river-HDDMA"),
    "detector/HDDMW": ("HDDMW", {}, "river-HDDMW"),
    "detector/PageHinkley": ("PageHinkley", {}, "river-PageHinkley"),
    "detector/KSWIN": ("KSWIN", {"window_size": 60}, "river-KSWIN-60"),
    "detector/KSWIN/default": ("KSWIN", {}, "river-KSWIN"),
    "detector/CUSUM": ("CUSUM", {}, ""),
}
_OF_ERRORS = ("DDM", "EDDM", "HDDMA", "HDDMW")


def stream(detector: str, rows: int) -> Values:
    """Errors or numbers that move every so often."""
    rng = np.random.default_rng(4)
    regimes = np.arange(rows) // _REGIME
    if detector in _OF_ERRORS:
        return (rng.random(rows) < np.where(regimes % 2, 0.4, 0.2)).astype(float)
    return rng.normal(np.where(regimes % 2, 1.0, 0.0))


def items(make: Any, values: Sequence[float]) -> Contender[Found]:
    """One value at a time."""

    def run() -> Found:
        add = make().add
        return Found(places=tuple(place for place, value in enumerate(values) if add(value)))

    return Contender("kedge", version("kedge"), run)


def array(make: Any, values: Values) -> Contender[Found]:
    """All at once."""

    def run() -> Found:
        return Found(places=tuple(make().update(values).drifts))

    return Contender("kedge, array", version("kedge"), run)


def river(engine: str, path: Path, options: argparse.Namespace) -> Contender[Found]:
    """River's, in its own environment."""
    if not engine:
        raise peers.MissingPeer("river has no CUSUM")
    python = interpreter("river", options.peers_dir, "river")
    asked = Process(engine, python, "bench.evidence.worker", [engine, str(path), "0"], _PATIENCE_S)

    def run() -> Found:
        answer = asked.ask("")
        return Found(places=tuple(answer["alarms"]), taken_ns=answer["taken_ns"])

    return Contender(engine, asked.first["version"], run, lambda found: [found.taken_ns])


def race(work: str, options: argparse.Namespace, folder: Path) -> Race[Found]:
    """One detector."""
    name, arguments, engine = _WORKS[work]
    values = stream(name, options.rows)
    path = folder / f"{name}.npy"
    np.save(path, values)
    make = partial(getattr(drift, name), **arguments)
    ours = items(make, values.tolist())

    def judge(who: str, answer: Found, expected: Found) -> str:
        if answer.places == expected.places or (who == engine and work.endswith("/default")):
            return ""
        return f"drifts at {answer.places[:9]}, expected {expected.places[:9]}"

    return Race(
        work=work,
        rows=options.rows,
        ours=ours,
        peers=[
            array(make, values),
            *peers.installed(partial(river, engine, path, options)),
        ],
        judge=judge,
        expected=ours.run(),
        facts=lambda found: {"drifts": len(found.places)},
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark; the return value is the exit code."""
    command = parser("bench.drift.bench_detectors", __doc__, rows=20_000)
    add_peers_dir(command)
    options = command.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        works: list[Planned] = [
            (work, partial(race, work, options, Path(folder))) for work in _WORKS
        ]
        return run_all(works, options)


if __name__ == "__main__":
    sys.exit(main())
