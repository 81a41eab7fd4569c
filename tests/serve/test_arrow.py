"""Arrow batches as requests: answered in kind, with what the model itself says of the table."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

import kedge
from kedge._core import Service, Table
from tests.serve.messages import message
from tests.serve.test_columns import COLORS
from tests.serve.test_service import TWO_LEAVES, X, service  # noqa: F401

TABLE = pa.table({"b": X[:, 1], "a": X[:, 0]})
OK, INVALID_ARGUMENT, RESOURCE_EXHAUSTED, UNIMPLEMENTED = 0, 3, 8, 12


def stream_of(table: Any) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write(table)
    data: bytes = sink.getvalue().to_pybytes()
    return data


def request_of(stream: bytes, *, raw: bool = True, **fields: Any) -> bytes:
    tensor: dict[str, Any] = {
        "name": "x",
        "datatype": "BYTES",
        "shape": [1],
        "parameters": {"content_type": {"string_param": "arrow"}},
    }
    if raw:
        fields["raw_input_contents"] = [len(stream).to_bytes(4, "little") + stream]
    else:
        tensor["contents"] = {"bytes_contents": [stream]}
    request = message("ModelInferRequest")(model_name="m", inputs=[tensor], **fields)
    data: bytes = request.SerializeToString()
    return data


def answered(service: Service, method: str, request: bytes) -> pa.Table:  # noqa: F811
    code, says, answer = service.handle(method, request)
    assert (code, says) == (OK, "")
    said = message("ModelInferResponse").FromString(answer)
    (output,) = said.outputs
    assert (output.datatype, list(output.shape)) == ("BYTES", [1])
    assert output.parameters["content_type"].string_param == "arrow"
    if said.raw_output_contents:
        (raw,) = said.raw_output_contents
        stream = raw[4:]
        assert int.from_bytes(raw[:4], "little") == len(stream)
    else:
        (stream,) = output.contents.bytes_contents
    return pa.ipc.open_stream(stream).read_all()


@pytest.mark.parametrize("raw", [True, False])
@pytest.mark.parametrize("batches", [0, 1, 2, 3])
def test_scores_are_those_of_the_table(
    service: Service,  # noqa: F811
    raw: bool,
    batches: int,
) -> None:
    parts = [TABLE.slice(i, 1) for i in range(batches)] or [TABLE.slice(0, 0)]
    table = pa.concat_tables(parts)
    got = answered(service, "ModelInfer", request_of(stream_of(table), raw=raw))
    assert got.equals(pa.table(kedge.compile(TWO_LEAVES).predict(table)))


def test_explanations_are_those_of_the_table(service: Service) -> None:  # noqa: F811
    got = answered(service, "Explain", request_of(stream_of(TABLE)))
    wanted = pa.table(kedge.compile(TWO_LEAVES).explain(TABLE))
    assert got.equals(wanted)
    asked = request_of(stream_of(TABLE), parameters={"explain": {"bool_param": True}})
    assert answered(service, "ModelInfer", asked).column_names == ["score", "a", "b", "base"]


def test_each_output_is_a_column(service: Service) -> None:  # noqa: F811
    outputs = [{"name": name} for name in ("label", "raw", "probabilities")]
    got = answered(service, "ModelInfer", request_of(stream_of(TABLE), outputs=outputs))
    assert got.column_names == ["label", "raw", "probabilities_0", "probabilities_1"]
    assert got["label"].to_pylist() == [0, 1, 0]
    assert got["raw"].to_pylist() == [-1, 2, -1]


def test_categories_come_by_name_or_in_dictionaries(tmp_path: Path) -> None:
    model = kedge.compile(COLORS)
    (tmp_path / "m").mkdir()
    model.save(tmp_path / "m" / "1.kedge")
    served = Service(str(tmp_path))
    names = pa.array(["red", "none such", None])
    for color in (names, names.dictionary_encode()):
        table = pa.table({"color": color, "size": pa.array([0.25, None, 1.0])})
        got = answered(served, "ModelInfer", request_of(stream_of(table)))
        assert got.equals(pa.table(model.predict(table)))


@pytest.mark.parametrize(
    ("code", "says", "stream", "fields"),
    [
        (INVALID_ARGUMENT, 'missing columns "b"', stream_of(TABLE.select(["a"])), {}),
        (INVALID_ARGUMENT, "message 0", b"\xff" * 40, {}),
        (INVALID_ARGUMENT, "message 0", stream_of(TABLE)[:60], {}),
        (INVALID_ARGUMENT, "expected numbers, got", None, {}),
        (INVALID_ARGUMENT, "is one element of BYTES, got 2 of BYTES", None, {"shape": [2]}),
        (INVALID_ARGUMENT, "comes alone, the request has 2 inputs", None, {"inputs": 2}),
    ],
)
def test_what_is_wrong_is_a_status(
    service: Service,  # noqa: F811
    code: int,
    says: str,
    stream: bytes | None,
    fields: dict[str, Any],
) -> None:
    if stream is None:
        stream = stream_of(pa.table({"a": ["x"], "b": [1.0]}))
    request = message("ModelInferRequest").FromString(request_of(stream, raw=False))
    if "shape" in fields:
        request.inputs[0].shape[:] = fields["shape"]
        request.inputs[0].contents.bytes_contents.append(b"")
    if fields.get("inputs") == 2:
        request.inputs.append(request.inputs[0])
    got, text, answer = service.handle("ModelInfer", request.SerializeToString())
    assert (got, answer) == (code, b"")
    assert says in text


def test_a_column_may_be_called_anything(service: Service) -> None:  # noqa: F811
    stream = stream_of(pa.table({"abcdefgh": [1.0]})).replace(b"abcdefgh", b"\xff\xfe\xfd\xfcefgh")
    code, says, _ = service.handle("ModelInfer", request_of(stream))
    assert code == INVALID_ARGUMENT
    assert '"????efgh"' in says


def test_a_small_stream_does_not_become_a_large_matrix(service: Service) -> None:  # noqa: F811
    rows = 4_000_000
    bits = pa.array(np.zeros(rows, dtype=bool))
    code, says, _ = service.handle(
        "ModelInfer", request_of(stream_of(pa.table({"a": bits, "b": bits})))
    )
    assert code == RESOURCE_EXHAUSTED
    assert f"{rows} rows of 2 features in" in says


def test_the_client_sends_tables_and_gets_them(serve: Any) -> None:
    model = kedge.compile(TWO_LEAVES)
    with kedge.Client(f"127.0.0.1:{serve().port}") as client:
        for data in (TABLE, TABLE.to_batches()[0], Table(TABLE)):
            got = client.predict("m", data)
            assert isinstance(got, Table)
            assert pa.table(got).equals(pa.table(model.predict(TABLE)))
        raw = client.predict("m", TABLE, raw=True)
        assert raw.to_pydict() == {"raw": [-1.0, 2.0, -1.0]}
        with pytest.raises(kedge.InvalidArgument, match='missing columns "a"'):
            client.predict("m", TABLE.select(["b"]))
