"""Users' code by its name, as the core asks for it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from kedge._core import InvalidArgument
from kedge.window.aggregates import Aggregate

__all__ = [
    "Code",
    "Codes",
    "UserAggregate",
    "UserColumn",
    "columns_of",
]


class Code(Protocol):
    """What a user's aggregate or column is made by; `kedge.aggregate` and `kedge.column` do."""

    @property
    def code(self) -> str:
        """What it is called in definitions: "module:Class"."""

    @property
    def hash(self) -> int:
        """Equal for code that does the same."""

    def native(self, inputs: Sequence[str]) -> Any:
        """The machine code for inputs of these types."""

    def __call__(self, *columns: str) -> Any:
        """The aggregate, or column, of some columns."""


class UserColumn(str):
    """A user's code over certain columns, as the name of the column that it computes."""

    made_by: Code
    inputs: tuple[str, ...]

    @staticmethod
    def of(made_by: Code, inputs: tuple[str, ...]) -> UserColumn:
        """The column of this code over these columns."""
        made = UserColumn(f"{made_by.code}({', '.join(inputs)})")
        made.made_by, made.inputs = made_by, inputs
        return made

    @property
    def definition(self) -> dict[str, Any]:
        """As `WindowStream` takes it."""
        made = {"name": str(self), "code": self.made_by.code, "code_hash": self.made_by.hash}
        return {**made, "inputs": list(self.inputs)}


@dataclass(frozen=True)
class UserAggregate(Aggregate):
    """A user's code over certain columns."""

    code: str = ""
    code_hash: int = 0
    inputs: tuple[str, ...] = ()
    made_by: Code | None = field(default=None, repr=False, compare=False)


def columns_of(aggregates: Iterable[Aggregate]) -> list[UserColumn]:
    """The users' columns that some aggregates read, each once, behind those that it reads."""
    found: dict[tuple[str, int, tuple[str, ...]], UserColumn] = {}

    def add(name: str) -> None:
        if isinstance(name, UserColumn):
            for inner in name.inputs:
                add(inner)
            found.setdefault((str(name), name.made_by.hash, name.inputs), name)

    for made in aggregates:
        for name in (made.input, made.of, *getattr(made, "inputs", ())):
            add(name)
    return list(found.values())


class Codes:
    """The code that one window may use.

    Raises:
        InvalidArgument: two of one name differ.
    """

    def __init__(self, made: Iterable[Code]) -> None:
        self._made: dict[str, Code] = {}
        for one in made:
            if not hasattr(one, "native"):
                raise InvalidArgument(
                    f"aggregates: expected what @kedge.aggregate or @kedge.column made, got {one!r}"
                )
            if self._made.setdefault(one.code, one).hash != one.hash:
                raise InvalidArgument(f"aggregates: two that differ are called {one.code!r}")

    @classmethod
    def of(cls, aggregates: Iterable[Aggregate], columns: Iterable[UserColumn]) -> Codes:
        """What some aggregates and columns need."""
        users = [made for made in aggregates if isinstance(made, UserAggregate)]
        made = [one.made_by for one in users if one.made_by is not None]
        return cls([*made, *(column.made_by for column in columns)])

    @property
    def made(self) -> list[Code]:
        """All of it."""
        return list(self._made.values())

    def hash_of(self, name: str) -> int | None:
        """None when there is no such code."""
        found = self._made.get(name)
        return None if found is None else found.hash

    def code_for(self, name: str, inputs: Sequence[str]) -> Any:
        """An aggregate, compiled for inputs of these types.

        Raises:
            Unsupported: it cannot be compiled, and why.
        """
        return self._made[name].native(inputs)

    column_for = code_for
