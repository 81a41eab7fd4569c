"""The newest rows of a stream by their definition: all updates kept, and looked through."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TypeVar

__all__ = ["sliding", "tumbling"]

Rows = TypeVar("Rows")

_GRAIN = 64


def sliding(updates: Sequence[tuple[float, Rows]], length: float) -> list[Rows]:
    """Of (when, rows), when rising: those within `length` of the last, and those that share their
    64th of the length, by its first update, with one of them."""
    panes: list[list[tuple[float, Rows]]] = []
    for when, rows in updates:
        if panes and panes[-1][-1][0] <= when - length:
            panes = []
        if panes and when - panes[-1][0][0] < length / _GRAIN:
            panes[-1].append((when, rows))
        else:
            panes.append([(when, rows)])
    now = updates[-1][0]
    return [rows for pane in panes if pane[-1][0] > now - length for _, rows in pane]


def tumbling(updates: Sequence[tuple[float, Rows]], length: float) -> list[Rows]:
    """Those since the last multiple of the length."""
    begin = math.floor(updates[-1][0] / length)
    return [rows for when, rows in updates if math.floor(when / length) == begin]
