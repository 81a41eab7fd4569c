"""Definitions with users' code as TOML: named by module and class, and imported."""

from __future__ import annotations

import re

import pyarrow as pa
import pytest

import kedge
from tests.udf.classes import AnyTrueBelow, Rows, Spread

TEXT = """\
[window]
key = "k"

[window.aggregates]
spread = { function = "user", columns = ["x"], code = "tests.udf.classes:Spread", where = "x > 0" }
both = { function = "user", columns = ["b", "x"], code = "tests.udf.classes:AnyTrueBelow" }
rows = { function = "user", columns = [], code = "tests.udf.classes:Rows" }
"""


def test_a_definition_is_what_it_was_printed_from() -> None:
    window = kedge.Window(
        key="k",
        aggregates={
            "spread": Spread("x", where="x > 0"),
            "both": AnyTrueBelow("b", "x"),
            "rows": Rows(),
        },
    )
    assert kedge.Window.from_toml(TEXT).hash == window.hash
    assert re.sub(r", (\w+ = )", r", \1", window.to_toml()) == re.sub(
        r'key = "k"', 'key = ["k"]', TEXT
    )
    again = kedge.Window.from_toml(window.to_toml())
    assert again.hash == window.hash
    again.push(pa.table({"k": [1, 1], "x": [3, 5], "b": [True, True]}))
    row = pa.table(again.finish()).to_pylist()[0]
    assert (row["spread"], row["both"], row["rows"]) == (2, False, 2)


def test_one_column_needs_no_list() -> None:
    one = kedge.Window.from_toml(TEXT.replace('columns = ["x"]', 'columns = "x"'))
    assert one.hash == kedge.Window.from_toml(TEXT).hash


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("gone:A", "No module named 'gone'"),
        ("tests.udf.classes:Gone", "no attribute 'Gone'"),
        ("tests.udf.classes:spread", "neither @kedge.aggregate nor"),
        ("tests.udf.classes", 'expected "module:name"'),
        ("", 'expected "module:name"'),
    ],
)
def test_code_that_is_not_there(code: str, message: str) -> None:
    with pytest.raises(kedge.InvalidArgument, match=r"line 5: .*code = ") as error:
        kedge.Window.from_toml(TEXT.replace("tests.udf.classes:Spread", code))
    assert message in str(error.value)


@pytest.mark.parametrize("key", ["columns", "code"])
def test_a_key_that_is_missing(key: str) -> None:
    text = re.sub(rf'{key} = ("[^"]*"|\[[^]]*\]), ?', "", TEXT, count=1)
    with pytest.raises(kedge.InvalidArgument, match=f"line 5: .*user needs {key}"):
        kedge.Window.from_toml(text)


def test_too_many_columns() -> None:
    with pytest.raises(kedge.InvalidArgument, match="2 columns, step takes 1"):
        kedge.Window.from_toml(TEXT.replace('["x"]', '["x", "y"]'))


def test_code_that_nobody_else_finds_is_not_printed() -> None:
    @kedge.aggregate
    class Inside:
        state = {"n": "int64"}

        def step(state):
            state.n += 1

        def merge(into, other):
            into.n += other.n

        def finish(state):
            return state.n

    with pytest.raises(kedge.InvalidArgument, match=r'aggregates\["a"\].*<locals>.*cannot be'):
        kedge.Window(aggregates={"a": Inside()}).to_toml()
    Inside.__module__ = "__main__"
    with pytest.raises(kedge.InvalidArgument, match="put it in a module"):
        kedge.Window(aggregates={"a": Inside()}).to_toml()
    Inside.__module__, Inside.__qualname__ = Rows.__module__, Rows.__qualname__
    with pytest.raises(kedge.InvalidArgument, match="other code than this window runs"):
        kedge.Window(aggregates={"a": Inside()}).to_toml()
