"""Messages are what the protobuf package wrote, or are refused as a whole."""

from __future__ import annotations

import struct
from typing import Any

import pyarrow as pa
import pytest
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory, timestamp_pb2
from hypothesis import given, settings
from hypothesis import strategies as st

import kedge
from kedge.records import ProtobufRecords

FIELD = descriptor_pb2.FieldDescriptorProto
NUMBERS = {
    "double": "float64",
    "float": "float32",
    "int64": "int64",
    "uint64": "uint64",
    "int32": "int32",
    "fixed64": "uint64",
    "fixed32": "uint32",
    "uint32": "uint32",
    "sfixed32": "int32",
    "sfixed64": "int64",
    "sint32": "int32",
    "sint64": "int64",
}


def described(syntax: str) -> descriptor_pb2.FileDescriptorSet:
    """A message with a field of every type, and one below it that has a message of its own."""
    files = descriptor_pb2.FileDescriptorSet()
    timestamp_pb2.DESCRIPTOR.CopyToProto(files.file.add())
    file = files.file.add(name="events.proto", package="shop", syntax=syntax)
    file.dependency.append("google/protobuf/timestamp.proto")
    colour = file.enum_type.add(name="Colour")
    for number, name in enumerate(["NONE", "RED", "GREEN"]):
        colour.value.add(name=name, number=number)
    file.message_type.add(name="Unused")
    event = file.message_type.add(name="Event")
    names = [*NUMBERS, "bool", "string", "bytes", "enum", "list", "other"]
    for number, name in enumerate(names, 1):
        kind = {"list": "int64", "other": "string"}.get(name, name)
        field = event.field.add(
            name=name, number=number, label=FIELD.LABEL_OPTIONAL, type=f"TYPE_{kind.upper()}"
        )
        if name == "enum":
            field.type_name = ".shop.Colour"
        if name == "list":
            field.label = FIELD.LABEL_REPEATED
    user = event.nested_type.add(name="User")
    user.field.add(name="id", number=1, label=FIELD.LABEL_OPTIONAL, type="TYPE_INT32")
    for owner, name, type_name in (
        (event, "user", ".shop.Event.User"),
        (event, "at", ".google.protobuf.Timestamp"),
        (user, "parent", ".shop.Event.User"),
    ):
        owner.field.add(
            name=name,
            number=100 + len(owner.field),
            label=FIELD.LABEL_OPTIONAL,
            type="TYPE_MESSAGE",
            type_name=type_name,
        )
    return files


FILES = {syntax: described(syntax) for syntax in ("proto2", "proto3")}
POOLS = {syntax: descriptor_pool.DescriptorPool() for syntax in FILES}
for syntax, files in FILES.items():
    for file in files.file:
        POOLS[syntax].Add(file)
CLASSES = {
    syntax: message_factory.GetMessageClass(pool.FindMessageTypeByName("shop.Event"))
    for syntax, pool in POOLS.items()
}
SCHEMA = {
    **NUMBERS,
    "bool": "bool",
    "string": "utf8",
    "bytes": "large_utf8",
    "enum": "utf8",
    "user.id": "int16",
    "user.parent.id": "int64",
    "at": "timestamp[us]",
}


def integers(bits: int, signed: bool) -> st.SearchStrategy[int]:
    return (
        st.integers(-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
        if signed
        else st.integers(0, 2**bits - 1)
    )


VALUES: dict[str, st.SearchStrategy[Any]] = {
    **{name: integers(64, True) for name in ("int64", "sfixed64", "sint64")},
    **{name: integers(32, True) for name in ("int32", "sfixed32", "sint32")},
    **{name: integers(64, False) for name in ("uint64", "fixed64")},
    **{name: integers(32, False) for name in ("uint32", "fixed32")},
    "double": st.floats(allow_nan=False),
    "float": st.floats(width=32, allow_nan=False),
    "bool": st.booleans(),
    "string": st.text(max_size=9),
    "enum": st.integers(0, 2),
    "bytes": st.text(max_size=9).map(str.encode),
    "list": st.lists(integers(64, True), max_size=3),
    "other": st.text(max_size=3),
    "user.id": st.integers(-(2**15) - 2, 2**15 + 2),
    "user.parent.id": integers(32, True),
    "at": st.tuples(st.integers(-(10**10), 10**10), st.integers(0, 999_999)),
}


def fill(message: Any, values: dict[str, Any]) -> bytes:
    for path, value in values.items():
        *above, name = path.split(".")
        owner = message
        for part in above:
            owner = getattr(owner, part)
        if name == "list":
            owner.list.extend(value)
        elif name == "at":
            owner.at.seconds, owner.at.nanos = value[0], 1000 * value[1]
        else:
            setattr(owner, name, value)
    data: bytes = message.SerializeToString()
    return data


def expected(message: Any, syntax: str) -> dict[str, Any] | None:
    """As the protobuf package reads it back; None for what is no row."""
    row: dict[str, Any] = {}
    for path in SCHEMA:
        *above, name = path.split(".")
        owner = message
        for part in above:
            owner = getattr(owner, part) if owner is not None and owner.HasField(part) else None
        absent = owner is None or (
            (syntax == "proto2" or name == "at") and not owner.HasField(name)
        )
        value = None if absent else getattr(owner, name)
        if name == "at" and value is not None:
            value = value.seconds * 10**6 + value.nanos // 1000
        elif name == "bytes" and value is not None:
            value = value.decode()
        elif name == "enum" and value is not None:
            value = ["NONE", "RED", "GREEN"][value]
        row[path] = value
    user = row["user.id"]
    return row if user is None or -(2**15) <= user < 2**15 else None


@given(
    st.lists(st.fixed_dictionaries({}, optional=VALUES), max_size=5),
    st.sampled_from(["proto2", "proto3"]),
    st.booleans(),
)
@settings(max_examples=120, deadline=None)
def test_what_was_written_is_read(events: list[dict[str, Any]], syntax: str, framed: bool) -> None:
    records = [fill(CLASSES[syntax](), event) for event in events]
    rows = [expected(CLASSES[syntax].FromString(record), syntax) for record in records]
    if framed:
        records = [b"\0\0\0\0\7\2\2" + record for record in records]
    decoder = ProtobufRecords(
        SCHEMA, FILES[syntax].SerializeToString(), "shop.Event", framed=framed
    )
    table, rejected = decoder.decode(records)
    assert [r.index for r in rejected] == [i for i, row in enumerate(rows) if row is None]
    kept = [row for row in rows if row is not None]
    assert table.to_pydict() == {name: [row[name] for row in kept] for name in SCHEMA}
    pa.table(table).validate(full=True)


@given(st.fixed_dictionaries({}, optional=VALUES), st.data())
@settings(max_examples=120, deadline=None)
def test_changed_bytes_are_a_row_or_a_reason(event: dict[str, Any], data: st.DataObject) -> None:
    record = bytearray(fill(CLASSES["proto3"](), event) + b"\x0a")
    record[data.draw(st.integers(0, len(record) - 1))] = data.draw(st.integers(0, 255))
    table, rejected = ProtobufRecords(
        SCHEMA, FILES["proto3"].SerializeToString(), "shop.Event"
    ).decode([bytes(record), bytes(record[:-1]), b""])
    assert pa.table(table).num_rows + len(rejected) == 3
    assert all(r.reason for r in rejected)
    pa.table(table).validate(full=True)


@pytest.mark.parametrize(
    ("schema", "message", "text"),
    [
        ({"string": "int64"}, "shop.Event", 'column "string": int64 is wanted'),
        ({"double": "float32"}, "shop.Event", 'column "double": float32 is wanted'),
        ({"list": "int64"}, "shop.Event", 'field "list" is repeated'),
        ({"int32.x": "int64"}, "shop.Event", "columns are asked of it, it is no message"),
        ({"int32": "int64"}, "shop.Other", 'no message "shop.Other"'),
    ],
)
def test_what_cannot_be_resolved_is_refused(
    schema: dict[str, str], message: str, text: str
) -> None:
    with pytest.raises(kedge.InvalidArgument, match=text):
        ProtobufRecords(schema, FILES["proto3"].SerializeToString(), message)


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        (b"\x0a\x05", "needs 5 bytes"),
        (b"\x72\x01\xff", "wanted utf8, got bytes that are not UTF-8"),
        (b"\x80\x01\x09", "wanted utf8, got 9, which has no name"),
        (b"\x18\x01\x18\x01", "the record has it twice"),
    ],
)
def test_a_refusal_says_why(record: bytes, reason: str) -> None:
    schema = {"int64": "int64", "string": "utf8", "enum": "utf8"}
    decoder = ProtobufRecords(schema, FILES["proto3"].SerializeToString(), "shop.Event")
    assert [reason in r.reason for r in decoder.decode([record, b""])[1]] == [True]


def test_the_frame_must_be_that_of_the_message() -> None:
    decoder = ProtobufRecords(
        {"id": "int32"}, FILES["proto3"].SerializeToString(), "shop.Event.User", framed=True
    )
    head = b"\0" + struct.pack(">I", 7)
    records = [head + b"\4\2\0\x08\5", head + b"\2\2", head + b"\0\x08\5", head + b"\4", b"\1"]
    table, rejected = decoder.decode(records)
    assert table.to_pydict() == {"id": [5]}
    assert [(r.index, r.reason) for r in rejected] == [
        (1, "it is another message of the file"),
        (2, "it is another message of the file"),
        (3, "the place of the message's type does not end"),
        (4, "expected a zero and the id of a schema"),
    ]
