"""Ray counts what one machine counts, to the byte, however the rows are in blocks."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec

import pytest

import kedge
from tests.io.tables import mixed_table

if find_spec("ray") is None:
    pytest.skip(
        "kedge[ray] is an optional extra; .ci/run engines installs it", allow_module_level=True
    )

import ray

from kedge.io import ray as kedge_ray

pytestmark = pytest.mark.filterwarnings("ignore")  # Ray's own, on the driver


@pytest.fixture(scope="module", autouse=True)
def _cluster() -> Iterator[None]:
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False, logging_level="error")
    ray.data.DataContext.get_current().enable_progress_bars = False
    yield
    ray.shutdown()


@pytest.mark.parametrize("blocks", [1, 6])
def test_like_gives_the_counts_of_one_machine(blocks: int) -> None:
    table = mixed_table(9000)
    reference = kedge.profile(mixed_table(2000, seed=1), categorical=["items"], slices=["city"])
    expected = reference.like()
    expected.update(table)
    got = kedge_ray.profile(ray.data.from_arrow(table).repartition(blocks), like=reference)
    assert got.to_bytes() == expected.to_bytes()


def test_without_like_blocks_do_not_matter() -> None:
    table = mixed_table(50_000)
    profiles = [
        kedge_ray.profile(ray.data.from_arrow(table).repartition(blocks), slices=["city"])
        for blocks in (1, 6)
    ]
    assert profiles[0].to_bytes() == profiles[1].to_bytes()
    expected = profiles[0].like()
    expected.update(table)
    assert profiles[0] == expected


def test_a_small_table_has_the_profile_of_one_machine() -> None:
    table = mixed_table(3000)
    assert kedge_ray.profile(ray.data.from_arrow(table).repartition(3)) == kedge.profile(table)


def test_errors_name_the_column() -> None:
    dataset = ray.data.from_arrow(mixed_table(100))
    with pytest.raises(kedge.InvalidArgument, match='no column "z"; the columns are "amount"'):
        kedge_ray.profile(dataset, columns=["z"])
    with pytest.raises(kedge.InvalidArgument, match='no column "x"'):
        kedge_ray.profile(dataset, like=kedge.profile({"x": [1.0]}))


def test_without_ray_it_says_what_to_install() -> None:
    code = "import sys; sys.modules['ray'] = None; import kedge.io.ray"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert 'pip install "kedge[ray]"' in run.stderr.splitlines()[-1]
