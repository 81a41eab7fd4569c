"""Drift of whole rows, which no column shows alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain

from kedge import _core
from kedge._core import InvalidArgument, Profile
from kedge.sketch import first_batches
from kedge.sketch import profile as profile_of

__all__ = ["JointDrift", "compare_jointly"]

_EXPLAINED = 0.8  # of the variance, by the components that rows are rebuilt from


@dataclass(frozen=True)
class JointDrift:
    """What `compare_jointly` found.

    Attributes:
        auc: the probability that a model scores a current row above one of the reference, on rows
            it has not learned from; 0.5 when it cannot tell them apart.
        auc_at_least: the populations' is no smaller and no larger than this and the next, together
            with the confidence asked for, at every number of rows.
        auc_at_most: see `auc_at_least`.
        pvalue: of Mann and Whitney's one-sided test of the scores.
        verdict: "yes" when `auc_at_least` exceeds 0.5 + min_effect, "no" when `auc_at_most` does
            not, else "not yet known". A "no" is about what this model found in this many rows.
        importance: columns, and pairs as "a x b", with their share in the difference of the scores,
            in falling order. A pair has a share only in what its columns do not show alone.
        reconstruction_error_reference: the mean squared error, in variances a column, that the
            reference's principal components leave of its own rows, on rows they were not made of.
            NaN with fewer than two columns of numbers.
        reconstruction_error_current: that of the current rows.
        reconstruction_error_deviation: the standard error of the difference of these two.
        reconstruction_at_least: the Kolmogorov-Smirnov distance of the two populations of errors
            is between this and the next, with the confidence asked for.
        reconstruction_at_most: see `reconstruction_at_least`.
        components: how many components there are.
        reference_rows: how many rows there were.
        current_rows: likewise.
        learned_rows: of both sides, how many the model learned from.
        judged_rows: and how many it was judged on.
    """

    auc: float
    auc_at_least: float
    auc_at_most: float
    pvalue: float
    verdict: str
    importance: tuple[tuple[str, float], ...]
    reconstruction_error_reference: float
    reconstruction_error_current: float
    reconstruction_error_deviation: float
    reconstruction_at_least: float
    reconstruction_at_most: float
    components: int
    reference_rows: int
    current_rows: int
    learned_rows: int
    judged_rows: int

    @property
    def drifted(self) -> bool:
        """Whether the verdict is "yes"."""
        return self.verdict == "yes"


def _parts(data: object) -> Iterable[object]:
    if isinstance(data, Iterator):
        return data
    if hasattr(data, "to_batches") and not hasattr(data, "__arrow_c_stream__"):
        batches: Iterable[object] = data.to_batches()
        return batches
    return (data,)


def compare_jointly(
    reference_data: object,
    current_data: object,
    *,
    profile: Profile | None = None,
    min_effect: float = 0.05,
    confidence: float = 0.99,
) -> JointDrift:
    """What changed from `reference_data` to `current_data` in how columns go together.

    Both are what `kedge.profile` takes, iterators of batches included. `profile` names the columns
    and their cells; without it, one is made of the reference. Whole rows are needed, so profiles do
    not do; of each side at most 65 536 rows are kept, drawn by a hash of their places.

    A logistic regression learns from one half of these rows to tell the sides apart, from each
    column's bins and from crosses of up to 64 pairs of columns: those, of all pairs, whose
    dependence changed most. The other half judges it. A text column counts by its length. Beside
    it, the reference's principal components rebuild the rows from their columns of numbers.

    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> x, y = rng.normal(size=(2, 20_000))
    >>> found = compare_jointly({"x": x, "y": x + y}, {"x": x, "y": y - x})
    >>> found.verdict, found.importance[0][0]
    ('yes', 'x x y')

    Raises:
        InvalidArgument: a column is missing, there are more than 512, `min_effect` is not from 0 to
            below 1, or `confidence` not between 0 and 1.
    """
    if profile is None:
        if isinstance(reference_data, Iterator):
            first = first_batches(reference_data)
            profile = profile_of(iter(first))
            reference_data = chain(first, reference_data)
        else:
            profile = profile_of(reference_data)
    elif not isinstance(profile, Profile):
        raise InvalidArgument("profile must be a Profile; make one with kedge.profile(data)")
    joint = _core.Joint(profile)
    for part in _parts(reference_data):
        joint.add_reference(part)
    for part in _parts(current_data):
        joint.add_current(part)
    return JointDrift(**joint.result(min_effect, confidence, _EXPLAINED))
