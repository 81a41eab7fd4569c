"""A signing that is cut off anywhere leaves nothing that a later one would take for its own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from kedge._core import InvalidArgument
from kedge.hub.durable import write_durable
from kedge.hub.keys import Keys
from kedge.hub.rollout import Rollout
from kedge.hub.sign import Author
from tests.edge.edge_runs import compile_model
from tests.hub.test_sign import author, client


class PowerCut(Exception):
    """It is dark."""


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("model") / "m.kedge"
    compile_model(path)
    return path


def cut_off_before(monkeypatch: pytest.MonkeyPatch, name: str, signing: Author) -> None:
    """Publish until the file of that name would be written."""

    def write(path: Path, content: bytes) -> None:
        if path.name.endswith(name):
            raise PowerCut
        write_durable(path, content)

    with monkeypatch.context() as patch:
        patch.setattr("kedge.hub.sign.write_durable", write)
        with pytest.raises(PowerCut):
            signing.publish()


@pytest.mark.parametrize("name", ["targets.json", "snapshot.json", "timestamp.json"])
@pytest.mark.parametrize("before", [0, 1])  # signings that came to their end
def test_the_next_signing_is_whole(
    tmp_path: Path, model: Path, monkeypatch: pytest.MonkeyPatch, name: str, before: int
) -> None:
    for _ in range(before):
        author(tmp_path).publish()
    signing = author(tmp_path)
    signing.add(model, Rollout("lost", 1))
    cut_off_before(monkeypatch, name, signing)
    for percent in (10, 20):
        signing = author(tmp_path)
        signing.add(model, Rollout("churn", 7, percent=percent))
        signing.publish()
        updater = client(tmp_path, tmp_path / "repo", f"client-{percent}")
        target = updater.get_targetinfo("churn-7.kedge")
        assert target is not None
        assert target.custom["kedge"]["percent"] == percent
        assert updater.get_targetinfo("lost-1.kedge") is None


ROTATIONS: list[Callable[[Author], None]] = [
    lambda one: one.rotate("root"),
    lambda one: one.rotate("targets"),
    lambda one: one.rotate("snapshot"),
    lambda one: one.rotate("timestamp"),
]


@pytest.mark.parametrize("rotate", ROTATIONS)
@pytest.mark.parametrize("targets", [True, False])
def test_a_new_root_is_kept_and_all_is_signed_as_it_wants(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rotate: Callable[[Author], None], targets: bool
) -> None:
    author(tmp_path).publish()
    signing = author(tmp_path)
    rotate(signing)
    cut_off_before(monkeypatch, "targets.json", signing)
    root = (tmp_path / "repo/metadata/2.root.json").read_bytes()
    author(tmp_path).publish(targets=targets)
    client(tmp_path, tmp_path / "repo").refresh()
    assert (tmp_path / "repo/metadata/2.root.json").read_bytes() == root


def test_a_refresh_leaves_the_targets_alone(tmp_path: Path) -> None:
    author(tmp_path).publish()
    path = tmp_path / "repo/metadata/1.targets.json"
    before = path.stat().st_mtime_ns
    for key in (tmp_path / "keys").glob("targets-*.pem"):
        key.unlink()
    assert author(tmp_path).publish(targets=False)["targets"] == 1
    assert path.stat().st_mtime_ns == before


@pytest.mark.parametrize("name", ["1.snapshot.json", "1.targets.json"])
def test_what_the_timestamp_does_not_mean_is_not_signed_again(tmp_path: Path, name: str) -> None:
    author(tmp_path).publish()
    other = Author(tmp_path / "other", Keys([tmp_path / "theirs"]))
    other.publish()
    leftover = (tmp_path / "other/metadata" / name).read_bytes()
    (tmp_path / "repo/metadata" / name).write_bytes(leftover)
    with pytest.raises(InvalidArgument, match="hash"):
        author(tmp_path)
