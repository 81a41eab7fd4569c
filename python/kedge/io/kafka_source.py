"""Topics of Kafka as a source.

    [source]
    kind = "kafka"
    servers = "one:9092,two:9092"
    topics = ["orders"]
    format = "json"                # or "avro", "protobuf", "arrow": a stream of Arrow IPC
    group = "fraud"                # offsets are committed under this name, for others to see
    start = "earliest"             # or "latest", where there is no snapshot
    follow = true                  # false: end at what is there when the run begins
    [source.columns]
    ts = "timestamp[us]"
    [source.config]                # of librdkafka
    "security.protocol" = "ssl"

**Offsets** are in the snapshot, and a run goes on from there, whatever the broker thinks. What is
committed to the broker is advice. All partitions of the topics are read, or those that `partitions`
lists: several processes, each with a state of its own, may so share a topic.

**A group** (`subscribe = true`) shares the partitions out among the processes that run, and again
when one comes or goes. Before partitions go, the run takes a snapshot and commits its offsets; who
gets them goes on from the later of its own snapshot and the commit. A process that is killed
between its publishing and its commit is the one case in which rows come twice. What is in open
windows would stay behind, so a pipeline with a window cannot subscribe.

**Partitions** go in step (`in_step = "1m"`): by the times of their messages none runs ahead of
another that has more by so much. Let it be less than the window's `idle`, with which a partition
that is quiet holds no window open.

**Memory** is bounded: the client fetches `buffer_mb` ahead and then waits; partitions that have to
wait for others are paused; and no read takes more than a few times `_READ_BYTES`.
"""

from __future__ import annotations

import gc
import json
import operator
import time
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise, repeat
from typing import Any

import numpy as np
from confluent_kafka import Consumer, KafkaError, Message, TopicPartition

from kedge._core import CorruptData, InvalidArgument
from kedge.io.kafka_client import PATIENCE, BrokerError, as_ours, logger, settings
from kedge.io.stepped import Reading, SteppedSource
from kedge.io.values import Values, values_of
from kedge.loop.ports import Batch, Options

__all__ = ["KafkaSource"]

_READ_BYTES = 1 << 24
_FIRST_READ = 1000  # messages, as long as nobody knows how large they are
_PAUSE = 0.05  # seconds at most for a read to fill up
_COMMIT_AGAIN = 0.5  # seconds
_CROWD = 4  # reads that may wait of a partition
_NO_GROUP = "kedge"  # the client wants a name; nothing is committed under it
Part = tuple[str, int]


class KafkaSource(SteppedSource[Part]):
    """See the module's text.

    Args:
        config: of librdkafka, with "bootstrap.servers".
        topics: to read.
        values: what decodes them.
        reading: from where to where.
        group: to commit under, or none.
        subscribe: share partitions with the group's other members.
        only: the partitions to read of each topic; none: all.
        buffer_mb: that are fetched ahead.

    Raises:
        BrokerError: no broker answers, or a topic is not there.
    """

    _value = staticmethod(
        Message.value
    )  # to find the method for each would take five times as long

    def __init__(
        self,
        config: Mapping[str, object],
        topics: Sequence[str],
        values: Values,
        reading: Reading,
        *,
        group: str = "",
        subscribe: bool = False,
        only: Sequence[int] = (),
        buffer_mb: int = 16,
    ) -> None:
        self.moves, self._topics, self._group = subscribe, list(topics), group
        self._at_high = reading.start == "latest"
        self._consumer = Consumer(
            {
                "queued.max.messages.kbytes": buffer_mb << 10,
                "fetch.max.bytes": buffer_mb << 20,
                "message.max.bytes": min(1_000_000, buffer_mb << 20),
                "isolation.level": "read_committed",
                "fetch.wait.max.ms": 100,
                "fetch.queue.backoff.ms": 10,
                **config,
                "group.id": group or _NO_GROUP,
                "enable.auto.commit": False,
                "enable.auto.offset.store": False,
                "auto.offset.reset": "error",
                "enable.partition.eof": True,
                "partition.assignment.strategy": "range,roundrobin",
            },
            logger=logger,
        )
        super().__init__(self._find(only), values, reading)
        self._offsets: dict[Part, int] = {}
        self._ends: dict[Part, int] = {}
        self._paused: set[Part] = set()
        self._most = _FIRST_READ
        self._is_begun = self._is_lost = False
        self._stored: dict[Part, int] = {}
        self._owed: float | None = None  # when to commit again
        if not subscribe:
            self._bound()

    @classmethod
    def of(cls, options: Options) -> KafkaSource:
        """As `[source]` describes it."""
        topics, reading = options.texts("topics"), Reading.of(options)
        group, subscribe = options.text("group", ""), options.flag("subscribe")
        if subscribe and not (group and reading.follow):
            raise options.error("subscribe", "wants a group, and follow = true")
        chosen = options.texts("partitions", [])
        if not all(it.isdigit() for it in chosen) or (chosen and subscribe):
            raise options.error("partitions", 'expected numbers, ["0", "1"], without subscribe')
        return cls(
            settings(options),
            topics,
            values_of(options, topics),
            reading,
            group=group,
            subscribe=subscribe,
            only=[int(it) for it in chosen],
            buffer_mb=options.whole("buffer_mb", 16),
        )

    def read(self, rows: int, wait: float) -> Batch | None:
        """What is fetched of one partition, `rows` messages at most."""
        if not self._is_begun:
            self._begin()
        if self._owed is not None and self._owed < time.monotonic() + wait:
            self._commit()
        batch = super().read(rows, wait)
        if self._is_lost:
            raise BrokerError(f"group {self._group}: partitions were lost to other members")
        return batch

    def position(self) -> str:
        """The next offset of each partition, and the schema."""
        offsets: dict[str, dict[str, int]] = {}
        for (topic, partition), offset in sorted(self._offsets.items()):
            offsets.setdefault(topic, {})[str(partition)] = offset
        return json.dumps({"offsets": offsets, **self._values.position()}, sort_keys=True)

    def seek(self, position: str) -> None:
        """Go on from there; partitions that were not there yet begin where `start` says."""
        self._values.seek(json.loads(position))
        self._offsets |= {
            part: offset for part, offset in _offsets(position).items() if part in self._place
        }

    def commit(self, position: str) -> None:
        """Tell the broker, when there is a group; without a subscription nobody waits for it."""
        self._stored = _offsets(position)
        self._commit()

    def lag(self) -> tuple[int, str] | None:
        """As far as the client knows without asking."""
        left = 0
        for part, offset in self._offsets.items():
            known = self._consumer.get_watermark_offsets(TopicPartition(*part), cached=True)
            left += max(0, known[1] - offset) if known else 0
        return left, "records"

    def close(self) -> None:
        """Leave the group."""
        self.before_handover = lambda: None  # what was not in a snapshot was never there
        self._stored = {}
        self._consumer.close()

    def _find(self, only: Sequence[int]) -> list[Part]:
        found: list[Part] = []
        with as_ours("metadata"):
            for topic in sorted(set(self._topics)):
                about = self._consumer.list_topics(topic, timeout=PATIENCE).topics[topic]
                if about.error is not None:
                    raise BrokerError(f'topic "{topic}": {about.error.str()}')
                missing = [it for it in only if it not in about.partitions]
                if missing:
                    raise InvalidArgument(f'topic "{topic}" has no partition {missing[0]}')
                found += [(topic, it) for it in sorted(only or about.partitions)]
        return found

    def _bound(self) -> None:
        for part in self._place:
            low, high = self._range(part)
            self._ends[part] = high
            self._offsets[part] = high if self._at_high else low

    def _range(self, part: Part) -> tuple[int, int]:
        with as_ours(self._name(part)):
            found = self._consumer.get_watermark_offsets(TopicPartition(*part), timeout=PATIENCE)
        if not found:
            raise BrokerError(f"{self._name(part)}: no answer in {PATIENCE} s")
        low, high = found
        return low, high

    def _begin(self) -> None:
        with as_ours("assignment"):
            if self.moves:
                self._consumer.subscribe(
                    self._topics,
                    on_assign=self._take,
                    on_revoke=self._give,
                    on_lost=self._lose,
                )
            else:
                self._waiting.assign(self._offsets)
                self._consumer.assign(_listed(self._offsets))
        self._is_begun = True

    def _take(self, consumer: Consumer, parts: list[TopicPartition]) -> None:
        for it in consumer.committed(parts, timeout=PATIENCE):
            part = (it.topic, it.partition)
            if part not in self._place:
                raise BrokerError(f"{self._name(part)} was added; start the run again")
            at = max(self._offsets.get(part, -1), it.offset)
            if at < 0:
                at = self._range(part)[self._at_high]
            self._offsets[part] = at
        taken = {(it.topic, it.partition) for it in parts}
        self._waiting.assign(taken)
        consumer.assign(_listed({part: self._offsets[part] for part in taken}))

    def _give(self, consumer: Consumer, parts: list[TopicPartition]) -> None:
        """What of them went through the stages is published before another process begins."""
        self.before_handover()
        self._commit()
        for it in parts:
            self._offsets.pop((it.topic, it.partition), None)
        self._waiting.assign(())
        self._paused = set()
        consumer.unassign()

    def _lose(self, consumer: Consumer, parts: list[TopicPartition]) -> None:
        self._is_lost = bool(parts)

    def _commit(self) -> None:
        """What is stored, of the partitions that are held; tried again later when it fails."""
        offsets = _listed({part: at for part, at in self._stored.items() if part in self._offsets})
        self._owed = None
        if not (self._group and offsets):
            return
        try:
            with as_ours(f"group {self._group}"):
                if self.moves:
                    self._consumer.commit(offsets=offsets, asynchronous=False)
                else:
                    self._consumer.commit(offsets=offsets)
        except BrokerError as error:
            logger.info("offsets are not committed yet: %s", error)
            self._owed = time.monotonic() + _COMMIT_AGAIN

    def _fetch(self, rows: int, wait: float) -> None:
        self._hold_back(rows)
        with as_ours("fetch"):
            messages = self._consumed(min(rows, self._most), min(wait, _PAUSE))
        try:
            runs = _runs(messages, len(self._topics) > 1)
        except TypeError:  # there is None among the partitions
            runs = _runs(self._of_partitions(messages), len(self._topics) > 1)
        for found in runs:
            part = (found[0].topic(), found[0].partition())
            error = found[0].error()
            if error is None:
                self._waiting.add(part, found)
            elif error.code() == KafkaError._PARTITION_EOF:
                self._waiting.caught_up(part)
                self._ends[part] = -1
            else:
                self._refuse(part, error)

    def _of_partitions(self, messages: Sequence[Any]) -> list[Any]:
        """Those that are of one; others are errors of a topic or of the whole group."""
        for it in messages:
            if it.partition() is None:
                topic = f', topic "{it.topic()}"' if it.topic() else ""
                _raise_lasting(f'group "{self._group or _NO_GROUP}"{topic}', it.error())
        return [it for it in messages if it.partition() is not None]

    def _consumed(self, most: int, wait: float) -> list[Any]:
        # Each message counts for the collector, which would look at all of them again and again.
        is_on = gc.isenabled()
        gc.disable()
        try:
            return self._consumer.consume(most, wait)
        finally:
            if is_on:
                gc.enable()

    def _hold_back(self, rows: int) -> None:
        """Fetch no more of partitions that others have to catch up with."""
        wanted = self._waiting.crowded(_CROWD * min(rows, self._most))
        more, fewer = set(wanted) - self._paused, self._paused - set(wanted)
        with as_ours("pause"):
            if more:
                self._consumer.pause([TopicPartition(*part) for part in more])
            if fewer:
                self._consumer.resume([TopicPartition(*part) for part in fewer])
        self._paused = set(wanted)

    def _refuse(self, part: Part, error: KafkaError) -> None:
        """An error that came in the place of a message."""
        if error.code() == KafkaError._AUTO_OFFSET_RESET:
            raise CorruptData(
                f"{self._name(part)}: offset {self._offsets.get(part)} is not there any more"
            )
        _raise_lasting(self._name(part), error)

    def _name(self, part: Part) -> str:
        return f"{part[0]}/{part[1]}"

    def _passed(self, part: Part, messages: Sequence[Any], size: int) -> None:
        self._most = max(1, _READ_BYTES // max(1, size // len(messages)))
        self._offsets[part] = messages[-1].offset() + 1
        if not self.is_endless and self._offsets[part] >= self._ends[part]:
            self._waiting.caught_up(part)

    def _has_ended(self) -> bool:
        """With `follow` never; without, when all is read that was there at the start."""
        if self.is_endless or self._waiting:
            return False
        return all(self._offsets[part] >= self._ends[part] for part in self._place)


def _raise_lasting(what: str, error: KafkaError) -> None:
    """BrokerError, unless the client tries again."""
    if error.fatal() or not error.retriable():
        raise BrokerError(f"{what}: {error.str()}")


def _runs(messages: list[Any], has_topics: bool) -> list[list[Any]]:
    """Neighbours of one partition, all messages or all errors; `has_topics`: of several topics."""
    if not messages:
        return []
    # A line of Python for each message would be a third of the whole pipeline.
    count = len(messages)
    parts = np.fromiter(map(Message.partition, messages), np.int64, count)
    is_error = map(operator.is_not, map(Message.error, messages), repeat(None))
    changes = (np.diff(parts) != 0) | np.diff(np.fromiter(is_error, bool, count))
    if has_topics:
        names = list(map(Message.topic, messages))
        numbers = {name: number for number, name in enumerate(dict.fromkeys(names))}
        topics = np.fromiter(map(numbers.__getitem__, names), np.int64, count)
        changes |= np.diff(topics) != 0
    ends = [*(np.flatnonzero(changes) + 1).tolist(), count]
    return [messages[low:high] for low, high in pairwise([0, *ends])]


def _listed(offsets: Mapping[Part, int]) -> list[TopicPartition]:
    return [TopicPartition(*part, offset) for part, offset in offsets.items()]


def _offsets(position: str) -> dict[Part, int]:
    held: Iterable[tuple[str, dict[str, int]]] = json.loads(position)["offsets"].items()
    return {(topic, int(name)): at for topic, parts in held for name, at in parts.items()}
