"""The server as its callers see it: over gRPC, by stubs of the published protocol."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import numpy as np
import pytest

import kedge
from kedge.serve import Options, wire
from tests.patience import until
from tests.serve.conftest import SERVERS
from tests.serve.messages import message
from tests.serve.test_service import TWO_LEAVES, X

INFER, ADMIN = "infer-0123456789abcdef", "admin-0123456789abcdef"


@pytest.fixture
def server(serve: Any) -> Any:
    return serve(rescan_s=0.05)


def ask(target: Any, method: str, **fields: Any) -> Any:
    """The answer of one call, through a stub of the generated messages."""
    metadata = fields.pop("metadata", ())
    with grpc.insecure_channel(target) as channel:
        call = channel.unary_unary(
            f"/inference.GRPCInferenceService/{method}",
            request_serializer=lambda request: request.SerializeToString(),
            response_deserializer=message(f"{method}Response").FromString,
        )
        return call(message(f"{method}Request")(**fields), metadata=metadata, timeout=5)


def test_stubs_of_the_protocol_are_answered(server: Any) -> None:
    at = f"127.0.0.1:{server.port}"
    assert ask(at, "ServerLive").live
    assert ask(at, "ServerReady").ready
    assert ask(at, "ModelReady", name="m").ready
    assert list(ask(at, "ModelMetadata", name="m").versions) == ["1"]
    answer = ask(
        at,
        "ModelInfer",
        model_name="m",
        inputs=[{"name": "rows", "datatype": "FP64", "shape": X.shape}],
        raw_input_contents=[X.astype(float).tobytes()],
    )
    wanted = kedge.compile(TWO_LEAVES).predict(X.astype(float))
    assert answer.raw_output_contents[0] == wanted.tobytes()


def test_a_status_is_carried(server: Any) -> None:
    for method, name, code in [
        ("ModelInfer", "ModelInfer", grpc.StatusCode.NOT_FOUND),
        ("RepositoryModelUnload", "RepositoryModelUnload", grpc.StatusCode.NOT_FOUND),
    ]:
        with pytest.raises(grpc.RpcError) as refused:
            ask(f"127.0.0.1:{server.port}", method, model_name="n")
        assert refused.value.code() == code, name
        assert '"n" is not served' in refused.value.details()


def test_a_stream_answers_each_request_in_turn(server: Any) -> None:
    tensor = {"name": "rows", "datatype": "FP64", "shape": X.shape}
    requests = [
        message("ModelInferRequest")(
            model_name=name, id=name, inputs=[tensor], raw_input_contents=[(X * 1.0).tobytes()]
        )
        for name in ("m", "n", "m")
    ]
    with grpc.insecure_channel(f"127.0.0.1:{server.port}") as channel:
        call = channel.stream_stream(
            "/inference.GRPCInferenceService/ModelStreamInfer",
            request_serializer=lambda request: request.SerializeToString(),
            response_deserializer=message("ModelStreamInferResponse").FromString,
        )
        answers = list(call(iter(requests), timeout=5))
    assert [one.infer_response.id for one in answers] == ["m", "n", "m"]
    assert ["NOT_FOUND" in one.error_message for one in answers] == [False, True, False]


def test_more_streams_than_there_may_be_are_refused(serve: Any, transport: str) -> None:
    # A stream holds a thread of Python's, and is one of the calls natively.
    server = serve(**{"grpcio": {"threads": 1}, "grpc++": {"most_calls": 1}}[transport])
    is_over = threading.Event()

    def waiting() -> Iterator[bytes]:
        yield b""
        is_over.wait(5)

    with grpc.insecure_channel(f"127.0.0.1:{server.port}") as channel:
        call = channel.stream_stream("/inference.GRPCInferenceService/ModelStreamInfer")
        first = call(waiting(), timeout=5)
        next(first)
        with pytest.raises(grpc.RpcError) as refused:
            list(call(iter([b""]), timeout=5))
        assert refused.value.code() == grpc.StatusCode.RESOURCE_EXHAUSTED
        is_over.set()
        assert list(first) == []


def test_the_client_says_what_the_model_says(server: Any) -> None:
    model = kedge.compile(TWO_LEAVES)
    with kedge.Client(f"127.0.0.1:{server.port}") as client:
        assert client.is_ready()
        assert client.is_ready("m", "1")
        assert not client.is_ready("n")
        for dtype in ("float64", "float32", "int8", "uint16", "bool"):
            assert (
                client.predict("m", X.astype(dtype)).tobytes() == model.predict(X * 1.0).tobytes()
            )
        assert list(client.predict("m", X[:, ::-1][:, ::-1], raw=True)) == [-1, 2, -1]
        assert client.predict("m", np.empty((0, 2))).shape == (0,)
        with pytest.raises(kedge.InvalidArgument, match="has 3 columns"):
            client.predict("m", np.zeros((1, 3)))
        columns = client.infer("m", {"b": X[:, 1], "a": X[:, 0]}, outputs=["label"])
        assert columns["label"].ravel().tolist() == [0, 1, 0]
        with pytest.raises(kedge.InvalidArgument, match='"a": expected numbers, got BYTES'):
            client.infer("m", {"b": [1.0], "a": ["red"]})
        with pytest.raises(LookupError, match='"2" is not served'):
            client.predict("m", X, version="2")
        with pytest.raises(kedge.InvalidArgument, match="expected numbers"):
            client.predict("m", [[object(), 1]])


def test_nobody_is_asked_again_until_time_is_up(tmp_path: Path) -> None:
    start = time.monotonic()
    with (
        kedge.Client(f"unix:{tmp_path / 'none'}", timeout=0.3) as client,
        pytest.raises((ConnectionError, TimeoutError)),
    ):
        client.is_ready()
    assert 0.1 < time.monotonic() - start < 3


def test_a_model_that_appears_is_served(server: Any, models: Path) -> None:
    kedge.compile(TWO_LEAVES).save(models / "m" / "2.kedge")
    with kedge.Client(f"127.0.0.1:{server.port}") as client:
        until(lambda: client.is_ready("m", "2"))


def health(channel: grpc.Channel, service: str) -> int:
    call = channel.unary_unary("/grpc.health.v1.Health/Check")
    ((_, state),) = wire.fields(call(wire.part(1, service), timeout=5))
    assert isinstance(state, int)
    return state


def test_health_is_told_until_the_end(serve: Any) -> None:
    server = serve()
    with grpc.insecure_channel(f"127.0.0.1:{server.port}") as channel:
        assert health(channel, "") == 1
        assert health(channel, "inference.GRPCInferenceService") == 1
        with pytest.raises(grpc.RpcError) as unknown:
            health(channel, "other")
        assert unknown.value.code() == grpc.StatusCode.NOT_FOUND
        watched = channel.unary_stream("/grpc.health.v1.Health/Watch")(b"", timeout=60)
        assert next(watched) == wire.integer(1, 1)
        stopping = threading.Thread(target=server.stop, args=(5,))
        stopping.start()
        assert next(watched) == wire.integer(1, 2)
        stopping.join()


def test_tokens_have_scopes(serve: Any, tmp_path: Path) -> None:
    (tmp_path / "tokens").write_text(f"# ours\ninfer {INFER}\nadmin {ADMIN}\n")
    server = serve(token_file=str(tmp_path / "tokens"), rescan_s=0.05)
    at = f"127.0.0.1:{server.port}"

    def ends(method: str, token: str) -> grpc.StatusCode:
        try:
            fields = {"model_name": "m"} if "Repository" in method else {}
            ask(at, method, metadata=[("authorization", token)] if token else (), **fields)
        except grpc.RpcError as error:
            return error.code()
        return grpc.StatusCode.OK

    for token in ("", "Bearer x", INFER, f"Bearer {INFER}x"):
        assert ends("ServerLive", token) == grpc.StatusCode.UNAUTHENTICATED
    assert ends("ServerLive", f"Bearer {INFER}") == grpc.StatusCode.OK
    assert ends("RepositoryModelLoad", f"Bearer {INFER}") == grpc.StatusCode.PERMISSION_DENIED
    assert ends("RepositoryModelLoad", f"Bearer {ADMIN}") == grpc.StatusCode.OK
    with kedge.Client(at, token="x") as client, pytest.raises(PermissionError):
        client.predict("m", X)
    with kedge.Client(at, token=INFER) as client:
        assert len(client.predict("m", X)) == 3
    with grpc.insecure_channel(at) as channel:
        assert health(channel, "") == 1
    (tmp_path / "tokens").write_text(f"admin {INFER}")
    until(lambda: ends("RepositoryModelLoad", f"Bearer {INFER}") == grpc.StatusCode.OK)
    assert ends("ServerLive", f"Bearer {ADMIN}") == grpc.StatusCode.UNAUTHENTICATED


def test_a_token_is_gone_also_where_the_models_are(serve: Any, models: Path) -> None:
    tokens = models.parent / "tokens"
    tokens.write_text(f"infer {INFER}")
    server = serve(token_file=str(tokens), rescan_s=0.05)
    with kedge.Client(f"127.0.0.1:{server.port}", token=INFER) as client:
        assert client.is_ready()
        models.rename(models.parent / "elsewhere")
        tokens.write_text(f"infer {ADMIN}")

        def is_refused() -> bool:
            try:
                return not client.is_ready()
            except PermissionError:
                return True

        until(is_refused)


@pytest.mark.parametrize("transport", ["grpcio"])
def test_a_token_is_revoked_whatever_else_cannot_be_read(
    serve: Any, models: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    tokens = tmp_path / "tokens"
    tokens.write_text(f"infer {INFER}")
    server = serve(token_file=str(tokens), rescan_s=0.05)
    models.rename(tmp_path / "moved")
    tokens.write_bytes(b"\xff")
    until(lambda: "tokens:1: expected" in caplog.text)
    assert caplog.text.count('"of": "models"') == 1
    tokens.write_text(f"infer {ADMIN}")
    with kedge.Client(f"127.0.0.1:{server.port}", token=INFER) as client:

        def is_refused() -> bool:
            try:
                client.predict("m", X)
            except PermissionError:
                return True
            return False

        until(is_refused)


def test_a_socket_that_somebody_listens_at_is_not_taken(serve: Any, tmp_path: Path) -> None:
    place = str(tmp_path / "place")
    serve(unix=place)
    with pytest.raises(kedge.InvalidArgument, match="cannot listen at"):
        serve(unix=place)
    with kedge.Client(f"unix:{place}") as client:
        assert client.is_ready()


def test_why_nobody_can_listen_is_said(serve: Any, serve_in: Any, models: Path) -> None:
    first = serve()
    with pytest.raises(kedge.InvalidArgument, match=f":{first.port}: Address already in use"):
        serve_in(models, port=first.port)
    with pytest.raises(kedge.InvalidArgument, match=": No such file or directory"):
        serve(unix=str(models / "none" / "place"))


def test_a_socket_of_a_server_that_was_killed_is_taken(serve: Any, tmp_path: Path) -> None:
    place = str(tmp_path / "place")
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(place)
    serve(unix=place)
    with kedge.Client(f"unix:{place}") as client:
        assert client.is_ready()


@pytest.mark.parametrize(
    ("line", "says"),
    [("root 0123456789abcdef", ":1: expected"), ("infer short", "5 characters"), ("", "no token")],
)
def test_bad_tokens_are_refused_and_not_repeated(
    serve: Any, tmp_path: Path, line: str, says: str
) -> None:
    (tmp_path / "tokens").write_text(line)
    with pytest.raises(kedge.InvalidArgument, match=says) as refused:
        serve(token_file=str(tmp_path / "tokens"))
    assert "0123456789abcdef" not in str(refused.value)


def test_the_public_is_let_in_by_name_alone() -> None:
    for host in ("0.0.0.0", "::", "example.org", "10.0.0.1"):
        with pytest.raises(kedge.InvalidArgument, match="insecure_public"):
            Options("m", host=host)
        with pytest.raises(kedge.InvalidArgument, match="insecure_public"):
            Options("m", host=host, token_file="t")
        Options("m", host=host, insecure_public=True)
        Options("m", host=host, tls_cert="c", tls_key="k", token_file="t")
    assert Options("m", host="::1").target == "[::1]:8001"


def test_a_long_message_is_refused(serve: Any) -> None:
    server = serve(most_bytes=4096)
    with (
        kedge.Client(f"127.0.0.1:{server.port}") as client,
        pytest.raises(kedge.ResourceExhausted, match="4096"),
    ):
        client.predict("m", np.zeros((1000, 2)))


def test_a_port_that_is_taken_is_said(server: Any, models: Path, transport: str) -> None:
    with pytest.raises(kedge.InvalidArgument, match=f"cannot listen at 127.0.0.1:{server.port}"):
        SERVERS[transport](Options(str(models), port=server.port))


@pytest.mark.parametrize("transport", ["grpcio"])
def test_a_socket_is_taken_over_if_nobody_answers(serve: Any, tmp_path: Path) -> None:
    path = str(tmp_path / "s")
    with socket.socket(socket.AF_UNIX) as gone:
        gone.bind(path)
    serve(unix=path)
    with pytest.raises(kedge.InvalidArgument, match=f"cannot listen at unix:{path}: somebody"):
        serve(unix=path)
    with kedge.Client(f"unix:{path}") as client:
        assert len(client.predict("m", X)) == 3


def test_calls_without_a_message_and_of_no_method_have_a_status(server: Any) -> None:
    with grpc.insecure_channel(f"127.0.0.1:{server.port}") as channel:
        for path, code in [
            ("/inference.GRPCInferenceService/Nothing", grpc.StatusCode.UNIMPLEMENTED),
            ("/other.Service/ModelInfer", grpc.StatusCode.UNIMPLEMENTED),
        ]:
            with pytest.raises(grpc.RpcError) as refused:
                channel.unary_unary(path)(b"", timeout=5)
            assert refused.value.code() == code
        with pytest.raises(grpc.RpcError) as refused:
            channel.unary_unary("/grpc.health.v1.Health/Check")(b"\xff", timeout=5)
        assert refused.value.code() == grpc.StatusCode.INVALID_ARGUMENT
    assert ask(f"127.0.0.1:{server.port}", "ServerLive").live


def test_the_command_serves_and_drains(models: Path, tmp_path: Path, transport: str) -> None:
    config = tmp_path / "serve.toml"
    config.write_text(f'models = "{models}"\nthreads = 2\ntransport = "{transport}"\n')
    path = tmp_path / "s"
    command = [sys.executable, "-m", "kedge", "serve", "--json", f"--config={config}"]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen([*command, f"--unix={path}"], **pipes) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        started = json.loads(process.stdout.readline())
        assert (started["transport"], started["target"]) == (transport, f"unix:{path}")
        assert [model["state"] for model in started["models"]] == ["READY"]
        assert path.stat().st_mode & 0o077 == 0
        with kedge.Client(started["target"]) as client:
            assert len(client.predict("m", X)) == 3
        os.kill(process.pid, signal.SIGTERM)
        assert json.loads(process.stdout.readline()) == {"event": "stopped"}
        told = [json.loads(line)["event"] for line in process.stderr]
        assert told == ["model", "stopping"]
        assert process.wait(10) == 0


def test_the_configuration_says_where_it_is_wrong(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from kedge.cli import main

    config = tmp_path / "serve.toml"
    for text, says in [
        (
            'models = "m"\nprot = 1\n',
            "serve.toml:2: prot: there is no such key, did you mean 'port'",
        ),
        ('models = "m"\nport = "1"\n', "serve.toml:2: port = '1': expected a whole number"),
        ("port = 1\n", "which models?"),
        ('models = "m"\nport = 70000\n', "port = 70000: allowed are 0 to 65535"),
    ]:
        config.write_text(text)
        assert main(["serve", f"--config={config}"]) == 64
        assert says in capsys.readouterr().err
