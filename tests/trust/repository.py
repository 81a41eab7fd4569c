"""An update repository that python-tuf signs, in memory, to be spoilt by tests."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from securesystemslib.signer import CryptoSigner
from tuf.api.metadata import (
    Metadata,
    MetaFile,
    Root,
    Signed,
    Snapshot,
    TargetFile,
    Targets,
    Timestamp,
)
from tuf.api.serialization.json import JSONSerializer

NOW = datetime(2030, 1, 1, tzinfo=UTC)
SECONDS = int(NOW.timestamp())
DAY = timedelta(days=1)
ROLES = ("root", "timestamp", "snapshot", "targets")


def signer(number: int) -> CryptoSigner:
    """The same key for the same number, so that what it signs is the same."""
    private = Ed25519PrivateKey.from_private_bytes(number.to_bytes(32, "little"))
    return CryptoSigner(private)


@dataclass
class Repository:
    """Files by path; publish() signs and writes what the roles say by then."""

    files: dict[str, bytes] = field(default_factory=dict)
    signers: dict[str, list[CryptoSigner]] = field(default_factory=dict)
    with_hashes: bool = False
    fetched: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        expires = NOW + 30 * DAY
        self.root, self.targets = Root(expires=expires), Targets(expires=expires)
        self.snapshot, self.timestamp = Snapshot(expires=expires), Timestamp(expires=expires)
        for number, role in enumerate(ROLES):
            self.signers[role] = [signer(number + 1)]
            self.root.add_key(self.signers[role][0].public_key, role)
        self.publish(*ROLES)

    def signed(self, role: Signed, name: str | None = None) -> bytes:
        metadata = Metadata(role)
        for each in self.signers[name or role.type]:
            metadata.sign(each, append=True)
        return metadata.to_bytes(JSONSerializer(compact=True))

    def meta(self, name: str, role: Signed) -> MetaFile:
        data = self.files[f"metadata/{role.version}.{name}.json"]
        if not self.with_hashes:
            return MetaFile(role.version)
        return MetaFile.from_data(role.version, data, ["sha256"])

    def write(self, name: str, role: Signed) -> None:
        self.files[f"metadata/{role.version}.{name}.json"] = self.signed(role, name)

    def publish(self, *roles: str) -> None:
        """Signs the roles and writes them; what names them follows, if it is among them."""
        for name in ("root", "targets", "snapshot"):
            role = getattr(self, name)
            if name not in roles:
                continue
            self.write(name, role)
            if name == "targets":
                self.snapshot.meta["targets.json"] = self.meta("targets", role)
            if name == "snapshot":
                self.timestamp.snapshot_meta = self.meta("snapshot", role)
        if "timestamp" in roles:
            self.files["metadata/timestamp.json"] = self.signed(self.timestamp)

    def bump(self, *roles: str) -> None:
        """The next version of each, published."""
        for name in roles:
            getattr(self, name).version += 1
        self.publish(*roles)

    def add(self, path: str, data: bytes, custom: object = None) -> None:
        """A target, which the next targets sign."""
        target = TargetFile.from_data(path, data, ["sha256"])
        if custom is not None:
            target.unrecognized_fields["custom"] = custom
        self.targets.targets[path] = target
        folder, _, name = path.rpartition("/")
        place = f"{folder}/" if folder else ""
        self.files[f"targets/{place}{target.hashes['sha256']}.{name}"] = data

    def rotate(self, role: str, *numbers: int) -> None:
        """Other keys for a role, as the next root has them."""
        for old in list(self.root.roles[role].keyids):
            self.root.revoke_key(old, role)
        self.signers[role] = [signer(number) for number in numbers]
        for new in self.signers[role]:
            self.root.add_key(new.public_key, role)

    def spoil(self, path: str, change: Callable[[dict[str, object]], None]) -> None:
        """Changes a file's JSON, and signs nothing."""
        metadata = json.loads(self.files[path])
        change(metadata)
        self.files[path] = json.dumps(metadata).encode()

    def fetch(self, path: str, most: int) -> bytes | None:
        """What a client asks for."""
        self.fetched.append(path)
        return self.files.get(path)
