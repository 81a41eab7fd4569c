"""What kedge bench sends is what Triton's client sends, field for field."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from kedge.sla.requests import Input, random_requests
from kedge.sla.target import Target

triton: Any = pytest.importorskip(
    "tritonclient.grpc",
    reason="kedge[conformance] is an optional extra; .ci/run engines installs it",
)


def test_requests_are_those_of_tritons_client() -> None:
    from tritonclient.grpc import service_pb2
    from tritonclient.grpc._utils import _get_inference_request

    inputs = (Input("rows", "FP64", (-1, 3)), Input("kind", "INT32", (-1, 1)))
    sent = random_requests(Target("x", "m", "2"), inputs, 4)[0]
    ours = service_pb2.ModelInferRequest.FromString(sent)
    tensors = []
    for one, raw in zip(inputs, ours.raw_input_contents, strict=True):
        dtype = {"FP64": np.float64, "INT32": np.int32}[one.datatype]
        tensor = triton.InferInput(one.name, list(one.shape_of(4)), one.datatype)
        tensor.set_data_from_numpy(np.frombuffer(raw, dtype).reshape(one.shape_of(4)))
        tensors.append(tensor)
    theirs = _get_inference_request(
        model_name="m",
        inputs=tensors,
        model_version="2",
        request_id="",
        outputs=None,
        sequence_id=0,
        sequence_start=False,
        sequence_end=False,
        priority=0,
        timeout=None,
        parameters=None,
    )
    assert ours == theirs
