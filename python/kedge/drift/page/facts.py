"""The numbers beside a picture. What a column of its kind does not have is left out."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

from kedge.drift.page.element import Markup, element
from kedge.drift.words import Number, bounds, brief, change, number_of, per_second, time_unit

if TYPE_CHECKING:
    from kedge.drift.report import ColumnDrift

__all__ = ["facts"]

_ARROW = "→"
_DURATIONS = ((86_400.0, "days"), (3600.0, "hours"), (60.0, "minutes"), (1.0, "seconds"))
_TESTS = {"ks": "Kolmogorov-Smirnov", "chi_square": "chi-square", "fisher": "Fisher, exact"}
_NEW = {"number": "out of range", "category": "not listed", "text": "lengths out of range"}
_DISTANCES = {
    "number": "Kolmogorov-Smirnov",
    "category": "total variation",
    "text": "lengths, hashes",
}


def facts(row: ColumnDrift, kind: str) -> Markup:
    """The table of a column whose type is `kind`."""
    lines = [
        element(
            "tr",
            element("th", name, scope="row"),
            element("td", value, element("small", f" {hint}") if hint else ""),
        )
        for name, value, hint in _lines(row, kind)
    ]
    return element("table", *lines, class_="facts")


def _lines(row: ColumnDrift, kind: str) -> Iterator[tuple[str, str, str]]:
    """Name, value and what helps to read it."""
    if not math.isnan(row.lower):
        yield "distance", bounds(row.lower, row.upper, 4), _DISTANCES[row.kind]
    yield "population", bounds(row.at_least, row.at_most, 3), ""
    if not math.isnan(row.pvalue):
        yield "p-value", _pvalue(row.pvalue), _TESTS[row.test]
        yield "p-value, all columns", _pvalue(row.pvalue_bh), "Benjamini-Hochberg"
    yield from _moments(row, kind)
    yield from _noisy("PSI", row.psi, row.psi_noise)
    yield from _noisy("Jensen-Shannon", row.js, row.js_noise)
    if not math.isnan(row.wasserstein_normed):
        yield "Wasserstein", brief(row.wasserstein_normed), "standard deviations"
    if not math.isnan(row.chi_square):
        freedom = f"{row.chi_square_dof:g} dof"
        yield from _statistic("chi-square", row.chi_square, row.chi_square_pvalue, freedom)
    yield from _statistic("Anderson-Darling", row.anderson_darling, row.anderson_darling_pvalue, "")
    yield from _statistic("Cramér-von Mises", row.cramer_von_mises, row.cramer_von_mises_pvalue, "")
    yield from _shares(row)


def _shares(row: ColumnDrift) -> Iterator[tuple[str, str, str]]:
    if row.reference_new_share > 0 or row.current_new_share > 0:
        name = _NEW[row.kind]
        shares = change(row.reference_new_share, row.current_new_share, arrow=_ARROW)
        yield name, shares, f"at least {row.new_at_least:.1%}"
    if row.reference_null_share > 0 or row.current_null_share > 0:
        shares = change(row.reference_null_share, row.current_null_share, arrow=_ARROW)
        moved = bounds(row.null_at_least, row.null_at_most, 3)
        yield "null", shares, f"by {moved}, p {_pvalue(row.null_pvalue)}"


def _noisy(name: str, value: float, noise: float) -> Iterator[tuple[str, str, str]]:
    if math.isnan(value):
        return
    if math.isnan(noise):
        yield name, f"{value:.3g}", ""
    else:
        hint = "noise up to" if value > noise else "means nothing below"
        yield name, f"{value:.3g}", f"{hint} {noise:.2g}"


def _statistic(name: str, value: float, pvalue: float, more: str) -> Iterator[tuple[str, str, str]]:
    if not math.isnan(value):
        tested = "" if math.isnan(pvalue) else f"p {_pvalue(pvalue)}"
        yield name, brief(value), ", ".join(part for part in (more, tested) if part)


def _moments(row: ColumnDrift, kind: str) -> Iterator[tuple[str, str, str]]:
    unit = time_unit(kind)
    number: Number = brief if unit is None else number_of(kind)
    spread: Number = brief if unit is None else lambda value: _duration(value, unit)
    for name, then, now, write in (
        ("mean", row.reference_mean, row.current_mean, number),
        ("std", row.reference_std, row.current_std, spread),
    ):
        sides = ["—" if math.isnan(value) else write(value) for value in (then, now)]
        if sides != ["—", "—"]:
            yield name, f" {_ARROW} ".join(sides), ""


def _duration(value: float, unit: str) -> str:
    """A difference of two times, in the largest unit that it fills."""
    seconds = value / per_second(unit)
    size, name = next((pair for pair in _DURATIONS if abs(seconds) >= pair[0]), _DURATIONS[-1])
    return f"{brief(seconds / size)} {name}"


def _pvalue(value: float) -> str:
    if math.isnan(value):
        return "—"
    return "< 1e-300" if value == 0 else f"{value:.2g}"
