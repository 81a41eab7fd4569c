"""Requests read by hand say what protobuf's own messages say."""

from __future__ import annotations

import math
import struct
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import kedge
from kedge._core import echo_infer_request, read_infer_request
from tests.serve.messages import message

FIELD = {
    "BOOL": "bool_contents",
    "UINT8": "uint_contents",
    "UINT16": "uint_contents",
    "UINT32": "uint_contents",
    "UINT64": "uint64_contents",
    "INT8": "int_contents",
    "INT16": "int_contents",
    "INT32": "int_contents",
    "INT64": "int64_contents",
    "FP32": "fp32_contents",
    "FP64": "fp64_contents",
    "BYTES": "bytes_contents",
}
NUMPY = {
    **{name: name.lower() for name in FIELD if "INT" in name},
    "BOOL": "bool",
    "FP16": "float16",
    "FP32": "float32",
    "FP64": "float64",
    "BF16": "uint16",
}

NAMES = st.text(max_size=5)
VALUES = st.one_of(
    st.builds(lambda value: {"bool_param": value}, st.booleans()),
    st.builds(lambda value: {"int64_param": value}, st.integers(-(2**63), 2**63 - 1)),
    st.builds(lambda value: {"string_param": value}, NAMES),
    st.builds(lambda value: {"double_param": value}, st.floats(allow_nan=False)),
    st.builds(lambda value: {"uint64_param": value}, st.integers(0, 2**64 - 1)),
    st.just({}),
)
PARAMETERS = st.dictionaries(NAMES, VALUES, max_size=3)


def elements(datatype: str, count: int) -> st.SearchStrategy[list[Any]]:
    if datatype == "BYTES":
        of_one: st.SearchStrategy[Any] = st.binary(max_size=6)
    elif datatype == "BOOL":
        of_one = st.booleans()
    elif datatype.startswith("FP"):
        of_one = st.floats(width=int(datatype[2:]), allow_nan=False)  # type: ignore[arg-type]
    elif datatype == "BF16":
        of_one = st.integers(0, 2**16 - 1)
    else:
        limits = np.iinfo(NUMPY[datatype])
        of_one = st.integers(int(limits.min), int(limits.max))
    return st.lists(of_one, min_size=count, max_size=count)


def raw_of(datatype: str, values: list[Any]) -> bytes:
    if datatype == "BYTES":
        return b"".join(struct.pack("<I", len(value)) + value for value in values)
    return np.array(values, NUMPY[datatype]).tobytes()


@st.composite
def requests(draw: st.DrawFn) -> Any:
    """A request that is right, and the elements of its inputs."""
    is_raw = draw(st.booleans())
    request = message("ModelInferRequest")(
        model_name=draw(NAMES), model_version=draw(NAMES), id=draw(NAMES)
    )
    fill(request.parameters, draw(PARAMETERS))
    contents = []
    for _ in range(draw(st.integers(0, 3))):
        datatype = draw(st.sampled_from(sorted(NUMPY if is_raw else FIELD)))
        shape = draw(st.lists(st.integers(0, 3), max_size=3))
        values = draw(elements(datatype, math.prod(shape)))
        tensor = request.inputs.add(name=draw(NAMES), datatype=datatype, shape=shape)
        fill(tensor.parameters, draw(PARAMETERS))
        if is_raw:
            request.raw_input_contents.append(raw_of(datatype, values))
        else:
            getattr(tensor.contents, FIELD[datatype]).extend(values)
        contents.append(values if datatype == "BYTES" else raw_of(datatype, values))
    for _ in range(draw(st.integers(0, 2))):
        fill(request.outputs.add(name=draw(NAMES)).parameters, draw(PARAMETERS))
    return request, contents


def fill(parameters: Any, values: dict[str, dict[str, Any]]) -> None:
    for name, value in values.items():
        parameters[name].MergeFrom(message("InferParameter")(**value))


def plain(parameters: Any) -> dict[str, Any]:
    which = {name: value.WhichOneof("parameter_choice") for name, value in parameters.items()}
    return {
        name: getattr(parameters[name], choice) if choice else None
        for name, choice in which.items()
    }


@given(requests())
def test_a_request_that_protobuf_writes_is_read_equally(drawn: Any) -> None:
    request, contents = drawn
    read = read_infer_request(request.SerializeToString())
    for name in ("model_name", "model_version", "id"):
        assert read[name] == getattr(request, name)
    assert read["parameters"] == plain(request.parameters)
    assert read["raw"] == bool(request.raw_input_contents)
    assert len(read["inputs"]) == len(request.inputs)
    for ours, theirs, wanted in zip(read["inputs"], request.inputs, contents, strict=True):
        assert (ours["name"], ours["datatype"]) == (theirs.name, theirs.datatype)
        assert ours["shape"] == list(theirs.shape)
        assert ours["parameters"] == plain(theirs.parameters)
        assert ours["contents"] == wanted
    outputs = [(output.name, plain(output.parameters)) for output in request.outputs]
    assert [(output["name"], output["parameters"]) for output in read["outputs"]] == outputs


@given(requests())
def test_a_response_is_what_protobuf_reads(drawn: Any) -> None:
    request, _ = drawn
    echo = message("ModelInferResponse").FromString(echo_infer_request(request.SerializeToString()))
    assert (echo.model_name, echo.id) == (request.model_name, request.id)
    assert plain(echo.parameters) == plain(request.parameters)
    assert list(echo.raw_output_contents) == list(request.raw_input_contents)
    for ours, theirs in zip(echo.outputs, request.inputs, strict=True):
        assert ours.shape == theirs.shape
        assert (ours.name, ours.datatype) == (theirs.name, theirs.datatype)
        assert plain(ours.parameters) == plain(theirs.parameters)
        assert ours.contents == theirs.contents


@given(requests(), st.data())
def test_bytes_that_are_wrong_are_an_error(drawn: Any, data: st.DataObject) -> None:
    """Whatever is read at all, protobuf reads too."""
    wrong = bytearray(drawn[0].SerializeToString())
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(wrong)))
        wrong[at : at + data.draw(st.integers(0, 2))] = data.draw(st.binary(max_size=3))
    try:
        read = read_infer_request(bytes(wrong))
    except kedge.KedgeError:
        return
    theirs = message("ModelInferRequest").FromString(bytes(wrong))
    assert read["id"] == theirs.id
    assert [tensor["name"] for tensor in read["inputs"]] == [one.name for one in theirs.inputs]


def test_lists_may_come_in_parts() -> None:
    """Packed or not, and a message in two pieces, as protobuf takes them."""
    request = message("ModelInferRequest")()
    tensor = request.inputs.add(name="x", datatype="INT8", shape=[2, 2])
    tensor.contents.int_contents.extend([-1, 2])
    unpacked = b"\x10\x03\x10\x7f"
    inner = tensor.SerializeToString() + b"\x2a" + bytes([len(unpacked)]) + unpacked
    whole = b"\x2a" + bytes([len(inner)]) + inner + b"\xfa\x01\x02xy"  # and an unknown field
    theirs = message("ModelInferRequest").FromString(whole).inputs[0].contents.int_contents
    assert list(theirs) == [-1, 2, 3, 127]
    assert read_infer_request(whole)["inputs"][0]["contents"] == b"\xff\x02\x03\x7f"


def wrong(says: str, **tensor: Any) -> Any:
    return pytest.param(says, tensor, id=says[:40])


@pytest.mark.parametrize(
    ("says", "tensor"),
    [
        wrong('tensor "x": datatype "FP31" is none of BOOL, UINT8', datatype="FP31"),
        wrong('tensor "x": shape [2, -1] has a length below 0', shape=[2, -1]),
        wrong('tensor "x": shape [4611686018427387904, 4] has more', shape=[2**62, 4]),
        wrong('tensor "x": shape [2] has 2 elements, 1 came', contents={"fp32_contents": [1]}),
        wrong(
            'tensor "x": elements of FP32 must be in fp32_contents, got fp64_contents',
            contents={"fp64_contents": [1, 2]},
        ),
        wrong(
            'tensor "x": int_contents has 300, which is no INT8',
            datatype="INT8",
            contents={"int_contents": [1, 300]},
        ),
        wrong(
            'tensor "x": elements of FP16 must be in raw_input_contents, got fp32_contents',
            datatype="FP16",
            contents={"fp32_contents": [1, 2]},
        ),
        wrong(
            'tensor "x": shape [2] of FP32 has 8 bytes, raw_input_contents[0] has 3', raw=[b"abc"]
        ),
        wrong("raw_input_contents has 2 entries for 1 inputs", raw=[b"", b""]),
        wrong(
            'tensor "x": has fp32_contents in a request that has raw_input_contents',
            contents={"fp32_contents": [1, 2]},
            raw=[b"12345678"],
        ),
        wrong(
            'tensor "x": element 0 has 9 bytes, 1 are left', datatype="BYTES", raw=[b"\t\0\0\0x"]
        ),
        wrong('tensor "x": 2 bytes are left behind', datatype="BYTES", raw=[b"\0\0\0\0\0\0"]),
    ],
)
def test_what_is_wrong_is_said(says: str, tensor: dict[str, Any]) -> None:
    raw = tensor.pop("raw", [])
    tensor = {"name": "x", "datatype": "FP32", "shape": [2], **tensor}
    request = message("ModelInferRequest")(inputs=[tensor], raw_input_contents=raw)
    with pytest.raises(kedge.InvalidArgument) as error:
        read_infer_request(request.SerializeToString())
    assert says in str(error.value)


def test_parameters_are_bounded() -> None:
    request = message("ModelInferRequest")()
    for i in range(65):
        request.parameters[f"p{i}"].bool_param = True
    with pytest.raises(kedge.ResourceExhausted, match="more than 64 parameters"):
        read_infer_request(request.SerializeToString())
