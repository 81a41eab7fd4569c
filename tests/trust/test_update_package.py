"""A package is what a repository is; what is none is refused by name."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

import kedge
from kedge._core import TrustClient, UpdatePackage
from tests.reference.update_package import sealed, update_package
from tests.trust.repository import SECONDS, Repository


@pytest.fixture(scope="module")
def repository() -> Repository:
    repository = Repository()
    repository.add("m.kedge", b"model", {"kedge": {"version": 1}})
    repository.publish("targets", "snapshot", "timestamp")
    return repository


@pytest.fixture(scope="module")
def whole(repository: Repository) -> bytes:
    return update_package(repository.files)


def outcome(folder: Path, root: bytes, package: Path) -> object:
    """What a board believes behind a package: all that it can be made to do."""
    client = TrustClient(str(folder), root)
    fetch = UpdatePackage(str(package)).fetch
    client.refresh(fetch, SECONDS)
    return client.targets, client.download(fetch, "m.kedge", SECONDS), client.floor


def test_files_come_out_as_they_went_in(
    tmp_path: Path, repository: Repository, whole: bytes
) -> None:
    path = tmp_path / "p"
    path.write_bytes(whole)
    package = UpdatePackage(str(path))
    for name, data in repository.files.items():
        assert package.fetch(name, len(data)) == data
        with pytest.raises(kedge.ResourceExhausted, match=f"has {len(data)} bytes, at most"):
            package.fetch(name, len(data) - 1)
    assert package.fetch("metadata/2.root.json", 10) is None
    root = repository.files["metadata/1.root.json"]
    targets = [("m.kedge", '{"kedge":{"version":1}}')]
    assert outcome(tmp_path / "trust", root, path) == (targets, b"model", 0)


def test_what_is_added_is_refused(tmp_path: Path, whole: bytes) -> None:
    path = tmp_path / "p"
    path.write_bytes(sealed(whole))
    with pytest.raises(kedge.CorruptData, match="bytes, it says that it has"):
        UpdatePackage(str(path))


@pytest.mark.parametrize(
    ("at", "value", "reason"),
    [
        (0, b"KEDGEUPX", "not an update package"),
        (8, struct.pack("<I", 2), "version 2, 1 is supported"),
        (12, struct.pack("<I", 4097), "4097 files in an index of"),
        (16, struct.pack("<Q", 2**63), f"bytes, it says that it has {2**63}"),
        (24, struct.pack("<Q", 2**40), f"in an index of {2**40} bytes"),
    ],
)
def test_headers_name_what_is_wrong(
    tmp_path: Path, whole: bytes, at: int, value: bytes, reason: str
) -> None:
    path = tmp_path / "p"
    path.write_bytes(sealed(whole[:at] + value + whole[at + len(value) : -32]))
    with pytest.raises(kedge.KedgeError, match=reason):
        UpdatePackage(str(path))


def test_names_come_in_order_and_once(tmp_path: Path) -> None:
    package = bytearray(update_package({"a": b"1", "b": b"2"})[:-32])
    path = tmp_path / "p"
    package[32 + 1], package[32 + 11] = package[32 + 11], package[32 + 1]
    path.write_bytes(sealed(bytes(package)))
    with pytest.raises(kedge.CorruptData, match='"a" comes behind "b"'):
        UpdatePackage(str(path))


def test_a_stick_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(kedge.InvalidArgument, match="No such file"):
        UpdatePackage(str(tmp_path / "p"))
    with pytest.raises(kedge.InvalidArgument, match="is no regular file"):
        UpdatePackage(str(tmp_path))
