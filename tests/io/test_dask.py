"""Dask counts what one machine counts, to the byte, however the rows are partitioned."""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec

import pytest

import kedge
from tests.io.tables import mixed_table

if find_spec("dask") is None or find_spec("pandas") is None:
    pytest.skip(
        "kedge[dask] is an optional extra; .ci/run engines installs it", allow_module_level=True
    )

import dask
import dask.dataframe as dd
import numpy as np
import pandas as pd
import pyarrow as pa

from kedge.io import dask as kedge_dask


@pytest.fixture(autouse=True)
def _threads() -> object:
    with dask.config.set(scheduler="threads", num_workers=2):
        yield


def as_pandas(table: pa.Table) -> pd.DataFrame:
    frame = table.to_pandas()
    return frame.assign(city=frame["city"].astype("category"))


def one_machine(frame: pd.DataFrame) -> pa.Table:
    return pa.Table.from_pandas(frame, preserve_index=False)


@pytest.mark.parametrize("partitions", [1, 3, 40])
def test_like_gives_the_counts_of_one_machine(partitions: int) -> None:
    frame = as_pandas(mixed_table(20_000))
    table = one_machine(frame)
    reference = kedge.profile(table.slice(0, 3000), categorical=["items"], slices=["city"])
    expected = reference.like()
    expected.update(table)
    got = kedge_dask.profile(dd.from_pandas(frame, npartitions=partitions), like=reference)
    assert got.to_bytes() == expected.to_bytes()


def test_without_like_partitions_do_not_matter() -> None:
    frame = as_pandas(mixed_table(50_000))
    profiles = [
        kedge_dask.profile(
            dd.from_pandas(frame.sample(frac=1, random_state=parts), npartitions=parts, sort=False),
            categorical=["items"],
            slices=["city"],
        )
        for parts in (1, 3, 8)
    ]
    assert {profile.to_bytes() for profile in profiles} == {profiles[0].to_bytes()}
    expected = profiles[0].like()
    expected.update(one_machine(frame))
    assert profiles[0] == expected


def test_a_small_table_has_the_profile_of_one_machine() -> None:
    frame = mixed_table(3000).to_pandas()
    ddf = dd.from_pandas(frame, npartitions=4)
    assert kedge_dask.profile(ddf) == kedge.profile(one_machine(ddf.compute()))


def test_partitions_without_rows_or_values_are_counted() -> None:
    frame = pd.DataFrame({"x": np.arange(8.0), "s": [None] * 4 + ["a"] * 4})
    ddf = dd.from_pandas(frame, npartitions=4)
    assert kedge_dask.profile(ddf).categories("s").null_count == 4
    late = kedge_dask.profile(ddf[ddf.x > 5])
    assert (late.row_count, late.categories("s").counts.tolist()) == (2, [2])


def test_errors_name_the_column() -> None:
    frame = pd.DataFrame({"x": [1.0, 2.0], "gap": pd.to_timedelta([1, 2], unit="s")})
    ddf = dd.from_pandas(frame, npartitions=2)
    with pytest.raises(kedge.Unsupported, match='column "gap": duration cannot be profiled'):
        kedge_dask.profile(ddf)
    assert kedge_dask.profile(ddf, columns=["x"]).columns == ["x"]
    with pytest.raises(kedge.InvalidArgument, match='no column "z"; the columns are "x"'):
        kedge_dask.profile(ddf, columns=["z"])
    with dask.config.set({"dataframe.convert-string": False}):
        mixed = dd.from_pandas(pd.DataFrame({"odd": ["a", 1]}, dtype=object), npartitions=1)
        with pytest.raises(kedge.InvalidArgument, match=r"not as its meta says: .*odd"):
            kedge_dask.profile(mixed)


def test_without_dask_it_says_what_to_install() -> None:
    code = "import sys; sys.modules['dask'] = None; import kedge.io.dask"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert 'pip install "kedge[dask]"' in run.stderr.splitlines()[-1]
