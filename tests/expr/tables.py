"""Tables with a column of each type that hurts, beside the same rows as plain Python values."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from tests.reference.expr import NANOS, Time

WORDS = [
    "",
    "z",
    "ok",
    "it's",
    "ä",
    "ök",
    "okay",
    "oka",
    "\U0001f600",
    "twelve bytes",
    "sixteen of bytes",
]
WORDS += ["a long text that is in no view itself", "a long text that is at no view itself"]
_EDGES = [0, 1, -1, 2, 5, -7, 10, 2**31, 2**53, 2**53 + 1, -(2**53) - 1]
_EDGES += [2**63 - 1, -(2**63), 2**63, 2**64 - 1, 2**63 - 512, 3 * 10**9]
_REALS = [0.0, -0.0, 0.5, -1.0, 2.0, 2.5, 5.0, 1e300, -1e300, 2.0**53, 2.0**63, -(2.0**63)]
_REALS += [2.0**64, np.nan, np.inf, -np.inf, 5e-324, 1e-300]

INTEGERS = {f"{kind}{bits}": bits for kind in ("int", "uint") for bits in (8, 16, 32, 64)}
FLOATS = ["float", "double", "halffloat"]
TEXTS = {
    "s": pa.string(),
    "large": pa.large_string(),
    "view": pa.string_view(),
    "coded": pa.dictionary(pa.int8(), pa.string()),
}
TIMES = {
    "ts s": pa.timestamp("s"),
    "ts ms": pa.timestamp("ms", "Europe/Berlin"),
    "ts us": pa.timestamp("us"),
    "ts ns": pa.timestamp("ns", "UTC"),
    "d32": pa.date32(),
    "d64": pa.date64(),
}
UNITS = {"ts s": "s", "ts ms": "ms", "ts us": "us", "ts ns": "ns", "d32": "d", "d64": "ms"}

NUMBERS = [*INTEGERS, *FLOATS, "st.x"]
BOOLS = ["b"]


class Rows:
    """The columns of one table as they are made, their plain values beside them."""

    def __init__(self, rng: np.random.Generator, rows: int) -> None:
        self.rng, self.rows = rng, rows
        self.arrays: dict[str, pa.Array] = {}
        self.values: dict[str, list[Any]] = {}

    def hole(self) -> np.ndarray:
        """Which rows are null: none of them, or some."""
        return self.rng.random(self.rows) < self.rng.choice([0, 0.3])

    def add(self, name: str, values: list[Any], make: Any) -> None:
        """A column; `make` turns values and the mask of nulls into an array."""
        hole = self.hole()
        self.arrays[name] = make(values, hole)
        self.values[name] = [None if null else v for v, null in zip(values, hole, strict=True)]

    def pick(self, pool: list[Any]) -> list[Any]:
        return [pool[i] for i in self.rng.integers(0, len(pool), self.rows)]


def _add_numbers(made: Rows) -> None:
    for name, bits in INTEGERS.items():
        low, high = (0, 2**bits) if name.startswith("u") else (-(2 ** (bits - 1)), 2 ** (bits - 1))
        pool = [edge for edge in [*_EDGES, low, high - 1] if low <= edge < high]
        made.add(
            name,
            made.pick(pool),
            lambda values, hole, name=name: pa.array(np.array(values, name), mask=hole),
        )
    for name, kind in zip(FLOATS, ("f4", "f8", "f2"), strict=True):
        with np.errstate(over="ignore", under="ignore"):
            real = np.array(made.pick(_REALS)).astype(kind)
        made.add(
            name, real.astype("f8").tolist(), lambda _, hole, real=real: pa.array(real, mask=hole)
        )


def _add_texts(made: Rows) -> None:
    for name in ("s", "large", "view"):
        made.add(
            name,
            made.pick(WORDS),
            lambda values, hole, name=name: pa.array(values, pa.string(), mask=hole).cast(
                TEXTS[name]
            ),
        )
    words = [*WORDS, None]
    codes = made.pick(list(range(len(words))))
    made.add(
        "coded",
        [words[code] for code in codes],
        lambda _, hole: pa.DictionaryArray.from_arrays(
            pa.array(np.array(codes, np.int8), mask=hole), pa.array(words)
        ),
    )


def _add_times(made: Rows) -> None:
    for name, kind in TIMES.items():
        scale = NANOS[UNITS[name]]
        second = 10**9 // scale if scale <= 10**9 else 1
        pool = [0, 1, -1, second, -second, 1000 * second, 1_767_225_600 * second // 86_400]
        if scale <= 10**9:
            pool += [86_400 * second, 2**63 - 1, -(2**63)]
        if name == "d64":  # whole days
            pool = [0, 86_400_000, -86_400_000, 20_000 * 86_400_000]
        ticks = made.pick(pool)
        plain = np.array(ticks, np.int32 if name == "d32" else np.int64)
        made.add(
            name,
            [Time(tick * scale, UNITS[name]) for tick in ticks],
            lambda _, hole, plain=plain, kind=kind: pa.array(plain, mask=hole).view(kind),
        )


def table(seed: int, rows: int) -> tuple[pa.Table, dict[str, list[Any]]]:
    """A table whose buffers start before its rows, in batches, and its values by column."""
    rng = np.random.default_rng(seed)
    made = Rows(rng, rows + 3)
    _add_numbers(made)
    _add_texts(made)
    _add_times(made)
    made.add("b", made.pick([True, False]), lambda v, hole: pa.array(v, pa.bool_(), mask=hole))
    hole = made.hole()
    x = made.pick([0, 1, 5, -7])
    inner = made.hole()
    made.arrays["st"] = pa.StructArray.from_arrays(
        [pa.array(np.array(x, np.int64), mask=inner)], ["x"], mask=pa.array(hole)
    )
    made.values["st.x"] = [None if a or b else v for v, a, b in zip(x, hole, inner, strict=True)]
    whole = pa.record_batch(made.arrays)
    cut = 3 + int(rng.integers(0, min(rows, 100) + 1))
    parts = [whole.slice(3, cut - 3), whole.slice(cut)]
    return pa.Table.from_batches(parts), {name: v[3:] for name, v in made.values.items()}
