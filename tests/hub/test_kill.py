"""A hub that is killed has all that it acknowledged."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import threading
from pathlib import Path

import kedge
from kedge.hub.ledger import Ledger
from tests.hub.board import SCORES, START, Board
from tests.hub.hubs import MODEL, reference, rows

DEVICES = 6


class Device(threading.Thread):
    """Uploads until it is told to stop, and remembers what was acknowledged."""

    def __init__(self, name: str, key: str, place: str, seed: int) -> None:
        super().__init__(daemon=True)  # a hub that does not start fails the test, and ends it
        self.board = Board(name, key)
        self.board.add(START, b"{}")
        self.place, self.seed = place, seed
        self.live = reference().like()
        self.counted: dict[int, bytes] = {}  # number of a sketch's record, and the sketch
        self.told = threading.Event()

    def run(self) -> None:
        while not self.told.is_set():
            self.seed += DEVICES
            self.live.update(rows(3, self.seed))
            self.board.add(SCORES, bytes(16), 2)
            self.counted[self.board.sequence] = self.live.to_bytes()
            self.board.sketch(self.counted[self.board.sequence], MODEL)
            try:
                self.board.upload(self.place, timeout=2)
            except OSError:
                self.told.wait(0.02)


def start(folder: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "kedge", "hub", str(folder), "--json", "--grpc-port", "0"]
    command += ["--http-port", "0", "--board-unix", str(folder / "boards.sock")]
    hub = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert hub.stdout is not None
    assert json.loads(hub.stdout.readline())["event"] == "serving"
    return hub


def test_a_killed_hub_has_what_it_acknowledged(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    keys = [ledger.enrol(f"d{i}") for i in range(DEVICES)]
    ledger.close()
    place = f"unix:{tmp_path / 'boards.sock'}"
    devices = [Device(f"d{i}", key, place, i) for i, key in enumerate(keys)]
    wait = random.Random(4)
    hub = start(tmp_path)
    for device in devices:
        device.start()
    for _ in range(4):
        threading.Event().wait(0.2 + wait.random() / 2)
        hub.kill()
        hub.wait()
        assert hub.stdout is not None
        hub.stdout.close()
        hub = start(tmp_path)
    for device in devices:
        device.told.set()
    for device in devices:
        device.join()
    hub.kill()
    hub.wait()
    assert hub.stdout is not None
    hub.stdout.close()
    _check(tmp_path, devices)


def _check(folder: Path, devices: list[Device]) -> None:
    ledger = Ledger(folder)
    accounts = ledger.reader()
    for device in devices:
        sequence, records, events = accounts.execute(
            "SELECT sequence, records, events FROM life JOIN device ON device.id = life.device"
            " WHERE name = ?",
            (device.board.name,),
        ).fetchone()
        assert device.board.acknowledged > 4
        assert sequence >= device.board.acknowledged
        assert records == sequence  # none was lost, none counted twice
        assert events == 2 * (sequence // 2)
        number, stored = accounts.execute(
            "SELECT sketch.sequence, profile FROM sketch JOIN device ON"
            " device.id = sketch.device WHERE name = ?",
            (device.board.name,),
        ).fetchone()
        newest = max(n for n in device.counted if n < sequence)
        assert number == newest
        assert stored == device.counted[newest]
        assert kedge.Profile.from_bytes(stored).row_count == 3 * (newest // 2)
    accounts.close()
    ledger.close()
