"""kedge-edge under update, killed at each call that reaches for the disk: it always goes on."""

from __future__ import annotations

import os
import re
from collections import Counter
from pathlib import Path

import pytest

from tests.edge.edge_runs import compile_model, records_of
from tests.edge.signed_repository import SignedRepository, custom
from tests.edge.update_runs import configured, is_strace_here, started, state_of, states_of

pytestmark = pytest.mark.skipif(
    not is_strace_here(), reason=".ci/run engines gets strace from Debian"
)

CALLS = ("fsync", "pwrite64", "rename", "write")
GATE = {"rows": 50, "seconds": 600}
# Of each kind; all of them take some minutes.
KILLS = int(os.environ.get("KEDGE_UPDATE_KILLS", "4"))


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    folder = tmp_path_factory.mktemp("models")
    for name, trees in (("own", 5), ("good", 6)):
        compile_model(folder / name, trees=trees)
    return {name: (folder / name).read_bytes() for name in ("own", "good")}


def traced(folder: Path, call: str, number: int) -> list[str]:
    """strace that kills at the call of that number; 0: counts calls."""
    command = ["strace", "-f", "-o", str(folder / "calls"), "-e", f"trace={call}"]
    if number > 0:
        command += ["-e", f"inject={call}:signal=SIGKILL:when={number}"]
    return command


def prepared(folder: Path, models: dict[str, bytes]) -> Path:
    folder.mkdir()
    (folder / "own.kedge").write_bytes(models["own"])
    repository = SignedRepository()
    (folder / "1.root.json").write_bytes(repository.root)
    repository.release({"churn": (models["good"], custom(7, gate=GATE))})
    (folder / "stick").write_bytes(repository.package())
    return configured(folder, "own.kedge", 'package = "stick"')


def is_updated(folder: Path) -> bool:
    return state_of(folder)["running"] == 7


def calls_of(folder: Path, call: str) -> int:
    """Of the thread that makes most of them: strace counts those of each."""
    of_threads = re.findall(rf"^(\d+) +{call}\(", (folder / "calls").read_text(), re.MULTILINE)
    return max(Counter(of_threads).values(), default=0)


def kill(folder: Path, models: dict[str, bytes], call: str, number: int) -> bool:
    """One board that is killed, and goes on; false when it was not."""
    config = prepared(folder, models)
    with started(config, traced(folder, call, number)) as board:
        is_killed = board.run_until(lambda: board.process.poll() is not None, 8)
        if not is_killed:
            board.stop()
    spool = folder / "spool"
    told = states_of(records_of(spool)) if spool.exists() else []
    assert is_updated(folder) or not any(one["version"] == 7 for one in told)
    with started(config) as board:
        assert board.run_until(lambda: is_updated(folder)), (call, number)
        board.stop()
    assert states_of(records_of(spool))[-1]["version"] == 7
    return is_killed


@pytest.mark.parametrize("call", CALLS)
def test_a_kill_at_any_call_leaves_a_board_that_goes_on(
    tmp_path: Path, models: dict[str, bytes], call: str
) -> None:
    whole = tmp_path / "whole"
    config = prepared(whole, models)
    with started(config, traced(whole, call, 0)) as board:
        assert board.run_until(lambda: is_updated(whole))
        board.stop()
    count = calls_of(whole, call)
    assert count > 0
    numbers = range(1, count + 1, max(1, count // KILLS))
    killed = [kill(tmp_path / f"{call}-{number}", models, call, number) for number in numbers]
    assert sum(killed) >= len(killed) // 2
