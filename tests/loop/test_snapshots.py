"""Snapshots: stored ones come back, damaged ones do not, and a zombie publishes nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import kedge
from kedge.io.folder import Folder
from kedge.loop import Fenced, Run, Snapshot, Snapshots
from kedge.loop.pipeline import Pipeline
from tests.loop.disk import Disk, OnDisk
from tests.loop.one_pipeline import Bench, uninterrupted, written
from tests.loop.rows_source import RowsSource

SECTIONS = st.dictionaries(st.text(max_size=8), st.binary(max_size=40), max_size=4)
SNAPSHOTS = st.builds(Snapshot, st.integers(0, 2**63), SECTIONS)


@given(SNAPSHOTS, st.integers(0, 2**40))
def test_bytes_read_back(snapshot: Snapshot, generation: int) -> None:
    assert Snapshot.from_bytes(snapshot.to_bytes(generation)) == snapshot


@given(SNAPSHOTS, st.data())
def test_damage_is_found(snapshot: Snapshot, data: st.DataObject) -> None:
    whole = snapshot.to_bytes(1)
    at = data.draw(st.integers(0, len(whole) - 1))
    flipped = bytes([whole[at] ^ (1 << data.draw(st.integers(0, 7)))])
    for damaged in (whole[:at], whole[:at] + flipped + whole[at + 1 :], whole + b"x"):
        with pytest.raises(kedge.CorruptData):
            Snapshot.from_bytes(damaged)


@given(st.binary(max_size=200))
def test_any_bytes_are_refused(data: bytes) -> None:
    for start in (b"", b"KDSN"):
        with pytest.raises(kedge.CorruptData):
            Snapshot.from_bytes(start + data)


def test_the_last_few_are_kept() -> None:
    folder = Disk().folder("state")
    snapshots = Snapshots(folder, 3, lambda text: None)
    for epoch in range(7):
        snapshots.put(Snapshot(epoch, {}))
    assert [it.epoch for it in snapshots.newest()] == [6, 5, 4]
    assert len([it for it in folder.names() if it.endswith(".snapshot")]) == 3


def test_when_none_is_whole_nothing_is_begun_anew() -> None:
    folder = Disk().folder("state")
    Snapshots(folder, 3, lambda text: None).put(Snapshot(4, {"a": b"1"}))
    for name in folder.names():
        if name.endswith(".snapshot"):
            folder.write_durably(name, folder.read(name)[:-1])
    log: list[str] = []
    with pytest.raises(kedge.CorruptData, match="none of 1 snapshots is whole"):
        next(Snapshots(folder, 3, log.append).newest())
    assert 'section "a" does not have its checksum' in log[0]


def test_one_process_at_a_time(tmp_path: Path) -> None:
    first = Snapshots(Folder(tmp_path / "s"), 3, lambda text: None)
    with pytest.raises(kedge.InvalidArgument, match="held by another process"):
        Snapshots(Folder(tmp_path / "s"), 3, lambda text: None)
    first.close()
    Snapshots(Folder(tmp_path / "s"), 3, lambda text: None).close()


@pytest.mark.parametrize("steps", [1, 2, 3, 5, 7])
def test_a_zombie_publishes_nothing(tmp_path: Path, steps: int) -> None:
    pipeline = written(tmp_path, 60, 25)
    wanted, _ = uninterrupted(pipeline)
    bench = Bench(pipeline)

    def begun(disk: Disk) -> Run:
        connectors = OnDisk(disk, RowsSource(bench.tables))
        made = Pipeline.read(pipeline, connectors)
        return Run(made, connectors.store(made.state))

    zombie = begun(bench.disk)
    for _ in range(steps):
        zombie.step()
    heir = begun(bench.disk)

    def both() -> None:
        for _ in range(100):
            zombie.step()
            heir.step()

    with pytest.raises(Fenced, match="generation 2 has taken over from 1"):
        both()
    while heir.step():
        pass
    heir.finish()
    assert bench.shown() == wanted
