"""A device on a bad day: cut off, full, forgetful; and the truth of what it counted."""

from __future__ import annotations

import random

import kedge
from tests.hub.board import SCORES, START, Board
from tests.hub.hubs import MODEL, reference, rows

__all__ = ["STEPS", "Device"]

STEPS = ("upload", "cut_off", "again", "drop", "forget", "turn")


class Device:
    """What one device counts, and the truth of what reached the hub."""

    def __init__(self, name: str, key: str, seed: int) -> None:
        self.name, self.key, self.seed = name, key, seed
        self.random = random.Random(seed)
        self.sent: dict[tuple[int, int], kedge.Profile] = {}  # by life and epoch
        self.life, self.epoch = 1, 1
        self.begin()

    def begin(self) -> None:
        """A new folder."""
        self.board = Board(self.name, self.key, self.life)
        self.board.add(START, b"{}")
        self.live = reference().like()

    def count(self) -> None:
        """Some rows, and a sketch of all of this epoch."""
        self.seed += 1000
        batch = rows(self.random.randrange(1, 40), self.seed)
        self.live.update(batch)
        self.board.add(SCORES, bytes(8 * 3), 3)
        self.board.sketch(self.live.to_bytes(), MODEL, self.epoch)

    def upload(self, place: str) -> None:
        """All that is there, the sketch for certain."""
        self.count()
        self.board.upload(place)
        self.sent[self.life, self.epoch] = kedge.Profile.from_bytes(self.live.to_bytes())

    def cut_off(self, place: str) -> None:
        """Some bytes of it: what the hub makes of them does not matter in the end."""
        self.count()
        with self.board.connect(place) as made:
            made.recv(8)
            data = self.board.upload_bytes(self.board.acknowledged)
            made.sendall(data[: self.random.randrange(len(data))])

    def again(self, place: str) -> None:
        """What was acknowledged, once more from the start of what is left, in a new connection."""
        self.board.upload(place)

    def drop(self, place: str) -> None:
        """The disk was full: old records are gone."""
        self.count()
        self.board.lose(self.random.randrange(1, len(self.board.records)))

    def forget(self, place: str) -> None:
        """The folder was lost, and what was counted with it."""
        self.upload(place)
        self.life += 1
        self.begin()

    def turn(self, place: str) -> None:
        """The next epoch."""
        self.upload(place)
        self.epoch += 1
        self.live = reference().like()
