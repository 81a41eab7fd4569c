"""Exact tests of two samples."""

from __future__ import annotations

from dataclasses import dataclass

from kedge import _core

__all__ = ["ChiSquareResult", "KsResult", "chi_square_test", "ks_test"]


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
class ChiSquareResult:
    """What `chi_square_test` found.

    Attributes:
        statistic: Pearson's.
        pvalue: how likely samples of one distribution are to differ at least so much; from the
            limit, which is good from about five expected values in each category on.
        dof: degrees of freedom, one less than there are categories with a value.
    """

    statistic: float
    pvalue: float
    dof: int


def chi_square_test(x: object, y: object) -> ChiSquareResult:
    """The two-sample chi-square test of homogeneity, on categories or their counts.

    `x` and `y` are two columns of strings (or of dictionaries), or two lists of counts, one for
    each category in the same order.

    Equal to `scipy.stats.chi2_contingency([x, y], correction=False)`. Neither sample is taken for
    the truth, and they may differ in size. Categories that neither has are left out; where a sample
    is empty, or has one category only that the other has too, the p-value is 1.

    >>> result = chi_square_test([30, 50, 20], [45, 35, 20])
    >>> round(result.statistic, 4), round(result.pvalue, 4), result.dof
    (5.6471, 0.0594, 2)

    Raises:
        InvalidArgument: a count is negative, fractional, null or not finite, or the lengths differ.
        Unsupported: one of the two is neither.
    """
    return ChiSquareResult(*_core.chi_square_test(x, y))
