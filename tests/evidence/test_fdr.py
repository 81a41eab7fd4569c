"""Adjusted p-values equal SciPy's; tests that were not made do not count."""

from __future__ import annotations

import math

import numpy as np
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st

import kedge
from kedge import _core

PVALUES = st.lists(st.floats(0, 1) | st.sampled_from([0.0, 0.01, 0.5, 1.0, math.nan]), max_size=30)


@given(PVALUES)
def test_adjusted_pvalues_equal_scipy(pvalues: list[float]) -> None:
    made = ~np.isnan(pvalues)
    known = np.array(pvalues)[made]
    for ours, theirs in (
        (_core.benjamini_hochberg(pvalues), scipy.stats.false_discovery_control),
        (_core.bonferroni(pvalues), lambda p: np.minimum(1, p * len(p))),
    ):
        assert np.array_equal(np.isnan(ours), ~made)
        if len(known):
            assert np.array(ours)[made] == pytest.approx(theirs(known), rel=1e-14)


@given(PVALUES)
def test_adjusting_keeps_the_order_and_only_raises(pvalues: list[float]) -> None:
    for adjust in (_core.benjamini_hochberg, _core.bonferroni):
        rows = sorted(
            (p, q) for p, q in zip(pvalues, adjust(pvalues), strict=True) if not math.isnan(p)
        )
        assert all(p <= q <= 1 for p, q in rows)
        assert [q for _, q in rows] == sorted(q for _, q in rows)


def test_what_is_no_probability_is_refused() -> None:
    for adjust in (_core.benjamini_hochberg, _core.bonferroni):
        with pytest.raises(kedge.InvalidArgument, match=r"pvalues\[1\] = 1.5: must be from 0 to 1"):
            adjust([0.5, 1.5])
        with pytest.raises(kedge.InvalidArgument, match=r"pvalues\[0\] = -0.1"):
            adjust([-0.1])
