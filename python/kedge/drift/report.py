"""Two profiles in, what changed out: by how much, how surely, and where."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields
from typing import Any

from kedge import _core
from kedge._core import InvalidArgument, Profile
from kedge.drift import page, words
from kedge.drift.words import Number

__all__ = ["ColumnDrift", "Report", "SliceDrift", "compare"]

_MOST_SLICES = 5  # in a printed report


@dataclass(frozen=True)
class ColumnDrift:
    """One column of a report. NaN stands for what a column of its kind does not have.

    Attributes:
        column: its name.
        kind: "number", "category" or "text".
        verdict: "yes" when the distance, or the change of the null share, is above `min_effect`,
            "no" when neither is, "not yet known" when there are too few rows to say.
        reference_rows: values of the reference, null and NaN left out.
        current_rows: values of the current data.
        lower: the distance of the two samples is certainly not below this .. It is Kolmogorov and
            Smirnov's for numbers, the total variation for categories, and for text the larger of
            the Kolmogorov-Smirnov distances of its lengths and of its hashes.
        upper: .. and certainly not above this.
        at_least: with the report's confidence, the distance of the two *populations* is at least
            this ..
        at_most: .. and at most this.
        test: the test that goes with the distance, "ks", "chi_square" or, of two categories,
            "fisher".
        statistic: of that test; of Fisher's, chi-square.
        pvalue: of that test, for this column alone.
        pvalue_bonferroni: adjusted for all columns: any false alarm at all.
        pvalue_bh: adjusted for all columns: the expected share of false ones among the alarms.
        reference_null_share: null and NaN among the reference's rows.
        current_null_share: null and NaN among the current rows.
        null_at_least: likewise, how far that share moved in the populations, at least ..
        null_at_most: .. and at most.
        null_pvalue: of Fisher's exact test for that share.
        reference_new_share: values that the profile does not list, in the reference: names beyond
            `max_categories`.
        current_new_share: values that the reference did not have: numbers outside of its range,
            names that are not listed; NaN for text, whose values are not kept.
        new_at_least: likewise, how much of the current population's share the reference's
            population lacks: chance alone leaves rare values out of any sample.
        below_share: numbers below the reference's range.
        above_share: numbers above it.
        psi: the population stability index, over the reference's tenths or over the categories.
        psi_noise: what it exceeds in 1 of 100 comparisons of so many rows when nothing changed. A
            PSI below this means nothing.
        js: the Jensen-Shannon distance, likewise.
        js_noise: its noise.
        kl: the Kullback-Leibler divergence of the current data from the reference, likewise.
        hellinger: the Hellinger distance, likewise.
        total_variation: half the sum of the changes of all shares, likewise.
        chi_square: Pearson's statistic for the homogeneity of the two samples, likewise.
        chi_square_dof: its degrees of freedom.
        chi_square_pvalue: its p-value.
        g: the likelihood ratio statistic, likewise.
        g_pvalue: its p-value.
        fisher_pvalue: of Fisher's exact test, for columns with two values.
        anderson_darling: Anderson and Darling's two-sample statistic, over the cells.
        anderson_darling_pvalue: its p-value.
        cramer_von_mises: Cramer and von Mises's two-sample statistic, without its part from ties.
        cramer_von_mises_pvalue: its p-value.
        wasserstein: the Wasserstein distance in units of the value; what is outside of the
            reference's range counts as its end, so that it is a lower bound then, as are the
            next two.
        wasserstein_normed: in standard deviations of the reference.
        energy: the energy distance.
        reference_mean: the mean, from the cells: what is outside of the range counts as its end.
        current_mean: that of the current data.
        reference_std: the standard deviation, likewise.
        current_std: that of the current data.
        low: the lowest of the values (of a text: of the lengths) whose share changed most; NaN when
            nothing changed.
        high: the highest of them.
        names: the categories whose share changed most, up to three.
        reference_share: the share of these values in the reference.
        current_share: their share in the current data.
        carried: how much of the total variation they make up.
    """

    column: str
    kind: str
    verdict: str
    reference_rows: int
    current_rows: int
    lower: float
    upper: float
    at_least: float
    at_most: float
    test: str
    statistic: float
    pvalue: float
    pvalue_bonferroni: float
    pvalue_bh: float
    reference_null_share: float
    current_null_share: float
    null_at_least: float
    null_at_most: float
    null_pvalue: float
    reference_new_share: float
    current_new_share: float
    new_at_least: float
    below_share: float
    above_share: float
    psi: float
    psi_noise: float
    js: float
    js_noise: float
    kl: float
    hellinger: float
    total_variation: float
    chi_square: float
    chi_square_dof: float
    chi_square_pvalue: float
    g: float
    g_pvalue: float
    fisher_pvalue: float
    anderson_darling: float
    anderson_darling_pvalue: float
    cramer_von_mises: float
    cramer_von_mises_pvalue: float
    wasserstein: float
    wasserstein_normed: float
    energy: float
    reference_mean: float
    current_mean: float
    reference_std: float
    current_std: float
    low: float
    high: float
    names: str
    reference_share: float
    current_share: float
    carried: float

    @property
    def drifted(self) -> bool:
        """Whether the verdict is "yes"."""
        return self.verdict == "yes"

    @property
    def where(self) -> str:
        """The values whose share changed most, and how; "-" when nothing changed."""
        return self.where_as()

    def where_as(self, number: Number = words.plain, arrow: str = "->") -> str:
        """`where`, with its numbers and its arrow written another way."""
        if self.null_at_least > self.at_least:
            shares = (self.reference_null_share, self.current_null_share)
            return f"null: {words.change(*shares, arrow=arrow)}"
        if self.reference_share == self.current_share:
            return "-"
        if self.kind == "category":
            values = words.printable(self.names)
        else:
            unit = " bytes" if self.kind == "text" else ""
            values = words.range_of(self.low, self.high, number=number, unit=unit)
        return f"{values}: {words.change(self.reference_share, self.current_share, arrow=arrow)}"


@dataclass(frozen=True)
class SliceDrift:
    """One column of a report within one slice of the rows.

    Attributes:
        by: the slicing column.
        value: its value in these rows; "(others)" for the rows with rarer values, and null.
        drift: what happened to the column there.
    """

    by: str
    value: str
    drift: ColumnDrift

    @property
    def where(self) -> str:
        """The slice and the values."""
        return f"{self.by} = {words.printable(self.value)}: {self.drift.column} {self.drift.where}"


def _plain(value: Any) -> Any:
    """JSON has no infinities and no NaN."""
    if isinstance(value, float) and not math.isfinite(value):
        return None if math.isnan(value) else repr(value)
    return value


def _farthest_first(row: ColumnDrift) -> tuple[bool, float]:
    return (not row.drifted, -row.lower)


def _rows(values: dict[str, list[Any]]) -> list[ColumnDrift]:
    names = [field.name for field in fields(ColumnDrift)]
    return [ColumnDrift(*row) for row in zip(*(values[name] for name in names), strict=True)]


def _slices(table: _core.Table) -> tuple[SliceDrift, ...]:
    values: dict[str, list[Any]] = table.to_pydict()
    found = zip(values["by"], values["value"], _rows(values), strict=True)
    rows = [SliceDrift(by, value, drift) for by, value, drift in found]
    return tuple(sorted(rows, key=lambda row: (not row.drift.drifted, -row.drift.at_least)))


class Report:
    """What `compare` found: one `ColumnDrift` for each column, the farthest moved first.

    Attributes:
        columns: the rows.
        slices: the same for each column within each slice, those that drifted most first; bounds
            and adjusted p-values hold for all of these together. They do not decide the verdict.
        reference: the profile that was compared with.
        current: the profile of the current data.
        min_effect: changes up to this do not count as drift.
        confidence: that no bound of a column is wrong, and apart from that, that none of a slice
            is. Rows are taken to be drawn
            independently, and it is the confidence of one comparison: who compares every minute
            asks anew every minute.
    """

    def __init__(
        self,
        table: _core.Table,
        *,
        slices: _core.Table,
        reference: Profile,
        current: Profile,
        min_effect: float,
        confidence: float,
    ) -> None:
        self._table = table
        self.reference = reference
        self.current = current
        found = _rows(table.to_pydict())
        self.columns = tuple(sorted(found, key=_farthest_first))
        self.slices = _slices(slices)
        self.min_effect = min_effect
        self.confidence = confidence

    @property
    def verdict(self) -> str:
        """ "yes" when a column drifted, "no" when none did, else "not yet known"."""
        verdicts = {row.verdict for row in self.columns}
        if "yes" in verdicts:
            return "yes"
        return "no" if verdicts <= {"no"} else "not yet known"

    @property
    def drifted(self) -> bool:
        """Whether the verdict is "yes"."""
        return self.verdict == "yes"

    def __len__(self) -> int:
        return len(self.columns)

    def __contains__(self, column: object) -> bool:
        return any(row.column == column for row in self.columns)

    def __iter__(self) -> Iterator[ColumnDrift]:
        return iter(self.columns)

    def __getitem__(self, column: str) -> ColumnDrift:
        for row in self.columns:
            if row.column == column:
                return row
        raise KeyError(words.absent(column, [row.column for row in self.columns]))

    def to_arrow(self) -> _core.Table:
        """The rows, in the reference's order, as an object that `pyarrow.table` takes."""
        return self._table

    def to_dict(self) -> dict[str, Any]:
        """The report as plain data; infinite ends are the strings "inf" and "-inf"."""
        rows = [
            {name: _plain(value) for name, value in asdict(row).items()} for row in self.columns
        ]
        return {
            "verdict": self.verdict,
            "min_effect": self.min_effect,
            "confidence": self.confidence,
            "columns": rows,
            "slices": [
                {"by": row.by, "value": row.value}
                | {name: _plain(value) for name, value in asdict(row.drift).items()}
                for row in self.slices
            ],
        }

    def to_json(self) -> str:
        """The report as one JSON object."""
        return json.dumps(self.to_dict())

    def to_html(self) -> str:
        """The report as one page to look at, complete without network, fonts or scripts."""
        return page.page(self)

    def _repr_html_(self) -> str:
        """The headline and one line for each column, for notebooks."""
        return page.summary(self)

    def __repr__(self) -> str:
        head = ("column", "drifted", "distance", "population", "null", "where")
        rows = [
            (
                words.printable(row.column),
                row.verdict,
                words.bounds(row.lower, row.upper, 4),
                words.bounds(row.at_least, row.at_most, 3),
                words.change(row.reference_null_share, row.current_null_share),
                row.where,
            )
            for row in self.columns
        ]
        widths = [max(len(row[i]) for row in [head, *rows]) for i in range(len(head))]
        lines = [
            "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
            for row in [head, tuple("-" * width for width in widths), *rows]
        ]
        lines += [f"in {row.where}" for row in self.slices[:_MOST_SLICES] if row.drift.drifted]
        verdict = (
            f"drifted: {self.verdict}"
            f" (change above {self.min_effect:g}, confidence {self.confidence:g})"
        )
        return "\n".join([*lines, verdict])


def compare(
    reference: Profile, current: object, *, min_effect: float = 0.02, confidence: float = 0.99
) -> Report:
    """What changed from `reference` to `current`, column by column.

    `current` is a profile made with `reference.like()`, or data, or an iterator of batches, to
    count over its cells; columns
    that the reference lacks are left out. A column has drifted when its distance, or the change of
    its null share, exceeds `min_effect` by more than sampling can explain: a shift that does not
    matter is not flagged however many rows there are, and too few rows are "not yet known".
    `confidence` holds for all columns together.

    >>> import numpy as np
    >>> import kedge
    >>> reference = kedge.profile({"age": np.arange(5000) % 50})
    >>> report = kedge.compare(reference, {"age": np.arange(5000) % 50 + 10})
    >>> report.verdict, report["age"].where
    ('yes', '> 49: 0.0% -> 20.0%')

    Raises:
        InvalidArgument: a column is missing, the profile has other cells, `min_effect` is not from
            0 to below 1, or `confidence` not between 0 and 1.
    """
    if not isinstance(reference, Profile):
        raise InvalidArgument("reference must be a Profile; make one with kedge.profile(data)")
    if not isinstance(current, Profile):
        counted = reference.like()
        for part in current if isinstance(current, Iterator) else (current,):
            counted.update(part)
        current = counted
    table = _core.compare(reference, current, min_effect, confidence)
    return Report(
        table,
        slices=_core.compare_slices(reference, current, min_effect, confidence),
        reference=reference,
        current=current,
        min_effect=min_effect,
        confidence=confidence,
    )
