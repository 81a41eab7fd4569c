"""Contents in shared memory are what they would be in the message, or an error says why not."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from multiprocessing.shared_memory import SharedMemory as Memory
from pathlib import Path
from typing import Any

import grpc
import numpy as np
import pyarrow as pa
import pytest

import kedge
from kedge._core import Service
from tests.patience import until
from tests.serve.messages import message
from tests.serve.regions import ON, PREFIX, ROWS, asker, place, put, refusal, register, rows, scrape
from tests.serve.test_service import INVALID_ARGUMENT, TWO_LEAVES, UNIMPLEMENTED

SCORES = kedge.compile(TWO_LEAVES).predict(ROWS)


def test_rows_are_read_there_and_scores_are_written_there(
    ask: Callable[..., Any], memory: Memory
) -> None:
    register(ask, memory, offset=8)
    put(memory, ROWS.tobytes(), 8 + 16)
    wanted = {"name": "score", "parameters": place("r", 64, 128)}
    answer = ask(
        "ModelInfer",
        model_name="m",
        inputs=[rows(place("r", 48, 16))],
        outputs=[wanted, {"name": "label"}],
    )
    assert bytes(memory.buf[136:160]) == SCORES.tobytes()
    score, label = answer.outputs
    assert list(score.shape) == [3, 1]
    said = dict(score.parameters.items())
    assert said["shared_memory_region"].string_param == "r"
    assert said["shared_memory_byte_size"].int64_param == 24
    assert said["shared_memory_offset"].int64_param == 128
    assert not label.parameters
    assert list(answer.raw_output_contents) == [b"", np.array([0, 1, 0], "<i8").tobytes()]
    bare = ask("ModelInfer", model_name="m", inputs=[rows(place("r", 48, 16))])
    assert list(bare.raw_output_contents) == [SCORES.tobytes()]


def test_columns_come_from_both_sides(ask: Callable[..., Any], memory: Memory) -> None:
    register(ask, memory)
    put(memory, ROWS[:, 1].tobytes())
    column = {"datatype": "FP64", "shape": [3]}
    answer = ask(
        "ModelInfer",
        model_name="m",
        inputs=[
            {"name": "b", **column, "parameters": place("r", 24)},
            {"name": "a", **column},
        ],
        raw_input_contents=[ROWS[:, 0].tobytes()],
    )
    assert answer.raw_output_contents[0] == SCORES.tobytes()


def test_a_table_of_arrow_comes_from_there(ask: Callable[..., Any]) -> None:
    sink = pa.BufferOutputStream()
    table = pa.table({"b": ROWS[:, 1], "a": ROWS[:, 0]})
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write(table)
    stream = sink.getvalue().to_pybytes()
    framed = len(stream).to_bytes(4, "little") + stream
    memory = Memory(PREFIX + "t", create=True, size=len(framed))
    try:
        register(ask, memory, byte_size=len(framed))
        put(memory, framed)
        kind = {"content_type": {"string_param": "arrow"}}
        told = {"name": "x", "datatype": "BYTES", "shape": [1]}
        inputs = [{**told, "parameters": {**kind, **place("r", len(framed))}}]
        answer = ask("ModelInfer", model_name="m", inputs=inputs)
        scores = pa.ipc.open_stream(answer.raw_output_contents[0][4:]).read_all()
        assert scores["score"].to_numpy().tobytes() == SCORES.tobytes()
        outputs = [{"name": "score", "parameters": place("r", 24)}]
        code, told_why = refusal(ask, "ModelInfer", model_name="m", inputs=inputs, outputs=outputs)
        assert (code, "Arrow" in told_why) == ("INVALID_ARGUMENT", True)
    finally:
        memory.close()
        memory.unlink()


OUTPUT = "outputs"


@pytest.mark.parametrize(
    ("parameters", "where", "code", "says"),
    [
        (place("q", 48), "inputs", "NOT_FOUND", 'tensor "rows": region "q": is not registered'),
        (place("q", 24), OUTPUT, "NOT_FOUND", 'output "score": region "q": is not registered'),
        (
            place("r", 48, 465),
            "inputs",
            "INVALID_ARGUMENT",
            "shared_memory_offset = 465 and shared_memory_byte_size = 48 end behind its 512",
        ),
        (place("r", 2**63 - 1, 2**63 - 1), OUTPUT, "INVALID_ARGUMENT", "end behind its 512 bytes"),
        (
            place("r", 40),
            "inputs",
            "INVALID_ARGUMENT",
            "has 48 bytes, shared_memory_byte_size = 40",
        ),
        (
            place("r", 23),
            OUTPUT,
            "INVALID_ARGUMENT",
            'output "score": region "r": shared_memory_byte_size = 23, the output has 24 bytes',
        ),
        (place("r", -1), "inputs", "INVALID_ARGUMENT", "-1 is below 0"),
        (
            {"shared_memory_region": {"string_param": "r"}},
            "inputs",
            "INVALID_ARGUMENT",
            "shared_memory_byte_size is missing",
        ),
        (
            {"shared_memory_region": {"int64_param": 1}},
            OUTPUT,
            "INVALID_ARGUMENT",
            "expected a text, got an int64",
        ),
        (
            {**place("r", 48), "shared_memory_offset": {"double_param": 0.0}},
            "inputs",
            "INVALID_ARGUMENT",
            "expected an int64, got a double",
        ),
    ],
)
def test_a_place_that_is_none_is_refused_by_name(
    ask: Callable[..., Any],
    memory: Memory,
    parameters: dict[str, Any],
    where: str,
    code: str,
    says: str,
) -> None:
    register(ask, memory)
    inputs = [rows(parameters if where == "inputs" else place("r", 48))]
    outputs = [{"name": "score", "parameters": parameters if where == OUTPUT else {}}]
    got, why = refusal(ask, "ModelInfer", model_name="m", inputs=inputs, outputs=outputs)
    assert got == code
    assert says in why


def test_contents_come_from_one_side_alone(ask: Callable[..., Any], memory: Memory) -> None:
    register(ask, memory)
    inputs = [rows(place("r", 48))]
    typed = [rows(place("r", 48), contents={"fp64_contents": ROWS.ravel()})]
    for fields, says in (
        ({"inputs": typed}, "has fp64_contents in a request that has raw_input_contents"),
        (
            {"inputs": inputs, "raw_input_contents": [ROWS.tobytes()]},
            "raw_input_contents has 1 entries for 0 inputs outside of shared memory",
        ),
    ):
        code, why = refusal(ask, "ModelInfer", model_name="m", **fields)
        assert code == "INVALID_ARGUMENT"
        assert says in why


def test_an_object_that_its_owner_cuts_is_an_error_and_no_more(
    ask: Callable[..., Any], memory: Memory
) -> None:
    register(ask, memory)
    put(memory, ROWS.tobytes())
    inputs = [rows(place("r", 48))]
    outputs = [{"name": "score", "parameters": place("r", 24, 100)}]
    ask("ModelInfer", model_name="m", inputs=inputs, outputs=outputs)
    path = Path("/dev/shm") / memory.name
    os.truncate(path, 110)
    code, why = refusal(ask, "ModelInfer", model_name="m", inputs=inputs, outputs=outputs)
    assert code == "INVALID_ARGUMENT"
    assert why == (
        f'output "score": region "r": object "{memory.name}" has 110 bytes, the part ends at 124'
    )
    assert path.stat().st_size == 110
    os.truncate(path, 40)
    code, why = refusal(ask, "ModelInfer", model_name="m", inputs=inputs)
    assert code == "INVALID_ARGUMENT"
    assert why == (
        f'tensor "rows": region "r": object "{memory.name}" has 40 bytes, the part ends at 48'
    )
    os.truncate(path, 512)
    put(memory, ROWS.tobytes())
    ask("ModelInfer", model_name="m", inputs=inputs, outputs=outputs)
    assert bytes(memory.buf[100:124]) == SCORES.tobytes()


def test_it_is_told_only_where_it_is_on(serve: Any, memory: Memory) -> None:
    for options, is_on in (({}, False), ({"shared_memory": ON}, True)):
        server = serve(metrics_port=0, **options)
        with grpc.insecure_channel(f"127.0.0.1:{server.port}") as channel:
            ask = asker(channel)
            extensions = ask("ServerMetadata").extensions
            assert ("system_shared_memory" in extensions) == is_on
            if is_on:
                register(ask, memory)
                put(memory, ROWS.tobytes())
                outputs = [{"name": "score", "parameters": place("r", 24, 100)}]
                ask("ModelInfer", model_name="m", inputs=[rows(place("r", 48))], outputs=outputs)
            else:
                for call in ("Status", "Register", "Unregister"):
                    told = refusal(ask, f"SystemSharedMemory{call}")
                    assert told == ("UNIMPLEMENTED", "shared memory is off")
                off = 'shared_memory_region "r": shared memory is off'
                asked: dict[str, Any] = {"model_name": "m", "inputs": [rows(place("r", 48))]}
                told = refusal(ask, "ModelInfer", **asked)
                assert told == ("INVALID_ARGUMENT", f'tensor "rows": {off}')
                asked["inputs"] = [rows({})]
                asked["raw_input_contents"] = [ROWS.tobytes()]
                asked["outputs"] = [{"name": "score", "parameters": place("r", 24)}]
                told = refusal(ask, "ModelInfer", **asked)
                assert told == ("INVALID_ARGUMENT", f'output "score": {off}')
        metrics = scrape(server)
        assert ("kedge_shared_memory" in metrics) == is_on
        if is_on:
            assert "kedge_shared_memory_regions 1\n" in metrics
            assert "kedge_shared_memory_region_bytes 512\n" in metrics
            assert 'kedge_shared_memory_bytes_total{direction="read"} 48\n' in metrics
            assert 'kedge_shared_memory_bytes_total{direction="written"} 24\n' in metrics


def test_the_shadow_scores_what_was_there(models: Path, memory: Memory) -> None:
    kedge.compile(TWO_LEAVES).save(models / "m" / "2.kedge")
    service = Service(str(models))
    service.share_memory(PREFIX, 1, 4096)
    service.route([("m", "1", "2", 0.0, 1.0)])

    def handle(method: str, **fields: Any) -> None:
        request = message(f"{method}Request")(**fields).SerializeToString()
        code, why, _ = service.handle(method, request)
        assert (code, why) == (0, "")

    register(handle, memory)
    for _ in range(20):
        put(memory, ROWS.tobytes())
        handle("ModelInfer", model_name="m", inputs=[rows(place("r", 48))])
        put(memory, (1 - ROWS).tobytes())
    wanted = r'kedge_shadow_rows_total\{model="m",version="2"\} 60\n'
    until(lambda: re.search(wanted, service.metrics()) is not None)
    different = 'kedge_shadow_rows_different_total{model="m",version="2"} 0\n'
    assert different in service.metrics()


def test_calls_without_it_are_no_calls_to_nothing(models: Path) -> None:
    service = Service(str(models))
    assert service.handle("SystemSharedMemoryStatus", b"")[0] == UNIMPLEMENTED
    with pytest.raises(kedge.InvalidArgument, match="most_regions = 0"):
        service.share_memory("k", 0, 1)
    service.share_memory("k", 1, 1)
    assert service.handle("SystemSharedMemoryRegister", b"\x0a\xff")[0] == INVALID_ARGUMENT
