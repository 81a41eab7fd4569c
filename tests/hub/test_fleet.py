"""The fleet's sketch is the sketch of all rows in one stream, whatever happened on the way."""

from __future__ import annotations

import random
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import kedge
from kedge._core import ProfileShape, ProfileSum
from tests.hub.device import STEPS, Device
from tests.hub.hubs import MODEL, reference, rows, running

RUNS = st.lists(st.tuples(st.integers(0, 4), st.sampled_from(STEPS)), max_size=25)


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(RUNS)
def test_merged_sketches_equal_one_stream(steps: list[tuple[int, str]]) -> None:
    with TemporaryDirectory() as name, running(Path(name)) as (hub, operator):
        devices = [Device(f"d{i}", operator.enrol(f"d{i}", f"g{i % 2}"), i) for i in range(5)]
        for i, step in steps:
            getattr(devices[i], step)(hub.boards.place)
        for device in devices:
            device.upload(hub.boards.place)
        for group in (None, "g0", "g1"):
            whole = reference().like()
            for i, device in enumerate(devices):
                if group in (None, f"g{i % 2}"):
                    for profile in device.sent.values():
                        whole.merge(profile)
            (merged,) = operator.merged(MODEL.hex(), group=group)
            assert merged.to_bytes() == whole.to_bytes()
        status = operator.status()
        for device in devices:
            said = next(one for one in status["devices"] if one["name"] == device.name)
            assert said["refused"] == 0


@given(st.lists(st.integers(0, 400), min_size=1, max_size=8), st.randoms())
def test_a_sum_does_not_depend_on_the_order(sizes: list[int], order: random.Random) -> None:
    whole, parts = reference().like(), []
    for seed, size in enumerate(sizes):
        part = reference().like()
        part.update(rows(size, seed))
        whole.update(rows(size, seed))
        parts.append(part.to_bytes())
    order.shuffle(parts)
    total = ProfileSum(ProfileShape(whole))
    for stored in parts:
        assert total.add(stored)
    assert total.to_bytes() == whole.to_bytes()


def test_drift_is_that_of_kedge_compare(tmp_path: Path) -> None:
    from kedge.hub.fleet import Fleet
    from kedge.hub.ledger import Ledger
    from kedge.hub.records import Sketches
    from kedge.hub.repository import Repository
    from kedge.hub.schema import Change

    class Known(Repository):
        def reference(self, model: bytes) -> kedge.Profile | None:
            return reference() if model == MODEL else None

    ledger, repository = Ledger(tmp_path), Known(tmp_path / "repository")
    sketches = Sketches(repository, 1 << 20)
    counted: dict[str, kedge.Profile] = {}
    for i, (name, group, shift) in enumerate(
        [("a", "calm", 0.0), ("b", "calm", 0.0), ("c", "moved", 0.8)]
    ):
        ledger.enrol(name, group, keyless=True)
        device = ledger.device(name)
        assert device is not None
        live = counted[name] = reference().like()
        live.update(rows(4000, i + 9, shift=shift))
        sketch = sketches.read(3, (1).to_bytes(8, "little") + MODEL + live.to_bytes())
        change = Change(device.id, 5, sketches={(MODEL, 1): sketch})
        ledger.commit([change])
    (model,) = Fleet(ledger, repository).status().models
    calm = reference().like()
    calm.merge(counted["a"])
    calm.merge(counted["b"])
    whole = reference().like()
    whole.merge(calm)
    whole.merge(counted["c"])
    for drift, profile in (
        (model.devices["a"], counted["a"]),
        (model.devices["c"], counted["c"]),
        (model.groups["calm"], calm),
        (model.groups["moved"], counted["c"]),
        (model.fleet, whole),
    ):
        report = kedge.compare(reference(), profile)
        assert drift.rows == profile.row_count
        assert (drift.verdict, drift.column) == (report.verdict, report.columns[0].column)
        assert drift.distance == report.columns[0].lower
    assert model.devices["a"].verdict != "yes"
    assert model.devices["c"].verdict == "yes"
    ledger.close()
