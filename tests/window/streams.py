"""Streams that hurt: disorder, late rows, nulls, ties, all types of time and key, NaN, zeros."""

from __future__ import annotations

import datetime as dt
import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
import pyarrow as pa
from hypothesis import strategies as st

INTEGERS = (pa.int8(), pa.int16(), pa.int32(), pa.int64(), pa.uint8(), pa.uint16(), pa.uint32())
EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.timezone.utc)
WORDS = ["", "a", "b", "ab", "\u00e4", "a string of more than twelve bytes", "\U0001f600", "\uffff"]
TEXTS = (pa.string(), pa.large_string(), pa.dictionary(pa.int8(), pa.string()))
KEYS = ("none", "int8", "int16", "int32", "int64", "uint8", "uint64", "bool", "string", "large")
KEYS = (*KEYS, "dictionary", "timestamp", "date32", "two")


@dataclass(frozen=True)
class Clock:
    """A type of time, and the step of the windows on it."""

    type: pa.DataType
    unit: str  # how a duration text names the type's own unit
    second: Fraction | int  # units in a second
    step: int  # units in a step
    base: int  # the stream begins about here

    def text(self, steps: int) -> str:
        return f"{steps * self.step}{self.unit}"

    def moment(self, time: int) -> dt.datetime:
        """The datetime at or just before a time: they have no nanoseconds."""
        return EPOCH + dt.timedelta(microseconds=math.floor(time * 10**6 / Fraction(self.second)))

    def at(self, moment: dt.datetime) -> int:
        """A time that `moment` gave, as a whole number of the clock's unit."""
        return math.floor(
            (moment - EPOCH) // dt.timedelta(microseconds=1) * Fraction(self.second) / 10**6
        )

    def column(self, times: list[int | None]) -> pa.Array:
        width = pa.int32() if self.type == pa.date32() else pa.int64()
        return pa.array(times, width).cast(self.type)


CLOCKS = [
    *(Clock(pa.timestamp("s", zone), "s", 1, 1, 1_700_000_001) for zone in (None, "Europe/Riga")),
    Clock(pa.timestamp("s"), "s", 1, 60, -7),
    *(Clock(pa.timestamp("ms", zone), "ms", 10**3, 1000, -12_345) for zone in (None, "UTC")),
    Clock(pa.timestamp("us"), "us", 10**6, 1, 1_700_000_000_000_003),
    Clock(pa.timestamp("us", "+05:30"), "us", 10**6, 250_000, 0),
    Clock(pa.timestamp("ns"), "ns", 10**9, 7_000, 1_700_000_000_000_000_003),
    Clock(pa.timestamp("ns", "UTC"), "ns", 10**9, 10**9, -(10**18)),
    Clock(pa.date32(), "d", Fraction(1, 86_400), 1, -5),
    Clock(pa.date64(), "ms", 10**3, 86_400_000, 19_000 * 86_400_000),
]
WITHIN_DAYS = [clock for clock in CLOCKS if clock.type != pa.date32()]


@dataclass(frozen=True)
class Stream:
    """A table, its clock, the names of its key columns, and where it is cut into batches."""

    table: pa.Table
    clock: Clock
    key: tuple[str, ...]
    cuts: tuple[int, ...]
    lateness: int  # in steps

    def batches(self, cuts: tuple[int, ...] | None = None) -> Iterator[pa.Table]:
        edges = [0, *(self.cuts if cuts is None else cuts), len(self.table)]
        for begin, end in itertools.pairwise(edges):
            yield fresh_dictionaries(self.table.slice(begin, end - begin))

    @property
    def last(self) -> int:
        return max((t for t in plain(self.table["t"]) if t is not None), default=0)


def fresh_dictionaries(table: pa.Table) -> pa.Table:
    """Each batch of a stream has a dictionary of its own, in the order its values come."""
    for i, column in enumerate(table.schema):
        if pa.types.is_dictionary(column.type):
            coded = table[column.name].cast(pa.string()).combine_chunks().dictionary_encode()
            table = table.set_column(i, column.name, coded)
    return table


def plain(column: pa.ChunkedArray | pa.Array) -> list[Any]:
    """Python values; times are whole numbers of their unit, for datetimes have no nanoseconds."""
    kind = column.type
    if pa.types.is_list(kind):
        return plain_lists(column)
    if pa.types.is_dictionary(kind):
        column = column.cast(kind.value_type)
    elif kind == pa.date32():
        column = column.cast(pa.int32())
    elif pa.types.is_temporal(kind):
        column = column.cast(pa.int64())
    return column.to_pylist()


def plain_lists(column: pa.ChunkedArray | pa.Array) -> list[list[Any]]:
    """Entries may be structs, which are dicts then."""
    if isinstance(column, pa.ChunkedArray):
        return [entries for chunk in column.chunks for entries in plain_lists(chunk)]
    inner = column.values
    if pa.types.is_struct(inner.type):
        names = [field.name for field in inner.type]
        parts = [plain(inner.field(i)) for i in range(len(names))]
        values = [dict(zip(names, entry, strict=True)) for entry in zip(*parts, strict=True)]
    else:
        values = plain(inner)
    ends = column.offsets.to_pylist()
    return [values[begin:end] for begin, end in itertools.pairwise(ends)]


def rows_of(table: pa.Table) -> list[dict[str, Any]]:
    columns = {name: plain(table[name]) for name in table.column_names}
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def with_nulls(rng: np.random.Generator, values: list[Any], share: float) -> list[Any]:
    gone = rng.random(len(values)) < share
    return [None if no else value for no, value in zip(gone, values, strict=True)]


def choose(rng: np.random.Generator, domain: list[Any], size: int) -> list[Any]:
    return [domain[i] for i in rng.integers(0, len(domain), size)]


def draw_times(rng: np.random.Generator, clock: Clock, size: int, lateness: int) -> list[int]:
    """Rising times, swung back within the lateness and now and then far beyond it."""
    pace = rng.choice([0.05, 0.3, 1, 8])
    steps = np.cumsum(rng.exponential(pace, size))
    steps += np.where(rng.random(size) < 0.01, 40, 0).cumsum()  # a silence
    back = np.where(rng.random(size) < 0.4, rng.uniform(0, lateness + 0.01, size), 0)
    back = np.where(rng.random(size) < 0.04, rng.uniform(0, lateness + 30, size), back)
    if clock.unit == "ms" and clock.type == pa.date64():
        return [clock.base + int(s) * clock.step for s in np.floor(steps - back)]
    return [clock.base + int(s) for s in np.floor((steps - back) * clock.step)]


def draw_key(rng: np.random.Generator, name: str, size: int) -> dict[str, pa.Array]:
    share = rng.choice([0, 0.1])

    def column(domain: list[Any], kind: pa.DataType) -> pa.Array:
        return pa.array(with_nulls(rng, choose(rng, domain, size), share), kind)

    if name == "none":
        return {}
    if name == "two":
        return {"k": column([-1, 0, 7], pa.int32()), "k2": column(WORDS[:4], pa.string())}
    if name in ("string", "large", "dictionary"):
        words = column(WORDS, pa.large_string() if name == "large" else pa.string())
        return {"k": words.dictionary_encode() if name == "dictionary" else words}
    if name == "bool":
        return {"k": column([False, True], pa.bool_())}
    if name in ("timestamp", "date32"):
        kind = pa.timestamp("ms") if name == "timestamp" else pa.date32()
        width = pa.int64() if name == "timestamp" else pa.int32()
        return {"k": column([-3, 0, 5, 90], width).cast(kind)}
    bits = int(name.removeprefix("u").removeprefix("int"))
    low, high = (0, 2**bits - 1) if name[0] == "u" else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
    return {"k": column([low, high, 0, 1, 2, 3, 100], getattr(pa, name)())}


def draw_floats(rng: np.random.Generator, size: int) -> list[float]:
    """Plain numbers of one size, or ties, or with infinities, NaN and both zeros among them."""
    shape = rng.integers(0, 4)
    if shape == 0:
        return (rng.integers(-3, 4, size) / 4).tolist()
    values = rng.normal(rng.choice([0, 1, 100]), 1, size) * 10.0 ** rng.integers(-6, 7)
    if shape == 1:
        special = rng.choice([np.nan, np.inf, -np.inf, 0.0, -0.0], size)
        values = np.where(rng.random(size) < 0.03, special, values)
    return values.tolist()


def draw_values(rng: np.random.Generator, size: int) -> dict[str, pa.Array]:
    share = rng.choice([0, 0.1, 0.6])

    def column(values: list[Any], kind: pa.DataType) -> pa.Array:
        return pa.array(with_nulls(rng, values, share), kind)

    whole = INTEGERS[rng.integers(0, len(INTEGERS))]
    low = 0 if pa.types.is_unsigned_integer(whole) else -100
    singles = np.array(draw_floats(rng, size), np.float32)
    texts = TEXTS[rng.integers(0, len(TEXTS))]
    return {
        "v": column(draw_floats(rng, size), pa.float64()),
        "w": column(draw_floats(rng, size), pa.float64()),
        "f": column([float(x) for x in singles], pa.float32()),
        "i": column(rng.integers(low, 101, size).tolist(), whole),
        "u": column([int(x) for x in rng.integers(0, 2**63, size)], pa.uint64()),
        "b": column((rng.random(size) < 0.7).tolist(), pa.bool_()),
        "s": column(choose(rng, WORDS, size), texts),
        "d": column(rng.integers(-9, 9, size).tolist(), pa.int64()).cast(pa.timestamp("us")),
    }


def make_stream(
    seed: int, size: int, clock: Clock, key: str, lateness: int, cuts: tuple[int, ...] = ()
) -> Stream:
    rng = np.random.default_rng(seed)
    times: list[Any] = draw_times(rng, clock, size, lateness)
    times = with_nulls(rng, times, rng.choice([0, 0.05]))
    keyed = draw_key(rng, key, size)
    columns = {"t": clock.column(times), **keyed, **draw_values(rng, size)}
    columns["row"] = pa.array(range(size), pa.int32())
    return Stream(pa.table(columns), clock, tuple(keyed), tuple(sorted(cuts)), lateness)


@st.composite
def streams(
    draw: st.DrawFn,
    *,
    keys: tuple[str, ...] = KEYS,
    clocks: list[Clock] = CLOCKS,
    max_size: int = 160,
) -> Stream:
    """Streams of any clock and key, cut anywhere."""
    size = draw(st.integers(1, max_size))
    lateness = draw(st.sampled_from([0, 0, 1, 7]))
    clock, key = draw(st.sampled_from(clocks)), draw(st.sampled_from(keys))
    cuts = draw(st.lists(st.integers(0, size), max_size=6))
    seed = draw(st.integers(0, 2**32))
    return make_stream(seed, size, clock, key, lateness, tuple(cuts))
