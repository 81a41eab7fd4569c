"""The seeds of the fuzz target of the service: one request of each kind.

`python -m tests.serve.fuzz_seeds` writes them anew.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from tests.serve.messages import message

FOLDER = Path(__file__).parents[1] / "fuzz" / "corpus" / "service"
INFER, EXPLAIN, STREAM, LOAD, STATUS, REGISTER, UNREGISTER = 0, 1, 2, 8, 12, 13, 14


def _infer(inputs: list[dict[str, Any]], raw: list[bytes], **fields: Any) -> bytes:
    request = message("ModelInferRequest")(
        model_name="m", inputs=inputs, raw_input_contents=raw, **fields
    )
    data: bytes = request.SerializeToString()
    return data


def seeds() -> dict[str, bytes]:
    """By name; the first byte is the method."""
    matrix = [{"name": "rows", "datatype": "FP64", "shape": [2, 2]}]
    rows = np.array([[0.0, 1.0], [1.0, 2.0]]).tobytes()
    columns = [
        {"name": "a", "datatype": "FP32", "shape": [2]},
        {"name": "color", "datatype": "BYTES", "shape": [2, 1]},
    ]
    colors = b"\x03\0\0\0red\x04\0\0\0none"
    sink = pa.BufferOutputStream()
    table = pa.table({"color": pa.array(["red", None]).dictionary_encode(), "a": [1.0, None]})
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write(table)
    stream = sink.getvalue().to_pybytes()
    kind = {"content_type": {"string_param": "arrow"}}
    arrow = [{"name": "x", "datatype": "BYTES", "shape": [1], "parameters": kind}]
    typed = [{**matrix[0], "contents": {"fp64_contents": [0, 1, 2, 3]}}]
    everything = [{"name": one} for one in ("score", "raw", "contributions", "base")]
    asked = {"explain": {"bool_param": True}, "sticky_key": {"string_param": "k"}}
    load = message("RepositoryModelLoadRequest")(model_name="m").SerializeToString()
    there = {
        "shared_memory_region": {"string_param": "r"},
        "shared_memory_byte_size": {"int64_param": 32},
        "shared_memory_offset": {"uint64_param": 64},
    }
    region = [{**matrix[0], "parameters": there}]
    scores = [{"name": "score", "parameters": there}, {"name": "raw"}]
    known = message("SystemSharedMemoryRegisterRequest")(
        name="s", key="kedge-fuzz-object", offset=8, byte_size=64
    ).SerializeToString()
    named = message("SystemSharedMemoryStatusRequest")(name="r").SerializeToString()
    framed = [len(stream).to_bytes(4, "little") + stream]
    floats = np.zeros(2, "<f4").tobytes()
    return {
        "matrix": bytes([INFER]) + _infer(matrix, [rows], id="7", parameters=asked),
        "columns": bytes([INFER]) + _infer(columns, [floats, colors]),
        "outputs": bytes([INFER]) + _infer(typed, [], outputs=everything, model_version="1"),
        "arrow": bytes([INFER]) + _infer(arrow, framed, id="8"),
        "explain": bytes([EXPLAIN]) + _infer(arrow, framed),
        "stream": bytes([STREAM]) + _infer(matrix, [rows]),
        "load": bytes([LOAD]) + load,
        "region": bytes([INFER]) + _infer(region, [], outputs=scores),
        "status": bytes([STATUS]) + named,
        "register": bytes([REGISTER]) + known,
        "unregister": bytes([UNREGISTER]) + named,
    }


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for name, seed in seeds().items():
        (FOLDER / name).write_bytes(seed)
    (FOLDER.parent / "infer_request" / "region").write_bytes(seeds()["region"][1:])
