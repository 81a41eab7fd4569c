"""A server that stops ends what waits, and takes from nobody what is still read."""

from __future__ import annotations

import socket
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

import grpc
import numpy as np
import pytest

from kedge.serve import wire
from kedge.serve.scrape import ScrapePort
from kedge.sla.requests import request
from kedge.sla.target import Target
from tests.patience import until
from tests.serve.conftest import SERVERS
from tests.serve.test_admission import INFER, STREAM
from tests.serve.test_service import X

AWHILE_S = 0.3


class Watched:
    """The core's service, with some of its methods replaced."""

    def __init__(self, service: Any, **methods: Any) -> None:
        self._service = service
        self.__dict__.update(methods)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._service, name)


@pytest.mark.parametrize("transport", set(SERVERS) & {"grpc++"})
def test_a_call_that_uses_up_the_grace_does_not_cost_the_end(serve: Any) -> None:
    server = serve(grace_s=2.0)
    is_over = threading.Event()

    def waiting() -> Iterator[bytes]:
        yield b""
        is_over.wait(60)

    with grpc.insecure_channel(f"127.0.0.1:{server.port}") as channel:
        call = channel.stream_stream(STREAM)(waiting(), timeout=60)
        next(call)
        server.stop()
        is_over.set()
    assert server._process.returncode == 0


@pytest.mark.parametrize("transport", set(SERVERS) & {"grpc++"})
def test_work_at_the_end_of_the_grace_does_not_cost_the_end(serve: Any) -> None:
    rows = np.tile(X, (20_000, 1)) * 1.0
    sent = request(Target("", "m"), {"rows": rows}, ["score"])
    server = serve(grace_s=0.2)
    with grpc.insecure_channel(f"127.0.0.1:{server.port}") as channel:
        call = channel.stream_stream(STREAM)((sent for _ in range(100_000)), timeout=60)
        next(call)
        server.stop()
    assert server._process.returncode == 0


def test_a_watch_of_what_is_not_served_does_not_take_the_grace(serve: Any) -> None:
    server = serve(grace_s=600)
    with grpc.insecure_channel(f"127.0.0.1:{server.port}") as channel:
        watch = channel.unary_stream("/grpc.health.v1.Health/Watch")
        call = watch(wire.part(1, "nobody"), timeout=120)
        assert next(call) == wire.integer(1, 3)
        stopping = threading.Thread(target=server.stop, daemon=True)
        stopping.start()
        until(lambda: not stopping.is_alive())


def test_a_scrape_that_has_begun_is_waited_for_and_none_begins() -> None:
    has_begun, goes_on = threading.Event(), threading.Event()
    asked: list[str] = []

    def metrics(accept: str) -> str:
        asked.append(accept)
        has_begun.set()
        assert goes_on.wait(60)
        return "told"

    port = ScrapePort(0, metrics)
    scraped: list[bytes] = []

    def scrape() -> None:
        with urllib.request.urlopen(f"http://127.0.0.1:{port.port}/metrics", timeout=60) as answer:
            scraped.append(answer.read())

    with socket.create_connection(("127.0.0.1", port.port)) as late:
        late.sendall(b"GET /metrics HTTP/1.0\r\n")
        first, stopping = threading.Thread(target=scrape), threading.Thread(target=port.stop)
        first.start()
        assert has_begun.wait(60)
        stopping.start()
        stopping.join(AWHILE_S)
        assert stopping.is_alive()
        goes_on.set()
        stopping.join()
        first.join()
        late.sendall(b"\r\n")
        assert b" 503 " in late.makefile("rb").readline()
    assert (scraped, len(asked)) == ([b"told"], 1)


@pytest.mark.parametrize("transport", ["grpcio"])
def test_nobody_scrapes_what_is_ended(serve: Any) -> None:
    server = serve(metrics_port=0)
    at = f"http://127.0.0.1:{server.metrics_port}/metrics"
    ended: list[str] = []

    def end_log() -> None:
        with pytest.raises(urllib.error.URLError):
            urllib.request.urlopen(at, timeout=5)
        ended.append("log")

    server._service = Watched(server._service, end_log=end_log)
    server.stop(0)
    assert ended == ["log"]


@pytest.mark.parametrize("transport", ["grpcio"])
def test_a_call_that_is_out_of_time_is_waited_for_in_the_core(serve: Any) -> None:
    server = serve()
    has_begun, goes_on = threading.Event(), threading.Event()

    def handle(*asked: Any) -> tuple[int, str, bytes]:
        has_begun.set()
        assert goes_on.wait(60)
        return 0, "", b""

    server._service = Watched(server._service, handle=handle)
    with grpc.insecure_channel(f"127.0.0.1:{server.port}") as channel:
        call = channel.unary_unary(INFER).future(b"", timeout=60)
        assert has_begun.wait(60)
        stopping = threading.Thread(target=server.stop, args=(0,))
        stopping.start()
        until(call.done)
        stopping.join(AWHILE_S)
        assert stopping.is_alive()
        goes_on.set()
        stopping.join()
