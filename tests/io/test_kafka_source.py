"""Kafka's source by itself, with the mock of a cluster in another process."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest

from kedge.io.kafka_source import KafkaSource
from kedge.io.values import JsonValues
from tests.io.mock_broker import PARTITIONS, mock_broker, produce


@pytest.fixture(scope="module")
def servers() -> Iterator[str]:
    with mock_broker() as found:
        yield found


def read_all(source: KafkaSource) -> list[int]:
    found: list[int] = []
    while (batch := source.read(64, 0.2)) is not None:
        found += [] if batch.rows is None else batch.rows.column("x").to_pylist()
    return found


def test_it_goes_on_from_any_position(servers: str) -> None:
    values = {p: [b'{"x":%d}' % (1000 * p + i) for i in range(100)] for p in range(PARTITIONS)}
    produce(servers, "positions", values)
    wanted = {1000 * p + i for p in range(PARTITIONS) for i in range(100)}
    for reads in range(0, 20, 4):
        config = {"bootstrap.servers": servers}
        with closing(KafkaSource(config, ["positions"], JsonValues({}), follow=False)) as first:
            batches = [first.read(30, 5.0) for _ in range(reads)]
            position = first.position()
        before = [x for it in batches if it and it.rows for x in it.rows.column("x").to_pylist()]
        with closing(KafkaSource(config, ["positions"], JsonValues({}), follow=False)) as second:
            second.seek(position)
            after = read_all(second)
            assert second.lag() == (0, "records")
        assert len(before) + len(after) == len(wanted)
        assert {*before, *after} == wanted
