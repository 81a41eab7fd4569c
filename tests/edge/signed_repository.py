"""Releases of signed models, as a hub would serve them, and the package of a stick."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.reference.update_package import update_package
from tests.trust.repository import ROLES, Repository

GATE = {"rows": 300, "seconds": 600, "disagreement_ppm": 10_000, "distance_ppm": 100_000}


def custom(version: int, **more: Any) -> dict[str, Any]:
    """What a model's signers say of it."""
    return {"kedge": {"model": "m", "version": version, "gate": GATE, **more}}


class SignedRepository:
    """One release after the other; each has a higher version of all metadata but the root's."""

    def __init__(self, days: int = 30, first_key: int = 1) -> None:
        self._repository = Repository()
        expires = datetime.now(UTC).replace(microsecond=0) + timedelta(days=days)
        for number, role in enumerate(ROLES):
            getattr(self._repository, role).expires = expires
            self._repository.rotate(role, first_key + number)
        self._repository.publish(*ROLES)
        self.root = self._repository.files.pop("metadata/1.root.json")

    def release(self, models: dict[str, tuple[bytes, dict[str, Any]]]) -> None:
        """Offers these models, by name, and no others."""
        self._repository.files.clear()
        self._repository.targets.targets.clear()
        for name, (data, said) in models.items():
            self._repository.add(name, data, said)
        self._repository.bump("targets", "snapshot", "timestamp")

    def package(self) -> bytes:
        """The release for a stick."""
        return update_package(self._repository.files)

    def serve_from(self, folder: Path) -> None:
        """Writes the release as static files."""
        for path, data in self._repository.files.items():
            place = folder / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(data)
