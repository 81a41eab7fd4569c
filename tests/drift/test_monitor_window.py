"""A monitor's window holds the newest rows, by updates or by time; its clock is the events' own."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import kedge
from tests.reference import row_window as plain

REFERENCE = kedge.profile(
    pa.table({"x": np.arange(100.0), "city": ["Riga", "Oslo"] * 50}), cells=16, slices=["city"]
)
STEPS = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 4)), min_size=1, max_size=60)
EPOCH = np.datetime64("1970-01-01", "s")


def rows_of(seed: int, rows: int, time: int = 0) -> pa.Table:
    rng = np.random.default_rng(seed)
    return pa.table(
        {
            "x": rng.normal(50, 40, rows),
            "city": rng.choice(["Riga", "Oslo", "Turku"], rows),
            "ts": np.full(rows, EPOCH + time),
        }
    )


def counted(tables: list[pa.Table]) -> kedge.Profile:
    profile = REFERENCE.like()
    for table in tables:
        profile.update(table)
    return profile


def stored(monitor: kedge.Monitor) -> kedge.Monitor:
    again = kedge.Monitor.from_bytes(monitor.to_bytes())
    assert again == monitor
    return again


@settings(max_examples=60, deadline=None)
@given(STEPS, st.sampled_from([1, 2, 7, 64, 300]), st.booleans(), st.booleans())
def test_updates_leave_as_in_the_definition(
    steps: list[tuple[int, int]], length: int, tumbling: bool, stops: bool
) -> None:
    monitor = kedge.Monitor(REFERENCE, window=length, tumbling=tumbling)
    seen: list[tuple[float, pa.Table]] = []
    for seed, (_, rows) in enumerate(steps * 2):
        table = rows_of(seed, rows)
        monitor.update(table)
        if rows:
            seen.append((len(seen), table))
        if stops:
            monitor = stored(monitor)
    newest = (plain.tumbling if tumbling else plain.sliding)(seen, length) if seen else []
    assert monitor.newest == counted(newest)
    assert monitor.counted == counted([table for _, table in seen])
    if not tumbling and length <= 64:
        assert newest == [table for _, table in seen[-length:]]


@settings(max_examples=60, deadline=None)
@given(STEPS, st.sampled_from([1, 30, 100, 1000]), st.booleans(), st.booleans())
def test_so_does_time_by_the_events(
    steps: list[tuple[int, int]], length: int, tumbling: bool, stops: bool
) -> None:
    monitor = kedge.Monitor(
        REFERENCE, clock="ts", window=timedelta(seconds=length), tumbling=tumbling
    )
    seen: list[tuple[float, pa.Table]] = []
    now = -500
    for seed, (step, rows) in enumerate(steps):
        now += step
        table = rows_of(seed, rows + 1, now)
        monitor.update(table)
        seen.append((now, table))
        if stops:
            monitor = stored(monitor)
    newest = (plain.tumbling if tumbling else plain.sliding)(seen, length)
    assert monitor.newest == counted(newest)
    if not tumbling:
        assert all(now - at <= length * 65 / 64 for at, table in seen if table in newest)


def test_a_report_is_of_the_window_and_evidence_of_the_stream() -> None:
    rng = np.random.default_rng(1)
    reference = kedge.profile({"x": rng.normal(size=20_000)})
    whole, newest = kedge.Monitor(reference), kedge.Monitor(reference, window=5)
    for shift in [0.0] * 10 + [1.0] * 5 + [0.0] * 5:
        rows = {"x": rng.normal(shift, 1, 400)}
        assert whole.update(rows) == newest.update(rows)
        assert whole.evidence() == newest.evidence()
    assert whole.newest is None
    assert whole.report().verdict == "yes"
    assert newest.report().verdict != "yes"
    assert newest.newest is not None
    assert newest.newest.row_count == 2000


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns", "D"])
def test_event_times_pass_as_they_are_told(unit: str) -> None:
    rng = np.random.default_rng(2)
    reference = kedge.profile({"x": rng.normal(size=5000)})
    told = kedge.Monitor(reference, false_alarms="1/30d")
    clocked = kedge.Monitor(reference, false_alarms="1/30d", clock="ts")
    day = np.timedelta64(1, "D")
    start = np.datetime64("2024-02-28")
    for i, late in enumerate((0, 0, 3, 0)):  # a late row does not turn the clock back
        x = rng.normal(0.3, 1, 100)
        times = np.full(100, start + (2 * i + 1) * day)
        times[:7] -= (1 + late) * day
        table = pa.table({"x": x, "ts": times.astype(f"datetime64[{unit}]")})
        expected = told.update({"x": x}, elapsed=timedelta(days=1 if i == 0 else 2))
        assert clocked.update(table) == expected
        clocked = stored(clocked)
    assert clocked.evidence() == told.evidence()


def test_rows_without_new_times_take_hardly_any() -> None:
    monitor = kedge.Monitor(REFERENCE, false_alarms="1/1h", clock="ts")
    monitor.update(rows_of(1, 5, 100))
    for time in (pa.nulls(5, pa.timestamp("s")), rows_of(2, 5, 50)["ts"]):
        monitor.update(rows_of(2, 5).set_column(2, "ts", time))
    assert monitor.updates == 3


def test_what_has_no_meaning_is_refused() -> None:
    def refuses(match: str, **options: Any) -> None:
        with pytest.raises(kedge.InvalidArgument, match=match):
            kedge.Monitor(REFERENCE, **options)

    for window in (0, -1, True, 2.5, 2**60):
        refuses("neither a number of updates nor a time", window=window)
    for window in ("", "7", "0d", "1y", "-1d", timedelta(0)):
        refuses("expected a length", window=window)
    refuses("wants a clock", window="1d")
    refuses("there is none", tumbling=True)
    refuses("names no column", clock="")
    monitor = kedge.Monitor(REFERENCE, false_alarms="1/1h", clock="ts", window="1d")
    nothing = rows_of(1, 5).set_column(2, "ts", pa.nulls(5, pa.timestamp("s")))
    millis = rows_of(1, 5).set_column(2, "ts", rows_of(1, 5)["ts"].cast(pa.timestamp("ms")))
    before = monitor.to_bytes()
    for data, error in (
        (rows_of(1, 5).drop_columns("ts"), "ts"),
        (nothing, "begins without a time"),
        (rows_of(1, 5).set_column(2, "ts", pa.array(range(5))), "no times of events but int64"),
        (counted([rows_of(1, 5)]), "no event times"),
        (rows_of(1, 5).drop_columns("x"), "x"),
    ):
        with pytest.raises(kedge.KedgeError, match=error):
            monitor.update(data)
        assert monitor.to_bytes() == before
    monitor.update(rows_of(1, 5))
    with pytest.raises(kedge.InvalidArgument, match="another unit"):
        monitor.update(millis)
    with pytest.raises(kedge.InvalidArgument, match='"ts" is the clock'):
        monitor.update(rows_of(1, 5), elapsed=1)
    with pytest.raises(kedge.InvalidArgument):
        monitor.feed()
