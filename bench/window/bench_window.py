"""Windows of a stream by kedge, by columnar engines that have all of it, and by streaming engines.

    python -m bench.environments DIR window      # once: the peers' virtual environments
    python -m bench.window.bench_window --peers-dir DIR [--cache DIR] [--json] [--only PART[,PART]]
        [--quick] [--rounds R] [--rows N] [--peers-only] [--patience SECONDS]

W1: 1000 zipf keys in tumbling windows of 10 s: count, sum, mean, min, max, stddev.
W2: the same of a million keys, all as frequent.
W3: 1000 zipf keys in windows of 60 s, one each second: mean, max.
W4: no key, the last 1000 rows at each row: mean, max, stddev.
W5: as W1, p50, p99 and distinct visitors.

The rows of a stream come over 100 s, one in a hundred up to 5 s late. kedge gets batches of 65 536
rows and gives each window when it closes; the columnar engines get the whole stream at once, their
best case, and know nothing of lateness. Each engine has a process of its own, one thread and one
processor, the rows in memory in the form that it asks for, and has run before; the processes take
turns. bench.window.columns and bench.window.streaming say how each is used: in the fastest way that
was found. "(floor)" marks a loop by hand over dense keys. An engine far slower than the others runs
on the first rows of the stream, `of_rows` of them, and its time is stated for all.

Before anything is timed, each answer is compared with one that NumPy reckons: the number of rows,
and for each aggregate the number and the sum of its values, weighed by key and start, to 1e-9. W5's
may be approximate: `p50_off` and its like are the summed errors over the summed values, at most
0.25. A peer that is wrong, not installed or not ready in `--patience` sits out and is named; when
kedge is wrong nothing is timed and the exit code is 1. `--quick`: a million rows, columnar peers.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial

from bench.environments import interpreter
from bench.peers import MissingPeer, say_once
from bench.process import Process
from bench.race import Contender, Race, difference
from bench.report import Planned, parser, run_all
from bench.setting import Setting, add_options, opened
from bench.window.engines import field
from bench.window.exact import Digest, digest, kept
from bench.window.works import WORKS, Rows, Work

_CLOSE = 1e-9
_MOST_OFF = 0.25


@dataclass(frozen=True)
class Answer:
    """What one run of an engine gives.

    Attributes:
        taken_ns: for all rows.
        fetch: `digest` and `errors` of the run.
        expected: the digest of the right answer; of approximate works the number of rows alone.
        of_rows: how many it read.
    """

    taken_ns: int
    fetch: Callable[[], Mapping[str, Digest]]
    expected: Digest
    of_rows: int

    @cached_property
    def found(self) -> Mapping[str, Digest]:
        """`digest` and `errors` of the run."""
        return self.fetch()

    def facts(self) -> dict[str, float]:
        """What else to report of it."""
        return {"of_rows": self.of_rows, **self.found["errors"]}


def judge(_: str, answer: Answer, __: Answer) -> str:
    """Equal sums, or small errors."""
    for name, value in answer.expected.items():
        complaint = difference(name, answer.found["digest"][name], value, relative=_CLOSE)
        if complaint:
            return complaint
    for name, error in answer.found["errors"].items():
        if not error <= _MOST_OFF:
            return f"{name} is {error:.3g}, expected at most {_MOST_OFF}"
    return ""


class Stage:
    """The processes of the work that is raced; another work's take their place."""

    def __init__(self, setting: Setting, rows: int, *, quick: bool, with_kedge: bool) -> None:
        self._setting = setting
        self._rows = rows
        self._quick = quick
        self._with_kedge = with_kedge
        self._processes: list[Process] = []

    def race(self, work: Work) -> Race[Answer]:
        """All engines at one work.

        Raises:
            MissingPeer: kedge is not there, or nobody.
        """
        self.close()
        rows = Rows.kept(work, self._rows, self._setting.folder)
        contenders = []
        for engine in field(work, quick=self._quick):
            if engine == "kedge" and not self._with_kedge:
                continue
            try:
                contenders.append(self._contender(engine, rows))
            except MissingPeer as error:
                if engine == "kedge":
                    raise
                say_once(str(error))
        if not contenders:
            raise MissingPeer(f"no engine for {work.name} is installed")
        ours, *others = contenders
        if not self._with_kedge:
            say_once(f"{work.name} without kedge: ratios are those of {ours.engine}")
        return Race(work.name, len(rows), ours, others, judge, facts=Answer.facts)

    def _contender(self, engine: str, rows: Rows) -> Contender[Answer]:
        setting, work = self._setting, rows.work
        who = f"{engine} at {work.name}"
        process = Process(
            who,
            interpreter(engine.split()[0], setting.peers_dir, "columns"),
            "bench.window.worker",
            [engine, work.name, str(len(rows)), str(setting.folder), str(setting.cpu)],
            setting.patience_s,
        )
        self._processes.append(process)
        of_rows = process.first["rows"]
        expected = self._expected(rows.head(of_rows))

        def answer(taken_ns: int) -> Answer:
            return Answer(taken_ns, lambda: process.ask("digest"), expected, of_rows)

        def run() -> Answer:
            return answer(process.ask("run")["taken_ns"] * len(rows) // of_rows)

        if engine != "kedge":
            complaint = judge(engine, *[answer(0)] * 2)
            if complaint:
                process.close()
                raise MissingPeer(f"{who} sits out: {complaint}")
        return Contender(engine, process.first["version"], run, lambda answer: [answer.taken_ns])

    def _expected(self, rows: Rows) -> Digest:
        right = digest(kept(rows, self._setting.folder))
        return {"rows": right["rows"]} if rows.work.has_visitors else right

    def close(self) -> None:
        """End all processes."""
        for process in self._processes:
            process.close()
        self._processes.clear()


def plan(stage: Stage) -> list[Planned]:
    """Every work's name and what makes its race."""
    return [(name, partial(stage.race, work)) for name, work in WORKS.items()]


def options_of(arguments: Sequence[str] | None) -> argparse.Namespace:
    """The command line."""
    command = parser("bench.window.bench_window", __doc__, rows=10_000_000)
    add_options(command, kept="the rows and their right answers")
    command.set_defaults(rounds=5, budget=15.0, patience=120.0)
    command.add_argument("--quick", action="store_true", help="1 M rows, columnar peers only")
    command.add_argument(
        "--peers-only", action="store_true", help="without kedge: ratios are the first peer's"
    )
    options = command.parse_args(arguments)
    if options.quick:
        options.rows = min(options.rows, 1_000_000)
    return options


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark; the return value is the exit code."""
    options = options_of(arguments)
    with opened(options) as setting:
        stage = Stage(setting, options.rows, quick=options.quick, with_kedge=not options.peers_only)
        try:
            return run_all(plan(stage), options)
        finally:
            stage.close()


if __name__ == "__main__":
    sys.exit(main())
