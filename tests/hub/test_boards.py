"""Who may upload, and what a board that means harm can do: nothing to others."""

from __future__ import annotations

import logging
import socket
import sqlite3
import struct
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

import kedge
from kedge.hub.server import Hub
from tests.hub.board import SCORES, START, Board, read_number
from tests.hub.hubs import MODEL, reference, rows, running
from tests.patience import until


def board(name: str, key: str = "", life: int = 1) -> Board:
    made = Board(name, key, life)
    made.add(START, b"{}")
    return made


def counted(count: int = 50, seed: int = 1) -> kedge.Profile:
    live = reference().like()
    live.update(rows(count, seed))
    return live


@pytest.mark.parametrize(
    ("name", "key", "reason"),
    [
        ("stranger", "", "'stranger' is not enrolled"),
        ("pump", "", "'pump' speaks Upload version 1 and shows no key"),
        ("pump", "ab" * 32, "it does not have the device's key"),
        ("bare", "ab" * 32, "'bare' shows a key, and was enrolled without one"),
    ],
)
def test_who_is_not_who_it_says_is_refused_by_name(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, name: str, key: str, reason: str
) -> None:
    from kedge.hub.ledger import Ledger

    ledger = Ledger(tmp_path)
    ledger.enrol("pump")
    ledger.enrol("bare", keyless=True)
    ledger.close()
    with running(tmp_path) as (hub, operator), caplog.at_level(logging.WARNING, "kedge.hub"):
        with pytest.raises(ConnectionError):
            board(name, key).upload(hub.boards.place)
        assert all(one["records"] == 0 for one in operator.status()["devices"])
    assert reason in caplog.text.replace('\\"', '"')


def test_a_keyless_device_speaks_version_1(tmp_path: Path) -> None:
    from kedge.hub.ledger import Ledger

    ledger = Ledger(tmp_path)
    ledger.enrol("bare", keyless=True)
    ledger.close()
    with running(tmp_path) as (hub, operator):
        board("bare").upload(hub.boards.place)
        assert operator.status()["devices"][0]["records"] == 1


def test_a_unix_socket_is_its_owners(tmp_path: Path) -> None:
    with running(tmp_path, board_unix=str(tmp_path / "boards.sock")) as (hub, operator):
        assert (tmp_path / "boards.sock").stat().st_mode & 0o777 == 0o600
        board("pump", operator.enrol("pump")).upload(hub.boards.place)


def test_what_is_lost_is_counted(tmp_path: Path) -> None:
    with running(tmp_path) as (hub, operator):
        pump = board("pump", operator.enrol("pump"))
        for _ in range(9):
            pump.add(SCORES, bytes(16), 2)
        pump.lose(4)
        pump.upload(hub.boards.place)
        (said,) = operator.status()["devices"]
        assert (said["records"], said["lost_records"]) == (6, 4)
        assert (said["events"], said["lost_events"]) == (12, 6)


def test_nothing_counts_twice_when_a_board_connects_again(tmp_path: Path) -> None:
    with running(tmp_path) as (hub, operator):
        pump = board("pump", operator.enrol("pump"))
        pump.add(SCORES, bytes(16), 2)
        data = pump.upload_bytes(0)
        with pump.connect(hub.boards.place) as first:
            read_number(first)
            first.sendall(data)
            assert read_number(first) == 2
            with pump.connect(hub.boards.place) as second:
                assert read_number(second) == 2
                assert first.recv(1) == b""  # the newer connection is the device
        (said,) = operator.status()["devices"]
        assert (said["records"], said["events"]) == (2, 2)


def test_a_hostile_sketch_is_refused_and_changes_no_other_figure(tmp_path: Path) -> None:
    good = counted().to_bytes()
    flipped = bytearray(good)
    flipped[40] ^= 1
    with running(tmp_path) as (hub, operator):
        pump = board("pump", operator.enrol("pump"))
        pump.sketch(good, MODEL)
        pump.upload(hub.boards.place)
        enemy = board("enemy", operator.enrol("enemy"))
        for epoch, stored in enumerate((b"", b"KDGE", bytes(flipped), good[:-1], good + b"x")):
            enemy.sketch(stored, MODEL, epoch)
        enemy.sketch(good, MODEL, epoch=(1 << 64) - 1)
        enemy.add(2, b"short")
        enemy.add(4, b"{" * 5000)
        enemy.add(4, b'{"state": "running", "version": -1}')
        enemy.upload(hub.boards.place)
        said = {one["name"]: one for one in operator.status()["devices"]}
        assert said["enemy"]["refused"] == 9
        assert said["pump"]["refused"] == 0
        (merged,) = operator.merged(MODEL.hex())
        assert merged.to_bytes() == good


def test_other_cells_are_a_sketch_of_their_own(tmp_path: Path) -> None:
    other = reference(seed=5).like()
    other.update(rows(10, 3))
    with running(tmp_path) as (hub, operator):
        for name, profile in (("pump", counted()), ("other", other)):
            one = board(name, operator.enrol(name))
            one.sketch(profile.to_bytes(), MODEL)
            one.upload(hub.boards.place)
        merged = [one.to_bytes() for one in operator.merged(MODEL.hex())]
        assert merged == [counted().to_bytes(), other.to_bytes()]


def test_a_device_cannot_fill_the_disk(tmp_path: Path) -> None:
    with running(tmp_path, most_sketches=8) as (hub, operator):
        pump = board("pump", operator.enrol("pump"))
        pump.sketch(counted().to_bytes(), MODEL)
        pump.upload(hub.boards.place)
        enemy = board("enemy", operator.enrol("enemy"))
        for epoch in range(50):
            enemy.sketch(counted(5, epoch).to_bytes(), bytes(32), epoch)
        enemy.upload(hub.boards.place)
        said = {one["name"]: one for one in operator.status()["devices"]}
        assert said["enemy"]["evicted"] == 42
        assert said["pump"]["evicted"] == 0
        assert sum(one.row_count for one in operator.merged(bytes(32).hex())) == 40
        (kept,) = operator.merged(MODEL.hex())
        assert kept.row_count == 50


def test_states_are_bounded(tmp_path: Path) -> None:
    with running(tmp_path) as (hub, operator):
        enemy = board("enemy", operator.enrol("enemy"))
        for i in range(100):
            enemy.state(model=f"m{i}", version=i, state="running")
        enemy.state(model="\ud800", version=1, state="trying")
        enemy.upload(hub.boards.place)
        (said,) = operator.status()["devices"]
        assert len(said["states"]) == 64
        assert said["refused"] == 0


def test_a_full_disk_stops_nothing_but_acknowledgements(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from kedge.hub.ledger import Ledger

    def full(*_: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    with running(tmp_path) as (hub, operator):
        pump = board("pump", operator.enrol("pump"))
        with monkeypatch.context() as patch:
            patch.setattr(Ledger, "commit", full)
            with pytest.raises(ConnectionError):
                pump.upload(hub.boards.place)
        pump.upload(hub.boards.place)
        assert pump.acknowledged == pump.sequence


def test_who_sends_much_that_is_no_use_must_rest(tmp_path: Path) -> None:
    with running(tmp_path) as (hub, operator):
        enemy = board("enemy", operator.enrol("enemy"))
        for epoch in range(20):
            enemy.sketch(b"junk", MODEL, epoch)
        enemy.upload(hub.boards.place)
        with pytest.raises(ConnectionError):
            enemy.upload(hub.boards.place)


@pytest.mark.parametrize(
    "data",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        struct.pack("<8sIQ", b"KEDGEHUB", 9, 1) + b"\x04pump",
        struct.pack("<8sIQ", b"KEDGEHUB", 1, 1 << 63) + b"\x04pump",
        struct.pack("<8sIQ", b"KEDGEHUB", 1, 1) + b"\x02\xff\xfe",
        bytes(100),
    ],
)
def test_what_is_no_board_is_closed(tmp_path: Path, data: bytes) -> None:
    with running(tmp_path) as (hub, operator):
        with _connected(hub) as made:
            made.sendall(data)
            assert made.recv(1) == b""
        board("pump", operator.enrol("pump")).upload(hub.boards.place)


def test_connections_are_bounded_and_strangers_make_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("kedge.hub.boards._PATIENCE_S", 600.0)
    with running(tmp_path, most_connections=2) as (hub, operator), ExitStack() as held:
        silent = [held.enter_context(_connected(hub)) for _ in range(2)]
        for name, stranger in zip("ab", silent, strict=True):
            known = board(name, operator.enrol(name)).connect(hub.boards.place)
            read_number(held.enter_context(known))  # it is let in
            assert stranger.recv(1) == b""
        with caplog.at_level(logging.WARNING, "kedge.hub"), _connected(hub) as fifth:
            assert fifth.recv(1) == b""
            until(lambda: "there are too many connections" in caplog.text)


def test_silence_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kedge.hub.boards._PATIENCE_S", 0.3)
    with running(tmp_path) as (hub, _), _connected(hub) as made:
        assert made.recv(1) == b""


def test_half_a_record_is_not_waited_for_without_end(tmp_path: Path) -> None:
    with running(tmp_path, most_waiting_bytes=1 << 20) as (hub, operator):
        pump = board("pump", operator.enrol("pump"))
        pump.add(SCORES, bytes(3 << 20), 1)
        data = pump.upload_bytes(0)
        with pump.connect(hub.boards.place) as made:
            read_number(made)
            with suppress(OSError):
                made.sendall(data[:-1])
            assert ends(made)
        (said,) = operator.status()["devices"]
        assert said["records"] == 1


def ends(made: socket.socket) -> bool:
    """Whether the other end closes, whatever it said before."""
    try:
        while made.recv(4096):
            pass
    except ConnectionError:
        pass
    return True


def test_scores_are_kept_by_option_and_bounded(tmp_path: Path) -> None:
    with running(tmp_path, keep_scores=64) as (hub, operator):
        pump = board("pump", operator.enrol("pump"))
        for i in range(10):
            pump.add(SCORES, struct.pack("<dd", i, i), 2)
            pump.upload(hub.boards.place)
        from kedge.hub.ledger import Ledger

        accounts = Ledger(tmp_path).reader()
        found = accounts.execute("SELECT event, payload FROM score ORDER BY id").fetchall()
        accounts.close()
        assert found == [(2 * i, struct.pack("<dd", i, i)) for i in range(6, 10)]


def _connected(hub: Hub) -> socket.socket:
    host, _, port = hub.boards.place.removeprefix("tcp:").rpartition(":")
    return socket.create_connection((host, int(port)), 10)
