"""What a function does, as a number: equal for equal code, whatever the process."""

from __future__ import annotations

import dis
import hashlib
import types
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from kedge._core import Unsupported

__all__ = ["Hashed", "code_hash"]


class Hashed:
    """A user's code by its name, and what it does by a hash."""

    __module__: str
    __qualname__: str
    _hash: int

    @property
    def code(self) -> str:
        """What it is called in definitions: "module:Class" or "module:function"."""
        return f"{self.__module__}:{self.__qualname__}"

    @property
    def hash(self) -> int:
        """Equal for code that does the same, in every process of one minor version of Python."""
        return self._hash


def code_hash(*parts: object) -> int:
    """64 bits of functions and plain values.

    Of a function they tell its instructions, constants, names, defaults and the globals that it
    reads, of which functions count as what they do in turn. Comments and where it stands do not
    count.

    Raises:
        Unsupported: it reads something whose value cannot be told.
    """
    seen = hashlib.blake2b(digest_size=8)
    for text in _texts(parts, ()):
        seen.update(f"{len(text)}:{text}".encode())
    return int.from_bytes(seen.digest(), "little")


def _texts(value: object, inside: tuple[object, ...]) -> Iterator[str]:
    value = getattr(value, "py_func", value)  # what Numba has compiled already
    if any(value is outer for outer in inside):
        yield "itself"
    elif isinstance(value, types.FunctionType):
        yield from _function_texts(value, (*inside, value))
    elif isinstance(value, types.CodeType):
        yield from _code_texts(value, inside)
    elif value is None or isinstance(value, bool | int | float | complex | str | bytes | slice):
        yield f"{type(value).__name__} {value!r}"
    elif value is Ellipsis:
        yield "..."
    elif isinstance(value, tuple | list):
        yield f"{type(value).__name__} {len(value)}"
        for entry in value:
            yield from _texts(entry, inside)
    elif isinstance(value, frozenset):
        yield f"set {sorted(map(repr, value))}"
    elif isinstance(value, dict):
        yield f"dict {len(value)}"
        for name, entry in value.items():
            yield from _texts((name, entry), inside)
    elif isinstance(value, np.ndarray | np.generic):
        yield f"{value.dtype} {value.shape} {value.tobytes().hex()}"
    elif isinstance(value, types.ModuleType):
        yield f"module {value.__name__}"
    elif isinstance(value, type | types.BuiltinFunctionType | np.ufunc):
        yield f"{getattr(value, '__module__', '')} {value.__name__}"
    else:
        raise Unsupported(f"its code uses {value!r}, whose value has no name of its own")


def _function_texts(function: types.FunctionType, inside: tuple[object, ...]) -> Iterator[str]:
    yield from _texts(function.__code__, inside)
    yield from _texts(function.__defaults__, inside)
    cells = function.__closure__ or ()
    yield from _texts([cell.cell_contents for cell in cells], inside)
    for name in _globals_read(function.__code__):
        if name in function.__globals__:
            yield name
            yield from _texts(function.__globals__[name], inside)


def _code_texts(code: types.CodeType, inside: tuple[object, ...]) -> Iterator[str]:
    yield code.co_code.hex()
    yield repr((code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars))
    yield repr((code.co_argcount, code.co_kwonlyargcount, code.co_flags))
    yield from _texts(code.co_consts, inside)


def _globals_read(code: types.CodeType) -> list[str]:
    """The names, those of functions inside included; an attribute of the same name is none."""
    names: dict[str, None] = {}
    for instruction in dis.get_instructions(code):
        if instruction.opname in ("LOAD_GLOBAL", "LOAD_NAME"):
            names[instruction.argval] = None
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            names |= dict.fromkeys(_globals_read(constant))
    return list(names)


def parameters(function: Callable[..., Any]) -> int:
    """How many a function that is called by position takes."""
    return function.__code__.co_argcount
