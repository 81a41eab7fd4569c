"""Expressions as columns and as conditions of aggregates."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings

import kedge
from tests.reference import window_aggregates as plain
from tests.reference.window import Window
from tests.reference.window_aggregates import Row
from tests.window.agreement import Ask, bits, check, concat
from tests.window.kinds import BY_NAME
from tests.window.streams import Stream, rows_of, streams


def over_ten(row: Row) -> bool | None:
    return None if row["i"] is None else row["i"] > 10


def twice_less_one(row: Row) -> int | None:
    return None if row["i"] is None else row["i"] * 2 - 1


# The name, what kedge is told, what the reference is told.
CASES = {
    "count": (lambda: kedge.count(where="i > 10"), plain.where(over_ten, plain.count())),
    "sum": (lambda: kedge.sum("i * 2 - 1"), plain.sum(twice_less_one)),
    "min": (
        lambda: kedge.min("i * 2 - 1", where="i > 10"),
        plain.where(over_ten, plain.min(twice_less_one)),
    ),
    "last": (
        lambda: kedge.last("i", where="b"),
        plain.where(lambda row: row["b"], plain.last("i")),
    ),
    "first": (
        lambda: kedge.first("i", where="s != 'a' and not b"),
        plain.where(
            lambda row: row["s"] not in ("a", None) and row["b"] is False, plain.first("i")
        ),
    ),
}


@pytest.mark.parametrize("kind", ["tumbling", "hopping", "sessions", "count", "global"])
@given(stream=streams(max_size=80))
@settings(max_examples=12)
def test_expressions_are_as_defined(kind: str, stream: Stream) -> None:
    given, plain_kind = BY_NAME[kind].given(stream.clock)
    ours = kedge.Window(
        time="t",
        key=list(stream.key),
        lateness=stream.clock.text(stream.lateness),
        aggregates={name: make() for name, (make, _) in CASES.items()},
        **given,
    )
    twin = Window(plain_kind, {name: exact for name, (_, exact) in CASES.items()}, "t", stream.key)
    twin.watermark.lateness = stream.lateness * stream.clock.step
    tables, exact = [], []
    for batch in stream.batches():
        tables.append(pa.table(ours.push(batch)))
        exact += twin.push(rows_of(batch))
    tables.append(pa.table(ours.finish()))
    check(concat(tables), [*exact, *twin.finish()], [Ask(name) for name in CASES], twin)


def whole(**aggregates: Any) -> dict[str, Any]:
    window = kedge.Window(aggregates=aggregates)
    batch = {"price": [2.0, 3.0, None], "qty": [4, None, 6], "status": ["ok", "ok", "bad"]}
    window.push(pa.table(batch))
    (row,) = pa.table(window.finish()).drop_columns(["window_id"]).to_pylist()
    return row


def test_a_product_of_columns_is_null_where_one_is() -> None:
    assert whole(s=kedge.sum("price * qty"), n=kedge.count("price * qty")) == {"s": 8.0, "n": 1}


def test_a_condition_that_is_null_takes_no_row() -> None:
    assert whole(n=kedge.count(where="qty > 1")) == {"n": 2}
    assert whole(n=kedge.count(where="not (qty > 5)")) == {"n": 1}
    assert whole(s=kedge.sum("price", where="status == 'ok'")) == {"s": 5.0}
    assert whole(s=kedge.sum("price", where="status = 'none'")) == {"s": None}


def test_names_that_are_no_words_are_columns_first() -> None:
    window = kedge.Window(aggregates={"s": kedge.sum("unit price"), "t": kedge.sum("a-b")})
    window.push(pa.table({"unit price": [1.5, 2.5], "a-b": [1, 2]}))
    (row,) = pa.table(window.finish()).to_pylist()
    assert (row["s"], row["t"]) == (4.0, 3)


@pytest.mark.parametrize("text", ["price *", "nope > 1", "price > 'a'", "(price", "price + status"])
def test_expressions_that_mean_nothing_are_refused_by_their_text(text: str) -> None:
    with pytest.raises(kedge.InvalidArgument):
        whole(n=kedge.sum(text))
    with pytest.raises(kedge.InvalidArgument):
        whole(n=kedge.count(where=text))


def test_a_condition_must_be_true_or_false() -> None:
    with pytest.raises(kedge.InvalidArgument, match="price"):
        whole(n=kedge.count(where="price"))


@given(stream=streams(max_size=60))
@settings(max_examples=15)
def test_a_snapshot_keeps_the_expressions(stream: Stream) -> None:
    def window() -> kedge.Window:
        aggregates = {name: make() for name, (make, _) in CASES.items()}
        return kedge.Window(time="t", every=stream.clock.text(10), aggregates=aggregates)

    straight, stored = window(), window()
    half = len(stream.table) // 2
    for part in (stream.table[:half], stream.table[half:]):
        assert bits(pa.table(stored.push(part))) == bits(pa.table(straight.push(part)))
        stored = kedge.Window.restore(stored.snapshot())
    assert bits(pa.table(stored.finish())) == bits(pa.table(straight.finish()))
