"""What is registered is within the prefix and the bounds, by who may, and told as it was said."""

from __future__ import annotations

from collections.abc import Callable
from multiprocessing.shared_memory import SharedMemory as Memory
from pathlib import Path
from typing import Any

import grpc
import pytest

from tests.serve.messages import message
from tests.serve.regions import ON, PREFIX, place, refusal, register


def test_regions_are_told_by_name_and_go(ask: Callable[..., Any], memory: Memory) -> None:
    register(ask, memory, name="x", offset=4, byte_size=100)
    register(ask, memory, name="y")
    regions = ask("SystemSharedMemoryStatus").regions
    assert {
        name: (one.name, one.key, one.offset, one.byte_size) for name, one in regions.items()
    } == {"x": ("x", memory.name, 4, 100), "y": ("y", memory.name, 0, memory.size)}
    assert list(ask("SystemSharedMemoryStatus", name="x").regions) == ["x"]
    ask("SystemSharedMemoryUnregister", name="x")
    ask("SystemSharedMemoryUnregister", name="x")
    code, why = refusal(ask, "SystemSharedMemoryStatus", name="x")
    assert (code, why) == ("NOT_FOUND", 'region "x": is not registered')
    ask("SystemSharedMemoryUnregister")
    assert not ask("SystemSharedMemoryStatus").regions


@pytest.mark.parametrize(
    ("fields", "code", "says"),
    [
        ({"key": "/dev/shm/x"}, "INVALID_ARGUMENT", f'begins with "{PREFIX}"'),
        ({"key": "other"}, "INVALID_ARGUMENT", f'begins with "{PREFIX}"'),
        ({"key": f"{PREFIX}/../x"}, "INVALID_ARGUMENT", "letters, digits"),
        ({"key": f"//{PREFIX}a"}, "INVALID_ARGUMENT", f'begins with "{PREFIX}"'),
        ({"key": f"{PREFIX}a\0"}, "INVALID_ARGUMENT", f'key "{PREFIX}a'),
        ({"key": ""}, "INVALID_ARGUMENT", "begins with"),
        ({"key": PREFIX + "none"}, "NOT_FOUND", f'there is no object "{PREFIX}none"'),
        ({"key": PREFIX + "x" * 300}, "INVALID_ARGUMENT", "of up to 255 letters"),
        ({"byte_size": 513}, "INVALID_ARGUMENT", "has 512 bytes, the part ends at 513"),
        ({"offset": 500, "byte_size": 13}, "INVALID_ARGUMENT", "the part ends at 513"),
        ({"offset": 2**64 - 1, "byte_size": 2}, "INVALID_ARGUMENT", f"at offset {2**64 - 1}"),
        ({"byte_size": 0}, "INVALID_ARGUMENT", "byte_size = 0 at offset 0: allowed are 1 to 4096"),
        ({"byte_size": 4097}, "INVALID_ARGUMENT", "byte_size = 4097"),
        ({"name": ""}, "INVALID_ARGUMENT", "has 0 bytes: allowed are 1 to 256"),
        ({"name": "n" * 257}, "INVALID_ARGUMENT", "has 257 bytes"),
    ],
)
def test_what_cannot_be_registered_is_refused(
    ask: Callable[..., Any], memory: Memory, fields: dict[str, Any], code: str, says: str
) -> None:
    got, why = refusal(register, ask, memory, **fields)
    assert got == code
    assert says in why
    assert not ask("SystemSharedMemoryStatus").regions


def test_regions_have_bounds_together(ask: Callable[..., Any], memory: Memory) -> None:
    large = Memory(PREFIX + "large", create=True, size=4096)
    try:
        register(ask, memory)
        assert refusal(register, ask, memory) == (
            "INVALID_ARGUMENT",
            'region "r": is registered already',
        )
        code, why = refusal(register, ask, large, name="s", byte_size=4096)
        assert code == "RESOURCE_EXHAUSTED"
        assert "4096 bytes beside 512 in other regions, all may have 4096" in why
        register(ask, large, name="s", byte_size=4096 - 512)
        code, why = refusal(register, ask, memory, name="t")
        assert (code, "2 regions are registered" in why) == ("RESOURCE_EXHAUSTED", True)
        column = {"name": "rows", "datatype": "BYTES", "shape": [1]}
        inputs = [{**column, "parameters": place("s", 3000)}] * 2
        code, why = refusal(ask, "ModelInfer", model_name="m", inputs=inputs)
        assert code == "RESOURCE_EXHAUSTED"
        assert "3000 bytes beside 3000 that the request takes from shared memory" in why
    finally:
        large.close()
        large.unlink()


def test_only_an_admin_registers(serve: Any, memory: Memory, tmp_path: Path) -> None:
    infer, admin = "infer-0123456789abcdef", "admin-0123456789abcdef"
    (tmp_path / "tokens").write_text(f"infer {infer}\nadmin {admin}\n")
    server = serve(shared_memory=ON, token_file=str(tmp_path / "tokens"))
    told = message("SystemSharedMemoryRegisterRequest")(name="r", key=memory.name, byte_size=8)
    empty = message("SystemSharedMemoryUnregisterRequest")()
    with grpc.insecure_channel(f"127.0.0.1:{server.port}") as channel:

        def call(method: str, request: Any, token: str) -> None:
            channel.unary_unary(f"/inference.GRPCInferenceService/SystemSharedMemory{method}")(
                request.SerializeToString(),
                timeout=10,
                metadata=[("authorization", f"Bearer {token}")],
            )

        for method, request in (("Register", told), ("Unregister", empty)):
            code, why = refusal(call, method, request, infer)
            assert code == "PERMISSION_DENIED"
            assert why == f"SystemSharedMemory{method} wants a token of scope admin"
            call(method, request, admin)
        call("Status", empty, infer)
