"""What a point-in-time join must give, one label at a time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

Row = dict[str, Any]


def as_of(
    features: Sequence[Row],
    labels: Sequence[Row],
    *,
    by: Sequence[str],
    on: str,
    tolerance: int | None = None,
    strict: bool = False,
    match_nulls: bool = False,
) -> list[int | None]:
    """Of each label the place of its feature: the newest of its keys, the last among equals."""

    def fits(feature: Row, label: Row) -> bool:
        if feature[on] is None or label[on] is None:
            return False
        for name in by:
            if feature[name] != label[name] or (feature[name] is None and not match_nulls):
                return False
        age = label[on] - feature[on]
        return age >= strict and (tolerance is None or age <= tolerance)

    answer = []
    for label in labels:
        fitting = [place for place, feature in enumerate(features) if fits(feature, label)]
        answer.append(max(fitting, key=lambda place: (features[place][on], place), default=None))
    return answer
