"""What is signed here, python-tuf's own client believes; and a hub takes nothing else."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import struct
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from tuf.api.exceptions import DownloadHTTPError
from tuf.api.metadata import Metadata
from tuf.ngclient import FetcherInterface, Updater, UpdaterConfig

from kedge._core import InvalidArgument
from kedge.cli import main
from kedge.hub import HubClient
from kedge.hub.keys import Keys
from kedge.hub.package import files_of, package
from kedge.hub.rollout import Gate, Rollout
from kedge.hub.sign import Author, Terms
from tests.edge.edge_runs import compile_model
from tests.hub.hubs import running


class Files(FetcherInterface):
    """Static files of a folder, as a board's HTTP gets them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def _fetch(self, url: str) -> Any:
        path = self.folder / url.removeprefix("http://hub/")
        if not path.is_file():
            raise DownloadHTTPError("none", 404)
        yield path.read_bytes()


def client(tmp_path: Path, repository: Path, name: str = "client") -> Updater:
    folder = tmp_path / name
    folder.mkdir(exist_ok=True)
    root = (repository / "metadata" / "1.root.json").read_bytes()
    return Updater(
        str(folder),
        "http://hub/metadata/",
        str(folder),
        "http://hub/targets/",
        fetcher=Files(repository),
        config=UpdaterConfig(),
        bootstrap=root,
    )


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("model") / "m.kedge"
    compile_model(path)
    return path


def author(tmp_path: Path, **terms: Any) -> Author:
    return Author(tmp_path / "repo", Keys([tmp_path / "keys"]), Terms.of(**terms))


def test_the_client_of_tuf_takes_it(tmp_path: Path, bundle: Path) -> None:
    signing = author(tmp_path)
    rollout = Rollout("churn", 7, (8,), ("line-a",), 25, "", Gate(rows=500))
    assert signing.add(bundle, rollout) == "churn-7.kedge"
    assert signing.publish() == {"root": 1, "targets": 1, "snapshot": 1, "timestamp": 1}
    updater = client(tmp_path, tmp_path / "repo")
    target = updater.get_targetinfo("churn-7.kedge")
    assert target is not None
    assert Path(updater.download_target(target)).read_bytes() == bundle.read_bytes()
    custom = target.custom["kedge"]
    assert custom == {
        "model": "churn",
        "version": 7,
        "replaces": [8],
        "groups": ["line-a"],
        "percent": 25,
        "rollout": "churn-7",
        "gate": {
            "rows": 500,
            "seconds": 86400,
            "disagreement_ppm": 10000,
            "distance_ppm": 200000,
            "latency_percent": 200,
        },
    }


def test_keys_are_made_once_and_are_their_owners(tmp_path: Path, bundle: Path) -> None:
    author(tmp_path).publish()
    keys = sorted((tmp_path / "keys").iterdir())
    assert [path.name for path in keys] == [
        *(f"root-{i}.pem" for i in (1, 2, 3)),
        "snapshot-1.pem",
        "targets-1.pem",
        "timestamp-1.pem",
    ]
    assert all(path.stat().st_mode & 0o777 == 0o600 for path in keys)
    root = json.loads((tmp_path / "repo/metadata/1.root.json").read_bytes())["signed"]
    assert {name: role["threshold"] for name, role in root["roles"].items()} == {
        "root": 2,
        "targets": 1,
        "snapshot": 1,
        "timestamp": 1,
    }
    author(tmp_path).publish()
    assert sorted((tmp_path / "keys").iterdir()) == keys


def test_rotation_is_followed_and_root_may_stay_offline(tmp_path: Path, bundle: Path) -> None:
    author(tmp_path).publish()
    updater = client(tmp_path, tmp_path / "repo")
    updater.refresh()
    signing = author(tmp_path)
    for role in ("root", "targets", "timestamp"):
        signing.rotate(role)
    signing.add(bundle, Rollout("churn", 1))
    signing.publish()
    offline = tmp_path / "safe"
    offline.mkdir()
    for path in (tmp_path / "keys").glob("root-*.pem"):
        shutil.move(path, offline)
    author(tmp_path).publish(targets=False)
    assert client(tmp_path, tmp_path / "repo").get_targetinfo("churn-1.kedge") is not None
    signing = author(tmp_path)
    signing.rotate("snapshot")
    with pytest.raises(InvalidArgument, match="root wants 2 signatures, 0 of its 3 keys"):
        signing.publish()
    both = Author(tmp_path / "repo", Keys([tmp_path / "keys", offline]))
    both.rotate("snapshot")
    assert both.publish()["root"] == 3
    client(tmp_path, tmp_path / "repo").refresh()


def test_a_new_root_wants_the_old_ones_keys(tmp_path: Path) -> None:
    author(tmp_path).publish()
    for number in (1, 2):
        (tmp_path / "keys" / f"root-{number}.pem").unlink()
    signing = author(tmp_path)
    signing.rotate("root")
    with pytest.raises(InvalidArgument, match="old one's keys"):
        signing.publish()


def test_expiry_and_the_time_of_issue_are_signed(tmp_path: Path) -> None:
    now = datetime(2030, 1, 31, 12, tzinfo=timezone.utc)
    signing = Author(
        tmp_path / "repo", Keys([tmp_path / "keys"]), Terms.of({"timestamp": 2}), lambda: now
    )
    signing.publish()
    for role, days in (("1.root", 365), ("1.targets", 90), ("1.snapshot", 30), ("timestamp", 2)):
        signed = Metadata.from_file(str(tmp_path / f"repo/metadata/{role}.json")).signed
        assert signed.expires == now + timedelta(days=days)
        assert signed.unrecognized_fields["x-kedge-issued"] == "2030-01-31T12:00:00Z"


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"model": "a/b"}, "model 'a/b'"),
        ({"version": 0}, "version = 0"),
        ({"percent": 101}, "percent = 101"),
        ({"replaces": (7,)}, "not above version 7"),
        ({"groups": ("",)}, "no name"),
        ({"rollout": "../x"}, "rollout"),
    ],
)
def test_terms_that_cannot_be_are_refused(given: dict[str, Any], reason: str) -> None:
    with pytest.raises(InvalidArgument, match=reason):
        Rollout(**{"model": "churn", "version": 7, **given})


def test_what_is_no_bundle_or_another_is_not_signed(tmp_path: Path, bundle: Path) -> None:
    junk = tmp_path / "junk.kedge"
    junk.write_bytes(b"junk")
    signing = author(tmp_path)
    with pytest.raises(ValueError, match="junk"):
        signing.add(junk, Rollout("churn", 7))
    signing.add(bundle, Rollout("churn", 7))
    other = tmp_path / "other.kedge"
    compile_model(other, trees=3)
    with pytest.raises(InvalidArgument, match="new version"):
        signing.add(other, Rollout("churn", 7))
    with pytest.raises(InvalidArgument, match="no churn-9"):
        signing.change(Rollout("churn", 9))
    with pytest.raises(InvalidArgument, match="gate has no 'rowz'"):
        Gate.of({"rowz": 1})
    with pytest.raises(InvalidArgument, match="root: 4 of 3"):
        Terms.of(thresholds={"root": 4})
    for given in ("days", "keys", "thresholds"):
        with pytest.raises(InvalidArgument, match="'foo' is none of root, targets, snapshot, time"):
            Terms.of(**{given: {"foo": 1}})


def test_a_package_has_all_that_a_board_asks_for(tmp_path: Path, bundle: Path) -> None:
    signing = author(tmp_path)
    signing.add(bundle, Rollout("churn", 7))
    signing.publish()
    author(tmp_path).publish()
    data = package(files_of(tmp_path / "repo"))
    assert hashlib.sha256(data[:-32]).digest() == data[-32:]
    mark, version, count, size, index = struct.unpack_from("<8sIIQQ", data)
    assert (mark, version, count, size) == (b"KEDGEUPD", 1, 5, len(data))
    at, content, found = 32, 32 + index, {}
    for _ in range(count):
        length = data[at]  # of paths below 128 bytes
        path = data[at + 1 : at + 1 + length].decode()
        (bytes_,) = struct.unpack_from("<Q", data, at + 1 + length)
        found[path] = data[content : content + bytes_]
        at, content = at + 9 + length, content + bytes_
    assert list(found) == sorted(found)
    assert content == len(data) - 32
    folder = tmp_path / "stick"
    for path, file in found.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(file)
    updater = client(tmp_path, folder, "stick-client")
    target = updater.get_targetinfo("churn-7.kedge")
    assert target is not None
    updater.download_target(target)


def push(operator: HubClient, repository: Path) -> list[str]:
    return operator.push_repository(files_of(repository).items())


def test_a_hub_takes_what_its_root_trusts(tmp_path: Path, bundle: Path) -> None:
    repo = tmp_path / "repo"
    signing = author(tmp_path)
    signing.add(bundle, Rollout("churn", 7))
    signing.publish()
    shutil.copytree(repo, tmp_path / "old")
    signing = author(tmp_path)
    signing.rotate("root")
    signing.publish()
    with running(tmp_path / "hub") as (_, operator):
        push(operator, tmp_path / "old")
        assert "metadata/2.root.json" in push(operator, repo)
        push(operator, repo)  # the same again
        with pytest.raises(InvalidArgument, match="older than"):
            push(operator, tmp_path / "old")
        stranger = Author(tmp_path / "stranger", Keys([tmp_path / "theirs"]))
        stranger.publish()
        with pytest.raises(InvalidArgument):
            push(operator, tmp_path / "stranger")
        for name in ("timestamp.json", "2.targets.json"):
            damaged = tmp_path / f"damaged-{name}"
            shutil.copytree(repo, damaged)
            path = damaged / "metadata" / name
            path.write_bytes(path.read_bytes().replace(b'"version":2', b'"version":3'))
            with pytest.raises(InvalidArgument):
                push(operator, damaged)
        served = tmp_path / "hub" / "repository"
        client(tmp_path, served).refresh()
        names = sorted(path.relative_to(served).as_posix() for path in served.rglob("*.*"))
        assert not [name for name in names if "incoming" in name]


def test_a_push_is_bounded_and_goes_nowhere_else(tmp_path: Path, bundle: Path) -> None:
    with running(tmp_path / "hub", most_file_bytes=1024) as (_, operator):
        for path in ("../x", "metadata/../x.json", "/etc/x", "targets/x", "metadata/x"):
            with pytest.raises(InvalidArgument, match="no file of a repository"):
                operator.push_repository([(path, bundle)])
        with pytest.raises(Exception, match="1024 bytes"):
            operator.push_repository([("metadata/1.root.json", bundle)])
        with pytest.raises(InvalidArgument, match="there is no root"):
            operator.push_repository([])
    assert not (tmp_path / "hub" / "incoming").exists()


@pytest.mark.parametrize(
    ("member", "least", "most"),
    [
        ("rows", "kLeastRows", "kMostRows"),
        ("seconds", "1", "kMostSeconds"),
        ("disagreement_ppm", "0", "kMillion - 1"),
        ("distance_ppm", "0", "kMillion - 1"),
        ("latency_percent", "0", "kMostPercent"),
    ],
)
def test_a_gate_has_the_bounds_of_boards(member: str, least: str, most: str) -> None:
    header = Path(__file__).parents[2] / "cpp" / "kedge" / "edge" / "gate_bounds.h"
    source = header.read_text().replace("'", "")
    constants = dict(re.findall(r"std::uint64_t (k\w+) = ([^;]+);", source))
    constants["kMostSeconds"] = constants["kMostSeconds"].replace("std::uint64_t{86400}", "86400")
    values = {name: eval(text) for name, text in constants.items()}
    bounds = [eval(bound, values) for bound in (least, most)]
    for value in bounds:
        assert getattr(Gate.of({member: value}), member) == value
    for value in (bounds[0] - 1, bounds[1] + 1):
        said = f"gate {member} = {value}: allowed are {bounds[0]} to {bounds[1]}"
        with pytest.raises(InvalidArgument, match=said):
            Gate.of({member: value})


def test_a_bundle_that_is_none_makes_no_keys(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "junk.kedge").write_bytes(b"junk")
    for name in ("junk.kedge", "none.kedge"):
        words = ["edge", "sign", str(tmp_path / "repo"), str(tmp_path / name), "--model", "m"]
        assert main([*words, "--version", "1"]) == 64
        assert name in capsys.readouterr().err
    assert sorted(one.name for one in tmp_path.iterdir()) == ["junk.kedge"]
