"""Two samples in, what changed out: by how much, how surely, and where."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields
from typing import Any

from kedge import _core
from kedge._core import Profile

__all__ = ["ColumnDrift", "KsResult", "Report", "compare", "ks_test"]


@dataclass(frozen=True)
class KsResult:
    """What `ks_test` found.

    Attributes:
        statistic: the largest distance between the two distribution functions.
        pvalue: how likely samples of one distribution are to lie at least so far apart.
        location: a value at which the distance is attained.
        sign: +1 when the first sample's function is the higher one there, else -1.
        first_count: values of the first sample that took part.
        second_count: values of the second sample that took part.
    """

    statistic: float
    pvalue: float
    location: float | int
    sign: int
    first_count: int
    second_count: int


def ks_test(x: object, y: object) -> KsResult:
    """The exact two-sample Kolmogorov-Smirnov test.

    Equal to `scipy.stats.ks_2samp(x, y)`: exact p-values up to 10 000 values, the finite-size
    Kolmogorov distribution beyond. Null and NaN are left out; the counts say how many took part.
    64-bit integers and timestamps are told apart even beyond 2**53.

    >>> ks_test([1.0, 2.0, 3.0], [2.5, 3.5, 4.5, 5.5]).statistic
    0.75

    Raises:
        InvalidArgument: a sample has no value, or is more than one column.
        Unsupported: a sample is not numeric.
    """
    return KsResult(*_core.ks_test(x, y))


@dataclass(frozen=True)
class ColumnDrift:
    """One column of a report.

    Attributes:
        column: its name.
        reference_rows: values of the reference, null and NaN left out.
        current_rows: values of the current data.
        lower: the Kolmogorov-Smirnov distance of the two samples is certainly not below this ..
        upper: .. and certainly not above this.
        pvalue: of the two-sample test at `lower`; never too small.
        at_least: with the report's confidence, for all columns together, the distance between the
            two *populations* is at least this.
        drifted: `at_least` exceeds the report's `min_effect`.
        reference_null_share: null and NaN among the reference's rows.
        current_null_share: null and NaN among the current rows.
        low: start of the range of values whose share changed most.
        high: its end, not included; equal to `low` when it is that one value.
        reference_share: the range's share of the reference.
        current_share: the range's share of the current data.
    """

    column: str
    reference_rows: int
    current_rows: int
    lower: float
    upper: float
    pvalue: float
    at_least: float
    drifted: bool
    reference_null_share: float
    current_null_share: float
    low: float
    high: float
    reference_share: float
    current_share: float

    @property
    def where(self) -> str:
        """The range of values whose share changed most, and how."""
        return f"{self._range()}: {self.reference_share:.1%} -> {self.current_share:.1%}"

    def _range(self) -> str:
        if self.low == self.high:
            return f"= {self.low:.6g}"
        if self.low == -math.inf:
            return "all values" if self.high == math.inf else f"< {self.high:.6g}"
        if self.high < math.inf:
            return f"{self.low:.6g} .. {self.high:.6g}"
        below = math.nextafter(self.low, -math.inf)
        beyond_a_point = len(repr(below)) < len(repr(self.low))
        return f"> {below:.6g}" if beyond_a_point else f">= {self.low:.6g}"


class Report:
    """What `compare` found: one `ColumnDrift` for each column, the farthest moved first.

    Attributes:
        columns: the rows.
        min_effect: distances up to this do not count as drift.
        confidence: with which no column is called drifted wrongly.
    """

    def __init__(self, table: _core.Table, *, min_effect: float, confidence: float) -> None:
        self._table = table
        values: dict[str, list[Any]] = table.to_pydict()
        names = [field.name for field in fields(ColumnDrift)]
        rows = zip(*(values[name] for name in names), strict=True)
        found = [ColumnDrift(*row) for row in rows]
        self.columns = tuple(sorted(found, key=lambda row: -row.lower))
        self.min_effect = min_effect
        self.confidence = confidence

    @property
    def drifted(self) -> bool:
        """Whether any column drifted."""
        return any(row.drifted for row in self.columns)

    def __iter__(self) -> Iterator[ColumnDrift]:
        return iter(self.columns)

    def __getitem__(self, column: str) -> ColumnDrift:
        for row in self.columns:
            if row.column == column:
                return row
        raise KeyError(column)

    def to_arrow(self) -> _core.Table:
        """The rows, in the reference's order, as an object that `pyarrow.table` takes."""
        return self._table

    def to_dict(self) -> dict[str, Any]:
        """The report as plain data; infinite bounds are None."""
        infinite = (math.inf, -math.inf)
        rows = [
            {name: None if value in infinite else value for name, value in asdict(row).items()}
            for row in self.columns
        ]
        return {
            "drifted": self.drifted,
            "min_effect": self.min_effect,
            "confidence": self.confidence,
            "columns": rows,
        }

    def to_json(self) -> str:
        """The report as one JSON object."""
        return json.dumps(self.to_dict())

    def __repr__(self) -> str:
        head = ("column", "drifted", "distance", "at least", "p-value", "null", "where")
        rows = [
            (
                row.column,
                "yes" if row.drifted else "no",
                f"{row.lower:.4f} .. {row.upper:.4f}",
                f"{row.at_least:.4f}",
                f"{row.pvalue:.2g}",
                f"{row.reference_null_share:.1%} -> {row.current_null_share:.1%}",
                row.where,
            )
            for row in self.columns
        ]
        widths = [max(len(row[i]) for row in [head, *rows]) for i in range(len(head))]
        lines = [
            "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
            for row in [head, tuple("-" * width for width in widths), *rows]
        ]
        verdict = (
            f"drifted: {'yes' if self.drifted else 'no'}"
            f" (distance above {self.min_effect:g}, confidence {self.confidence:g})"
        )
        return "\n".join([*lines, verdict])


def compare(
    reference: Profile, current: object, *, min_effect: float = 0.02, confidence: float = 0.99
) -> Report:
    """What changed from `reference` to `current`, column by column.

    `current` is a profile made with `reference.like()`, or data to count over its cells. A column
    has drifted when its distance exceeds `min_effect` by more than sampling can explain: a shift
    that does not matter is not flagged however many rows there are. `confidence` holds for all
    columns together.

    >>> import numpy as np
    >>> reference = _core.Profile.of({"age": np.arange(1000) % 50}, 4096, [])
    >>> report = compare(reference, {"age": np.arange(1000) % 50 + 10})
    >>> report.drifted, report["age"].where
    (True, '> 49: 0.0% -> 20.0%')

    Raises:
        InvalidArgument: a column is missing, or the profile has other cells.
    """
    if not isinstance(current, Profile):
        counted = reference.like()
        counted.update(current)
        current = counted
    table = _core.compare(reference, current, min_effect, confidence)
    return Report(table, min_effect=min_effect, confidence=confidence)
