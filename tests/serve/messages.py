"""The published protocol as Python messages: made anew from proto/, by protobuf's own compiler."""

from __future__ import annotations

import functools
import importlib.resources
import tempfile
from pathlib import Path
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from grpc_tools import protoc

PROTO = Path(__file__).parents[2] / "proto"
FILES = ("inference/grpc_service.proto", "kedge/v1/kedge.proto", "grpc/health/v1/health.proto")


@functools.cache
def descriptor_set(files: tuple[str, ...] = FILES) -> bytes:
    """What the compiler makes of the files: `python -m tests.serve.messages` writes it anew."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "all.desc"
        include = importlib.resources.files("grpc_tools") / "_proto"
        arguments = ["protoc", f"-I{PROTO}", f"-I{include}", f"--descriptor_set_out={out}", *files]
        assert protoc.main(arguments) == 0
        return out.read_bytes()


@functools.cache
def pool(files: tuple[str, ...] = FILES) -> descriptor_pool.DescriptorPool:
    """The files in a pool of their own."""
    described = descriptor_pb2.FileDescriptorSet.FromString(descriptor_set(files))
    made = descriptor_pool.DescriptorPool()
    for file in described.file:
        made.Add(file)
    return made


@functools.cache
def message(name: str, files: tuple[str, ...] = FILES) -> Any:
    """The class of a message, by its full name or by its name in package inference."""
    full = name if "." in name else f"inference.{name}"
    return message_factory.GetMessageClass(pool(files).FindMessageTypeByName(full))


if __name__ == "__main__":
    (PROTO.parent / "python" / "kedge" / "serve" / "protocol.desc").write_bytes(descriptor_set())
