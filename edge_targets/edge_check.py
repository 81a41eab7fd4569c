"""What kedge-edge makes of given rows: scores as they are printed, sketches as they are stored.

The host's program is held against the Python package by tests/edge; here every board's program is
held against the host's.
"""

from __future__ import annotations

import hashlib
import random
import struct
from pathlib import Path

FEATURES = 4
_HEADER, _RECORD = 72, 12  # docs/formats.md, "Spool segment"
_SKETCH, _SKETCH_HEAD = 2, 40


def write_rows(path: Path, rows: int) -> None:
    """NDJSON with what differs between machines in careless code: digits, nulls, both zeros."""
    draw = random.Random(rows)
    special = ["null", "-0.0", "0", "5e-324", "1e308", "-1e-310", "0.1", "123456789012345680001"]
    with path.open("w") as out:
        for i in range(rows):
            values = [repr(draw.gauss(0, 1)) for _ in range(FEATURES)]
            if i % 7 == 0:
                values[draw.randrange(FEATURES)] = draw.choice(special)
            out.write("{" + ",".join(f'"f{k}":{v}' for k, v in enumerate(values)) + "}\n")


def write_config(folder: Path, model: Path, rows: Path) -> Path:
    """A configuration that scores the rows into `scores` and keeps sketches in `spool`."""
    folder.mkdir(parents=True, exist_ok=True)
    for left in [folder / "scores", *(folder / "spool").glob("*")]:
        left.unlink(missing_ok=True)
    columns = "".join(f'f{k} = "float64"\n' for k in range(FEATURES))
    config = folder / "edge.toml"
    config.write_text(
        f'device = "check"\nmodel = "{model}"\n'
        f'[input]\nfrom = "file:{rows}"\n'
        '[output]\nto = "file:scores"\nreasons = 2\nkeep = ["f0"]\n'
        f'[spool]\nfolder = "spool"\nbuffer_bytes = 4_000_000\n[input.columns]\n{columns}'
    )
    return config


def last_sketch(folder: Path) -> bytes:
    """The profile in the newest sketch record of a spool."""
    found = b""
    for path in sorted(folder.glob("*.segment")):
        data, at = path.read_bytes(), _HEADER
        while at < len(data):
            (word,) = struct.unpack_from("<I", data, at + 4)
            end = at + _RECORD + (word >> 8)
            if word & 0xFF == _SKETCH:
                found = data[at + _RECORD + _SKETCH_HEAD : end]
            at = end
    return found


def digest(folder: Path) -> str:
    """Of all scores and of the last sketch."""
    both = hashlib.sha256((folder / "scores").read_bytes())
    both.update(last_sketch(folder / "spool"))
    return both.hexdigest()[:16]
