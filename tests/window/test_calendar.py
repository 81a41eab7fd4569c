"""Days, weeks, months and years of a time zone, over the days on which clocks change."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import kedge
from tests.reference import window as reference
from tests.reference import window_aggregates as plain
from tests.reference.window import OnGrid, Watermark
from tests.reference.window_grid import Calendar, Grid
from tests.window.agreement import Ask, check, concat
from tests.window.streams import rows_of

ZONES = [
    *("UTC", "Europe/Riga", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe"),
    *("America/Sao_Paulo", "America/Havana", "America/St_Johns", "Pacific/Apia", "Asia/Gaza"),
]
# every, length, in units of the calendar
SHAPES = [("d", 1, 1), ("d", 2, 2), ("w", 1, 1), ("w", 2, 2), ("mo", 1, 1), ("mo", 3, 3)]
SHAPES += [("y", 1, 1), ("d", 1, 7), ("d", 2, 5), ("w", 1, 2), ("mo", 1, 3), ("d", 5, 2)]
SECONDS = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}
ASKS = [Ask("count"), Ask("sum", ("i",)), Ask("rate", ("i",), {"per": "3600s"})]


def some_times(zone: str, seed: int, size: int) -> list[int]:
    """Seconds of some weeks, many of them next to local midnights and clock changes."""
    rng = np.random.default_rng(seed)
    year = int(rng.choice([1968, 1999, 2009, 2011, 2018, 2023, 2030]))
    start = dt.date(year, int(rng.choice([2, 3, 9, 10, 12])), int(rng.integers(1, 28)))
    line = Calendar("d", zone)
    day = line.unit_of_date(start)
    days = day + np.sort(rng.integers(0, 60, size))
    near = rng.choice([-3601, -1, 0, 1, 1799, 3600, 40_000], size)
    return [line.edge(int(d)) + int(n) for d, n in zip(days, near, strict=True)]


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@given(
    zone=st.sampled_from(ZONES),
    seed=st.integers(0, 2**32),
    unit=st.sampled_from([*SECONDS]),
    size=st.integers(1, 60),
    zoned=st.booleans(),
)
@settings(max_examples=15)
def test_windows_of_the_calendar_are_as_defined(
    shape: tuple[str, int, int], zone: str, seed: int, unit: str, size: int, zoned: bool
) -> None:
    name, every, length = shape
    second = SECONDS[unit]
    times = [t * second + (t % 7) * (second // 7) for t in some_times(zone, seed, size)]
    column = pa.array(times, pa.int64()).cast(pa.timestamp(unit, zone if zoned else None))
    table = pa.table({"t": column, "i": pa.array(range(size), pa.int32())})
    grid = Grid(Calendar(name, zone, second), every, length)
    twin = reference.Window(
        OnGrid(grid),
        {"count": plain.count(), "sum i": plain.sum("i"), str(ASKS[2]): ASKS[2].plain()},
        time="t",
        watermark=Watermark(2 * 86_400 * second),
        second=second,
    )
    ours = kedge.Window(
        time="t",
        every=f"{every}{name}",
        length=f"{length}{name}",
        time_zone=zone,
        lateness="2d",
        aggregates={str(ask): ask.ours() for ask in ASKS},
    )
    tables = [pa.table(ours.push(table)), pa.table(ours.finish())]
    exact = [*twin.push(rows_of(table)), *twin.finish()]
    check(concat(tables), exact, ASKS, twin)
    assert len(pa.table(ours.late())) == len(twin.late)


def starts(table: pa.Table) -> list[str]:
    return [f"{start:%m-%d %H:%M}" for start in table["window_start"].to_pylist()]


def counts_of(moments: list[dt.datetime], **given: str) -> pa.Table:
    window = kedge.Window(time="t", aggregates={"n": kedge.count()}, lateness="400d", **given)
    window.push(pa.table({"t": pa.array(moments, pa.timestamp("us"))}))
    return pa.table(window.finish())


def test_hours_are_of_60_minutes_in_every_zone() -> None:
    hours = [dt.datetime(2024, 10, 27, hour, 30) for hour in range(3)]
    given = counts_of(hours, every="1h", time_zone="Europe/Riga")
    assert starts(given) == ["10-27 00:00", "10-27 01:00", "10-27 02:00"]


def test_a_day_is_24_hours_without_a_zone() -> None:
    given = counts_of([dt.datetime(2024, 3, 30, 23, 59), dt.datetime(2024, 3, 31)], every="1d")
    assert starts(given) == ["03-30 00:00", "03-31 00:00"]


def test_a_zone_of_the_column_alone_moves_no_window() -> None:
    times = pa.array([dt.datetime(2024, 3, 30, 23)], pa.timestamp("us", "Europe/Riga"))
    window = kedge.Window(time="t", every="1d", aggregates={"n": kedge.count()})
    window.push(pa.table({"t": times}))
    (start,) = pa.table(window.finish())["window_start"].cast(pa.timestamp("us")).to_pylist()
    assert start == dt.datetime(2024, 3, 30)


def test_weeks_begin_on_monday() -> None:
    given = counts_of([dt.datetime(2024, 5, 12), dt.datetime(2024, 5, 13)], every="1w")
    assert starts(given) == ["05-06 00:00", "05-13 00:00"]


def test_an_unknown_zone_is_refused() -> None:
    with pytest.raises(kedge.InvalidArgument, match="Mars/Olympus"):
        counts_of([], every="1d", time_zone="Mars/Olympus")


def test_months_of_dates_are_months() -> None:
    dates = [dt.date(2024, 1, 31), dt.date(2024, 2, 1), dt.date(2024, 2, 29)]
    window = kedge.Window(time="t", every="1mo", aggregates={"n": kedge.count()})
    window.push(pa.table({"t": pa.array(dates, pa.date32())}))
    rows = pa.table(window.finish()).to_pylist()
    assert [row["window_start"] for row in rows] == [dt.date(2024, 2, 1)]
    assert [row["n"] for row in rows] == [2]
