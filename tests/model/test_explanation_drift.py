"""Explanations on a stream: columns for profiles, importances, comparison and the monitor."""

from __future__ import annotations

import lightgbm
import numpy as np
import pyarrow as pa
import pytest

import kedge
from kedge.model import importances

NAMES = ["age", "spend", "noise"]


@pytest.fixture(scope="module")
def model() -> kedge.Model:
    """Scores are age's share and spend's, equally."""
    x = np.random.default_rng(1).uniform(-1, 1, size=(4000, 3))
    params = {"verbosity": -1, "num_leaves": 15, "num_threads": 1, "seed": 1}
    data = lightgbm.Dataset(x, x[:, 0] + x[:, 1], feature_name=NAMES)
    return kedge.compile(lightgbm.train(params, data, 60))


def explained(model: kedge.Model, rows: int, seed: int, *, turned: bool = False) -> pa.Table:
    """Contributions beside a region; turned, the south's scores come from spend alone."""
    rng = np.random.default_rng(seed)
    x = rng.uniform(-1, 1, size=(rows, 3))
    region = np.where(rng.random(rows) < 0.5, "north", "south")
    if turned:
        south = region == "south"
        total = x[south, 0] + x[south, 1]
        x[south, 0], x[south, 1] = total / 10, total * 0.9
    return pa.table(model.explain(x)).append_column("region", pa.array(region))


def test_contributions_are_counted_by_slice_and_merge(model: kedge.Model) -> None:
    reference = kedge.profile(explained(model, 6000, 2), slices=["region"])
    parts = [reference.like(), reference.like()]
    for seed, part in enumerate(parts, start=3):
        part.update(explained(model, 3000, seed, turned=True))
    parts[0].merge(parts[1])
    found = {(one.part, one.feature): one for one in importances(parts[0], by="region")}
    assert found["north", "age"].mean_abs == pytest.approx(0.5, abs=0.05)
    assert found["south", "age"].mean_abs < 0.2 < found["south", "spend"].mean_abs
    report = kedge.compare(reference, parts[0])
    assert report["age"].drifted
    assert not report["noise"].drifted


def test_a_monitor_of_contributions_finds_another_way_to_decide(model: kedge.Model) -> None:
    """The scores of the stream stay as they are; what they are made of does not."""
    reference = kedge.profile(explained(model, 6000, 2), slices=["region"])
    monitor = kedge.Monitor(reference, min_effect=0.05, false_alarms=1 / 1000)
    for seed in range(10, 20):
        assert list(monitor.update(explained(model, 500, seed))) == []
    alarms = []
    for seed in range(20, 30):
        alarms += monitor.update(explained(model, 500, seed, turned=True))
    found = {(alarm.column, alarm.slice) for alarm in alarms}
    assert {("age", ""), ("age", "south")} <= found
    assert not {(column, slice_) for column, slice_ in found if slice_ == "north"}
    assert "noise" not in {column for column, _ in found}
