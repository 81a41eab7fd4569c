"""Lines of JSON into columns.

    python -m bench.records.bench_json [--json] [--rows N] [--rounds R] [--only PART]

Events of 32 fields: 16 float64 with 17 digits, 8 int64, 8 texts. `flat` has exactly these, `wide`
has as many again that no column asks for, between them; `few` asks `flat` for four of them. kedge:
`JsonRecords.decode` of all lines, one thread.

Peers: pyarrow.json and polars with the schema given, one thread, and Python's json with a list for
each column. Input are bytes in memory; the columns must be equal. Seeded. A wrong answer is not
timed and makes the exit code 1.
"""

from __future__ import annotations

import io
import json
import os
import platform
import sys
from collections.abc import Callable, Sequence
from functools import cache, partial
from importlib.metadata import version
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.json as pj

from bench import peers
from bench.race import Contender, Race
from bench.report import Planned, parser, run_all
from kedge.records import JsonRecords

Columns = Callable[[], pa.Table]
FIELDS = {
    f"feature_{i}": (pa.float64(), pa.float64(), pa.int64(), pa.string())[i % 4] for i in range(32)
}
WORKS = ("flat", "wide", "few")


def schema_of(work: str) -> pa.Schema:
    """The columns that are asked for."""
    names = list(FIELDS)[:: 8 if work == "few" else 1]
    return pa.schema([(name, FIELDS[name]) for name in names])


@cache
def lines(work: str, rows: int) -> bytes:
    """The events."""
    rng = np.random.default_rng(7)
    names = np.array(["paid", "open", "lost", "returned to sender"])
    columns: list[tuple[str, list[Any]]] = []
    for i, (name, type_) in enumerate(FIELDS.items()):
        if type_ == pa.float64():
            values = rng.normal(size=rows).tolist()
        elif type_ == pa.int64():
            values = rng.integers(0, 100_000, rows).tolist()
        else:
            values = names[rng.integers(0, len(names), rows)].tolist()
        columns.append((name, values))
        if work == "wide":
            columns.append((f"other_{i}", values))
    events = ({name: values[i] for name, values in columns} for i in range(rows))
    return "".join(json.dumps(event) + "\n" for event in events).encode()


def kedge_run(data: bytes, schema: pa.Schema) -> Contender[Columns]:
    """One decoder for all rounds, as a stream has it."""
    decoder = JsonRecords(schema)

    def run() -> Columns:
        table, rejected = decoder.decode(data)
        return lambda: pa.table(table) if not rejected else pa.table({})

    return Contender("kedge", version("kedge"), run)


def pyarrow_run(data: bytes, schema: pa.Schema) -> Contender[Columns]:
    """Fields outside of the schema are ignored."""
    reading = pj.ReadOptions(use_threads=False, block_size=len(data) + 1)
    parsing = pj.ParseOptions(explicit_schema=schema, unexpected_field_behavior="ignore")

    def run() -> Columns:
        table = pj.read_json(io.BytesIO(data), read_options=reading, parse_options=parsing)
        return lambda: table

    return Contender("pyarrow", version("pyarrow"), run)


def polars_run(data: bytes, schema: pa.Schema) -> Contender[Columns]:
    """`read_ndjson` with the schema.

    Raises:
        MissingPeer: polars is not installed.
    """
    try:
        import polars
    except ImportError as error:
        raise peers.MissingPeer('polars: not installed; `pip install ".[bench]"`') from error
    wanted = dict(polars.DataFrame(schema.empty_table()).schema)

    def run() -> Columns:
        frame = polars.read_ndjson(io.BytesIO(data), schema=wanted)
        return lambda: frame.to_arrow().cast(schema)

    return Contender("polars", version("polars"), run)


def python_run(data: bytes, schema: pa.Schema) -> Contender[Columns]:
    """`json.loads` line by line."""

    def run() -> Columns:
        events = [json.loads(line) for line in data.splitlines()]
        columns = {name: [event[name] for event in events] for name in schema.names}
        return lambda: pa.table(columns, schema=schema)

    return Contender("json", platform.python_version(), run)


def judge(engine: str, answer: Columns, expected: Columns) -> str:
    """Every value must be the same."""
    ours, theirs = answer(), expected()
    wrong = [name for name in theirs.column_names if not ours[name].equals(theirs[name])]
    return f"columns differ: {wrong}" if wrong else ""


def race(work: str, rows: int) -> Race[Columns]:
    """One kind of events."""
    data, schema = lines(work, rows), schema_of(work)
    others = peers.installed(
        lambda: python_run(data, schema),
        lambda: pyarrow_run(data, schema),
        lambda: polars_run(data, schema),
    )
    return Race(work, rows, kedge_run(data, schema), others, judge)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark; the return value is the exit code."""
    os.environ["POLARS_MAX_THREADS"] = "1"  # read when polars is first imported
    pa.set_cpu_count(1)
    options = parser("bench.records.bench_json", __doc__, rows=20_000).parse_args(arguments)
    works: list[Planned] = [(name, partial(race, name, options.rows)) for name in WORKS]
    return run_all(works, options)


if __name__ == "__main__":
    sys.exit(main())
