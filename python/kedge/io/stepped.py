"""A source whose partitions hold messages: read in step, and decoded by the batch."""

from __future__ import annotations

import time
from abc import abstractmethod
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from operator import methodcaller
from typing import Any, Generic, TypeVar

from kedge.io.in_step import InStep
from kedge.io.values import Values
from kedge.loop.ports import Batch, Options, Rejected, Source

__all__ = ["Reading", "SteppedSource"]

_Part = TypeVar("_Part", bound=Hashable)


@dataclass(frozen=True)
class Reading:
    """From where to where partitions are read.

    Attributes:
        start: "earliest" or "latest", where there is no snapshot.
        follow: go on when all is read that was there.
        in_step: seconds by which a partition may run ahead.
    """

    start: str = "earliest"
    follow: bool = True
    in_step: float = 60.0

    @classmethod
    def of(cls, options: Options) -> Reading:
        """As a `[source]` says it."""
        start = options.text("start", "earliest")
        if start not in ("earliest", "latest"):
            raise options.error("start", 'expected "earliest" or "latest"')
        return cls(start, options.flag("follow", True), options.seconds("in_step", "1m"))


class SteppedSource(Source, Generic[_Part]):
    """Its messages say their `value()`, `offset()` and `timestamp()`.

    Args:
        parts: the partitions.
        values: what decodes values.
        reading: from where to where.
    """

    _value: Callable[[Any], bytes | None] = staticmethod(methodcaller("value"))

    def __init__(self, parts: Sequence[_Part], values: Values, reading: Reading) -> None:
        self.is_endless, self.partitions = reading.follow, len(parts)
        self._place = {part: place for place, part in enumerate(parts)}
        self._values = values
        self._waiting: InStep[_Part] = InStep(1000 * reading.in_step)

    def read(self, rows: int, wait: float) -> Batch | None:
        """What is fetched of one partition, `rows` messages at most."""
        until = time.monotonic() + wait
        while (found := self._waiting.next(rows)) is None:
            left = until - time.monotonic()
            if left <= 0 or self._has_ended():
                break
            self._fetch(rows, left)
        if found is not None:
            return self._decoded(*found)
        return None if self._has_ended() else Batch()

    @abstractmethod
    def _fetch(self, rows: int, wait: float) -> None:
        """Let messages wait; return when there are some, or after `wait` seconds."""

    @abstractmethod
    def _has_ended(self) -> bool:
        """Without `follow`: whether all is read that was there at the start."""

    def _name(self, part: _Part) -> str:
        """What people call a partition."""
        return str(part)

    @abstractmethod
    def _passed(self, part: _Part, messages: Sequence[Any], size: int) -> None:
        """These, which have so many bytes, are behind the position from here on."""

    def _decoded(self, part: _Part, messages: Sequence[Any]) -> Batch:
        values: list[bytes | None] = list(map(self._value, messages))
        table, wrong = self._values.decode(values)
        self._passed(part, messages, sum(map(len, filter(None, values))))
        rejected = [
            Rejected(self._name(part), messages[at].offset(), reason, values[at] or b"")
            for at, reason in wrong.items()
        ]
        return Batch(table, self._place[part], rejected)
