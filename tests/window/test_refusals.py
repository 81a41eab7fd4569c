"""Wrong use is told apart before a row is counted; the text names the argument or the column."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pyarrow as pa
import pytest

import kedge

BATCH = pa.table(
    {
        "t": pa.array([1, 2, 3], pa.int64()).cast(pa.timestamp("s")),
        "k": ["a", "b", "a"],
        "v": [1.0, 2.0, 4.0],
        "i": [1, 2, 3],
        "s": ["x", "y", "z"],
    }
)
NESTED = BATCH.append_column("list", pa.array([[1], [2], [3]]))
TUMBLING = {"time": "t", "every": "10s"}


def window(**given: Any) -> kedge.Window:
    return kedge.Window(**{"aggregates": {"n": kedge.count()}, **given})


@pytest.mark.parametrize(
    ("given", "names"),
    [
        ({"time": "t", "every": "0s"}, "every"),
        ({"time": "t", "every": "-5s"}, "-5s"),
        ({"time": "t", "every": "ten"}, "ten"),
        ({"time": "t", "every": "5 fortnights"}, "fortnights"),
        ({"time": "t", "every": ""}, "every"),
        ({"every": "10s"}, "time"),
        ({"gap": "10s"}, "time"),
        ({"every": 0}, "every"),
        ({"every": -3}, "-3"),
        ({"time": "t", "every": "10s", "length": "0s"}, "length"),
        ({"time": "t", "gap": "0s"}, "gap"),
        ({"time": "t", "gap": "5s", "every": "10s"}, "gap"),
        ({"time": "t", "every": "1mo", "length": "10d"}, "length"),
        ({"time": "t", "every": "10s", "lateness": "-1s"}, "lateness"),
        ({"time": "t", "every": "10s", "lateness": "1mo"}, "lateness"),
        ({"time": "t", "every": "10s", "partitions": 0}, "partitions"),
        ({"time": "t", "every": "10s", "time_zone": "Nowhere"}, "Nowhere"),
        ({"time": "t", "bounds": [dt.datetime(2024, 1, 2), dt.datetime(2024, 1, 1)]}, "bounds"),
        ({"time": "t", "bounds": [dt.datetime(2024, 1, 2)]}, "bounds"),
        ({**TUMBLING, "key": ["k", "k"]}, "k"),
        ({**TUMBLING, "max_keys": -1}, "max_keys"),
        ({**TUMBLING, "aggregates": {"window_start": kedge.count}}, "window_start"),
        ({**TUMBLING, "key": "k", "aggregates": {"k": kedge.count}}, "k"),
    ],
    ids=str,
)
def test_definitions_that_mean_nothing_are_refused(given: dict[str, Any], names: str) -> None:
    if "aggregates" in given:
        given = {**given, "aggregates": {n: make() for n, make in given["aggregates"].items()}}
    with pytest.raises(kedge.InvalidArgument, match=names):
        window(**given).push(BATCH)  # some need the unit of the time column


@pytest.mark.parametrize(
    ("given", "names"),
    [
        ({"time": "nope", "every": "10s"}, "nope"),
        ({"time": "i", "every": "10s"}, "i.*int64"),
        ({"time": "s", "every": "10s"}, "s.*(utf8|string)"),
        ({**TUMBLING, "key": "nope"}, "nope"),
        ({**TUMBLING, "key": "v"}, "v.*(float64|double)"),
        ({**TUMBLING, "key": "list"}, "list"),
        ({"time": "t", "every": "500ms"}, "500ms"),
        ({"time": "t", "every": "10s", "lateness": "1ms"}, "1ms"),
        ({"time": "t", "gap": "10us"}, "10us"),
        ({**TUMBLING, "aggregates": {"a": kedge.sum("nope")}}, "nope"),
        ({**TUMBLING, "aggregates": {"a": kedge.sum("s")}}, "s"),
        ({**TUMBLING, "aggregates": {"a": kedge.mean("t")}}, "t"),
        ({**TUMBLING, "aggregates": {"a": kedge.max("list")}}, "list"),
    ],
    ids=lambda value: str(value) if isinstance(value, str) else None,
)
def test_batches_that_do_not_fit_the_definition_are_refused(
    given: dict[str, Any], names: str
) -> None:
    one = window(**given)
    with pytest.raises(kedge.KedgeError, match=f"(?s){names}"):
        one.push(NESTED if names == "list" else BATCH)


def test_a_column_that_changes_its_type_is_refused_and_nothing_is_lost() -> None:
    one = window(**TUMBLING, aggregates={"s": kedge.sum("v"), "n": kedge.count()})
    one.push(BATCH)
    with pytest.raises(kedge.InvalidArgument, match="v"):
        one.push(BATCH.set_column(2, "v", pa.array(["1", "2", "3"])))
    with pytest.raises(kedge.InvalidArgument, match="t"):
        one.push(BATCH.set_column(0, "t", BATCH["t"].cast(pa.timestamp("ms"))))
    one.push(BATCH)
    given = pa.table(one.finish())
    assert (given["s"].to_pylist(), given["n"].to_pylist()) == ([14.0], [6])


def test_aggregates_without_names_are_refused() -> None:
    with pytest.raises(
        kedge.InvalidArgument, match=r"aggregates: expected a dict such as .*got \["
    ):
        kedge.Window(time="ts", every="1m", aggregates=[kedge.count()])  # type: ignore[arg-type]


@pytest.mark.parametrize("partition", [-1, 2, 2**40])
def test_a_partition_that_is_not_there_is_refused(partition: int) -> None:
    one = window(**TUMBLING, partitions=2)
    with pytest.raises((kedge.InvalidArgument, TypeError), match=r"partition|incompatible"):
        one.push(BATCH, partition=partition)
    with pytest.raises((kedge.InvalidArgument, TypeError), match=r"partition|incompatible"):
        one.push_many({partition: BATCH})


def test_what_is_no_table_is_refused() -> None:
    one = window(**TUMBLING)
    for data in (3, "text", None, [1, 2]):
        with pytest.raises((kedge.InvalidArgument, TypeError)):
            one.push(data)


@pytest.mark.parametrize("function", ["skew", "quantile", "ema", "histogram", "top"])
def test_arguments_out_of_range_are_refused(function: str) -> None:
    wrong: dict[str, list[Any]] = {
        "skew": [lambda: kedge.variance("v", ddof=-1)],
        "quantile": [
            lambda: kedge.quantile("v", 1.5),
            lambda: kedge.quantile("v", float("nan")),
            lambda: kedge.quantile("v", 0.5, error=0.0),
            lambda: kedge.quantile("v", 0.5, error=1.5),
        ],
        "ema": [
            lambda: kedge.ema("v", halflife="0s"),
            lambda: kedge.rate("v", per="0s"),
            lambda: kedge.ema("v", halflife="soon"),
        ],
        "top": [lambda k=k: kedge.top("v", k=k) for k in (0, -1, 513, 2.5, float("nan"))],
        "histogram": [
            lambda: kedge.histogram("v"),
            lambda: kedge.histogram("v", bounds=[]),
            lambda: kedge.histogram("v", bounds=[1, 1]),
            lambda: kedge.histogram("v", bounds=[2, 1]),
            lambda: kedge.histogram("v", bounds=[0, float("nan")]),
            lambda: kedge.histogram("v", bounds=[0, float("inf")]),
            lambda: kedge.histogram("v", bounds=range(4097)),
            lambda: kedge.histogram("v", bounds=[1], bins=3),
            lambda: kedge.histogram("v", bins=3),
            lambda: kedge.histogram("v", range=(0, 1)),
            lambda: kedge.histogram("v", bins=0, range=(0, 1)),
            lambda: kedge.histogram("v", bins=-1, range=(0, 1)),
            lambda: kedge.histogram("v", bins=4096, range=(0, 1)),
            lambda: kedge.histogram("v", bins=2.5, range=(0, 1)),
            lambda: kedge.histogram("v", bins=2, range=(1, 1)),
            lambda: kedge.histogram("v", bins=2, range=(0, 1, 2)),
            lambda: kedge.histogram("v", bins=4, range=(1, 1 + 2**-52)),
            lambda: kedge.histogram("v", bins=4, range=(-1e308, 1e308)),
        ],
    }
    for make in wrong[function]:
        with pytest.raises(kedge.InvalidArgument):
            window(**TUMBLING, aggregates={"a": make()})


def test_aggregates_of_time_need_a_time() -> None:
    for aggregate in (kedge.rate("v"), kedge.ema("v", halflife="1s"), kedge.argmax("v")):
        with pytest.raises(kedge.InvalidArgument, match="time"):
            window(aggregates={"a": aggregate}).push(BATCH)


def many_keys(size: int) -> pa.Table:
    times = pa.array([1] * size, pa.int64()).cast(pa.timestamp("s"))
    return pa.table({"t": times, "i": pa.array(range(size), pa.int64())})


def test_more_keys_than_may_be_are_refused_and_the_batch_with_them() -> None:
    one = window(**TUMBLING, key="i", max_keys=1000)
    one.push(many_keys(1000))
    with pytest.raises(kedge.ResourceExhausted, match=r"1001.*max_keys is 1000"):
        one.push(many_keys(1001))
    one.push(many_keys(1000))
    assert set(pa.table(one.finish())["n"].to_pylist()) == {2}


def test_no_push_is_taken_while_the_state_is_larger_than_may_be() -> None:
    one = window(**TUMBLING, key="i", max_state_bytes=100_000)
    one.push(many_keys(50_000))
    with pytest.raises(kedge.ResourceExhausted, match="max_state_bytes is 100000"):
        one.push(many_keys(1))
    assert len(pa.table(one.finish())) == 50_000


@pytest.mark.parametrize("time", [2**63 - 1, -(2**63), 2**62, -(2**62)])
@pytest.mark.parametrize("given", [{"every": "10s"}, {"gap": "10s"}, {"every": 2}, {}], ids=str)
def test_times_at_the_end_of_all_times_do_no_harm(time: int, given: dict[str, Any]) -> None:
    one = window(time="t", **given)
    times = pa.array([5, time, 7], pa.int64()).cast(pa.timestamp("s"))
    try:
        one.push(pa.table({"t": times}))
    except kedge.KedgeError as error:
        assert "t" in str(error)  # noqa: PT017
    one.finish()
