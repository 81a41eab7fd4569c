"""A topic of Kafka into windows into Parquet: `kedge run` against Bytewax and Quix Streams.

    KEDGE_KAFKA_JARS=DIR python -m bench.loop.bench_kafka --peers-dir DIR [--rows N] [--json]

The broker is a real one, of the jars that tests/io/kafka_broker.py tells how to fetch; the peers
are those of `python -m bench.environments DIR bytewax quixstreams`. All read the same topic of four
partitions from its start to its end, JSON by JSON, and count and add by user and ten seconds. Quix
Streams leaves the last windows open, so its rows may be a few short.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from functools import partial
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pyarrow.parquet
from confluent_kafka import Producer

from bench.environments import ENVIRONMENTS, add_peers_dir, interpreter
from bench.race import Contender, Race
from bench.report import parser, run_all
from kedge.io.connectors import BuiltIn
from kedge.loop import Pipeline, Run
from tests.io.kafka_broker import JARS, kafka_broker

PARTITIONS = 4
SPAN_US = 1_000_000_000  # a thousand seconds of events
OPEN = 0.05  # of the rows may be in windows that are still open
PIPELINE = """
[pipeline]
state = "state"
[source]
kind = "kafka"
servers = "{servers}"
topics = "events"
follow = false
columns = {{ ts = "timestamp[us]", user = "string", amount = "double" }}
[window]
time = "ts"
key = "user"
every = "10s"
lateness = "2s"
[window.aggregates]
n = {{ function = "count" }}
total = {{ function = "sum", column = "amount" }}
[sink]
kind = "parquet"
path = "out"
"""
Answer = tuple[int, int]  # rows in windows, nanoseconds


def fill(servers: str, rows: int) -> None:
    """A topic whose partitions are in step, each user in one of them."""
    rng = np.random.default_rng(1)
    times = np.datetime64("2024-01-01", "us") + np.arange(rows) * (SPAN_US // rows)
    users, amounts = rng.integers(0, 1000, rows), rng.normal(size=rows)
    settings = {"queue.buffering.max.messages": 10_000_000, "linger.ms": 50}
    settings["enable.idempotence"] = True  # else what is sent again comes out of order, and late
    producer = Producer({"bootstrap.servers": servers, **settings})
    for at, user, amount in zip(times.tolist(), users.tolist(), amounts.tolist(), strict=True):
        moment = at.isoformat(timespec="microseconds")
        value = f'{{"ts":"{moment}","user":"u{user}","amount":{amount!r}}}'
        producer.produce("events", value, f"u{user}", partition=user % PARTITIONS)
    assert producer.flush(60) == 0


def kedge_run(servers: str, folder: Path) -> Answer:
    """From the topic's start to its end, with a state of its own each time."""
    work = folder / "kedge"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir()
    (work / "p.toml").write_text(PIPELINE.format(servers=servers))
    begun = time.perf_counter_ns()
    connectors = BuiltIn()
    pipeline = Pipeline.read(work / "p.toml", connectors)
    with closing(Run(pipeline, connectors.store(pipeline.state))) as running:
        while running.step():
            pass
        running.finish()
    taken = time.perf_counter_ns() - begun
    counts = pyarrow.parquet.read_table(work / "out", columns=["n"])["n"]
    return int(counts.to_numpy().sum()), taken


def peer_run(python: Path, engine: str, servers: str, rows: int, folder: Path) -> Answer:
    """By its own clock, in a process of its own."""
    script = Path(__file__).with_name("kafka_peers.py")
    out = folder / f"{engine}.parquet"
    command = [str(python), str(script), engine, servers, "events", str(rows), str(out)]
    found = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
    return found["n"], found["ns"]


def judge(rows: int, engine: str, answer: Answer, expected: Answer) -> str:
    """All rows, but for those in windows that are open."""
    least = rows * (1 - OPEN) if engine == "quixstreams" else rows
    return "" if least <= answer[0] <= rows else f"{answer[0]} rows of {rows}"


def race(servers: str, rows: int, peers_dir: Path | None, folder: Path) -> Race[Answer]:
    """The one piece of work."""

    def contender(engine: str, release: str, run: Callable[[], Answer]) -> Contender[Answer]:
        return Contender(engine, release, run, lambda answer: [answer[1]])

    fill(servers, rows)
    others = []
    for engine in ("bytewax", "quixstreams"):
        python = interpreter(engine, peers_dir, "")
        if python == Path(sys.executable):
            print(f"{engine}: no environment, see --peers-dir", file=sys.stderr)
            continue
        release = ENVIRONMENTS[engine][0].partition("==")[2]
        run = partial(peer_run, python, engine, servers, rows, folder)
        others.append(contender(engine, release, run))
    ours = contender("kedge", version("kedge"), partial(kedge_run, servers, folder))
    return Race("kafka", rows, ours, others, partial(judge, rows), expected=(rows, 0))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark; the return value is the exit code."""
    command = parser("bench.loop.bench_kafka", __doc__, rows=1_000_000)
    add_peers_dir(command)
    options = command.parse_args(arguments)
    if not JARS:
        command.error("KEDGE_KAFKA_JARS is not set: see tests/io/kafka_broker.py")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with kafka_broker(folder) as servers:
            work = partial(race, servers, options.rows, options.peers_dir, folder)
            return run_all([("kafka", work)], options)


if __name__ == "__main__":
    sys.exit(main())
