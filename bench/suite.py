"""All benchmarks: which there are, how each is run in short, and what came of it.

Each runs in a process of its own. One that takes too long is stopped, and what it had measured is
kept; who sits out says so on the way and is listed.
"""

from __future__ import annotations

import json
import os
import platform
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import kedge._core
from kedge.sla.generator import program

__all__ = ["Benchmark", "Outcome", "benchmarks", "merged", "results", "run"]

_ROOT = Path(__file__).resolve().parents[1]
_SHORT = ("--rounds", "3", "--budget", "0.5")
# What is not here takes long whatever it is told: large files, brokers, simulations, real series.
_QUICK: Mapping[str, tuple[str, ...]] = {
    "drift.bench_detectors": (*_SHORT, "--rows", "5000"),
    "drift.bench_ks": (*_SHORT, "--rows", "100000"),
    "drift.bench_wide": (*_SHORT, "--rows", "5000"),
    "evidence.bench_monitor": ("--rounds", "3"),
    "expr.bench_expr": (*_SHORT, "--rows", "100000"),
    "hub.bench_fleet": ("--devices", "50"),
    "hub.bench_hub": ("--quick",),
    "kernels.bench_cell_count": (*_SHORT, "--rows", "100000"),
    "quality.bench_fairness": (*_SHORT, "--rows", "20000"),
    "records.bench_json": (*_SHORT, "--rows", "5000"),
    "score.bench_dense": ("--quick", *_SHORT),
    "score.bench_load": (*_SHORT, "--only", "T1"),
    "score.bench_trees": ("--quick", *_SHORT),
    "serve.bench_service": ("--rounds", "3", "--calls", "100"),
    "serve.bench_shared_memory": _SHORT,
    "serve.bench_traces": _SHORT,
    "sketch.bench_categories": (*_SHORT, "--rows", "100000"),
    "sla.bench_levels": ("--quick", "--only", "steady"),
    "sla.bench_stall": ("--quick",),
    "window.bench_window": ("--quick", *_SHORT),
}
_PACKAGES = ("numpy", "scipy", "pyarrow", "polars", "duckdb", "lightgbm", "xgboost-cpu", "grpcio")


@dataclass(frozen=True)
class Benchmark:
    """One module.

    Attributes:
        name: such as "drift.bench_ks".
        about: the first line of what it says of itself.
        quick: its arguments in a short run; None for one that is left out of it.
    """

    name: str
    about: str
    quick: tuple[str, ...] | None

    def arguments(self, given: Sequence[str] = (), *, quick: bool) -> list[str]:
        """How it is run."""
        own = [*(self.quick or ()), *given] if quick else list(given)
        load = program()
        if self.name == "serve.bench_service" and load is not None:
            own += ["--load", str(load)]
        return own


@dataclass(frozen=True)
class Outcome:
    """What came of one.

    Attributes:
        name: of the benchmark.
        command: that runs it again.
        ended: "done", "stopped after 20 s" or "failed with code 1".
        seconds: it took.
        lines: what it measured.
        said: on its way: who sat out, and what was wrong.
        made: the day.
        load: how many programs wanted a processor when it began.
    """

    name: str
    command: str
    ended: str
    seconds: float
    lines: list[dict[str, Any]] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    made: str = ""
    load: float = 0.0


def benchmarks() -> list[Benchmark]:
    """All of them, by name."""
    found = []
    for path in sorted((_ROOT / "bench").glob("*/bench_*.py")):
        name = f"{path.parent.name}.{path.stem}"
        about = path.read_text().split("\n", 1)[0].strip('"')
        found.append(Benchmark(name, about, _QUICK.get(name)))
    return found


def run(
    benchmark: Benchmark, given: Sequence[str] = (), *, quick: bool, patience_s: float
) -> Outcome:
    """Run one, with further arguments; after so many seconds it is stopped."""
    module = f"bench.{benchmark.name}"
    arguments = [*benchmark.arguments(given, quick=quick), "--json"]
    begun, load = time.monotonic(), round(os.getloadavg()[0], 1)
    with subprocess.Popen(
        [sys.executable, "-m", module, *arguments],
        cwd=_ROOT,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},  # what it has said by then is kept
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,  # what it starts ends with it
    ) as process:
        try:
            out, err = process.communicate(timeout=patience_s)
            ended = "done" if process.returncode == 0 else f"failed with code {process.returncode}"
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            out, err = process.communicate()
            ended = f"stopped after {patience_s:.0f} s"
    seconds = round(time.monotonic() - begun, 1)
    shown = " ".join(Path(word).name if os.sep in word else word for word in arguments)
    command = f"python -m {module} {shown}"
    lines, made = list(_lines(out)), datetime.now(timezone.utc).strftime("%Y-%m-%d")
    return Outcome(benchmark.name, command, ended, seconds, lines, _said(err), made, load)


def results(outcomes: Sequence[Outcome], skipped: Sequence[Benchmark]) -> dict[str, Any]:
    """All of it as plain data, with the machine and the versions."""
    return {
        "format": "kedge.benchmarks/2",
        "machine": _machine(),
        "versions": _versions(),
        "runs": [vars(one) for one in outcomes],
        "left_out": [one.name for one in skipped],
    }


def merged(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    """The old results with the new runs in the place of those of the same name.

    Raises:
        ValueError: they are not of one machine with the same releases.
    """
    for what in ("format", "machine", "versions"):
        if old[what] != new[what]:
            raise ValueError(f"{what} was {old[what]}, is {new[what]}: run all of them anew")
    runs = {one["name"]: one for one in [*old["runs"], *new["runs"]]}
    left_out = [name for name in old["left_out"] if name not in runs]
    return {**new, "runs": [runs[name] for name in sorted(runs)], "left_out": left_out}


def _lines(out: str) -> Iterator[dict[str, Any]]:
    for line in out.splitlines():
        try:
            said = json.loads(line)
        except ValueError:  # cut off where it was stopped
            continue
        if isinstance(said, dict):
            yield said


def _said(err: str) -> list[str]:
    """The last lines; not what servers tell their operators, which are many."""
    lines = (line.rpartition("\r")[2].strip() for line in err.splitlines())
    wanted = (line for line in dict.fromkeys(lines) if line and not line.startswith("{"))
    return [line for line in wanted if "come to their end" not in line][-12:]


def _machine() -> dict[str, Any]:
    info = Path("/proc/cpuinfo")
    models = info.read_text().splitlines() if info.is_file() else []
    model = next((line.partition(":")[2].strip() for line in models if "model name" in line), "")
    return {
        "processor": model or platform.processor(),
        "processors": os.cpu_count(),
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "instruction_set": kedge._core.active_isa(),
    }


def _versions() -> dict[str, str]:
    found = {"python": platform.python_version(), "kedge": version("kedge")}
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found
