"""How many device sketches a hub keeps a second on one core, and how fast it adds them up.

    python -m bench.hub.bench_hub

Boards are simulated in a process of their own, over a socket of this machine: each sends a sketch,
waits until the hub says that it is committed, and sends the next, so that every sketch is a row of
SQLite, written and flushed. What counts is the hub's own processor time (user and system, with the
kernel's work for sockets and the disk); `wall` has the clock, which others on the machine and the
disk slow down. Afterwards the fleet's sketch is compared, byte for byte, with the one of all rows
in one stream.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from bench.hub.boards import MODEL, batches, reference
from kedge._core import ProfileShape, ProfileSum
from kedge.hub.boards import BoardPort
from kedge.hub.fleet import Fleet
from kedge.hub.ledger import Ledger
from kedge.hub.options import HubOptions
from kedge.hub.records import Sketches
from kedge.hub.repository import Repository
from kedge.hub.teller import Teller

_ASKED = 20_000  # sketches a second


@dataclass(frozen=True)
class _Work:
    features: int
    cells: int
    rows: int  # of each device between two sketches
    rounds: int


_WORKS = (_Work(4, 64, 20, 40), _Work(8, 64, 60, 40), _Work(32, 64, 60, 20), _Work(32, 256, 60, 6))


def _run(work: _Work, devices: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        options = HubOptions(name, board_unix=str(folder / "boards.sock"))
        ledger, repository = Ledger(folder), Repository(folder / "repository")
        port = BoardPort(options, ledger, Sketches(repository, 1 << 24), Teller())
        keys = "".join(f"d{i} {ledger.enrol(f'd{i}')}\n" for i in range(devices))
        (folder / "keys").write_text(keys)
        try:
            measured = _measure(port, folder, work, devices)
            fleet = Fleet(ledger, repository)
            return measured | _check(ledger, fleet, work, devices)
        finally:
            port.stop()
            ledger.close()


def _measure(port: BoardPort, folder: Path, work: _Work, devices: int) -> dict[str, Any]:
    command = [sys.executable, "-m", "bench.hub.boards", port.place, str(folder / "keys")]
    numbers = [str(n) for n in (work.features, work.cells, work.rows, work.rounds)]
    with subprocess.Popen(
        [*command, *numbers], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as boards:
        assert boards.stdin is not None
        assert boards.stdout is not None
        port.start()
        assert boards.stdout.readline() == "ready\n"
        cpu, clock = time.process_time(), time.perf_counter()
        boards.stdin.write("go\n")
        boards.stdin.flush()
        assert boards.stdout.readline() == "done\n"
        cpu, clock = time.process_time() - cpu, time.perf_counter() - clock
    sketches = devices * work.rounds
    return {
        "sketches": sketches,
        "us_each": cpu / sketches * 1e6,
        "per_second_of_core": sketches / cpu,
        "per_second_wall": sketches / clock,
    }


def _check(ledger: Ledger, fleet: Fleet, work: _Work, devices: int) -> dict[str, Any]:
    with ledger.reader() as accounts:
        found = accounts.execute("SELECT profile, sequence FROM sketch").fetchall()
    assert len(found) == devices
    assert all(sequence == work.rounds - 1 for _, sequence in found)
    whole = reference(work.features, work.cells).like()
    shape = ProfileShape(whole)
    for i in range(devices):
        for batch in batches(work.features, work.rows, work.rounds, i):
            whole.update(batch)
    (merged,) = fleet.merged(MODEL)
    assert merged.to_bytes() == whole.to_bytes()
    stored = [profile for profile, _ in found]
    clock = time.process_time()
    total = ProfileSum(shape)
    for profile in stored:
        total.add(profile)
    merge = time.process_time() - clock
    assert total.to_bytes() == whole.to_bytes()
    return {
        "sketch_bytes": round(sum(map(len, stored)) / devices),
        "merge_us_each": merge / devices * 1e6,
        "merge_per_second": devices / merge,
        "fleet_rows": whole.row_count,
        "bit_equal": True,
    }


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--devices", type=int, default=1000)
    parser.add_argument("--quick", action="store_true", help="a tenth of the devices, one size")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(arguments)
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    devices = options.devices // 10 if options.quick else options.devices
    for work in _WORKS[:1] if options.quick else _WORKS:
        found = _run(work, devices)
        name = f"{work.features} columns of {work.cells} cells"
        if options.json:
            line = {"work": name, "engine": "kedge", "version": version("kedge"), "rows": devices}
            line |= {"median_ns": found["us_each"] * 1e3, "rows_per_s": found["per_second_of_core"]}
            print(json.dumps({**line, "asked": _ASKED, **found}))
            continue
        print(
            f"{name}, {found['sketch_bytes']:,} bytes a sketch, {devices} devices:"
            f" {found['per_second_of_core']:,.0f} committed a second of one core"
            f" ({found['us_each']:.1f} us; {found['per_second_wall']:,.0f} by the clock),"
            f" merge {found['merge_per_second']:,.0f} a second, bit-equal"
        )


if __name__ == "__main__":
    main()
