"""Shapes, places, truths, distinct counts, quantiles, rates and decay are as defined."""

from __future__ import annotations

import datetime as dt
import math

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import kedge
from kedge._core import Distinct
from tests.reference import window_aggregates as plain
from tests.window import asks
from tests.window.agreement import Ask, assert_agree, check, pair, run
from tests.window.kinds import KINDS, WindowKind
from tests.window.streams import WITHIN_DAYS, Stream, rows_of, streams

FAMILIES = {
    "texts": asks.TEXTS,
    "shapes": asks.SHAPES,
    "args": asks.ARGS,
    "truths": asks.TRUTHS,
    "distinct": asks.DISTINCTS,
    "quantiles": asks.QUANTILES,
    "histograms": asks.HISTOGRAMS,
    "tops": asks.TOPS,
    "rates": asks.RATES,
    "deltas": asks.DELTAS,
    "decays": asks.DECAYS,
}


@pytest.mark.parametrize("kind", KINDS, ids=str)
@pytest.mark.parametrize("family", FAMILIES)
@given(stream=streams(max_size=80, clocks=WITHIN_DAYS))
@settings(max_examples=8)
def test_aggregates_are_as_defined(kind: WindowKind, family: str, stream: Stream) -> None:
    assert_agree(stream, kind, FAMILIES[family])


@given(
    stream=streams(max_size=60, clocks=WITHIN_DAYS),
    kind=st.sampled_from(KINDS),
    few=st.lists(st.sampled_from([*asks.FIRST, *asks.MORE]), max_size=5, unique_by=str),
)
@settings(max_examples=40)
def test_any_few_aggregates_are_as_defined_together(
    stream: Stream, kind: WindowKind, few: list[Ask]
) -> None:
    assert_agree(stream, kind, [Ask("count"), *few])


def whole(values: pa.Array, **aggregates: object) -> dict[str, object]:
    """The one row of a global window of a column `v`."""
    window = kedge.Window(aggregates=aggregates)
    window.push(pa.table({"v": values}))
    (row,) = pa.table(window.finish()).to_pylist()
    return row


def one(values: pa.Array, aggregate: object) -> object:
    return whole(values, a=aggregate)["a"]


def test_distinct_counts_are_exact_up_to_256() -> None:
    for size in (1, 255, 256):
        assert one(pa.array(range(size)).cast(pa.int64()), kedge.distinct("v")) == size
        assert one(pa.array([str(i) for i in range(size)]), kedge.distinct("v")) == size


@pytest.mark.parametrize("size", [300, 5_000, 100_000])
def test_distinct_counts_are_within_the_stated_error(size: int) -> None:
    errors = []
    for seed in range(8):
        values = pa.array(np.arange(size) + seed * 10**7)
        errors.append(one(values, kedge.distinct("v")) / size - 1)
        assert one(values, kedge.distinct("v", exact=True)) == size
    assert max(map(abs, errors)) <= 4 * Distinct.STANDARD_ERROR


@pytest.mark.parametrize("shape", ["rising", "falling", "mixed", "ties"])
@pytest.mark.parametrize("error", [0.01, 0.05])
def test_ranks_of_quantiles_are_within_the_error(shape: str, error: float) -> None:
    size = 60_000
    values = np.random.default_rng(7).permutation(size).astype(np.float64)
    if shape in ("rising", "falling"):
        values = np.sort(values)[:: 1 if shape == "rising" else -1]
    if shape == "ties":
        values = np.floor(values / 1000)
    ordered = np.sort(values)
    shares = [0.0, 0.001, 0.1, 0.5, 0.9, 0.999, 1.0]
    row = whole(pa.array(values), **{str(q): kedge.quantile("v", q, error=error) for q in shares})
    for q in shares:
        low = np.searchsorted(ordered, row[str(q)], side="left") / size
        high = np.searchsorted(ordered, row[str(q)], side="right") / size
        assert low - error <= q <= high + error, q


def test_quantiles_of_few_values_are_those_of_numpy() -> None:
    values = np.random.default_rng(1).normal(size=4095)
    for q in (0.0, 0.1, 0.5, 0.987, 1.0):
        expected = pytest.approx(np.quantile(values, q), rel=1e-14)
        assert one(pa.array(values), kedge.quantile("v", q)) == expected
        many = np.tile(values, 5)
        exact = one(pa.array(many), kedge.quantile("v", q, exact=True))
        assert exact == pytest.approx(np.quantile(many, q), rel=1e-14)


@given(
    values=st.lists(st.one_of(st.none(), st.integers(-(2**63), 2**63 - 1))),
    bounds=st.lists(st.floats(-1e19, 1e19), min_size=1, max_size=9, unique=True).map(sorted),
    near=st.lists(st.integers(-3, 3), min_size=20, max_size=20),
)
def test_integers_are_held_against_bounds_exactly(
    values: list[int | None], bounds: list[float], near: list[int]
) -> None:
    if (0.0 in bounds) and math.copysign(1, bounds[bounds.index(0.0)]) < 0:
        bounds[bounds.index(0.0)] = 0.0
    values += [int(b) + n for b, n in zip(bounds * 9, near, strict=False)]
    values = [v for v in values if v is None or -(2**63) <= v < 2**63]
    expected = [0] * (len(bounds) + 1)
    for value in values:
        if value is not None:
            expected[sum(bound <= value for bound in bounds)] += 1
    given_counts = one(pa.array([*values, None], pa.int64()), kedge.histogram("v", bounds=bounds))
    assert given_counts == expected
    unsigned = pa.array([None if v is None else v + 2**63 for v in [*values, None]], pa.uint64())
    expected = [0] * (len(bounds) + 1)
    for value in unsigned.to_pylist():
        if value is not None:
            expected[sum(bound <= value for bound in bounds)] += 1
    assert one(unsigned, kedge.histogram("v", bounds=bounds)) == expected


def test_histograms_are_those_of_numpy() -> None:
    values = np.random.default_rng(5).normal(size=20_000)
    cells = one(pa.array(values), kedge.histogram("v", bins=50, range=(-2, 2)))
    inside, edges = np.histogram(values, 50, (-2, 2))
    assert cells[1:-1] == inside.tolist()
    assert (cells[0], cells[-1]) == ((values < edges[0]).sum(), (values > edges[-1]).sum())


@given(stream=streams(max_size=60, clocks=WITHIN_DAYS), kind=st.sampled_from(KINDS))
@settings(max_examples=30)
def test_conditions_choose_the_rows_of_texts_and_lists(stream: Stream, kind: WindowKind) -> None:
    condition = "b and row % 3 != 1"
    few = [*asks.TEXTS, *asks.HISTOGRAMS, *asks.TOPS, Ask("argmin", ("i",), {"of": "s"})]
    filtered = [Ask(a.name, a.args, {**a.options, "where": condition}) for a in few]
    kind_of_window, _ = kind.given(stream.clock)
    ours = kedge.Window(
        time="t",
        key=list(stream.key),
        lateness=stream.clock.text(stream.lateness),
        aggregates={str(ask): ask.ours() for ask in [Ask("count"), *filtered]},
        **kind_of_window,
    )
    _, twin = pair(stream, kind, [Ask("count"), *few])
    twin.aggregates = {
        str(a): plain.where(lambda row: row["b"] and row["row"] % 3 != 1, twin.aggregates[str(b)])
        for a, b in zip(filtered, few, strict=True)
    } | {"count": plain.count()}
    table = run(ours, stream.batches())
    exact = twin.push(rows_of(stream.table)) + twin.finish()
    check(table, exact, [Ask("count"), *filtered], twin)


def test_what_is_known_of_a_column_is_in_its_metadata() -> None:
    window = kedge.Window(
        aggregates={
            "h": kedge.histogram("v", bounds=[0, 0.1, 100]),
            "e": kedge.histogram("v", bins=2, range=(0, 1)),
            "d": kedge.distinct("v"),
            "x": kedge.distinct("v", exact=True),
            "q": kedge.quantile("v", 0.5, error=0.02),
            "y": kedge.quantile("v", 0.5, exact=True),
            "t": kedge.top("v", k=3),
            "n": kedge.count(),
        }
    )
    window.push(pa.table({"v": [1.0]}))
    schema = pa.table(window.finish()).schema
    assert {field.name: field.metadata for field in schema} == {
        "h": {b"kedge.bounds": b"[0, 0.1, 100]"},
        "e": {b"kedge.bounds": b"[0, 0.5, 1]"},
        "d": {b"kedge.standard_error": b"0.01625"},
        "x": {b"kedge.standard_error": b"0"},
        "q": {b"kedge.rank_error": b"0.02"},
        "y": {b"kedge.rank_error": b"0"},
        "t": {b"kedge.count_error": b"0.001953125", b"kedge.exact_up_to": b"1024"},
        "n": None,
        "window_id": None,
    }


def test_shapes_of_equal_values_are_nan() -> None:
    for value in (0.1, 1e300, 3.0, 0.0):
        values = pa.array([value] * 7)
        for aggregate in (kedge.skew("v"), kedge.kurtosis("v"), kedge.correlation("v", "v")):
            assert math.isnan(one(values, aggregate))


def test_a_column_correlates_with_itself() -> None:
    values = pa.array([1.0, 2.5, -3.0, 1e6])
    assert one(values, kedge.correlation("v", "v")) == pytest.approx(1, rel=1e-15)
    assert one(pa.array([1.0]), kedge.correlation("v", "v")) is None


@pytest.mark.parametrize("gap", [100, 16_000, 1_000_000])
@pytest.mark.parametrize("late", [False, True])
def test_an_infinity_stays_in_ema_however_old_it_is(gap: int, late: bool) -> None:
    window = kedge.Window(time="t", every="30d", aggregates={"e": kedge.ema("v", halflife="10s")})
    rows = {"t": pa.array([0, gap], pa.timestamp("s")), "v": [-math.inf, 1.0]}
    window.push(pa.table(rows).take([1, 0] if late else [0, 1]))
    assert pa.table(window.finish())["e"].to_pylist() == [-math.inf]


def test_decay_does_not_depend_on_how_long_ago_the_values_are() -> None:
    # One half-life is a ten-thousandth of the window: every weight underflows when taken alone.
    window = kedge.Window(time="t", every="10000s", aggregates={"e": kedge.ema("v", halflife="1s")})
    times = pa.array([0, 1], pa.int64()).cast(pa.timestamp("s"))
    window.push(pa.table({"t": times, "v": [1.0, 4.0]}))
    assert pa.table(window.finish())["e"].to_pylist() == [pytest.approx(3.0, rel=1e-14)]


def test_differences_that_do_not_fit_are_null() -> None:
    low, high = -(2**63), 2**63 - 1
    assert one(pa.array([low, 0]), kedge.delta("v")) is None
    assert one(pa.array([0, high]), kedge.delta("v")) == high


def test_rates_of_dates_may_be_for_less_than_a_day() -> None:
    window = kedge.Window(
        time="t",
        every="2d",
        aggregates={"r": kedge.rate(per="1h"), "e": kedge.ema("v", halflife="36h")},
    )
    dates = [dt.date(1970, 1, 1), dt.date(1970, 1, 2)]
    window.push(pa.table({"t": dates, "v": [1.0, 1.0]}))
    (row,) = pa.table(window.finish()).to_pylist()
    assert row["r"] == pytest.approx(2 / 48, rel=1e-15)
    assert row["e"] == 1.0
