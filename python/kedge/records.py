r"""Records as bytes into columns: what a stream carries, or a file of lines.

>>> from kedge.records import JsonRecords
>>> orders = JsonRecords({"user.id": "int64 not null", "amount": "float64", "at": "timestamp[us]"})
>>> table, rejected = orders.decode(b'''
... {"user": {"id": 1}, "amount": 2.5, "at": "2026-01-31T10:00:00Z"}
... {"user": {"id": "2"}}
... {"user": {"id": 3}, "note": "no amount"}
... ''')
>>> table.to_pydict()
{'user.id': [1, 3], 'amount': [2.5, None], 'at': [1769853600000000, None]}
>>> rejected
[Rejected(index=1, field='user.id', reason='wanted int64, got "2"')]

A schema says which columns there are: a pyarrow schema, anything else with `__arrow_c_schema__`, or
a dict of types: `bool`, `int8` to `int64`, `uint8` to `uint64`, `float32`, `float64`, `utf8`,
`large_utf8`, `date32`, `timestamp[s]` to `timestamp[ns]`, which may have a zone as in
`timestamp[us, UTC]`; each with `not null` behind it where a record without it is none. A column's
name is the path to its field.

A record is a row, or it is rejected as a whole with the field, the value and what was wanted; it
stops nothing. Values are never bent: an integer column takes no fraction and nothing beyond its
range, a text is no number, a time with more digits than the column's unit is refused. Times are
texts in ISO 8601 (UTC without an offset) or integers in the column's unit. Fields that no column
asks for are skipped and counted (`skipped`). A field that a record has twice is refused.

CSV is RFC 4180's: `CsvRecords(schema, delimiter=",")` takes the first record of each text for its
header, or is given `names`. An empty field is null, an empty text is `""`; numbers are spelled as
in JSON, floats may be `NaN` and `inf`, bools are `true`, `True`, `TRUE`, `1` and their opposites.

>>> from kedge.records import CsvRecords
>>> CsvRecords({"b": "float64"}).decode(b"a,b\nx,1.5\ny,\n")[0].to_pydict()
{'b': [1.5, None]}

Avro's binary records need the schema of who wrote them: `AvroRecords(schema, writer=text)` for bare
ones, and a dict of such by their ids for those that a schema registry framed. That the writer's
fields can be the columns is checked at once. Enums are texts, times come from logical types.
`avro_fingerprint` names a writer's schema, `schema_id` says which one a record claims.

>>> from kedge.records import AvroRecords
>>> writer = '''{"type": "record", "name": "Order", "fields": [
...     {"name": "paid", "type": "boolean"}, {"name": "amount", "type": ["null", "float"]}]}'''
>>> AvroRecords({"amount": "float64"}, {7: writer}).decode([b"\0\0\0\0\7\1\0"])[0].to_pydict()
{'amount': [None]}

`ProtobufRecords(schema, descriptors, message)` reads messages of Protocol Buffers, as the bytes of
a FileDescriptorSet (`protoc --include_imports -o`) describe them; `framed=True` those of a schema
registry. An absent field is null where absence can be told from zero.

`decode` takes a list of records (`bytes`, `str`, or None for an empty one), or `bytes` with one on
each line; blank lines are none. `push` takes chunks that end anywhere and `finish` what is left; a
line beyond 16 MiB is rejected. All work without the GIL.
"""

from __future__ import annotations

from kedge._core import (
    AvroRecords,
    CsvRecords,
    JsonRecords,
    ProtobufRecords,
    Rejected,
    avro_canonical,
    avro_fingerprint,
    schema_id,
)

__all__ = [
    "AvroRecords",
    "CsvRecords",
    "JsonRecords",
    "ProtobufRecords",
    "Rejected",
    "avro_canonical",
    "avro_fingerprint",
    "schema_id",
]
