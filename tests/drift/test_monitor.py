"""A monitor's evidence equals its definition; it names what changed, and comes back from bytes."""

from __future__ import annotations

import math
import pickle
from datetime import timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import kedge
from tests.reference import monitor as plain
from tests.strategies import columns

Table = dict[str, Any]


def normal(rng: np.random.Generator, rows: int, shift: float = 0.0) -> Table:
    return {"x": rng.normal(shift, 1, rows)}


def spread_out(seed: int) -> np.ndarray:
    """Enough values, and different enough, that all cuts are there, each in a cell of its own."""
    return np.random.default_rng(seed).uniform(size=200 + 90 * seed)


def counts(profile: kedge.Profile) -> tuple[list[int], int]:
    histogram = profile.histogram("x")
    return histogram.counts.tolist(), histogram.null_count + histogram.nan_count


def point_slots(histogram: kedge.Histogram) -> set[int]:
    """Slots that hold one value; bounds[i] is the least value of the cell that has slot i + 2."""
    low, high = histogram.bounds[:-1], histogram.bounds[1:]
    alone = (high == np.nextafter(low, np.inf)) & (np.abs(low) < 2**53)
    return {0, len(histogram.counts) - 1, *(np.flatnonzero(alone) + 2).tolist()}


@settings(max_examples=60)
@given(
    st.one_of(columns(max_size=400), st.integers(0, 99).map(spread_out)),
    st.integers(0, 2**32),
    st.sampled_from([0.0, 0.02, 0.1]),
    st.sampled_from([1, 3]),
)
def test_evidence_equals_the_definition(
    column: np.ndarray, seed: int, min_effect: float, group: int
) -> None:
    rng = np.random.default_rng(seed)
    reference = kedge.profile({"x": column}, cells=64)
    if reference.histogram("x").value_count < 2 or len(reference.histogram("x").counts) < 5:
        return
    if sum(counts(reference)[0][:2]) + sum(counts(reference)[0][-2:]):
        return  # values at the ends of the line are outside of any range
    monitor = kedge.Monitor(reference, min_effect=min_effect, false_alarms=1e-100, group=group)
    batches = []
    for _ in range(4):
        with np.errstate(invalid="ignore"):  # a NaN that is drawn may be a signalling one
            batch = {"x": rng.choice(column, rng.integers(1, 30)) + rng.choice([0.0, 0.0, 1.0])}
        if monitor.update(batch):
            return  # behind an alarm evidence begins anew
        current = reference.like()
        current.update(batch)
        batches.append(counts(current))
    expected = plain.evidence_of(
        counts(reference),
        batches,
        min_effect=min_effect,
        alpha=0.01,
        group=group,
        points=point_slots(reference.histogram("x")),
    )
    assert monitor.evidence()["x"] == pytest.approx(expected, rel=1e-9)


def test_a_shift_is_found_and_said_where() -> None:
    rng = np.random.default_rng(1)
    monitor = kedge.Monitor(kedge.profile(normal(rng, 100_000)))
    for _ in range(40):
        assert monitor.update(normal(rng, 500)) == []
    found = [alarm for _ in range(20) for alarm in monitor.update(normal(rng, 500, 0.3))]
    alarm = found[0]
    assert (alarm.column, alarm.what, alarm.by) == ("x", "values", "")
    assert 41 <= alarm.since <= alarm.update <= 46
    assert alarm.at_least <= 0.118 <= alarm.at_most  # of two normals, 0.3 apart
    assert alarm.at_least >= 0.02
    assert alarm.reference_share != alarm.current_share
    assert alarm.where.count("->") == 1
    assert len(found) > 1  # it starts anew, and what stays changed alarms again


def categories(rng: np.random.Generator, rows: int, chances: list[float]) -> Table:
    names = np.array(["Riga", "Turku", "Gdynia", "Oslo"])[: len(chances)]
    return {"x": rng.choice(names, rows, p=chances)}


def test_names_new_names_nulls_ranges_and_texts_are_asked_about() -> None:
    rng = np.random.default_rng(2)
    words = [f"{i:x}" for i in rng.integers(0, 2**40, 20_000)]
    reference = kedge.profile(
        {
            "city": rng.choice(["Riga", "Turku", "Gdynia"], 20_000),
            "code": words,
            "amount": rng.random(20_000),
            "none": np.full(20_000, math.nan),
        }
    )

    def batch(**changed: Any) -> Table:
        usual: Table = {
            "city": rng.choice(["Riga", "Turku", "Gdynia"], 2000),
            "code": [f"{i:x}" for i in rng.integers(0, 2**40, 2000)],
            "amount": rng.random(2000),
            "none": np.full(2000, math.nan),
        }
        return usual | changed

    amount = rng.random(2000)
    some = rng.random(2000) < 0.1
    for changed, column, what, where in (
        ({"city": rng.choice(["Riga", "Turku"], 2000)}, "city", "name", "Gdynia: 33.2% -> 0.0%"),
        ({"city": np.where(some, "Oslo", "Riga")}, "city", "name", "Riga"),
        (
            {"city": np.where(some, "Oslo", rng.choice(["Riga", "Turku", "Gdynia"], 2000))},
            "city",
            "new names",
            "new names: 0.0% -> ",
        ),
        ({"amount": np.where(some, -1.0, amount)}, "amount", "below the range", "< "),
        ({"amount": np.where(some, 7.0, amount)}, "amount", "above the range", ">"),
        ({"amount": np.where(some, math.nan, amount)}, "amount", "missing", "missing: 0.0% -> "),
        ({"code": ["x"] * 2000}, "code", "", ""),
        ({"none": rng.random(2000)}, "none", "missing", "missing: 100.0% -> 0.0%"),
    ):
        monitor = kedge.Monitor(reference, min_effect=0.02)
        assert monitor.update(batch()) == []
        alarms = monitor.update(batch(**changed))
        alarms += monitor.update(batch(**changed))
        assert {alarm.column for alarm in alarms} == {column}
        assert what in alarms[0].what
        assert alarms[0].where.startswith(where)
        assert str(alarms[0]).startswith("update ")


def test_slices_are_watched_too() -> None:
    rng = np.random.default_rng(3)
    region = ["north", "south", "west"]

    def table(rows: int, shift: float) -> Table:
        where = rng.choice(region, rows)
        return {"x": rng.normal(0, 1, rows) + shift * (where == "west"), "region": where}

    reference = kedge.profile(table(60_000, 0), slices=["region"])
    monitor = kedge.Monitor(reference, min_effect=0.05)
    assert [monitor.update(table(500, 0)) for _ in range(10)] == [[]] * 10
    alarms = [alarm for _ in range(10) for alarm in monitor.update(table(500, 0.6))]
    slices = {(alarm.by, alarm.slice) for alarm in alarms if alarm.by}
    assert slices == {("region", "west")}


def test_a_list_tells_a_column_once() -> None:
    rng = np.random.default_rng(4)
    names = [f"c{i}" for i in range(20)]
    reference = kedge.profile({name: rng.normal(size=20_000) for name in names})
    monitor = kedge.Monitor(reference, fdr=0.1)
    told = [
        alarm.column
        for _ in range(30)
        for alarm in monitor.update(
            {name: rng.normal(0.5 * (i < 5), 1, 500) for i, name in enumerate(names)}
        )
    ]
    assert sorted(told) == names[:5]
    assert kedge.Monitor.from_bytes(monitor.to_bytes()) == monitor


@pytest.mark.parametrize("fdr", [None, 0.05])
def test_bytes_bring_a_monitor_back_in_mid_stream(fdr: float | None) -> None:
    rng = np.random.default_rng(5)
    monitor = kedge.Monitor(kedge.profile(normal(rng, 5000)), fdr=fdr, group=2, min_effect=0.01)
    for turn in range(60):
        batch = normal(rng, 200, 0.1 * (turn > 40))
        other = kedge.Monitor.from_bytes(monitor.to_bytes())
        assert other == monitor == pickle.loads(pickle.dumps(monitor))
        assert other.update(batch) == monitor.update(batch)
        assert other.to_bytes() == monitor.to_bytes()
    assert other.evidence() == monitor.evidence()
    assert monitor.updates == 60
    assert monitor.counted.row_count == 12_000


def test_a_batch_is_one_look_however_it_is_split() -> None:
    rng = np.random.default_rng(6)
    reference = kedge.profile(normal(rng, 5000))
    whole, parted, counted = (kedge.Monitor(reference) for _ in range(3))
    for shift in (0, 0, 0.2, 0.5):
        x = rng.normal(shift, 1, 300)
        profile = reference.like()
        profile.update({"x": x})
        chunks = pa.table({"x": pa.chunked_array([x[:100], x[100:]])})
        alarms = whole.update({"x": x})
        assert parted.update(chunks) == alarms
        assert counted.update(profile) == alarms
    assert whole == parted == counted


def test_an_update_is_all_or_nothing_and_none_without_rows() -> None:
    rng = np.random.default_rng(7)
    monitor = kedge.Monitor(kedge.profile(normal(rng, 1000)))
    monitor.update(normal(rng, 100))
    before = monitor.to_bytes()
    for refused in ({"y": np.zeros(3)}, {"x": ["a", "b"]}, [{"x": 1}]):
        with pytest.raises(kedge.KedgeError):
            monitor.update(refused)
        assert monitor.to_bytes() == before
    assert monitor.update({"x": np.array([])}) == []
    assert monitor.to_bytes() == before


def test_a_clock_counts_time_instead_of_updates() -> None:
    rng = np.random.default_rng(8)
    reference = kedge.profile(normal(rng, 10_000))
    clocked = kedge.Monitor(reference, false_alarms="1/2h")
    counted = kedge.Monitor(reference, false_alarms=1 / 120)
    for shift in (0, 0, 0, 0.4, 0.4, 0.4):
        batch = normal(rng, 200, shift)
        expected = counted.update(batch)
        alarms = clocked.update(batch, elapsed=timedelta(minutes=1))
        assert [a.since for a in alarms] == [a.since for a in expected]
        assert clocked.evidence()["x"] == pytest.approx(60 * counted.evidence()["x"])
    with pytest.raises(kedge.InvalidArgument, match="elapsed is wanted"):
        clocked.update(batch)
    with pytest.raises(kedge.InvalidArgument, match="elapsed is not wanted"):
        counted.update(batch, elapsed=1.0)
    for elapsed in (0.0, -1.0, math.nan, math.inf):
        with pytest.raises(kedge.InvalidArgument, match="not a time above 0"):
            clocked.update(batch, elapsed=elapsed)


def test_what_has_no_meaning_is_refused() -> None:
    reference = kedge.profile({"x": np.arange(10.0)})
    for options in (
        {"min_effect": 1.0},
        {"min_effect": -0.1},
        {"false_alarms": 0.0},
        {"false_alarms": 1.5},
        {"false_alarms": float("nan")},
        {"false_alarms": "1/30"},
        {"false_alarms": "0/30d"},
        {"false_alarms": "1/0d"},
        {"fdr": 0.0},
        {"fdr": 1.0},
        {"confidence": 1.0},
        {"group": 0},
        {"group": -1},
    ):
        with pytest.raises(kedge.InvalidArgument):
            kedge.Monitor(reference, **options)  # type: ignore[arg-type]
    with pytest.raises(kedge.InvalidArgument, match="must be a Profile"):
        kedge.Monitor({"x": [1.0]})  # type: ignore[arg-type]


def test_damaged_bytes_are_refused_or_read_as_something() -> None:
    rng = np.random.default_rng(9)
    monitor = kedge.Monitor(kedge.profile(normal(rng, 500), cells=64))
    monitor.update(normal(rng, 100))
    stored = monitor.to_bytes()
    for cut in range(0, len(stored), 97):
        with pytest.raises(kedge.CorruptData):
            kedge.Monitor.from_bytes(stored[:cut])
    for place in range(0, len(stored), 89):
        damaged = bytearray(stored)
        damaged[place] ^= 0x41
        with pytest.raises(kedge.KedgeError):
            kedge.Monitor.from_bytes(bytes(damaged))


def test_the_plan_is_about_right() -> None:
    rng = np.random.default_rng(10)
    reference = kedge.profile(normal(rng, 1_000_000))
    monitor = kedge.Monitor(reference, min_effect=0.02)
    plan = monitor.plan()
    assert "shift 0.1" in str(plan)
    with pytest.raises(KeyError, match='no column "y"; the columns are "x"'):
        plan["y"]
    rows = plan["x"].rows
    assert rows[0.05] > rows[0.1] > rows[0.2] > rows[0.4]
    assert 0.02 < plan["x"].tolerance < 0.024
    needed = [rows_until_alarm(rng, reference) for _ in range(20)]
    assert rows[0.1] / 2 < np.mean(needed) < rows[0.1] * 2


def rows_until_alarm(rng: np.random.Generator, reference: kedge.Profile) -> int:
    """With a shift of 0.1 in Kolmogorov and Smirnov's distance, told 50 rows at a time."""
    monitor = kedge.Monitor(reference, min_effect=0.02)
    for look in range(1, 1000):
        if monitor.update(normal(rng, 50, 0.2514)):
            return 50 * look
    return 50_000


def test_the_plan_of_too_small_a_shift_is_never() -> None:
    rng = np.random.default_rng(11)
    monitor = kedge.Monitor(kedge.profile(normal(rng, 1000)), min_effect=0.02)
    assert monitor.plan(shifts=[0.01])["x"].rows == {0.01: math.inf}
    assert "never" in str(monitor.plan(shifts=[0.01]))
    with pytest.raises(kedge.InvalidArgument, match="shift = 0"):
        monitor.plan(shifts=[0.0])


def test_alarms_in_a_row_are_one_episode_until_the_column_is_back() -> None:
    rng = np.random.default_rng(12)
    monitor = kedge.Monitor(kedge.profile(normal(rng, 50_000)))
    shifts = [0.0] * 5 + [0.5] * 15 + [0.0] * 20 + [-0.5] * 5
    alarms = [alarm for shift in shifts for alarm in monitor.update(normal(rng, 1000, shift))]
    assert len(alarms) > 5
    first = [alarm.update for alarm in alarms if alarm.is_first]
    assert len(first) == 2
    assert 6 <= first[0] <= 8
    assert 41 <= first[1] <= 43
    assert {alarm.episode for alarm in alarms} == set(first)


def test_values_one_at_a_time_are_looked_at_together() -> None:
    rng = np.random.default_rng(13)
    reference = kedge.profile(normal(rng, 20_000))
    fed, told = kedge.Monitor(reference), kedge.Monitor(reference)
    values = rng.normal(np.where(np.arange(3000) < 2000, 0, 1))
    feed = fed.feed(every=50)
    alarmed = [i for i, value in enumerate(values.tolist()) if feed.add(value)]
    batches = values.reshape(-1, 50)
    expected = [told.update({"x": batch}) for batch in batches]
    assert alarmed == [50 * i + 49 for i, alarms in enumerate(expected) if alarms]
    assert [a.update for a in feed.take_alarms()] == [a.update for e in expected for a in e]
    assert feed.take_alarms() == []
    assert fed == told


def test_what_cannot_be_fed_is_refused() -> None:
    two = kedge.Monitor(kedge.profile({"x": np.arange(9.0), "y": np.arange(9.0)}))
    names = kedge.Monitor(kedge.profile({"x": ["a", "b"] * 9}))
    clocked = kedge.Monitor(kedge.profile({"x": np.arange(9.0)}), false_alarms="1/30d")
    for monitor in (two, names, clocked):
        with pytest.raises(kedge.InvalidArgument):
            monitor.feed()
    one = kedge.profile({"x": np.arange(9.0)})
    for count in (0, -1, 2**40, 2**80):
        with pytest.raises(
            kedge.InvalidArgument, match=f"every = {count} is not from 1 to 16777216"
        ):
            kedge.Monitor(one).feed(every=count)
        with pytest.raises(kedge.InvalidArgument, match=f"group = {count} is not from 1 to 10737"):
            kedge.Monitor(one, group=count)
