"""A run that is cut anywhere, any number of times, shows what an uninterrupted one shows."""

from __future__ import annotations

import errno
import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.loop.disk import Cut
from tests.loop.one_pipeline import Bench, uninterrupted, written


def test_cut_at_each_operation(tmp_path: Path) -> None:
    pipeline = written(tmp_path, 60, 25)
    wanted, operations = uninterrupted(pipeline)
    assert operations > 100
    rng = random.Random(1)
    for at in [*range(1, operations + 1), *range(1, operations + 1)]:
        bench = Bench(pipeline)
        bench.disk.cut_at = at
        with pytest.raises(Cut):
            bench.run()
        bench.disk.lose_power(rng)
        bench.run()
        assert bench.shown() == wanted, at


@settings(max_examples=30)
@given(st.data())
def test_cut_again_and_again(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    folder = tmp_path_factory.mktemp("cut")
    partitions = data.draw(st.integers(1, 3), "partitions")
    mode = data.draw(st.sampled_from(["closed", "update"]))
    rows, batch = data.draw(st.integers(1, 100)), data.draw(st.integers(7, 100))
    pipeline = written(folder, rows, batch, mode)
    wanted, operations = uninterrupted(pipeline, partitions)
    bench = Bench(pipeline, partitions)
    for at in data.draw(st.lists(st.integers(1, operations), max_size=12), "cuts"):
        bench.disk.cut_at = at
        try:
            bench.run()
        except Cut:
            bench.disk.lose_power(random.Random(at))
    bench.disk.cut_at = None
    bench.run()
    assert bench.shown() == wanted


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO])
def test_a_disk_that_refuses(tmp_path: Path, code: int) -> None:
    pipeline = written(tmp_path, 60, 25)
    wanted, operations = uninterrupted(pipeline)
    for at in range(1, operations + 1, 3):
        bench = Bench(pipeline)
        bench.disk.fail_at = {at: code}
        with pytest.raises(OSError, match="E"):
            bench.run()
        bench.disk.fail_at = {}
        bench.run()
        assert bench.shown() == wanted, at


@pytest.mark.parametrize("damage", ["torn", "flipped", "empty"])
def test_the_snapshot_before_a_damaged_one(tmp_path: Path, damage: str) -> None:
    pipeline = written(tmp_path, 60, 25)
    wanted, operations = uninterrupted(pipeline)
    for at in range(operations // 3, operations, 7):
        bench = Bench(pipeline)
        bench.disk.cut_at = at
        with pytest.raises(Cut):
            bench.run()
        bench.disk.lose_power(random.Random(at))
        name, content = max(bench.states().items())
        half = len(content) // 2
        flipped = content[:half] + bytes([content[half] ^ 4]) + content[half + 1 :]
        broken = {"torn": content[:half], "flipped": flipped, "empty": b""}[damage]
        state = next(it for path, it in bench.disk.folders.items() if path.endswith("/state"))
        state.write_durably(name, broken)
        bench.run()
        assert bench.shown() == wanted, at
        assert any("is left out" in line for line in bench.log)
