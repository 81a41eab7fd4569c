"""What a monitor promises, by simulation: fixed seeds, and three standard errors.

`python -m bench.evidence.bench_monitor --simulate` runs the same for longer.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
import sklearn.datasets

import kedge

Draw = Callable[[np.random.Generator, int], np.ndarray]

# Distributions that could mislead: the reference and the stream come from the same one.
STREAMS: dict[str, Draw] = {
    "normal": lambda rng, n: rng.normal(size=n),
    "heavy": lambda rng, n: rng.standard_cauchy(n),
    "ties": lambda rng, n: rng.integers(0, 4, n).astype(float),
    "atoms": lambda rng, n: np.where(rng.random(n) < 0.6, 0.0, rng.lognormal(size=n)),
}


def first_alarm(
    monitor: kedge.Monitor, draw: Callable[[], dict[str, np.ndarray]], most: int
) -> int:
    """The update that gives the first alarm; `most` when none does."""
    for look in range(1, most + 1):
        if monitor.update(draw()):
            return look
    return most


@pytest.mark.parametrize("name", STREAMS)
@pytest.mark.parametrize(("size", "most"), [(1, 400), (200, 400)])
def test_the_mean_time_to_a_false_alarm_is_kept(name: str, size: int, most: int) -> None:
    """Promised 100 updates; looked at after every row, or after 200."""
    rng = np.random.default_rng(20)
    times = []
    for _ in range(25):
        reference = kedge.profile({"x": STREAMS[name](rng, 2000)}, cells=256)
        monitor = kedge.Monitor(reference, min_effect=0.0, false_alarms=1 / 100)
        times.append(first_alarm(monitor, lambda: {"x": STREAMS[name](rng, size)}, most))
    assert np.mean(times) + 3 * np.std(times) / math.sqrt(len(times)) >= 100


def test_a_stream_at_the_very_boundary_keeps_the_promise() -> None:
    """The chance of 0 is exactly as far from the reference as is allowed: the hardest null."""
    rng = np.random.default_rng(21)
    rows, min_effect = 1_000_000, 0.05
    reference = kedge.profile({"x": (rng.random(rows) >= 0.5).astype(float)})
    times = []
    for _ in range(60):
        monitor = kedge.Monitor(reference, min_effect=min_effect, false_alarms=1 / 50)
        tolerance = monitor.plan(shifts=[0.2])["x"].tolerance
        zeros = 1 - reference.histogram("x").mean + tolerance
        draw = lambda: {"x": (rng.random(100) >= zeros).astype(float)}  # noqa: B023
        times.append(first_alarm(monitor, draw, 1000))
    assert np.mean(times) + 3 * np.std(times) / math.sqrt(len(times)) >= 50


@pytest.mark.parametrize("columns", [10, 200])
def test_many_columns_share_one_promise(columns: int) -> None:
    """Correlated columns, no change: at most one alarm in 20 updates."""
    rng = np.random.default_rng(22)
    names = [f"c{i}" for i in range(columns)]

    def table(rows: int) -> dict[str, np.ndarray]:
        common = rng.normal(size=rows)
        return {name: common + rng.normal(size=rows) for name in names}

    monitor = kedge.Monitor(
        kedge.profile(table(2000), cells=64), min_effect=0.0, false_alarms=1 / 20
    )
    looks = 150
    alarms = sum(len(monitor.update(table(50))) for _ in range(looks))
    assert alarms <= looks / 20 + 3 * math.sqrt(looks / 20)


def test_unchanged_columns_beside_changed_ones_keep_quiet() -> None:
    rng = np.random.default_rng(23)
    names = [f"c{i}" for i in range(40)]
    reference = kedge.profile({name: rng.normal(size=5000) for name in names}, cells=256)
    monitor = kedge.Monitor(reference, min_effect=0.0, false_alarms=1 / 100)
    false = found = 0
    for _ in range(60):
        batch = {name: rng.normal(0.5 * (i < 20), 1, 200) for i, name in enumerate(names)}
        for alarm in monitor.update(batch):
            false += int(alarm.column[1:]) >= 20
            found += int(alarm.column[1:]) < 20
    assert false <= 60 / 100 + 3 * math.sqrt(60 / 100)
    assert found > 20


def test_groups_of_rows_that_depend_on_each_other_need_to_be_stated() -> None:
    """Each row comes ten times: a promise of 50 updates is kept with `group`, broken without."""
    rng = np.random.default_rng(24)

    def times(group: int) -> np.ndarray:
        found = []
        for _ in range(15):
            reference = kedge.profile({"x": rng.normal(size=20_000)}, cells=256)
            monitor = kedge.Monitor(reference, min_effect=0, false_alarms=1 / 50, group=group)
            draw = lambda: {"x": np.repeat(rng.normal(size=20), 10)}
            found.append(first_alarm(monitor, draw, 200))
        return np.array(found)

    kept, broken = times(10), times(1)
    assert kept.mean() + 3 * kept.std() / math.sqrt(len(kept)) >= 50
    assert broken.mean() < 50


@pytest.mark.parametrize(
    ("shift", "rows", "min_effect", "looks"),
    [(0.1, 200, 0, 14), (0.1, 2000, 0, 2.3), (0.2, 200, 0, 4.5), (0.2, 2000, 0.02, 1.5)],
)
def test_a_shift_is_found_soon(shift: float, rows: int, min_effect: float, looks: float) -> None:
    """Against a reference of a million rows, with a false alarm in 1000 updates at most."""
    rng = np.random.default_rng(25)
    reference = kedge.profile({"x": rng.normal(size=1_000_000)})
    times = []
    for _ in range(30):
        monitor = kedge.Monitor(reference, min_effect=min_effect, false_alarms=1 / 1000)
        draw = lambda: {"x": rng.normal(shift, 1, rows)}
        times.append(first_alarm(monitor, draw, 200))
    assert np.mean(times) <= looks


def test_a_shift_that_does_not_matter_is_never_found() -> None:
    rng = np.random.default_rng(26)
    reference = kedge.profile({"x": rng.normal(size=100_000)})
    monitor = kedge.Monitor(reference, min_effect=0.02, false_alarms=1 / 1000)
    shift = 0.05  # a distance of 0.02
    assert first_alarm(monitor, lambda: {"x": rng.normal(shift, 1, 2000)}, 300) == 300


def test_few_of_a_list_are_false_though_columns_are_correlated() -> None:
    rng = np.random.default_rng(27)
    columns, real, fdr = 30, 6, 0.2
    names = [f"c{i}" for i in range(columns)]

    def table(rows: int, shift: float) -> dict[str, np.ndarray]:
        common = rng.normal(size=rows)
        return {
            name: 0.7 * common + 0.7 * rng.normal(size=rows) + shift * (i < real)
            for i, name in enumerate(names)
        }

    shares, found = [], []
    for _ in range(12):
        monitor = kedge.Monitor(kedge.profile(table(2000, 0), cells=64), min_effect=0.0, fdr=fdr)
        told = [
            int(alarm.column[1:]) for _ in range(15) for alarm in monitor.update(table(300, 0.4))
        ]
        shares.append(sum(i >= real for i in told) / max(1, len(told)))
        found.append(sum(i < real for i in told) / real)
    assert np.mean(shares) <= fdr + 3 * np.std(shares) / math.sqrt(len(shares))
    assert np.mean(found) > 0.8


def test_real_rows_that_come_in_runs_keep_the_promise() -> None:
    """30 measured columns; each batch has 40 runs of 5 neighbours by the first one."""
    data = sklearn.datasets.load_breast_cancer().data
    data = data[np.argsort(data[:, 0], kind="stable")]
    rng = np.random.default_rng(28)
    looks, promise = 150, 30

    def table(rows: np.ndarray) -> dict[str, np.ndarray]:
        return {f"c{i}": data[rows % len(data), i] for i in range(data.shape[1])}

    def alarms(group: int) -> int:
        reference = kedge.profile(table(rng.integers(0, len(data), 20_000)), cells=256)
        monitor = kedge.Monitor(reference, min_effect=0, false_alarms=1 / promise, group=group)
        starts = rng.integers(0, len(data), (looks, 40, 1))
        return sum(len(monitor.update(table((s + np.arange(5)).ravel()))) for s in starts)

    most = looks / promise + 3 * math.sqrt(looks / promise)
    assert alarms(group=5) <= most
    assert alarms(group=1) > most
