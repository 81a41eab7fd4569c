"""What kedge-edge costs a board, without one: bytes, memory, instructions, against boards.toml.

    python -m edge_targets.build aarch64 x86_64      # builds what is measured
    python -m bench.edge.bench_edge

Instructions are counted by qemu, which traces each of them: those of 128 events less those of 64,
by 64. Every event is a batch of its own, the dearest way to come. The peak of memory is the static
x86-64 program's own, as the kernel has it. Times are not measured: an emulator has none. On a real
board `kedge-edge --times EDGE.toml` gives the p99.9 of the whole event, from the bytes of a line to
its score, of the rows that EDGE.toml names; `--board PROGRAM` does so with the model of this table.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

import kedge
from edge_targets.build import read_boards

_FEATURES, _TREES, _LEAVES, _CELLS, _FINE_CELLS = 32, 100, 31, 256, 4096
_BUFFER_BYTES, _FINE_BUFFER_BYTES = 1_000_000, 2_000_000  # of which the sketch is a record
_QEMU = ["qemu-aarch64-static", "-cpu", "cortex-a72"]
_EVENTS = 64


def _values(rows: int, seed: int) -> Any:
    return np.random.default_rng(seed).normal(size=(rows, _FEATURES)).round(4)


def _write_model(path: Path, trees: int, cells: int = _CELLS) -> None:
    import lightgbm

    x = _values(5000, 1)
    data = lightgbm.Dataset(x, x[:, :8].sum(axis=1) ** 2 > 8, free_raw_data=False)
    options = {"objective": "binary", "num_leaves": _LEAVES, "verbose": -1, "num_threads": 1}
    booster = lightgbm.train(options, data, trees)
    table = {name: x[:, i] for i, name in enumerate(booster.feature_name())}
    kedge.compile(booster, reference=kedge.profile(table, cells=cells)).save(path)


def _write_rows(path: Path, rows: int) -> None:
    names = [f"Column_{i}" for i in range(_FEATURES)]
    lines = [json.dumps(dict(zip(names, row, strict=True))) for row in _values(rows, 2).tolist()]
    path.write_text("".join(line + "\n" for line in lines))


def _write_config(folder: Path, model: str, rows: str, *, batch: int, buffer: int) -> Path:
    columns = "".join(f'Column_{i} = "float64"\n' for i in range(_FEATURES))
    kept = f'[spool]\nfolder = "spool-{model}"\nbuffer_bytes = {buffer}\n' if buffer else ""
    path = folder / "next.toml"
    path.write_text(
        f'device = "bench"\nmodel = "{model}"\n[output]\nto = "file:/dev/null"\n{kept}'
        f'[input]\nfrom = "{rows}"\nbatch_rows = {batch}\n[input.columns]\n{columns}'
    )
    return path


def _instructions(program: Path, config: Path) -> int:
    command = [*_QEMU, "-singlestep", "-d", "nochain,exec", "-D", "/dev/stderr"]
    traced = subprocess.Popen([*command, str(program), str(config)], stderr=subprocess.PIPE)
    assert traced.stderr is not None
    with traced.stderr as trace:
        counted = subprocess.run(
            ["grep", "-c", "^Trace"], stdin=trace, capture_output=True, check=True
        )
    if traced.wait() != 0:
        raise SystemExit(f"{program} failed under {_QEMU[0]}")
    return int(counted.stdout)


def _event_instructions(folder: Path, program: Path, model: str, batch: int = 1) -> float:
    counts = []
    for rows in (_EVENTS, 2 * _EVENTS):
        source = f"file:{rows}.ndjson"
        _write_rows(folder / f"{rows}.ndjson", rows)
        config = _write_config(folder, model, source, batch=batch, buffer=0)
        counts.append(_instructions(program, config.rename(folder / f"{model}{rows}.toml")))
    return (counts[1] - counts[0]) / _EVENTS


def _peak_bytes(folder: Path, program: Path, model: str, buffer: int) -> tuple[int, int]:
    """What a run takes at most, and what --plan says that it does."""
    _write_rows(folder / "many.ndjson", 20_000)
    config = _write_config(folder, model, "file:many.ndjson", batch=256, buffer=buffer)
    config = config.rename(folder / "peak.toml")
    done = subprocess.run(
        [program, "--peak-memory", config], capture_output=True, check=True, text=True
    )
    peak = int(done.stderr.partition("peak memory:")[2].split()[0]) * 1024
    plan = subprocess.run([program, "--plan", config], capture_output=True, check=True, text=True)
    return peak, int(plan.stdout.partition("together, bytes")[2].split()[0])


def _tail_ms(folder: Path, program: Path) -> float:
    """The p99.9 of events on this machine, each by itself, from its bytes to its score."""
    _write_rows(folder / "line.ndjson", 20_000)
    config = _write_config(folder, "large", "file:line.ndjson", batch=1, buffer=_BUFFER_BYTES)
    done = subprocess.run([program, "--times", config], capture_output=True, check=True, text=True)
    return float(done.stderr.partition("p99.9 ")[2].split()[0])


def _lines(options: argparse.Namespace, folder: Path) -> list[tuple[str, float, float]]:
    limits = read_boards()["limits"]
    _write_model(folder / "large", _TREES)
    if options.board:
        return [("event p99.9, ms", _tail_ms(folder, options.board), limits["event_ms"])]
    aarch64, x86_64 = (options.build_dir / name / "kedge-edge" for name in ("aarch64", "x86_64"))
    found = [
        (f"program {p.parent.name}, bytes", float(p.stat().st_size), limits["program_bytes"])
        for p in sorted(options.build_dir.glob("*/kedge-edge"))
        if p.parent.name != "host"
    ]
    peak, plan = _peak_bytes(folder, x86_64, "large", _BUFFER_BYTES)
    found.append(("peak memory x86_64, bytes", float(peak), limits["peak_bytes"]))
    found.append(("the same beside its plan, bytes", float(peak), plan))
    _write_model(folder / "fine", _TREES, _FINE_CELLS)
    fine, _ = _peak_bytes(folder, x86_64, "fine", _FINE_BUFFER_BYTES)
    found.append((f"peak, {_FINE_CELLS} cells, bytes", float(fine), limits["peak_bytes"]))
    _write_model(folder / "small", 1)
    whole = _event_instructions(folder, aarch64, "large")
    rest = _event_instructions(folder, aarch64, "small")
    found.append(("event aarch64, instructions", whole, limits["event_instructions"]))
    batched = _event_instructions(folder, aarch64, "large", _EVENTS)
    found.append(("the same, 64 at once", batched, limits["event_instructions"]))
    found.append(("99 trees of one, instructions", whole - rest, limits["score_instructions"]))
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; 0 when all limits hold."""
    parser = argparse.ArgumentParser(prog="bench.edge.bench_edge", description=__doc__)
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    parser.add_argument("--build-dir", type=Path, default=Path("build") / "edge", metavar="DIR")
    parser.add_argument("--board", type=Path, metavar="PROGRAM", help="time PROGRAM here instead")
    options = parser.parse_args(arguments)
    options.build_dir = options.build_dir.absolute()
    with tempfile.TemporaryDirectory() as folder:
        found = _lines(options, Path(folder))
    for work, value, limit in found:
        if options.json:
            print(json.dumps({"work": work, "value": value, "limit": limit}))
        else:
            print(f"{work:32} {value:14,.1f}  of {limit:12,}  {'ok' if value <= limit else 'OVER'}")
    return int(any(value > limit for _, value, limit in found))


if __name__ == "__main__":
    sys.exit(main())
