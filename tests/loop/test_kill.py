"""`kedge run`, killed with SIGKILL at any moment, again and again."""

from __future__ import annotations

from tests.loop.killer import fast_folder, kill_often, make_input, zygote


def test_killed_at_random_moments() -> None:
    with fast_folder() as folder, zygote() as runner:
        make_input(folder, 800, 3)
        killed, _ = kill_often(folder, runner, 20, seed=11)
    assert killed >= 20
