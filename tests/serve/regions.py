"""Callers of a server that is given contents in shared memory."""

from __future__ import annotations

import os
import urllib.request
from collections.abc import Callable
from multiprocessing.shared_memory import SharedMemory as Memory
from typing import Any

import grpc
import pytest

from kedge.serve.shared_memory import SharedMemory
from tests.serve.messages import message
from tests.serve.test_service import X

PREFIX = f"kedge-test-{os.getpid()}-"
ON = SharedMemory(PREFIX, most_regions=2, most_bytes=4096)
ROWS = X * 1.0


def asker(channel: Any) -> Callable[..., Any]:
    def ask(method: str, **fields: Any) -> Any:
        request = message(f"{method}Request")(**fields)
        answer = channel.unary_unary("/inference.GRPCInferenceService/" + method)(
            request.SerializeToString(), timeout=10
        )
        return message(f"{method}Response").FromString(answer)

    return ask


def register(ask: Callable[..., Any], memory: Memory, **fields: Any) -> None:
    size = memory.size - fields.get("offset", 0)
    told = {"name": "r", "key": memory.name, "byte_size": size, **fields}
    ask("SystemSharedMemoryRegister", **told)


def place(region: str, size: int, offset: int = 0) -> dict[str, Any]:
    said: dict[str, Any] = {
        "shared_memory_region": {"string_param": region},
        "shared_memory_byte_size": {"int64_param": size},
    }
    return {**said, "shared_memory_offset": {"int64_param": offset}} if offset else said


def rows(parameters: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {
        "name": "rows",
        "datatype": "FP64",
        "shape": ROWS.shape,
        "parameters": parameters,
        **fields,
    }


def put(memory: Memory, data: bytes, at: int = 0) -> None:
    memory.buf[at : at + len(data)] = data


def refusal(call: Callable[..., Any], *of: Any, **fields: Any) -> tuple[str, str]:
    with pytest.raises(grpc.RpcError) as refused:
        call(*of, **fields)
    return refused.value.code().name, refused.value.details()


def scrape(server: Any) -> str:
    at = f"http://127.0.0.1:{server.metrics_port}/metrics"
    with urllib.request.urlopen(at, timeout=5) as answer:
        text: str = answer.read().decode()
    return text
