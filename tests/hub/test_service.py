"""kedge.v1.Hub as proto/kedge/v1/hub.proto has it: who may call what, and what comes of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest

import kedge
from kedge._core import InvalidArgument
from kedge.hub import HubClient
from kedge.hub.keys import Keys
from kedge.hub.messages import message as written
from kedge.hub.package import files_of
from kedge.hub.rollout import Rollout
from kedge.hub.schema import Sketch, State
from kedge.hub.server import Hub
from kedge.hub.sign import Author
from tests.edge.edge_runs import compile_model, features, table
from tests.hub.hubs import MODEL, reference, rows, running
from tests.serve.messages import message

FILES = ("kedge/v1/hub.proto",)


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[tuple[Hub, HubClient]]:
    with running(tmp_path / "hub") as both:
        yield both


def device(hub: Hub, name: str, key: str) -> HubClient:
    return HubClient(f"127.0.0.1:{hub.grpc.port}", device=name, key=key)


def sketch(profile: kedge.Profile, sequence: int, epoch: int = 1) -> Sketch:
    return Sketch(MODEL, epoch, sequence, 0, b"", profile.to_bytes())


def counted(count: int, seed: int = 1) -> kedge.Profile:
    live = reference().like()
    live.update(rows(count, seed))
    return live


def call(hub: Hub, method: str, request: Any, answer: str, *metadata: tuple[str, str]) -> Any:
    """By protobuf's own messages, as another language's client does."""
    with grpc.insecure_channel(f"127.0.0.1:{hub.grpc.port}") as channel:
        one = channel.unary_unary(
            f"/kedge.v1.Hub/{method}",
            request_serializer=lambda sent: sent.SerializeToString(),
            response_deserializer=message(f"kedge.v1.{answer}", FILES).FromString,
        )
        return one(request, metadata=metadata, timeout=20)


def test_other_clients_are_understood(hub: tuple[Hub, HubClient], tmp_path: Path) -> None:
    server, _ = hub
    token = (tmp_path / "hub" / "operator.token").read_text().split()[1]
    operator = ("authorization", f"Bearer {token}")
    enrol = message("kedge.v1.EnrolRequest", FILES)(device="pump", group="line-a")
    key = call(server, "Enrol", enrol, "EnrolResponse", operator).key
    pump = (("kedge-device", "pump"), ("authorization", f"Bearer {key}"))
    push = message("kedge.v1.PushSketchesRequest", FILES)(
        life=3,
        sketches=[{"model": MODEL, "epoch": 2, "sequence": 4, "profile": counted(9).to_bytes()}],
    )
    call(server, "PushSketches", push, "PushSketchesResponse", *pump)
    report = message("kedge.v1.ReportRequest", FILES)(
        model="churn",
        version=7,
        digest="ab",
        slot=1,
        state="reverted",
        reason="slow",
        candidate_version=8,
        candidate_digest="cd",
    )
    call(server, "Report", report, "ReportResponse", *pump)
    merge = message("kedge.v1.MergeSketchesRequest", FILES)(model=MODEL, group="line-a")
    merged = call(server, "MergeSketches", merge, "MergeSketchesResponse", operator)
    assert list(merged.profiles) == [counted(9).to_bytes()]
    merge.group = ""  # asked for, and nobody's
    assert not call(server, "MergeSketches", merge, "MergeSketchesResponse", operator).profiles
    (said,) = hub[1].status()["devices"]
    assert said["states"][0] | {"updated": 0} == {
        "model": "churn",
        "version": 7,
        "digest": "ab",
        "slot": 1,
        "state": "reverted",
        "reason": "slow",
        "candidate_version": 8,
        "candidate_digest": "cd",
        "updated": 0,
    }


def test_messages_are_protobufs_own() -> None:
    ours = written({1: "a", 2: 5, 3: b"", 4: [b"x", b""]})
    bundle = message("kedge.v1.ListBundlesResponse", FILES)
    sent = bundle(bundles=[{"name": "a", "version": 300, "sha256": "b"}])
    assert written({1: [written({1: "a", 3: 300, 5: "b"})]}) == sent.SerializeToString()
    assert ours == b"\x0a\x01a\x10\x05\x22\x01x\x22\x00"


def test_who_shows_nothing_may_do_nothing(hub: tuple[Hub, HubClient]) -> None:
    server, operator = hub
    key = operator.enrol("pump")
    operator.enrol("other")
    wrong = HubClient(f"127.0.0.1:{server.grpc.port}", token="0" * 40)
    for ask in (lambda: wrong.enrol("x"), wrong.status, lambda: wrong.pause("x")):
        with pytest.raises(PermissionError, match="operator's token"):
            ask()
    for name, shown in (("other", key), ("pump", "0" * 64), ("nobody", key)):
        with device(server, name, shown) as one, pytest.raises(PermissionError, match="its key"):
            one.push_sketches(1, [])
    # A device's key is no operator's token, and the other way round.
    swapped = HubClient(f"127.0.0.1:{server.grpc.port}", token=key)
    with swapped, pytest.raises(PermissionError):
        swapped.status()


def test_a_higher_sequence_replaces_a_lower_one(hub: tuple[Hub, HubClient]) -> None:
    server, operator = hub
    with device(server, "pump", operator.enrol("pump")) as pump:
        for count, sequence in ((5, 1), (20, 9), (10, 4), (20, 9)):
            pump.push_sketches(1, [sketch(counted(count), sequence)])
        (merged,) = operator.merged(MODEL.hex())
        assert merged.to_bytes() == counted(20).to_bytes()
        pump.push_sketches(2, [sketch(counted(3), 0)])  # another life adds
        assert operator.merged(MODEL.hex())[0].row_count == 23
        with pytest.raises(InvalidArgument):
            pump.push_sketches(1, [sketch(counted(5), 10)._replace(profile=b"junk")])
        with pytest.raises(InvalidArgument, match="2 bytes"):
            pump.push_sketches(1, [sketch(counted(5), 10)._replace(model=b"ab")])
        with pytest.raises(InvalidArgument, match="life"):
            pump.push_sketches(1 << 63, [])
        with pytest.raises(InvalidArgument, match="none of running"):
            pump.report(State("churn", 1, "", 0, "flying", "", 0, ""))
        assert operator.merged(MODEL.hex())[0].row_count == 23


def test_a_device_is_enrolled_once(hub: tuple[Hub, HubClient]) -> None:
    _, operator = hub
    assert len(operator.enrol("pump")) == 64
    assert len(operator.enrol("a" * 127)) == 64
    for name, group, reason in (
        ("pump", "", "already"),
        ("", "", "without a name"),
        ("a\nb", "", "printable"),
        ("a" * 128, "", "127 bytes"),  # boards send two bytes of length
        ("ok", "b" * 129, "128 bytes"),
    ):
        with pytest.raises(InvalidArgument, match=reason):
            operator.enrol(name, group)


def test_bundles_go_by_group_and_percentage_and_can_be_paused(
    hub: tuple[Hub, HubClient], tmp_path: Path
) -> None:
    server, operator = hub
    compile_model(tmp_path / "m.kedge")
    author = Author(tmp_path / "repo", Keys([tmp_path / "keys"]))
    author.add(tmp_path / "m.kedge", Rollout("churn", 7, groups=("line-a",), percent=30))
    author.publish()
    operator.push_repository(files_of(tmp_path / "repo").items())
    offered = {}
    for group in ("line-a", "line-b"):
        for i in range(60):
            name = f"{group}-{i}"
            with device(server, name, operator.enrol(name, group)) as one:
                offered[name] = one.bundles()
                if offered[name]:
                    digest = offered[name][0].sha256
                    data = one.pull(digest)
    assert data == (tmp_path / "m.kedge").read_bytes()
    chosen = {name for name, bundles in offered.items() if bundles}
    assert chosen == {f"line-a-{i}" for i in range(60) if drawn("churn-7", f"line-a-{i}") < 30}
    assert 5 < len(chosen) < 35
    late = device(server, "late", operator.enrol("late", "line-b"))
    with late, pytest.raises(LookupError):
        late.pull(digest)
    assert operator.pause("churn-7") == ["churn-7"]
    name = next(i for i in range(60, 999) if drawn("churn-7", f"line-a-{i}") < 30)
    with device(server, f"line-a-{name}", operator.enrol(f"line-a-{name}", "line-a")) as one:
        assert one.bundles() == []
        with pytest.raises(LookupError):
            one.pull(digest)
        assert operator.pause("churn-7", resume=True) == []
        (offer,) = one.bundles()
        assert (offer.name, offer.version, offer.rollout) == ("churn-7.kedge", 7, "churn-7")
        assert one.pull(digest, len(data) - 3) == data[-3:]


def drawn(rollout: str, name: str) -> int:
    """As fleet's rule has it, written once more."""
    import hashlib

    return int(hashlib.sha256(f"{rollout}:{name}".encode()).hexdigest()[:16], 16) % 100


def test_drift_is_against_the_bundles_own_reference(
    hub: tuple[Hub, HubClient], tmp_path: Path
) -> None:
    server, operator = hub
    model = compile_model(tmp_path / "m.kedge")
    author = Author(tmp_path / "repo", Keys([tmp_path / "keys"]))
    author.add(tmp_path / "m.kedge", Rollout("churn", 7))
    author.publish()
    operator.push_repository(files_of(tmp_path / "repo").items())
    digest = next((tmp_path / "repo" / "targets").iterdir()).name.partition(".")[0]
    live = model.profile.like()
    live.update(table(features(3000, 5) + 1.0))
    sent = Sketch(bytes.fromhex(digest), 1, 1, 0, b"", live.to_bytes())
    other = reference(columns=4).like()  # f0 to f3, in cells of its own
    with device(server, "pump", operator.enrol("pump", "line-a")) as pump:
        pump.push_sketches(1, [sent])
        with pytest.raises(InvalidArgument, match="other cells than the model's reference"):
            pump.push_sketches(1, [sent._replace(sequence=2, profile=other.to_bytes())])
    (said,) = operator.status()["models"]
    assert (said["name"], said["version"], said["digest"]) == ("churn", 7, digest)
    report = kedge.compare(model.profile, live)
    assert said["fleet"]["verdict"] == report.verdict == "yes"
    assert said["groups"]["line-a"]["distance"] == report.columns[0].lower
    assert [row["column"] for row in said["columns"]] == [row.column for row in report]


def test_one_hub_has_a_folder(hub: tuple[Hub, HubClient], tmp_path: Path) -> None:
    with pytest.raises(InvalidArgument, match="another hub"), running(tmp_path / "hub"):
        pass
