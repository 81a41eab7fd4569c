"""Triton's own client against the server: every call of it that the server answers.

It holds protobuf below the version that other tests are made with, so it is in an extra of its own,
`conformance`, and this file is skipped where that is not installed.
"""

from __future__ import annotations

import queue
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import kedge
from tests.serve.regions import ON, PREFIX
from tests.serve.test_service import TWO_LEAVES, X

triton: Any = pytest.importorskip(
    "tritonclient.grpc",
    reason="kedge[conformance] is an optional extra; .ci/run engines installs it",
)
shared: Any = pytest.importorskip("tritonclient.utils.shared_memory")


@pytest.fixture
def client(serve: Any) -> Iterator[Any]:
    with triton.InferenceServerClient(f"127.0.0.1:{serve().port}") as made:
        yield made


def rows() -> Any:
    tensor = triton.InferInput("rows", list(X.shape), "FP64")
    tensor.set_data_from_numpy(X * 1.0)
    return tensor


def test_what_the_server_is(client: Any) -> None:
    assert client.is_server_live()
    assert client.is_server_ready()
    assert client.is_model_ready("m")
    assert client.is_model_ready("m", "1")
    assert not client.is_model_ready("n")
    assert "model_repository" in client.get_server_metadata().extensions
    assert list(client.get_model_metadata("m").versions) == ["1"]
    assert client.get_model_config("m").config.backend == "kedge"


def test_scores_are_the_models(client: Any) -> None:
    model = kedge.compile(TWO_LEAVES)
    wanted = [triton.InferRequestedOutput(name) for name in ("score", "label")]
    answer = client.infer("m", [rows()], request_id="7", outputs=wanted)
    assert answer.get_response().id == "7"
    np.testing.assert_array_equal(answer.as_numpy("score")[:, 0], model.predict(X * 1.0))
    assert answer.as_numpy("label").ravel().tolist() == [0, 1, 0]
    explained = client.infer("m", [rows()], parameters={"explain": True})
    assert explained.as_numpy("contributions").shape == (3, 1, 2)


def test_errors_have_their_status(client: Any) -> None:
    with pytest.raises(triton.InferenceServerException, match=r"NOT_FOUND.*is not served"):
        client.infer("n", [rows()])


def test_a_stream_answers_and_goes_on(client: Any) -> None:
    answers: queue.Queue[tuple[Any, Any]] = queue.Queue()
    client.start_stream(lambda result, error: answers.put((result, error)))
    for name in ("m", "n", "m"):
        client.async_stream_infer(name, [rows()], request_id=name)
    got = [answers.get(timeout=5) for _ in range(3)]
    client.stop_stream()
    assert [error is None for _, error in got] == [True, False, True]
    assert got[2][0].as_numpy("score").shape == (3, 1)


def test_models_are_unloaded_loaded_and_counted(client: Any) -> None:
    client.infer("m", [rows()])
    (stats,) = client.get_inference_statistics("m").model_stats
    assert (stats.inference_count, stats.execution_count) == (3, 1)
    client.unload_model("m")
    assert not client.is_model_ready("m")
    client.load_model("m")
    (one,) = client.get_model_repository_index().models
    assert (one.name, one.version, one.state) == ("m", "1", "READY")


def test_rows_and_scores_are_in_shared_memory(serve: Any) -> None:
    x = X * 1.0
    handle = shared.create_shared_memory_region("in", f"/{PREFIX}triton", 1024)
    try:
        shared.set_shared_memory_region(handle, [x])
        with triton.InferenceServerClient(f"127.0.0.1:{serve(shared_memory=ON).port}") as client:
            assert "system_shared_memory" in client.get_server_metadata().extensions
            client.unregister_system_shared_memory()
            client.register_system_shared_memory("region", f"/{PREFIX}triton", 1024)
            told = client.get_system_shared_memory_status().regions["region"]
            assert (told.key, told.offset, told.byte_size) == (f"/{PREFIX}triton", 0, 1024)
            tensor = triton.InferInput("rows", list(x.shape), "FP64")
            tensor.set_shared_memory("region", x.nbytes)
            score = triton.InferRequestedOutput("score")
            score.set_shared_memory("region", 24, offset=256)
            answer = client.infer(
                "m", [tensor], outputs=[score, triton.InferRequestedOutput("label")]
            )
            got = shared.get_contents_as_numpy(handle, np.float64, [3, 1], offset=256)
            wanted = kedge.compile(TWO_LEAVES).predict(x)
            np.testing.assert_array_equal(got[:, 0], wanted)
            assert answer.as_numpy("label").ravel().tolist() == [0, 1, 0]
            client.unregister_system_shared_memory("region")
            with pytest.raises(triton.InferenceServerException, match=r"NOT_FOUND.*region"):
                client.infer("m", [tensor])
    finally:
        shared.destroy_shared_memory_region(handle)
