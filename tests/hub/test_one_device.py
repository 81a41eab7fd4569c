"""What one enrolled device does to the hub: its operator goes on, and reads who it is."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest

import kedge
from kedge._core import InvalidArgument, ResourceExhausted
from kedge.hub import HubClient
from kedge.hub.fleet import Fleet
from kedge.hub.keys import Keys
from kedge.hub.ledger import Ledger
from kedge.hub.package import files_of
from kedge.hub.repository import Repository
from kedge.hub.rollout import Rollout
from kedge.hub.schema import Change, Sketch
from kedge.hub.server import Hub
from kedge.hub.sign import Author
from tests.edge.edge_runs import compile_model
from tests.hub.board import SCORES, START, Board
from tests.hub.hubs import MODEL, reference, rows, running
from tests.patience import until


def doubled(times: int) -> kedge.Profile:
    """Of 2 to that power rows."""
    live = reference().like()
    live.update(rows(1, 1))
    for _ in range(times):
        live.merge(kedge.Profile.from_bytes(live.to_bytes()))
    return live


def test_what_a_device_says_it_lost_is_bounded(tmp_path: Path) -> None:
    with running(tmp_path) as (hub, operator):
        key = operator.enrol("enemy")
        for life in (1, 2, 3):
            enemy = Board("enemy", key, life)
            enemy.add(START, b"{}")
            enemy.event = (1 << 62) - 1
            enemy.add(SCORES, b"", 0)
            enemy.lose(1)
            enemy.upload(hub.boards.place)
        (said,) = operator.status()["devices"]
        assert said["lost_records"] == 3
        assert said["lost_events"] == 3 << 50


def test_a_sketch_of_too_many_rows_is_refused(tmp_path: Path) -> None:
    with running(tmp_path) as (hub, operator):
        enemy = HubClient(f"127.0.0.1:{hub.grpc.port}", device="e", key=operator.enrol("e"))
        with enemy:
            enemy.push_sketches(1, [Sketch(MODEL, 1, 1, 0, b"", doubled(40).to_bytes())])
            for _ in range(2):  # of a shape that is not known, and of one that is
                with pytest.raises(InvalidArgument, match=f"of {1 << 41} rows, at most {1 << 40}"):
                    enemy.push_sketches(1, [Sketch(MODEL, 2, 2, 0, b"", doubled(41).to_bytes())])
        assert operator.status()["models"][0]["fleet"]["rows"] == 1 << 40


def test_sketches_that_cannot_be_added_are_left_out_by_name(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    for name, profile in (("enemy", doubled(53)), ("pump", doubled(3))):
        ledger.enrol(name, "line-a", keyless=True)
        device = ledger.device(name)
        assert device is not None
        shape = b"all alike"
        sketch = Sketch(MODEL, 1, 1, profile.row_count, shape, profile.to_bytes())
        ledger.commit([Change(device.id, 1, sketches={(MODEL, 1): sketch})])
    fleet = Fleet(ledger, Repository(tmp_path / "repository"))
    (model,) = fleet.status().models
    assert model.left_out == {"pump": 1}
    assert (model.fleet.rows, model.groups["line-a"].rows) == (1 << 53, 1 << 53)
    assert model.devices["pump"].rows == 8
    assert [one.row_count for one in fleet.merged(MODEL)] == [1 << 53]
    assert [one.row_count for one in fleet.merged(MODEL, device="pump")] == [8]
    ledger.close()


def test_who_was_left_out_is_shown() -> None:
    from kedge.cli.edge_status import _text
    from kedge.hub.page import page

    drift = {"rows": 0, "devices": 0, "verdict": "no", "column": "", "distance": 0.0, "where": ""}
    model = {"digest": "ab", "name": "churn", "version": 7, "fleet": drift, "groups": {}}
    left_out = {f"pump-{i:02}": i for i in range(1, 15)}
    model |= {"devices": {}, "columns": [], "left_out": left_out}
    status = {"models": [model], "devices": [], "paused": []}
    assert "sketches that cannot be added: pump-01 (1), pump-02 (2)," in _text(status)
    assert _text(status).count("2 more devices") == 1
    assert "Sketches of 14 devices cannot be added: pump-01, pump-02," in page(status, 0.0)


@pytest.fixture
def pulled(tmp_path: Path) -> Iterator[tuple[Hub, HubClient, HubClient, str]]:
    """A hub with a bundle that is too long to be sent before somebody reads; its digest."""
    compile_model(tmp_path / "m.kedge")
    author = Author(tmp_path / "repo", Keys([tmp_path / "keys"]))
    author.add(tmp_path / "m.kedge", Rollout("churn", 7))
    author.publish()
    with running(tmp_path / "hub") as (hub, operator):
        operator.push_repository(files_of(tmp_path / "repo").items())
        (file,) = (tmp_path / "hub" / "repository" / "targets").iterdir()
        file.write_bytes(bytes(16 << 20))
        key = operator.enrol("enemy")
        with HubClient(f"127.0.0.1:{hub.grpc.port}", device="enemy", key=key) as enemy:
            yield hub, operator, enemy, file.name.partition(".")[0]


def stalled(enemy: HubClient, method: str, request: bytes) -> Any:
    """A call whose answer nobody reads."""
    call = enemy._channel.unary_stream(f"/kedge.v1.Hub/{method}")
    return call(request, metadata=enemy._metadata)


def test_pulls_that_stall_leave_the_hub_to_others(
    pulled: tuple[Hub, HubClient, HubClient, str],
) -> None:
    from kedge.hub.messages import message

    _, operator, enemy, digest = pulled
    calls = [stalled(enemy, "PullBundle", message({1: digest})) for _ in range(8)]
    until(lambda: sum(call.code() is not None for call in calls if call.done()) == 4)
    codes = [call.code() for call in calls if call.done()]
    assert codes == [grpc.StatusCode.RESOURCE_EXHAUSTED] * 4
    with pytest.raises(ResourceExhausted, match="4 bundles are being pulled"):
        enemy.pull(digest)
    assert [one.sha256 for one in enemy.bundles()] == [digest]
    assert operator.pause("churn-7") == ["churn-7"]
    assert operator.pause("churn-7", resume=True) == []
    for call in calls:
        call.cancel()

    def is_pulled() -> bool:
        try:
            return len(enemy.pull(digest)) == 16 << 20
        except ResourceExhausted:
            return False

    until(is_pulled)


def test_calls_that_say_nothing_leave_the_hub_to_its_operator(
    pulled: tuple[Hub, HubClient, HubClient, str],
) -> None:
    hub, operator, enemy, _ = pulled
    enemy._timeout = 1.0
    told = threading.Event()

    def silent() -> Iterator[bytes]:
        told.wait()
        yield b""

    with grpc.insecure_channel(f"127.0.0.1:{hub.grpc.port}") as channel:
        report = channel.stream_unary("/kedge.v1.Hub/Report")
        calls = [report.future(silent()) for _ in range(16)]  # without a key
        grpc.channel_ready_future(channel).result(10)
        with pytest.raises(TimeoutError):
            enemy.bundles()  # it waits behind them
        assert operator.status()["models"] == []
        assert operator.pause("churn-7") == ["churn-7"]
        assert not any(call.done() for call in calls)
        told.set()


def test_a_rollout_that_is_not_there_cannot_be_paused(
    pulled: tuple[Hub, HubClient, HubClient, str],
) -> None:
    _, operator, _, _ = pulled
    for resume in (False, True):
        with pytest.raises(LookupError, match="no bundle is of rollout 'churn-8'"):
            operator.pause("churn-8", resume=resume)
    assert operator.status()["paused"] == []


def test_a_rollout_that_is_gone_can_be_let_go(tmp_path: Path) -> None:
    with running(tmp_path) as (_, operator):
        ledger = Ledger(tmp_path)
        ledger.pause("churn-6", is_paused=True)
        ledger.close()
        assert operator.pause("churn-6", resume=True) == []
