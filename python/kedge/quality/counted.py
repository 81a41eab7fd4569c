"""What everything that counts quality has: rows in, counts that merge, bytes out."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from kedge._core import InvalidArgument, QualityCounts

__all__ = ["Counted", "listed", "ratio"]

if TYPE_CHECKING:
    from typing_extensions import Self


class Counted:
    """Counts of one kind; what they come to is the subclass's."""

    _KINDS: tuple[str, ...] = ()

    __hash__ = None  # type: ignore[assignment]  # equal by value and changeable

    def __init__(self, counts: QualityCounts) -> None:
        self._counts = counts

    def update(self, data: object) -> None:
        """Count every row of `data`, or none when one of them is wrong.

        `data` is anything with an Arrow protocol method, or a dict of columns. A null or NaN is a
        value that is missing: such rows are counted apart.
        """
        self._counts.update(data)

    def merge(self, other: Self) -> None:
        """Add what another of the same definition has counted."""
        self._counts.merge(other._counts)

    def subtract(self, other: Self) -> None:
        """Take away what another has counted, for windows that slide; its rows must be in here."""
        self._counts.subtract(other._counts)

    def like(self) -> Self:
        """One of the same definition that has counted nothing."""
        return self._of(self._counts.like())

    def to_bytes(self) -> bytes:
        """The stored form: equal for equal rows, in whatever order and split they came."""
        return self._counts.to_bytes()

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Read the stored form."""
        return cls._of(QualityCounts.from_bytes(data))

    @classmethod
    def _of(cls, counts: QualityCounts) -> Self:
        if counts.definition["kind"] not in cls._KINDS:
            raise InvalidArgument(f"{cls.__name__}: these are counts of another kind")
        made = cls.__new__(cls)
        Counted.__init__(made, counts)
        return made

    def __reduce__(self) -> tuple[Any, tuple[bytes]]:
        return type(self).from_bytes, (self.to_bytes(),)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, type(self)):
            return NotImplemented
        return self._counts == other._counts

    @property
    def definition(self) -> dict[str, Any]:
        """The columns and bounds it was made with."""
        return self._counts.definition

    def _all(self) -> int:
        """The index of all rows together."""
        return len(self._counts.parts)

    def _names(self) -> list[str]:
        """The parts that the rows fall into; none when nothing parts them."""
        return self._counts.parts if self.definition["by"] else []


def ratio(part: float, whole: float) -> float:
    """A share, NaN when there is nothing to share."""
    return part / whole if whole else float("nan")


def listed(name: str, values: Iterable[object]) -> list[str]:
    """Names as they are counted; a bool is "true" or "false", as in a profile."""
    if isinstance(values, str):
        raise InvalidArgument(f'{name} = "{values}" is a string; pass a list')
    return [str(value).lower() if isinstance(value, bool) else str(value) for value in values]
