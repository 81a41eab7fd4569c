"""The seeds of the fuzz target of uploads: `python -m tests.hub.fuzz_seeds` writes them anew."""

from __future__ import annotations

import struct
from pathlib import Path

from tests.hub.board import SCORES, START, Board
from tests.hub.hubs import MODEL, reference, rows

FOLDER = Path(__file__).parents[1] / "fuzz" / "corpus" / "upload"


def seeds() -> dict[str, bytes]:
    """By name."""
    live = reference(columns=2, cells=8).like()
    live.update(rows(20, 1, columns=2))
    made = {}
    for name, key in (("keyless", ""), ("keyed", "ab" * 32)):
        board = Board("pump", key)
        board.add(START, b'{"device": "pump"}')
        board.add(SCORES, bytes(16), 2)
        board.sketch(live.to_bytes(), MODEL)
        board.state(model="churn", version=7, state="running")
        proof = bytes(32) if key else b""
        made[name] = board.greeting() + proof + board.upload_bytes(0)
    board.lose(2)
    made["gap"] = board.greeting() + bytes(32) + board.upload_bytes(0)
    record = (1).to_bytes(8, "little") + MODEL + live.to_bytes()
    state = b'{"model": "churn", "state": "running"}'
    cut = [
        struct.pack("<I", len(part) << 8 | kind) + part for kind, part in ((2, record), (4, state))
    ]
    made["records"] = b"\x00" + b"".join(cut)
    made["records_behind_a_gap"] = b"\x05" + b"".join(cut)
    return made


if __name__ == "__main__":
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, data in seeds().items():
        (FOLDER / name).write_bytes(data)
