"""A hub as small as can be: takes what a board uploads, and says what it has."""

from __future__ import annotations

import hashlib
import socket
import struct
from pathlib import Path

SEGMENT_HEADER, RECORD_HEADER, GAP_BYTES = 72, 12, 64


class Receiver:
    """Keeps records by their numbers, and checks the chain through them."""

    def __init__(self, path: Path) -> None:
        self.records: list[tuple[int, int, bytes]] = []
        self.life, self.next, self.event, self.chain = 0, 0, 0, b""
        self.lost_events = 0
        self._listener = socket.socket(socket.AF_UNIX)
        path.unlink(missing_ok=True)
        self._listener.bind(str(path))
        self._listener.listen(1)
        self._listener.settimeout(30)

    def close(self) -> None:
        """Nobody can connect any more."""
        self._listener.close()

    def serve(self, most: int, wanted_events: int) -> None:
        """One connection, until the board ends it, or `most` records or all events are here."""
        board, _ = self._listener.accept()
        board.settimeout(30)
        with board, board.makefile("rb") as stream:
            mark, version, life = struct.unpack("<8sIQ", stream.read(20))
            assert (mark, version) == (b"KEDGEHUB", 1)
            name = stream.read(stream.read(1)[0])
            if life != self.life:  # its numbers begin anew
                self.life, self.next, self.event = life, 0, 0
                self.chain = hashlib.sha256(name).digest()
            board.sendall(struct.pack("<Q", self.next))
            has_gap = stream.read(1)
            if not has_gap:  # the board has not what is wanted, and begins another life
                return
            if has_gap == b"\x01":
                self._take_gap(stream.read(GAP_BYTES))
            header = stream.read(SEGMENT_HEADER)
            assert struct.unpack_from("<QQQ", header, 12) == (life, self.next, self.event)
            assert header[36:68] == self.chain
            for _ in range(most):
                record = stream.read(RECORD_HEADER)
                if not record:
                    return
                self._take(record, stream, life)
                if self.next % 3 == 0:
                    board.sendall(struct.pack("<Q", self.next))
                if self.event >= wanted_events and self.records[-1][0] == 2:
                    board.sendall(struct.pack("<Q", self.next))
                    return

    def _take_gap(self, gap: bytes) -> None:
        _, last, _, end = struct.unpack_from("<QQQQ", gap)
        self.lost_events += end - self.event
        self.next, self.event, self.chain = last + 1, end, gap[32:]

    def _take(self, header: bytes, stream: object, life: int) -> None:
        _, word, events = struct.unpack("<III", header)
        payload = stream.read(word >> 8)  # type: ignore[attr-defined]
        place = struct.pack("<QQQ", life, self.next, self.event)
        self.chain = hashlib.sha256(self.chain + place + header[4:] + payload).digest()
        self.records.append((word & 0xFF, events, payload))
        self.next += 1
        self.event += events
