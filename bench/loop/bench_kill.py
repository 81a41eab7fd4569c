"""A pipeline, killed with SIGKILL a thousand times: nothing lost, nothing twice.

    python -m bench.loop.bench_kill [--over files|kafka|transactions] [--kills 1000] [--json]

`files` are lines into Parquet, `kafka` is a topic of librdkafka's mock cluster into Parquet,
`transactions` one of a real broker into two others (tests/io/kafka_broker.py says what it wants).
Fails when any pipeline shows another set of rows than one that ran without a kill.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

from tests.io.kafka_broker import JARS, kafka_broker
from tests.io.mock_broker import mock_broker
from tests.loop.killer import Killed, fast_folder, kill_often, over_files
from tests.loop.test_kafka import over_kafka
from tests.loop.test_kafka_broker import over_transactions

FILES = 4


@contextmanager
def mocked(rows: int) -> Iterator[Killed]:
    """Over the mock cluster."""
    with fast_folder() as folder, mock_broker() as servers:
        yield over_kafka(folder, servers, rows)


@contextmanager
def real(rows: int) -> Iterator[Killed]:
    """Over a real broker."""
    with fast_folder() as folder, kafka_broker(folder) as servers:
        yield over_transactions(folder, servers, rows)


OVER: dict[str, Callable[[int], AbstractContextManager[Killed]]] = {
    "files": lambda rows: over_files(rows, FILES),
    "kafka": mocked,
    "transactions": real,
}


def main() -> None:
    """Kill, compare, report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--over", choices=OVER, default="files")
    parser.add_argument("--kills", type=int, default=1000)
    parser.add_argument("--rows", type=int, default=1500, help="for topics, of a partition")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    if options.over == "transactions" and not JARS:
        parser.error("KEDGE_KAFKA_JARS is not set: see tests/io/kafka_broker.py")
    begun = time.monotonic()
    with OVER[options.over](options.rows) as over:
        killed, pipelines = kill_often(over, options.kills, options.seed)
    found = {
        "work": f"kill over {options.over}",
        "kills": killed,
        "pipelines": pipelines,
        "rows": options.rows,
        "seconds": round(time.monotonic() - begun, 1),
        "differences": 0,
    }
    if options.json:
        print(json.dumps(found))
        return
    print(
        f"{killed} kills over {pipelines} pipelines of {options.rows} rows in {found['seconds']} s"
    )
    print("every pipeline showed the rows of one that was not killed")


if __name__ == "__main__":
    main()
