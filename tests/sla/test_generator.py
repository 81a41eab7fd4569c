"""Both generators, against a server that answers as it is told: what is counted, not how fast."""

from __future__ import annotations

import json
import struct
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import grpc
import numpy as np
import pytest

import kedge
from kedge.sla import generator
from kedge.sla.calls import CODES, Calls, counted
from kedge.sla.generator import SLICES, GeneratorTooSlow, Load, Run, measure
from kedge.sla.shapes import due_times
from kedge.sla.target import Target

METHOD = "/inference.GRPCInferenceService/ModelInfer"


class Scripted:
    """Refuses what begins with "no"; says what it was sent."""

    def __init__(self) -> None:
        self.seen: list[bytes] = []
        self.metadata: set[tuple[str, str]] = set()

    def service(self, details: Any) -> Any:
        """Who answers; grpcio asks."""
        assert details.method == METHOD
        self.metadata |= {(key, str(value)) for key, value in details.invocation_metadata}

        def answer(request: bytes, context: Any) -> bytes:
            self.seen.append(request)
            if request.startswith(b"no"):
                context.abort(grpc.StatusCode.RESOURCE_EXHAUSTED, "too much")
            return request

        return grpc.unary_unary_rpc_method_handler(answer)


@pytest.fixture
def scripted() -> Iterator[tuple[Scripted, Target]]:
    script = Scripted()
    server = grpc.server(ThreadPoolExecutor(4), handlers=[script])
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    yield script, Target(f"127.0.0.1:{port}", "m")
    server.stop(0).wait()


@pytest.fixture(params=["native", "grpcio"])
def either(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    if request.param == "grpcio":
        monkeypatch.setattr(generator, "program", lambda: None)
    elif generator.program() is None:
        pytest.skip("kedge-load was not built: gRPC's C++ library is optional")
    return str(request.param)


def test_every_call_is_made_once_and_counted(
    either: str, scripted: tuple[Scripted, Target], tmp_path: Path
) -> None:
    script, target = scripted
    token = tmp_path / "token"
    token.write_text("secret\n")
    requests = [b"a", b"no", b"c", b"d"]
    options = {"--connections": "2", "--token-file": str(token), "--timeout": "30"}
    due = due_times("steady", 400, 1.0)
    run = measure(Load(target, requests, due, 0.25, 0.75, options))
    assert sorted(script.seen) == sorted(requests * 100)
    assert ("authorization", "Bearer secret") in script.metadata
    assert run.calls.codes.shape == (SLICES, len(CODES))
    assert run.calls.count == 300  # those due in the warm-up are not counted
    assert run.calls.errors == run.calls.codes[:, CODES.index("RESOURCE_EXHAUSTED")].sum() == 75
    assert run.calls.latency.sum() == 225  # who is refused was not served fast
    assert run.calls.codes.sum(1).tolist() == [3] * SLICES
    assert int(run.lag.sum()) == 300
    assert (run.error, run.unsent) == ("too much", 0)
    assert run.elapsed_s > 0.7


def test_nobody_there_is_said(either: str) -> None:
    load = Load(Target("127.0.0.1:1", "m"), [b"a"], due_times("steady", 10, 1.0), 0.0, 1.0)
    quick = Load(load.target, load.requests, load.due, 0.0, 1.0, {"--timeout": "0.3"})
    with pytest.raises(kedge.InvalidArgument, match=r"nobody answers at 127\.0\.0\.1:1"):
        measure(quick)


@pytest.mark.parametrize("first", [0, 1])
def test_of_several_generators_one_says_how_far_it_is(
    scripted: tuple[Scripted, Target], tmp_path: Path, first: int
) -> None:
    due, requests = tmp_path / "due", tmp_path / "requests"
    due_times("steady", 20, 1.0).tofile(due)
    requests.write_bytes(struct.pack("<I", 1) + b"a")
    command = [sys.executable, "-m", "kedge.sla.grpcio_load", scripted[1].place]
    command += ["--due", str(due), "--requests", str(requests), "--first", str(first)]
    command += ["--step", "2", "--warm-ns", "0", "--slice-ns", "10000000"]
    lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    assert "slices" in json.loads(lines[-1])
    assert (len(lines) > 1) == (first == 0)


def run_of(lag_ns: int, latency_ns: int) -> Run:
    latency = np.zeros((SLICES, len(counted([]))), np.int64)
    latency[0] = counted([latency_ns] * 100)
    codes = np.zeros((SLICES, len(CODES)), np.int64)
    codes[0, 0] = 100
    lag = counted([lag_ns] * 100)
    return Run(Calls(latency, codes, 0.1), lag, latency[0], 0, 1.0, "", "made up")


def test_what_came_too_late_is_not_reported() -> None:
    run_of(40_000, 100_000).refuse_lag()
    run_of(900_000, 10_000_000).refuse_lag()  # small beside what was measured
    with pytest.raises(GeneratorTooSlow, match=r"generator, not the server.*60 us late"):
        run_of(60_000, 100_000).refuse_lag()
    run_of(60_000, 100_000).refuse_lag(100_000)
    with pytest.raises(GeneratorTooSlow):
        run_of(3_000_000, 3_000_000).refuse_lag(1000)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["run"], "expected run, call or echo"),
        (["run", "x", "--slices", "0"], "--slices 0: expected a number from 1"),
        (["run", "x", "--other", "0"], "option --other is not known"),
        (["run", "x", "--slices"], "options with their values"),
        (["echo", "127.0.0.1:0", "0", "1"], "0: expected milliseconds from 1"),
        (["run", "x", "--due", "/nowhere", "--requests", "/nowhere"], "/nowhere"),
    ],
)
def test_the_program_says_what_is_wrong(arguments: list[str], said: str) -> None:
    path = generator.program()
    if path is None:
        pytest.skip("kedge-load was not built: gRPC's C++ library is optional")
    done = subprocess.run([path, *arguments], check=False, capture_output=True, text=True)
    assert done.returncode == 64
    assert said in done.stderr


def test_requests_that_end_too_soon_are_refused(tmp_path: Path) -> None:
    path = generator.program()
    if path is None:
        pytest.skip("kedge-load was not built: gRPC's C++ library is optional")
    due, requests = tmp_path / "due", tmp_path / "requests"
    due.write_bytes(struct.pack("<q", 0))
    for content, said in ((b"\1\0", "within a length"), (b"\5\0\0\0ab", "5 bytes, 2 left")):
        requests.write_bytes(content)
        command = [path, "run", "x", "--due", due, "--requests", requests]
        done = subprocess.run(command, check=False, capture_output=True, text=True)
        assert said in done.stderr


def test_the_fallback_prints_what_the_program_does(
    scripted: tuple[Scripted, Target], tmp_path: Path
) -> None:
    if generator.program() is None:
        pytest.skip("kedge-load was not built: gRPC's C++ library is optional")
    due, requests = tmp_path / "due", tmp_path / "requests"
    due_times("steady", 100, 0.2).tofile(due)
    requests.write_bytes(struct.pack("<I", 1) + b"a")
    rest = [scripted[1].place, "--due", due, "--requests", requests, "--warm-ns", "0"]
    rest += ["--slices", "2", "--slice-ns", "100000000"]
    words = ([generator.program(), "run"], [sys.executable, "-m", "kedge.sla.grpcio_load"])
    said = [
        json.loads(
            subprocess.run(
                [*word, *rest], check=True, capture_output=True, text=True
            ).stdout.splitlines()[-1]
        )
        for word in words
    ]
    assert said[0].keys() == said[1].keys()
    assert [part["codes"] for part in said[0]["slices"]] == [
        part["codes"] for part in said[1]["slices"]
    ]
