"""A repository and a board for each test."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.trust.board import Board
from tests.trust.repository import Repository


@pytest.fixture
def repository() -> Repository:
    return Repository()


@pytest.fixture
def board(tmp_path: Path, repository: Repository) -> Board:
    return Board(tmp_path / "trust", repository)
