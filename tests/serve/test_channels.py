"""The client's two ways to a server come to the same."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import grpc
import numpy as np
import pyarrow as pa
import pytest

import kedge
from kedge.serve import channels
from kedge.serve.channels import TRANSPORTS, Place, channel_to, is_native_built
from tests.patience import until
from tests.serve.test_service import TWO_LEAVES, X
from tests.serve.test_tls import CA, CERT, KEY, OURS

WAYS = ["grpc++", "grpcio"] if is_native_built() else ["grpcio"]
MODEL = kedge.compile(TWO_LEAVES)
READY = "/inference.GRPCInferenceService/ServerReady"


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture
def silent() -> Iterator[str]:
    """A place where somebody listens who never says anything."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"127.0.0.1:{listener.getsockname()[1]}"


def test_codes_are_grpcs() -> None:
    assert tuple(code.name for code in grpc.StatusCode) == channels._CODES
    assert [code.value[0] for code in grpc.StatusCode] == list(range(17))


def test_scores_are_the_models(serve: Any, way: str) -> None:
    x = np.random.default_rng(0).normal(size=(1000, 2))
    with kedge.Client(f"127.0.0.1:{serve().port}", transport=way) as client:
        assert np.array_equal(client.predict("m", x), MODEL.predict(x))
        table = pa.table({"b": x[:, 1], "a": x[:, 0]})
        got = pa.table(client.predict("m", table))
        assert got.equals(pa.table(MODEL.predict(table)))
        assert client.is_ready()
        assert not client.is_ready("none")


def test_a_socket_and_tls_are_ways_too(
    serve_in: Any, models: Path, tmp_path: Path, way: str
) -> None:
    path = tmp_path / "s"
    serve_in(models, unix=str(path))
    with kedge.Client(f"unix:{path}", transport=way) as client:
        assert len(client.predict("m", X)) == 3
    server = serve_in(models, tls_cert=CERT, tls_key=KEY, client_ca=CA)
    with kedge.Client(f"127.0.0.1:{server.port}", ca=CA, **OURS, transport=way) as client:
        assert len(client.predict("m", X)) == 3


def test_a_token_is_shown(serve_in: Any, models: Path, tmp_path: Path, way: str) -> None:
    tokens = tmp_path / "tokens"
    tokens.write_text("infer 0123456789abcdef0123456789abcdef\n")
    tokens.chmod(0o600)
    place = f"127.0.0.1:{serve_in(models, token_file=str(tokens)).port}"
    token = "0123456789abcdef0123456789abcdef"
    with kedge.Client(place, token=token, transport=way) as client:
        assert len(client.predict("m", X)) == 3
    with (
        kedge.Client(place, token=token[::-1], transport=way) as client,
        pytest.raises(PermissionError, match="UNAUTHENTICATED: a known bearer token"),
    ):
        client.predict("m", X)


def test_errors_are_the_same(serve: Any, way: str, silent: str) -> None:
    server = serve(most_bytes=4096)
    place = f"127.0.0.1:{server.port}"
    with kedge.Client(place, transport=way) as client:
        with pytest.raises(LookupError, match=r'NOT_FOUND: .*"none"'):
            client.predict("none", X)
        with pytest.raises(kedge.InvalidArgument, match="INVALID_ARGUMENT"):
            client.predict("m", np.zeros((2, 3)))
        with pytest.raises(kedge.ResourceExhausted, match="4096"):
            client.predict("m", np.zeros((1000, 2)))
    with (
        kedge.Client(place, most_bytes=64, transport=way) as client,
        pytest.raises(kedge.ResourceExhausted, match="64"),
    ):
        client.predict("m", np.zeros((100, 2)))
    with kedge.Client(silent, timeout=0.3, transport=way) as client:
        begun = time.monotonic()
        with pytest.raises((TimeoutError, ConnectionError)):
            client.predict("m", X)
        assert time.monotonic() - begun < 2
    with (
        kedge.Client("127.0.0.1:1", timeout=0.3, transport=way) as client,
        pytest.raises((TimeoutError, ConnectionError)),
    ):
        client.predict("m", X)


def test_messages_that_are_no_text_are_told(way: str) -> None:
    def refuse(request: bytes, context: Any) -> bytes:
        context.abort(grpc.StatusCode.NOT_FOUND, "caf\N{LATIN SMALL LETTER E WITH ACUTE} \0 100%")
        return b""

    with ThreadPoolExecutor(1) as threads:
        server = grpc.server(threads)
        handler = grpc.unary_unary_rpc_method_handler(refuse)
        server.add_generic_rpc_handlers(
            (
                grpc.method_handlers_generic_handler(
                    "inference.GRPCInferenceService", {"ServerReady": handler}
                ),
            )
        )
        port = server.add_insecure_port("127.0.0.1:0")
        server.start()
        channel = channel_to(Place(f"127.0.0.1:{port}", b"", b"", b"", 1 << 20), way)
        answer = channel.call(READY, b"", 5.0, ())
        channel.close()
        server.stop(None)
    assert (answer.code, answer.message) == ("NOT_FOUND", b"")
    assert answer.details == "caf\N{LATIN SMALL LETTER E WITH ACUTE} \0 100%"


def test_threads_share_a_client(serve: Any, way: str) -> None:
    rows = [np.full((1, 2), float(i % 2)) for i in range(400)]
    with (
        kedge.Client(f"127.0.0.1:{serve().port}", transport=way) as client,
        ThreadPoolExecutor(8) as threads,
    ):
        scores = list(threads.map(lambda x: client.predict("m", x)[0], rows))
    assert scores == [MODEL.predict(x)[0] for x in rows]


def _connections(port: int) -> int:
    """How many clients on this machine have to a server on it."""
    tables = [path.read_text() for path in Path("/proc/net").glob("tcp*")]
    rows = [line.split() for table in tables for line in table.splitlines()]
    return sum(row[2].endswith(f":{port:04X}") and row[3] == "01" for row in rows)


def test_the_connection_ends_when_the_client_is_closed(serve: Any, way: str) -> None:
    port = serve().port
    client = kedge.Client(f"127.0.0.1:{port}", transport=way)
    client.predict("m", X)
    assert _connections(port) == 1
    client.close()
    until(lambda: _connections(port) == 0)


def test_an_end_ends_calls_that_are_under_way(silent: str, way: str) -> None:
    client = kedge.Client(silent, timeout=20, transport=way)
    ended: list[Exception] = []

    def ask() -> None:
        try:
            client.predict("m", X)
        except Exception as error:  # noqa: BLE001  whatever it is, it has ended
            ended.append(error)

    thread = threading.Thread(target=ask)
    thread.start()
    time.sleep(0.2)
    client.close()
    thread.join(5)
    assert len(ended) == 1
    with pytest.raises(ValueError, match="closed"):
        client.predict("m", X)


@pytest.fixture
def keys() -> Iterator[None]:
    """Ctrl-C interrupts, also where the tests run in the background of a shell."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("keys")
def test_a_key_interrupts_a_call(silent: str, way: str) -> None:
    with kedge.Client(silent, timeout=20, transport=way) as client:
        timer = threading.Timer(1.0, os.kill, (os.getpid(), signal.SIGINT))
        timer.start()
        begun = time.monotonic()
        with pytest.raises(KeyboardInterrupt):
            client.predict("m", X)
        assert time.monotonic() - begun < 5
        timer.join()


FORKED = """
import os, sys
import numpy as np
import kedge

def is_answered(client):
    return len(client.predict("m", np.zeros((3, 2)))) == 3

with kedge.Client(sys.argv[1]) as client:
    assert is_answered(client)
    child = os.fork()
    if child == 0:
        assert is_answered(client)
        with kedge.Client(sys.argv[1]) as other:
            assert is_answered(other)
        sys.exit(7)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
    assert is_answered(client)
"""


def test_a_forked_process_has_its_own_way(serve: Any) -> None:
    command = [sys.executable, "-c", FORKED, f"127.0.0.1:{serve().port}"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr


def test_what_was_not_built_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(channels, "NativeChannel", None)
    kedge.Client("127.0.0.1:1").close()
    with pytest.raises(kedge.InvalidArgument, match=r"libgrpc\+\+-dev"):
        kedge.Client("127.0.0.1:1", transport="grpc++")
    with pytest.raises(kedge.InvalidArgument, match="allowed are auto, grpc"):
        kedge.Client("127.0.0.1:1", transport="http")
    assert TRANSPORTS[0] == "auto"


def asked(transport: str) -> Callable[[], Any]:
    place = Place("127.0.0.1:1", b"", b"", b"", 1 << 20)
    return lambda: channel_to(place, transport)


@pytest.mark.skipif(not is_native_built(), reason="gRPC's C++ library is not here")
def test_the_native_way_is_taken_where_there_is_one() -> None:
    assert type(asked("auto")()) is type(asked("grpc++")())
    assert type(asked("auto")()) is not type(asked("grpcio")())
