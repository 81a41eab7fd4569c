"""Producers: one that repeats nothing within a run, and one whose epochs are transactions.

A transaction holds an epoch's rows and the epoch's number: an offset that is committed, under the
transaction's name as a group, for the first partition of each topic. So `committed` knows, after
any crash, whether an epoch went out, and a run goes on from the snapshot that fits. Who opens the
same name later fences who had it before.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, Producer, TopicPartition

from kedge._core import InvalidArgument, KedgeError
from kedge.io.kafka_client import PATIENCE, BrokerError, as_ours, logger

__all__ = ["Outbox", "Transactions"]

_QUEUE_KB = 1 << 16
_POLL = 0.1
_AWAY = 1.0  # seconds for what is dropped to be dropped

Headers = Sequence[tuple[str, bytes]]


class Outbox:
    """A producer that does not lose, reorder or repeat a message while it lives.

    Args:
        config: of librdkafka.
        name: of transactions; empty: there are none, and rows may come again after a crash.
    """

    def __init__(self, config: Mapping[str, object], name: str = "") -> None:
        made = {"queue.buffering.max.kbytes": _QUEUE_KB, "linger.ms": 5, **config}
        made |= {"enable.idempotence": True} | ({"transactional.id": name} if name else {})
        self._config, self._name = config, name
        self.keeps = f'offset of partition 0 of each topic in group "{name}"' if name else ""
        self._producer = Producer(made, logger=logger)
        self._topics: dict[str, None] = {}
        self._failed: KafkaError | None = None
        self._epoch = 0
        self._committed: int | None = None
        self._is_open = False
        self._about: object = None

    def add(self, topic: str) -> None:
        """A sink will write to it."""
        self._topics[topic] = None

    def committed(self) -> int | None:
        """The last epoch that went out; with the first call, an older owner is fenced."""
        if self._name and self._committed is None:
            with as_ours(f'transaction "{self._name}"'):
                self._producer.init_transactions(PATIENCE)
                self._committed = self._read_committed()
        return self._committed

    def begin(self, epoch: int) -> None:
        """Messages belong to `epoch`; those of the one before that did not go out are dropped."""
        if not self._name or (self._is_open and epoch == self._epoch):
            return
        self.committed()
        with as_ours(f'transaction "{self._name}"'):
            if self._is_open:
                self._producer.abort_transaction(PATIENCE)
            self._producer.begin_transaction()
        self._epoch, self._is_open = epoch, True

    def send(self, topic: str, value: bytes | None, key: bytes | None, headers: Headers) -> None:
        """Take a message; waits while too many are on their way."""
        while True:
            try:
                with as_ours(f'topic "{topic}"'):
                    self._producer.produce(
                        topic, value, key, headers=list(headers), on_delivery=self._see
                    )
                break
            except BufferError:
                self._producer.poll(_POLL)
        self._producer.poll(0)

    def flush(self) -> None:
        """All messages are with the brokers, in a transaction not yet to be seen."""
        until = time.monotonic() + 10 * PATIENCE
        while self._producer.flush(_POLL) and self._failed is None:
            if time.monotonic() > until:
                raise BrokerError(f"{len(self._producer)} messages were not taken in time")
        if self._failed is not None:
            raise BrokerError(f"a message was refused: {self._failed.str()}")

    def publish(self, epoch: int) -> None:
        """Commit the transaction, once for all sinks."""
        if not self._name or epoch <= (self.committed() or 0):
            return
        marks = [TopicPartition(topic, 0, epoch) for topic in self._topics]
        with as_ours(f'transaction "{self._name}"'):
            self._again(self._producer.send_offsets_to_transaction, marks, self._about, PATIENCE)
            self._again(self._producer.commit_transaction, PATIENCE)
        self._committed, self._is_open = epoch, False

    def close(self) -> None:
        """What did not go out is dropped."""
        is_open, self._is_open = self._is_open, False
        try:
            with as_ours("closing"):
                if is_open:
                    self._producer.abort_transaction(PATIENCE)
                self._producer.purge()
                self._producer.flush(_AWAY)
        except KedgeError as error:  # the next owner's start aborts it
            logger.warning("a transaction is left behind: %s", error)

    def _see(self, error: KafkaError | None, message: Message) -> None:
        if error is not None and self._failed is None:
            self._failed = error

    def _read_committed(self) -> int:
        reader = Consumer({**self._config, "group.id": self._name}, logger=logger)
        try:
            self._about = reader.consumer_group_metadata()
            asked = [TopicPartition(topic, 0) for topic in self._topics]
            found = reader.committed(asked, timeout=PATIENCE)
        finally:
            reader.close()
        for it in found:
            # A topic that is not there yet has no epoch either.
            if it.error is not None and it.error.code() != KafkaError.UNKNOWN_TOPIC_OR_PART:
                raise BrokerError(f'transaction "{self._name}": {it.error.str()}')
        return max([0, *(it.offset for it in found)])

    @staticmethod
    def _again(call: object, *arguments: object) -> None:
        """Within a transaction a request may be refused for the moment, and is then repeated."""
        assert callable(call)
        until = time.monotonic() + PATIENCE
        while True:
            try:
                call(*arguments)
                return
            except KafkaException as error:
                if not error.args[0].retriable() or time.monotonic() > until:
                    raise


class Transactions:
    """One outbox for all sinks of a pipeline that name its transaction, so they go as one."""

    def __init__(self) -> None:
        self._held: tuple[Outbox, object, str] | None = None

    def outbox(self, config: Mapping[str, object], name: str) -> Outbox:
        """That of the name, or one without transactions.

        Raises:
            InvalidArgument: there is one of another name, or of another cluster. A crash between
                the two commits would leave one ahead, and neither can go back.
        """
        if not name:
            return Outbox(config)
        servers = config["bootstrap.servers"]
        if self._held is None:
            self._held = (Outbox(config, name), servers, name)
        outbox, *others = self._held
        if others != [servers, name]:
            raise InvalidArgument(
                f'"{name}" at "{servers}": a pipeline has one transaction, and another sink '
                f'names "{others[1]}" at "{others[0]}"'
            )
        return outbox
