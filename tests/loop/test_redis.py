"""Pipelines from streams of a real Redis, which Debian has."""

from __future__ import annotations

import shutil
import subprocess
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pyarrow as pa
import pytest
from redis import Redis, RedisError

import kedge
from kedge.cli import main
from kedge.io.redis_source import RedisSource
from kedge.io.stepped import Reading
from kedge.io.values import JsonValues
from tests.loop.killer import Killed, fast_folder, kill_often
from tests.loop.test_kafka import WINDOW, event, events, rows_of, shown
from tests.patience import until
from tests.ports import free_port

SERVER = shutil.which("redis-server")
pytestmark = pytest.mark.skipif(
    SERVER is None, reason="redis-server is no Python package: .ci/run engines gets it from Debian"
)
PIPELINE = """
[pipeline]
state = "{out}/state"
snapshot_rows = {snapshot_rows}
batch_rows = {batch_rows}
[source]
kind = "redis"
servers = "{url}"
streams = ["one", "two"]
follow = false
columns = {{ ts = "timestamp[us]", user = "string", x = "double" }}
{window}
[sink]
kind = "parquet"
path = "{out}/out"
"""


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    port = free_port()
    command = [str(SERVER), "--port", str(port), "--save", "", "--dir", str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        try:
            address = f"redis://127.0.0.1:{port}"
            until(lambda: answers(address))
            yield address
        finally:
            process.kill()


def answers(url: str) -> bool:
    with Redis.from_url(url) as tried:
        try:
            return bool(tried.ping())
        except RedisError:
            return False


def add(url: str, stream: str, values: list[bytes | None]) -> None:
    with Redis.from_url(url) as redis:
        for place, value in enumerate(values, 1):
            redis.xadd(stream, {"other": b""} if value is None else {"value": value}, f"{place}-1")


def test_killed_at_random_moments(url: str) -> None:
    for seed, stream in enumerate(("one", "two")):
        add(url, stream, events(400, seed))
    with fast_folder() as folder:

        def make(out: str, snapshot_rows: int, batch_rows: int) -> Path:
            path = folder / f"{out}.toml"
            its = {"out": out, "snapshot_rows": snapshot_rows, "batch_rows": batch_rows}
            path.write_text(PIPELINE.format(url=url, window=WINDOW.format(idle=""), **its))
            return path

        def seen(out: str) -> dict[str, Counter[str]]:
            found = shown(folder / out)
            assert found["state/rejected"].total() == 2 * len(range(7, 400, 41))
            assert found["out"].total() > 20
            return found

        killed, _ = kill_often(Killed(make, seen), 20, seed=3)
        assert killed >= 20
        offsets = [it["offset"] for it in rows_of(folder / "whole/state/rejected")]
        assert sorted(map(int, map(str, offsets)))[:2] == [8, 8]


def read_all(source: RedisSource) -> list[float]:
    found: list[float] = []
    while (batch := source.read(7, 0.01)) is not None:
        found += [] if batch.rows is None else pa.table(batch.rows)["x"].to_pylist()
    return found


def opened(url: str, start: str = "earliest") -> RedisSource:
    reading = Reading(start, follow=False)
    return RedisSource(url, ["one"], "value", JsonValues({"x": "int64"}), reading)


def test_entries_that_are_gone_are_an_error(url: str) -> None:
    with closing(opened(url)) as source:  # no such stream yet
        assert read_all(source) == []
        start = source.position()
    add(url, "one", [event(0, "a", it) for it in range(100)])
    with closing(opened(url, start="latest")) as source:
        assert read_all(source) == []
    with Redis.from_url(url) as redis:
        redis.xtrim("one", maxlen=60, approximate=False)
    with closing(opened(url)) as source:  # begins with the earliest there is
        half = source.read(30, 1.0)
        assert half is not None
        held = source.position()
        assert source.lag() == (59, "entries")
        assert read_all(source) == list(range(41, 100))
    with closing(opened(url)) as source:
        source.seek(held)
        assert read_all(source) == list(range(41, 100))
    with closing(opened(url)) as source:
        source.seek(start)
        with pytest.raises(kedge.CorruptData, match="40 entries behind 0-0 are not there"):
            read_all(source)
    with Redis.from_url(url) as redis:
        redis.delete("one")
    with closing(opened(url)) as source:
        source.seek(held)
        with pytest.raises(kedge.CorruptData, match="ends at 0-0, and 41-1 was read"):
            read_all(source)


def test_no_server(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "p.toml"
    its = {"out": "out", "snapshot_rows": 1, "batch_rows": 1, "window": ""}
    path.write_text(PIPELINE.format(url=f"redis://127.0.0.1:{free_port()}", **its))
    assert main(["run", str(path)]) != 0
    assert "redis: Error" in capsys.readouterr().err
