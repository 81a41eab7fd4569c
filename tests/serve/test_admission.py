"""Calls beyond what a server takes on are refused at once, told of, and forgotten."""

from __future__ import annotations

import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import grpc
import numpy as np
import pytest

import kedge
from tests.serve.test_service import X

STREAM = "/inference.GRPCInferenceService/ModelStreamInfer"
INFER = "/inference.GRPCInferenceService/ModelInfer"


def counts(server: Any) -> dict[str, int]:
    """What is scraped of the calls that a server holds and refused."""
    at = f"http://127.0.0.1:{server.metrics_port}/metrics"
    with urllib.request.urlopen(at, timeout=5) as answer:
        lines = answer.read().decode().splitlines()
    words = [line.split() for line in lines if line.startswith("kedge_calls_")]
    return {name.removeprefix("kedge_calls_"): int(value) for name, value in words}


def until(is_so: Callable[[], bool]) -> None:
    end = time.monotonic() + 5
    while not is_so():
        assert time.monotonic() < end
        time.sleep(0.01)


@contextmanager
def held(channel: grpc.Channel, streams: int) -> Iterator[None]:
    """So many calls that have begun and do not end."""
    is_over = threading.Event()

    def waiting() -> Iterator[bytes]:
        yield b""
        is_over.wait(10)

    calls = [channel.stream_stream(STREAM)(waiting(), timeout=10) for _ in range(streams)]
    try:
        for call in calls:
            next(call)
        yield
    finally:
        is_over.set()
        for call in calls:
            assert list(call) == []


def test_calls_beyond_the_bound_are_refused_until_others_end(serve: Any) -> None:
    server = serve(most_calls=2, threads=2, metrics_port=0)
    with grpc.insecure_channel(f"127.0.0.1:{server.port}") as channel:
        with held(channel, 2):
            assert counts(server) == {"in_flight": 2, "most": 2, "refused_total": 0}
            for _ in range(3):
                with pytest.raises(grpc.RpcError) as refused:
                    channel.unary_unary(INFER)(b"", timeout=5)
                assert refused.value.code() == grpc.StatusCode.RESOURCE_EXHAUSTED
            until(lambda: counts(server) == {"in_flight": 2, "most": 2, "refused_total": 3})
        until(lambda: counts(server)["in_flight"] == 0)
        with kedge.Client(f"127.0.0.1:{server.port}") as client:
            assert len(client.predict("m", X)) == 3


def test_callers_that_go_give_back_their_place(serve: Any) -> None:
    server = serve(most_calls=2, threads=2, metrics_port=0)
    for _ in range(3):
        with grpc.insecure_channel(f"127.0.0.1:{server.port}") as channel:
            calls = [channel.stream_stream(STREAM)(iter([b""]), timeout=5) for _ in range(2)]
            for call in calls:
                call.cancel()
        until(lambda: counts(server)["in_flight"] == 0)
    with kedge.Client(f"127.0.0.1:{server.port}") as client:
        assert len(client.predict("m", X)) == 3


def test_a_burst_is_answered_or_refused_and_leaves_nothing_behind(serve: Any) -> None:
    server = serve(most_calls=4, threads=1, metrics_port=0)
    rows = np.zeros((20_000, 2))
    ends: list[str] = []

    def call() -> None:
        with kedge.Client(f"127.0.0.1:{server.port}", timeout=20) as client:
            try:
                client.predict("m", rows)
                ends.append("answered")
            except kedge.ResourceExhausted:
                ends.append("refused")

    callers = [threading.Thread(target=call) for _ in range(24)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    assert len(ends) == 24
    assert ends.count("answered") >= 4
    until(lambda: counts(server)["in_flight"] == 0)
    assert counts(server)["refused_total"] == ends.count("refused")
