"""A profile for people: one line for each column."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from kedge.drift.words import printable
from kedge.sketch import Categories, Histogram, Profile

__all__ = ["aligned", "summary_of", "table_of"]

_MOST_NAMES = 5  # of the most frequent categories, in JSON; a table has three
_UNITS = {"s": "s", "ms": "ms", "us": "us", "ns": "ns", "date32": "D", "date64": "ms"}
_QUARTILES = {"min": 0.0, "q1": 0.25, "median": 0.5, "q3": 0.75, "max": 1.0}


def summary_of(profile: Profile, *, counts_distinct: bool = True) -> dict[str, Any]:
    """The profile as plain data without NaN and infinities.

    Quartiles are the middles of their cells; of text, they and the mean are of its length in bytes.
    `below` and `above` count what is outside of the range the cells were made for. Without
    `counts_distinct`, the number of distinct values is left out: it is the reference's.
    """
    columns = [_column(profile, name, counts_distinct) for name in profile.columns]
    return {"rows": profile.row_count, "columns": columns}


def _column(profile: Profile, name: str, counts_distinct: bool) -> dict[str, Any]:
    kind = profile.kind(name)
    row: dict[str, Any] = {
        "column": name,
        "type": profile.type(name),
        "kind": kind,
        "rows": profile.row_count,
        "distinct": min(profile.distinct(name), profile.row_count) if counts_distinct else None,
    }
    if kind == "category":
        return {**row, **_of_categories(profile.categories(name))}
    counts = profile.histogram(name) if kind == "number" else profile.lengths(name)
    return {**row, **_of_histogram(counts)}


def _of_histogram(counts: Histogram) -> dict[str, Any]:
    numbers: dict[str, float | None] = dict.fromkeys([*_QUARTILES, "mean"])
    if counts.value_count > 0:
        for name, share in _QUARTILES.items():
            low, high = (min(max(end, counts.low), counts.high) for end in counts.quantile(share))
            numbers[name] = low if share == 0 else high if share == 1 else low / 2 + high / 2
        numbers["mean"] = counts.mean
    slots = counts.counts
    return {
        "null": counts.null_count,
        "nan": counts.nan_count,
        **{name: _finite(value) for name, value in numbers.items()},
        "below": int(slots[:2].sum()) if counts.value_count else 0,
        "above": int(slots[-2:].sum()) if counts.value_count else 0,
    }


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None


def _of_categories(counts: Categories) -> dict[str, Any]:
    shown = sorted(zip(counts.names, counts.counts.tolist(), strict=True), key=lambda c: -c[1])
    top = [{"name": name, "rows": rows} for name, rows in shown[:_MOST_NAMES] if rows > 0]
    return {"null": counts.null_count, "nan": 0, "top": top, "not_listed": counts.unlisted_count}


def table_of(summary: dict[str, Any]) -> str:
    """The summary as a table."""
    head = ("column", "type", "kind", "null", "distinct", *_QUARTILES, "mean", "most frequent")
    rows = [_cells(row) for row in summary["columns"]]
    return "\n".join([f"{summary['rows']} rows", *aligned([head, *rows], ruled=True)])


def aligned(rows: Sequence[Sequence[str]], *, ruled: bool = False) -> list[str]:
    """Lines of cells in columns; with a rule below the first of them."""
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    rule = [["-" * width for width in widths]] if ruled else []
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in [*rows[: len(rule)], *rule, *rows[len(rule) :]]
    ]


def _cells(row: dict[str, Any]) -> Sequence[str]:
    rows = row["rows"]
    null = f"{(row['null'] + row['nan']) / rows:.1%}" if rows else "-"
    distinct = "-" if row["distinct"] is None else str(row["distinct"])
    numbers = [_number(row, name) for name in [*_QUARTILES, "mean"]]
    if row.get("below"):
        numbers[0] = f"< {numbers[0]}"
    if row.get("above"):
        numbers[4] = f"> {numbers[4]}"
    top = ", ".join(
        f"{printable(one['name'])} {one['rows'] / rows:.1%}" for one in row.get("top", ())[:3]
    )
    return (printable(row["column"]), row["type"], row["kind"], null, distinct, *numbers, top)


def _number(row: dict[str, Any], name: str) -> str:
    value = row.get(name)
    if value is None:
        return "-"
    if row["kind"] == "text":
        return f"{value:.6g} B"
    unit = _UNITS.get(row["type"].removeprefix("timestamp[").split(",")[0].removesuffix("]"))
    if unit is None:
        return f"{value:.6g}"
    time = np.array(round(value)).astype(f"datetime64[{unit}]")
    return str(time if unit == "D" else time.astype("datetime64[s]"))
