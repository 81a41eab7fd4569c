"""The tables of a hub, and what their rows are."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from kedge._core import CorruptData, Unsupported

__all__ = ["Change", "Device", "Place", "Sketch", "State", "open_accounts"]

Place = tuple[int, int, int, bytes]  # life, number of a record, events before it, chain

_VERSION = 1
_TABLES = """
CREATE TABLE device(
  id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, grp TEXT NOT NULL, key BLOB,
  enrolled INTEGER NOT NULL, seen INTEGER NOT NULL DEFAULT 0,
  refused INTEGER NOT NULL DEFAULT 0, reason TEXT NOT NULL DEFAULT '',
  evicted INTEGER NOT NULL DEFAULT 0);
CREATE TABLE life(
  device INTEGER NOT NULL, life INTEGER NOT NULL, sequence INTEGER NOT NULL,
  event INTEGER NOT NULL, chain BLOB NOT NULL, records INTEGER NOT NULL, events INTEGER NOT NULL,
  lost_records INTEGER NOT NULL, lost_events INTEGER NOT NULL, updated INTEGER NOT NULL,
  PRIMARY KEY(device, life)) WITHOUT ROWID;
CREATE TABLE sketch(
  id INTEGER PRIMARY KEY, device INTEGER NOT NULL, life INTEGER NOT NULL, model BLOB NOT NULL,
  epoch INTEGER NOT NULL, sequence INTEGER NOT NULL, rows INTEGER NOT NULL, shape BLOB NOT NULL,
  updated INTEGER NOT NULL, profile BLOB NOT NULL, UNIQUE(device, life, model, epoch));
CREATE TABLE state(
  device INTEGER NOT NULL, model TEXT NOT NULL, version INTEGER NOT NULL, digest TEXT NOT NULL,
  slot INTEGER NOT NULL, state TEXT NOT NULL, reason TEXT NOT NULL,
  candidate_version INTEGER NOT NULL, candidate_digest TEXT NOT NULL, updated INTEGER NOT NULL,
  PRIMARY KEY(device, model)) WITHOUT ROWID;
CREATE TABLE score(
  id INTEGER PRIMARY KEY, device INTEGER NOT NULL, life INTEGER NOT NULL,
  sequence INTEGER NOT NULL, event INTEGER NOT NULL, events INTEGER NOT NULL,
  payload BLOB NOT NULL, UNIQUE(device, life, sequence));
CREATE TABLE paused(rollout TEXT PRIMARY KEY) WITHOUT ROWID;
"""


class Device(NamedTuple):
    """A device that was enrolled; without a key it may speak Upload version 1 alone."""

    id: int
    name: str
    group: str
    key: bytes | None


class Sketch(NamedTuple):
    """What a device counted with one model in one epoch."""

    model: bytes
    epoch: int
    sequence: int
    rows: int
    shape: bytes
    profile: bytes | memoryview


class State(NamedTuple):
    """Which model a device is confirmed to run, and what became of a candidate."""

    model: str
    version: int
    digest: str
    slot: int
    state: str
    reason: str
    candidate_version: int
    candidate_digest: str


@dataclass
class Change:
    """What came from a device since the last commit, all of it or nothing is kept.

    Attributes:
        device: its id.
        life: of the records.
        place: what is wanted next; None for a device that has no records.
        counts: records, events, lost records, lost events that came since.
        sketches: the newest of each model and epoch.
        states: by model.
        scores: number of the record, events before it, events, bytes.
        refused: records that were no use.
        reason: why, of the last one.
    """

    device: int
    life: int
    place: Place | None = None
    counts: tuple[int, int, int, int] = (0, 0, 0, 0)
    sketches: dict[tuple[bytes, int], Sketch] = field(default_factory=dict)
    states: dict[str, State] = field(default_factory=dict)
    scores: list[tuple[int, int, int, bytes]] = field(default_factory=list)
    refused: int = 0
    reason: str = ""


def open_accounts(path: Path) -> sqlite3.Connection:
    """Open the accounts, made when there are none; commits are on the disk when they return.

    Raises:
        CorruptData: it is no such file.
        Unsupported: it was written by a later version.
    """
    accounts = sqlite3.connect(path, check_same_thread=False, timeout=30, isolation_level=None)
    try:
        accounts.execute("PRAGMA journal_mode = WAL")
        accounts.execute("PRAGMA synchronous = FULL")
        accounts.execute("PRAGMA wal_autocheckpoint = 4000")
        accounts.execute("BEGIN IMMEDIATE")
        (version,) = accounts.execute("PRAGMA user_version").fetchone()
        if version == 0:
            for statement in _TABLES.split(";\n"):
                accounts.execute(statement)
            accounts.execute(f"PRAGMA user_version = {_VERSION}")
        accounts.execute("COMMIT")
    except sqlite3.DatabaseError as error:
        raise CorruptData(f"{path}: {error}") from None
    if version > _VERSION:
        raise Unsupported(f"{path}: version {version}, this program reads up to {_VERSION}")
    return accounts
