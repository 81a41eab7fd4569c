"""Whatever is sent, each call has an end, nothing is left behind, and the next one is answered."""

from __future__ import annotations

import itertools
import random
import socket
from pathlib import Path
from typing import Any, cast

import grpc
import numpy as np
import pytest

import kedge
from kedge.serve.native import program
from tests.patience import until
from tests.serve.messages import message
from tests.serve.test_admission import counts
from tests.serve.test_service import TWO_LEAVES, X
from tests.serve.wire_mutations import ENDS, Attack, mutations

SERVICE = "/inference.GRPCInferenceService/"
UNARY = [
    *(SERVICE + name for name in ("ModelInfer", "ModelMetadata", "RepositoryIndex", "Nothing")),
    "/kedge.v1.Kedge/Explain",
    "/grpc.health.v1.Health/Check",
]
STREAMS = [
    SERVICE + "ModelStreamInfer",
    "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
]
STATUSES = {
    grpc.StatusCode.INVALID_ARGUMENT,
    grpc.StatusCode.NOT_FOUND,
    grpc.StatusCode.UNIMPLEMENTED,
    grpc.StatusCode.DEADLINE_EXCEEDED,
}


def mutated(request: bytes, random_: random.Random) -> bytes:
    """One byte is another one, some are put in, or the end is missing."""
    out = bytearray(request)
    at = random_.randrange(len(out))
    kind = random_.randrange(3)
    if kind == 0:
        out[at] = random_.randrange(256)
    elif kind == 1:
        out[at:at] = random_.randbytes(3)
    else:
        del out[at:]
    return bytes(out)


def test_mutated_requests_have_a_status_and_leave_nothing(serve: Any) -> None:
    server = serve(metrics_port=0)
    request = message("ModelInferRequest")(
        model_name="m",
        inputs=[{"name": "rows", "datatype": "FP64", "shape": X.shape}],
        raw_input_contents=[(X * 1.0).tobytes()],
    ).SerializeToString()
    random_ = random.Random(0)
    ends = set()
    with grpc.insecure_channel(f"127.0.0.1:{server.port}") as channel:
        for turn in range(400):
            sent = mutated(request, random_)
            try:
                if turn % 8 == 0:
                    call = channel.stream_stream(random_.choice(STREAMS))
                    answers = call(iter([sent] * 3), timeout=5)
                    if turn % 16 == 0:
                        answers.cancel()
                    else:
                        list(answers)
                else:
                    patience = 0.0005 if turn % 8 == 1 else 5
                    channel.unary_unary(random_.choice(UNARY))(sent, timeout=patience)
            except grpc.RpcError as error:
                ends.add(error.code())
    assert ends <= STATUSES
    until(lambda: counts(server)["in_flight"] == 0)
    with kedge.Client(f"127.0.0.1:{server.port}") as client:
        scores = client.predict("m", X * 1.0)
    assert scores.tobytes() == np.asarray(kedge.compile(TWO_LEAVES).predict(X * 1.0)).tobytes()


@pytest.mark.skipif(program() is None, reason="kedge-serve was not built")
def test_almost_requests_over_the_wire_each_have_an_end(tmp_path: Path) -> None:
    attack = Attack(cast(Path, program()), tmp_path)
    attack.send(list(itertools.islice(mutations(0), 4000)))
    assert attack.end() == (0, "")
    assert set(attack.ends) <= ENDS
    assert {"OK", "INVALID_ARGUMENT", "NOT_FOUND"} <= set(attack.ends)
    assert attack.ends.total() == 4000


def test_bytes_of_no_protocol_keep_nobody_out(serve: Any) -> None:
    server = serve(metrics_port=0)
    random_ = random.Random(1)
    for size in (0, 1, 30, 3000):
        for port in (server.port, server.metrics_port):
            with socket.create_connection(("127.0.0.1", port)) as caller:
                caller.sendall(random_.randbytes(size))
    assert counts(server)["in_flight"] == 0
    with kedge.Client(f"127.0.0.1:{server.port}") as client:
        assert len(client.predict("m", X)) == 3
