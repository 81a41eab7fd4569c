"""What a monitor will detect, and after how many rows: known before it goes live."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from kedge._core import StreamMonitor
from kedge.drift import words

__all__ = ["ColumnPlan", "Plan", "plan_of"]

_MOST_LINES = 30


@dataclass(frozen=True)
class ColumnPlan:
    """What it takes to detect a shift of one column.

    Attributes:
        column: its name.
        by: the slicing column, for one slice of the rows; else empty.
        slice: that column's value.
        tolerance: changes of a share up to this never count: `min_effect`, and what a reference of
            so many rows leaves open.
        rows: for each shift, about how many rows after it lead to the alarm; infinite when the
            shift is within the tolerance.
    """

    column: str
    by: str
    slice: str
    tolerance: float
    rows: dict[float, float]


@dataclass(frozen=True)
class Plan:
    """The same for all columns, those of slices last.

    Attributes:
        shifts: distances, as `Alarm.distance` has them.
        columns: one plan for each column.
    """

    shifts: tuple[float, ...]
    columns: tuple[ColumnPlan, ...]

    def __getitem__(self, column: str) -> ColumnPlan:
        for plan in self.columns:
            if plan.column == column:
                return plan
        raise KeyError(words.absent(column, [plan.column for plan in self.columns if not plan.by]))

    def __str__(self) -> str:
        head = ["column", "tolerance", *(f"shift {shift:g}" for shift in self.shifts)]
        rows = [
            [_name(plan), f"{plan.tolerance:.4f}", *(_rows(plan.rows[s]) for s in self.shifts)]
            for plan in self.columns[:_MOST_LINES]
        ]
        widths = [max(len(row[i]) for row in [head, *rows]) for i in range(len(head))]
        lines = [
            "  ".join(
                cell.rjust(width) if i else cell.ljust(width)
                for i, (cell, width) in enumerate(zip(row, widths, strict=True))
            )
            for row in [head, *rows]
        ]
        if len(self.columns) > _MOST_LINES:
            lines.append(f"and {len(self.columns) - _MOST_LINES} more columns")
        return "\n".join([*lines, "rows after a shift of that distance until the alarm, about"])

    __repr__ = __str__


def plan_of(monitor: StreamMonitor, shifts: Sequence[float]) -> Plan:
    """The plan of a core's monitor."""
    found: dict[float, dict[str, Any]] = {
        float(shift): monitor.plan(float(shift)).to_pydict() for shift in shifts
    }
    first = next(iter(found.values())) if found else {"column": []}
    columns = tuple(
        ColumnPlan(
            column=first["column"][i],
            by=first["by"][i],
            slice=first["slice"][i],
            tolerance=first["tolerance"][i],
            rows={shift: values["rows"][i] for shift, values in found.items()},
        )
        for i in range(len(first["column"]))
    )
    return Plan(tuple(found), columns)


def _name(plan: ColumnPlan) -> str:
    name = words.printable(plan.column)
    return f"{name} in {plan.by} = {words.printable(plan.slice)}" if plan.by else name


def _rows(rows: float) -> str:
    return "never" if math.isinf(rows) else f"{rows:,.0f}".replace(",", " ")
