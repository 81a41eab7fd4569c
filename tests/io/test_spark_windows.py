"""Spark gives the windows and late rows of one process, in batches and in streams."""

from __future__ import annotations

import os
import shutil
from collections import Counter
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import kedge
from tests.io.shared_out import KINDS, multiset, of_one_process, rows_of_stream, window_of

if find_spec("pyspark") is None or shutil.which("java") is None:
    pytest.skip(
        "kedge[spark] is an optional extra and needs Java; .ci/run engines installs both",
        allow_module_level=True,
    )

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.streaming import StreamingQuery

from kedge.io import spark as kedge_spark

pytestmark = pytest.mark.filterwarnings("ignore:PySpark does not yet fully support pandas")

STREAMED = ("tumbling", "hopping", "session")


def collected(df: DataFrame) -> Counter[tuple[Any, ...]]:
    return multiset(pa.table(df.toArrow()))


@pytest.fixture(scope="module")
def rows() -> pa.Table:
    return rows_of_stream(3000, 5)


@pytest.fixture(scope="module")
def frame(session: SparkSession, rows: pa.Table, tmp_path_factory: Any) -> DataFrame:
    path = tmp_path_factory.mktemp("rows") / "stream.parquet"
    pq.write_table(rows, path)
    return session.read.parquet(str(path)).repartition(3).cache()


@pytest.mark.parametrize("kind", KINDS)
def test_a_batch_in_order_of_arrival(frame: DataFrame, rows: pa.Table, kind: str) -> None:
    expected, late = of_one_process(kind, [rows])
    assert late.total() > (0 if kind == "count" else 200)
    assert collected(kedge_spark.windows(frame, window_of(kind), arrival="place")) == expected
    assert collected(kedge_spark.late_rows(frame, window_of(kind), arrival="place")) == late


def test_arrival_may_be_a_time(frame: DataFrame, rows: pa.Table) -> None:
    moment = "to_timestamp_ntz(from_unixtime(1700000000 + place))"
    timed = frame.selectExpr("*", f"{moment} as moment")
    got = kedge_spark.windows(timed, window_of("session"), arrival="moment")
    assert collected(got) == of_one_process("session", [rows])[0]


def test_a_batch_in_order_of_time(frame: DataFrame, rows: pa.Table) -> None:
    window = window_of("hopping")
    ordered = rows.sort_by("ts")
    expected = pa.concat_tables([pa.table(window.push(ordered)), pa.table(window.finish())])
    # Rows of one key that have the same time come in any order.
    loose = ["spend", "last"]
    got = pa.table(kedge_spark.windows(frame, window_of("hopping")).toArrow())
    assert multiset(got.drop_columns(loose)) == multiset(expected.drop_columns(loose))


def test_streams_in_order_of_micro_batches(
    session: SparkSession, rows: pa.Table, tmp_path: Path
) -> None:
    batches = [rows.slice(begin, 1000) for begin in range(0, 3000, 1000)]
    source = tmp_path / "source"
    source.mkdir()
    for number, batch in enumerate(batches):
        path = source / f"{number}.parquet"
        pq.write_table(batch, path)
        os.utime(path, (number, number))  # in which order they are read
    asked = [(kind, what) for kind in STREAMED for what in ("windows", "late_rows")]
    queries = [begun(session, tmp_path, kind, what) for kind, what in asked]
    ordered = [batch.sort_by("ts") for batch in batches]
    for (kind, what), query in zip(asked, queries, strict=True):
        assert query.awaitTermination(120)
        windows, late = of_one_process(kind, ordered, finish=False)
        assert late.total() > 30
        got = collected(session.read.parquet(str(tmp_path / f"{kind}-{what}")))
        assert got == (windows if what == "windows" else late), kind


def begun(session: SparkSession, folder: Path, kind: str, what: str) -> StreamingQuery:
    schema = session.read.parquet(str(folder / "source")).schema
    reader = session.readStream.schema(schema).option("maxFilesPerTrigger", 1)
    source = reader.parquet(str(folder / "source"))
    given = getattr(kedge_spark, what)(source, window_of(kind), shards=3)
    writer = given.writeStream.format("parquet").option("path", str(folder / f"{kind}-{what}"))
    writer = writer.option("checkpointLocation", str(folder / f"{kind}-{what}-state"))
    return writer.trigger(availableNow=True).start()


def test_refusals_are_ours(session: SparkSession, frame: DataFrame) -> None:
    def made(aggregate: Any, **its: Any) -> kedge.Window:
        return kedge.Window(every="1s", aggregates={"n": aggregate}, **its)

    with pytest.raises(kedge.Unsupported, match="without a key"):
        kedge_spark.windows(frame, made(kedge.count(), time="ts"))
    missing = made(kedge.sum("nothing"), time="ts", key="user")
    with pytest.raises(kedge.InvalidArgument, match='"nothing"'):
        kedge_spark.windows(frame, missing)
    for arrival in ("user", "never"):
        with pytest.raises(kedge.InvalidArgument, match=f'arrival: .*"{arrival}"'):
            kedge_spark.windows(frame, window_of("tumbling"), arrival=arrival)
    stream = session.readStream.format("rate").load()
    mine = made(kedge.count(), time="timestamp", key="value")
    with pytest.raises(kedge.InvalidArgument, match="micro-batches"):
        kedge_spark.windows(stream, mine, arrival="value")
