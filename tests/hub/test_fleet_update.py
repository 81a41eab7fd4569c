"""A signed model on its way: from `kedge edge sign` through the hub to a board that tries it on its
own rows, runs it, and tells the hub so.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from kedge.hub.server import Hub
from tests.edge.edge_runs import compile_model
from tests.edge.update_runs import configured, started, state_of
from tests.hub.hubs import running
from tests.hub.test_edge_hub import kedge_says

GATE = ("rows=300", "seconds=600", "disagreement_ppm=10000", "distance_ppm=100000")


def signed(capsys: pytest.CaptureFixture[str], folder: Path, version: int, *more: str) -> None:
    gate = [word for bound in GATE for word in ("--gate", bound)]
    bundle = str(folder / f"{version}.kedge")
    words = ["edge", "sign", str(folder / "repo"), bundle, "--model", "m"]
    assert kedge_says(capsys, *words, "--version", str(version), *gate, *more)[0] == 0


def board_of(folder: Path, hub: Hub, key: str) -> Path:
    """A board that has the repository's root, and its own model."""
    (folder / "pump.key").write_text(key)
    compile_model(folder / "own.kedge", trees=20)
    shutil.copy(folder / "repo" / "metadata" / "1.root.json", folder / "1.root.json")
    source = f'http = "127.0.0.1:{hub.http.port}"\ngroup = "line-a"'
    config = configured(folder, "own.kedge", source)
    spool = f'[spool]\nkey = "pump.key"\nupload = "{hub.boards.place}"\n'
    config.write_text(config.read_text().replace("[spool]\n", spool))
    return config


def states(capsys: pytest.CaptureFixture[str], access: list[str]) -> list[dict[str, Any]]:
    (device,) = kedge_says(capsys, "edge", "status", *access)[1]["devices"]
    found: list[dict[str, Any]] = device["states"]
    return found


def test_a_signed_model_reaches_the_board_and_the_hub_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for version, trees in ((7, 21), (8, 22)):
        compile_model(tmp_path / f"{version}.kedge", trees=trees)
    with running(tmp_path / "hub") as (hub, _):
        folder = tmp_path / "hub"
        access = [f"127.0.0.1:{hub.grpc.port}", "--token-file", str(folder / "operator.token")]
        enrol = ["hub", str(folder), "--enrol", "pump-17", "--group", "line-a"]
        key = kedge_says(capsys, *enrol)[1]["key"]
        signed(capsys, tmp_path, 7, "--group", "line-a")
        config = board_of(tmp_path, hub, key)
        with started(config) as board:
            push = ["edge", "push", str(tmp_path / "repo"), *access]
            assert kedge_says(capsys, *push)[0] == 0
            assert board.run_until(lambda: state_of(tmp_path)["commits"] == 1)
            digest = hashlib.sha256((tmp_path / "7.kedge").read_bytes()).hexdigest()
            assert board.run_until(
                lambda: any(
                    (said["version"], said["digest"], said["state"]) == (7, digest, "running")
                    for said in states(capsys, access)
                )
            )
            # For others: the board stays with what it runs.
            signed(capsys, tmp_path, 8, "--group", "line-b")
            assert kedge_says(capsys, *push)[0] == 0
            sent = board.sent
            assert board.run_until(lambda: board.sent > sent + 2000)
            board.stop()
        assert state_of(tmp_path)["running"] == 7
        printed = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
        assert len(printed) == board.sent
