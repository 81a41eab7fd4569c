"""Messages of MQTT as a source, each of them once; docs/pipelines.md has its `[source]`.

A message is acknowledged when a snapshot holds what came of it, so the broker sends again what a
crash took. What it sends twice is known by producer and number: the snapshot has the highest number
of each producer and which of the 1024 before it were there. A number may come late by that much;
one that is older still counts as seen. A message without both columns goes to `[rejected]`.

The broker has no more messages on the way than it allows, and those wait for a snapshot: Mosquitto
wants `max_inflight_messages 0`, and the pipeline a `snapshot_rows` below 65536.
"""

from __future__ import annotations

import json
import queue
import time
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from kedge.io.readers import arrow_type
from kedge.io.sequence_numbers import Numbers
from kedge.io.values import JsonValues
from kedge.loop.ports import Batch, Options, Rejected, Source

__all__ = ["MqttSource"]

_QOS = 1
_KEPT = 0xFFFFFFFE  # seconds that the broker keeps the session


class MqttSource(Source):
    """See the module's text."""

    is_endless = True

    def __init__(
        self,
        server: str,
        topics: Sequence[str],
        client: str,
        key: tuple[str, str],
        types: Mapping[str, str],
    ) -> None:
        self._server, self._topics, self._key = server, list(topics), key
        self._decoder, self._numbers = JsonValues(types), Numbers()
        self._arrived: queue.SimpleQueue[MQTTMessage] = queue.SimpleQueue()
        self._taken: list[int] = []
        self._client = Client(
            CallbackAPIVersion.VERSION2,
            client,
            protocol=MQTTProtocolVersion.MQTTv5,
            manual_ack=True,
        )
        self._client.on_message = lambda client, data, message: self._arrived.put(message)
        self._client.on_connect = self._subscribe
        self._is_begun = False

    @classmethod
    def of(cls, options: Options) -> MqttSource:
        """As `[source]` describes it."""
        return cls(
            options.text("servers"),
            options.texts("topics"),
            options.text("client"),
            (options.text("producer"), options.text("sequence")),
            options.table("columns", arrow_type),
        )

    def read(self, rows: int, wait: float) -> Batch | None:
        """What has arrived."""
        if not self._is_begun:
            self._begin()
        messages: list[MQTTMessage] = []
        until = time.monotonic() + wait
        while len(messages) < rows and (left := until - time.monotonic()) > 0:
            try:
                messages.append(self._arrived.get(timeout=0 if messages else left))
            except queue.Empty:
                break
        return self._decoded(messages) if messages else Batch()

    def position(self) -> str:
        """The numbers that were there, and the schema."""
        seen = {name: [at, f"{bits:x}"] for name, (at, bits) in self._numbers.held.items()}
        return json.dumps({"seen": seen, **self._decoder.position()}, sort_keys=True)

    def seek(self, position: str) -> None:
        """The broker knows where to go on; this is what it may send again."""
        held = json.loads(position)
        self._numbers.held = {
            name: (at, int(bits, 16)) for name, (at, bits) in held["seen"].items()
        }
        self._decoder.seek(held)

    def commit(self, position: str) -> None:
        """A snapshot has them: the broker may forget them."""
        for message in self._taken:
            self._client.ack(message, _QOS)
        self._taken = []

    def close(self) -> None:
        """The session stays."""
        self._client.disconnect()
        self._client.loop_stop()

    def _begin(self) -> None:
        make: Any = Properties  # has no types
        keeps = make(PacketTypes.CONNECT)
        keeps.SessionExpiryInterval = _KEPT
        host, _, port = self._server.partition(":")
        self._client.connect(host, int(port or 1883), clean_start=False, properties=keeps)
        self._client.loop_start()
        self._is_begun = True

    def _subscribe(self, client: Client, *about: Any) -> None:
        client.subscribe([(topic, _QOS) for topic in self._topics])

    def _decoded(self, messages: list[MQTTMessage]) -> Batch:
        values = [bytes(message.payload) for message in messages]
        table, wrong = self._decoder.decode(values)
        self._taken += [message.mid for message in messages]
        if table is not None:
            places = [place for place in range(len(values)) if place not in wrong]
            keys = [
                table[name].to_pylist() if name in table.schema.names else [] for name in self._key
            ]
            chosen = []
            for row, place in enumerate(places):
                producer, number = (column[row] if column else None for column in keys)
                if producer is None or not isinstance(number, int):
                    wrong[place] = f'no "{self._key[0]}" and whole "{self._key[1]}"'
                elif self._numbers.is_new(str(producer), number):
                    chosen.append(row)
            table = table.take(np.array(chosen, np.int64))
        rejected = [
            Rejected(messages[place].topic, messages[place].mid, reason, values[place])
            for place, reason in sorted(wrong.items())
        ]
        return Batch(rows=table, rejected=rejected)
