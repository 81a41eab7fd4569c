"""What a session says: for people, for programs, and back from a file."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from kedge._core import CorruptData
from kedge.sla.calls import CODES, Calls, quantile
from kedge.sla.compare import Difference
from kedge.sla.session import Answered, Side
from kedge.sla.verdict import Verdict

__all__ = ["FORMAT", "amount", "duration", "read_rounds", "table", "to_dict"]

FORMAT = "kedge.bench/1"
_SHOWN = (0.5, 0.9, 0.99, 0.999, 1.0)
_NAMES = ("p50", "p90", "p99", "p99.9", "max")


def duration(ns: float) -> str:
    """A duration in three digits."""
    if not math.isfinite(ns):
        return "?"
    for unit, size in (("s", 1e9), ("ms", 1e6), ("us", 1e3)):
        if ns >= 0.9995 * size:
            return f"{ns / size:.3g} {unit}" if ns < 999.5 * size else f"{ns / size:.0f} {unit}"
    return f"{ns:.0f} ns"


def amount(verdict: Verdict, value: float) -> str:
    """A value of a limit: a duration, a share or a ratio."""
    if not math.isfinite(value):
        return "?"
    if verdict.limit.is_ratio:
        return f"{value:.3g}x"
    return f"{value:.3g}" if verdict.limit.quantile is None else duration(value)


def to_dict(answered: Answered, settings: Mapping[str, Any]) -> dict[str, Any]:
    """All of it as plain data; `read_rounds` reads the calls."""
    found = answered.found
    return {
        "format": FORMAT,
        "verdict": answered.verdict,
        "settings": dict(settings),
        "limits": [one.to_dict() for one in answered.verdicts],
        "differences": [one.to_dict() for one in answered.differences],
        "found": None if found is None else vars(found),
        "sides": [_side(side) for side in answered.sides],
    }


def read_rounds(path: Path) -> list[Calls]:
    """The rounds of the first side of a report that was stored.

    Raises:
        CorruptData: it is none.
        OSError: it cannot be read.
    """
    try:
        said = json.loads(path.read_text())
        if said["format"] != FORMAT:
            raise CorruptData(f'"{path}": format {said["format"]!r}, expected {FORMAT!r}')
        return [Calls.from_dict(one) for one in said["sides"][0]["rounds"]]
    except (ValueError, KeyError, TypeError, IndexError) as error:
        if isinstance(error, CorruptData):
            raise
        raise CorruptData(f'"{path}" is no report of kedge bench: {error}') from None


def table(answered: Answered, confidence: float) -> str:
    """For people: what was measured, then what it means."""
    lines = [line for side in answered.sides for line in _lines(side)]
    sure = f"{confidence:.4g} confidence"
    for one in answered.verdicts:
        between = f"{amount(one, one.interval.low)} to {amount(one, one.interval.high)}"
        lines.append(
            f"{one.limit.text:20} {one.verdict:14} {amount(one, one.value)} ({between}, {sure})"
        )
    lines += difference_lines(answered.differences, [side.name for side in answered.sides])
    if answered.found is not None:
        tried = ", ".join(f"{rate:.0f}: {what}" for rate, what in answered.found.tried)
        lines += [f"holds up to {answered.found.holds:.0f} calls a second; {answered.found.reason}"]
        lines += [f"  tried {tried}"]
    return "\n".join([*lines, answered.verdict])


def difference_lines(found: Sequence[Difference], names: Sequence[str]) -> list[str]:
    """How the second compares with the first, quantile by quantile."""
    if not found:
        return []
    lines = [f"{names[1]} against {names[0]}:"]
    for one in found:
        between = f"{one.interval.low:.3f} to {one.interval.high:.3f}"
        lines.append(
            f"  p{100 * one.quantile:<6g} {one.verdict:10} ratio {one.ratio:.3f} ({between})"
        )
    return lines


def _lines(side: Side) -> list[str]:
    whole = side.whole
    calls = whole.calls
    codes = calls.codes.sum(0)
    bad = [f"{CODES[i]} {codes[i]:,}" for i in np.flatnonzero(codes) if i]
    rate = calls.count / max(calls.slice_s * len(calls.codes), 1e-9)
    said = f": {', '.join(bad)}; the first says {whole.error!r}" if bad else ""
    taken = "  ".join(
        f"{name} {duration(calls.quantile(q))}" for name, q in zip(_NAMES, _SHOWN, strict=True)
    )
    late = f"late by {duration(quantile(whole.lag, 0.5))}, one in a hundred"
    late += f" by {duration(quantile(whole.lag, 0.99))}"
    lines = [
        f"{side.name}: {calls.count:,} calls, {rate:,.0f} a second, {calls.errors:,} errors{said}",
        f"  {taken}",
        f"  {whole.generator}, {late}",
    ]
    cost = side.cost
    if "cpu_us_per_call" in cost:
        price = (
            f", a million cost {cost['price_of_million']:.4g}" if "price_of_million" in cost else ""
        )
        peak = f", peak {cost['peak_bytes'] / 1e6:.0f} MB" if cost.get("peak_bytes") else ""
        lines.append(
            f"  {cost['cpu_us_per_call']:.3g} us of processor a call{peak},"
            f" {cost['rows_per_cpu_s']:,.0f} rows a processor second{price}"
        )
    return lines


def _finite(taken: dict[str, float]) -> dict[str, float | None]:
    """JSON has no other numbers: there was no such call."""
    return {name: ns if math.isfinite(ns) else None for name, ns in taken.items()}


def _side(side: Side) -> dict[str, Any]:
    whole = side.whole
    taken = {name: whole.calls.quantile(q) for name, q in zip(_NAMES, _SHOWN, strict=True)}
    lag = {"p50": quantile(whole.lag, 0.5), "p99": quantile(whole.lag, 0.99)}
    return {
        "name": side.name,
        "generator": whole.generator,
        "calls": whole.calls.count,
        "errors": whole.calls.errors,
        "unsent": whole.unsent,
        "latency_ns": _finite(taken),
        "lag_ns": _finite(lag),
        "cost": side.cost,
        "rounds": [one.to_dict() for one in side.rounds],
    }
