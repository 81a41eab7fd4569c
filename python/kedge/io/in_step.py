"""Partitions in step: what was fetched of each, given out so that none runs ahead in time.

A window lets go of a partition that is far behind the newest row of all. So partitions that hold
much, after a pause or in a replay, must not be read one after the other: the rows of the last would
all be late. Here the partition whose next message is the oldest comes first, up to `step` past the
next message of the others; and a partition that is known to have more, of which nothing has been
fetched, is waited for.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Hashable, Iterable, Sequence
from typing import Any, Generic, TypeVar

__all__ = ["InStep"]

_Part = TypeVar("_Part", bound=Hashable)


class InStep(Generic[_Part]):
    """Messages that wait, by partition; their times only serve to choose between partitions.

    Args:
        step: in milliseconds.
    """

    def __init__(self, step: float) -> None:
        self._step = step
        self._waiting: dict[_Part, list[Any]] = {}
        self._given: dict[_Part, int] = {}
        self._behind: set[_Part] = set()

    def assign(self, parts: Iterable[_Part]) -> None:
        """These partitions from here on; nothing waits, and more is expected of each."""
        self._given = dict.fromkeys(parts, 0)
        self._behind, self._waiting = set(self._given), {}

    def add(self, part: _Part, messages: Sequence[Any]) -> None:
        """Take what was fetched; of partitions that are not assigned, nothing."""
        if part in self._given and messages:
            self._waiting.setdefault(part, []).extend(messages)
            self._behind.add(part)

    def caught_up(self, part: _Part) -> None:
        """There is no more, until something is added."""
        self._behind.discard(part)

    def __bool__(self) -> bool:
        return bool(self._waiting)

    def is_held(self) -> bool:
        """Whether something has to be fetched before it can go on."""
        return not self._waiting or any(part not in self._waiting for part in self._behind)

    def crowded(self, most: int) -> list[_Part]:
        """Those of which more than `most` messages wait."""
        return [part for part, messages in self._waiting.items() if len(messages) > most]

    def next(self, rows: int) -> tuple[_Part, list[Any]] | None:
        """Messages of one partition, in their order, `rows` at most; None while it is held."""
        if self.is_held():
            return None
        heads = {part: (_time(it[0]), self._given[part]) for part, it in self._waiting.items()}
        part = min(heads, key=lambda it: heads[it])
        messages = self._waiting.pop(part)
        others = [head for it, (head, _) in heads.items() if it != part]
        count = min(rows, len(messages))
        if self._given[part] == 0:
            # A partition without a row does not count for the window: each begins with one.
            count = 1
        elif others:
            limit = min(others) + self._step
            count = max(1, bisect_right(messages, limit, hi=count, key=_time))
        if count < len(messages):
            self._waiting[part] = messages[count:]
        self._given[part] += count
        return part, messages[:count]


def _time(message: Any) -> int:
    time: int = message.timestamp()[1]
    return time
