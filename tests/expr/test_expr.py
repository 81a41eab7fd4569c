"""Expressions mean what the plain reference says, over every type, null, NaN and slice."""

from __future__ import annotations

import copy
import math
import pickle
import struct
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

import kedge
from tests.expr import tables
from tests.reference import expr as reference
from tests.reference.expr import NANOS, Column, Duration, Time

_INTEGERS = st.sampled_from([0, 1, -1, 2, 5, -7, 2**53 + 1, 2**63 - 1, -(2**63), 2**63, 2**64 - 1])
_REALS = st.sampled_from([0.0, -0.0, 0.5, 2.0, 2.5, -1e300, 1e300, 2.0**53, 2.0**63, 1e-300])
_WORDS = st.sampled_from([*tables.WORDS, "ab", "zz"])
_TIMES = st.builds(
    lambda nanos, unit: Time(nanos // NANOS[unit] * NANOS[unit], unit),
    st.sampled_from([0, 1, -1, 10**9, 999_999_999, -(86_400 * 10**9), 1_767_225_600_123_456_789]),
    st.sampled_from(["s", "ms", "us", "ns"]),
) | st.sampled_from([Time(day * NANOS["d"], "d") for day in (0, 1, -719_162, 20_000, 2_932_896)])
_DURATIONS = st.builds(
    lambda count, unit: Duration(count * NANOS[unit], unit),
    st.sampled_from([0, 1, 5, 86_400, 10**9]),
    st.sampled_from(["s", "ms", "us", "ns"]),
)
_COMPARE = st.sampled_from(["==", "!=", "<", "<=", ">", ">="])


def coarsest(value: Any) -> Any:
    """Constants are in the coarsest unit from seconds on that holds them."""
    if not isinstance(value, Time | Duration) or value.unit == "d":
        return value
    unit = next(unit for unit in ("s", "ms", "us", "ns") if value.nanos % NANOS[unit] == 0)
    return type(value)(value.nanos, unit)


def column(names: Any) -> st.SearchStrategy[Column]:
    return st.sampled_from(sorted(names)).map(Column)


def is_computed(node: Any) -> bool:
    """A minus before a constant is a part of the constant."""
    return isinstance(node, Column | tuple)


def numbers(depth: int) -> st.SearchStrategy[Any]:
    leaf = column(tables.NUMBERS) | column(tables.NUMBERS) | _INTEGERS | _REALS
    if depth == 0:
        return leaf
    part = numbers(depth - 1)
    return (
        leaf
        | st.tuples(st.sampled_from(["+", "-", "*", "/"]), part, part | st.none())
        | st.tuples(st.sampled_from(["abs", "floor", "ceil", "sqrt"]), part)
        | st.tuples(st.just("-"), part.filter(is_computed))
        | st.tuples(st.just("%"), integers(), integers())
        | st.tuples(st.just("/"), durations(1), durations(1))
    )


def integers() -> st.SearchStrategy[Any]:
    return column(tables.INTEGERS) | _INTEGERS


def times(depth: int) -> st.SearchStrategy[Any]:
    leaf = column(tables.TIMES) | column(tables.TIMES) | _TIMES.map(coarsest)
    if depth == 0:
        return leaf
    return (
        leaf
        | st.tuples(st.sampled_from(["+", "-"]), times(0), durations(depth - 1))
        | st.tuples(st.just("+"), durations(depth - 1), times(0))
    )


def durations(depth: int) -> st.SearchStrategy[Any]:
    leaf = _DURATIONS.map(coarsest)
    if depth == 0:
        return leaf
    part = durations(depth - 1)
    return (
        leaf
        | st.tuples(st.just("-"), times(depth - 1), times(depth - 1))
        | st.tuples(st.sampled_from(["+", "-"]), part, part)
        | st.tuples(st.sampled_from(["-", "abs"]), part)
    )


def compared(part: st.SearchStrategy[Any], constant: st.SearchStrategy[Any]) -> Any:
    """All that makes a condition of values of one kind."""
    limit = part | constant | st.none()
    listed = st.lists(constant | st.none(), min_size=1, max_size=15)
    return (
        st.tuples(_COMPARE, part, part | constant)
        | st.tuples(_COMPARE, constant, part)
        | st.tuples(st.sampled_from(["between", "not between"]), part, limit, limit)
        | st.tuples(st.sampled_from(["in", "not in"]), part, listed)
        | st.tuples(st.sampled_from(["is null", "is not null"]), part)
    )


def conditions(depth: int) -> st.SearchStrategy[Any]:
    flag = column(tables.BOOLS)
    leaf = (
        flag
        | st.sampled_from([True, False, None])
        | compared(numbers(1), _INTEGERS | _REALS)
        | compared(column(tables.TEXTS), _WORDS)
        | compared(times(1), _TIMES.map(coarsest))
        | compared(durations(1), _DURATIONS.map(coarsest))
        | compared(flag, st.booleans())
        | st.tuples(st.sampled_from(["is nan", "is not nan"]), numbers(1))
    )
    if depth == 0:
        return leaf
    part = conditions(depth - 1)
    return (
        leaf
        | st.tuples(st.sampled_from(["and", "or"]), part, part)
        | st.tuples(st.just("not"), part)
    )


_SIZES = st.sampled_from([0, 1, 7, 40, 40, 1100])


def rows_of(values: dict[str, list[Any]]) -> list[dict[str, Any]]:
    return [dict(zip(values, row, strict=True)) for row in zip(*values.values(), strict=True)]


def same(a: Any, b: Any) -> bool:
    """Floats by their bits, but for NaN."""
    if isinstance(a, float) and isinstance(b, float):
        return struct.pack("d", a) == struct.pack("d", b) or (math.isnan(a) and math.isnan(b))
    return type(a) is type(b) and a == b


@given(conditions(2).filter(lambda node: node is not None), st.integers(0, 2**32), _SIZES)
def test_conditions_select_what_the_reference_does(node: Any, seed: int, rows: int) -> None:
    table, values = tables.table(seed, rows)
    condition = kedge.Expression(reference.text(node))
    expected = [reference.value_of(node, row) for row in rows_of(values)]
    selected = pa.table(condition.select(table))
    assert selected.column_names == [str(condition)]
    assert selected[0].to_pylist() == [value is True for value in expected]
    assert pa.table(condition.evaluate(table))[0].to_pylist() == expected


def check_condition(node: Any, table: pa.Table, rows: list[dict[str, Any]]) -> None:
    condition = kedge.Expression(reference.text(node))
    found = pa.table(condition.evaluate(table))[0].to_pylist()
    assert found == [reference.value_of(node, row) for row in rows], str(condition)


@pytest.mark.parametrize("op", ["==", "<", ">="])
@pytest.mark.parametrize("names", [tables.NUMBERS, tables.TIMES, tables.TEXTS], ids=len)
def test_any_two_columns_compare_exactly(names: Any, op: str) -> None:
    table, values = tables.table(1, 500)
    rows = rows_of(values)
    for a in names:
        for b in names:
            check_condition((op, Column(a), Column(b)), table, rows)


@pytest.mark.parametrize("op", ["==", "!=", "<", "<=", ">", ">="])
def test_columns_compare_exactly_with_any_constant(op: str) -> None:
    table, values = tables.table(2, 60)
    rows = rows_of(values)
    numbers = [0, -1, 2**53 + 1, 2**63 - 1, -(2**63), 2**63 + 1, 2**64 - 1]
    numbers += [-0.0, 0.5, -7.5, 2.0**53, 2.0**63, -(2.0**63), 2.0**64, 1e300, -1e300]
    seconds = [0, 1, -1, 1_767_225_600, -62_135_596_800, 253_402_300_799]
    times = [Time(second * 10**9, "s") for second in seconds]
    times += [Time(nanos, "ns") for nanos in (1, -1, 999_999_999)]
    times += [Time(day * NANOS["d"], "d") for day in (0, 20_000, -719_162, 2_932_896)]
    for names, constants in ((tables.NUMBERS, numbers), (tables.TIMES, times)):
        for name in names:
            for constant in constants:
                check_condition((op, Column(name), constant), table, rows)


def test_no_chunk_of_rows_is_like_another() -> None:
    table, values = tables.table(3, 2600)
    rows = rows_of(values)
    columns = [*tables.NUMBERS, *tables.TIMES, *tables.TEXTS, "b"]
    for name in columns:
        check_condition(("is null", Column(name)), table, rows)
    for name in tables.TEXTS:
        check_condition(("==", Column(name), "ok"), table, rows)
        check_condition(("not in", Column(name), ["ok", "z", None]), table, rows)
        check_condition(("<", Column(name), Column("s")), table, rows)
    for name in tables.INTEGERS:
        check_condition(("==", ("+", Column(name), Column("int64")), 1), table, rows)
        check_condition(("in", Column(name), list(range(20))), table, rows)
    flag = ("<", Column("double"), Column("float"))
    for op in ("and", "or"):
        check_condition((op, Column("b"), flag), table, rows)
        check_condition((op, flag, ("is nan", Column("halffloat"))), table, rows)


def test_the_first_null_may_come_late() -> None:
    values = [None if i == 2000 else i for i in range(2600)]
    for source, more in (("a + 1", 1), ("a", 0)):
        found = pa.table(kedge.Expression(source).evaluate({"a": pa.array(values)}))[0]
        assert found.to_pylist() == [None if v is None else v + more for v in values]


def plain(value: Any) -> Any:
    return value.nanos // NANOS[value.unit] if isinstance(value, Time) else value


@given(numbers(3) | times(2), st.integers(0, 2**32), _SIZES)
def test_values_are_those_of_the_reference(node: Any, seed: int, rows: int) -> None:
    table, values = tables.table(seed, rows)
    computed = kedge.Expression(reference.text(node))
    expected = [plain(reference.value_of(node, row)) for row in rows_of(values)]
    try:
        result = computed.evaluate(table)
    except kedge.InvalidArgument as error:
        assert "it is null in every row" in str(error)  # noqa: PT017  the rest is checked too
        assert set(expected) <= {None}
        return
    (found,) = result.to_pydict().values() if rows else ([],)
    wrong = [i for i in range(rows) if not same(found[i], expected[i])]
    assert not wrong, (found[wrong[0]], expected[wrong[0]])


@given(conditions(3))
def test_the_text_of_an_expression_makes_it_again(node: Any) -> None:
    first = kedge.Expression(reference.text(node))
    again = kedge.Expression(str(first))
    assert again == first
    assert hash(again) == hash(first)
    assert str(again) == str(first)
    assert eval(repr(first), {"Expression": kedge.Expression}) == first
    assert pickle.loads(pickle.dumps(first)) == copy.copy(first) == first


@given(st.text(max_size=30))
def test_any_text_is_an_expression_or_refused_in_words(source: str) -> None:
    try:
        parsed = kedge.Expression(source)
    except kedge.InvalidArgument as error:
        words = str(error)
        assert words.startswith("expression ")
    else:
        assert kedge.Expression(str(parsed)) == parsed


@given(st.text(min_size=1), st.text())
def test_any_name_and_any_text_can_be_written(name: str, word: str) -> None:
    source = reference.text(("==", Column(name), word))
    condition = kedge.Expression(source)
    assert condition.columns == [name]
    assert kedge.Expression(str(condition)) == condition
    if "\0" not in name:
        table = pa.table({name: [word, word + "x", None]})
        assert pa.table(condition.select(table))[0].to_pylist() == [True, False, False]


def test_columns_are_named_once_in_order() -> None:
    source = "b > 1 and `a b` < user.age or b is null or a == 'c'"
    assert kedge.Expression(source).columns == ["b", "a b", "user.age", "a"]


def test_types_that_do_not_go_together_are_named() -> None:
    table, _ = tables.table(0, 3)
    for source, words in {
        "s > 1": '`>` cannot compare column "s" (utf8) with 1 (int64)',
        "1 < coded": '`<` cannot compare 1 (int64) with column "coded" (dictionary<utf8, int8>)',
        "`ts ms` == 'x'": "(timestamp[ms, Europe/Berlin]) with 'x' (text)",
        "`ts s` < d32 - d32": '`<` cannot compare column "ts s" (timestamp[s]) with d32 - d32 (dur',
        "not int8": '`not` does not take column "int8" (int8)',
        "b + 1": '`+` does not take column "b" (bool) and 1 (int64)',
        "float % 2": '`%` does not take column "float" (float32) and 2 (int64)',
        "`ts s` + `ts s`": '`+` does not take column "ts s" (timestamp[s]) and column "ts s"',
        "abs(s)": '`abs` does not take column "s" (utf8)',
        "floor(int8) == 's'": "`==` cannot compare floor(int8) (int8) with 's' (text)",
        "b is nan": '`is nan` does not take column "b" (bool)',
        "int8 in ('a')": "`in` cannot compare column \"int8\" (int8) with 'a' (text)",
        "b between 1 and 2": '`between` cannot compare column "b" (bool) with 1 (int64)',
        "nothing > 1": 'there is no column "nothing"; the columns are "int8", ',
        "int8": "a condition is bool, it is int8",
    }.items():
        with pytest.raises(kedge.InvalidArgument) as caught:
            kedge.Expression(source).select(table)
        assert words in str(caught.value)
        assert str(caught.value).startswith(f'expression "{kedge.Expression(source)}": ')


def test_types_without_values_are_unsupported_by_name() -> None:
    table = pa.table({"l": [[1]], "c": pa.array([1]).dictionary_encode(), "s": [{"x": 1}]})
    with pytest.raises(
        kedge.Unsupported, match='column "l": an expression has no values of type l'
    ):
        kedge.Expression("l is null").select(table)
    with pytest.raises(kedge.Unsupported, match="no values of type dictionary<int64, int32>"):
        kedge.Expression("c == 1").select(table)
    with pytest.raises(kedge.Unsupported, match="a column of large_utf8 is not computed"):
        kedge.Expression("t").evaluate({"t": ["a"]})
    assert pa.table(kedge.Expression("s.x == 1").select(table))[0].to_pylist() == [True]


def test_codes_that_point_outside_are_refused() -> None:
    codes = pa.DictionaryArray.from_arrays(pa.array([0, 7], pa.int8()), pa.array(["a"]), safe=False)
    with pytest.raises(kedge.InvalidArgument, match='column "t": the dictionary index 7 at row 1'):
        kedge.Expression("t == 'a'").select(pa.table({"t": codes}))


def test_a_table_without_batches_has_its_column() -> None:
    empty = pa.table({"a": pa.array([], pa.int64())})
    assert pa.table(kedge.Expression("a > 1").select(empty)).num_rows == 0
    assert pa.table(kedge.Expression("a + 1").evaluate(empty)).schema.types == [pa.int64()]


def test_numpy_and_dicts_are_taken_as_everywhere() -> None:
    rows = {"a": np.arange(5), "b": np.array([0.5, np.nan, 2.5, 3.5, np.inf])}
    big = kedge.Expression("b > a").select(rows).to_pydict()
    assert big == {"b > a": [True, False, True, True, True]}
