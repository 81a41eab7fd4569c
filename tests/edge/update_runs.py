"""A board under update: rows go in one by one, what it says and keeps is looked at meanwhile."""

from __future__ import annotations

import json
import os
import struct
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.edge.edge_runs import PROGRAM, configure, connect, features, lines_of, names, table


def replaced(path: Path, data: bytes) -> None:
    """In one step, as somebody who knows would."""
    beside = path.with_suffix(".part")
    beside.write_bytes(data)
    beside.rename(path)


def configured(folder: Path, model: str, source: str, more: str = "") -> Path:
    """A board with a spool, metrics and updates."""
    text = f"""
device = "pump-17"
model = "{model}"
[output]
to = "file:out.jsonl"
[metrics]
to = "unix:m.sock"
[spool]
folder = "spool"
flush_every = "1s"
[update]
folder = "update"
model = "m"
root = "1.root.json"
poll_every = "1s"
slot_bytes = 200000
{source}
{more}
[input]
"""
    return configure(folder, text, names())


@contextmanager
def started(config: Path, before: Sequence[str] = ()) -> Iterator[Board]:
    """A board that is killed at the end, if it still runs."""
    command = [*before, PROGRAM, config]
    pipe = subprocess.PIPE
    # Without a buffer no row is left to be sent when the board is gone and its input is closed.
    with subprocess.Popen(command, stdin=pipe, stderr=pipe, bufsize=0) as process:
        try:
            yield Board(config.parent, process)
        finally:
            if process.poll() is None:
                process.kill()


class Board:
    """kedge-edge as a process."""

    def __init__(self, folder: Path, process: subprocess.Popen[bytes]) -> None:
        self.folder = folder
        self.process = process
        self.sent = 0
        self._lines = lines_of(table(features(4000, 9))).splitlines(keepends=True)

    def send(self, rows: int) -> bool:
        """False when nobody takes them any more: then the board has ended."""
        assert self.process.stdin
        lines = [self._lines[(self.sent + i) % len(self._lines)] for i in range(rows)]
        try:
            self.process.stdin.write(b"".join(lines))
        except BrokenPipeError:
            self.process.wait(timeout=30)
            return False
        self.sent += rows
        return True

    def run_until(self, is_done: Callable[[], bool], seconds: float = 30) -> bool:
        """Sends rows until that is so, or the board is gone, or it takes too long."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if is_done():
                return True
            if not self.send(20):
                return is_done()
            time.sleep(0.02)
        return False

    def metric(self, name: str) -> int:
        """As Prometheus would have it."""
        with connect(self.folder / "m.sock") as scrape:
            answer = b"".join(iter(lambda: scrape.recv(4096), b"")).decode()
        return int(
            next(
                line for line in answer.splitlines() if f"_{name} " in line and line[0] != "#"
            ).split()[1]
        )

    def stop(self) -> str:
        """The input ends; what the board said."""
        assert self.process.stdin
        self.process.stdin.close()
        assert self.process.stderr
        said = self.process.stderr.read().decode()
        assert self.process.wait(timeout=30) == 0, said
        return said

    def printed(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in (self.folder / "out.jsonl").read_bytes().splitlines()]


def state_of(folder: Path) -> dict[str, Any]:
    """The newest slot state record, as docs/formats.md has it."""
    best: dict[str, Any] = {"sequence": 0, "commits": 0, "running": 0, "refused": 0}
    for name in ("a.state", "b.state"):
        path = folder / "update" / name
        data = path.read_bytes() if path.exists() else b""
        if len(data) < 512 or data[:8] != b"KEDGESLT":
            continue
        _, trials, sequence, floor, commits = struct.unpack_from("<IIQQQ", data, 8)
        active, candidate, reason_size = struct.unpack_from("<BBH", data, 40)
        if best["sequence"] > sequence:
            continue
        best = {
            "trials": trials,
            "sequence": sequence,
            "floor": floor,
            "commits": commits,
            "active": active,
            "candidate": candidate,
            "running": struct.unpack_from("<Q", data, 48)[0],
            "digest": data[64:96].hex(),
            "trying": struct.unpack_from("<Q", data, 96)[0],
            "refused": struct.unpack_from("<Q", data, 184)[0],
            "reason": data[376 : 376 + reason_size].decode(),
        }
    return best


def states_of(records: list[tuple[int, int, bytes]]) -> list[dict[str, Any]]:
    """What the board told of its model."""
    return [json.loads(payload) for kind, _, payload in records if kind == 4]


def is_strace_here() -> bool:
    return any(os.access(Path(at) / "strace", os.X_OK) for at in os.get_exec_path())
