"""The area under the ROC curve by its definition: every current score against every reference."""

from __future__ import annotations

import numpy as np


def area(reference: np.ndarray, current: np.ndarray) -> float:
    """The share of pairs in which the current score is the higher one, ties half."""
    difference = current[:, None] - reference[None, :]
    return float(np.mean((difference > 0) + 0.5 * (difference == 0)))
