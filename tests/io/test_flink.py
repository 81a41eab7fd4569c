"""Flink gives the windows and late rows of one process."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import warnings
from collections import Counter
from importlib.util import find_spec
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest

import kedge
from tests.io.shared_out import of_one_process, rows_of_stream, window_of

if find_spec("pyflink") is None or shutil.which("java") is None:
    pytest.skip(
        "kedge[flink] is an optional extra and needs Java; .ci/run engines installs both",
        allow_module_level=True,
    )

with warnings.catch_warnings():  # of pyflink about itself
    warnings.simplefilter("ignore", DeprecationWarning)
    from pyflink.common import Configuration, Types
    from pyflink.datastream import StreamExecutionEnvironment
    from pyflink.table import StreamTableEnvironment

    from kedge.io import flink as kedge_flink

pytestmark = [  # Flink's client is not tidy about its own names and its process
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    # The thread that feeds a worker is cut off when the job has ended, and raises that.
    pytest.mark.filterwarnings(
        "ignore:Exception in thread read_grpc_client_inputs"
        ":pytest.PytestUnhandledThreadExceptionWarning"
    ),
]
ASKED = [(kind, what) for kind in ("tumbling", "session") for what in ("windows", "late_rows")]
ASKED.append(("hopping", "windows"))

SOURCE = """
CREATE TEMPORARY TABLE source (
  ts TIMESTAMP(3), `user` STRING, shop INT, x DOUBLE, place BIGINT,
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = 'file://{path}', 'format' = 'json')
"""


@pytest.fixture(scope="module")
def rows() -> pa.Table:
    """Flink takes no row without a time."""
    rows = rows_of_stream(300, 5).filter(pc.is_valid(pc.field("ts")))
    return rows.set_column(0, "ts", rows["ts"].cast(pa.timestamp("ms")))


@pytest.fixture(scope="module")
def environment(rows: pa.Table, tmp_path_factory: pytest.TempPathFactory) -> StreamTableEnvironment:
    path = tmp_path_factory.mktemp("rows") / "rows.ndjson"
    records = [{**row, "ts": str(row["ts"])} for row in rows.to_pylist()]
    path.write_text("\n".join(map(json.dumps, records)))
    options = Configuration()
    for name, value in {
        "python.executable": sys.executable,
        "python.client.executable": sys.executable,
        "pipeline.auto-watermark-interval": "0 ms",
        "python.fn-execution.bundle.size": "1",
    }.items():
        options.set_string(name, value)
    streams = StreamExecutionEnvironment.get_execution_environment(options)
    streams.set_parallelism(2)
    environment = StreamTableEnvironment.create(streams)
    environment.execute_sql(SOURCE.format(path=path))
    return environment


def test_flink_gives_what_one_process_gives(
    environment: StreamTableEnvironment, rows: pa.Table
) -> None:
    parts = []
    for kind, what in ASKED:
        given = getattr(kedge_flink, what)(
            environment, environment.from_path("source"), window_of(kind), shards=5
        )
        parts.append(labelled(environment, given, (kind, what)))
    got: dict[tuple[str, str], Counter[tuple[Any, ...]]] = {it: Counter() for it in ASKED}
    with parts[0].union(*parts[1:]).execute_and_collect() as results:
        for label, row in results:
            got[label][row] += 1
    for kind, what in ASKED:
        windows, late = of_one_process(kind, [rows])
        assert late.total() > 20
        assert got[kind, what] == (windows if what == "windows" else late), (kind, what)


def labelled(environment: StreamTableEnvironment, table: Any, label: tuple[str, str]) -> Any:
    names = table.get_schema().get_field_names()
    order = [names.index(name) for name in sorted(names)]
    stream = environment.to_data_stream(table)
    return stream.map(
        lambda row: (label, tuple(row[place] for place in order)),
        output_type=Types.PICKLED_BYTE_ARRAY(),
    )


def test_refusals_are_ours(environment: StreamTableEnvironment) -> None:
    window = kedge.Window(time="ts", every="1s", aggregates={"n": kedge.count()})
    with pytest.raises(kedge.Unsupported, match="without a key"):
        kedge_flink.windows(environment, environment.from_path("source"), window)
    its: dict[str, Any] = {"time": "ts", "key": "user", "every": "1s"}
    window = kedge.Window(**its, aggregates={"n": kedge.top("user", k=3)})
    with pytest.raises(kedge.Unsupported, match='"n"'):
        kedge_flink.windows(environment, environment.from_path("source"), window)
    table = environment.sql_query("SELECT CAST(ts AS TIMESTAMP_LTZ(3)) AS ts, `user` FROM source")
    with pytest.raises(kedge.Unsupported, match='"ts": TIMESTAMP_LTZ'):
        kedge_flink.windows(environment, table, window)


def test_without_flink_it_says_what_to_install() -> None:
    code = "import sys; sys.modules['pyflink'] = None; import kedge.io.flink"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert 'pip install "kedge[flink]"' in run.stderr.splitlines()[-1]
