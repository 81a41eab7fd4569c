"""Running kedge-edge: its configuration as a file, its answers as they were printed."""

from __future__ import annotations

import json
import socket
import struct
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

import kedge
from tests.patience import until

PROGRAM = Path(kedge.__file__).parent / "bin" / "kedge-edge"
FEATURES = 4
# Of "ts", "user" and "amount" into "n", "spend" and "p90".
WINDOWS = """
[window]
time = "ts"
key = ["user"]
every = "10s"
length = "30s"
lateness = "5s"
[window.aggregates]
n = { function = "count" }
spend = { function = "sum", column = "amount", where = "amount > 0" }
p90 = { function = "quantile", column = "amount", q = 0.9 }
"""


def features(rows: int, seed: int, width: int = FEATURES) -> np.ndarray[Any, np.dtype[np.float64]]:
    random = np.random.default_rng(seed)
    values = random.normal(size=(rows, width))
    values[random.random(values.shape) < 0.05] = np.nan
    return values


def names(width: int = FEATURES) -> list[str]:
    return [f"f{i}" for i in range(width)]


def table(values: np.ndarray[Any, np.dtype[np.float64]]) -> pa.Table:
    return pa.table(
        {f"f{i}": pa.array(values[:, i], from_pandas=True) for i in range(values.shape[1])}
    )


def compile_model(
    path: Path, trees: int = 20, leaves: int = 15, width: int = FEATURES, cells: int = 4096
) -> Any:
    """A LightGBM classifier of that many features, compiled with its reference."""
    lightgbm = pytest.importorskip("lightgbm")
    x = features(2000, 1, width)
    y = (np.nan_to_num(x[:, 0]) + np.nan_to_num(x[:, 1]) ** 2 > 0.7).astype(int)
    options = {"objective": "binary", "num_leaves": leaves, "verbose": -1, "num_threads": 1}
    data = lightgbm.Dataset(x, y, feature_name=names(width))
    booster = lightgbm.train(options, data, trees)
    model = kedge.compile(booster, reference=kedge.profile(table(x), cells=cells))
    model.save(path)
    return model


def lines_of(rows: pa.Table) -> bytes:
    def value(number: object) -> str:
        missing = number is None or (isinstance(number, float) and np.isnan(number))
        return "null" if missing else json.dumps(number)

    columns = rows.to_pydict()
    keys = list(columns)
    return "".join(
        "{" + ", ".join(f'"{key}": {value(v)}' for key, v in zip(keys, row, strict=True)) + "}\n"
        for row in zip(*columns.values(), strict=True)
    ).encode()


def configure(folder: Path, text: str, columns: Mapping[str, str] | Sequence[str] = ()) -> Path:
    """Write the configuration; columns of doubles unless their types are said."""
    types = columns if isinstance(columns, Mapping) else dict.fromkeys(columns, "float64")
    entries = "".join(f'{name} = "{kind}"\n' for name, kind in types.items())
    path = folder / "edge.toml"
    path.write_text(f"{text}\n[input.columns]\n{entries}")
    return path


def run(
    config: Path, given: bytes, *before: str, code: int = 0
) -> subprocess.CompletedProcess[bytes]:
    done = subprocess.run(
        [PROGRAM, *before, config], input=given, capture_output=True, check=False, timeout=120
    )
    assert done.returncode == code, done.stderr.decode()
    return done


def connect(path: Path) -> socket.socket:
    made = socket.socket(socket.AF_UNIX)
    until(lambda: made.connect_ex(str(path)) == 0)
    return made


def records_of(folder: Path) -> list[tuple[int, int, bytes]]:
    """Kind, events and payload of each record, as docs/formats.md has them."""
    return [record for path in sorted(folder.glob("*.segment")) for record in segment_of(path)]


def segment_of(path: Path) -> list[tuple[int, int, bytes]]:
    """The same of one file, up to a record, or its head, that is being written."""
    data = path.read_bytes()
    assert b"KEDGESPL".startswith(data[:8])
    found, at = [], 72
    while at + 12 <= len(data):
        word, events = struct.unpack_from("<II", data, at + 4)
        start, at = at + 12, at + 12 + (word >> 8)
        if at <= len(data):
            found.append((word & 0xFF, events, data[start:at]))
    return found
