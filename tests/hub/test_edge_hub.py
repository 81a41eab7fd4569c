"""From an empty folder: a device is enrolled, its board uploads, the fleet is shown."""

from __future__ import annotations

import json
import signal
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

import kedge
from kedge.cli import main
from kedge.hub.keys import Keys
from kedge.hub.server import Hub
from kedge.hub.sign import Author
from tests.edge.edge_runs import (
    PROGRAM,
    compile_model,
    configure,
    connect,
    features,
    lines_of,
    names,
    table,
)
from tests.hub.hubs import running
from tests.patience import until


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    with running(tmp_path / "hub") as (server, _):
        yield server


def kedge_says(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, Any]:
    code = main([*arguments, "--json"])
    return code, json.loads(capsys.readouterr().out)


def upload(
    folder: Path, hub: Hub, key: str, wait: Callable[[], None], *, shift: float = 0.0
) -> None:
    """Run the board on 3000 rows, and wait."""
    (folder / "pump.key").write_text(key + "\n")
    text = 'device = "pump"\nmodel = "m.kedge"\n[spool]\nfolder = "spool"\nkey = "pump.key"\n'
    text += f'sketch_every = "1s"\nupload = "{hub.boards.place}"\n'
    config = configure(folder, text + '[input]\nfrom = "unix:in.sock"', names())
    (folder / "in.sock").unlink(missing_ok=True)
    with subprocess.Popen([PROGRAM, config], stdout=subprocess.DEVNULL) as board:
        try:
            with connect(folder / "in.sock") as rows:
                rows.sendall(lines_of(table(features(3000, 5) + shift)))
            wait()
        finally:
            board.send_signal(signal.SIGTERM)
        assert board.wait(30) == 0


def sketched(folder: Path) -> int:
    """Rows that the hub has a sketch of."""
    with closing(sqlite3.connect(folder / "hub" / "hub.sqlite")) as accounts:
        found: tuple[int] | None = accounts.execute("SELECT sum(rows) FROM sketch").fetchone()
    return found[0] or 0 if found else 0


def wait_for(folder: Path, rows: int) -> None:
    """Until the hub has them."""
    until(lambda: sketched(folder) == rows)


def test_a_board_is_enrolled_uploads_and_is_shown(
    hub: Hub, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    compile_model(tmp_path / "m.kedge")
    folder, repo = str(tmp_path / "hub"), str(tmp_path / "repo")
    access = [f"127.0.0.1:{hub.grpc.port}", "--token-file", f"{folder}/operator.token"]
    _, said = kedge_says(capsys, "hub", folder, "--enrol", "pump", "--group", "line-a")
    bundle = str(tmp_path / "m.kedge")
    code, signed = kedge_says(
        capsys, "edge", "sign", repo, bundle, "--model", "churn", "--version", "7"
    )
    assert (code, signed["versions"]["targets"]) == (0, 1)
    assert kedge_says(capsys, "edge", "push", repo, *access)[0] == 0
    upload(tmp_path, hub, said["key"], lambda: wait_for(tmp_path, 3000), shift=1.0)
    page = tmp_path / "fleet.html"
    code, status = kedge_says(capsys, "edge", "status", *access, "--html", str(page))
    assert code == 1  # it drifted
    (device,) = status["devices"]
    assert (device["name"], device["events"], device["lost_events"]) == ("pump", 3000, 0)
    assert device["refused"] == 0
    (model,) = status["models"]
    assert (model["name"], model["fleet"]["rows"], model["fleet"]["verdict"]) == (
        "churn",
        3000,
        "yes",
    )
    text = page.read_text()
    assert "drift in the rows of 1 of 1 models" in text
    assert "line-a" in text
    assert main(["edge", "status", *access]) == 1
    assert "pump" in capsys.readouterr().out
    reference = kedge.load(tmp_path / "m.kedge").profile
    report = kedge.compare(reference, table(features(3000, 5) + 1.0))
    assert model["fleet"]["distance"] == report.columns[0].lower


def test_a_wrong_key_uploads_nothing_and_the_board_goes_on(
    hub: Hub, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    compile_model(tmp_path / "m.kedge")
    _, said = kedge_says(capsys, "hub", str(tmp_path / "hub"), "--enrol", "pump")
    upload(tmp_path, hub, "ab" * 32, lambda: time.sleep(2.5))
    assert sketched(tmp_path) == 0
    # The records of before are in its spool, and its sketch goes on.
    upload(tmp_path, hub, said["key"], lambda: wait_for(tmp_path, 6000))


def test_a_key_that_is_none_is_refused_by_name(tmp_path: Path) -> None:
    compile_model(tmp_path / "m.kedge")
    text = 'device = "pump"\nmodel = "m.kedge"\n[spool]\nfolder = "spool"\nkey = "pump.key"\n'
    config = configure(tmp_path, text + "[input]", names())
    for content, reason in (
        ("ab", "has 2 characters"),
        ("x" * 64, "digits 0 to 9 and a to f alone"),
    ):
        (tmp_path / "pump.key").write_text(content)
        done = subprocess.run([PROGRAM, config], capture_output=True, input=b"", check=False)
        assert done.returncode != 0
        assert reason in done.stderr.decode()
        assert content not in done.stderr.decode() or content == "ab"


def test_a_fleet_that_nobody_heard_of_is_not_yet_known(
    hub: Hub, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = str(tmp_path / "hub")
    kedge_says(capsys, "hub", folder, "--enrol", "pump")
    access = [f"127.0.0.1:{hub.grpc.port}", "--token-file", f"{folder}/operator.token"]
    code, status = kedge_says(capsys, "edge", "status", *access)
    assert (code, len(status["devices"]), status["models"]) == (2, 1, [])


def test_a_hub_that_does_not_answer_is_no_drift(
    hub: Hub, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Author(tmp_path / "repo", Keys([tmp_path / "keys"])).publish()
    wrong = tmp_path / "wrong.token"
    wrong.write_text("0" * 40)
    for verb in (["edge", "status"], ["edge", "push", str(tmp_path / "repo")]):
        for place, reason in ((hub.grpc.port, "UNAUTHENTICATED"), (1, "UNAVAILABLE")):
            assert main([*verb, f"127.0.0.1:{place}", "--token-file", str(wrong)]) == 64
            out, err = capsys.readouterr()
            assert out == ""
            assert err.startswith("kedge: ")
            assert reason in err


def terms_of(repository: Path) -> dict[str, Any]:
    """Those that are signed of the only target."""
    newest = max((repository / "metadata").glob("*.targets.json"), key=lambda path: path.stem)
    (target,) = json.loads(newest.read_bytes())["signed"]["targets"].values()
    found: dict[str, Any] = target["custom"]["kedge"]
    return found


def test_terms_that_are_not_named_stay(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    compile_model(tmp_path / "m.kedge")
    repo, bundle = tmp_path / "repo", str(tmp_path / "m.kedge")
    churn = ["--model", "churn", "--version", "7"]
    sign = ["edge", "sign", str(repo), *churn]
    sign_file = ["edge", "sign", str(repo), bundle, *churn]
    first = ["--group", "line-a", "--percent", "25", "--replaces", "8", "--rollout", "slow"]
    first += ["--gate", "rows=500", "--gate", "distance_ppm=100000"]
    assert kedge_says(capsys, *sign_file, *first)[0] == 0
    had = terms_of(repo)
    assert (had["groups"], had["percent"], had["gate"]["rows"]) == (["line-a"], 25, 500)
    assert kedge_says(capsys, *sign, "--percent", "60")[0] == 0
    assert terms_of(repo) == had | {"percent": 60}
    assert kedge_says(capsys, *sign_file, "--gate", "rows=700")[0] == 0
    assert terms_of(repo) == had | {"percent": 60, "gate": had["gate"] | {"rows": 700}}
    assert kedge_says(capsys, *sign, "--group", "", "--replaces", "0", "--percent", "0")[0] == 0
    got = terms_of(repo)
    assert (got["groups"], got["replaces"], got["percent"]) == ([], [], 0)
    assert (got["rollout"], got["gate"]["rows"]) == ("slow", 700)


def test_terms_that_cannot_be_leave_no_keys(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sign = ["edge", "sign", str(tmp_path / "repo"), "--model", "churn", "--version", "7"]
    assert main([*sign, "--gate", "rows=10"]) == 64
    assert "gate rows = 10: allowed are 50 to 1000000000" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_a_pause_waits_for_no_push(
    hub: Hub, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    compile_model(tmp_path / "m.kedge")
    repo = tmp_path / "repo"
    sign = ["edge", "sign", str(repo), str(tmp_path / "m.kedge"), "--model", "churn"]
    assert kedge_says(capsys, *sign, "--version", "7")[0] == 0
    place = f"127.0.0.1:{hub.grpc.port}"
    access = ["--token-file", str(tmp_path / "hub" / "operator.token")]
    push = ["edge", "push", str(repo), place, *access]
    assert kedge_says(capsys, *push, "--pause", "churn-7")[1]["paused"] == ["churn-7"]
    alone = ["edge", "push", place, *access]
    assert main([*alone, "--resume", "churn-7"]) == 0
    assert capsys.readouterr().out == f"{place}: 0 files, paused: nothing\n"
    (repo / "metadata" / "timestamp.json").unlink()
    assert main([*push, "--pause", "churn-7"]) == 64  # the repository is none
    assert "no repository" in capsys.readouterr().err
    assert kedge_says(capsys, "edge", "status", place, *access)[1]["paused"] == ["churn-7"]
    assert main([*alone, "--pause", "churn-7"]) == 0
    assert capsys.readouterr().out == f"{place}: 0 files, paused: churn-7\n"
    for verb in ("--pause", "--resume"):
        assert main([*alone, verb, "chrun-7"]) == 64
        assert "no bundle is of rollout 'chrun-7'" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["hub", "h", "--group", "g"], "of a device that is enrolled"),
        (["hub", "h", "--host", "0.0.0.0"], "is reached by other machines"),
        (["edge", "push", "r"], "Name a hub"),
        (["edge", "push", "--package", "p"], "is made of a repository"),
        (["edge", "push", "r", "--package", "p", "--pause", "a"], "are told to a hub"),
        (["edge", "sign", "r", "m.kedge"], "--model and --version say"),
        (["edge", "sign", "r", "--model", "a"], "one is missing"),
        (["edge", "status", "127.0.0.1:1"], "--token-file is missing"),
    ],
)
def test_wrong_use_says_what_is_missing(
    arguments: list[str],
    reason: str,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(arguments) == 64
    assert reason in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
