"""Pipelines from Kafka, with librdkafka's mock of a cluster in another process."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet
import pytest

from kedge.cli import main
from tests.io.mock_broker import PARTITIONS, committed, messages, mock_broker, produce
from tests.loop.killer import Killed, kill_often
from tests.patience import until
from tests.reference.avro import encode

WINDOW = """
[window]
time = "ts"
key = "user"
every = "10s"
lateness = "2s"
{idle}
[window.aggregates]
n = {{ function = "count" }}
total = {{ function = "sum", column = "x" }}
"""
PIPELINE = """
[pipeline]
state = "{out}/state"
snapshot_rows = {snapshot_rows}
snapshot_every = "{every}"
batch_rows = {batch_rows}

[source]
kind = "kafka"
servers = "{servers}"
topics = "{topic}"
group = "{topic}-readers"
{source}
[source.columns]
ts = "timestamp[us]"
user = "string"
x = "double"

{window}
[sink]
kind = "parquet"
path = "{out}/out"
"""
DEFAULTS = {
    "snapshot_rows": 300,
    "every": "1h",
    "batch_rows": 100,
    "source": "follow = false",
    "window": WINDOW.format(idle=""),
}


@pytest.fixture(scope="module")
def servers() -> Iterator[str]:
    with mock_broker(3) as found:
        yield found


def event(second: float, user: str, x: float) -> bytes:
    minutes, seconds = divmod(second, 60)
    at = f"2024-01-01T00:{int(minutes):02}:{seconds:09.6f}"
    return json.dumps({"ts": at, "user": user, "x": x}).encode()


def events(rows: int, seed: int) -> list[bytes | None]:
    """Some out of order, none late, and some that are no events."""
    rng = random.Random(seed)
    made: list[bytes | None] = []
    for row in range(rows):
        wrong = rng.choice([None, b"", b"{broken", b'{"x":"text"}', b"{}{}", b"\xff"])
        right = event(row / 4 + rng.uniform(0, 1.9), rng.choice("abc"), rng.randint(0, 99))
        made.append(wrong if row % 41 == 7 else right)
    return made


def pipeline(folder: Path, servers: str, topic: str, out: str, **settings: object) -> Path:
    path = folder / f"{out}.toml"
    text = PIPELINE.format(servers=servers, topic=topic, out=out, **{**DEFAULTS, **settings})
    path.write_text(text)
    return path


def rows_of(folder: Path) -> list[dict[str, object]]:
    tables = [pa.parquet.ParquetFile(it).read() for it in sorted(folder.glob("part-*.parquet"))]
    return pa.concat_tables(tables).to_pylist() if tables else []


def shown(folder: Path) -> dict[str, Counter[str]]:
    """What a reader sees, sink by sink. Partitions meet in any order."""
    found = {}
    for name in ("out", "state/late", "state/rejected"):
        rows = rows_of(folder / name)
        found[name] = Counter(str({k: v for k, v in it.items() if k != "row"}) for it in rows)
    return found


@contextmanager
def start(path: Path) -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen([sys.executable, "-m", "kedge", "run", str(path)]) as process:
        try:
            yield process
        finally:
            process.kill()


def over_kafka(folder: Path, servers: str, rows: int) -> Killed:
    """From a topic into files."""
    values = {it: events(rows, it) for it in range(PARTITIONS)}
    produce(servers, "kills", values)
    wrong = sum(len(it) // 41 + (len(it) % 41 > 7) for it in values.values())

    def make(out: str, snapshot_rows: int, batch_rows: int) -> Path:
        its = {"snapshot_rows": snapshot_rows, "batch_rows": batch_rows}
        return pipeline(folder, servers, "kills", out, **its)

    def seen(out: str) -> dict[str, Counter[str]]:
        found = shown(folder / out)
        assert found["out"].total() > 20
        assert found["state/rejected"].total() == wrong
        return found

    return Killed(make, seen)


def test_killed_at_random_moments(tmp_path: Path, servers: str) -> None:
    over = over_kafka(tmp_path, servers, 400)
    killed, _ = kill_often(over, 40, seed=7)
    assert killed >= 40
    # Who is killed after its last snapshot has told nobody.
    assert main(["run", str(over.make("last", 300, 100))]) == 0
    assert committed(servers, "kills-readers", "kills") == [400] * PARTITIONS


def test_a_record_that_cannot_be_read_is_kept(tmp_path: Path, servers: str) -> None:
    wrong = b"\x00not json\n"
    produce(servers, "wrong", {0: [event(0, "a", 1), wrong, event(1, "a", 2), None]})
    dead = f'[rejected]\nkind = "kafka"\nservers = "{servers}"\ntopic = "dead"\nformat = "raw"'
    path = pipeline(tmp_path, servers, "wrong", "out", window=dead)
    assert main(["run", str(path)]) == 0
    assert [it["x"] for it in rows_of(tmp_path / "out" / "out")] == [1.0, 2.0]
    first, second = messages(servers, "dead")
    both = {it.value(): dict(it.headers() or []) for it in (first, second)}
    assert both[wrong]["origin"] == b"wrong/0"
    assert both[wrong]["offset"] == b"1"
    assert "byte 0: expected '{'" in str(both[wrong]["reason"])
    assert both[b""]["reason"] == b"no value"


def test_a_quiet_partition_holds_nothing_beyond_idle(tmp_path: Path, servers: str) -> None:
    busy = [event(second, "a", 1) for second in range(100)]
    produce(servers, "quiet", {0: busy, 1: busy, 2: [event(0, "a", 1)]}, every_ms=1000)
    for idle, closed in (("", False), ('idle = "30s"', True)):
        out = "held" if not idle else "freed"
        path = pipeline(
            tmp_path, servers, "quiet", out,
            window=WINDOW.format(idle=idle), source='in_step = "10s"',
        )  # fmt: skip
        path.write_text(path.read_text().replace('"1h"', '"200ms"'))
        with start(path) as process:
            until((tmp_path / out / "state" / f"{1:019}.1.snapshot").exists)
            if closed:
                until(lambda: len(rows_of(tmp_path / "freed" / "out")) == 9)
            process.send_signal(signal.SIGTERM)
            assert process.wait() == 0
        assert (len(rows_of(tmp_path / out / "out")) > 0) == closed


def take_over(tmp_path: Path, servers: str, session_ms: int) -> None:
    """One of two in a group is killed: each event comes out once, of one of them."""

    def add(first: int, count: int) -> None:
        made = {p: [event(0, "a", first + p * 100_000 + i) for i in range(count)] for p in range(4)}
        produce(servers, "shared", made)

    def seen(name: str) -> list[int]:
        return [int(str(it["x"]).removesuffix(".0")) for it in rows_of(tmp_path / name / "out")]

    source = "subscribe = true\n[source.config]\n"
    source += f'"session.timeout.ms" = "{session_ms}"'
    source += '\n"heartbeat.interval.ms" = "200"'
    add(0, 50)
    paths = {
        name: pipeline(
            tmp_path, servers, "shared", name, source=source, window="", every="100ms",
        )
        for name in ("one", "two")
    }  # fmt: skip
    with start(paths["one"]) as one:
        until(lambda: len(seen("one")) == 200)
        with start(paths["two"]) as two:
            turn, end = 0, time.monotonic() + 60
            while not seen("two"):
                assert time.monotonic() < end
                turn += 1
                add(turn * 50, 50)
                time.sleep(0.3)
            # Between publishing and committing is the one moment at which rows come twice.
            until(lambda: sum(committed(servers, "shared-readers", "shared")) == 200 * (turn + 1))
            one.kill()
            one.wait()
            add((turn + 1) * 50, 50)
            total = 4 * (turn * 50 + 100)
            until(lambda: len(seen("one")) + len(seen("two")) >= total)
            two.send_signal(signal.SIGTERM)
            assert two.wait() == 0
    both = Counter(seen("one") + seen("two"))
    assert len(both) == total
    assert set(both.values()) == {1}


def test_a_window_cannot_share_its_partitions(
    tmp_path: Path, servers: str, capsys: pytest.CaptureFixture[str]
) -> None:
    produce(servers, "shared", {0: [event(0, "a", 1)]})
    path = pipeline(tmp_path, servers, "shared", "out", source="subscribe = true")
    assert main(["run", str(path)]) != 0
    assert "shares its partitions" in capsys.readouterr().err


def test_records_of_avro_go_on_after_a_restart(
    tmp_path: Path, servers: str, capsys: pytest.CaptureFixture[str]
) -> None:
    fields = [{"name": "ts", "type": "string"}, {"name": "user", "type": "string"}]
    fields.append({"name": "x", "type": "int"})
    writer = {"type": "record", "name": "E", "fields": fields}
    (tmp_path / "schemas").mkdir()
    (tmp_path / "schemas/3.avsc").write_text(json.dumps(writer))

    def add(x: int, id: int) -> None:
        row = {"ts": "2024-01-01T00:00:00", "user": "a", "x": x}
        produce(servers, "avro", {0: [b"\0" + id.to_bytes(4, "big") + encode(writer, row)]})

    add(1, 3)
    add(2, 4)
    source = 'follow = false\nformat = "avro"\nregistry = "schemas"'
    path = pipeline(tmp_path, servers, "avro", "avro", source=source, window="")
    assert main(["run", str(path)]) == 0
    add(5, 3)
    assert main(["run", str(path)]) == 0
    assert [it["x"] for it in rows_of(tmp_path / "avro/out")] == [1.0, 5.0]
    (wrong,) = rows_of(tmp_path / "avro/state/rejected")
    assert (wrong["offset"], wrong["reason"]) == (1, "schema 4 is not in the registry")
    fields[2]["type"] = "long"
    (tmp_path / "schemas/3.avsc").write_text(json.dumps(writer))
    assert main(["run", str(path)]) != 0
    assert "schema 3: its fingerprint is" in capsys.readouterr().err


def test_a_sink_of_avro_is_read_back(
    tmp_path: Path, servers: str, capsys: pytest.CaptureFixture[str]
) -> None:
    produce(servers, "plain", {it: [event(it, "a", 10 * it), event(it, "b", 7)] for it in range(3)})
    at = {"type": "long", "logicalType": "local-timestamp-micros"}
    types = {"ts": at, "user": ["null", "string"], "x": "double"}
    fields = [{"name": name, "type": type} for name, type in types.items()]
    (tmp_path / "3.avsc").write_text(json.dumps({"type": "record", "name": "E", "fields": fields}))
    first = pipeline(tmp_path, servers, "plain", "first", window="")
    sink = f'kind = "kafka"\nservers = "{servers}"\ntopic = "framed"\nkey = "user"\n'
    sink += 'format = "avro"\nschema = "3.avsc"\nschema_id = 3'
    head, _, _ = first.read_text().partition('kind = "parquet"')
    first.write_text(head + sink)
    assert main(["run", str(first)]) == 0
    source = 'follow = false\nformat = "avro"\nregistry = "."'
    second = pipeline(tmp_path, servers, "framed", "second", source=source, window="")
    assert main(["run", str(second)]) == 0
    found = rows_of(tmp_path / "second/out")
    assert Counter((it["user"], it["x"]) for it in found) == Counter(
        [("a", 0.0), ("a", 10.0), ("a", 20.0), *[("b", 7.0)] * 3]
    )
    first.write_text(head + sink.replace("3.avsc", "4.avsc"))
    assert main(["run", str(first)]) == 64
    assert "4.avsc" in capsys.readouterr().err
