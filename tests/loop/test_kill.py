"""`kedge run`, killed with SIGKILL at any moment, again and again."""

from __future__ import annotations

from tests.loop.killer import kill_often, over_files


def test_killed_at_random_moments() -> None:
    with over_files(800, 3) as files:
        killed, _ = kill_often(files, 160, seed=11)
    assert killed >= 160
