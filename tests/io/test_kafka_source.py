"""Kafka's source by itself, with the mock of a cluster in another process."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing

import pyarrow as pa
import pytest
from confluent_kafka import KafkaError, Message

from kedge.io.kafka_client import BrokerError
from kedge.io.kafka_source import KafkaSource
from kedge.io.stepped import Reading
from kedge.io.values import JsonValues
from tests.io.mock_broker import PARTITIONS, mock_broker, produce

ONCE = Reading(follow=False)


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
        with closing(KafkaSource(config, ["positions"], JsonValues({}), ONCE)) as first:
            batches = [first.read(30, 5.0) for _ in range(reads)]
            position = first.position()
        before = [x for it in batches if it and it.rows for x in it.rows.column("x").to_pylist()]
        with closing(KafkaSource(config, ["positions"], JsonValues({}), ONCE)) as second:
            second.seek(position)
            after = read_all(second)
            assert second.lag() == (0, "records")
        assert len(before) + len(after) == len(wanted)
        assert {*before, *after} == wanted


def test_topics_and_partitions_are_kept_apart(servers: str) -> None:
    for at, topic in enumerate(("left", "right")):
        for turn in range(3):  # so that a fetch has several runs of each
            base = 1000 * at + 10 * turn
            values = {p: [b'{"x":%d}' % (base + 100 * p + i) for i in range(5)] for p in range(2)}
            produce(servers, topic, values)
    config = {"bootstrap.servers": servers}
    made = KafkaSource(config, ["right", "left"], JsonValues({}), ONCE)
    found: dict[int, list[int]] = {}
    with closing(made) as source:
        while (batch := source.read(64, 0.2)) is not None:
            if batch.rows is not None:
                found.setdefault(batch.partition, []).extend(batch.rows.column("x").to_pylist())
        offsets = json.loads(source.position())["offsets"]
    numbers = [10 * turn + i for turn in range(3) for i in range(5)]
    topics = {0: 0, 1: 100, PARTITIONS: 1000, PARTITIONS + 1: 1100}  # by name, then partition
    assert found == {place: [base + it for it in numbers] for place, base in topics.items()}
    each = {"0": 15, "1": 15, "2": 0, "3": 0}
    assert offsets == {"left": each, "right": each}


def test_an_error_of_the_group_names_it_and_its_cause(
    servers: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    produce(servers, "group", {0: [b'{"x":1}']})
    right = Message(topic="group", partition=0, offset=0, value=b'{"x":1}')
    slow = KafkaError(KafkaError._MAX_POLL_EXCEEDED, "too slow")
    passing = KafkaError(KafkaError.COORDINATOR_NOT_AVAILABLE, "in a moment", False, True)
    config = {"bootstrap.servers": servers}
    with closing(KafkaSource(config, ["group"], JsonValues({}), Reading(), group="g")) as source:
        for error, topic, said in (
            (slow, None, 'group "g": too slow'),
            (slow, "group", 'group "g", topic "group": too slow'),
        ):
            found = [right, Message(topic=topic, error=error)]
            monkeypatch.setattr(source, "_consumed", lambda *_, found=found: found)
            with pytest.raises(BrokerError, match=f"^{said}$"):
                source.read(64, 0.2)
        end = KafkaError(KafkaError._PARTITION_EOF)
        ends = [Message(topic="group", partition=it, error=end) for it in range(PARTITIONS)]
        found = [Message(error=passing), right, *ends]
        monkeypatch.setattr(source, "_consumed", lambda *_: found)
        batch = source.read(64, 0.2)
        assert batch is not None
        assert pa.table(batch.rows).to_pylist() == [{"x": 1}]
