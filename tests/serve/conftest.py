"""Each transport that was built has to pass the same tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

import kedge
from kedge.serve import Options
from kedge.serve.native import NativeServer, program
from kedge.serve.server import Server
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
def serve(transport: str, models: Path) -> Iterator[Callable[..., Any]]:
    """Starts a server of the models, with options; it stops at the end of the test."""
    with ExitStack() as started:

        def start(**options: Any) -> Any:
            port = {} if "unix" in options else {"port": 0}
            server = SERVERS[transport](Options(str(models), **port, **options))
            started.callback(server.stop, 0)
            return server

        yield start
