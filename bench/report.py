"""A benchmark's command line: its options, its progress line, its table or JSON lines."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, TextIO

from bench.peers import MissingPeer
from bench.race import Line, Race, WrongAnswer, run

__all__ = ["Progress", "parser", "positive", "run_all"]

Planned = tuple[str, Callable[[], Race[Any]]]

_TABLE = "{:24}  {:16}  {:8}  {:>9}  {:>9}  {:>10}  {:>8}  {:>6}  {}"
_HEAD = ("work", "engine", "version", "median", "p99", "rows/s", "ratio", "rounds", "")


class Progress:
    """One line that is written over; silent unless the stream is a terminal."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream if stream.isatty() else None

    def show(self, *words: str) -> None:
        """Replace the line by `words`; by nothing when there are none."""
        if self._stream is not None:
            self._stream.write("\r\x1b[K" + " ".join(words))
            self._stream.flush()


def parser(module: str, description: str | None, *, rows: int | None) -> argparse.ArgumentParser:
    """The options every benchmark has; `rows` is the default of `--rows`, which None leaves out."""
    made = argparse.ArgumentParser(
        prog=f"python -m {module}",
        description=description,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    made.add_argument("--json", action="store_true", help="one JSON object a line")
    if rows is not None:
        made.add_argument(
            "--rows", type=positive, default=rows, help="rows of a sample (%(default)s)"
        )
    made.add_argument("--rounds", type=positive, default=31, help="rounds (%(default)s)")
    made.add_argument(
        "--budget",
        type=float,
        default=3.0,
        metavar="SECONDS",
        help="a contender that would take longer in one race runs fewer rounds (%(default)s)",
    )
    made.add_argument(
        "--only", default="", metavar="PART[,PART]", help="works whose name contains PART"
    )
    made.add_argument(
        "--alone", action="store_true", help="compare all answers, but time kedge only"
    )
    return made


def positive(text: str) -> int:
    """An option that counts something: at least 1."""
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{value} is not positive")
    return value


def run_all(plan: Iterable[Planned], options: argparse.Namespace) -> int:
    """Run the planned races that `--only` names and print them.

    The exit code: 1 when an answer was wrong or someone without whom there is no race is missing.
    """
    parts = options.only.split(",")
    chosen = [(work, make) for work, make in plan if any(part in work for part in parts)]
    if not chosen:
        print(f"no work has {options.only!r} in its name", file=sys.stderr)
        return 1
    progress = Progress(sys.stderr)
    if not options.json:
        print(_TABLE.format(*_HEAD).rstrip())
    code = 0
    for number, (work, make) in enumerate(chosen, 1):
        where = f"[{number}/{len(chosen)}] {work}:"
        progress.show(where, "making data")
        try:
            lines = run(
                make(),
                rounds=options.rounds,
                budget_s=options.budget,
                alone=options.alone,
                progress=partial(progress.show, where),
            )
        except (MissingPeer, WrongAnswer) as error:
            progress.show()
            print(error, file=sys.stderr)
            code = 1
            continue
        progress.show()
        for line in lines:
            print(json.dumps(line.to_dict()) if options.json else _row(line), flush=True)
    return code


def _row(line: Line) -> str:
    facts = "  ".join(f"{name} {value:.3g}" for name, value in line.facts.items())
    return _TABLE.format(
        line.work,
        line.engine,
        line.version,
        _duration(line.median_ns),
        _duration(line.p99_ns),
        f"{line.rows_per_s / 1e6:.4g} M",
        f"{line.ratio:.4g}",
        line.rounds,
        facts,
    ).rstrip()


def _duration(ns: float) -> str:
    for unit, size in (("s", 1e9), ("ms", 1e6), ("us", 1e3)):
        if ns >= size:
            return f"{ns / size:.3g} {unit}" if ns < 999.5 * size else f"{ns / size:.0f} {unit}"
    return f"{ns:.0f} ns"
