"""Users' columns: what they compute, over which types, and what is refused."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import kedge
from tests.udf.classes import Spread
from tests.udf.functions import doubled, is_above, margin

FLOATS = st.one_of(st.none(), st.sampled_from([0.0, -0.0, 1.0]), st.floats(width=32))


def answers(aggregates: dict[str, Any], *tables: pa.Table) -> dict[str, Any]:
    window = kedge.Window(aggregates=aggregates)
    for table in tables:
        window.push(table)
    row: dict[str, Any] = pa.table(window.finish()).drop_columns(["window_id"]).to_pylist()[0]
    return row


def numbers(rows: list[tuple[Any, Any]], kind: pa.DataType) -> pa.Table:
    columns = {name: [row[i] for row in rows] for i, name in enumerate(("price", "cost"))}
    return pa.table({name: pa.array(values, kind) for name, values in columns.items()})


@given(rows=st.lists(st.tuples(FLOATS, FLOATS), min_size=1, max_size=40))
@settings(max_examples=60)
def test_a_column_is_its_function_row_by_row(rows: list[tuple[Any, Any]]) -> None:
    for kind in (pa.float64(), pa.float32()):
        table = numbers(rows, kind)
        for row in range(len(table)):
            one = table.slice(row, 1)
            price, cost = (one[name][0].as_py() for name in ("price", "cost"))
            wanted = None if price is None or cost is None else margin.function(price, cost)
            found = answers({"m": kedge.last(margin("price", "cost"))}, one)["m"]
            assert repr(found) == repr(wanted)


@pytest.mark.parametrize("rows", [1, 7, 8, 9, 1023, 1024, 1025, 5000])
def test_blocks_meet_without_a_seam(rows: int) -> None:
    prices = [None if i % 7 == 3 else i % 11 for i in range(rows)]
    costs = [None if i % 5 == 2 else i % 4 for i in range(rows)]
    table = pa.table({"price": prices, "cost": costs}).slice(rows // 3)
    pairs = list(zip(*table.to_pydict().values(), strict=True))
    both = [pair for pair in pairs if None not in pair]
    found = answers(
        {
            "sum": kedge.sum(doubled("price")),
            "n": kedge.count(margin("price", "cost")),
            "above": kedge.any(is_above("price", "cost")),
            "all": kedge.all(is_above("price", "cost")),
            "different": kedge.distinct(doubled("cost")),
            "spread": Spread(doubled("price"), where="cost > 1"),
        },
        table,
    )
    doubles = [2 * price for price, cost in pairs if price is not None and (cost or 0) > 1]
    assert found == {
        "sum": 2 * sum(price for price, _ in pairs if price is not None),
        "n": sum(price != 0 for price, _ in both),
        "above": any(price > cost for price, cost in both) if both else None,
        "all": all(price > cost for price, cost in both) if both else None,
        "different": len({cost for cost in table["cost"].to_pylist() if cost is not None}),
        "spread": max(doubles) - min(doubles) if doubles else None,
    }


def test_columns_may_be_computed_of_columns_and_expressions() -> None:
    table = pa.table({"x": [1.0, 2.0], "y": [3, 4]})
    asked = {"a": kedge.sum(doubled(doubled("x"))), "b": kedge.sum(margin("x * y", doubled("y")))}
    assert answers(asked, table) == {"a": 12.0, "b": (3 - 6) / 3 + (8 - 8) / 8}


def test_a_table_may_have_a_column_of_that_name() -> None:
    name = str(doubled("x"))
    assert answers({"a": kedge.sum(doubled("x"))}, pa.table({name: [1], "x": [5]})) == {"a": 10}


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (pa.array([3], pa.uint64()), pa.uint64()),
        (pa.array([3], pa.int8()), pa.int64()),
        (pa.array([3], pa.timestamp("us")), pa.int64()),
        (pa.array([0.5], pa.float32()), pa.float64()),
    ],
)
def test_types_come_out_as_the_function_has_them(values: pa.Array, kind: pa.DataType) -> None:
    window = kedge.Window(aggregates={"a": kedge.last(doubled("x"))})
    window.push(pa.table({"x": values}))
    assert pa.table(window.finish()).schema.field("a").type == kind


def test_a_function_that_raises_takes_no_row() -> None:
    @kedge.column
    def small(x):
        if x > 2:
            raise ValueError("too large")
        return x

    window = kedge.Window(aggregates={"a": kedge.sum(small("x"))})
    window.push(pa.table({"x": [1, 2]}))
    with pytest.raises(kedge.InvalidArgument, match=r"small\(x\).*its function raised"):
        window.push(pa.table({"x": [1, 3]}))
    window.push(pa.table({"x": [2]}))
    assert pa.table(window.finish())["a"].to_pylist() == [5]


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(kedge.InvalidArgument, match="margin: 1 columns, it takes 2"):
        margin("x")
    with pytest.raises(kedge.InvalidArgument, match="doubled: column 3 is no string"):
        doubled(3)
    with pytest.raises(kedge.InvalidArgument, match="no parameters"):
        kedge.column(lambda: 0)
    with pytest.raises(kedge.InvalidArgument, match="expected a function"):
        kedge.column(3)
    with pytest.raises(kedge.Unsupported, match=r'column "x": users\' code takes numbers'):
        answers({"a": kedge.sum(doubled("x"))}, pa.table({"x": ["text"]}))
    with pytest.raises(kedge.InvalidArgument, match='"gone"'):
        answers({"a": kedge.sum(doubled("gone"))}, pa.table({"x": [1]}))
    with pytest.raises(kedge.Unsupported, match="<lambda>: Numba cannot compile it") as error:
        answers(
            {"a": kedge.sum(kedge.column(lambda x: x.bit_length())("x"))}, pa.table({"x": [1.5]})
        )
    assert "Unknown attribute 'bit_length' of type float64" in str(error.value)
    with pytest.raises(kedge.Unsupported, match="expected a float, an integer"):
        answers({"a": kedge.sum(kedge.column(lambda x: "text")("x"))}, pa.table({"x": [1.5]}))
    one, two = kedge.column(lambda x: x), kedge.column(lambda x: -x)
    aggregates = {"a": kedge.sum(one("x")), "b": kedge.sum(two("x"))}
    with pytest.raises(kedge.InvalidArgument, match="two that differ are called"):
        kedge.Window(aggregates=aggregates)


def test_a_snapshot_needs_the_function_and_refuses_another() -> None:
    window = kedge.Window(aggregates={"a": kedge.sum(doubled("x"))})
    window.push(pa.table({"x": [1]}))
    data = window.snapshot()
    with pytest.raises(kedge.InvalidArgument, match=r"code of .*functions:doubled"):
        kedge.Window.restore(data, columns=[margin])
    again = kedge.Window.restore(data, columns=[doubled])
    again.push(pa.table({"x": [2]}))
    assert pa.table(again.finish())["a"].to_pylist() == [6]
    other = kedge.column(lambda x: x * 3)
    other.__module__, other.__qualname__ = doubled.__module__, doubled.__qualname__
    with pytest.raises(kedge.InvalidArgument, match="another definition: column"):
        kedge.Window.restore(data, columns=[other])
    assert kedge.Window(aggregates={"a": kedge.sum(other("x"))}).hash != window.hash


def test_toml_names_functions_where_columns_stand() -> None:
    window = kedge.Window(
        aggregates={
            "a": kedge.sum(margin(doubled("price"), "cost"), where="cost > 0"),
            "b": kedge.correlation("price", doubled("cost")),
            "c": kedge.argmax("price", of=doubled("cost")),
            "d": Spread(doubled("price")),
        }
    )
    text = window.to_toml()
    assert '{ code = "tests.udf.functions:doubled", columns = ["price"] }' in text
    again = kedge.Window.from_toml(text)
    assert (again.hash, again.to_toml()) == (window.hash, text)
    for wrong in ("gone:margin", "tests.udf.functions:gone", "tests.udf.classes:Spread"):
        with pytest.raises(kedge.InvalidArgument, match="line 4"):
            kedge.Window.from_toml(text.replace("tests.udf.functions:margin", wrong))
    inside = kedge.column(lambda x: x)
    with pytest.raises(kedge.InvalidArgument, match="<lambda>"):
        kedge.Window(aggregates={"a": kedge.sum(inside("x"))}).to_toml()
