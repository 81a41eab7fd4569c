"""Real series whose change points people have marked: who finds them, at how many false alarms.

    python -m bench.evidence.bench_change_points [--json] [--margin N] [--peers-dir DIR]

The series and the marks of five annotators each are those that river comes with (the Turing change
point set), read from the package that `python -m bench.environments DIR river` installs; none of
them is here. All columns of a series are standardised and watched; an alarm of one is an alarm, and
with it all begin anew. F1 is that of van den Burg and Williams ("An evaluation of change point
detection algorithms", 2020): the beginning counts as a change point, precision is against all
marks, recall is the mean over the annotators, a mark is found by one change point at most `margin`
away. A false alarm is a change point that nobody marked. F1 is the mean over the series.

Each detector runs at a row of thresholds; `best` is its best mean F1 with its false alarms, `equal`
its best F1 with no more false alarms than the best of river's has. Options that are chosen after
the fact flatter whoever has many: `held out` chooses them for each series by the others.

river's detectors are kedge's of that name, which decide the same (tests/drift/test_detectors.py),
and KSWIN may say the alarm's place or the middle of its newest values, whichever is better. kedge's
monitor is held against the first values of each segment, looks at each value, and says since when.
It finds nothing within those: marks that are nearer to each other (Brent's oil, the runs) are
missed. CUSUM is kedge's own form. The exit code is 0 when the F1 of one of kedge's at no more false
alarms is at least the best of river's.
"""

from __future__ import annotations

import argparse
import csv
import itertools
import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

import kedge
from bench.environments import add_peers_dir, interpreter
from kedge import drift

Values = npt.NDArray[np.float64]
# The change points of the columns of a series.
Find = Callable[[Values], list[int]]

_ASK = """
import json
from river.drift import datasets
for name in ("AirlinePassengers", "Apple", "Bitcoin", "BrentSpotPrice", "Occupancy", "RunLog",
             "UKCoalEmploy"):
    series = getattr(datasets, name)()
    print(json.dumps([name, str(series.path), list(series.annotations.values())]))
"""
_TIMES = ("date", "day", "time", "year")


@dataclass(frozen=True)
class Series:
    """Columns and the marks of each annotator."""

    name: str
    values: Values
    marks: Sequence[Sequence[int]]


def load(python: Path) -> list[Series]:
    """What river has."""
    answer = subprocess.check_output([str(python), "-c", _ASK], text=True)
    found = []
    for name, path, marks in map(json.loads, answer.splitlines()):
        with Path(path).open() as file:
            rows = marked(name, list(csv.DictReader(file)))
        names = [column for column in rows[0] if column.lower() not in _TIMES]
        values = np.array([[float(row[column]) for column in names] for row in rows])
        # What only rises counts something: its change points are its slope's.
        values = values[:, (np.diff(values, axis=0) < 0).any(axis=0)]
        found.append(Series(name, (values - values.mean(axis=0)) / values.std(axis=0), marks))
    return found


def marked(name: str, rows: list[dict[str, str]]) -> list[dict[str, str]]:
    """The rows that the annotators saw, which river's notes tell and its files do not follow.

    Every third day of Apple's stock, and every tenth of Brent's oil from the year 2000 on.
    """
    if name == "Apple":
        return rows[::3]
    if name == "BrentSpotPrice":
        return [row for row in rows if int(row["day"].split("/")[2]) in range(2000, 2100)][::10]
    return rows


def classical(name: str, shift: int, **options: Any) -> Find:
    """One of the detectors for each column; its change points are `shift` before its alarms."""

    def find(values: Values) -> list[int]:
        found: list[int] = []
        start = 0
        while start < len(values):
            alarms = [
                getattr(drift, name)(**options).update(np.ascontiguousarray(column[start:])).drifts
                for column in values.T
            ]
            first = min((places[0] for places in alarms if places), default=len(values))
            start += first + 1
            if start <= len(values):
                found.append(max(start - 1 - shift, 0))
        return found

    return find


def monitored(rows: int, evidence: float, **options: Any) -> Find:
    """A monitor of each segment against its first rows."""

    def find(values: Values) -> list[int]:
        found: list[int] = []
        start = 0
        while start + rows < len(values):
            place = _next(values[start:], rows, evidence, options)
            if place < 0:
                break
            start += place
            found.append(start)
        return found

    return find


def _next(values: Values, rows: int, evidence: float, options: Mapping[str, Any]) -> int:
    names = [str(i) for i in range(values.shape[1])]

    def table(part: Values) -> dict[str, Values]:
        return dict(zip(names, np.ascontiguousarray(part.T), strict=True))

    monitor = kedge.Monitor(
        kedge.profile(table(values[:rows])),
        false_alarms=1 / evidence,
        **options,
    )
    for row in range(rows, len(values)):
        alarms = monitor.update(table(values[row : row + 1]))
        if alarms:
            return rows + alarms[0].since - 1
    return -1


def score(found: Sequence[int], series: Series, margin: int) -> tuple[float, int]:
    """F1 and false alarms."""
    union = sorted({0, *itertools.chain.from_iterable(series.marks)})
    places = sorted({0, *found})
    precision = len(_matched(places, union, margin)) / len(places)
    recall = np.mean(
        [
            len(_matched(places, sorted({0, *marks}), margin)) / len({0, *marks})
            for marks in series.marks
        ]
    )
    false = sum(min(abs(place - mark) for mark in union) > margin for place in places)
    return float(2 * precision * recall / (precision + recall)), false


def _matched(places: Sequence[int], marks: Sequence[int], margin: int) -> list[int]:
    free = list(places)
    matched = []
    for mark in marks:
        near = [place for place in free if abs(place - mark) <= margin]
        if near:
            free.remove(min(near, key=lambda place: abs(place - mark)))
            matched.append(mark)
    return matched


@dataclass(frozen=True)
class Result:
    """A detector with options: F1 and false alarms of each series."""

    scores: Sequence[tuple[float, int]]
    given: Mapping[str, Any]

    @property
    def f1(self) -> float:
        """The mean."""
        return float(np.mean([value for value, _ in self.scores]))

    @property
    def false(self) -> int:
        """The sum."""
        return sum(false for _, false in self.scores)


def held_out(rows: Sequence[Result]) -> float:
    """The mean F1 of each series with the options that are best on the others."""
    table = np.array([[value for value, _ in row.scores] for row in rows])
    others = table.sum(axis=1, keepdims=True) - table
    return float(np.mean(table[others.argmax(axis=0), np.arange(table.shape[1])]))


def contenders() -> Iterator[tuple[str, Mapping[str, Any], Find]]:
    """Everyone at every threshold."""
    for delta in (0.002, 0.02, 0.1, 0.3, 0.7, 0.99):
        for clock, least in itertools.product((1, 8, 32), (1, 3, 5)):
            options = {"delta": delta, "clock": clock, "min_window": least}
            yield "ADWIN", options, classical("ADWIN", 0, **options)
    for threshold, delta, least in itertools.product(
        (0.25, 0.5, 1.0, 2.0, 3.0, 4.0, 6.0, 8.0, 16.0, 32.0),
        (0.005, 0.05, 0.2, 0.5, 1.0),
        (1, 5, 30),
    ):
        given = {"threshold": threshold, "delta": delta, "min_values": least}
        yield "PageHinkley", given, classical("PageHinkley", 0, **given)
    for exponent, part in itertools.product((1, 2, 3, 4, 6, 8), (5, 10, 15, 30)):
        options = {"alpha": 10.0**-exponent, "window_size": 2 * part, "stat_size": part}
        for shift in (0, part // 2):
            yield "KSWIN", {**options, "shift": shift}, classical("KSWIN", shift, **options)
    for rows, evidence, confidence, effect, group in itertools.product(
        (10, 15, 20, 30), (10.0, 100.0, 1e3, 1e4, 1e6), (0.1, 0.9), (0.0, 0.2, 0.4), (1, 3)
    ):
        asked = {"confidence": confidence, "min_effect": effect, "group": group}
        given = {"rows": rows, "evidence": evidence, **asked}
        yield "kedge.Monitor", given, monitored(rows, evidence, **asked)
    for warm, slack, threshold in itertools.product(
        (5, 10, 20, 30), (0.5, 1.0, 2.0, 3.0, 5.0), (2.0, 5.0, 8.0, 16.0, 32.0)
    ):
        given = {"slack": slack, "threshold": threshold, "warm_start": warm}
        yield "kedge.CUSUM", given, classical("CUSUM", 0, **given)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run it; the return value is the exit code."""
    command = argparse.ArgumentParser(
        prog="python -m bench.evidence.bench_change_points",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.add_argument("--json", action="store_true", help="one JSON object a line")
    command.add_argument("--margin", type=int, default=5, help="places (%(default)s)")
    add_peers_dir(command)
    options = command.parse_args(arguments)
    every = load(interpreter("river", options.peers_dir, "river"))
    results: dict[str, list[Result]] = {}
    for engine, given, find in contenders():
        scores = [score(find(series.values), series, options.margin) for series in every]
        results.setdefault(engine, []).append(Result(scores, given))
    bests = {engine: max(rows, key=lambda row: row.f1) for engine, rows in results.items()}
    ours = [engine for engine in results if engine.startswith("kedge.")]
    river = max((bests[engine] for engine in bests if engine not in ours), key=lambda row: row.f1)
    held = 0.0
    for engine, rows in results.items():
        equal = max((row for row in rows if row.false <= river.false), key=lambda row: row.f1)
        held = max(held, equal.f1) if engine in ours else held
        for word, row in (("best", bests[engine]), ("equal", equal)):
            line = {"engine": engine, "asked": word, "f1": row.f1, "false": row.false}
            line["held_out"] = held_out(rows)
            if options.json:
                print(json.dumps({**line, "options": row.given}))
            else:
                print(
                    f"{engine:14} {word:6} F1 {row.f1:.3f}  false alarms {row.false:4}"
                    f"  held out {line['held_out']:.3f}  {dict(row.given)}"
                )
    return 0 if held >= river.f1 else 1


if __name__ == "__main__":
    sys.exit(main())
