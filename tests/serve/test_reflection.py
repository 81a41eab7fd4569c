"""What reflection tells, by gRPC's own client of it, is what the .proto files say."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import grpc
import pytest
from google.protobuf import descriptor_pb2, descriptor_pool
from grpc_reflection.v1alpha import reflection_pb2
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import (
    ProtoReflectionDescriptorDatabase,
)

from kedge._core import CorruptData, Reflection
from kedge.serve import wire
from kedge.serve.options import DESCRIPTORS
from tests.serve.messages import descriptor_set, pool

SERVICES = ["grpc.health.v1.Health", "inference.GRPCInferenceService", "kedge.v1.Kedge"]
PATH = "/grpc.reflection.{}.ServerReflection/ServerReflectionInfo"


@pytest.fixture
def channel(serve: Any) -> Iterator[grpc.Channel]:
    with grpc.insecure_channel(f"127.0.0.1:{serve().port}") as made:
        yield made


def as_message(data: bytes) -> Any:
    return descriptor_pb2.FileDescriptorSet.FromString(data)


def test_what_is_shipped_is_what_the_compiler_makes() -> None:
    assert as_message(DESCRIPTORS.read_bytes()) == as_message(descriptor_set()), (
        "python -m tests.serve.messages"
    )


def test_a_client_without_files_finds_services_and_messages(channel: grpc.Channel) -> None:
    database = ProtoReflectionDescriptorDatabase(channel)
    assert sorted(database.get_services()) == SERVICES
    found = descriptor_pool.DescriptorPool(database)
    for name in SERVICES:
        ours, theirs = pool().FindServiceByName(name), found.FindServiceByName(name)
        assert [one.name for one in theirs.methods] == [one.name for one in ours.methods]
    for name in ("inference.ModelInferRequest.InferInputTensor", "kedge.v1.FeedbackRequest"):
        ours, theirs = pool().FindMessageTypeByName(name), found.FindMessageTypeByName(name)
        assert [(f.name, f.number) for f in theirs.fields] == [
            (f.name, f.number) for f in ours.fields
        ]
    with pytest.raises(KeyError):
        found.FindMessageTypeByName("inference.Nothing")


@pytest.mark.parametrize("version", ["v1", "v1alpha"])
def test_each_question_of_a_stream_is_answered(channel: grpc.Channel, version: str) -> None:
    ask = channel.stream_stream(PATH.format(version))
    questions = [
        {"file_by_filename": "kedge/v1/kedge.proto"},
        {"file_containing_symbol": "inference.GRPCInferenceService.ModelInfer"},
        {"file_containing_symbol": "grpc.health.v1.HealthCheckResponse.ServingStatus"},
        {"file_by_filename": "none.proto"},
        {"all_extension_numbers_of_type": "inference.ModelInferRequest"},
        {},
    ]
    sent = [reflection_pb2.ServerReflectionRequest(**one) for one in questions]
    replies = ask((one.SerializeToString() for one in sent), timeout=5)
    answers = [reflection_pb2.ServerReflectionResponse.FromString(one) for one in replies]
    assert [one.original_request for one in answers] == sent
    files = [
        descriptor_pb2.FileDescriptorProto.FromString(one).name
        for answer in answers[:3]
        for one in answer.file_descriptor_response.file_descriptor_proto
    ]
    assert files == [
        "kedge/v1/kedge.proto",
        "inference/grpc_service.proto",
        "grpc/health/v1/health.proto",
    ]
    assert [one.error_response.error_code for one in answers[3:]] == [5, 5, 5]
    with pytest.raises(grpc.RpcError) as refused:
        list(ask(iter([b"\xff"]), timeout=5))
    assert refused.value.code() == grpc.StatusCode.INVALID_ARGUMENT


def test_what_is_no_descriptor_is_refused() -> None:
    with pytest.raises(CorruptData):
        Reflection(b"\xff")
    nested = b""
    for _ in range(40):
        nested = wire.part(3, nested)
    with pytest.raises(CorruptData, match="nested deeper"):
        Reflection(wire.part(1, wire.part(4, nested)))
