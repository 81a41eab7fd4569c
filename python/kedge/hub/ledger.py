"""What a hub knows of its devices, in SQLite: what was committed is there after any death."""

from __future__ import annotations

import os
import secrets
import sqlite3
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from kedge._core import InvalidArgument, first_place
from kedge.hub.schema import Change, Device, Place, State, open_accounts

__all__ = ["Ledger"]

_KEY_BYTES = 32
# A greeting has a name's length as a varint of which one byte is read: formats.md, "Upload".
_MOST_NAME = {"device": 127, "group": 128}  # bytes
_MOST_LIVES = 256
_MOST_REASON = 300
_MOST_STATES = 64  # of one device
_SKETCH = """
INSERT INTO sketch(device, life, model, epoch, sequence, rows, shape, updated, profile)
VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT(device, life, model, epoch) DO UPDATE SET sequence = excluded.sequence,
  rows = excluded.rows, shape = excluded.shape, updated = excluded.updated,
  profile = excluded.profile WHERE excluded.sequence >= sketch.sequence
"""
_LIFE = """
INSERT INTO life VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT(device, life) DO UPDATE SET sequence = excluded.sequence, event = excluded.event,
  chain = excluded.chain, records = records + excluded.records,
  events = events + excluded.events, lost_records = lost_records + excluded.lost_records,
  lost_events = lost_events + excluded.lost_events, updated = excluded.updated
"""
_STATE = "INSERT OR REPLACE INTO state VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_FEWER_STATES = f"""
DELETE FROM state WHERE device = ? AND model NOT IN (
  SELECT model FROM state WHERE device = ? ORDER BY updated DESC, model LIMIT {_MOST_STATES})
"""
_SCORE = (
    "INSERT OR IGNORE INTO score(device, life, sequence, event, events, payload)"
    " VALUES(?, ?, ?, ?, ?, ?)"
)

Held = dict[tuple[int, bytes, int], int]  # bytes of a device's sketches, the oldest first


class Ledger:
    """The accounts in a folder; any number of threads may share one."""

    def __init__(
        self,
        folder: Path,
        *,
        most_sketches: int = 256,
        most_sketch_bytes: int = 16 << 20,
        keep_scores: int = 0,
    ) -> None:
        """Open or begin them, readable by their owner alone.

        Raises:
            CorruptData, Unsupported: as `open_accounts`.
            OSError: the folder cannot be made.
        """
        before = os.umask(0o077)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self.path = folder / "hub.sqlite"
            self._accounts = open_accounts(self.path)
        finally:
            os.umask(before)
        self._most_sketches, self._most_bytes = most_sketches, most_sketch_bytes
        self._keep_scores = keep_scores
        self._lock = threading.Lock()
        self._held: dict[int, Held] = {}

    def close(self) -> None:
        """No use afterwards."""
        with self._lock:
            self._accounts.close()

    def reader(self) -> sqlite3.Connection:
        """A connection of its own that sees what was committed before it asks."""
        uri = f"{self.path.absolute().as_uri()}?mode=ro"
        return sqlite3.connect(uri, uri=True, check_same_thread=False, timeout=30)

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            self._accounts.execute("BEGIN IMMEDIATE")
            try:
                yield self._accounts
            except BaseException:
                self._accounts.execute("ROLLBACK")
                self._held.clear()
                raise
            self._accounts.execute("COMMIT")

    def enrol(self, name: str, group: str = "", *, keyless: bool = False) -> str:
        """Make a device known; its key as hexadecimal digits, told this once.

        Raises:
            InvalidArgument: it has one already, or the name or the group is none.
        """
        for what, text in (("device", name), ("group", group)):
            most = _MOST_NAME[what]
            if len(text.encode(errors="replace")) > most or not text.isprintable():
                raise InvalidArgument(f"{what} {text!r}: up to {most} bytes, printable")
        if not name:
            raise InvalidArgument("a device without a name")
        key = None if keyless else secrets.token_bytes(_KEY_BYTES)
        try:
            with self._transaction() as accounts:
                accounts.execute(
                    "INSERT INTO device(name, grp, key, enrolled) VALUES(?, ?, ?, ?)",
                    (name, group, key, _now()),
                )
        except sqlite3.IntegrityError:
            raise InvalidArgument(f"device {name!r} is enrolled already") from None
        return key.hex() if key else ""

    def device(self, name: str) -> Device | None:
        """The one of that name."""
        with self._lock:
            found = self._accounts.execute(
                "SELECT id, name, grp, key FROM device WHERE name = ?", (name,)
            ).fetchone()
        return Device(*found) if found else None

    def place(self, device: Device, life: int) -> Place:
        """Which record of that life is wanted next."""
        with self._lock:
            found = self._accounts.execute(
                "SELECT life, sequence, event, chain FROM life WHERE device = ? AND life = ?",
                (device.id, life),
            ).fetchone()
        return tuple(found) if found else first_place(device.name.encode(), life)

    def pause(self, rollout: str, *, is_paused: bool) -> None:
        """Hold a rollout back, or no longer."""
        with self._transaction() as accounts:
            if is_paused:
                accounts.execute("INSERT OR IGNORE INTO paused VALUES(?)", (rollout,))
            else:
                accounts.execute("DELETE FROM paused WHERE rollout = ?", (rollout,))

    def paused(self) -> frozenset[str]:
        """The rollouts that are held back."""
        with self._lock:
            found = self._accounts.execute("SELECT rollout FROM paused").fetchall()
        return frozenset(rollout for (rollout,) in found)

    def commit(self, changes: Iterable[Change]) -> None:
        """Keep all changes, or none; what they are may be acknowledged when this returns."""
        now = _now()
        with self._transaction() as accounts:
            kept = list(changes)
            self._keep_lives(accounts, kept, now)
            sketches = [
                (c.device, c.life, s.model, s.epoch, s.sequence, s.rows, s.shape, now, s.profile)
                for c in kept
                for s in c.sketches.values()
            ]
            for row in sketches:
                if row[0] not in self._held:
                    self._held[row[0]] = _held_by(accounts, row[0])
            accounts.executemany(_SKETCH, sketches)
            for row in sketches:
                self._hold(accounts, row[0], (row[1], row[2], row[3]), len(row[8]))
            states = [(c.device, *state, now) for c in kept for state in c.states.values()]
            accounts.executemany(_STATE, states)
            accounts.executemany(_FEWER_STATES, [(row[0], row[0]) for row in states])
            scores = [(c.device, c.life, *score) for c in kept for score in c.scores]
            accounts.executemany(_SCORE, scores)
            for device in {row[0] for row in scores}:
                self._bound_scores(accounts, device)
            for c in kept:
                if c.refused:
                    accounts.execute(
                        "UPDATE device SET refused = refused + ?, reason = ? WHERE id = ?",
                        (c.refused, c.reason[:_MOST_REASON], c.device),
                    )

    def _keep_lives(self, accounts: sqlite3.Connection, changes: list[Change], now: int) -> None:
        lives = [(c.device, *c.place, *c.counts, now) for c in changes if c.place is not None]
        accounts.executemany(_LIFE, lives)
        accounts.executemany(
            "UPDATE device SET seen = ? WHERE id = ?",
            [(now, c.device) for c in changes if c.place is None],
        )
        for c in changes:
            # Only a connection's first records can be those of a new life.
            if c.place is not None and c.counts[0] + c.counts[2] >= c.place[1]:
                self._bound_lives(accounts, c.device)

    def _bound_lives(self, accounts: sqlite3.Connection, device: int) -> None:
        old = accounts.execute(
            "SELECT life FROM life WHERE device = ? ORDER BY updated DESC, life DESC"
            " LIMIT -1 OFFSET ?",
            (device, _MOST_LIVES),
        ).fetchall()
        for (life,) in old:
            for table in ("life", "sketch", "score"):
                accounts.execute(
                    f"DELETE FROM {table} WHERE device = ? AND life = ?",
                    (device, life),
                )
            self._held[device] = _held_by(accounts, device)

    def _hold(
        self, accounts: sqlite3.Connection, device: int, key: tuple[int, bytes, int], size: int
    ) -> None:
        """A device's sketches within its bounds: those go that were sent longest ago."""
        held = self._held[device]
        held.pop(key, None)
        held[key] = size
        while len(held) > 1 and (
            len(held) > self._most_sketches or sum(held.values()) > self._most_bytes
        ):
            oldest = next(iter(held))
            del held[oldest]
            accounts.execute(
                "DELETE FROM sketch WHERE device = ? AND life = ? AND model = ? AND epoch = ?",
                (device, *oldest),
            )
            accounts.execute("UPDATE device SET evicted = evicted + 1 WHERE id = ?", (device,))

    def _bound_scores(self, accounts: sqlite3.Connection, device: int) -> None:
        found = accounts.execute(
            "SELECT id, sum(length(payload)) OVER (ORDER BY id DESC) AS behind FROM score"
            " WHERE device = ? ORDER BY id",
            (device,),
        )
        old = [id for id, behind in found if behind > self._keep_scores]
        accounts.executemany("DELETE FROM score WHERE id = ?", [(id,) for id in old])

    def states(self, device: int) -> list[State]:
        """What a device said that it runs, by model."""
        with self._lock:
            found = self._accounts.execute(
                "SELECT model, version, digest, slot, state, reason, candidate_version,"
                " candidate_digest FROM state WHERE device = ? ORDER BY model",
                (device,),
            ).fetchall()
        return [State(*row) for row in found]


def _held_by(accounts: sqlite3.Connection, device: int) -> Held:
    found = accounts.execute(
        "SELECT life, model, epoch, length(profile) FROM sketch WHERE device = ?"
        " ORDER BY updated, id",
        (device,),
    )
    return {(life, model, epoch): size for life, model, epoch, size in found}


def _now() -> int:
    return time.time_ns() // 1_000_000
