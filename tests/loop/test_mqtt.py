"""A pipeline from MQTT: what the broker sends twice comes out once."""

from __future__ import annotations

import json
import random
import signal
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from paho.mqtt.client import Client, MQTTv5
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.reasoncodes import ReasonCode

from kedge.io.sequence_numbers import WINDOW, Numbers
from tests.loop.test_kafka import rows_of, start
from tests.patience import until
from tests.ports import answers, free_port

MOSQUITTO = Path("/usr/sbin/mosquitto")
PIPELINE = """
[pipeline]
state = "state"
snapshot_every = "50ms"
batch_rows = 20
[source]
kind = "mqtt"
servers = "127.0.0.1:{port}"
topics = "plant/+"
client = "kedge"
producer = "device"
sequence = "number"
[source.columns]
device = "string"
number = "int64"
[sink]
kind = "parquet"
path = "out"
"""


@given(st.lists(st.integers(0, 40)))
def test_numbers_are_new_once(sent: list[int]) -> None:
    numbers = Numbers()
    assert [it for it in sent if numbers.is_new("a", it)] == list(dict.fromkeys(sent))


def test_a_number_that_is_too_old_counts_as_seen() -> None:
    numbers = Numbers()
    assert [numbers.is_new("a", it) for it in (5000, 5000 - WINDOW, 4999 - WINDOW)] == [
        True,
        True,
        False,
    ]
    assert numbers.is_new("a", 10**9)
    assert numbers.is_new("b", 1)
    assert max(bits.bit_length() for _, bits in numbers.held.values()) <= WINDOW


@pytest.fixture
def port(tmp_path: Path) -> Iterator[int]:
    port = free_port()
    settings = tmp_path / "mosquitto.conf"
    settings.write_text(f"listener {port} 127.0.0.1\nallow_anonymous true\n"
                        "max_inflight_messages 0\nmax_queued_messages 0\n")  # fmt: skip
    with subprocess.Popen([MOSQUITTO, "-c", settings], stderr=subprocess.DEVNULL) as process:
        try:
            until(lambda: answers(port))
            yield port
        finally:
            process.kill()


@pytest.mark.skipif(
    not MOSQUITTO.exists(),
    reason="Mosquitto is no Python package: .ci/run engines gets it from Debian",
)
def test_killed_while_devices_send_twice(tmp_path: Path, port: int) -> None:
    path = tmp_path / "pipeline.toml"
    path.write_text(PIPELINE.format(port=port))
    out = tmp_path / "out"
    device = Client(CallbackAPIVersion.VERSION2, protocol=MQTTv5)
    is_heard = False

    def heed(_client: Client, _data: object, _number: int, reason: ReasonCode, *_: object) -> None:
        nonlocal is_heard
        is_heard = reason.value == 0  # not 16, that nobody has subscribed

    def sent(value: dict[str, Any]) -> bool:
        device.publish("plant/a", json.dumps(value), qos=1).wait_for_publish(5)
        return is_heard

    device.on_publish = heed
    device.connect("127.0.0.1", port)
    device.loop_start()
    rng = random.Random(1)
    with start(path) as first:
        until(lambda: sent({"device": "d0", "number": 0, "x": 0}))
        for number in range(300):
            values = {"device": f"d{number % 3}", "number": number // 3, "x": number}
            for _ in range(rng.choice([1, 1, 2])):
                sent(values)
            if number == 150:
                until(lambda: len(rows_of(out)) > 0)
                first.send_signal(signal.SIGKILL)
                first.wait()
    device.publish("plant/a", "{broken", qos=1).wait_for_publish(5)
    with start(path) as second:
        until(lambda: len(rows_of(out)) >= 300)
        until(lambda: len(rows_of(tmp_path / "state" / "rejected")) > 0)
        second.send_signal(signal.SIGTERM)
        assert second.wait() == 0
    device.loop_stop()
    assert Counter(it["x"] for it in rows_of(out)) == Counter(range(300))
    assert [it["value"] for it in rows_of(tmp_path / "state" / "rejected")] == [b"{broken"]
