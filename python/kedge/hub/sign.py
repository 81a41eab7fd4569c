"""Authors a TUF repository: python-tuf makes and signs the metadata, boards check it.

Every file is written beside its place, flushed and renamed, the timestamp last: who reads meanwhile
sees the old repository or the new one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from kedge import model as models
from kedge._core import InvalidArgument
from kedge.hub.durable import write_durable
from kedge.hub.keys import Keys
from kedge.hub.rollout import Rollout
from kedge.io.folder import sync_folder

__all__ = ["ROLES", "Author", "Terms"]

ROLES = ("root", "targets", "snapshot", "timestamp")
_ISSUED = "x-kedge-issued"  # a board without a clock takes the newest of them as the time
_TIMESTAMP = "timestamp.json"


def _check_role(name: str) -> None:
    if name not in ROLES:
        raise InvalidArgument(f"{name!r} is none of {', '.join(ROLES)}")


@dataclass(frozen=True)
class Terms:
    """How long signatures hold and how many are wanted.

    Attributes:
        days: until a role's metadata expires.
        keys: how many a role has, when the repository is begun.
        thresholds: how many of them must sign.
    """

    days: Mapping[str, int]
    keys: Mapping[str, int]
    thresholds: Mapping[str, int]

    @classmethod
    def of(
        cls,
        days: Mapping[str, int] | None = None,
        keys: Mapping[str, int] | None = None,
        thresholds: Mapping[str, int] | None = None,
    ) -> Terms:
        """These, the others as they are by default: root 2 of 3, all else one key.

        Raises:
            InvalidArgument: there is no such role, or a number cannot be.
        """
        for given in (days, keys, thresholds):
            for role in given or ():
                _check_role(role)
        made = cls(
            {"root": 365, "targets": 90, "snapshot": 30, "timestamp": 7} | dict(days or {}),
            dict.fromkeys(ROLES, 1) | {"root": 3} | dict(keys or {}),
            dict.fromkeys(ROLES, 1) | {"root": 2} | dict(thresholds or {}),
        )
        for role in ROLES:
            if not 1 <= made.days[role] <= 3650:
                raise InvalidArgument(f"{role} expires in {made.days[role]} days: 1 to 3650")
            if not 1 <= made.thresholds[role] <= made.keys[role] <= 16:
                raise InvalidArgument(
                    f"{role}: {made.thresholds[role]} of {made.keys[role]} keys, up to 16"
                )
        return made


class Author:
    """Signs a repository in a folder."""

    def __init__(
        self,
        repository: Path,
        keys: Keys,
        terms: Terms | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(timezone.utc),
    ) -> None:
        """Open it, or begin it with new keys.

        Raises:
            InvalidArgument: its metadata is none.
        """
        from tuf.api.exceptions import RepositoryError

        self._keys, self._terms = keys, terms or Terms.of()
        self._now = clock().replace(microsecond=0)
        self._metadata, self._targets = repository / "metadata", repository / "targets"
        for folder in (self._metadata, self._targets):
            folder.mkdir(parents=True, exist_ok=True)
        self._added: dict[str, bytes] = {}
        try:
            self._open()
        except RepositoryError as error:
            raise InvalidArgument(f"{repository}: {error}") from None

    def _open(self) -> None:
        from tuf.api.metadata import Metadata

        roots = [int(path.name.partition(".")[0]) for path in self._metadata.glob("*.root.json")]
        if not roots:
            self._begin()
            return
        self._root: Any = Metadata.from_file(str(self._path("root", max(roots))))
        self._root_is_new = False
        if not (self._metadata / _TIMESTAMP).is_file():  # the first signing was cut off
            self._begin_others()
            return
        self._timestamp: Any = Metadata.from_file(str(self._metadata / _TIMESTAMP))
        self._snapshot: Any = self._named("snapshot", self._timestamp.signed.snapshot_meta)
        self._roles: Any = self._named("targets", self._snapshot.signed.meta["targets.json"])

    def _named(self, role: str, meta: Any) -> Any:
        """The file that the metadata above it means, and no other of its number."""
        from tuf.api.metadata import Metadata

        data = self._path(role, meta.version).read_bytes()
        meta.verify_length_and_hashes(data)
        return Metadata.from_bytes(data)

    def _begin(self) -> None:
        from tuf.api.metadata import Metadata
        from tuf.api.metadata import Root as RootRole

        root = RootRole(consistent_snapshot=True)
        root.version = 0  # of those that are signed
        for role in ROLES:
            for _ in range(self._terms.keys[role]):
                root.add_key(self._keys.make(role).public_key, role)
            root.roles[role].threshold = self._terms.thresholds[role]
        self._root = Metadata(root)
        self._root_is_new = True
        self._begin_others()

    def _begin_others(self) -> None:
        from tuf.api import metadata

        api: Any = metadata
        made = [api.Metadata(role()) for role in (api.Targets, api.Snapshot, api.Timestamp)]
        for one in made:
            one.signed.version = 0
        self._roles, self._snapshot, self._timestamp = made

    def _path(self, role: str, version: int) -> Path:
        return self._metadata / f"{version}.{role}.json"

    def add(self, bundle: Path, rollout: Rollout) -> str:
        """A bundle, or for one that is there other terms; the name of its target.

        Raises:
            InvalidArgument: it does not score as it must, or this version is another file.
            OSError: it cannot be read.
        """
        from tuf.api.metadata import TargetFile

        models.load(bundle)
        data = bundle.read_bytes()
        target = TargetFile.from_data(rollout.target, data, ["sha256"])
        had = self._roles.signed.targets.get(rollout.target)
        if had is not None and had.hashes != target.hashes:
            raise InvalidArgument(
                f"{rollout.target} is another file already: give this one a new version"
            )
        target.unrecognized_fields["custom"] = rollout.custom()
        self._roles.signed.targets[rollout.target] = target
        self._added[f"{hashlib.sha256(data).hexdigest()}.{rollout.target}"] = data
        return rollout.target

    def terms(self, target: str) -> dict[str, Any]:
        """What is signed of a target as `Rollout.custom` has it; empty when there is none."""
        had = self._roles.signed.targets.get(target)
        found: dict[str, Any] = (had.custom or {}).get("kedge", {}) if had is not None else {}
        return found

    def change(self, rollout: Rollout) -> str:
        """Other terms for a version that is in the repository.

        Raises:
            InvalidArgument: it is not.
        """
        had = self._roles.signed.targets.get(rollout.target)
        if had is None:
            raise InvalidArgument(f"there is no {rollout.target} yet: name its file")
        had.unrecognized_fields["custom"] = rollout.custom()
        return rollout.target

    def retire(self, target: str) -> None:
        """Offer a target no longer.

        Raises:
            InvalidArgument: there is none of that name.
        """
        if self._roles.signed.targets.pop(target, None) is None:
            raise InvalidArgument(f"there is no {target}")

    def rotate(self, role: str) -> None:
        """New keys for a role, in the place of all it has.

        Raises:
            InvalidArgument: there is no such role.
        """
        _check_role(role)
        root = self._root.signed
        before = list(root.roles[role].keyids)
        for keyid in before:
            root.revoke_key(keyid, role)
        for _ in before:
            root.add_key(self._keys.make(role).public_key, role)
        self._root_is_new = True

    def publish(self, *, targets: bool = True) -> dict[str, int]:
        """Sign what changed and write it; each role's version.

        Without `targets` only the time of the snapshot and the timestamp is renewed, with keys that
        may be on the hub.

        Raises:
            InvalidArgument: there are too few keys for a role.
        """
        from tuf.api.metadata import MetaFile

        before = self._signers_before()
        made = []
        if self._root_is_new:
            self._sign(self._root, "root", before)
            made.append(self._root)
        snapshot = self._snapshot.signed
        if targets or not self._holds():
            self._sign(self._roles, "targets")
            made.append(self._roles)
            snapshot.meta["targets.json"] = MetaFile.from_data(
                self._roles.signed.version, self._roles.to_bytes(), ["sha256"]
            )
        self._sign(self._snapshot, "snapshot")
        made.append(self._snapshot)
        self._timestamp.signed.snapshot_meta = MetaFile.from_data(
            snapshot.version, self._snapshot.to_bytes(), ["sha256"]
        )
        self._sign(self._timestamp, "timestamp")
        self._write(made)
        signed = (self._root, self._roles, self._snapshot, self._timestamp)
        return {one.signed.type: one.signed.version for one in signed}

    def _holds(self) -> bool:
        """Whether the targets are signed as root wants it: a signing may end behind a new root."""
        from tuf.api.exceptions import UnsignedMetadataError

        signed_bytes, signatures = self._roles.signed_bytes, self._roles.signatures
        try:
            self._root.signed.verify_delegate("targets", signed_bytes, signatures)
        except UnsignedMetadataError:
            return False
        return True

    def _signers_before(self) -> list[str]:
        """The keys of the root that is there: they vouch for the next one."""
        from tuf.api.metadata import Metadata

        version = self._root.signed.version
        if version == 0 or not self._root_is_new:
            return []
        had: Any = Metadata.from_file(str(self._path("root", version)))
        return list(had.signed.roles["root"].keyids)

    def _sign(self, metadata: Any, role: str, also: list[str] | None = None) -> None:
        signed = metadata.signed
        wanted = self._root.signed.roles[role]
        signers = self._keys.of(wanted.keyids)
        if len(signers) < wanted.threshold:
            raise InvalidArgument(
                f"{role} wants {wanted.threshold} signatures, {len(signers)} of its"
                f" {len(wanted.keyids)} keys are here"
            )
        signed.version += 1
        signed.expires = self._now + timedelta(days=self._terms.days[role])
        signed.unrecognized_fields[_ISSUED] = self._now.strftime("%Y-%m-%dT%H:%M:%SZ")
        metadata.signatures.clear()
        old = [one for one in self._keys.of(also or ()) if one not in signers]
        for signer in [*signers, *old]:
            metadata.sign(signer, append=True)
        if role == "root" and also:
            self._vouch(metadata, signed.version - 1)

    def _vouch(self, metadata: Any, version: int) -> None:
        from tuf.api.exceptions import UnsignedMetadataError
        from tuf.api.metadata import Metadata

        had: Any = Metadata.from_file(str(self._path("root", version)))
        try:
            had.signed.verify_delegate("root", metadata.signed_bytes, metadata.signatures)
        except UnsignedMetadataError as error:
            raise InvalidArgument(f"a new root wants the old one's keys: {error}") from None

    def _write(self, made: list[Any]) -> None:
        for name, data in self._added.items():
            write_durable(self._targets / name, data)
        sync_folder(self._targets)
        for one in made:  # over what a signing left that was cut off before the timestamp
            write_durable(self._path(one.signed.type, one.signed.version), one.to_bytes())
        write_durable(self._metadata / _TIMESTAMP, self._timestamp.to_bytes())
        self._root_is_new = False
        self._added.clear()
