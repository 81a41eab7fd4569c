"""`kedge.column`: a function of one row as a computed column."""

from __future__ import annotations

import types
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from kedge._core import InvalidArgument
from kedge.udf.code_hash import Hashed, code_hash, parameters
from kedge.udf.native import Compiled, Compiler
from kedge.window.codes import UserColumn

__all__ = ["ColumnFunction", "NativeColumn", "column"]


@dataclass(frozen=True)
class NativeColumn:
    """A column as `cpp/kedge/window/user_code.h` has it, for inputs of certain types."""

    result: str
    apply: int


class ColumnFunction(Hashed):
    """What `kedge.column` makes of a function. Called with columns it is a column computed of them.

    Attributes:
        function: as it was written.
    """

    def __init__(self, function: Callable[..., Any]) -> None:
        plain = getattr(function, "py_func", function)
        if not isinstance(plain, types.FunctionType):
            raise InvalidArgument(f"column: expected a function, got {function!r}")
        self.__name__ = plain.__name__
        self.__qualname__ = plain.__qualname__
        self.__module__ = plain.__module__
        self.__doc__ = plain.__doc__
        self.function = plain
        self._hash = code_hash(plain)
        if parameters(plain) == 0:
            raise InvalidArgument(f"{self.__name__}: no parameters, expected one for each column")
        self._made: dict[tuple[str, ...], tuple[NativeColumn, Compiled]] = {}

    def __call__(self, *columns: str) -> UserColumn:
        """The column computed of these columns or expressions, as many as the function takes."""
        for name in columns:
            if not isinstance(name, str):
                raise InvalidArgument(f"{self.__name__}: column {name!r} is no string")
        wanted = parameters(self.function)
        if len(columns) != wanted:
            raise InvalidArgument(f"{self.__name__}: {len(columns)} columns, it takes {wanted}")
        return UserColumn.of(self, columns)

    def native(self, inputs: Sequence[str]) -> NativeColumn:
        """The machine code for inputs of these types, compiled when first asked for.

        Raises:
            Unsupported: Numba is not here, or cannot compile it; with its reason.
        """
        key = tuple(inputs)
        made = self._made.get(key)
        if made is None:  # whatever another thread compiled meanwhile stays: it may be in use
            compiled, result = Compiler(self.__name__).column(self.function, key)
            made = self._made.setdefault(key, (NativeColumn(result, compiled.address), compiled))
        return made[0]

    def __repr__(self) -> str:
        return f"<kedge.column {self.code}>"

    def __reduce__(self) -> str:
        return self.__qualname__


def column(function: Callable[..., Any]) -> ColumnFunction:
    """Make a function of one row's values a column that any aggregate takes.

    >>> import kedge
    >>> @kedge.column
    ... def margin(price, cost):
    ...     return (price - cost) / price if price else None
    >>> window = kedge.Window(aggregates={"margin": kedge.mean(margin("price", "cost"))})
    >>> closed = window.push({"price": [10.0, 4.0, 0.0], "cost": [5.0, 3.0, 1.0]})
    >>> window.finish().to_pydict()["margin"]
    [0.375]

    Values come as `help(kedge.udf)` says. The column is null where one of them is, and where the
    function gives None. A function that raises fails the push, which then takes no row.

    Raises:
        InvalidArgument: it is no function of at least one value.
        Unsupported: it reads something whose value cannot be told.
    """
    return ColumnFunction(function)
