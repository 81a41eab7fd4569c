"""Tensors of the Open Inference Protocol: arrays into requests, with raw contents, and back."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from kedge._core import CorruptData, InvalidArgument, Unsupported
from kedge.serve import wire

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["DTYPES", "SERVICE", "array_of", "header_of", "infer_request", "tensor_of", "text_bytes"]

SERVICE = "/inference.GRPCInferenceService/"
_DATATYPES = {
    "bool": "BOOL",
    **{f"uint{bits}": f"UINT{bits}" for bits in (8, 16, 32, 64)},
    **{f"int{bits}": f"INT{bits}" for bits in (8, 16, 32, 64)},
    **{f"float{bits}": f"FP{bits}" for bits in (16, 32, 64)},
}
DTYPES = {datatype: np.dtype(name).newbyteorder("<") for name, datatype in _DATATYPES.items()}


def tensor_of(name: str, values: ArrayLike) -> NDArray[Any]:
    """An array as its tensor holds it.

    Raises:
        InvalidArgument: it is neither numbers nor text.
    """
    array = np.asarray(values)
    if array.dtype.kind in "UO" and all(isinstance(one, str) for one in array.flat):
        return array
    if array.dtype.name not in _DATATYPES:
        raise InvalidArgument(f"tensor {name!r}: expected numbers or text, got {array.dtype}")
    return array.astype(array.dtype.newbyteorder("<"), order="C", copy=False)


def infer_request(
    model: str,
    version: str,
    id: str,
    tensors: Mapping[str, NDArray[Any]],
    outputs: Sequence[str],
) -> bytes:
    """A ModelInferRequest for the outputs that are named, or for the usual ones."""
    request = wire.part(1, model) + wire.part(2, version) + wire.part(3, id)
    for name, tensor in tensors.items():
        request += wire.part(5, _described(name, tensor))
    request += b"".join(wire.part(6, wire.part(1, name)) for name in outputs)
    return request + b"".join(wire.part(7, _contents(tensor)) for tensor in tensors.values())


def header_of(described: bytes) -> tuple[str, str, list[int]]:
    """Name, datatype and shape of a tensor in an answer or in a model's metadata."""
    name = datatype = ""
    shape: list[int] = []
    for field, value in wire.fields(described):
        if isinstance(value, int):
            shape += [value] if field == 3 else []
        elif field == 3:
            shape += wire.varints(value)
        elif field == 1:
            name = value.decode()
        elif field == 2:
            datatype = value.decode()
    return name, datatype, shape


def array_of(described: bytes, raw: bytes) -> tuple[str, NDArray[Any]]:
    """A tensor of an answer, by its name.

    Raises:
        Unsupported: it holds no numbers.
        CorruptData: there are not as many bytes as it says.
    """
    name, datatype, shape = header_of(described)
    if datatype not in DTYPES:
        raise Unsupported(f"output {name!r} is of {datatype}")
    dtype = DTYPES[datatype]
    if len(raw) != math.prod(shape) * dtype.itemsize:
        raise CorruptData(f"output {name!r} of {datatype} {shape} has {len(raw)} bytes")
    return name, np.frombuffer(raw, dtype).reshape(shape)


def text_bytes(element: bytes) -> bytes:
    """An element of BYTES."""
    return len(element).to_bytes(4, "little") + element


def _contents(tensor: NDArray[Any]) -> bytes:
    if tensor.dtype.kind not in "UO":
        return tensor.tobytes()
    return b"".join(text_bytes(text.encode()) for text in tensor.flat)


def _described(name: str, tensor: NDArray[Any]) -> bytes:
    shape = b"".join(wire.varint(length) for length in tensor.shape)
    datatype = _DATATYPES.get(tensor.dtype.name, "BYTES")
    return wire.part(1, name) + wire.part(2, datatype) + wire.part(3, shape)
