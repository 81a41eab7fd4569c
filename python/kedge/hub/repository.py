"""The TUF repository on a hub's disk: which bundles there are, for whom, and their references.

What the metadata says is read here without checking signatures: a hub serves it to boards that do,
and what was pushed was checked when it came (`kedge.hub.push`).
"""

from __future__ import annotations

import hashlib
import json
import re
import threading
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kedge import model as models
from kedge._core import CorruptData, InvalidArgument, KedgeError, Profile

__all__ = ["FILE", "Bundle", "Repository", "is_chosen"]

# Paths of a repository with consistent snapshots: nothing else is served or taken.
FILE = re.compile(
    r"metadata/(?:timestamp|[1-9][0-9]{0,8}\.[A-Za-z0-9_-]{1,64})\.json"
    r"|targets/[0-9a-f]{64}\.[A-Za-z0-9_-][A-Za-z0-9._-]{0,127}"
)
_MOST_METADATA = 16 << 20
_MOST_REFERENCES = 16


@dataclass(frozen=True)
class Bundle:
    """A target of the repository, and for whom it is.

    Attributes:
        name: of the target.
        bytes: its length.
        sha256: its digest, hexadecimal.
        model: the model's name.
        version: of the model.
        groups: those it is for; empty for all.
        percent: of the devices of these groups.
        rollout: what decides, with a device's name, whether it is among them.
    """

    name: str
    bytes: int
    sha256: str
    model: str
    version: int
    groups: tuple[str, ...]
    percent: int
    rollout: str

    @property
    def path(self) -> str:
        """Within the repository."""
        return f"targets/{self.sha256}.{self.name}"

    def is_for(self, device: str, group: str) -> bool:
        """Whether a device is to have it; boards decide the same for themselves."""
        if self.groups and group not in self.groups:
            return False
        return is_chosen(self.rollout, device, self.percent)


def is_chosen(rollout: str, device: str, percent: int) -> bool:
    """Whether a device is among the percent of a rollout that go first.

    >>> is_chosen("churn-7", "pump", 100), is_chosen("churn-7", "pump", 0)
    (True, False)
    """
    digest = hashlib.sha256(f"{rollout}:{device}".encode()).digest()
    return int.from_bytes(digest[:8], "big") % 100 < percent


class Repository:
    """The repository in a folder, and further models beside it; read anew when it changes."""

    def __init__(self, folder: Path, models: Path | None = None) -> None:
        self.folder = folder
        self._models = models
        self._lock = threading.Lock()
        self._stamp: object = None
        self._bundles: tuple[Bundle, ...] = ()
        self._references: OrderedDict[bytes, Profile | None] = OrderedDict()
        self._files: dict[Path, tuple[tuple[int, int], bytes]] = {}

    def bundles(self) -> tuple[Bundle, ...]:
        """All targets that are kedge's.

        Raises:
            CorruptData: the metadata is none.
        """
        with self._lock:
            stamp = _stamp_of(self.folder / "metadata" / "timestamp.json")
            if stamp != self._stamp:
                self._bundles = tuple(_read_bundles(self.folder)) if stamp else ()
                self._references.clear()
                self._stamp = stamp
            return self._bundles

    def named(self, sha256: str) -> Bundle | None:
        """The bundle with this digest."""
        return next((one for one in self.bundles() if one.sha256 == sha256), None)

    def held_back(self, paused: Collection[str]) -> Callable[[str], bool]:
        """Whether a file is one of a rollout that is paused."""
        paths = {one.path for one in self.bundles() if one.rollout in paused}
        return paths.__contains__

    def reference(self, model: bytes) -> Profile | None:
        """The reference profile of the model with this SHA-256; None when it is not here."""
        bundles = self.bundles()
        with self._lock:
            if model in self._references:
                self._references.move_to_end(model)
                return self._references[model]
        found = self._find(model.hex(), bundles)
        profile = _reference_of(found) if found is not None else None
        if found is not None:  # what is not here may come
            with self._lock:
                self._references[model] = profile
                if len(self._references) > _MOST_REFERENCES:
                    self._references.popitem(last=False)
        return profile

    def _find(self, sha256: str, bundles: tuple[Bundle, ...]) -> Path | None:
        for one in bundles:
            if one.sha256 == sha256 and (self.folder / one.path).is_file():
                return self.folder / one.path
        wanted = bytes.fromhex(sha256)
        for path in sorted(self._models.glob("*.kedge")) if self._models else ():
            if self._digest(path) == wanted:
                return path
        return None

    def _digest(self, path: Path) -> bytes:
        stamp = _stamp_of(path)
        assert stamp is not None
        known = self._files.get(path)
        if known is None or known[0] != stamp:
            known = self._files[path] = (stamp, hashlib.sha256(path.read_bytes()).digest())
        return known[1]


def _reference_of(path: Path) -> Profile | None:
    try:
        return models.load(path).profile
    except (KedgeError, OSError):
        return None


def _stamp_of(path: Path) -> tuple[int, int] | None:
    try:
        about = path.stat()
    except FileNotFoundError:
        return None
    return about.st_mtime_ns, about.st_ino


def _read_bundles(folder: Path) -> Iterator[Bundle]:
    try:
        timestamp = _signed(folder / "metadata" / "timestamp.json")
        number = int(timestamp["meta"]["snapshot.json"]["version"])
        snapshot = _signed(folder / "metadata" / f"{number}.snapshot.json")
        number = int(snapshot["meta"]["targets.json"]["version"])
        targets = _signed(folder / "metadata" / f"{number}.targets.json")["targets"]
        for name, target in targets.items():
            custom = (target.get("custom") or {}).get("kedge")
            if custom is not None:
                yield _bundle(name, target, custom)
    except (KeyError, TypeError, ValueError, AttributeError, OSError) as error:
        raise CorruptData(f"{folder}: not a repository: {error!r}") from None


def _signed(path: Path) -> dict[str, Any]:
    with path.open("rb") as file:
        found = json.loads(file.read(_MOST_METADATA))["signed"]
    if not isinstance(found, dict):
        raise InvalidArgument(f"{path}: nothing is signed")
    return found


def _bundle(name: str, target: dict[str, Any], custom: dict[str, Any]) -> Bundle:
    return Bundle(
        str(name),
        int(target["length"]),
        str(target["hashes"]["sha256"]),
        str(custom["model"]),
        int(custom["version"]),
        tuple(str(group) for group in custom.get("groups", ())),
        int(custom.get("percent", 100)),
        str(custom.get("rollout", "")),
    )
