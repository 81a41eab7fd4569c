"""A board that updates from a repository, for tests that spoil one of the two."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import kedge
from kedge._core import TrustClient
from tests.trust.repository import SECONDS, Repository


class Board:
    """A folder and the root that it was shipped with; every refresh is a new start."""

    def __init__(self, folder: Path, repository: Repository) -> None:
        self.folder, self.repository = folder, repository
        self.shipped = repository.files["metadata/1.root.json"]
        folder.mkdir(parents=True, exist_ok=True)

    def client(self) -> TrustClient:
        return TrustClient(str(self.folder), self.shipped)

    def refresh(self, days: float = 0) -> TrustClient:
        client = self.client()
        client.refresh(self.repository.fetch, SECONDS + int(days * 86400))
        return client

    def refused(self, reason: str, days: float = 0) -> None:
        with pytest.raises(kedge.KedgeError, match=reason):
            self.refresh(days)

    def version(self, role: str) -> int:
        signed = json.loads((self.folder / f"{role}.json").read_bytes())["signed"]
        assert isinstance(signed["version"], int)
        return signed["version"]
