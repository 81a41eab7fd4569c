"""A repository that comes to a hub: looked at as a board would, then put in place.

New files come beside the old ones, the timestamp last, so that boards see the old repository or the
new one.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from pathlib import Path
from typing import Any

from kedge._core import InvalidArgument, ResourceExhausted
from kedge.hub.repository import FILE
from kedge.io.folder import sync_folder

__all__ = ["Incoming"]

_MOST_FILES = 4096
_TIMESTAMP = "metadata/timestamp.json"


class Incoming:
    """Files of one push, in a folder of their own until all are there."""

    def __init__(self, repository: Path, most_file_bytes: int) -> None:
        self._repository = repository
        self._folder = repository.with_name("incoming")
        self._most = most_file_bytes
        self._left = 4 * most_file_bytes
        shutil.rmtree(self._folder, ignore_errors=True)
        for name in ("metadata", "targets"):
            (self._folder / name).mkdir(parents=True)
            (repository / name).mkdir(parents=True, exist_ok=True)
        self._names: set[str] = set()

    def add(self, path: str, data: bytes) -> None:
        """Some bytes of a file, behind those that came.

        Raises:
            InvalidArgument: a repository has no such path.
            ResourceExhausted: there are too many files, or bytes.
        """
        if not FILE.fullmatch(path):
            raise InvalidArgument(f"{path!r} is no file of a repository")
        self._names.add(path)
        if len(self._names) > _MOST_FILES:
            raise ResourceExhausted(f"more than {_MOST_FILES} files")
        file = self._folder / path
        with file.open("ab") as out:
            out.write(data)
            size = out.tell()
        self._left -= len(data)
        if size > self._most or self._left < 0:
            raise ResourceExhausted(
                f"{path!r}: more than {self._most} bytes, or {4 * self._most} in one push"
            )

    def publish(self) -> list[str]:
        """Check what came, put it in place, and say what is new.

        Raises:
            InvalidArgument: the hub's root does not trust it, it is older than what is here, or a
                file is missing.
        """
        try:
            self._forget_roots()
            check(self._repository, self._folder)
            for name in sorted(self._names - {_TIMESTAMP}):
                self._place(name)
            for folder in ("targets", "metadata"):
                sync_folder(self._repository / folder)
            if _TIMESTAMP in self._names:
                self._place(_TIMESTAMP)
                sync_folder(self._repository / "metadata")
            return sorted(self._names)
        finally:
            self.give_up()

    def _forget_roots(self) -> None:
        """Of roots those stay that are here: they decide whom the hub trusts."""
        newest = max(_roots(self._repository), default=0)
        for number, path in _roots(self._folder).items():
            if number <= newest:
                path.unlink()
                self._names.discard(path.relative_to(self._folder).as_posix())

    def _place(self, name: str) -> None:
        with (self._folder / name).open("rb") as file:
            os.fsync(file.fileno())
        (self._folder / name).replace(self._repository / name)

    def give_up(self) -> None:
        """Forget what came."""
        shutil.rmtree(self._folder, ignore_errors=True)


class _Files:
    """The new repository: what came, and else what is here."""

    def __init__(self, here: Path, came: Path) -> None:
        self._places = (came, here)

    def find(self, name: str) -> Path | None:
        return next((place / name for place in self._places if (place / name).is_file()), None)

    def read(self, name: str) -> bytes:
        found = self.find(name)
        if found is None:
            raise InvalidArgument(f"{name} is missing")
        return found.read_bytes()


def check(here: Path, came: Path) -> None:
    """Refuse what a board would refuse, and what is older than what is here.

    The first repository that comes brings its own root: whoever pushes it decides whom the hub
    trusts, as whoever makes a board decides for it. Who pushes later needs that root's signature
    to change it.

    Raises:
        InvalidArgument: it says what is wrong.
    """
    from tuf.api.exceptions import RepositoryError
    from tuf.api.metadata import Metadata, Snapshot, Targets, Timestamp

    files = _Files(here, came)
    try:
        root = _newest_root(here, came)
        timestamp = Metadata[Timestamp].from_bytes(files.read(_TIMESTAMP))
        root.verify_delegate("timestamp", timestamp.signed_bytes, timestamp.signatures)
        meta = timestamp.signed.snapshot_meta
        data = files.read(f"metadata/{meta.version}.snapshot.json")
        meta.verify_length_and_hashes(data)
        snapshot = Metadata[Snapshot].from_bytes(data)
        root.verify_delegate("snapshot", snapshot.signed_bytes, snapshot.signatures)
        meta = snapshot.signed.meta["targets.json"]
        data = files.read(f"metadata/{meta.version}.targets.json")
        meta.verify_length_and_hashes(data)
        targets = Metadata[Targets].from_bytes(data)
        root.verify_delegate("targets", targets.signed_bytes, targets.signatures)
    except (RepositoryError, KeyError) as error:
        raise InvalidArgument(f"the repository is not what its root trusts: {error}") from None
    _check_versions(here, timestamp, snapshot, targets)
    _check_targets(files, targets.signed.targets)


def _check_targets(files: _Files, targets: dict[str, Any]) -> None:
    for name, target in targets.items():
        sha256 = target.hashes.get("sha256", "")
        found = files.find(f"targets/{sha256}.{name}")
        if found is None:
            raise InvalidArgument(f"targets/{sha256}.{name} is missing")
        with found.open("rb") as file:
            digest = (
                hashlib.file_digest(file, "sha256")
                if hasattr(hashlib, "file_digest")
                else (hashlib.sha256(file.read()))
            )
        if digest.hexdigest() != sha256 or found.stat().st_size != target.length:
            raise InvalidArgument(f"{name}: the file is not the one that was signed")


def _roots(repository: Path) -> dict[int, Path]:
    """By the number in their names."""
    found = (repository / "metadata").glob("*.root.json")
    return {int(path.name.partition(".")[0]): path for path in found}


def _newest_root(here: Path, came: Path) -> Any:
    """The last of the chain of roots, each signed by the one before it; those here are held to."""
    from tuf.api.metadata import Metadata, Root

    roots = _roots(came) | _roots(here)
    if not roots:
        raise InvalidArgument("there is no root")
    newest: Any = None
    for number in range(min(roots), max(roots) + 1):
        if number not in roots:
            raise InvalidArgument(f"root {number} is missing")
        following = Metadata[Root].from_bytes(roots[number].read_bytes())
        if following.signed.version != number:
            raise InvalidArgument(f"{number}.root.json is of version {following.signed.version}")
        for judge in (newest or following, following):
            judge.signed.verify_delegate("root", following.signed_bytes, following.signatures)
        newest = following
    return newest.signed


def _check_versions(here: Path, *roles: Any) -> None:
    """None may be older than what is here: boards would refuse it for ever."""
    from tuf.api.metadata import Metadata

    timestamp = here / _TIMESTAMP
    if not timestamp.is_file():
        return
    before: Any = Metadata.from_bytes(timestamp.read_bytes())
    number = before.signed.snapshot_meta.version
    snapshot: Any = Metadata.from_file(str(here / f"metadata/{number}.snapshot.json"))
    had = (before.signed.version, number, snapshot.signed.meta["targets.json"].version)
    for role, version in zip(roles, had, strict=True):
        if role.signed.version < version:
            raise InvalidArgument(
                f"{role.signed.type} {role.signed.version} is older than {version}, which is here"
            )
