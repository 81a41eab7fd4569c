"""Values of messages as columns: each is a row, or is refused and takes no other along."""

from __future__ import annotations

import json
import struct
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import ClassVar

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

import kedge
from kedge.io.avro_writers import AvroWriters, HttpRegistry, RegistryError
from kedge.io.values import ArrowValues, AvroValues, JsonValues, Values, values_of
from kedge.loop.options import Document
from tests.records.test_protobuf_records import CLASSES, FILES
from tests.reference.avro import encode

ROWS = st.dictionaries(st.sampled_from(["x", "y"]), st.integers(-5, 5))
WRONG = st.sampled_from([None, b"", b" ", b"{", b"}", b"{}{}", b'{"x":', b"1}", b"7", b'{"x":[]}'])
VALUES = st.lists(WRONG | ROWS.map(lambda row: json.dumps(row).encode()), max_size=30)


def one_by_one(values: list[bytes | None]) -> tuple[list[dict[str, object]], list[int]]:
    rows, wrong = [], []
    for place, value in enumerate(values):
        try:
            row = json.loads(value or b"")
        except ValueError:
            row = None
        if isinstance(row, dict) and not isinstance(row.get("x"), list):
            rows.append({"x": row.get("x"), "y": row.get("y")})
        else:
            wrong.append(place)
    return rows, wrong


@given(VALUES)
def test_one_value_that_is_wrong_takes_no_other_with_it(values: list[bytes | None]) -> None:
    decoder = JsonValues({}, pa.schema({"x": pa.int64(), "y": pa.int64()}))
    table, wrong = decoder.decode(values)
    rows, places = one_by_one(values)
    assert ([] if table is None else table.to_pylist()) == rows
    assert list(wrong) == places


def test_arrow_values() -> None:
    def stream(table: pa.Table) -> bytes:
        held = pa.BufferOutputStream()
        with pa.ipc.new_stream(held, table.schema) as writer:
            writer.write_table(table)
        return held.getvalue().to_pybytes()

    one, two = stream(pa.table({"x": [1, 2]})), stream(pa.table({"x": [3]}))
    other = stream(pa.table({"y": ["a"]}))
    decoder: Values = ArrowValues()
    table, wrong = decoder.decode([b"junk", one, other, two[:-60], two, None])
    assert table is not None
    assert table.to_pylist() == [{"x": 1}, {"x": 2}, {"x": 3}]
    assert list(wrong) == [0, 2, 3, 5]


def test_fields_by_their_paths_and_objects_as_they_are() -> None:
    value = b'{"user": {"id": 1}, "x": 2, "list": [1]}'
    flat = JsonValues({"user.id": "int64"})
    table, wrong = flat.decode([value, b'{"user": {"id": "no"}}'])
    assert table is not None
    assert table.to_pylist() == [{"user.id": 1, "x": 2}]
    assert list(wrong.values()) == ['user.id: wanted int64, got "no"']
    nested = JsonValues({})
    table, wrong = nested.decode([value, b"no", value])
    assert table is not None
    assert table.to_pylist() == [{"user": {"id": 1}, "x": 2, "list": [1]}] * 2
    assert list(wrong) == [1]


def order(*types: str) -> str:
    """A writer of fields x and y."""
    fields = [{"name": name, "type": type} for name, type in zip("xy", types, strict=False)]
    return json.dumps({"type": "record", "name": "Order", "fields": fields})


def framed(id: int, writer: str, **fields: object) -> bytes:
    return struct.pack(">bI", 0, id) + encode(json.loads(writer), fields)


OLD, NEW, OTHER = order("int"), order("long", "string"), order("string")
TYPES = {"x": "int64", "y": "string"}
FRAMED = [framed(7, OLD, x=1), framed(8, NEW, x=2, y="two"), framed(9, OTHER, x="3"), None]
ROWS_OF_FRAMED = [{"x": 1, "y": None}, {"x": 2, "y": "two"}]


class Answers(BaseHTTPRequestHandler):
    """A schema registry with what `paths` has; it counts what is asked."""

    paths: ClassVar[dict[str, object]] = {}
    asked: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        self.asked.append(self.path)
        found = self.paths.get(self.path)
        is_known = self.headers["Authorization"] == "Basic bWU6c2VjcmV0"
        self.send_response(401 if not is_known else 404 if found is None else 200)
        self.end_headers()
        self.wfile.write(json.dumps(found or {}).encode())

    def log_message(self, format: str, *about: object) -> None:
        pass


@contextmanager
def registry(paths: dict[str, object]) -> Iterator[tuple[str, list[str]]]:
    """Its address, and what it was asked."""
    handler = type("Handler", (Answers,), {"paths": paths, "asked": []})
    server = HTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://me:secret@127.0.0.1:{server.server_port}", handler.asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_writers_of_a_registry_are_asked_for_once() -> None:
    paths = {f"/schemas/ids/{id}": {"schema": it} for id, it in ((7, OLD), (9, OTHER))}
    paths["/subjects/orders-value/versions/latest"] = {"id": 8, "schema": NEW}
    paths["/schemas/ids/10"] = {"schema": "message X {}", "schemaType": "PROTOBUF"}
    with registry(paths) as (url, asked):
        decoder = AvroValues(TYPES, AvroWriters(None, HttpRegistry(url), ["orders", "none"]))
        unknown = [framed(id, OLD, x=1) for id in (10, 11)]
        for _ in range(2):
            table, wrong = decoder.decode([*FRAMED, *unknown, b"\0"])
            assert table is not None
            assert table.to_pylist() == ROWS_OF_FRAMED
            assert list(wrong) == [2, 3, 4, 5, 6]
            assert wrong[2].startswith('schema 9: column "x"')
            assert wrong[3] == "no value"
            assert wrong[4] == "schema 10: the registry has a schema of PROTOBUF, expected AVRO"
            assert wrong[5] == "schema 11 is not in the registry"
        assert sorted(asked) == sorted(set(asked))
        assert len(asked) == 6
        with pytest.raises(RegistryError, match="401"):
            HttpRegistry(url.replace("secret", "wrong")).find(7)


def avro_of(folder: Path, text: str, topics: Sequence[str] = ("orders",)) -> Values:
    """As a pipeline's file in the folder says."""
    table = Document(f'[source]\nformat = "avro"\n{text}', str(folder / "p.toml")).table("source")
    return values_of(table, topics)


COLUMNS = 'columns = { x = "int64", y = "string" }\n'


def test_writers_of_a_folder(tmp_path: Path) -> None:
    (tmp_path / "schemas").mkdir()
    (tmp_path / "schemas/7.avsc").write_text(OLD)
    decoder = avro_of(tmp_path, COLUMNS + 'registry = "schemas"')
    (tmp_path / "schemas/8.avsc").write_text(NEW)  # while it runs
    table, wrong = decoder.decode(FRAMED)
    assert table is not None
    assert table.to_pylist() == ROWS_OF_FRAMED
    assert wrong == {2: "schema 9 is not in the registry", 3: "no value"}
    held = decoder.position()
    avro_of(tmp_path, COLUMNS + 'registry = "schemas"').seek(held)
    (tmp_path / "schemas/8.avsc").write_text(order("int", "string"))
    with pytest.raises(kedge.InvalidArgument, match=r"schema 8: its fingerprint is [0-9a-f]{16}"):
        avro_of(tmp_path, COLUMNS + 'registry = "schemas"').seek(held)
    (tmp_path / "schemas/8.avsc").write_text(OTHER)
    with pytest.raises(kedge.InvalidArgument, match='schema 8: column "x"'):
        avro_of(tmp_path, COLUMNS + 'registry = "schemas"')


def test_one_writer_of_bare_records(tmp_path: Path) -> None:
    (tmp_path / "order.avsc").write_text(NEW)
    text = COLUMNS + 'schema = "order.avsc"'
    decoder = avro_of(tmp_path, text)
    rows = [{"x": it, "y": str(it)} for it in range(5)]
    values = [encode(json.loads(NEW), {"x": it, "y": str(it)}) for it in range(5)]
    table, wrong = decoder.decode([*values, values[0][:-1]])
    assert table is not None
    assert table.to_pylist() == rows
    assert list(wrong) == [5]
    avro_of(tmp_path, text).seek(decoder.position())
    (tmp_path / "order.avsc").write_text(OLD)
    with pytest.raises(kedge.InvalidArgument, match="schema: its fingerprint"):
        avro_of(tmp_path, text).seek(decoder.position())
    for wrong_text, message in (
        ('schema = "order.avsc"', "columns: expected the fields"),
        (COLUMNS, "schema: expected either schema or registry"),
        (COLUMNS + 'registry = "none"', "p.toml:4: source.registry"),
        (COLUMNS + 'schema = "none"', "p.toml:4: source.schema"),
    ):
        with pytest.raises(kedge.InvalidArgument, match=message):
            avro_of(tmp_path, wrong_text)


def test_messages_of_protobuf(tmp_path: Path) -> None:
    (tmp_path / "events.desc").write_bytes(FILES["proto3"].SerializeToString())
    text = (
        '[source]\nformat = "protobuf"\nschema = "events.desc"\nmessage = "shop.Event"\n'
        'columns = { int64 = "int64", "user.id" = "int16" }\n'
    )

    def made(more: str) -> Values:
        table = Document(text + more, str(tmp_path / "p.toml")).table("source")
        return values_of(table, [])

    event = CLASSES["proto3"](int64=5, user={"id": 3}).SerializeToString()
    decoder = made("")
    table, wrong = decoder.decode([event, None, b"", b"\xff"])
    assert table is not None
    assert table.to_pylist() == [{"int64": 5, "user.id": 3}, {"int64": 0, "user.id": None}]
    assert list(wrong) == [1, 3]
    again = made("framed = true")
    again.seek(decoder.position())
    table, wrong = again.decode([b"\0\0\0\0\7\2\2" + event, event])
    assert table is not None
    assert table.to_pylist() == [{"int64": 5, "user.id": 3}]
    assert list(wrong) == [1]


def test_a_registry_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kedge.io.avro_writers._PAUSE", 0.0)
    with registry({}) as (url, _):
        pass
    with pytest.raises(RegistryError, match="/schemas/ids/7: "):
        AvroWriters(None, HttpRegistry(url)).check({"7": "0"})
