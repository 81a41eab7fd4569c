"""librdkafka's own mock of a cluster, in a process of its own, and what to do with it.

It has no admin requests, keeps messages in memory, makes topics with four partitions, shows what
was aborted, and stores no offsets of transactions: it proves nothing about transactions.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from confluent_kafka import Consumer, Message, Producer, TopicPartition

PARTITIONS = 4


@contextmanager
def mock_broker(brokers: int = 1) -> Iterator[str]:
    """Its servers; it ends with the block."""
    command = [sys.executable, __file__, str(brokers)]
    pipe = subprocess.PIPE
    with subprocess.Popen(
        command, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.stdin.close()


def produce(
    servers: str, topic: str, values: Mapping[int, Sequence[bytes | None]], every_ms: int = 1
) -> None:
    """Values by partition, `every_ms` apart from time 1 on."""
    settings = {"queue.buffering.max.messages": 10_000_000, "linger.ms": 1}
    producer = Producer({**settings, "bootstrap.servers": servers, "enable.idempotence": True})
    for partition, parts in values.items():
        for place, value in enumerate(parts):
            producer.produce(topic, value, partition=partition, timestamp=1 + place * every_ms)
    assert producer.flush(120) == 0


def messages(servers: str, topic: str, partitions: int = PARTITIONS) -> list[Message]:
    """All that readers of what is committed see, partition by partition."""
    consumer = Consumer(
        {
            "bootstrap.servers": servers,
            "group.id": "test",
            "enable.partition.eof": True,
            "isolation.level": "read_committed",
        }
    )
    consumer.assign([TopicPartition(topic, it, 0) for it in range(partitions)])
    found: list[Message] = []
    ended = 0
    while ended < partitions:
        for message in consumer.consume(1000, 0.05):
            if message.error() is None:
                found.append(message)
            else:
                ended += 1
    consumer.close()
    return sorted(found, key=lambda it: (it.partition(), it.offset()))


def committed(servers: str, group: str, topic: str) -> list[int]:
    """Offsets by partition; -1001 where there is none."""
    consumer = Consumer({"bootstrap.servers": servers, "group.id": group})
    found = consumer.committed([TopicPartition(topic, it) for it in range(PARTITIONS)], timeout=10)
    consumer.close()
    return [it.offset for it in found]


def serve(brokers: int) -> None:
    """Be the cluster until the input ends."""
    owner = Producer({"bootstrap.servers": "none", "test.mock.num.brokers": brokers})
    found = owner.list_topics(timeout=10).brokers.values()
    sys.stdout.write(",".join(f"{it.host}:{it.port}" for it in found) + "\n")
    sys.stdout.flush()
    sys.stdin.read()


if __name__ == "__main__":
    serve(int(sys.argv[1]))
