"""Calls that wait at the same time are scored together, and answered as each is alone."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import grpc
import numpy as np
import pytest

import kedge
from kedge.serve.batching import Batching
from kedge.serve.native import NativeServer, arguments, program
from kedge.serve.options import Options, read_config
from kedge.serve.server import Server
from tests.serve.messages import message
from tests.serve.regions import scrape
from tests.serve.test_service import TWO_LEAVES

ROWS = np.random.default_rng(0).uniform(size=(64, 2))


def asked(x: Any) -> bytes:
    tensor = {"name": "rows", "datatype": "FP64", "shape": x.shape}
    request = message("ModelInferRequest")(
        model_name="m", inputs=[tensor], raw_input_contents=[x.tobytes()]
    )
    data: bytes = request.SerializeToString()
    return data


@pytest.mark.skipif(program() is None, reason="kedge-serve was not built, or does not run")
@pytest.mark.parametrize("wait", [0, 500])
def test_answers_are_those_of_calls_alone(models: Path, wait: int) -> None:
    options = Options(str(models), port=0, metrics_port=0, batching=Batching(wait, 16))
    server = NativeServer(options)
    scores = kedge.compile(TWO_LEAVES).predict(ROWS)
    wrong = asked(np.zeros((1, 3)))
    try:
        with grpc.insecure_channel(f"127.0.0.1:{server.port}") as channel:
            call = channel.unary_unary("/inference.GRPCInferenceService/ModelInfer")
            for _ in range(200):
                calls = [call.future(asked(row[None]), timeout=10) for row in ROWS]
                refused = call.future(wrong, timeout=10)
                for answer, score in zip(calls, scores, strict=True):
                    got = message("ModelInferResponse").FromString(answer.result())
                    assert got.raw_output_contents[0] == score.tobytes()
                assert refused.exception().code() == grpc.StatusCode.INVALID_ARGUMENT
                if "kedge_batches_total" in scrape(server):
                    break
        metrics = scrape(server)
        (batches,) = re.findall(r"^kedge_batches_total (\d+)$", metrics, re.MULTILINE)
        (rows,) = re.findall(r"^kedge_batch_rows_total (\d+)$", metrics, re.MULTILINE)
        assert 2 * int(batches) <= int(rows) <= 16 * int(batches)
    finally:
        server.stop(0)


def test_it_is_the_native_servers(models: Path) -> None:
    with pytest.raises(kedge.InvalidArgument, match="native server's"):
        Server(Options(str(models), port=0, batching=Batching(0, 16)))


def test_the_configuration_says_it(tmp_path: Path) -> None:
    file = tmp_path / "serve.toml"
    file.write_text('models = "m"\n[batching]\nmax_wait_us = 7\nmax_rows = 9\n')
    options = Options(**read_config(str(file)))
    assert options.batching == Batching(7, 9)
    told = arguments(options)
    at = told.index("--batching")
    assert told[at + 1 : at + 3] == ["7", "9"]
    assert "--batching" not in arguments(Options("m"))


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("max_wait_us = 1", "max_rows is missing"),
        ("max_rows = 1", "max_rows = 1: allowed are 2 to 4096"),
        ("max_rows = 2\nmax_wait_us = 1000001", "max_wait_us = 1000001: allowed are 0 to 1000000"),
        ("max_rows = 2.5", "max_rows = 2.5: expected a whole number"),
        ("max_row = 2", "max_row"),
    ],
)
def test_a_wrong_configuration_is_refused_with_its_line(
    tmp_path: Path, line: str, says: str
) -> None:
    file = tmp_path / "serve.toml"
    file.write_text(f'models = "m"\n[batching]\n{line}\n')
    with pytest.raises(kedge.InvalidArgument, match=re.escape(says)) as refused:
        read_config(str(file))
    assert "serve.toml:" in str(refused.value)
