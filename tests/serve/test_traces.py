"""Spans of calls reach a collector, on both transports; OpenTelemetry's own messages read them."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import grpc
import numpy as np
import pytest

import kedge
from kedge._core import InvalidArgument
from kedge.serve import Options
from kedge.serve.options import read_config
from kedge.serve.traces import Traces
from tests.patience import until
from tests.serve.messages import message
from tests.serve.telemetry import ExportTraceServiceRequest, ExportTraceServiceResponse, Span

TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
SAMPLED, UNSAMPLED = f"00-{TRACE}-{PARENT}-01", f"00-{TRACE}-{PARENT}-00"
INFER = "/inference.GRPCInferenceService/ModelInfer"
STREAM = "/inference.GRPCInferenceService/ModelStreamInfer"
X = np.array([[0.0, 1.0], [1.0, 0.0], [0.0, 0.0]])


class Collector:
    """An HTTP receiver; it answers with `status` and `response`."""

    def __init__(self) -> None:
        self.requests: list[ExportTraceServiceRequest] = []
        self.paths: list[tuple[str, str]] = []
        self.status, self.response = 200, ExportTraceServiceResponse()
        self.before: Callable[[], None] = lambda: None
        collector = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                collector.before()
                collector.paths.append((self.path, self.headers["Content-Type"]))
                collector.requests.append(ExportTraceServiceRequest.FromString(body))
                answer = collector.response.SerializeToString()
                self.send_response(collector.status)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, format: str, *args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.endpoint = f"http://127.0.0.1:{self.server.server_address[1]}"

    def spans(self) -> list[Span]:
        return [
            span
            for request in self.requests
            for resource in request.resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
        ]


@pytest.fixture
def collector() -> Iterator[Collector]:
    made = Collector()
    thread = threading.Thread(target=made.server.serve_forever, args=(0.02,))
    thread.start()
    yield made
    made.server.shutdown()
    made.server.server_close()
    thread.join()


def request(**fields: Any) -> bytes:
    tensor = {"name": "rows", "datatype": "FP64", "shape": X.shape}
    made = message("ModelInferRequest")(
        **{"model_name": "m", "inputs": [tensor], "raw_input_contents": [X.tobytes()], **fields}
    )
    data: bytes = made.SerializeToString()
    return data


def call(server: Any, parent: str | None, body: bytes) -> None:
    metadata = [] if parent is None else [("traceparent", parent)]
    with grpc.insecure_channel(f"127.0.0.1:{server.port}") as channel:
        channel.unary_unary(INFER)(body, timeout=10, metadata=metadata)


def attributes(span: Span) -> dict[str, Any]:
    return {one.key: getattr(one.value, one.value.WhichOneof("value")) for one in span.attributes}


def test_a_traced_call_is_a_span_of_its_callers_trace(serve: Any, collector: Collector) -> None:
    server = serve(traces=Traces(collector.endpoint, share=0.0, service="scores", every_s=0.05))
    before = time.time_ns()
    call(server, SAMPLED, request(id="7"))
    call(server, UNSAMPLED, request())
    call(server, None, request())
    call(server, "nonsense", request())
    server.stop()
    (span,) = collector.spans()
    assert collector.paths == [("/v1/traces", "application/x-protobuf")]
    assert (span.trace_id.hex(), span.parent_span_id.hex()) == (TRACE, PARENT)
    assert len(span.span_id) == 8
    assert span.name == "inference.GRPCInferenceService/ModelInfer"
    assert (span.kind, span.flags) == (Span.SPAN_KIND_SERVER, 0x301)
    assert before <= span.start_time_unix_nano <= span.end_time_unix_nano <= time.time_ns()
    assert span.status.code == 0
    said = attributes(span)
    took = span.end_time_unix_nano - span.start_time_unix_nano
    parts = [said.pop(f"kedge.{part}_ns") for part in ("queue", "decode", "answer")]
    assert all(part > 0 for part in parts)
    assert sum(parts) <= took
    assert said == {
        "rpc.system": "grpc",
        "rpc.service": "inference.GRPCInferenceService",
        "rpc.method": "ModelInfer",
        "rpc.grpc.status_code": 0,
        "kedge.model": "m",
        "kedge.version": "1",
        "kedge.request": "7",
        "kedge.rows": 3,
    }
    resource = collector.requests[0].resource_spans[0]
    named = {one.key: one.value.string_value for one in resource.resource.attributes}
    assert named["service.name"] == "scores"
    assert resource.scope_spans[0].scope.name == "kedge.serve"


def test_calls_that_are_nobodys_part_begin_traces(serve: Any, collector: Collector) -> None:
    server = serve(traces=Traces(collector.endpoint, share=1.0, every_s=0.05))
    for _ in range(5):
        call(server, None, request())
    call(server, UNSAMPLED, request())
    server.stop()
    spans = collector.spans()
    assert len(spans) == len({span.trace_id for span in spans}) == 5
    assert len({span.span_id for span in spans}) == 5
    assert all(not span.parent_span_id and span.flags == 0x101 for span in spans)


def test_streams_and_failures_are_traced(serve: Any, collector: Collector) -> None:
    server = serve(traces=Traces(collector.endpoint, share=0.0, every_s=0.05))
    metadata = [("traceparent", SAMPLED)]
    with grpc.insecure_channel(f"127.0.0.1:{server.port}") as channel:
        stream = channel.stream_stream(STREAM)
        bodies = [request(id="a"), request(id="b"), request(model_name="none", id="c")]
        assert len(list(stream(iter(bodies), timeout=10, metadata=metadata))) == 3
        service = "/inference.GRPCInferenceService/"
        channel.unary_unary(service + "ServerLive")(b"", timeout=10, metadata=metadata)
        with pytest.raises(grpc.RpcError, match="is not served"):
            channel.unary_unary(service + "TraceSetting")(b"", timeout=10, metadata=metadata)
    server.stop()
    said = [
        (one["rpc.method"], one.get("kedge.request"), one["rpc.grpc.status_code"], span.status.code)
        for span in collector.spans()
        for one in [attributes(span)]
    ]
    assert said == [
        ("ModelStreamInfer", "a", 0, 0),
        ("ModelStreamInfer", "b", 0, 0),
        ("ModelStreamInfer", "c", 5, 0),  # the caller's fault is no error of the server's span
        ("ServerLive", None, 0, 0),
        ("other", None, 12, 2),
    ]
    assert {span.trace_id.hex() for span in collector.spans()} == {TRACE}


def test_no_call_waits_for_a_collector(serve: Any, collector: Collector) -> None:
    held = threading.Event()
    collector.before = lambda: held.wait(20)
    traces = Traces(collector.endpoint, share=1.0, every_s=0.05, timeout_s=5.0)
    server = serve(traces=traces, metrics_port=0)
    slowest = 0.0
    for _ in range(200):
        begun = time.monotonic()
        call(server, None, request())
        slowest = max(slowest, time.monotonic() - begun)
    held.set()
    server.stop()
    assert slowest < 4
    assert len(collector.spans()) == 200


@pytest.mark.parametrize("what", ["gone", "refuses", "leaves out"])
def test_what_a_collector_does_not_take_is_told(
    what: str, serve: Any, collector: Collector, capfd: pytest.CaptureFixture[str]
) -> None:
    endpoint = collector.endpoint
    if what == "gone":
        with socket.create_server(("127.0.0.1", 0)) as free:
            endpoint = f"http://127.0.0.1:{free.getsockname()[1]}/"
    elif what == "refuses":
        collector.status = 503
    else:
        collector.response.partial_success.rejected_spans = 1
        collector.response.partial_success.error_message = "too old"
    server = serve(traces=Traces(endpoint, share=1.0, every_s=0.05, timeout_s=30.0))
    call(server, None, request())
    server.stop()
    wanted = {"gone": "Connection refused", "refuses": "503", "leaves out": "too old"}
    lines = [line for line in capfd.readouterr().err.splitlines() if "spans_lost" in line]
    assert len(lines) == 2
    assert wanted[what] in lines[0]
    assert '"spans": "1"' in lines[1]


def test_the_command_sends_its_spans(
    models: Path, tmp_path: Path, transport: str, collector: Collector
) -> None:
    config = tmp_path / "serve.toml"
    config.write_text(
        f'models = "{models}"\nport = 0\ngrace_s = 1\ntransport = "{transport}"\n'
        f'[traces]\nendpoint = "{collector.endpoint}"\nshare = 1\n'
    )
    command = [sys.executable, "-m", "kedge", "serve", "--json", f"--config={config}"]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        target = json.loads(process.stdout.readline())["target"]
        with kedge.Client(target) as client:
            assert len(client.predict("m", X)) == 3
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
    until(lambda: bool(collector.spans()))  # the process that sends them may end after the server
    assert attributes(collector.spans()[-1])["rpc.method"] == "ModelInfer"


def test_what_is_wrong_is_said_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "serve.toml"
    for text, wanted in [
        ("[traces]\nshare = 0.5\n", "endpoint is missing"),
        ('[traces]\nendpoint = "http://c:4318"\nshare = 2\n', "toml:3: .*share = 2: allowed are"),
        ('[traces]\nendpoint = "collector:4318"\n', "toml:2: .*expected http://HOST:PORT"),
        ('[traces]\nendpoint = "http://c:99999"\n', "toml:2: .*expected http://HOST:PORT"),
        ('[traces]\nendpoint = "http://c:1"\ntimeout_s = "x"\n', "toml:3: .*expected a number"),
        ('[traces]\nendpoint = "http://c:1"\nspeed = 1\n', "speed"),
        ("traces = 1\n", "expected a table"),
    ]:
        path.write_text(text)
        with pytest.raises(InvalidArgument, match=wanted):
            read_config(str(path))
    path.write_text('[traces]\nendpoint = "http://c:4318"\nservice = "s"\n')
    assert read_config(str(path))["traces"] == Traces("http://c:4318", service="s")
    with pytest.raises(InvalidArgument, match="share = -1"):
        Options("m", traces=Traces("http://c:1", share=-1))
