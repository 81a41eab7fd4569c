"""Each transport that was built has to pass the same tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from multiprocessing.shared_memory import SharedMemory as Memory
from pathlib import Path
from typing import Any

import grpc
import pytest

import kedge
from kedge.serve import Options
from kedge.serve.native import NativeServer, program
from kedge.serve.server import Server
from tests.serve.regions import ON, PREFIX, asker
from tests.serve.test_service import TWO_LEAVES

SERVERS: dict[str, Callable[[Options], Any]] = {"grpcio": Server}
if program() is not None:
    SERVERS["grpc++"] = NativeServer


@pytest.fixture(params=list(SERVERS))
def transport(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture
def models(tmp_path: Path) -> Path:
    folder = tmp_path / "models"
    (folder / "m").mkdir(parents=True)
    kedge.compile(TWO_LEAVES).save(folder / "m" / "1.kedge")
    return folder


@pytest.fixture
def serve_in(transport: str) -> Iterator[Callable[..., Any]]:
    """Starts a server of a folder, with options; it stops at the end of the test."""
    with ExitStack() as started:

        def start(folder: Path, **options: Any) -> Any:
            # A client that is closed and never polled again keeps its connection for seconds.
            own = {"grace_s": 1.0} | ({} if "unix" in options else {"port": 0})
            server = SERVERS[transport](Options(str(folder), **own | options))
            started.callback(server.stop, 0)
            return server

        yield start


@pytest.fixture
def serve(serve_in: Callable[..., Any], models: Path) -> Callable[..., Any]:
    """The same, of the models."""
    return partial(serve_in, models)


@pytest.fixture
def memory() -> Iterator[Memory]:
    """An object that a server may be told of."""
    made = Memory(PREFIX + "a", create=True, size=512)
    yield made
    made.close()
    made.unlink()


@pytest.fixture
def ask(serve: Any) -> Iterator[Callable[..., Any]]:
    """Calls a server that has shared memory on."""
    with grpc.insecure_channel(f"127.0.0.1:{serve(shared_memory=ON).port}") as channel:
        yield asker(channel)
