"""The port where boards upload: one thread, many connections, one commit for all that came.

A board is told what is kept only after the commit that keeps it. Records are read by the core
(BoardStream); here it is decided who may send, and what becomes of what they sent.
"""

from __future__ import annotations

import hmac
import secrets
import selectors
import socket
import sqlite3
import struct
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

from kedge._core import BoardStream, KedgeError
from kedge.hub.ledger import Ledger
from kedge.hub.options import HubOptions
from kedge.hub.records import Sketches, state_of
from kedge.hub.schema import Change, Device
from kedge.hub.teller import Teller

__all__ = ["BoardPort"]

_GREETED, _PROVED, _BEGUN = 1, 3, 4  # phases of a BoardStream
_SKETCH, _SCORES, _STATE = 2, 1, 4  # kinds of records
_KEYED = 2  # version of the greeting
_READ_BYTES = 64 << 10  # larger ones are mapped anew for each call
_ROUND_BYTES = 32 << 20  # that one commit takes at most, about
_PATIENCE_S = 10.0  # for one who connects and does not say who it is
_MOST_REFUSED = 16  # records of one connection
_REST_S = 30.0  # for a device that sent more of them
_TICK_S = 0.5
# A full disk, or bytes that nobody thought of: boards connect again, and send again.
_FAILURES = (KedgeError, LookupError, MemoryError, OSError, RuntimeError, ValueError, sqlite3.Error)


@dataclass
class _Board:
    """One connection."""

    socket: socket.socket
    since: float
    stream: BoardStream = field(default_factory=BoardStream)
    device: Device | None = None
    challenge: bytes = b""
    out: bytes = b""
    counts: tuple[int, int, int, int] = (0, 0, 0, 0)
    refused: int = 0


class BoardPort:
    """Listens until it is stopped."""

    def __init__(
        self, options: HubOptions, ledger: Ledger, sketches: Sketches, teller: Teller
    ) -> None:
        """Listen; boards are answered once `start` was called.

        Raises:
            OSError: the place is taken.
        """
        self._options = options
        self._ledger, self._sketches, self._teller = ledger, sketches, teller
        self._listener = _listen(options)
        self._selector = selectors.DefaultSelector()
        self._listener.setblocking(False)
        self._selector.register(self._listener, selectors.EVENT_READ)
        self._boards: dict[int, _Board] = {}  # by descriptor
        self._of_device: dict[int, _Board] = {}
        self._changes: dict[int, Change] = {}  # by descriptor
        self._resting: dict[int, float] = {}
        self._waiting = 0
        self._next_look = 0.0
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="kedge-boards", daemon=True)

    @property
    def place(self) -> str:
        """Where boards connect, as their configuration spells it."""
        if self._options.board_unix:
            return f"unix:{self._options.board_unix}"
        host, port = self._listener.getsockname()[:2]
        return f"tcp:{host}:{port}"

    def start(self) -> None:
        """Answer boards, on a thread of its own."""
        self._thread.start()

    def stop(self) -> None:
        """Answer no more; what was acknowledged is kept."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()
        for board in list(self._boards.values()):
            self._drop(board)
        self._selector.close()
        self._listener.close()

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self.step(_TICK_S)
            except _FAILURES as error:
                self._teller.tell("boards failed", reason=str(error))
                for board in list(self._boards.values()):
                    self._drop(board)
                time.sleep(_TICK_S)

    def step(self, patience_s: float) -> None:
        """Take what has come, keep it, and say so."""
        taken = 0
        for key, _ in self._selector.select(patience_s):
            if key.fileobj is self._listener:
                self._accept()
                continue
            board = self._boards.get(key.fd)
            if board is None:
                continue
            taken += self._take(board)
            if taken > _ROUND_BYTES:
                break
        self._keep()
        self._look_at_clocks()

    def _accept(self) -> None:
        try:
            made, _ = self._listener.accept()
        except OSError:  # it is gone again, or there are too many files
            return
        if len(self._boards) >= self._options.most_connections and not self._drop_stranger():
            made.close()
            self._teller.tell("board refused", reason="there are too many connections")
            return
        made.setblocking(False)
        self._boards[made.fileno()] = _Board(made, time.monotonic())
        self._selector.register(made, selectors.EVENT_READ)

    def _drop_stranger(self) -> bool:
        """Whether one who has not said who it is was there, and made place: the first of them."""
        for board in self._boards.values():
            if board.stream.phase < _BEGUN:
                self._refuse(board, "it has not said who it is, and others wait")
                return True
        return False

    def _drop(self, board: _Board) -> None:
        descriptor = board.socket.fileno()
        self._selector.unregister(board.socket)
        self._waiting -= board.stream.waiting
        del self._boards[descriptor]
        self._changes.pop(descriptor, None)
        if board.device is not None and self._of_device.get(board.device.id) is board:
            del self._of_device[board.device.id]
        board.socket.close()

    def _refuse(self, board: _Board, reason: str) -> None:
        name = board.device.name if board.device is not None else ""
        self._teller.tell("board refused", device=name, reason=reason)
        self._drop(board)

    def _take(self, board: _Board) -> int:
        try:
            data = board.socket.recv(_READ_BYTES)
        except (BlockingIOError, InterruptedError):
            return 0
        except OSError:
            data = b""
        if not data:
            self._drop(board)
            return 0
        before = board.stream.waiting
        self._waiting -= before
        try:
            board.stream.feed(data)
            reason = self._answer(board)
        except KedgeError as error:
            reason = str(error)
        self._waiting += board.stream.waiting
        if not reason and self._waiting > self._options.most_waiting_bytes:
            reason = "too much is waiting for the rest of a record"
        if reason:
            self._refuse(board, reason)
        return len(data)

    def _answer(self, board: _Board) -> str:
        """Go on with what came; a reason to refuse the connection."""
        phase = board.stream.phase
        if phase == _GREETED:
            return self._greet(board)
        if phase == _PROVED:
            assert board.device is not None
            assert board.device.key is not None
            wanted = hmac.digest(board.device.key, board.challenge, "sha256")
            if not hmac.compare_digest(wanted, board.stream.proof):
                return "it does not have the device's key"
            return self._begin(board)
        if phase >= _BEGUN:
            self._read(board)
        return ""

    def _greet(self, board: _Board) -> str:
        version, _, name = board.stream.hello
        text = name.decode(errors="replace")
        device = self._ledger.device(text)
        if device is None:
            return f"device {text!r} is not enrolled"
        if device.key is not None and version != _KEYED:
            return f"device {text!r} speaks Upload version {version} and shows no key"
        if device.key is None and version == _KEYED:
            return f"device {text!r} shows a key, and was enrolled without one"
        if self._resting.get(device.id, 0.0) > time.monotonic():
            return f"device {text!r} sent too much that is no use"
        board.device = device
        if device.key is None:
            return self._begin(board)
        board.challenge = secrets.token_bytes(32)
        board.stream.ask_proof()
        self._send(board, board.challenge)
        return ""

    def _begin(self, board: _Board) -> str:
        device = board.device
        assert device is not None
        other = self._of_device.get(device.id)
        if other is not None:  # its records would be counted twice
            self._drop(other)
        self._of_device[device.id] = board
        place = self._ledger.place(device, board.stream.hello[1])
        board.stream.begin(place)
        self._send(board, struct.pack("<Q", place[1]))
        return ""

    def _read(self, board: _Board) -> None:
        stream, device = board.stream, board.device
        assert device is not None
        found = stream.take(self._options.keep_scores > 0)
        counts = stream.counts
        if counts == board.counts:
            return
        descriptor = board.socket.fileno()
        change = self._changes.get(descriptor)
        if change is None:
            change = self._changes[descriptor] = Change(device.id, stream.hello[1])
        for kind, sequence, event, events, payload in found:
            try:
                if kind == _SKETCH:
                    sketch = self._sketches.read(sequence, payload)
                    change.sketches[sketch.model, sketch.epoch] = sketch
                elif kind == _STATE:
                    state = state_of(payload)
                    change.states[state.model] = state
                elif kind == _SCORES:
                    change.scores.append((sequence, event, events, payload))
            except KedgeError as error:
                change.refused += 1
                change.reason = str(error)
                board.refused += 1
                self._teller.tell("record refused", device=device.name, reason=str(error))
        change.place = stream.next
        was = board.counts
        change.counts = tuple(  # type: ignore[assignment]
            had + now - then for had, now, then in zip(change.counts, counts, was, strict=True)
        )
        board.counts = counts

    def _keep(self) -> None:
        if not self._changes:
            return
        self._ledger.commit(self._changes.values())
        kept, self._changes = self._changes, {}
        for descriptor, change in kept.items():
            board = self._boards[descriptor]
            assert change.place is not None
            self._send(board, struct.pack("<Q", change.place[1]))
            if board.refused > _MOST_REFUSED:
                self._resting[change.device] = time.monotonic() + _REST_S
                self._refuse(board, "it sent too much that is no use")

    def _send(self, board: _Board, data: bytes) -> None:
        """A few bytes; a board that does not even take those has no use for an answer."""
        try:
            sent = board.socket.send(data)
        except OSError:
            sent = 0
        if sent < len(data):
            board.since = 0.0  # dropped by the next look at the clocks

    def _look_at_clocks(self) -> None:
        now = time.monotonic()
        if now < self._next_look:
            return
        self._next_look = now + _TICK_S
        late = [
            board
            for board in self._boards.values()
            if board.since == 0.0
            or (board.stream.phase < _BEGUN and now > board.since + _PATIENCE_S)
        ]
        for board in late:
            self._drop(board)
        if self._resting:
            self._resting = {id: until for id, until in self._resting.items() if until > now}


def _listen(options: HubOptions) -> socket.socket:
    if options.board_unix:
        listener = socket.socket(socket.AF_UNIX)
        path = Path(options.board_unix)
        if path.is_socket():
            path.unlink()
        listener.bind(str(path))
        path.chmod(0o600)
    else:
        family = socket.AF_INET6 if ":" in options.host else socket.AF_INET
        listener = socket.socket(family)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((options.host, options.board_port))
    listener.listen(512)
    return listener
