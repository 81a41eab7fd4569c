"""Simulated boards in a process of their own: each sends a sketch, and waits for its commit."""

from __future__ import annotations

import selectors
import socket
import sys
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

import kedge
from tests.hub.board import Board, read_number

__all__ = ["MODEL", "batches", "main", "reference"]

MODEL = bytes(range(32))


def reference(features: int, cells: int) -> kedge.Profile:
    """Of normal columns."""
    random = np.random.default_rng(1)
    rows = {f"f{i}": random.normal(size=4096) for i in range(features)}
    return kedge.profile(rows, cells=cells)


def batches(features: int, rows: int, rounds: int, seed: int) -> list[dict[str, Any]]:
    """What one device sees, round by round."""
    random = np.random.default_rng(seed)
    return [{f"f{i}": random.normal(size=rows) for i in range(features)} for _ in range(rounds)]


class _Sender:
    """One device's connection and the records that it will send."""

    def __init__(self, place: str, name: str, key: str, sketches: Sequence[bytes]) -> None:
        board = Board(name, key)
        self.socket = board.connect(place)
        wanted = read_number(self.socket)
        for stored in sketches:
            board.sketch(stored, MODEL)
        whole = board.upload_bytes(wanted)
        sizes = [len(record) for *_, record in board.records]
        start = len(whole) - sum(sizes)
        ends = [start + sum(sizes[: i + 1]) for i in range(len(sizes))]
        cuts = [0, *ends]
        self.parts = [whole[a:b] for a, b in pairwise(cuts)]
        self.sent = 0

    def send(self) -> bool:
        """The next record; False when there is none."""
        if self.sent == len(self.parts):
            return False
        self.socket.sendall(self.parts[self.sent])
        self.sent += 1
        return True


def main(arguments: Sequence[str]) -> None:
    """place, file of names and keys, features, cells, rows, rounds."""
    place, keys = arguments[0], Path(arguments[1]).read_text().split()
    features, cells, rows, rounds = map(int, arguments[2:])
    empty = reference(features, cells).like()
    senders = []
    for i, (name, key) in enumerate(zip(keys[::2], keys[1::2], strict=True)):
        live, sketches = empty.like(), []
        for batch in batches(features, rows, rounds, i):
            live.update(batch)
            sketches.append(live.to_bytes())
        senders.append(_Sender(place, name, key, sketches))
    print("ready", flush=True)
    sys.stdin.readline()
    _run(senders)
    print("done", flush=True)


def _run(senders: list[_Sender]) -> None:
    selector = selectors.DefaultSelector()
    for sender in senders:
        selector.register(sender.socket, selectors.EVENT_READ, sender)
        sender.send()
    left = len(senders)
    while left:
        for key, _ in selector.select():
            answers = key.fileobj
            assert isinstance(answers, socket.socket)
            answers.recv(4096)
            if not key.data.send():
                selector.unregister(answers)
                left -= 1


if __name__ == "__main__":
    main(sys.argv[1:])
