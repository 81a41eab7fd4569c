"""Where a value lies on an axis from 0 to 1, and the clean numbers to write beside it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kedge.drift.words import number_of, per_second, plain, time_unit

__all__ = ["Axis", "Tick", "clean", "steps", "ticks"]

Floats = NDArray[np.float64]

_MOST_TICKS = 6
_TICK_GAP = 0.13  # of the axis: a label of six characters on a telephone
_SUFFIXES = ((1e9, "G"), (1e6, "M"), (1e3, "k"))


@dataclass(frozen=True)
class Axis:
    """A stretch of values.

    Attributes:
        kind: "linear"; "log"; or "asinh", even up to `bend` on both sides of zero and logarithmic
            beyond.
    """

    kind: str
    low: float
    high: float
    bend: float = 1.0

    def at(self, values: Floats | float) -> Floats:
        """Positions of values, those outside at the ends."""
        inside = np.clip(np.asarray(values, dtype=np.float64), self.low, self.high)
        low, high = self._warp(np.array([self.low, self.high]))
        span = high - low
        if not span > 0:
            return np.full(inside.shape, 0.5)
        return np.asarray(np.clip((self._warp(inside) - low) / span, 0.0, 1.0))

    def _warp(self, values: Floats) -> Floats:
        if self.kind == "log":
            return np.log(values)
        if self.kind == "asinh":
            return np.arcsinh(values / self.bend)
        return values / 2  # so that the span of all doubles is finite

    @property
    def note(self) -> str:
        """What a reader must know about the axis; empty for a linear one."""
        if self.kind == "log":
            return "logarithmic axis"
        return "axis: linear near 0, logarithmic beyond (asinh)" if self.kind == "asinh" else ""


@dataclass(frozen=True)
class Tick:
    """A labelled position."""

    at: float
    label: str


def clean(value: float) -> str:
    """A round number in few characters: 20k, 2.5M, 1e-9."""
    if 1e4 <= abs(value) < 1e12:
        size, suffix = next(pair for pair in _SUFFIXES if abs(value) >= pair[0])
        return f"{value / size:.6g}{suffix}"
    mantissa, e, exponent = plain(value).partition("e")
    return f"{mantissa}e{int(exponent)}" if e else mantissa


def steps(low: float, high: float, most: int) -> list[float]:
    """At most `most` multiples of 1, 2 or 5 times a power of ten between the two."""
    rough = (high / most - low / most) or 1.0
    if not math.isfinite(rough) or rough < 1e-300:
        return []
    power = 10.0 ** math.floor(math.log10(rough))
    for step in (power, 2 * power, 5 * power, 10 * power, 20 * power):
        first, last = math.ceil(low / step), math.floor(high / step)
        if last - first < most and math.isfinite(step):
            return [index * step for index in range(first, last + 1)]
    return []


def ticks(axis: Axis, column_type: str) -> list[Tick]:
    """The labels of an axis."""
    unit = time_unit(column_type)
    if unit is not None:
        return _time_ticks(axis, unit)
    marks = steps(axis.low, axis.high, _MOST_TICKS) if axis.kind == "linear" else _powers(axis)
    return [Tick(float(axis.at(mark)), clean(mark)) for mark in marks]


def _powers(axis: Axis) -> list[float]:
    """Powers of ten, with 2 and 5 times them when there are few, that stand far enough apart."""
    largest = max(abs(axis.low), abs(axis.high))
    least = axis.low if axis.kind == "log" else axis.bend
    exponents = range(math.floor(math.log10(largest)), math.floor(math.log10(least)) - 1, -1)
    factors = (1, 2, 5) if len(exponents) <= 3 else (1,)
    sizes = [float(f"{factor}e{e}") for e in exponents for factor in factors]
    both = [0.0, *sizes, *(-size for size in sizes)] if axis.kind == "asinh" else sizes
    kept: list[tuple[float, float]] = []
    for mark in both:
        at = float(axis.at(mark))
        if axis.low <= mark <= axis.high and all(abs(at - other) >= _TICK_GAP for other, _ in kept):
            kept.append((at, mark))
    return [mark for _, mark in sorted(kept)]


# Steps of time: how many of NumPy's units, and about how long in seconds.
_TIME_STEPS = (
    *((count, "s", 1) for count in (1, 5, 15, 30)),
    *((count, "m", 60) for count in (1, 5, 15, 30)),
    *((count, "h", 3600) for count in (1, 3, 6, 12)),
    *((count, "D", 86_400) for count in (1, 2, 7, 14)),
    *((count, "M", 2_629_746) for count in (1, 3, 6)),
    *((count, "Y", 31_556_952) for count in (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 5000)),
)
_MOST_TIMES = 4  # their labels are long
_LAST_SECOND = 2.5e11  # of year 9891: beyond, labels mean nothing


def _time_ticks(axis: Axis, unit: str) -> list[Tick]:
    scale = per_second(unit)
    low, high = axis.low / scale, axis.high / scale
    if max(abs(low), abs(high)) > _LAST_SECOND:
        return [Tick(float(axis.at(v)), number_of("")(v)) for v in steps(axis.low, axis.high, 3)]
    for count, step, seconds in _TIME_STEPS:
        if (high - low) / (count * seconds) <= _MOST_TIMES + 2 * (step == "Y"):
            break
    first = np.datetime64(math.floor(low), "s").astype(f"datetime64[{step}]").astype(int)
    last = np.datetime64(math.ceil(high), "s").astype(f"datetime64[{step}]").astype(int)
    found = []
    origin = 1970 if step == "Y" else 0  # round years, not years since 1970
    start = -(-(int(first) + origin) // count) * count - origin
    for index in range(start, int(last) + 1, count):
        moment = np.datetime64(index, step)  # type: ignore[call-overload]
        value = float(moment.astype("datetime64[s]").astype(np.int64)) * scale
        if axis.low <= value <= axis.high:
            label = str(moment.astype("datetime64[m]") if step == "h" else moment)
            found.append(Tick(float(axis.at(value)), label))
    days = [tick.label.partition("T")[0] for tick in found]
    return [
        Tick(tick.at, tick.label[len(day) + 1 :] if day == before else tick.label.replace("T", " "))
        for tick, day, before in zip(found, days, ["", *days], strict=False)
    ]
