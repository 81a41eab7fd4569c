"""Spans as the core hands them on, and as they are sent: OpenTelemetry's messages read them."""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import kedge
from kedge._core import InvalidArgument, Service
from kedge.serve.otlp import export_request, rejected
from kedge.serve.span_export import Batches
from tests.patience import until
from tests.serve.telemetry import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
    ScopeSpans,
    Span,
)
from tests.serve.test_metrics import parsed
from tests.serve.test_service import TWO_LEAVES
from tests.serve.test_traces import SAMPLED, UNSAMPLED, attributes, request


def folder_of(tmp_path: Path) -> str:
    (tmp_path / "m").mkdir()
    kedge.compile(TWO_LEAVES).save(tmp_path / "m" / "1.kedge")
    return str(tmp_path)


@contextmanager
def traced(folder: str, share: float) -> Iterator[tuple[Service, socket.socket]]:
    service = Service(folder)
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with ours:
        service.trace(share, theirs.detach())
        yield service, ours


def received(packets: socket.socket) -> list[Span]:
    spans = []
    while packet := packets.recv(1 << 18):
        spans += ScopeSpans.FromString(packet).spans
    return spans


def spans_of(service: Service, packets: socket.socket) -> list[Span]:
    service.end_traces()
    return received(packets)


def samples(service: Service) -> dict[str, float]:
    found = parsed(service.metrics())["kedge_spans_total"]
    return {dict(labels)["outcome"]: value for labels, value in found.items()}


def test_what_finds_no_room_is_dropped_and_counted(tmp_path: Path) -> None:
    with traced(folder_of(tmp_path), 1.0) as (service, packets):
        calls = 40_000  # the queue holds 4096, the socket some hundred kilobytes
        for _ in range(calls):
            assert service.handle("ServerLive", b"")[0] == 0

        def told() -> float:
            return samples(service)["sent"] + samples(service)["dropped"]

        until(lambda: told() == calls)
        counts = samples(service)
        assert counts["dropped"] > 0
        packets.settimeout(5)
        reader: list[Span] = []
        thread = threading.Thread(target=lambda: reader.extend(received(packets)))
        thread.start()
        service.end_traces()
        thread.join()
        assert len(reader) == counts["sent"]


def test_a_receiver_that_is_gone_is_no_calls_matter(tmp_path: Path) -> None:
    with traced(folder_of(tmp_path), 1.0) as (service, packets):
        packets.close()
        for _ in range(10):
            assert service.handle("ServerLive", b"")[0] == 0
        service.end_traces()


def test_names_that_are_long_or_no_text_are_cut_to_what_protobuf_takes(tmp_path: Path) -> None:
    folder = Path(folder_of(tmp_path))
    long = "m" * 63 + "\N{LATIN SMALL LETTER E WITH ACUTE}" * 30
    (folder / "m").rename(folder / long)
    with traced(str(folder), 1.0) as (service, packets):
        assert service.handle("ModelInfer", request(model_name=long, id="\N{SNOWMAN}" * 50))[0] == 0
        (span,) = spans_of(service, packets)
    said = attributes(span)
    assert said["kedge.model"] == "m" * 63 + "?"
    assert said["kedge.request"] == "\N{SNOWMAN}" * 32


def test_without_traces_there_is_nothing(tmp_path: Path) -> None:
    service = Service(folder_of(tmp_path))
    assert service.handle("ModelInfer", request(), traceparent=SAMPLED)[0] == 0
    assert "kedge_spans_total" not in parsed(service.metrics())


FORM = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?", re.DOTALL)


def reference(header: str) -> tuple[str, str] | None:
    """The trace and the caller's span of one that is sampled."""
    found = FORM.fullmatch(header)
    if found is None or found[1] == "ff" or (found[1] == "00" and found[5] is not None):
        return None
    if set(found[2]) == {"0"} or set(found[3]) == {"0"} or not int(found[4], 16) & 1:
        return None
    return found[2], found[3]


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> str:
    return folder_of(tmp_path_factory.mktemp("shared"))


def hexes(digits: int) -> st.SearchStrategy[str]:
    return st.text("0123456789abcdefG", min_size=digits - 1, max_size=digits + 1) | st.text(
        "0123456789abcdef", min_size=digits, max_size=digits
    )


HEADERS = st.tuples(st.sampled_from(["00", "01", "ff", "0"]), hexes(32), hexes(16), hexes(2)).map(
    "-".join
) | st.sampled_from([SAMPLED, UNSAMPLED, SAMPLED + "-x", "cc" + SAMPLED[2:] + "-x"])


@given(headers=st.lists(HEADERS, max_size=20))
def test_callers_are_understood_as_w3c_says(headers: list[str], shared: str) -> None:
    with traced(shared, 0.0) as (service, packets):
        for header in headers:
            service.handle("ServerLive", b"", traceparent=header)
        found = [
            (one.trace_id.hex(), one.parent_span_id.hex()) for one in spans_of(service, packets)
        ]
    assert found == [one for one in map(reference, headers) if one is not None]


def test_the_core_takes_no_other_socket(tmp_path: Path) -> None:
    service = Service(folder_of(tmp_path))
    stream, other = socket.socketpair()
    with stream, other:
        with pytest.raises(InvalidArgument, match="takes no packets"):
            service.trace(0.5, stream.fileno())
        with pytest.raises(InvalidArgument, match="allowed are 0 to 1"):
            service.trace(float("nan"), stream.fileno())


def test_batches_hold_so_much_and_no_more() -> None:
    batches = Batches()
    packet = b"\x12\x00" * 500_000
    for _ in range(10):
        batches.add(packet)
    assert batches.dropped == 2 * 500_000
    taken = []
    batches.end()
    while (batch := batches.take(1.0)) is not None:
        taken.append(len(batch))
    assert taken == [1_000_000] * 8


def test_the_message_is_opentelemetrys() -> None:
    span = Span(trace_id=b"t" * 16, span_id=b"s" * 8, name="n")
    spans = ScopeSpans(spans=[span]).SerializeToString()
    made = ExportTraceServiceRequest.FromString(export_request(spans, "x"))
    assert made.resource_spans[0].scope_spans[0].spans[0] == span
    assert rejected(b"") == (0, "")
    answer = ExportTraceServiceResponse()
    answer.partial_success.rejected_spans = 3
    answer.partial_success.error_message = "why"
    assert rejected(answer.SerializeToString()) == (3, "why")


def test_what_fills_a_message_does_not_wait_for_more() -> None:
    batches = Batches()
    for _ in range(3):
        batches.add(b"\x12\x00" * (1 << 19))
    assert [len(batches.take(3600.0) or b"") for _ in range(3)] == [1 << 20] * 3
