"""A topic of Kafka as a sink.

    [sink]
    kind = "kafka"
    servers = "one:9092"
    topic = "features"
    format = "json"                # or "avro"; "arrow": many rows as a stream of Arrow IPC; "raw"
    key = "user"                   # a column whose text is the message's key
    transaction = "fraud-1"        # transactional.id: an epoch's rows are seen together, once
    [sink.config]                  # of librdkafka

Without `transaction` rows are never lost, and after a crash those since the last snapshot come
again. With it, readers with `isolation.level = "read_committed"` see each epoch once and whole;
all sinks of a pipeline that have one name the same, and go out together.

"avro" wants `schema`, a file with that of the rows: its fields are columns by name. With
`schema_id`, the number that a registry gave it, records are framed.

"raw" is for `[rejected]`: the column "value" is the message's value as it came, and the other
columns are its headers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pyarrow as pa

from kedge._core import InvalidArgument, KedgeError
from kedge.io.avro_rows import AvroRows
from kedge.io.json_lines import json_lines, python_values
from kedge.io.kafka_client import settings
from kedge.io.kafka_outbox import Headers, Outbox, Transactions
from kedge.loop.ports import Options, Sink

__all__ = ["KafkaSink"]

_ARROW_ROWS = 4096
Encoded = Iterator[tuple[bytes | None, Headers]]
Encoder = Callable[[pa.Table], Encoded]


def _json(table: pa.Table) -> Encoded:
    for line in json_lines(table):
        yield line.encode(), ()


def _raw(table: pa.Table) -> Encoded:
    if "value" not in table.schema.names:
        raise InvalidArgument('kafka: format "raw" wants a column "value"')
    others = table.drop_columns("value")
    texts = [[str(it).encode() for it in python_values(column)] for column in others.columns]
    for place, value in enumerate(table.column("value").to_pylist()):
        headers = [(name, it[place]) for name, it in zip(others.schema.names, texts, strict=True)]
        yield value, headers


def _arrow(table: pa.Table) -> Encoded:
    for start in range(0, table.num_rows, _ARROW_ROWS):
        held = pa.BufferOutputStream()
        with pa.ipc.new_stream(held, table.schema) as writer:
            writer.write_table(table.slice(start, _ARROW_ROWS))
        yield held.getvalue().to_pybytes(), ()


def _avro(options: Options) -> Encoder:
    path = Path(options.path("schema"))
    id = options.whole("schema_id", 0, least=0) or None
    try:
        rows = AvroRows(path.read_text(), id)
    except (OSError, KedgeError) as error:
        raise options.error("schema", str(error)) from None
    return lambda table: ((record, ()) for record in rows.encode(table))


_ENCODERS: Mapping[str, Callable[[Options], Encoder]] = {
    "json": lambda options: _json,
    "avro": _avro,
    "arrow": lambda options: _arrow,
    "raw": lambda options: _raw,
}


class KafkaSink(Sink):
    """See the module's text.

    An epoch of which a transaction is committed is not sent again: its rows would be others, for
    where it ends depends on the clock.

    Args:
        outbox: that sends.
        topic: to write to.
        encode: messages of rows.
        key: a column, or none.
    """

    can_go_back = False

    def __init__(self, outbox: Outbox, topic: str, encode: Encoder, key: str = "") -> None:
        self._outbox, self._topic, self._key = outbox, topic, key
        self._encode, self.keeps = encode, outbox.keeps
        outbox.add(topic)

    @classmethod
    def of(cls, options: Options, transactions: Transactions) -> KafkaSink:
        """As `[sink]` or the like describes it."""
        format, key = options.text("format", "json"), options.text("key", "")
        if format not in _ENCODERS:
            raise options.error("format", f"expected one of {', '.join(_ENCODERS)}")
        if key and format == "arrow":
            raise options.error("key", 'a message of "arrow" has many rows')
        encode, topic = _ENCODERS[format](options), options.text("topic")
        outbox = transactions.outbox(settings(options), options.text("transaction", ""))
        return cls(outbox, topic, encode, key)

    def committed(self) -> int | None:
        """Known with a transaction."""
        return self._outbox.committed()

    def begin(self, epoch: int) -> None:
        """Drops what was sent and not published."""
        self._outbox.begin(epoch)

    def write(self, rows: object) -> None:
        """One message for each row, or for many with "arrow"."""
        table = pa.table(rows)
        keys: list[bytes | None] = []
        if self._key:
            if self._key not in table.schema.names:
                raise InvalidArgument(f'kafka: the rows have no column "{self._key}" for keys')
            values = python_values(table.column(self._key))
            keys = [None if it is None else str(it).encode() for it in values]
        for place, (value, headers) in enumerate(self._encode(table)):
            self._outbox.send(self._topic, value, keys[place] if keys else None, headers)

    def prepare(self, epoch: int) -> str:
        """All messages are with the brokers."""
        self._outbox.flush()
        return ""

    def publish(self, epoch: int, note: str) -> None:
        """Commits."""
        self._outbox.publish(epoch)

    def close(self) -> None:
        """Drops what was not published."""
        self._outbox.close()
