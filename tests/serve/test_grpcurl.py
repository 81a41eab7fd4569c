"""grpcurl, which has none of our files, asks by reflection what there is, and is answered."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from typing import Any

import pytest

from tests.serve.test_reflection import SERVICES
from tests.serve.test_tls import CA, CERT, KEY, OURS

INFERENCE = "inference.GRPCInferenceService"
PLAIN: tuple[dict[str, str], list[str]] = ({}, ["-plaintext"])
TLS = ({"tls_cert": CERT, "tls_key": KEY}, ["-cacert", CA])
MUTUAL = (
    {**TLS[0], "client_ca": CA},
    [*TLS[1], "-cert", OURS["cert"], "-key", OURS["key"]],
)

pytestmark = pytest.mark.skipif(
    shutil.which("grpcurl") is None, reason=".ci/run engines builds grpcurl"
)


@pytest.fixture(params=[PLAIN, TLS, MUTUAL], ids=["plain", "tls", "mutual"])
def curl(serve: Callable[..., Any], request: pytest.FixtureRequest) -> Callable[..., str]:
    """Runs grpcurl against a server that listens so."""
    options, shown = request.param
    at = f"127.0.0.1:{serve(**options).port}"

    def run(*said: str, data: Any = None) -> str:
        given = ["-d", json.dumps(data)] if data is not None else []
        command = ["grpcurl", *shown, *given, at, *said]
        done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


def test_it_finds_the_services_and_calls_them(curl: Callable[..., str]) -> None:
    ours = [line for line in curl("list").split() if not line.startswith("grpc.reflection")]
    assert ours == SERVICES
    assert "rpc ModelInfer" in curl("describe", INFERENCE)
    assert json.loads(curl(f"{INFERENCE}/ServerReady")) == {"ready": True}
    tensor = {
        "name": "rows",
        "datatype": "FP64",
        "shape": ["1", "2"],
        "contents": {"fp64_contents": [0, 1]},
    }
    request = {"model_name": "m", "inputs": [tensor], "outputs": [{"name": "raw"}]}
    answer = json.loads(curl(f"{INFERENCE}/ModelInfer", data=request))
    assert answer["outputs"][0]["contents"] == {"fp64Contents": [2]}
    explained = json.loads(
        curl("kedge.v1.Kedge/Explain", data={"model_name": "m", "inputs": [tensor]})
    )
    assert [one["name"] for one in explained["outputs"]] == ["contributions", "base"]


def test_health_is_probed(curl: Callable[..., str]) -> None:
    for service in ("", INFERENCE):
        probed = curl("grpc.health.v1.Health/Check", data={"service": service})
        assert json.loads(probed) == {"status": "SERVING"}
