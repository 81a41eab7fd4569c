"""Roles that the targets' signers leave files to."""

from __future__ import annotations

from fnmatch import fnmatchcase
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tuf.api.metadata import DelegatedRole, Delegations, SuccinctRoles, TargetFile, Targets

import kedge
from kedge._core import TrustClient, matches_path
from tests.trust.repository import DAY, NOW, ROLES, SECONDS, Repository, signer

PATTERNS = st.lists(st.text("ab*?", max_size=4), min_size=1, max_size=3).map("/".join)
PATHS = st.lists(st.text("ab", max_size=4), min_size=1, max_size=3).map("/".join)


@given(PATTERNS, PATHS)
def test_patterns_are_the_shells_without_slashes(pattern: str, path: str) -> None:
    parts, wanted = path.split("/"), pattern.split("/")
    fits = len(parts) == len(wanted) and all(map(fnmatchcase, parts, wanted))
    assert matches_path(pattern, path) == fits


class Delegating(Repository):
    """A repository whose roles may be more."""

    def delegate(self, delegator: str, role: DelegatedRole, number: int, *paths: str) -> None:
        by = self.targets if delegator == "targets" else self.others[delegator]
        by.delegations = by.delegations or Delegations({}, {})
        by.delegations.roles[role.name] = role
        by.add_key(signer(number).public_key, role.name)
        new = self.others.setdefault(role.name, Targets(expires=NOW + 10 * DAY))
        self.signers[role.name] = [signer(number)]
        for path in paths:
            new.targets[path] = TargetFile.from_data(path, path.encode(), ["sha256"])
            digest = new.targets[path].hashes["sha256"]
            self.files[f"targets/{digest}.{path}"] = path.encode()

    def __post_init__(self) -> None:
        self.others: dict[str, Targets] = {}
        super().__post_init__()

    def publish(self, *roles: str) -> None:
        for name, role in self.others.items():
            self.write(name, role)
            self.snapshot.meta[f"{name}.json"] = self.meta(name, role)
        super().publish(*roles)


def find(folder: Path, repository: Repository, path: str, days: int = 0) -> bytes | None:
    client = TrustClient(str(folder), repository.files["metadata/1.root.json"])
    now = SECONDS + days * 86400
    client.refresh(repository.fetch, now)
    data: bytes | None = client.download(repository.fetch, path, now)
    return data


def role(name: str, *paths: str, terminating: bool = False) -> DelegatedRole:
    return DelegatedRole(name, [], 1, terminating, list(paths))


def test_a_role_signs_what_was_left_to_it(tmp_path: Path) -> None:
    repository = Delegating()
    repository.delegate("targets", role("line", "line-*"), 50, "line-a", "other")
    repository.bump("targets", "snapshot", "timestamp")
    assert find(tmp_path, repository, "line-a") == b"line-a"
    assert find(tmp_path, repository, "other") is None
    repository.signers["line"] = [signer(51)]
    repository.others["line"].version = 2
    repository.bump("snapshot", "timestamp")
    with pytest.raises(kedge.CorruptData, match="line: signed by 0 of its keys, 1 must sign"):
        find(tmp_path, repository, "line-a")


def test_delegated_roles_are_held_to_the_snapshot_and_to_time(tmp_path: Path) -> None:
    repository = Delegating()
    repository.delegate("targets", role("line", "*"), 50, "a")
    repository.bump("targets", "snapshot", "timestamp")
    assert find(tmp_path, repository, "a", days=9) == b"a"
    reason = "line: version 1 expired at 2030-01-11T00:00:00Z, the time is 2030-01-12"
    with pytest.raises(kedge.CorruptData, match=reason):
        find(tmp_path, repository, "a", days=11)
    old = repository.files["metadata/1.line.json"]
    repository.others["line"].version = 2
    repository.bump("snapshot", "timestamp")
    repository.files["metadata/2.line.json"] = old
    with pytest.raises(kedge.CorruptData, match="line: version 1, the snapshot has 2"):
        find(tmp_path, repository, "a")


def test_a_search_ends(tmp_path: Path) -> None:
    """In a circle, and when there are more roles than are looked at."""
    repository = Delegating()
    repository.delegate("targets", role("r0", "*"), 50)
    repository.delegate("r0", role("r1", "*"), 51)
    repository.delegate("r1", role("r0", "*"), 50)
    repository.bump("targets", "snapshot", "timestamp")
    assert find(tmp_path, repository, "a") is None
    for number in range(2, 33):
        repository.delegate("targets", role(f"r{number}", "*"), 50 + number)
    repository.bump("targets", "snapshot", "timestamp")
    with pytest.raises(kedge.ResourceExhausted, match='"a" is not in 32 delegated roles'):
        find(tmp_path, repository, "a")


@pytest.mark.parametrize("name", ["../root", "a/b", "?#%", "root.json"])
def test_names_of_roles_stay_within_the_folder(tmp_path: Path, name: str) -> None:
    repository = Delegating()
    folder = tmp_path / "trust"
    repository.delegate("targets", role(name, "*"), 50, "a")
    repository.bump("targets", "snapshot", "timestamp")
    encoded = "".join(c if c.isalnum() or c in "-._~" else f"%{ord(c):02X}" for c in name)
    repository.files[f"metadata/1.{encoded}.json"] = repository.files[f"metadata/1.{name}.json"]
    assert find(folder, repository, "a") == b"a"
    kept = {path.name for path in folder.iterdir()}
    top = {f"{role}.json" for role in ROLES}
    assert kept == top | {f"{encoded}.json"}
    assert [path.name for path in tmp_path.iterdir()] == ["trust"]


def test_top_level_names_are_taken(tmp_path: Path) -> None:
    repository = Delegating()
    repository.delegate("targets", role("line", "*"), 50)
    repository.targets.delegations.roles["line"].name = "snapshot"
    repository.bump("targets", "snapshot", "timestamp")
    reason = r'targets: signed.delegations.roles\[0\].name: "snapshot" is a role of the root'
    with pytest.raises(kedge.CorruptData, match=reason):
        find(tmp_path, repository, "a")


def test_succinct_roles_are_refused_by_name(tmp_path: Path) -> None:
    repository = Repository()
    repository.add("known", b"known")
    succinct = SuccinctRoles([], 1, 8, "bin")
    repository.targets.delegations = Delegations({}, None, succinct)
    repository.bump("targets", "snapshot", "timestamp")
    assert find(tmp_path, repository, "known") == b"known"
    with pytest.raises(kedge.Unsupported, match=r'succinct roles .* "a" may be in one'):
        find(tmp_path, repository, "a")
