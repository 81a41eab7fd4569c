"""The reference itself: examples worked out by hand, and polars and DuckDB on the same rows."""

from __future__ import annotations

import datetime as dt
import math
from typing import Any

import duckdb
import numpy as np
import polars as pl
import pytest

from tests.reference import window_aggregates as plain
from tests.reference.window import Count, Global, Kind, OnGrid, Sessions, Watermark, Window
from tests.reference.window_grid import Bounds, Calendar, Grid, Ticks
from tests.reference.window_sliding import SlidingRows, SlidingTime


def at(*times: int | None, **columns: list[Any]) -> list[dict[str, Any]]:
    rows = [{"t": time} for time in times]
    for name, values in columns.items():
        for row, value in zip(rows, values, strict=True):
            row[name] = value
    return rows


def window(kind: Kind, *, key: tuple[str, ...] = (), **mark: Any) -> Window:
    aggregates = {"n": plain.count()}
    return Window(kind, aggregates, time="t", key=key, watermark=Watermark(**mark))


def given(twin: Window, closed: list[plain.Closed]) -> list[tuple[Any, ...]]:
    return [tuple(twin.row(one).values()) for one in closed]


def tumbling(every: int) -> OnGrid:
    return OnGrid(Grid(Ticks(), every, every))


def test_tumbling_windows_close_when_the_watermark_is_at_their_end() -> None:
    twin = window(tumbling(10), lateness=5)
    assert given(twin, twin.push(at(1, 9, 14))) == []
    assert given(twin, twin.push(at(15, -1, 4))) == [(0, 10, 2)]
    assert [(row["t"], why) for row, why in twin.late] == [(-1, "closed"), (4, "closed")]
    assert given(twin, twin.finish()) == [(10, 20, 2)]


def test_windows_before_1970_are_rounded_down() -> None:
    twin = window(tumbling(10))
    assert given(twin, twin.push(at(-11, -10, -1, 0))) == [(-20, -10, 1), (-10, 0, 2)]


def test_hopping_windows_begin_before_the_first_row() -> None:
    twin = window(OnGrid(Grid(Ticks(), 5, 15)))
    assert given(twin, twin.push(at(1, 7))) == [(-10, 5, 1)]
    assert given(twin, twin.push(at(100))) == [(-5, 10, 2), (0, 15, 2), (5, 20, 1)]


def test_a_row_of_hopping_windows_counts_in_all_or_in_none() -> None:
    twin = window(OnGrid(Grid(Ticks(), 5, 15)))
    twin.push(at(1, 5, 4))
    assert [row["t"] for row, _ in twin.late] == [4]
    assert given(twin, twin.finish()) == [(-5, 10, 2), (0, 15, 2), (5, 20, 1)]


def test_rows_between_windows_belong_to_none_and_are_not_late() -> None:
    kind = OnGrid(Grid(Ticks(), 10, 4))
    twin = window(kind)
    assert given(twin, twin.push(at(3, 4, 9, 10, 5))) == [(0, 4, 1)]
    assert (kind.outside, twin.late) == (3, [])


def test_rows_outside_bounds_are_late() -> None:
    twin = window(OnGrid(Bounds([0, 3, 10])), lateness=100)
    twin.push(at(-1, 0, 2, 3, 9, 10))
    assert [(row["t"], why) for row, why in twin.late] == [
        (-1, "outside bounds"),
        (10, "outside bounds"),
    ]
    assert given(twin, twin.finish()) == [(0, 3, 2), (3, 10, 2)]


def test_a_row_that_bridges_two_sessions_joins_them() -> None:
    twin = window(Sessions(10), lateness=100)
    twin.push(at(0, 10, 25))
    assert given(twin, twin.finish()) == [(0, 10, 1), (10, 20, 1), (25, 35, 1)]
    twin.push(at(0, 15, 8))
    assert given(twin, twin.finish()) == [(0, 25, 3)]


def test_a_session_is_late_when_it_could_only_be_closed() -> None:
    twin = window(Sessions(10))
    assert given(twin, twin.push(at(0, 20, 11, 10))) == [(0, 10, 1)]
    assert [row["t"] for row, _ in twin.late] == [10]
    assert given(twin, twin.finish()) == [(11, 30, 2)]


def test_count_windows_close_as_they_fill() -> None:
    twin = window(Count(2), key=("k",))
    rows = at(5, 1, 9, 2, k=["b", None, "b", "a"])
    assert given(twin, twin.push(rows)) == [(5, 9, "b", 2)]
    assert given(twin, twin.finish()) == [(1, 1, None, 1), (2, 2, "a", 1)]


def test_one_global_window_holds_all() -> None:
    twin = window(Global(), key=("k",))
    assert given(twin, twin.push(at(5, 1, 9, k=["b", "a", "b"]))) == []
    assert given(twin, twin.finish()) == [(1, 9, "a", 1), (1, 9, "b", 2)]


def test_each_row_has_a_sliding_window_that_ends_with_it() -> None:
    twin = window(SlidingTime(10), lateness=5)
    assert given(twin, twin.push(at(5, 14, 9, 9))) == [(-5, 5, 1), (-1, 9, 2), (-1, 9, 3)]
    assert given(twin, twin.push(at(8, 20))) == [(4, 14, 4)]
    assert [row["t"] for row, _ in twin.late] == [8]
    assert given(twin, twin.finish()) == [(10, 20, 2)]


def test_sliding_windows_of_rows_hold_the_last_ones() -> None:
    twin = window(SlidingRows(2), key=("k",))
    rows = at(5, 9, 7, 8, k=["a", "a", "b", "a"])
    assert given(twin, twin.push(rows)) == [
        (5, 5, "a", 1),
        (5, 9, "a", 2),
        (7, 7, "b", 1),
        (8, 9, "a", 2),
    ]


def test_output_is_by_end_then_key_with_nulls_first() -> None:
    twin = window(tumbling(10), key=("k", "b"))
    rows = at(11, 1, 2, 3, 4, k=["a", "b", None, "a", "a"], b=[True, None, True, True, False])
    twin.watermark.lateness = 10
    twin.push(rows)
    assert [row[2:4] for row in given(twin, twin.finish())] == [
        (None, True),
        ("a", False),
        ("a", True),
        ("b", None),
        ("a", True),
    ]


def test_the_watermark_is_the_least_of_all_partitions() -> None:
    mark = Watermark(lateness=5, partitions=2)
    mark.see(0, 100)
    assert mark.mark is None
    mark.see(1, 50)
    assert mark.mark == 45
    mark.see(0, 10)
    mark.see(1, 200)
    assert mark.mark == 95
    mark.advance_to(90)
    assert mark.mark == 95


def test_an_idle_partition_is_left_out() -> None:
    mark = Watermark(partitions=3, idle=30)
    mark.see(0, 100)
    assert mark.mark == 100
    mark.see(1, 70)
    assert mark.mark == 100
    mark.see(1, 120)
    mark.see(0, 140)
    assert mark.mark == 120
    mark.see(0, 151)
    assert mark.mark == 151


def test_null_times_are_late_and_move_nothing() -> None:
    twin = window(tumbling(10))
    twin.push(at(None, 3, None))
    assert [why for _, why in twin.late] == ["null time"] * 2
    assert twin.watermark.mark == 3


def test_local_days_have_23_24_or_25_hours() -> None:
    riga = Calendar("d", "Europe/Riga")
    hours = {}
    for date in ("2024-03-30", "2024-03-31", "2024-10-27", "1969-12-31"):
        day = riga.unit_of_date(dt.date.fromisoformat(date))
        hours[date] = (riga.edge(day + 1) - riga.edge(day)) / 3600
        assert riga.unit(riga.edge(day)) == day
        assert riga.unit(riga.edge(day) - 1) == day - 1
    assert hours == {"2024-03-30": 24, "2024-03-31": 23, "2024-10-27": 25, "1969-12-31": 24}


def test_days_begin_after_a_midnight_that_is_skipped_and_at_the_first_of_two() -> None:
    def begins(zone: str, *date: int) -> str:
        day = Calendar("d", zone).unit_of_date(dt.date(*date))
        moment = dt.datetime.fromtimestamp(Calendar("d", zone).edge(day), dt.timezone.utc)
        return f"{moment:%Y-%m-%d %H:%M}"

    assert begins("America/Sao_Paulo", 2018, 11, 4) == "2018-11-04 03:00"  # shown as 01:00
    assert begins("America/Havana", 2023, 11, 5) == "2023-11-05 04:00"  # 00:00, and again at 05:00
    assert begins("America/St_Johns", 2010, 11, 7) == "2010-11-07 02:30"  # back to 23:01 at 00:01
    assert begins("Pacific/Apia", 2011, 12, 31) == "2011-12-30 10:00"  # the 30th is skipped


def test_weeks_begin_on_monday_and_months_in_january_1970() -> None:
    weeks, quarters = Calendar("w"), Grid(Calendar("mo"), 3, 3)
    assert weeks.edge(weeks.unit(0)) == -3 * 86_400
    may = int(dt.datetime(2024, 5, 17, tzinfo=dt.timezone.utc).timestamp())
    (window,) = quarters.windows(may)
    assert [f"{dt.datetime.fromtimestamp(t, dt.timezone.utc):%Y-%m-%d}" for t in window] == [
        "2024-04-01",
        "2024-07-01",
    ]


def value(aggregate: plain.Aggregate, rows: list[dict[str, Any]], **span: int) -> Any:
    edges = {"start": 0, "end": 10, **span}
    return aggregate(
        plain.Closed(**edges, key=(), rows=rows, time="t", second=1, unsigned=frozenset({"u"}))
    )


def test_aggregates_by_hand() -> None:
    rows = at(4, 1, 4, 2, 9, v=[2.0, None, 1.0, 5.0, math.nan], i=[1, 2, None, 4, 4])
    rows = [{**row, "b": b} for row, b in zip(rows, [True, None, False, True, True], strict=True)]
    assert value(plain.count(), rows) == 5
    assert value(plain.count("v"), rows) == 4
    assert value(plain.sum("i"), rows) == 11
    assert value(plain.mean("i"), rows) == 2.75
    assert value(plain.variance("i"), rows) == 2.25
    assert value(plain.stddev("i"), rows) == 1.5
    assert value(plain.variance("i", ddof=0), rows) == 27 / 16
    assert (value(plain.min("v"), rows), value(plain.max("v"), rows)) == (1.0, 5.0)
    assert value(plain.first("v"), rows) == 5.0
    assert (value(plain.first("i"), rows), value(plain.last("i"), rows)) == (2, 4)
    assert value(plain.last("v"), rows[:4]) == 1.0
    assert value(plain.delta("i"), rows) == 2
    assert value(plain.argmax("i", of="v"), rows) == 5.0
    assert value(plain.argmin("v"), rows) == 4
    assert (value(plain.any("b"), rows), value(plain.all("b"), rows)) == (True, False)
    assert value(plain.distinct("i"), rows) == 3
    assert value(plain.quantile("i", 0.5), rows) == 3.0
    assert value(plain.rate("i"), rows) == 1.1
    assert value(plain.rate(per=60), rows) == 30.0
    assert value(plain.ema("i", halflife=5), rows) == pytest.approx(
        (4 + 4 * 2 ** (-7 / 5) + 1 * 2 ** (-1) + 2 * 2 ** (-8 / 5))
        / (1 + 2 ** (-7 / 5) + 2 ** (-1) + 2 ** (-8 / 5)),
        rel=1e-15,
    )


def test_aggregates_of_nothing_are_null() -> None:
    rows = at(1, 2, v=[None, None])
    names = ("sum", "mean", "variance", "stddev", "skew", "kurtosis", "min", "max", "first", "last")
    for name in (*names, "delta", "argmin", "any", "all", "rate"):
        assert value(getattr(plain, name)("v"), rows) is None, name
    assert value(plain.count("v"), rows) == value(plain.distinct("v"), rows) == 0
    assert value(plain.quantile("v", 0.5), rows) is None
    assert value(plain.correlation("v", "v"), rows) is None
    assert value(plain.ema("v", halflife=1), rows) is None


def test_sums_that_do_not_fit_are_null() -> None:
    top = 2**63 - 1
    assert value(plain.sum("i"), at(1, 2, i=[top, 1])) is None
    assert value(plain.sum("i"), at(1, 2, 3, i=[top, 1, -1])) == top
    assert value(plain.sum("u"), at(1, 2, u=[top, top])) == 2 * top
    assert value(plain.sum("u"), at(1, 2, u=[2**64 - 1, 1])) is None


MOMENTS = {
    "sum": "sum(v)",
    "mean": "avg(v)",
    "variance": "var_samp(v)",
    "stddev": "stddev_samp(v)",
    "kurtosis": "kurtosis_pop(v)",
    "min": "min(v)",
    "max": "max(v)",
    "first": "arg_min(v, t)",
    "last": "arg_max(v, t)",
    "any": "bool_or(b)",
    "all": "bool_and(b)",
    "distinct": "count(distinct v)",
}


def some_rows(size: int, seed: int) -> list[dict[str, Any]]:
    rng = np.random.default_rng(seed)
    times = rng.permutation(20 * size)[:size].tolist()
    return at(
        *times,
        k=rng.integers(0, 3, size).tolist(),
        v=(rng.integers(0, 40, size) / 8).tolist(),
        b=(rng.random(size) < 0.8).tolist(),
    )


def test_hopping_windows_and_their_aggregates_are_those_of_duckdb() -> None:
    rows = some_rows(400, 1)
    aggregates = {
        name: getattr(plain, name)("b" if name in ("any", "all") else "v") for name in MOMENTS
    }
    aggregates["correlation"] = plain.correlation("v", lambda row: row["t"])
    aggregates["quantile"] = plain.quantile("v", 0.3)
    kind = OnGrid(Grid(Ticks(), 300, 700))
    twin = Window(kind, aggregates, time="t", key=("k",), watermark=Watermark(10**9))
    twin.push(rows)
    ours = [twin.row(one) for one in twin.finish() if len(one.rows) > 2]
    frame = pl.DataFrame(rows)
    columns = ", ".join([*MOMENTS.values(), "corr(v, t)", "quantile_cont(v, 0.3)"])
    theirs = duckdb.sql(
        f"""select g.s, g.s + 700 as e, k, {columns} from frame
            join (select unnest(range(-900, 9000, 300)) as s) g on t >= g.s and t < g.s + 700
            group by all having count(*) > 2 order by e, k"""
    ).fetchall()
    assert frame.height == 400
    assert [list(row.values())[:3] for row in ours] == [list(row[:3]) for row in theirs]
    for mine, other in zip(ours, theirs, strict=True):
        assert list(mine.values())[3:] == pytest.approx(list(other[3:]), rel=1e-9, nan_ok=True)


def test_texts_and_cells_are_those_of_duckdb() -> None:
    rows = some_rows(300, 9)
    rows = [{**row, "s": ["b", "", "ab", "\u00e4", None][int(row["v"] * 8) % 5]} for row in rows]
    aggregates = {
        "least": plain.min("s"),
        "greatest": plain.max("s"),
        "first": plain.first("s"),
        "last": plain.last("s"),
        "cells": plain.histogram("v", bounds=[1, 2.5]),
        "often": plain.top("s", k=2),
    }
    twin = Window(tumbling(1000), aggregates, time="t", key=("k",), watermark=Watermark(10**9))
    twin.push(rows)
    ours = [list(twin.row(one).values())[2:] for one in twin.finish()]
    frame = pl.DataFrame(rows)
    theirs = duckdb.sql(
        """with counts as (select t // 1000 as w, k, s, count(*) as n from frame
                           where s is not null group by all),
           tops as (select w, k, list({'value': s, 'count': n} order by n desc, s)[:2] as often
                    from counts group by all)
           select k, min(s), max(s), arg_min(s, t), arg_max(s, t),
             [count(*) filter (v < 1), count(*) filter (v >= 1 and v < 2.5),
              count(*) filter (v >= 2.5)], any_value(often)
           from frame join tops using (k) where t // 1000 = w group by w, k order by w, k"""
    ).fetchall()
    assert frame.height == 300
    assert ours == [list(row) for row in theirs]


@pytest.mark.parametrize("every", ["1d", "1w", "1mo", "1y"])
@pytest.mark.parametrize("zone", ["UTC", "Europe/Riga", "America/New_York", "Australia/Lord_Howe"])
def test_calendar_windows_are_those_of_polars(every: str, zone: str) -> None:
    rng = np.random.default_rng(3)
    start = int(dt.datetime(2021, 1, 1, tzinfo=dt.timezone.utc).timestamp())
    times = np.sort(rng.integers(start, start + 3 * 365 * 86_400, 300)).tolist()
    kind = OnGrid(Grid(Calendar(every[1:], zone), 1, 1))
    twin = window(kind, lateness=10**9)
    twin.push(at(*times))
    frame = pl.DataFrame({"t": times}).select(
        pl.from_epoch("t", time_unit="s").dt.replace_time_zone("UTC").dt.convert_time_zone(zone)
    )
    groups = frame.group_by_dynamic("t", every=every, include_boundaries=True).agg(n=pl.len())
    theirs = groups.select(
        pl.col("_lower_boundary").dt.epoch("s"), pl.col("_upper_boundary").dt.epoch("s"), "n"
    ).rows()
    assert given(twin, twin.finish()) == theirs


def test_sessions_are_the_islands_of_sql() -> None:
    rows = some_rows(300, 5)
    twin = window(Sessions(30), key=("k",), lateness=10**9)
    twin.push(rows)
    frame = pl.DataFrame(rows)
    assert (
        given(twin, twin.finish())
        == duckdb.sql(
            """with marked as (select *, coalesce(t - lag(t) over o >= 30, true)::int as begins
             from frame window o as (partition by k order by t)),
           numbered as (select *, sum(begins) over (partition by k order by t) as g from marked)
           select min(t) as s, max(t) + 30 as e, k, count(*) as n
             from numbered group by k, g order by e, k"""
        ).fetchall()
    )
    assert frame.height == 300
