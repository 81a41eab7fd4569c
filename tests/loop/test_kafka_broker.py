"""What only a real broker can show: transactions, fencing, a log that is cut. See kafka_broker."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from confluent_kafka import Consumer, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from kedge.cli import main
from kedge.io.kafka_outbox import Outbox
from kedge.io.kafka_source import KafkaSource
from kedge.io.stepped import Reading
from kedge.io.values import JsonValues
from kedge.loop import Fenced
from tests.io.kafka_broker import JARS, kafka_broker
from tests.io.mock_broker import PARTITIONS, messages, produce
from tests.loop.killer import Killed, kill_often
from tests.loop.test_kafka import WINDOW, event, events, pipeline, take_over
from tests.patience import until

pytestmark = pytest.mark.skipif(
    not JARS,
    reason="KEDGE_KAFKA_JARS names no folder of Kafka's jars: .ci/run engines fetches them",
)


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with kafka_broker(tmp_path_factory.mktemp("kafka")) as found:
        yield found


def make_topics(servers: str, *names: str) -> None:
    admin = AdminClient({"bootstrap.servers": servers})
    made = admin.create_topics([NewTopic(name, PARTITIONS, 1) for name in names])
    for each in made.values():
        each.result()


def in_transactions(
    folder: Path, servers: str, out: str, snapshot_rows: int, batch_rows: int
) -> Path:
    """Windows to one topic and what is wrong to another, in the same transaction."""
    make_topics(servers, f"{out}-windows", f"{out}-wrong")
    sink = f'kind = "kafka"\nservers = "{servers}"\ntransaction = "{out}"\n'
    its = {"snapshot_rows": snapshot_rows, "batch_rows": batch_rows}
    path = pipeline(folder, servers, "sent", out, **its)
    text = path.read_text()
    text = text[: text.index("[sink]")]
    path.write_text(
        f'{text}[sink]\n{sink}topic = "{out}-windows"\nkey = "user"\n'
        f'[rejected]\n{sink}topic = "{out}-wrong"\nformat = "raw"\n'
    )
    return path


def sent(servers: str, out: str) -> Counter[tuple[bytes | None, bytes | None, str]]:
    found = messages(servers, f"{out}-windows") + messages(servers, f"{out}-wrong")
    return Counter((it.key(), it.value(), str(it.headers())) for it in found)


def over_transactions(folder: Path, servers: str, rows: int) -> Killed:
    """From a topic into two, in one transaction."""
    make_topics(servers, "sent")
    produce(servers, "sent", {it: events(rows, it) for it in range(PARTITIONS)})
    # Of each ten seconds a window of each of three users, and records that are none.
    produced = 3 * -(-rows // 40) + PARTITIONS * len(range(7, rows, 41))

    def make(out: str, snapshot_rows: int, batch_rows: int) -> Path:
        return in_transactions(folder, servers, out, snapshot_rows, batch_rows)

    def seen(out: str) -> Counter[tuple[bytes | None, bytes | None, str]]:
        # The broker says that it commits, and does so a moment later.
        until(lambda: sent(servers, out).total() >= produced)
        return sent(servers, out)

    return Killed(make, seen)


def test_killed_with_transactions(tmp_path: Path, servers: str) -> None:
    killed, _ = kill_often(over_transactions(tmp_path, servers, 300), 6, seed=5)
    assert killed >= 6


def test_a_forgotten_transaction_drops_nothing_and_can_be_told(
    tmp_path: Path, servers: str, capsys: pytest.CaptureFixture[str]
) -> None:
    make_topics(servers, "told")
    produce(servers, "told", {it: events(100, it) for it in range(PARTITIONS)})
    path = in_transactions(tmp_path, servers, "forgotten", 60, 30)
    path.write_text(path.read_text().replace('topics = "sent"', 'topics = "told"'))
    assert main(["run", str(path)]) == 0
    until(lambda: sent(servers, "forgotten").total() > 0)
    before = sent(servers, "forgotten")
    admin = AdminClient({"bootstrap.servers": servers})
    for each in admin.delete_consumer_groups(["forgotten"]).values():
        each.result()
    assert main(["run", str(path)]) == 1
    said = capsys.readouterr().out
    assert '(offset of partition 0 of each topic in group "forgotten")' in said
    epoch = int(re.findall(r"has epoch 0, and snapshots are of .*?(\d+)\. ", said)[0])
    teller = Consumer({"bootstrap.servers": servers, "group.id": "forgotten"})
    teller.commit(offsets=[TopicPartition("forgotten-windows", 0, epoch)], asynchronous=False)
    teller.close()
    assert main(["run", str(path)]) == 0
    assert sent(servers, "forgotten") == before


def test_who_was_thought_dead_publishes_nothing(servers: str) -> None:
    make_topics(servers, "fenced")
    boxes = []
    for value in (b"old", b"new"):
        box = Outbox({"bootstrap.servers": servers}, "fencing")
        box.add("fenced")
        box.begin((box.committed() or 0) + 1)
        box.send("fenced", value, None, ())
        boxes.append(box)
    boxes[1].flush()
    boxes[1].publish(1)
    with pytest.raises(Fenced):
        boxes[0].publish(1)
    for box in boxes:
        box.close()
    assert [it.value() for it in messages(servers, "fenced")] == [b"new"]
    again = Outbox({"bootstrap.servers": servers}, "fencing")
    again.add("fenced")
    assert again.committed() == 1
    again.close()


def test_offsets_that_are_gone_are_an_error(
    tmp_path: Path, servers: str, capsys: pytest.CaptureFixture[str]
) -> None:
    make_topics(servers, "short")
    produce(servers, "short", {0: [event(it, "a", 1) for it in range(10)]})
    path = pipeline(tmp_path, servers, "short", "out", window=WINDOW.format(idle=""))
    assert main(["run", str(path)]) == 0
    produce(servers, "short", {0: [event(it, "a", 1) for it in range(10, 20)]})
    admin = AdminClient({"bootstrap.servers": servers})
    cut = admin.delete_records([TopicPartition("short", 0, 15)])
    for each in cut.values():
        each.result()
    assert main(["run", str(path)]) == 1
    assert "short/0: offset 10 is not there any more" in capsys.readouterr().err


def test_another_process_takes_over(tmp_path: Path, servers: str) -> None:
    make_topics(servers, "shared")
    take_over(tmp_path, servers, 6000)


def resident_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGESIZE") / 2**20


def test_memory_is_bounded_when_much_waits(servers: str) -> None:
    make_topics(servers, "much")
    # In another process: what a producer let go of would hide what the source takes.
    fill = (
        "from tests.io.mock_broker import produce\n"
        "value = b'{\"x\":1,\"y\":\"' + b'a' * 20_000 + b'\"}'\n"
        f"produce({servers!r}, 'much', {{0: [value] * 8000}})"
    )
    subprocess.run([sys.executable, "-c", fill], check=True, cwd=Path(__file__).parents[2])
    made = KafkaSource(
        {"bootstrap.servers": servers}, ["much"], JsonValues({}), Reading(), buffer_mb=2
    )
    with closing(made) as source:
        assert source.read(10, 5.0)
        before = resident_mb()
        time.sleep(1.0)  # a sink that is slow
        for _ in range(4):  # each of 16 MB, as messages, text and columns
            assert source.read(100_000, 0.2)
            assert resident_mb() - before < 80
        lag = source.lag()
        assert lag is not None
        assert lag[0] > 4000
