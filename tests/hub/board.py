"""A board as small as can be: records with their chain, and an upload to a hub."""

from __future__ import annotations

import hashlib
import hmac
import json
import socket
import struct
from typing import Any

from kedge._core import crc32c

START, SCORES, SKETCH, GAP, STATE = range(5)


class Board:
    """A device's records; those that were acknowledged are forgotten."""

    def __init__(self, name: str, key: str = "", life: int = 1) -> None:
        self.name, self.key, self.life = name, key, life
        self.sequence, self.event = 0, 0
        self.chain = hashlib.sha256(name.encode()).digest()
        self.records: list[tuple[int, int, bytes, bytes]] = []  # number, event, chain, bytes
        self.acknowledged = 0
        self.gap = b""

    def add(self, kind: int, payload: bytes, events: int = 0) -> None:
        """Append a record."""
        place = struct.pack("<QQQ", self.life, self.sequence, self.event)
        checked = struct.pack("<II", len(payload) << 8 | kind, events) + payload
        record = struct.pack("<I", crc32c(checked, crc32c(place))) + checked
        self.records.append((self.sequence, self.event, self.chain, record))
        self.chain = hashlib.sha256(self.chain + place + checked).digest()
        self.sequence += 1
        self.event += events

    def sketch(self, profile: bytes, model: bytes = bytes(32), epoch: int = 1) -> None:
        """Append a sketch."""
        self.add(SKETCH, struct.pack("<Q", epoch) + model + profile)

    def state(self, **said: Any) -> None:
        """Append a state."""
        self.add(STATE, json.dumps(said).encode())

    def lose(self, records: int) -> None:
        """Drop the oldest ones, as a full disk makes a board do."""
        gone, self.records = self.records[:records], self.records[records:]
        end = self.records[0] if self.records else (self.sequence, self.event, self.chain, b"")
        first, event = gone[0][:2]
        if self.gap:
            before, last, before_event = struct.unpack_from("<QQQ", self.gap)
            if last + 1 == first:  # they are one
                first, event = before, before_event
        self.gap = struct.pack("<QQQQ", first, gone[-1][0], event, end[1]) + end[2]

    def greeting(self) -> bytes:
        """What it says first."""
        name = self.name.encode()
        version = 2 if self.key else 1
        return struct.pack("<8sIQ", b"KEDGEHUB", version, self.life) + bytes([len(name)]) + name

    def upload_bytes(self, wanted: int) -> bytes:
        """What it sends to who wants that record."""
        self.acknowledge(wanted)
        has_gap = bool(self.gap) and struct.unpack_from("<Q", self.gap, 8)[0] >= wanted
        out = b"\x01" + self.gap if has_gap else b"\x00"
        if not self.records:
            return out
        number, event, chain, _ = self.records[0]
        header = struct.pack("<8sIQQQ", b"KEDGESPL", 1, self.life, number, event) + chain
        out += header + struct.pack("<I", crc32c(header))
        return out + b"".join(record for *_, record in self.records)

    def acknowledge(self, wanted: int) -> None:
        """Forget what is kept elsewhere."""
        self.acknowledged = max(self.acknowledged, wanted)
        self.records = [record for record in self.records if record[0] >= wanted]

    def connect(self, place: str, timeout: float = 20.0) -> socket.socket:
        """A connection that was let in; the first answer is in `wanted`."""
        kind, _, rest = place.partition(":")
        address: Any
        if kind == "unix":
            made, address = socket.socket(socket.AF_UNIX), rest
        else:
            host, _, port = rest.rpartition(":")
            made, address = socket.socket(), (host, int(port))
        made.settimeout(timeout)
        try:
            made.connect(address)
            made.sendall(self.greeting())
            if self.key:
                challenge = read_exactly(made, 32)
                made.sendall(hmac.digest(bytes.fromhex(self.key), challenge, "sha256"))
        except BaseException:
            made.close()
            raise
        return made

    def upload(self, place: str, timeout: float = 20.0) -> None:
        """Send all, and wait until all is acknowledged."""
        with self.connect(place, timeout) as made:
            wanted = read_number(made)
            made.sendall(self.upload_bytes(wanted))
            while wanted < self.sequence:
                wanted = read_number(made)
                self.acknowledge(wanted)


def read_exactly(made: socket.socket, size: int) -> bytes:
    """Or ConnectionError."""
    out = b""
    while len(out) < size:
        got = made.recv(size - len(out))
        if not got:
            raise ConnectionError(f"closed after {len(out)} of {size} bytes")
        out += got
    return out


def read_number(made: socket.socket) -> int:
    """An acknowledgement."""
    number: int = struct.unpack("<Q", read_exactly(made, 8))[0]
    return number
