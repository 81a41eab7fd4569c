"""What features add, asked for over the wire, within the time that the caller has."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import grpc
import lightgbm
import numpy as np
import pytest

import kedge
from kedge._core import Service
from kedge.sla.requests import request
from kedge.sla.target import Target
from tests.patience import until
from tests.serve.conftest import SERVERS
from tests.serve.messages import message
from tests.serve.test_admission import counts
from tests.serve.test_metrics import labels, parsed
from tests.serve.test_service import TWO_LEAVES, X, service  # noqa: F401

EXPLAIN = "/kedge.v1.Kedge/Explain"
DEADLINE_EXCEEDED = 4


def request_of(x: np.ndarray) -> bytes:
    tensor = {"name": "rows", "datatype": "FP64", "shape": x.shape}
    request = message("ModelInferRequest")(
        model_name="m", id="7", inputs=[tensor], raw_input_contents=[(x * 1.0).tobytes()]
    )
    data: bytes = request.SerializeToString()
    return data


def test_contributions_and_base_come_over_the_wire(serve: Any) -> None:
    target = f"127.0.0.1:{serve().port}"
    wanted = kedge.compile(TWO_LEAVES).explain(X * 1.0)
    with grpc.insecure_channel(target) as channel:
        answer = channel.unary_unary(EXPLAIN)(request_of(X), timeout=5)
    said = message("ModelInferResponse").FromString(answer)
    assert (said.id, [list(one.shape) for one in said.outputs]) == ("7", [[3, 1, 2], [1]])
    assert said.raw_output_contents[0] == np.asarray(wanted.values).tobytes()
    with kedge.Client(target) as client:
        explained = client.explain("m", X)
        raw = client.predict("m", X, raw=True)
        assert explained["contributions"][:, 0].tobytes() == wanted.values.tobytes()
        np.testing.assert_allclose(
            explained["contributions"].sum(axis=(1, 2)) + explained["base"], raw, rtol=1e-12
        )
        with pytest.raises(LookupError, match='"n" is not served'):
            client.explain("n", X)
        with pytest.raises(kedge.InvalidArgument, match="has 3 columns"):
            client.explain("m", np.zeros((1, 3)))


def test_many_rows_are_explained_as_one_by_one(service: Service) -> None:  # noqa: F811
    x = np.random.default_rng(0).normal(size=(200, 2))
    code, _, answer = service.handle("Explain", request_of(x))
    said = message("ModelInferResponse").FromString(answer)
    wanted = np.stack([kedge.compile(TWO_LEAVES).explain(row[None]).values[0] for row in x])
    assert (code, said.raw_output_contents[0]) == (0, wanted.tobytes())


def test_no_row_is_explained_behind_the_deadline(service: Service) -> None:  # noqa: F811
    request = request_of(np.zeros((100_000, 2)))
    code, says, answer = service.handle("Explain", request, 1e-6)
    assert (code, answer) == (DEADLINE_EXCEEDED, b"")
    assert says == "the deadline passed when 0 of 100000 rows were explained"
    counted = parsed(service.metrics())["kedge_requests_total"]
    assert counted == {labels(method="Explain", model="", version="", code="DEADLINE_EXCEEDED"): 1}


def test_a_deadline_ends_the_work_on_the_server(serve: Any) -> None:
    server = serve(metrics_port=0)
    request = request_of(np.zeros((2_000_000, 2)))
    with grpc.insecure_channel(f"127.0.0.1:{server.port}") as channel:
        with pytest.raises(grpc.RpcError) as late:
            channel.unary_unary(EXPLAIN)(request, timeout=0.05)
        assert late.value.code() == grpc.StatusCode.DEADLINE_EXCEEDED
        assert len(channel.unary_unary(EXPLAIN)(request_of(X), timeout=5)) > 0
    until(lambda: counts(server)["in_flight"] == 0)


@pytest.mark.skipif("grpc++" not in SERVERS, reason="built where gRPC's C++ library is")
@pytest.mark.parametrize("transport", ["grpc++"])
def test_others_are_answered_while_rows_are_explained(serve_in: Any, tmp_path: Path) -> None:
    x = np.random.default_rng(0).normal(size=(5000, 8))
    forest = lightgbm.train(
        {"num_leaves": 127, "num_threads": 1}, lightgbm.Dataset(x, x[:, 0] * x[:, 1] > 0), 50
    )
    (tmp_path / "m").mkdir()
    kedge.compile(forest).save(tmp_path / "m" / "1.kedge")
    server = serve_in(tmp_path, threads=1)
    many = request(Target("", "m"), {"rows": np.tile(x, (12, 1))}, ["contributions"])
    any_size = [("grpc.max_receive_message_length", -1)]
    with grpc.insecure_channel(f"127.0.0.1:{server.port}", any_size) as channel:
        infer = channel.unary_unary("/inference.GRPCInferenceService/ModelInfer")
        explained = infer.future(many, timeout=60)
        few = request(Target("", "m"), {"rows": x[:1]}, ["score"])
        for _ in range(10):
            infer(few, timeout=60)
        assert not explained.done()
        assert len(explained.result()) > 0
