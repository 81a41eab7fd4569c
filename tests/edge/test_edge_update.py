"""kedge-edge takes signed models, tries them on live rows, and keeps those that are fit."""

from __future__ import annotations

import hashlib
import http.server
import signal
import socket
import threading
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

import kedge
from tests.edge.edge_runs import compile_model, features, names, records_of, run, table
from tests.edge.signed_repository import SignedRepository, custom
from tests.edge.update_runs import Board, configured, replaced, started, state_of, states_of


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The board's own model and others: one as good, and some that are not."""
    folder = tmp_path_factory.mktemp("models")
    made = {}
    for name, trees in (("own", 20), ("good", 21), ("better", 22)):
        compile_model(folder / name, trees=trees)
        made[name] = (folder / name).read_bytes()
    return made | bad_models(folder)


def bad_models(folder: Path) -> dict[str, bytes]:
    lightgbm = pytest.importorskip("lightgbm")
    x = features(2000, 1)
    signal = np.nan_to_num(x[:, 0]) + np.nan_to_num(x[:, 1]) ** 2
    options = {"num_leaves": 15, "verbose": -1, "num_threads": 1, "objective": "binary"}
    made = {}

    def save(name: str, y: Any, columns: list[str], **more: Any) -> None:
        data = lightgbm.Dataset(x[:, : len(columns)], y, feature_name=columns)
        booster = lightgbm.train({**options, **more}, data, 20)
        model = kedge.compile(booster, reference=None)
        model.save(folder / name)
        made[name] = (folder / name).read_bytes()

    save("inverted", (signal <= 0.7).astype(int), names())
    save("drifted", (signal > -0.2).astype(int), names())
    save("columns", (signal > 0.7).astype(int), ["f0", "f1", "f2", "g"])
    save("outputs", np.digitize(signal, [0, 1]), names(), objective="multiclass", num_class=3)
    made["torn"] = made["drifted"][:-100]
    return made


@pytest.fixture
def board(tmp_path: Path, models: dict[str, bytes]) -> tuple[Path, SignedRepository]:
    (tmp_path / "own.kedge").write_bytes(models["own"])
    repository = SignedRepository()
    (tmp_path / "1.root.json").write_bytes(repository.root)
    return configured(tmp_path, "own.kedge", 'package = "stick.kedge-update"'), repository


def offer(folder: Path, repository: SignedRepository, **released: tuple[bytes, Any]) -> None:
    repository.release(released)
    replaced(folder / "stick.kedge-update", repository.package())


def digest_of(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def rows_sent(count: int) -> pa.Table:
    """As a board's `send` gives them: the same ones again and again."""
    return table(features(4000, 9)).take([i % 4000 for i in range(count)])


def scores_of(folder: Path, data: bytes, rows: int) -> list[float]:
    (folder / "m.kedge").write_bytes(data)
    values = rows_sent(rows)
    found: list[float] = pa.table(kedge.load(folder / "m.kedge").predict(values))[0].to_pylist()
    return found


def test_a_good_model_takes_over_between_two_rows(
    tmp_path: Path, board: tuple[Path, SignedRepository], models: dict[str, bytes]
) -> None:
    config, repository = board
    with started(config) as running:
        assert running.run_until(lambda: running.sent >= 200)
        offer(tmp_path, repository, churn=(models["good"], custom(7)))
        # It is on the disk a moment before who scores is told.
        assert running.run_until(lambda: running.metric("update_commits_total") == 1)
        running.send(100)
        running.stop()
        sent = running.sent
    before, after = (scores_of(tmp_path, models[name], sent) for name in ("own", "good"))
    printed = [row["score"] for row in running.printed()]
    assert len(printed) == sent
    change = next(i for i in range(sent) if printed[i:] == after[i:])
    assert printed[:change] == before[:change]
    assert 300 <= change < sent - 50

    records = records_of(tmp_path / "spool")
    kinds = [kind for kind, _, _ in records]
    starts = [payload.decode() for kind, _, payload in records if kind == 0]
    assert all(
        digest_of(models[name]) in start
        for name, start in zip(("own", "good"), starts, strict=True)
    )
    assert '"epoch":1,' in starts[0]
    assert '"epoch":2,' in starts[1]
    turn = kinds.index(0, 1)
    assert sum(events for _, events, _ in records[:turn]) == change
    assert sum(events for _, events, _ in records) == sent
    last = [payload for kind, _, payload in records[:turn] if kind == 2][-1]
    assert last[8:40] == hashlib.sha256(models["own"]).digest()
    stored = kedge.Profile.from_bytes(last[40:])
    counted = stored.like()
    seen = rows_sent(change)
    counted.update(seen.append_column("score", pa.array(before[:change])))
    assert stored.to_bytes() == counted.to_bytes()
    told = states_of(records)
    assert [said["state"] for said in told] == ["running", "trying", "running"]
    assert told[1]["candidate_digest"] == told[2]["digest"] == digest_of(models["good"])
    assert (told[2]["version"], told[2]["slot"], told[0]["slot"]) == (7, 0, None)

    with started(config) as again:
        again.send(10)
        again.stop()
    assert [row["score"] for row in again.printed()][-10:] == after[:10]
    assert states_of(records_of(tmp_path / "spool"))[-1]["version"] == 7


BAD = {
    "inverted": ("reverted", "disagreement: 0."),
    "drifted": ("reverted", "distance: 0."),
    "columns": ("refused", '"g"'),
    "outputs": ("refused", "a model of 3 outputs"),
    "torn": ("refused", ""),
}


@pytest.mark.parametrize("kind", BAD)
def test_a_bad_model_goes_and_the_board_says_why(
    tmp_path: Path, board: tuple[Path, SignedRepository], models: dict[str, bytes], kind: str
) -> None:
    config, repository = board
    gate = {"rows": 300, "seconds": 600, "distance_ppm": 50_000}
    said = custom(7, gate=gate) if kind == "drifted" else custom(7)
    offer(tmp_path, repository, churn=(models[kind], said))
    with started(config) as running:
        assert running.run_until(lambda: state_of(tmp_path)["refused"] == 7)
        offer(tmp_path, repository, churn=(models["good"], custom(8)))
        assert running.run_until(lambda: state_of(tmp_path)["running"] == 8)
        running.stop()
    state, reason = BAD[kind]
    told = states_of(records_of(tmp_path / "spool"))
    bad = next(one for one in told if one["state"] in {"reverted", "refused"})
    assert bad["state"] == state
    assert reason in bad["reason"]
    assert bad["candidate_version"] == 7
    assert bad["digest"] == digest_of(models["own"])
    assert told[-1]["version"] == 8
    assert len(running.printed()) == running.sent


def test_models_come_from_a_server_for_boards_of_a_group_and_share(
    tmp_path: Path, board: tuple[Path, SignedRepository], models: dict[str, bytes]
) -> None:
    repository = board[1]
    repository.release(
        {
            "elsewhere": (models["better"], custom(9, groups=["line-b"])),
            "later": (models["better"], custom(8, percent=0, rollout="r")),
            "other": (models["better"], {"kedge": {"model": "n", "version": 11}}),
            "unknown": (models["better"], {"vendor": 1}),
            "ours": (models["good"], custom(7, groups=["line-b", "line-a"], percent=100)),
        }
    )
    repository.serve_from(tmp_path / "www" / "fleet")
    handler = partial(QuietHandler, directory=tmp_path / "www")
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        source = f'http = "127.0.0.1:{server.server_port}/fleet"\ngroup = "line-a"'
        config = configured(tmp_path, "own.kedge", source)
        with started(config) as running:
            assert running.run_until(lambda: state_of(tmp_path)["commits"] == 1)
            running.stop()
        server.shutdown()
    assert state_of(tmp_path)["running"] == 7
    assert len(running.printed()) == running.sent


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    """Says nothing of requests."""

    def log_message(self, *_: object) -> None:
        pass


def refusals(running: Board) -> int:
    return running.metric("update_refusals_total") + running.metric("update_failures_total")


def newest_reason(folder: Path) -> str:
    said: str = states_of(records_of(folder / "spool"))[-1]["reason"]
    return said


def is_more(running: Board, least: int) -> bool:
    return refusals(running) > least


def test_attacks_are_refused_and_scoring_goes_on(
    tmp_path: Path, board: tuple[Path, SignedRepository], models: dict[str, bytes]
) -> None:
    config, repository = board
    stick = tmp_path / "stick.kedge-update"
    offer(tmp_path, repository, churn=(models["good"], custom(7)))
    old = repository.package()
    with started(config) as running:
        assert running.run_until(lambda: state_of(tmp_path)["running"] == 7)
        committed = state_of(tmp_path)
        offer(tmp_path, repository, churn=(models["good"], custom(7)))
        trusted = tmp_path / "update" / "timestamp.json"
        assert running.run_until(lambda: b'"version":3' in trusted.read_bytes())
        repository.release({"churn": (models["better"], custom(9))})
        package = repository.package()
        other = SignedRepository(first_key=40)
        other.release({"churn": (models["better"], custom(9))})
        lower = custom(6)
        attacks = [old, package[:-1], package[: len(package) // 2], b"", other.package()]
        for at in range(100, len(package), len(package) // 3):
            flipped = bytearray(package)
            flipped[at] ^= 1 << at % 8
            attacks.append(bytes(flipped))
            resealed = bytes(flipped[:-32])
            attacks.append(resealed + hashlib.sha256(resealed).digest())
        for attack in attacks:
            replaced(stick, attack)
            seen = refusals(running)
            assert running.run_until(partial(is_more, running, seen + 1), 20)
            assert state_of(tmp_path) == committed
        repository.release({"churn": (models["better"], lower)})
        replaced(stick, repository.package())
        assert running.run_until(lambda: "not above 7" in newest_reason(tmp_path))
        assert state_of(tmp_path) == committed
        offer(tmp_path, repository, churn=(models["own"], custom(6, replaces=[7])))
        assert running.run_until(lambda: state_of(tmp_path)["running"] == 6)
        running.stop()
    assert len(running.printed()) == running.sent
    told = states_of(records_of(tmp_path / "spool"))
    assert {one["version"] for one in told} == {0, 6, 7}


def test_metadata_that_expired_freeze_nothing_but_the_update(
    tmp_path: Path, models: dict[str, bytes]
) -> None:
    (tmp_path / "own.kedge").write_bytes(models["own"])
    stale = SignedRepository(days=-3)
    (tmp_path / "1.root.json").write_bytes(stale.root)
    config = configured(tmp_path, "own.kedge", 'package = "stick.kedge-update"')
    offer(tmp_path, stale, churn=(models["good"], custom(7)))
    with started(config) as running:
        assert running.run_until(lambda: running.metric("update_refusals_total") >= 1)
        assert state_of(tmp_path)["commits"] == 0
        said = running.stop()
    assert "expired" in said
    told = states_of(records_of(tmp_path / "spool"))
    assert [one["state"] for one in told] == ["running", "refused"]
    assert len(running.printed()) == running.sent
    clockless = 'package = "stick.kedge-update"\nclock = "none"'
    config = configured(tmp_path, "own.kedge", clockless)
    with started(config) as running:
        assert running.run_until(lambda: state_of(tmp_path)["commits"] == 1)
        running.stop()


def test_a_model_that_memory_has_no_room_for_is_refused(
    tmp_path: Path, board: tuple[Path, SignedRepository], models: dict[str, bytes]
) -> None:
    width = 600  # whose features and reasons of a batch take 39 MB, as all else does
    compile_model(tmp_path / "vast", trees=1, width=width, cells=16)
    config, repository = board
    text = config.read_text().replace("[input]", "[input]\nbatch_rows = 4096")
    text = text.replace("[output]", "[output]\nreasons = 1")
    more = "".join(f'{name} = "float64"\n' for name in names(width)[len(names()) :])
    config.write_text(text + more)
    offer(tmp_path, repository, churn=((tmp_path / "vast").read_bytes(), custom(7)))
    with started(config, ["sh", "-c", 'ulimit -v 60000; exec "$@"', "sh"]) as running:
        assert running.run_until(lambda: state_of(tmp_path)["refused"] == 7)
        assert state_of(tmp_path)["reason"] == "std::bad_alloc"
        running.stop()
    assert len(running.printed()) == running.sent


def test_a_stop_waits_for_no_server(
    tmp_path: Path, board: tuple[Path, SignedRepository], models: dict[str, bytes]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        source = f'http = "127.0.0.1:{silent.getsockname()[1]}/fleet"'
        with started(configured(tmp_path, "own.kedge", source)) as running:
            asked, _ = silent.accept()
            with asked:
                running.process.send_signal(signal.SIGTERM)
                assert running.process.wait(timeout=10) == 0


def test_the_plan_has_two_models(
    tmp_path: Path, board: tuple[Path, SignedRepository], models: dict[str, bytes]
) -> None:
    planned = run(board[0], b"", "--plan").stdout.decode()
    assert "candidate, ready to score (update.slot_bytes)" in planned
    assert not (tmp_path / "update").exists()


def test_what_does_not_fit_is_refused_by_name(tmp_path: Path, models: dict[str, bytes]) -> None:
    (tmp_path / "own.kedge").write_bytes(models["own"])
    for source, error in (
        ("", b"expected either http or package"),
        ('http = "10.0.0.1:80/x"', b"expected tcp:127.0.0.1:PORT"),
        ('package = "p"\nclock = "sun"', b'expected "trusted" or "none"'),
        ('package = "p"\npoll_every = "1ms"', b"poll_every"),
        ('package = "p"\nslots = 3', b'there is no "slots"'),
    ):
        config = configured(tmp_path, "own.kedge", source)
        assert error in run(config, b"", code=64).stderr
