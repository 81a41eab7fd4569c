"""Requests of the Open Inference Protocol for any model: what it says of its inputs, filled with
rows of a file or with random ones, as raw contents, which is how Triton's client sends them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kedge._core import InvalidArgument
from kedge.serve import Client, wire
from kedge.serve.tensors import DTYPES, SERVICE, header_of, infer_request, tensor_of
from kedge.sla.target import Target

__all__ = [
    "Input",
    "columns_of",
    "inputs_of",
    "mixed",
    "random_requests",
    "request",
    "row_requests",
]

_INPUT = re.compile(r"([^:]+):([A-Z0-9]+):([\d,x]*)")
_RANDOM = 64  # different requests, so that no cache of answers is measured


@dataclass(frozen=True)
class Input:
    """A tensor that a model takes; the first of its shape is rows, where it is -1."""

    name: str
    datatype: str
    shape: tuple[int, ...]

    @classmethod
    def parse(cls, text: str) -> Input:
        """From name:FP32:28, the shape without its rows.

        Raises:
            InvalidArgument: it is not of that form.
        """
        found = _INPUT.fullmatch(text)
        if found is None:
            raise InvalidArgument(f"--input {text!r}: expected name:FP32:28")
        own = tuple(int(size) for size in re.split("[,x]", found[3]) if size)
        return cls(found[1], found[2], (-1, *own))

    def shape_of(self, rows: int) -> tuple[int, ...]:
        """With so many rows, and one of whatever else is open."""
        if not self.shape:
            return (rows,)
        return (rows, *(max(size, 1) for size in self.shape[1:]))


def inputs_of(client: Client, target: Target) -> tuple[Input, ...]:
    """What a server says that the model takes."""
    asked = wire.part(1, target.model) + wire.part(2, target.version)
    answer = client._call(SERVICE + "ModelMetadata", asked)
    return tuple(_input(value) for field, value in wire.fields(answer) if field == 4)


def request(
    target: Target, tensors: Mapping[str, NDArray[Any]], outputs: Sequence[str] = ()
) -> bytes:
    """A ModelInferRequest, of all outputs unless some are named."""
    checked = {name: tensor_of(name, values) for name, values in tensors.items()}
    return infer_request(target.model, target.version, "", checked, outputs)


def random_requests(target: Target, inputs: Sequence[Input], rows: int) -> list[bytes]:
    """Requests of so many rows of normal numbers, or small whole ones."""
    if not inputs:
        raise InvalidArgument(f"{target.model} says nothing of its inputs: --input name:FP32:28")
    random = np.random.default_rng(rows)
    return [
        request(target, {one.name: _values(one, rows, random) for one in inputs})
        for _ in range(_RANDOM)
    ]


def row_requests(
    target: Target, inputs: Sequence[Input], columns: Mapping[str, NDArray[Any]], rows: int
) -> list[bytes]:
    """Requests of so many rows each of a table, in its order.

    Columns of the inputs' names are these; else all numbers go side by side into the one input.

    Raises:
        InvalidArgument: the columns are not what the model takes.
    """
    count = len(next(iter(columns.values()), np.empty(0)))
    if count < rows:
        raise InvalidArgument(f"the data has {count} rows, a request {rows}")
    if inputs and all(one.name in columns for one in inputs):
        wanted = {one.name: _typed(one, columns[one.name]) for one in inputs}
    elif len(inputs) == 1:
        wanted = {inputs[0].name: _typed(inputs[0], _matrix(inputs[0], columns))}
    else:
        missing = [one.name for one in inputs if one.name not in columns]
        raise InvalidArgument(f"the data lacks columns {', '.join(missing) or 'of any input'}")
    return [
        request(target, {name: values[at : at + rows] for name, values in wanted.items()})
        for at in range(0, count - rows + 1, rows)
    ]


def mixed(groups: Sequence[Sequence[bytes]]) -> list[bytes]:
    """Requests of several sizes in turn, equally often."""
    longest = max(map(len, groups), default=0)
    return [group[i % len(group)] for i in range(longest) for group in groups]


def columns_of(path: Path) -> dict[str, NDArray[Any]]:
    """A file's columns, all rows of it.

    Raises:
        InvalidArgument: it cannot be read, or has a null.
    """
    import pyarrow as pa

    from kedge.io import open_table

    table = pa.Table.from_batches(open_table(path).to_batches())
    nulls = [name for name in table.column_names if table[name].null_count]
    if nulls:
        raise InvalidArgument(f'"{path}": column "{nulls[0]}" has nulls, which no tensor holds')
    return {name: table[name].to_numpy() for name in table.column_names}


def _matrix(one: Input, columns: Mapping[str, NDArray[Any]]) -> NDArray[Any]:
    numbers = {name: values for name, values in columns.items() if values.dtype.kind in "iufb"}
    width = one.shape[1] if len(one.shape) > 1 else 1
    if width > 0 and len(numbers) != width:
        raise InvalidArgument(
            f"input {one.name!r} takes {width} features, the data has {len(numbers)} of numbers"
        )
    return np.column_stack(list(numbers.values()))


def _typed(one: Input, values: NDArray[Any]) -> NDArray[Any]:
    if one.datatype == "BYTES":
        text = np.asarray(values, object)
        return text[:, None] if len(one.shape) == 2 else text
    typed = values.astype(_dtype(one))
    return typed[:, None] if len(one.shape) == 2 and typed.ndim == 1 else typed


def _values(one: Input, rows: int, random: np.random.Generator) -> NDArray[Any]:
    shape = one.shape_of(rows)
    if one.datatype == "BYTES":
        raise InvalidArgument(f"input {one.name!r} is text: random text says nothing, give --data")
    dtype = _dtype(one)
    if dtype.kind == "f":
        return random.normal(size=shape).astype(dtype)
    return random.integers(0, 2 if dtype.kind == "b" else 10, shape).astype(dtype)


def _dtype(one: Input) -> np.dtype[Any]:
    if one.datatype not in DTYPES:
        raise InvalidArgument(f"input {one.name!r} is of {one.datatype}: expected FP32 or the like")
    dtype: np.dtype[Any] = DTYPES[one.datatype]
    return dtype


def _input(message: int | bytes) -> Input:
    assert isinstance(message, bytes)
    name, datatype, shape = header_of(message)
    return Input(name, datatype, tuple(size - (1 << 64) if size >> 63 else size for size in shape))
