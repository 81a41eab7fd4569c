"""Two builds of this project, side by side in one run.

    python -m bench.compare [--rounds N] [--limit X] [--json] BASE NEW bench.drift.bench_ks [...]

BASE and NEW are each an interpreter, a virtual environment, or a directory of installed packages
(`pip install --target`) for this interpreter. The benchmark runs in its own process, for the two
builds alternately; what follows its name goes to it (`--alone` spares the peers' time). For every
work: the median over the rounds of NEW's median / BASE's, and the range of that ratio. Below 1 NEW
is faster. Exit code 1 when a benchmark fails or a median ratio exceeds the limit.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from bench.report import Progress

_ROOT = Path(__file__).resolve().parents[1]
_WHERE = "import kedge._core; print(kedge._core.__file__)"


class BuildFailed(Exception):
    """A build cannot be used or its benchmark did not end well."""


@dataclass(frozen=True)
class Build:
    """One build of kedge: the interpreter that runs it and the packages put before its own."""

    name: str
    python: Path
    packages: Path | None = None

    @classmethod
    def at(cls, name: str, place: Path) -> Build:
        """The build at an interpreter, a virtual environment or a directory of packages.

        Raises:
            BuildFailed: `place` is none of these.
        """
        if place.is_file():
            return cls(name, place.absolute())
        for python in (place / "bin" / "python", place / "Scripts" / "python.exe"):
            if python.is_file():
                return cls(name, python.absolute())
        if (place / "kedge").is_dir():
            return cls(name, Path(sys.executable), place.resolve())
        raise BuildFailed(f"{name}: {place} is no interpreter, environment or directory with kedge")

    def core(self) -> str:
        """The file of the compiled core this build loads.

        Raises:
            BuildFailed: it loads none, or not the one in the directory of packages.
        """
        path = self.run(["-c", _WHERE]).strip()
        if self.packages and self.packages not in Path(path).resolve().parents:
            raise BuildFailed(f"{self.name}: {path} is loaded, not the build in {self.packages}")
        return path

    def medians(self, module: str, arguments: Sequence[str]) -> dict[str, float]:
        """Run a benchmark: kedge's median time of each work."""
        lines = self.run(["-m", module, *arguments, "--json"]).splitlines()
        rows = [json.loads(line) for line in lines]
        return {row["work"]: row["median_ns"] for row in rows if row["engine"] == "kedge"}

    def run(self, arguments: Sequence[str]) -> str:
        """What the build's interpreter prints, started at the root of the repository."""
        environment = dict(os.environ)
        if self.packages:
            own = environment.get("PYTHONPATH")
            environment["PYTHONPATH"] = os.pathsep.join(
                [str(self.packages), *([own] if own else [])]
            )
        done = subprocess.run(
            [str(self.python), *arguments],
            check=False,
            cwd=_ROOT,
            env=environment,
            capture_output=True,
            text=True,
        )
        if done.returncode != 0:
            raise BuildFailed(f"{self.name}: {' '.join(arguments)} failed\n{done.stderr.rstrip()}")
        return done.stdout


@dataclass(frozen=True)
class Change:
    """One work's ratio NEW / BASE over the rounds."""

    work: str
    ratio: float
    low: float
    high: float
    rounds: int


def changes(
    base: Sequence[dict[str, float]], new: Sequence[dict[str, float]]
) -> tuple[list[Change], list[str]]:
    """The change of every work both builds have, and the works only one has."""
    works = list(dict.fromkeys(work for run in [*base, *new] for work in run))
    shared = [work for work in works if all(work in run for run in [*base, *new])]
    found = []
    for work in shared:
        ratios = [after[work] / before[work] for before, after in zip(base, new, strict=True)]
        median = statistics.median(ratios)
        found.append(Change(work, median, min(ratios), max(ratios), len(ratios)))
    return found, [work for work in works if work not in shared]


def measure(
    base: Build, new: Build, module: str, arguments: Sequence[str], rounds: int
) -> tuple[list[Change], list[str]]:
    """Run the benchmark for both builds alternately; who goes first alternates too."""
    progress = Progress(sys.stderr)
    medians: dict[str, list[dict[str, float]]] = {base.name: [], new.name: []}
    for round_ in range(rounds):
        for build in (base, new) if round_ % 2 == 0 else (new, base):
            progress.show(f"[{round_ + 1}/{rounds}] {module}: {build.name}")
            medians[build.name].append(build.medians(module, arguments))
    progress.show()
    return changes(medians[base.name], medians[new.name])


def _arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    command = argparse.ArgumentParser(
        prog="python -m bench.compare",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.add_argument("--rounds", type=int, default=5, help="runs of each build (%(default)s)")
    command.add_argument("--limit", type=float, help="largest median ratio that passes")
    command.add_argument("--json", action="store_true", help="one JSON object a line")
    command.add_argument("base", type=Path, metavar="BASE", help="the build to compare with")
    command.add_argument("new", type=Path, metavar="NEW", help="the build to judge")
    command.add_argument("module", metavar="BENCHMARK", help="such as bench.drift.bench_ks")
    command.add_argument("rest", nargs=argparse.REMAINDER, help="the benchmark's own arguments")
    options = command.parse_args(arguments)
    if options.rounds < 1:
        command.error(f"--rounds {options.rounds} is not positive")
    return options


def main(arguments: Sequence[str] | None = None) -> int:
    """Compare two builds; the return value is the exit code."""
    options = _arguments(arguments)
    try:
        base, new = Build.at("base", options.base), Build.at("new", options.new)
        for build in (base, new):
            print(f"{build.name}: {build.core()}", file=sys.stderr)
        found, unpaired = measure(base, new, options.module, options.rest, options.rounds)
    except BuildFailed as error:
        print(error, file=sys.stderr)
        return 1
    if not options.json:
        print(f"{'work':24}  {'new/base':>8}  range")
    for change in found:
        text = f"{change.work:24}  {change.ratio:8.3f}  {change.low:.3f} .. {change.high:.3f}"
        print(json.dumps(asdict(change)) if options.json else text)
    for work in unpaired:
        print(f"{work}: not in every run, left out", file=sys.stderr)
    if not found:
        print("no work to compare", file=sys.stderr)
        return 1
    slow = [change for change in found if options.limit and change.ratio > options.limit]
    for change in slow:
        print(f"{change.work}: {change.ratio:.3f} exceeds {options.limit}", file=sys.stderr)
    return 1 if slow else 0


if __name__ == "__main__":
    sys.exit(main())
