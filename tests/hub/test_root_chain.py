"""Who may push but not sign cannot change whom a hub trusts."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from kedge._core import InvalidArgument
from kedge.hub.keys import Keys
from kedge.hub.package import files_of
from kedge.hub.push import check
from kedge.hub.sign import Author
from tests.hub.hubs import running


def signed(folder: Path, roots: int, more: int = 0) -> Path:
    """A repository with so many roots."""
    repository = folder / "repo"
    for number in range(roots + more):
        author = Author(repository, Keys([folder / "keys"]))
        if 0 < number < roots:
            author.rotate("root")
        author.publish()
    return repository


def contents(repository: Path) -> dict[str, bytes]:
    found = (repository / "metadata").glob("*.json")
    return {path.name: path.read_bytes() for path in found}


@pytest.mark.parametrize("first", [1, 2])  # here; the enemy's are lower, and up to the newest
def test_roots_cannot_be_replaced_from_below(tmp_path: Path, first: int) -> None:
    repository = signed(tmp_path / "own", 3)
    enemy = signed(tmp_path / "enemy", 3, more=2)
    with running(tmp_path / "hub") as (_, operator):
        files = files_of(repository)
        for number in range(1, first):
            del files[f"metadata/{number}.root.json"]
        operator.push_repository(files.items())
        here = contents(tmp_path / "hub" / "repository")
        with pytest.raises(InvalidArgument):
            operator.push_repository(files_of(enemy).items())
        assert contents(tmp_path / "hub" / "repository") == here
        operator.push_repository(files_of(repository).items())
        assert contents(tmp_path / "hub" / "repository") == here


def test_a_root_from_zero_is_no_file_of_a_repository(tmp_path: Path) -> None:
    enemy = signed(tmp_path / "enemy", 2) / "metadata" / "1.root.json"
    with running(tmp_path / "hub") as (_, operator):
        for name in ("0.root.json", "01.root.json"):
            with pytest.raises(InvalidArgument, match="no file of a repository"):
                operator.push_repository([(f"metadata/{name}", enemy)])


def test_a_root_that_is_here_is_not_written_again(tmp_path: Path) -> None:
    repository = signed(tmp_path, 2)
    with running(tmp_path / "hub") as (_, operator):
        operator.push_repository(files_of(repository).items())
        path = repository / "metadata" / "2.root.json"
        path.write_bytes(path.read_bytes() + b"\n")  # its signatures hold
        pushed = operator.push_repository(files_of(repository).items())
        assert [name for name in pushed if "root" in name] == []
        here = contents(tmp_path / "hub" / "repository")
        assert here["2.root.json"] + b"\n" == path.read_bytes()


def test_a_root_has_the_version_of_its_name(tmp_path: Path) -> None:
    repository = signed(tmp_path, 2)
    came = tmp_path / "came"
    shutil.copytree(repository, came)
    for number in (2, 1):
        path = came / "metadata" / f"{number}.root.json"
        path.rename(path.with_name(f"{number + 1}.root.json"))
    with pytest.raises(InvalidArgument, match=r"2\.root\.json is of version 1"):
        check(tmp_path / "none", came)
    check(tmp_path / "none", repository)
