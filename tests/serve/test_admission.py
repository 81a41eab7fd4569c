"""Calls beyond what a server takes on are refused at once, told of, and forgotten."""

from __future__ import annotations

import threading
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import grpc
import lightgbm
import numpy as np
import pytest

import kedge
from kedge.sla.requests import request
from kedge.sla.target import Target
from tests.patience import until
from tests.serve.conftest import SERVERS
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


@contextmanager
def held(channel: grpc.Channel, streams: int, shown: Any = ()) -> Iterator[None]:
    """So many calls that have begun and do not end."""
    is_over = threading.Event()

    def waiting() -> Iterator[bytes]:
        yield b""
        is_over.wait(10)

    open_ = channel.stream_stream(STREAM)
    calls = [open_(waiting(), timeout=10, metadata=shown) for _ in range(streams)]
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
            full = {"in_flight": 2, "most": 2, "refused_total": 0, "refused_client_total": 0}
            assert counts(server) == full
            for _ in range(3):
                with pytest.raises(grpc.RpcError) as refused:
                    channel.unary_unary(INFER)(b"", timeout=5)
                assert refused.value.code() == grpc.StatusCode.RESOURCE_EXHAUSTED
            until(lambda: counts(server) == full | {"refused_total": 3})
        until(lambda: counts(server)["in_flight"] == 0)
        with kedge.Client(f"127.0.0.1:{server.port}") as client:
            assert len(client.predict("m", X)) == 3


@pytest.mark.parametrize("transport", ["grpcio"])
def test_no_call_is_told_as_refused_before_it_is(serve: Any) -> None:
    server = serve(metrics_port=0)
    details = SimpleNamespace(method=INFER, invocation_metadata=())
    taken, dropped = server.service(details), server.service(details)
    assert counts(server)["refused_total"] == 0
    assert not taken.request_streaming
    del taken
    assert counts(server)["refused_total"] == 0
    del dropped
    assert counts(server)["refused_total"] == 1


def test_a_client_with_too_many_calls_keeps_out_itself_alone(serve: Any, tmp_path: Path) -> None:
    tokens = {"one": "0f3a5c7e9b1d2f4a6c8e", "other": "5c7e9b1d2f4a6c8e0f3a"}
    file = tmp_path / "tokens"
    file.write_text("".join(f"infer {token}\n" for token in tokens.values()))
    server = serve(most_calls_each=1, threads=4, metrics_port=0, token_file=str(file))
    place = f"127.0.0.1:{server.port}"
    with grpc.insecure_channel(place) as channel:
        shown = (("authorization", f"Bearer {tokens['one']}"),)
        with held(channel, 1, shown):
            with pytest.raises(grpc.RpcError, match="1 calls of this client") as refused:
                channel.unary_unary(INFER)(b"", timeout=5, metadata=shown)
            assert refused.value.code() == grpc.StatusCode.RESOURCE_EXHAUSTED
            with kedge.Client(place, token=tokens["other"]) as client:
                assert len(client.predict("m", X)) == 3
            until(lambda: counts(server)["refused_client_total"] == 1)
            assert counts(server)["refused_total"] == 0  # it missed nobody
        until(lambda: counts(server)["in_flight"] == 0)
    with kedge.Client(place, token=tokens["one"]) as client:
        assert len(client.predict("m", X)) == 3


def test_clients_without_a_token_are_told_apart_by_their_address(serve: Any) -> None:
    server = serve(most_calls_each=1, threads=4, metrics_port=0)
    place = f"127.0.0.1:{server.port}"
    shown = (("authorization", "Bearer whatever one likes"),)
    own = [("grpc.use_local_subchannel_pool", 1)]
    with (
        grpc.insecure_channel(place) as channel,
        held(channel, 1),
        grpc.insecure_channel(place, options=own) as again,
        pytest.raises(grpc.RpcError, match="1 calls of this client"),
    ):
        again.unary_unary(INFER)(b"", timeout=5, metadata=shown)
    until(lambda: counts(server)["in_flight"] == 0)
    with kedge.Client(place) as client:
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
    until(lambda: counts(server)["refused_total"] == ends.count("refused"))


def during(call: Any, server: Any, long: bytes, short: bytes) -> list[grpc.StatusCode]:
    """How 60 short calls, fewer than a connection's streams, ended that came during a long one."""
    for _ in range(20):
        first = call.future(long, timeout=60)
        until(lambda: first.done() or counts(server)["in_flight"] == 1)  # noqa: B023
        others = [call.future(short, timeout=60) for _ in range(60)]
        is_met = not first.done()
        codes = [other.code() for other in others]
        assert first.code() == grpc.StatusCode.OK
        if is_met:
            return codes
    raise AssertionError("the long call was always over before the short ones had come")


@pytest.mark.parametrize("transport", set(SERVERS) & {"grpc++"})
def test_calls_that_came_during_a_long_one_do_not_wait_for_each_other(
    serve_in: Any, tmp_path: Path
) -> None:
    x = np.random.default_rng(0).normal(size=(5000, 8))
    data = lightgbm.Dataset(x, x[:, 0] * x[:, 1] > 0)
    forest = lightgbm.train({"num_leaves": 127, "num_threads": 1}, data, 50)
    (tmp_path / "m").mkdir()
    kedge.compile(forest).save(tmp_path / "m" / "1.kedge")
    server = serve_in(tmp_path, most_calls=2, threads=1, metrics_port=0)
    long, short = (
        request(Target("", "m"), {"rows": np.tile(x[:rows], (times, 1))}, ["score"])
        for rows, times in ((5000, 60), (1, 12))
    )
    any_size = [("grpc.max_receive_message_length", -1)]
    with grpc.insecure_channel(f"127.0.0.1:{server.port}", any_size) as channel:
        call = channel.unary_unary(INFER)
        call(short, timeout=5)
        codes = during(call, server, long, short)
    assert codes.count(grpc.StatusCode.OK) <= 26
    assert set(codes) <= {grpc.StatusCode.OK, grpc.StatusCode.RESOURCE_EXHAUSTED}
