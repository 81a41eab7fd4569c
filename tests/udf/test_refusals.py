"""What cannot be is refused with its reason: classes, code, columns, snapshots, exceptions."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numba
import numpy as np
import pyarrow as pa
import pytest

import kedge
from tests.udf.classes import Commonest, Rows, Spread

ROOT = Path(__file__).parents[2]


def step(state, x):
    state.total += x


def merge(into, other):
    into.total += other.total


def finish(state):
    return state.total


STATE = {"total": "float64"}


def made(name: str = "Made", **parts: Any) -> Any:
    """A class of the functions above, some of them others."""
    found = {"state": STATE, "step": step, "merge": merge, "finish": finish, **parts}
    present = {name: part for name, part in found.items() if part is not None}
    return kedge.aggregate(type(name, (), {**present, "__module__": __name__}))


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ({"state": None}, "Made.state = None: expected a dict such as"),
        ({"state": {}}, r"Made.state = \{\}: expected a dict"),
        ({"state": {"a b": "int64"}}, "'a b' is no name of a field"),
        ({"state": {"n": "int32"}}, r"Made.state\['n'\] = 'int32': expected one of int64"),
        ({"state": {"n": ("int64", 0)}}, "the length is no whole number above 0"),
        ({"state": {"n": ("int64", 10**9)}}, "longer than 8192"),
        ({"state": {"a": ("int64", 8192), "b": "int64"}}, "65544 bytes, at most 65536"),
        ({"step": None}, "Made: step is missing"),
        ({"merge": None}, "Made: merge is missing"),
        ({"finish": None}, "Made: finish is missing"),
        ({"step": lambda: 0}, "Made.step: no parameters, expected a state first"),
        ({"merge": lambda into: 0}, "Made.merge: 1 parameters, expected 2"),
        ({"finish": lambda state, x: 0}, "Made.finish: 2 parameters, expected 1"),
        ({"init": lambda: 0}, "Made.init: 0 parameters, expected 1"),
    ],
)
def test_a_class_that_is_no_aggregate(parts: dict[str, Any], message: str) -> None:
    with pytest.raises(kedge.InvalidArgument, match=message):
        made(**parts)


def test_columns_that_step_does_not_take() -> None:
    with pytest.raises(kedge.InvalidArgument, match="0 columns, step takes 1 beside the state"):
        made()()
    with pytest.raises(kedge.InvalidArgument, match="column 3 is no string"):
        made()(3)


def pushed(aggregate: Any, **columns: Any) -> kedge.Window:
    window = kedge.Window(aggregates={"a": aggregate})
    window.push(pa.table(columns or {"x": [1.0]}))
    return window


@pytest.mark.parametrize(
    ("parts", "where", "reason"),
    [
        ({"step": lambda state, x: globals()[x]}, "step", "globals"),
        ({"merge": lambda into, other: into.gone}, "merge", "gone"),
        ({"finish": lambda state: state.total.bit_length()}, "finish", "bit_length"),
        ({"init": lambda state: state.total.append(1)}, "init", "append"),
    ],
)
def test_what_numba_cannot_compile(parts: dict[str, Any], where: str, reason: str) -> None:
    with pytest.raises(kedge.Unsupported, match=f"Made.{where}: Numba cannot") as error:
        pushed(made(**parts)("x"))
    assert reason in str(error.value)


@pytest.mark.parametrize("give", [lambda state: "text", lambda state: None, lambda state: (1, 2)])
def test_answers_that_are_no_numbers(give: Callable[[Any], Any]) -> None:
    with pytest.raises(kedge.Unsupported, match=r"Made.finish gives .*, expected a float"):
        pushed(made(finish=give)("x"))


def test_columns_that_are_no_numbers() -> None:
    with pytest.raises(kedge.Unsupported, match=r'aggregates\["a"\]: column "x": .*utf8'):
        pushed(made()("x"), x=["text"])
    with pytest.raises(kedge.InvalidArgument, match="gone"):
        pushed(made()("gone"))


def test_without_numba_there_are_other_aggregates(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "numba", None)
    with pytest.raises(kedge.Unsupported, match=r"pip install 'kedge\[numba\]'"):
        pushed(made()("x"))
    assert pa.table(pushed(kedge.sum("x")).finish())["a"].to_pylist() == [1.0]


def test_kedge_does_not_load_numba() -> None:
    program = "import sys, kedge, tests.udf.functions; sys.exit('numba' in sys.modules)"
    subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=True)


def raising(limit: float) -> Callable[[Any, float], None]:
    def raise_above(state, x):
        if x > limit:
            raise ValueError("too large")
        state.total += x

    return raise_above


def test_an_exception_ends_the_window() -> None:
    window = kedge.Window(aggregates={"a": made(step=raising(2.0))("x")})
    window.push(pa.table({"x": [1.0, 2.0]}))
    data = window.snapshot()
    with pytest.raises(kedge.InvalidArgument, match=r"step raised an exception; .* snapshot"):
        window.push(pa.table({"x": [1.0, 3.0]}))
    ways: list[Callable[[], Any]] = [
        lambda: window.push(pa.table({"x": [1.0]})),
        window.finish,
        window.snapshot,
    ]
    for way in ways:
        with pytest.raises(kedge.InvalidArgument, match="step raised an exception"):
            way()
    again = kedge.Window.restore(data, window)
    assert pa.table(again.finish())["a"].to_pylist() == [3.0]


@numba.njit
def fails(x):
    if x < 1e300:
        raise ValueError("always")
    return x


@pytest.mark.parametrize(
    ("name", "code"), [("finish", lambda s: fails(s.total)), ("merge", lambda a, b: fails(a.total))]
)
def test_so_does_one_of_another_function(name: str, code: Any) -> None:
    window = kedge.Window(
        time="t", every="1s", length="2s", aggregates={"a": made(**{name: code})("x")}
    )
    times = np.array([0, 1, 9], "M8[s]")
    with pytest.raises(kedge.InvalidArgument, match=f"{name} raised an exception"):
        window.push(pa.table({"t": times, "x": [1.0, 2.0, 3.0]}))


def test_an_index_out_of_bounds_is_an_exception() -> None:
    def beyond(state, x):
        state.counts[x] += 1

    parts = {"state": {"counts": ("int64", 4)}, "step": beyond}
    parts |= {"merge": lambda into, other: None, "finish": lambda state: state.counts[0]}
    with pytest.raises(kedge.InvalidArgument, match="step raised an exception"):
        pushed(made(**parts)("x"), x=[4])


def test_divisions_by_zero_are_none() -> None:
    window = pushed(made(finish=lambda state: state.total / 0.0)("x"))
    assert pa.table(window.finish())["a"].to_pylist() == [np.inf]


def test_init_that_raises_is_refused() -> None:
    with pytest.raises(kedge.Unsupported, match=r"Made.init.*"):
        pushed(made(init=lambda state: fails(state.total))("x"))


def test_rows_that_no_window_takes_are_not_seen() -> None:
    window = kedge.Window(time="t", every="10s", aggregates={"a": made(step=raising(2.0))("x")})
    window.push(pa.table({"t": np.array([0, 20, 1], "M8[s]"), "x": [1.0, 1.0, 9.0]}))
    window.push(pa.table({"t": np.array([21, None], "M8[s]"), "x": [1.0, 9.0]}))
    assert pa.table(window.finish())["a"].to_pylist() == [2.0]
    assert window.stats["late"] == 2


def test_a_snapshot_needs_its_code() -> None:
    data = pushed(Spread("x"), x=[1]).snapshot()
    with pytest.raises(kedge.InvalidArgument, match=r'code of "tests\.udf\.classes:Spread"'):
        kedge.Window.restore(data)
    with pytest.raises(kedge.InvalidArgument, match="needs the code"):
        kedge.Window.restore(data, aggregates=[Rows, Commonest])
    kedge.Window.restore(data, aggregates=[Rows, Spread])


def test_a_snapshot_refuses_other_code() -> None:
    data = pushed(made()("x")).snapshot()
    other = made(finish=lambda state: state.total + 1)
    with pytest.raises(kedge.InvalidArgument, match="another definition: aggregates") as error:
        kedge.Window.restore(data, aggregates=[other])
    assert str(made().hash) in str(error.value)
    assert str(other.hash) in str(error.value)
    with pytest.raises(kedge.InvalidArgument, match="another definition: aggregates"):
        kedge.Window.restore(data, kedge.Window(aggregates={"a": other("x")}))


def test_two_classes_of_one_name_do_not_meet() -> None:
    aggregates = {"a": made()("x"), "b": made(finish=lambda state: 0.0)("x")}
    with pytest.raises(kedge.InvalidArgument, match="two that differ are called"):
        kedge.Window(aggregates=aggregates)
    with pytest.raises(kedge.InvalidArgument, match=r"expected what @kedge.aggregate or"):
        kedge.Window.restore(b"", aggregates=[int])
