"""What a repository's thief may try is refused, by an error that names role, value and bound."""

from __future__ import annotations

from pathlib import Path

import pytest
from securesystemslib.formats import encode_canonical
from tuf.api.metadata import MetaFile

import kedge
from kedge._core import TrustClient
from tests.trust.board import Board
from tests.trust.repository import DAY, NOW, SECONDS, Repository, signer


def test_targets_come_with_what_their_signers_say(board: Board, repository: Repository) -> None:
    custom = {"kedge": {"version": 7, "model": "churn", "groups": []}}
    repository.add("models/churn.kedge", b"the model", custom)
    repository.bump("targets", "snapshot", "timestamp")
    client = board.refresh()
    canonical = '{"kedge":{"groups":[],"model":"churn","version":7}}'
    assert client.targets == [("models/churn.kedge", canonical)]
    assert client.download(repository.fetch, "models/churn.kedge", SECONDS) == b"the model"
    assert client.download(repository.fetch, "models/none", SECONDS) is None


def test_a_refresh_of_what_is_known_asks_for_two_files(
    board: Board, repository: Repository
) -> None:
    def asked(client: TrustClient) -> list[str]:
        repository.fetched.clear()
        client.refresh(repository.fetch, SECONDS)
        return repository.fetched.copy()

    client = board.refresh()
    few = ["metadata/2.root.json", "metadata/timestamp.json"]
    assert asked(client) == few
    del client
    assert asked(board.client()) == few


def test_files_are_kept_byte_by_byte(board: Board, repository: Repository) -> None:
    repository.files["metadata/timestamp.json"] += b"\n "
    board.refresh()
    for role, name in (
        ("timestamp", "timestamp"),
        ("snapshot", "1.snapshot"),
        ("targets", "1.targets"),
    ):
        kept = (board.folder / f"{role}.json").read_bytes()
        assert kept == repository.files[f"metadata/{name}.json"]


def test_rollback(board: Board, repository: Repository) -> None:
    old = dict(repository.files)
    repository.bump("targets", "snapshot", "timestamp")
    board.refresh()
    new = dict(repository.files)
    repository.files["metadata/timestamp.json"] = old["metadata/timestamp.json"]
    board.refused("timestamp: version 1 is below 2, which is trusted")
    repository.files.update(new)
    repository.timestamp.version = 3
    repository.timestamp.snapshot_meta.version = 1
    repository.publish("timestamp")
    board.refused("timestamp: snapshot: version 1 is below 2, which is trusted")
    repository.timestamp.snapshot_meta.version = 2
    repository.publish("timestamp")
    board.refresh()
    repository.snapshot.meta["targets.json"].version = 1
    repository.bump("snapshot", "timestamp")
    board.refused('snapshot: "targets.json": version 1 is below 2, which is trusted')
    repository.snapshot.meta = {"other.json": MetaFile(1)}
    repository.bump("snapshot", "timestamp")
    board.refused('snapshot: "targets.json" is gone, version 2 is trusted')
    assert board.version("snapshot") == 2


@pytest.mark.parametrize("role", ["root", "timestamp", "snapshot", "targets"])
def test_freeze(board: Board, repository: Repository, role: str) -> None:
    getattr(repository, role).expires = NOW + 3 * DAY
    repository.publish("root", "targets", "snapshot", "timestamp")
    board.shipped = repository.files["metadata/1.root.json"]
    board.refresh(days=3 - 1 / 86400)
    reason = f"{role}: version 1 expired at 2030-01-04T00:00:00Z, the time is 2030-01-04T00:00:00Z"
    board.refused(reason, days=3)


def test_mix_and_match(board: Board, repository: Repository) -> None:
    old = dict(repository.files)
    repository.bump("targets", "snapshot", "timestamp")
    good = dict(repository.files)
    repository.files["metadata/2.snapshot.json"] = old["metadata/1.snapshot.json"]
    board.refused("snapshot: version 1, the timestamp has 2")
    repository.files["metadata/2.snapshot.json"] = good["metadata/timestamp.json"]
    board.refused("snapshot: signed by 0 of its keys, 1 must sign")
    repository.files = dict(good)
    repository.files["metadata/2.targets.json"] = old["metadata/1.targets.json"]
    board.refused("targets: version 1, the snapshot has 2")
    repository.files = good
    board.refresh()


@pytest.mark.parametrize(("path", "role"), [("2.snapshot", "snapshot"), ("2.targets", "targets")])
def test_files_of_another_hash_or_length(
    board: Board, repository: Repository, path: str, role: str
) -> None:
    repository.with_hashes = True
    repository.bump("targets", "snapshot", "timestamp")
    good = repository.files[f"metadata/{path}.json"]
    repository.files[f"metadata/{path}.json"] = good + b" "
    board.refused(f"{role}.json: {len(good) + 1} bytes, at most {len(good)} are read")
    repository.files[f"metadata/{path}.json"] = good[:-1]
    board.refused(f"{role}: {len(good) - 1} bytes, {len(good)} are signed")
    repository.files[f"metadata/{path}.json"] = good.replace(b"2", b"3", 1)
    board.refused(f"{role}: sha256 is [0-9a-f]{{64}}, [0-9a-f]{{64}} is signed")
    repository.files[f"metadata/{path}.json"] = good
    board.refresh()


@pytest.mark.parametrize(
    ("path", "most"),
    [
        ("metadata/2.root.json", 1 << 18),
        ("metadata/timestamp.json", 1 << 14),
        ("metadata/1.snapshot.json", 1 << 20),
        ("metadata/1.targets.json", 1 << 21),
    ],
)
def test_endless_data(board: Board, repository: Repository, path: str, most: int) -> None:
    repository.files[path] = b" " * (most + 1)
    board.refused(f"{path}: {most + 1} bytes, at most {most} are read")


def test_a_target_is_the_one_that_is_signed(board: Board, repository: Repository) -> None:
    repository.add("m.kedge", b"model")
    repository.bump("targets", "snapshot", "timestamp")
    client = board.refresh()
    path = next(path for path in repository.files if path.startswith("targets/"))
    for data, reason in (
        (b"modelx", "6 bytes, at most 5 are read"),
        (b"mode", 'target "m.kedge": 4 bytes, 5 are signed'),
        (b"mOdel", 'target "m.kedge": sha256 is [0-9a-f]{64}, [0-9a-f]{64} is signed'),
    ):
        repository.files[path] = data
        with pytest.raises(kedge.KedgeError, match=reason):
            client.download(repository.fetch, "m.kedge", SECONDS)
    del repository.files[path]
    with pytest.raises(kedge.KedgeError, match=f'the repository has no "{path}"'):
        client.download(repository.fetch, "m.kedge", SECONDS)


@pytest.mark.parametrize("role", ["root", "timestamp", "snapshot", "targets"])
def test_what_is_damaged_on_the_disk_is_fetched_anew(
    board: Board, repository: Repository, role: str
) -> None:
    repository.root.version = 2
    repository.publish("root")
    board.refresh()
    path = board.folder / f"{role}.json"
    good = path.read_bytes()
    path.write_bytes(good[: len(good) // 2])
    board.refresh()
    assert path.read_bytes() == good


def test_an_older_root_of_the_image_is_no_way_back(board: Board, repository: Repository) -> None:
    repository.root.version = 2
    repository.publish("root")
    board.refresh()
    assert board.shipped == repository.files["metadata/1.root.json"]
    repository.fetched.clear()
    board.refresh()
    assert repository.fetched[0] == "metadata/3.root.json"


def test_a_newer_root_of_the_image_goes_on_from_what_is_kept(
    board: Board, repository: Repository
) -> None:
    repository.timestamp.version = repository.snapshot.version = 999
    repository.publish("snapshot", "timestamp")
    board.refresh()
    repository.rotate("snapshot", 41)
    repository.root.version = 2
    repository.publish("root")
    board.shipped = repository.files["metadata/2.root.json"]
    repository.timestamp.version = repository.snapshot.version = 3
    repository.publish("snapshot", "timestamp")
    board.refresh()
    assert [board.version(role) for role in ("root", "timestamp", "snapshot")] == [2, 3, 3]
    repository.timestamp.version = 2
    repository.publish("timestamp")
    board.refused("timestamp: version 2 is below 3, which is trusted")


def test_a_root_that_has_not_signed_itself_begins_nothing(
    tmp_path: Path, repository: Repository
) -> None:
    repository.spoil("metadata/1.root.json", lambda md: md["signatures"].clear())
    with pytest.raises(kedge.CorruptData, match="root: signed by 0 of its keys, 1 must sign"):
        TrustClient(str(tmp_path), repository.files["metadata/1.root.json"])


@pytest.mark.parametrize(
    ("part", "reason"),
    [
        ({"version": 0}, "version: 0 is below 1"),
        ({"expires": "2031-02-30T00:00:00Z"}, 'expires: "2031-02-30T00:00:00Z" is no time'),
        ({"expires": "2031-01-01"}, 'expires: "2031-01-01" is no time'),
        ({"_type": "snapshot"}, '_type: expected "timestamp", got "snapshot"'),
        ({"spec_version": "2.0.0"}, 'spec_version: "2.0.0", 1 is supported'),
        ({"x-kedge-issued": "2031-01-01T00:00:00Z"}, "x-kedge-issued: not before it expires"),
        ({"meta": {}}, 'meta: "snapshot.json" is missing'),
    ],
)
def test_signed_nonsense_is_refused(
    board: Board, repository: Repository, part: dict[str, object], reason: str
) -> None:
    def change(metadata: dict[str, object]) -> None:
        metadata["signed"].update(part)
        data = encode_canonical(metadata["signed"]).encode()
        metadata["signatures"][0]["sig"] = signer(2).sign(data).signature

    repository.spoil("metadata/timestamp.json", change)
    board.refused("timestamp: .*" + reason)


def test_an_error_of_the_way_leaves_all_as_it_was(board: Board, repository: Repository) -> None:
    board.refresh()
    repository.bump("targets", "snapshot", "timestamp")
    client = board.client()

    def broken(path: str, most: int) -> bytes | None:
        if "targets" in path:
            raise OSError("no route")
        return repository.fetch(path, most)

    with pytest.raises(OSError, match="no route"):
        client.refresh(broken, SECONDS)
    assert client.targets == []
    client.refresh(repository.fetch, SECONDS)
    assert board.version("targets") == 2
