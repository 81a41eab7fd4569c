"""Spark counts what one machine counts, to the byte, however the rows are partitioned."""

from __future__ import annotations

import shutil
import subprocess
import sys
from importlib.util import find_spec

import pytest

import kedge
from tests.io.tables import mixed_table

if find_spec("pyspark") is None or shutil.which("java") is None:
    pytest.skip(
        "kedge[spark] is an optional extra and needs Java; .ci/run engines installs both",
        allow_module_level=True,
    )

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pyspark.sql import DataFrame, SparkSession

from kedge.io import spark as kedge_spark

pytestmark = pytest.mark.filterwarnings("ignore:PySpark does not yet fully support pandas")


@pytest.fixture(scope="module")
def frame(session: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> DataFrame:
    path = tmp_path_factory.mktemp("rows") / "mixed.parquet"
    pq.write_table(mixed_table(50_000), path, coerce_timestamps="us")
    return session.read.parquet(str(path)).cache()


@pytest.mark.parametrize("partitions", [1, 3, 8])
def test_like_gives_the_counts_of_one_machine(frame: DataFrame, partitions: int) -> None:
    reference = kedge.profile(mixed_table(2000, seed=1), categorical=["items"], slices=["city"])
    expected = reference.like()
    expected.update(mixed_table(50_000))
    got = kedge_spark.profile(frame.repartition(partitions), like=reference)
    assert got.to_bytes() == expected.to_bytes()


def test_without_like_partitions_do_not_matter(frame: DataFrame) -> None:
    profiles = [
        kedge_spark.profile(frame.repartition(partitions), categorical=["items"], slices=["city"])
        for partitions in (1, 3, 8)
    ]
    assert {profile.to_bytes() for profile in profiles} == {profiles[0].to_bytes()}
    expected = profiles[0].like()
    expected.update(mixed_table(50_000))
    assert profiles[0] == expected


def test_a_small_table_has_the_profile_of_one_machine(frame: DataFrame) -> None:
    few = frame.where("items = 3 and flag").repartition(5)
    table = mixed_table(50_000)
    rows = pc.and_(pc.equal(table["items"], 3), table["flag"])
    assert kedge_spark.profile(few) == kedge.profile(table.filter(rows))


def test_empty_partitions_count_nothing(session: SparkSession, frame: DataFrame) -> None:
    sparse = session.createDataFrame([(1.0, "a"), (2.0, None)], "x double, s string")
    profile = kedge_spark.profile(sparse.repartition(8))
    assert profile == kedge.profile({"x": [1.0, 2.0], "s": pa.array(["a", None])})
    assert kedge_spark.profile(sparse.where("x < 0"), like=profile) == profile.like()
    with pytest.raises(kedge.InvalidArgument, match="there is no data"):
        kedge_spark.profile(sparse.where("x < 0"))


def test_columns_are_read_by_name(session: SparkSession, frame: DataFrame) -> None:
    profile = kedge_spark.profile(frame, columns=["amount"], slices=["city"])
    assert (profile.columns, profile.slices) == (["amount"], ["city"])
    nested = session.sql("select named_struct('b', 1.5D, 'c', 'x') as a, array(1) as skipped")
    assert kedge_spark.profile(nested, columns=["a.b"]).columns == ["a.b"]


def test_times_without_a_zone_are_times(session: SparkSession) -> None:
    frame = session.sql("select timestamp_ntz'2024-01-01 00:00:00' as t, date'2024-01-01' as d")
    profile = kedge_spark.profile(frame)
    assert [profile.type(name) for name in ("t", "d")] == ["timestamp[us]", "date32"]


def test_errors_name_the_column(session: SparkSession, frame: DataFrame) -> None:
    priced = session.sql("select cast(1 as decimal(10, 2)) as price, 1.0D as x")
    with pytest.raises(kedge.Unsupported, match='column "price": decimal'):
        kedge_spark.profile(priced)
    assert kedge_spark.profile(priced, columns=["x"]).row_count == 1
    with pytest.raises(kedge.InvalidArgument, match='no column "z"; the columns are "amount"'):
        kedge_spark.profile(frame, columns=["z"])
    with pytest.raises(kedge.InvalidArgument, match='no column "x"'):
        kedge_spark.profile(frame, like=kedge.profile({"x": [1.0]}))
    with pytest.raises(kedge.Unsupported, match='column "amount": the profile holds utf8'):
        kedge_spark.profile(frame, like=kedge.profile({"amount": pa.array(["a"])}))


def test_without_spark_it_says_what_to_install() -> None:
    code = "import sys; sys.modules['pyspark'] = None; import kedge.io.spark"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert 'pip install "kedge[spark]"' in run.stderr.splitlines()[-1]
