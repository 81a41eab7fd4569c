"""`kedge.aggregate`: a class of functions as an aggregate of windows."""

from __future__ import annotations

import types
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from kedge._core import InvalidArgument
from kedge.udf.code_hash import Hashed, code_hash, parameters
from kedge.udf.native import Compiled, StateCompiler
from kedge.window.codes import UserAggregate

__all__ = ["AggregateClass", "Native", "aggregate"]

_TYPES = ("int64", "uint64", "float64")
_PARAMETERS = {"init": 1, "merge": 2, "finish": 1}
_MOST_BYTES = 65_536


@dataclass(frozen=True)
class Native:
    """An aggregate as `cpp/kedge/window/user_code.h` has it, for inputs of certain types."""

    initial: bytes
    plain_words: int
    result: str
    step: int
    merge: int
    prepend: int
    finish: int


class AggregateClass(Hashed):
    """What `kedge.aggregate` makes of a class. Called with columns it is an aggregate of them.

    Attributes:
        functions: by their names, as they were written: they run without Numba too, on any object
            with the state's fields.
    """

    def __init__(self, made_from: type) -> None:
        self.__name__ = made_from.__name__
        self.__qualname__ = made_from.__qualname__
        self.__module__ = made_from.__module__
        self.__doc__ = made_from.__doc__
        found = {name: _plain(value) for name, value in vars(made_from).items()}
        self.functions = {
            name: value for name, value in found.items() if isinstance(value, types.FunctionType)
        }
        self._layout = _layout(self.__name__, found.get("state"))
        self._check_functions()
        self._hash = code_hash(self._layout.descr, sorted(self.functions.items()))
        self._made: dict[tuple[str, ...], tuple[Native, list[Compiled]]] = {}

    def __call__(self, *columns: str, where: str = "") -> UserAggregate:
        """The aggregate of these columns or expressions, as many as `step` takes."""
        for column in columns:
            if not isinstance(column, str):
                raise InvalidArgument(f"{self.__name__}: column {column!r} is no string")
        wanted = parameters(self.functions["step"]) - 1
        if len(columns) != wanted:
            raise InvalidArgument(
                f"{self.__name__}: {len(columns)} columns, step takes {wanted} beside the state"
            )
        return UserAggregate(
            "user", "", "", where, code=self.code, code_hash=self.hash, inputs=columns, made_by=self
        )

    def native(self, inputs: Sequence[str]) -> Native:
        """The machine code for inputs of these types, compiled when first asked for.

        Raises:
            Unsupported: Numba is not here, or cannot compile it; with its reason.
        """
        key = tuple(inputs)
        made = self._made.get(key)
        if made is None:  # whatever another thread compiled meanwhile stays: it may be in use
            made = self._made.setdefault(key, self._compile(key))
        return made[0]

    def __repr__(self) -> str:
        return f"<kedge.aggregate {self.code}>"

    def __reduce__(self) -> str:
        return self.__qualname__

    def _compile(self, inputs: tuple[str, ...]) -> tuple[Native, list[Compiled]]:
        compiler = StateCompiler(self.__name__, self._layout)
        of = self.functions
        initial = compiler.initial(of.get("init"))
        step = compiler.step(of["step"], inputs)
        merge, prepend = compiler.merge(of["merge"]), compiler.prepend(of["merge"])
        finish, result = compiler.finish(of["finish"])
        parts = [step, merge, prepend, finish]
        doubles = sum(8 * _length(kind) for kind in _kinds(self._layout) if kind.base == np.float64)
        plain_words = (self._layout.itemsize - doubles) // 8
        return Native(initial, plain_words, result, *(part.address for part in parts)), parts

    def _check_functions(self) -> None:
        for name in ("step", "merge", "finish"):
            if name not in self.functions:
                raise InvalidArgument(f"{self.__name__}: {name} is missing")
        for name, wanted in _PARAMETERS.items():
            if name not in self.functions:
                continue
            found = parameters(self.functions[name])
            if found != wanted:
                raise InvalidArgument(
                    f"{self.__name__}.{name}: {found} parameters, expected {wanted}"
                )
        if parameters(self.functions["step"]) == 0:
            raise InvalidArgument(f"{self.__name__}.step: no parameters, expected a state first")


def aggregate(made_from: type) -> AggregateClass:
    """Make a class an aggregate: `help(kedge.udf)` says what is in it.

    >>> import kedge
    >>> @kedge.aggregate
    ... class SumOfCubes:
    ...     state = {"total": "float64"}
    ...     def step(state, x):
    ...         state.total += x * x * x
    ...     def merge(into, other):
    ...         into.total += other.total
    ...     def finish(state):
    ...         return state.total
    >>> window = kedge.Window(time="ts", every="10s",
    ...                       aggregates={"cubes": SumOfCubes("amount", where="status == 'ok'")})

    Raises:
        InvalidArgument: a function is missing or has other parameters, or the state is none.
        Unsupported: the code reads something whose value cannot be told.
    """
    return AggregateClass(made_from)


def _plain(value: object) -> object:
    if isinstance(value, staticmethod):
        value = value.__func__
    return getattr(value, "py_func", value)


def _layout(name: str, state: object) -> np.dtype[Any]:
    """The state's fields, integers first: what else has a sign that differs between machines."""
    if not isinstance(state, dict) or not state:
        raise InvalidArgument(
            f'{name}.state = {state!r}: expected a dict such as {{"total": "float64"}}'
        )
    fields = [(field, *_kind(f"{name}.state[{field!r}]", kind)) for field, kind in state.items()]
    for field, *_ in fields:
        if not isinstance(field, str) or not field.isidentifier():
            raise InvalidArgument(f"{name}.state: {field!r} is no name of a field")
    fields.sort(key=lambda one: one[1] == "float64")
    layout = np.dtype([(field, kind, shape) for field, kind, shape in fields], align=True)
    if layout.itemsize > _MOST_BYTES:
        raise InvalidArgument(f"{name}.state: {layout.itemsize} bytes, at most {_MOST_BYTES}")
    return layout


def _kind(place: str, kind: object) -> tuple[str, tuple[int, ...]]:
    scalar, length = kind if isinstance(kind, tuple) and len(kind) == 2 else (kind, None)
    if scalar not in _TYPES:
        raise InvalidArgument(f"{place} = {kind!r}: expected one of {', '.join(_TYPES)}")
    if length is None:
        return scalar, ()
    if not isinstance(length, int) or isinstance(length, bool) or length <= 0:
        raise InvalidArgument(f"{place} = {kind!r}: the length is no whole number above 0")
    if length > _MOST_BYTES // 8:
        raise InvalidArgument(f"{place} = {kind!r}: longer than {_MOST_BYTES // 8}")
    return scalar, (length,)


def _kinds(layout: np.dtype[Any]) -> list[np.dtype[Any]]:
    return [layout[name] for name in layout.names or ()]


def _length(kind: np.dtype[Any]) -> int:
    return int(np.prod(kind.shape))
