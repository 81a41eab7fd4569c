"""What a client says of rows that were scored, and what a server makes of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from kedge.serve import wire

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

__all__ = ["Feedback"]


class Feedback(NamedTuple):
    """What became of labels.

    Attributes:
        accepted: rows whose labels are kept.
        unknown: labels whose request the server does not remember.
        duplicates: labels of requests that had theirs.
        unknown_ids: the first hundred of them.
        duplicate_ids: likewise.
    """

    accepted: int = 0
    unknown: int = 0
    duplicates: int = 0
    unknown_ids: tuple[str, ...] = ()
    duplicate_ids: tuple[str, ...] = ()


def request_of(model: str, labels: Mapping[str, ArrayLike]) -> bytes:
    """A FeedbackRequest."""
    out = [wire.part(1, model)]
    for name, values in labels.items():
        numbers = np.atleast_1d(np.asarray(values, "<f8")).tobytes()
        out.append(wire.part(2, wire.part(1, name) + wire.part(2, numbers)))
    return b"".join(out)


def answer_of(message: bytes) -> Feedback:
    """Of a FeedbackResponse."""
    numbers: dict[int, int] = {}
    names: dict[int, list[str]] = {4: [], 5: []}
    for field, value in wire.fields(message):
        if isinstance(value, int):
            numbers[field] = value
        elif field in names:
            names[field].append(value.decode())
    accepted, unknown, duplicates = (numbers.get(field, 0) for field in (1, 2, 3))
    return Feedback(accepted, unknown, duplicates, tuple(names[4]), tuple(names[5]))
