"""Streaming engines that read a topic into windows and Parquet, each in an interpreter of its own.

    python kafka_peers.py ENGINE SERVERS TOPIC ROWS OUT

prints how long it took, without imports. Both call Python for each message, decode its JSON, count
and add by user and ten seconds, and write what closed as one file of Parquet at the end.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
PATIENCE = 8.0  # seconds without a message, for an engine that does not know when a topic ends
ENDED: list[int] = []  # when it closed its last window
Closed = list[tuple[str, int, float]]


def added(state: list[float], event: Any) -> list[float]:
    """A window's state: rows and sum."""
    return [state[0] + 1, state[1] + event["amount"]]


def bytewax(servers: str, topic: str, rows: int, out: str) -> Closed:
    """`fold_window` after its Kafka source."""
    from bytewax import operators
    from bytewax.connectors.kafka import KafkaSource
    from bytewax.dataflow import Dataflow
    from bytewax.operators import windowing
    from bytewax.testing import TestingSink, run_main

    def keyed(message: Any) -> tuple[str, Any]:
        event = json.loads(message.value)
        return event["user"], event

    source = KafkaSource([servers], [topic], tail=False, batch_size=10_000)
    clock = windowing.EventClock(
        ts_getter=lambda event: datetime.fromisoformat(event["ts"] + "+00:00"),
        # Partitions are read one after the other; nothing is late.
        wait_for_system_duration=timedelta(days=1),
        now_getter=lambda: EPOCH,
        to_system_utc=lambda moment: None,
    )
    tumbling = windowing.TumblingWindower(length=timedelta(seconds=10), align_to=EPOCH)
    closed: list[Any] = []
    flow = Dataflow("windows")
    stream = operators.map("keyed", operators.input("in", flow, source), keyed)
    found = windowing.fold_window(
        "fold", stream, clock, tumbling, lambda: [0, 0.0], added, merged, ordered=False
    ).down
    operators.output("out", found, TestingSink(closed))
    run_main(flow)
    return [(key, int(state[0]), state[1]) for key, (_, state) in closed]


def merged(state: list[float], other: list[float]) -> list[float]:
    """Of two parts of a window."""
    return [state[0] + other[0], state[1] + other[1]]


def quixstreams(servers: str, topic: str, rows: int, out: str) -> Closed:
    """A tumbling window of its data frame, by the event's time."""
    from quixstreams import Application

    closed: Closed = []
    with tempfile.TemporaryDirectory() as folder:
        app = Application(
            broker_address=servers,
            consumer_group=f"quix-{time.time_ns()}",
            auto_offset_reset="earliest",
            state_dir=folder,
            use_changelog_topics=False,
            loglevel="ERROR",
        )

        def moment(value: Any, *about: Any) -> int:
            found = datetime.fromisoformat(value["ts"] + "+00:00")
            return int(found.timestamp() * 1000)

        events = app.topic(topic, value_deserializer="json", timestamp_extractor=moment)
        windows = (
            app.dataframe(events)
            .tumbling_window(timedelta(seconds=10), grace_ms=2000)
            .reduce(reducer=added, initializer=lambda event: added([0, 0.0], event))
        )

        def take(found: Any, key: Any, *about: Any) -> None:
            closed.append((str(key), found["value"][0], found["value"][1]))
            ENDED[:] = [time.perf_counter_ns()]

        windows.final().update(take, metadata=True)
        app.run(timeout=PATIENCE)
    return closed


def main() -> None:
    """Run one of them."""
    engine, servers, topic, rows, out = sys.argv[1:]
    engines = {"bytewax": bytewax, "quixstreams": quixstreams}
    begun = time.perf_counter_ns()
    closed = engines[engine](servers, topic, int(rows), out)
    path = Path(out)
    try:
        import pyarrow as pa
        import pyarrow.parquet

        columns = list(zip(*closed, strict=True)) or [(), (), ()]
        table = pa.table(dict(zip(("user", "n", "total"), map(list, columns), strict=True)))
        pyarrow.parquet.write_table(table, path)
    except ImportError:  # the file is then left out, to its favour
        pass
    taken = (ENDED or [time.perf_counter_ns()])[0] - begun
    print(json.dumps({"ns": taken, "n": sum(it[1] for it in closed)}))


if __name__ == "__main__":
    main()
