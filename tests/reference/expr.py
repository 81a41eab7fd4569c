"""What an expression is worth in one row: Python's exact integers, None for null.

An expression is a constant, a `Column`, or a tuple of an operator and its operands.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np

INT64 = range(-(2**63), 2**63)
NANOS = {"d": 86_400 * 10**9, "s": 10**9, "ms": 10**6, "us": 10**3, "ns": 1}


@dataclass(frozen=True)
class Column:
    """A column, by its name."""

    name: str


@dataclass(frozen=True)
class Time:
    """A point in time, in nanoseconds since 1970; `unit` says which of them can be told apart."""

    nanos: int
    unit: str


@dataclass(frozen=True)
class Duration:
    """A time between two points."""

    nanos: int
    unit: str


def finer(a: str, b: str) -> str:
    """The finer of two units."""
    return min(a, b, key=NANOS.__getitem__)


def text(node: Any) -> str:
    """The expression, with parentheses around every part."""
    if not isinstance(node, tuple):
        return _constant(node)
    op, *operands = node
    if op in {"in", "not in"}:
        listed = ", ".join(_constant(value) for value in operands[1])
        return f"({text(operands[0])} {op} ({listed}))"
    parts = [text(operand) for operand in operands]
    if op in {"between", "not between"}:
        return f"({parts[0]} {op} {parts[1]} and {parts[2]})"
    if op in {"abs", "floor", "ceil", "sqrt"}:
        return f"{op}({parts[0]})"
    if op in {"not", "-"} and len(parts) == 1:
        return f"({op} {parts[0]})"
    return f"({parts[0]} {op})" if len(parts) == 1 else f"({parts[0]} {op} {parts[1]})"


def _constant(value: Any) -> str:
    if isinstance(value, Column):
        return "`" + value.name.replace("`", "``") + "`"
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    if isinstance(value, Time):
        seconds, nanos = divmod(value.nanos, 10**9)
        moment = datetime(1970, 1, 1) + timedelta(seconds=seconds)
        if value.unit == "d":
            return f"date '{moment.date().isoformat()}'"
        return f"timestamp '{moment.isoformat()}.{nanos:09d}Z'"
    if isinstance(value, Duration):
        return f"duration '{value.nanos // NANOS[value.unit]}{value.unit}'"
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    return repr(value)


def value_of(node: Any, row: Mapping[str, Any]) -> Any:
    """The value in one row."""
    if isinstance(node, Column):
        return row[node.name]
    if not isinstance(node, tuple):
        return node
    op, *operands = node
    values = [value_of(operand, row) for operand in operands if not isinstance(operand, list)]
    if op in {"and", "or"}:
        return _connected(op, *values)
    if op in {"is null", "is not null"}:
        return (values[0] is None) == (op == "is null")
    if op in {"in", "not in"}:
        return _negated(_listed(values[0], operands[1]), negate=op == "not in")
    if op in {"between", "not between"}:
        inside = _connected(
            "and", _compared(">=", values[0], values[1]), _compared("<=", values[0], values[2])
        )
        return _negated(inside, negate=op == "not between")
    if op in _COMPARISONS:
        return _compared(op, *values)
    if any(value is None for value in values):
        return None
    return _FUNCTIONS[op](values[0]) if len(values) == 1 else _arithmetic(op, *values)


def _negated(value: bool | None, *, negate: bool = True) -> bool | None:
    return value if value is None else value != negate


def _connected(op: str, a: bool | None, b: bool | None) -> bool | None:
    deciding = op == "or"
    if a is deciding or b is deciding:
        return deciding
    return None if a is None or b is None else not deciding


_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def _plain(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode()
    return value.nanos if isinstance(value, Time | Duration) else value


def _compared(op: str, a: Any, b: Any) -> bool | None:
    if a is None or b is None:
        return None
    return _COMPARISONS[op](_plain(a), _plain(b))


def _listed(value: Any, listed: list[Any]) -> bool | None:
    if value is None:
        return None
    if any(_compared("==", value, other) for other in listed):
        return True
    return None if None in listed else False


def _fitting(value: int) -> int | None:
    return value if value in INT64 else None


def _integers(op: str, a: int, b: int) -> int | None:
    if a not in INT64 or b not in INT64:
        return None
    if op == "%":
        return None if b == 0 else a % b
    return _fitting({"+": a + b, "-": a - b, "*": a * b}[op])


def _floats(op: str, a: float, b: float) -> float:
    with np.errstate(all="ignore"):
        x, y = np.float64(a), np.float64(b)
        return float({"+": x + y, "-": x - y, "*": x * y, "/": x / y}[op])


def _times(op: str, a: Any, b: Any) -> Any:
    unit = finer(a.unit, b.unit)
    if isinstance(a, Time) != isinstance(b, Time):
        unit = finer(unit, "s")
    scale = NANOS[unit]
    if a.nanos // scale not in INT64 or b.nanos // scale not in INT64:
        return None
    if op == "/":
        return _floats("/", float(a.nanos // scale), float(b.nanos // scale))
    nanos = a.nanos + b.nanos if op == "+" else a.nanos - b.nanos
    made = Time if isinstance(a, Time) != isinstance(b, Time) else Duration
    return made(nanos, unit) if nanos // scale in INT64 else None


def _arithmetic(op: str, a: Any, b: Any) -> Any:
    if isinstance(a, Time | Duration):
        return _times(op, a, b)
    if op == "/" or isinstance(a, float) or isinstance(b, float):
        return _floats(op, float(a), float(b))
    return _integers(op, a, b)


def _minus(value: Any) -> Any:
    if isinstance(value, float):
        return -value
    if isinstance(value, Duration):
        scale = NANOS[value.unit]
        return Duration(-value.nanos, value.unit) if -value.nanos // scale in INT64 else None
    return _fitting(-value) if value in INT64 else None


def _absolute(value: Any) -> Any:
    if isinstance(value, Duration):
        return _minus(value) if value.nanos < 0 else value
    if isinstance(value, float):
        return math.fabs(value)
    return value if value >= 0 else _fitting(-value)


def _root(value: float) -> float:
    with np.errstate(all="ignore"):
        return float(np.sqrt(np.float64(value)))


_FUNCTIONS: dict[str, Callable[[Any], Any]] = {
    "not": operator.not_,
    "-": _minus,
    "abs": _absolute,
    "floor": lambda value: float(np.floor(value)) if isinstance(value, float) else value,
    "ceil": lambda value: float(np.ceil(value)) if isinstance(value, float) else value,
    "sqrt": _root,
    "is nan": math.isnan,
    "is not nan": lambda value: not math.isnan(value),
}
