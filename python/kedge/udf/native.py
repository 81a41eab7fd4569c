"""Functions of one row or state, made into machine code over many: what the core calls.

What comes out are addresses of functions as `cpp/kedge/window/user_code.h` has them.
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from kedge._core import Unsupported

__all__ = ["Compiled", "Compiler", "Function", "StateCompiler", "numba_module"]

Function = Callable[..., Any]

# As the user's Python has it: a division by zero is no exception, an index out of bounds is one.
_OPTIONS = {"error_model": "numpy", "boundscheck": True}

# Called with the addresses of arrays; {views} are the inputs' arrays, {read} their values at row i.
_STEP = """
def block(states, offset, values, keep, length):
    at = addresses(states)
    inputs = addresses(values)
    {views}
    if keep:
        kept = flags(keep)
        for i in range(length):
            if kept[i]:
                step(record(at[i] + offset), {read})
    else:
        for i in range(length):
            step(record(at[i] + offset), {read})
"""
_MERGE = """
def block(into, other, stride, length):
    for i in range(length):
        merge(record(into + i * stride), record(other + i * stride))
"""
_PREPEND = """
def block(into, before, stride, length, scratch):
    for i in range(length):
        copy(scratch, into + i * stride)
        copy(into + i * stride, before + i * stride)
        merge(record(into + i * stride), record(scratch))
"""
_APPLY = """
def block(values, keep, length, out, valid):
    inputs = addresses(values)
    out_at = results(out)
    valid_at = flags(valid)
    {views}
    kept = flags(keep)
    for i in range(length):
        valid_at[i] = 0
        out_at[i] = 0
        if keep == 0 or kept[i]:
            value = function({read})
            if value is not None:
                out_at[i] = value
                valid_at[i] = 1
"""
_FINISH = """
def block(states, offset, length, values, valid):
    at = addresses(states)
    value_at = results(values)
    valid_at = flags(valid)
    for i in range(length):
        value = finish(record(at[i] + offset))
        valid_at[i] = 0
        if value is not None:
            value_at[i] = value
            valid_at[i] = 1
"""
# What a function raises cannot leave machine code but as a number.
_GUARD = """
def guarded({arguments}):
    try:
        block({arguments})
    except Exception:
        return 1
    return 0
"""


def numba_module(needed_by: str) -> Any:
    """Numba, which is imported when it is first needed: it takes its time.

    Raises:
        Unsupported: it is not installed.
    """
    try:
        import numba
        import numba.extending
    except ImportError as error:
        raise Unsupported(
            f"{needed_by} needs Numba, which is not here ({error}): pip install 'kedge[numba]'"
        ) from None
    return numba


@dataclass(frozen=True)
class Compiled:
    """A function in machine code. It is there as long as `keep` is."""

    address: int
    keep: object


class Compiler:
    """Compiles functions of rows, each when it is asked for.

    Args:
        name: whose they are, for errors.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._numba = numba_module(name)
        types = self._numba.types
        self._names: dict[str, Any] = {
            "addresses": self._view(types.CPointer(types.intp)),
            "flags": self._view(types.CPointer(types.uint8)),
        }

    def column(self, function: Function, inputs: Sequence[str]) -> tuple[Compiled, str]:
        """Of inputs that are "float64", "int64", "uint64" or "bool", and the type of the values."""
        made = self._jit(function)
        found = self._check("", made, [self._type(kind) for kind in inputs])
        names, views, read = self._inputs(inputs)
        names["results"], result = self._results("", found)
        source = _APPLY.format(views=views, read=read)
        arguments = "values, keep, length, out, valid"
        return self._compiled("", source, arguments, {**names, "function": made}), result

    def _inputs(self, inputs: Sequence[str]) -> tuple[dict[str, Any], str, str]:
        """What a block's source needs to read its inputs: names, arrays and values."""
        types = self._numba.types
        stored = [types.int64 if kind == "bool" else self._type(kind) for kind in inputs]
        names = {f"view{i}": self._view(types.CPointer(kind)) for i, kind in enumerate(stored)}
        views = "\n    ".join(f"x{i} = view{i}(inputs[{i}])" for i in range(len(inputs)))
        reads = [f"x{i}[i]" + (" != 0" if kind == "bool" else "") for i, kind in enumerate(inputs)]
        return names, views, ", ".join(reads)

    def _results(self, what: str, found: Any) -> tuple[Any, str]:
        """How a function's answers are stored, and their type as numpy names it."""
        types = self._numba.types
        result = _result(getattr(found, "type", found), types)
        if result is None:
            raise Unsupported(
                f"{self._place(what)} gives {found}, expected a float, an integer, a bool or None"
            )
        stored = types.uint64 if result == "bool" else self._type(result)
        return self._view(types.CPointer(stored)), result

    def _place(self, what: str) -> str:
        return f"{self._name}.{what}" if what else self._name

    def _type(self, name: str) -> Any:
        types = self._numba.types
        return types.boolean if name == "bool" else getattr(types, name)

    def _jit(self, function: Function) -> Any:
        return self._numba.njit(**_OPTIONS)(getattr(function, "py_func", function))

    def _check(self, what: str, made: Any, arguments: Sequence[Any]) -> Any:
        """The type of what a function gives."""
        signature = tuple(arguments)
        self._attempt(what, lambda: made.compile(signature))
        return made.overloads[signature].signature.return_type

    def _attempt(self, what: str, run: Callable[[], Any]) -> Any:
        """What Numba finds wrong comes out with the function's name before it."""
        try:
            return run()
        except Exception as error:  # noqa: BLE001  whatever Numba throws is its reason
            reason = textwrap.indent(str(error).strip(), "  ")
            raise Unsupported(f"{self._place(what)}: Numba cannot compile it:\n{reason}") from None

    def _compiled(
        self, what: str, source: str, arguments: str, names: Mapping[str, Any]
    ) -> Compiled:
        block = self._made(source, "block", names)
        namespace: dict[str, Any] = {"block": block}
        exec(_GUARD.format(arguments=arguments), namespace)  # noqa: S102  a text of this module
        types = self._numba.types
        signature = types.int32(*[types.intp] * len(arguments.split(", ")))
        compile_it = self._numba.cfunc(signature, error_model="numpy")
        native = self._attempt(what, lambda: compile_it(namespace["guarded"]))
        return Compiled(native.address, (native, block, names))

    def _made(self, source: str, name: str, names: Mapping[str, Any]) -> Any:
        namespace = {**self._names, **names}
        exec(source, namespace)  # noqa: S102  likewise
        return self._numba.njit(**_OPTIONS)(namespace[name])

    def _view(self, of: Any) -> Any:
        """Takes an address as a record or an array."""
        intp = self._numba.types.intp

        def view(_: Any, address: Any) -> Any:
            def generate(context: Any, builder: Any, __: Any, arguments: Any) -> Any:
                return builder.inttoptr(arguments[0], context.get_value_type(of))

            return of(intp), generate

        return self._numba.extending.intrinsic(view)


class StateCompiler(Compiler):
    """Compiles the functions of one aggregate.

    Args:
        layout: of its state.
    """

    def __init__(self, name: str, layout: np.dtype[Any]) -> None:
        super().__init__(name)
        self._layout = layout
        self._record = self._numba.from_dtype(layout)
        self._names |= {"record": self._view(self._record), "copy": self._copy()}

    def initial(self, init: Function | None) -> bytes:
        """A state before its first row."""
        state: npt.NDArray[Any] = np.zeros(1, self._layout)
        if init is not None:
            made = self._jit(init)
            self._check("init", made, [self._record])
            start = self._made("def start(states):\n    init(states[0])\n", "start", {"init": made})
            self._attempt("init", lambda: start(state))
        return state.tobytes()

    def step(self, step: Function, inputs: Sequence[str]) -> Compiled:
        """Of inputs that are "float64", "int64", "uint64" or "bool"."""
        made = self._jit(step)
        self._check("step", made, [self._record, *map(self._type, inputs)])
        names, views, read = self._inputs(inputs)
        source = _STEP.format(views=views, read=read)
        arguments = "states, offset, values, keep, length"
        return self._compiled("step", source, arguments, {**names, "step": made})

    def merge(self, merge: Function) -> Compiled:
        """Each state takes in another one behind it."""
        made = self._jit(merge)
        self._check("merge", made, [self._record, self._record])
        return self._compiled("merge", _MERGE, "into, other, stride, length", {"merge": made})

    def prepend(self, merge: Function) -> Compiled:
        """Each state takes in another one ahead of it."""
        names = {"merge": self._jit(merge)}
        return self._compiled("merge", _PREPEND, "into, before, stride, length, scratch", names)

    def finish(self, finish: Function) -> tuple[Compiled, str]:
        """The answers of states, and their type as numpy names it."""
        made = self._jit(finish)
        view, result = self._results("finish", self._check("finish", made, [self._record]))
        arguments = "states, offset, length, values, valid"
        names = {"results": view, "finish": made}
        return self._compiled("finish", _FINISH, arguments, names), result

    def _copy(self) -> Any:
        """Copies a state from one address to another."""
        types, cgutils = self._numba.types, self._numba.core.cgutils
        size = self._layout.itemsize

        def copy(_: Any, to: Any, other: Any) -> Any:
            def generate(context: Any, builder: Any, __: Any, arguments: Any) -> Any:
                to, other = (builder.inttoptr(address, cgutils.voidptr_t) for address in arguments)
                cgutils.raw_memcpy(builder, to, other, context.get_constant(types.intp, size), 1)
                return context.get_dummy_value()

            return types.void(types.intp, types.intp), generate

        return self._numba.extending.intrinsic(copy)


def _result(found: Any, types: Any) -> str | None:
    if isinstance(found, types.Boolean):
        return "bool"
    if isinstance(found, types.Float):
        return "float64"
    if isinstance(found, types.Integer):
        return "int64" if found.signed else "uint64"
    return None
