"""A real Apache Kafka: one node, without ZooKeeper, of the jars that `.ci/run engines` fetches.

mvn -q -f tests/io/kafka_broker.xml dependency:copy-dependencies -DoutputDirectory=DIR
KEDGE_KAFKA_JARS=DIR pytest tests/loop/test_kafka_broker.py
"""

from __future__ import annotations

import base64
import os
import secrets
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from tests.ports import free_port

JARS = os.environ.get("KEDGE_KAFKA_JARS", "")
# Nothing is kept for a time only: the tests' messages are of 1970, and go at the first look.
SETTINGS = """
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller}
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}
controller.listener.names=CONTROLLER
log.dirs={folder}/data
num.partitions=4
offsets.topic.replication.factor=1
offsets.topic.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=1
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=500
log.retention.ms=-1
"""


def java(*arguments: str) -> list[str]:
    return ["java", "-Xmx384m", "-XX:TieredStopAtLevel=1", "-cp", f"{JARS}/*", *arguments]


@contextmanager
def kafka_broker(folder: Path) -> Iterator[str]:
    """Its servers; it ends with the block."""
    port = free_port()
    settings = folder / "server.properties"
    settings.write_text(SETTINGS.format(port=port, controller=free_port(), folder=folder))
    name = base64.urlsafe_b64encode(secrets.token_bytes(16)).decode().rstrip("=")
    make = java("kafka.tools.StorageTool", "format", "-t", name, "-c", str(settings))
    with (folder / "log").open("wb") as log:
        subprocess.run(make, check=True, stdout=log, stderr=log)
        command = java("kafka.Kafka", str(settings))
        with subprocess.Popen(command, stdout=log, stderr=log) as process:
            try:
                await_answer(f"127.0.0.1:{port}", process)
                yield f"127.0.0.1:{port}"
            finally:
                process.kill()


def await_answer(servers: str, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + 180
    while True:
        assert process.poll() is None, "the broker has ended"
        try:
            AdminClient({"bootstrap.servers": servers, "log_level": 0}).list_topics(timeout=1)
        except KafkaException:
            assert time.monotonic() < until
        else:
            return
