"""`kedge run`, killed with SIGKILL at any moment, again and again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.loop.killer import kill_often, make_input, zygote

MEMORY = Path("/dev/shm")


@pytest.fixture
def fast_path(tmp_path: Path) -> Iterator[Path]:
    """A folder in memory where there is one: SIGKILL forgets nothing that was written."""
    if not MEMORY.is_dir():
        yield tmp_path
        return
    with TemporaryDirectory(dir=MEMORY) as folder:
        yield Path(folder)


def test_killed_at_random_moments(fast_path: Path) -> None:
    make_input(fast_path, 1200, 3)
    with zygote() as runner:
        killed, _ = kill_often(fast_path, runner, 20, seed=11)
    assert killed >= 20
