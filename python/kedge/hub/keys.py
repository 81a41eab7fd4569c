"""Keys that sign a repository: Ed25519, one a file, readable by their owner alone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from kedge._core import InvalidArgument
from kedge.hub.durable import write_durable

__all__ = ["Keys"]


class Keys:
    """The private keys in some folders, PEM files named ROLE-NUMBER.pem.

    A folder may lack keys: those of root belong on a disk in a safe, and are wanted only when root
    changes.
    """

    def __init__(self, folders: Sequence[Path]) -> None:
        """Read them; the first folder, made if it is not there, takes new ones.

        Raises:
            InvalidArgument: a file is no Ed25519 key.
            OSError: it cannot be read.
        """
        self._folder = folders[0]
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._signers: dict[str, Any] = {}
        for path in sorted(path for folder in folders for path in folder.glob("*.pem")):
            signer = _read(path)
            self._signers[signer.public_key.keyid] = signer

    def make(self, role: str) -> Any:
        """A new key of a role."""
        from securesystemslib.signer import CryptoSigner

        signer = CryptoSigner.generate_ed25519()
        number = 1
        while (path := self._folder / f"{role}-{number}.pem").exists():
            number += 1
        write_durable(path, signer.private_bytes, mode=0o600)
        self._signers[signer.public_key.keyid] = signer
        return signer

    def of(self, keyids: Iterable[str]) -> list[Any]:
        """Those of these keys that are here."""
        return [self._signers[keyid] for keyid in keyids if keyid in self._signers]


def _read(path: Path) -> Any:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key
    from securesystemslib.signer import CryptoSigner

    try:
        key = load_pem_private_key(path.read_bytes(), None)
    except (TypeError, ValueError) as error:
        raise InvalidArgument(f"{path}: {error}") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise InvalidArgument(f"{path}: not an Ed25519 key")
    return CryptoSigner(key)
