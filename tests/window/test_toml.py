"""A definition prints as TOML that reads back equal; what is wrong in a document is told where."""

from __future__ import annotations

import inspect
import pickle
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

import kedge
from kedge.window import Window, aggregates, toml

NAMES = st.text(
    st.one_of(
        st.sampled_from("ab_-. \"'\\\n\t\x00\x7f#=[]"), st.characters(exclude_categories=["Cs"])
    ),
    min_size=1,
    max_size=6,
)
DURATIONS = st.one_of(
    st.sampled_from(["1ns", "10s", "90m", "1d", "1w", "1mo", "2y", "1d12h"]),
    st.timedeltas(timedelta(microseconds=1), timedelta(days=3000)),
)
LENGTHS = st.timedeltas(timedelta(microseconds=1), timedelta(days=3000))
TIMES = st.one_of(
    st.integers(-(2**62), 2**62).map(lambda ns: np.datetime64(ns, "ns")),
    st.datetimes(datetime(1700, 1, 1), datetime(2200, 1, 1)),
    st.dates(datetime(1700, 1, 1).date(), datetime(2200, 1, 1).date()),
)
OPTIONAL = st.one_of(st.just(""), NAMES)

RISING = st.lists(st.floats(-1e9, 1e9).map(lambda x: x + 0.0), min_size=1, max_size=5, unique=True)
RISING = RISING.map(sorted)

REFERENCE = kedge.profile({"amount": [1.0, 2.0]})


@st.composite
def made_aggregates(draw: st.DrawFn) -> aggregates.Aggregate:
    function = draw(st.sampled_from([name for name in aggregates.__all__ if name != "Aggregate"]))
    arguments: dict[str, st.SearchStrategy[Any]] = {
        "column": NAMES,
        "x": NAMES,
        "y": NAMES,
        "of": OPTIONAL,
        "where": OPTIONAL,
        "q": st.one_of(st.floats(0, 1), st.sampled_from([0, 1])),
        "ddof": st.sampled_from([0, 1]),
        "error": st.floats(0.001, 0.5),
        "exact": st.booleans(),
        "per": LENGTHS,
        "halflife": LENGTHS,
        "bounds": RISING,
        "bins": st.integers(1, 4095),
        "k": st.integers(1, 512),
        "like": st.just(REFERENCE),
        "name": st.just("amount"),
        "range": st.tuples(st.floats(-1e9, 0), st.floats(1, 1e9)),
    }
    make = getattr(kedge, function)
    unwanted = draw(st.sampled_from([["bounds"], ["bins", "range"]]))
    wanted = {"bounds", "bins", "range", "name"}.difference(unwanted)
    given = {
        name: draw(arguments[name])
        for name, parameter in inspect.signature(make).parameters.items()
        if name not in unwanted
        and (parameter.default is inspect.Parameter.empty or name in wanted or draw(st.booleans()))
    }
    return make(**given)


KINDS: list[dict[str, st.SearchStrategy[Any]]] = [
    {},
    {"every": DURATIONS},
    {"every": DURATIONS, "length": DURATIONS},
    {"every": st.integers(1, 2**40)},
    {"length": DURATIONS},
    {"length": st.integers(1, 2**40)},
    {"gap": DURATIONS},
    {
        "bounds": st.lists(TIMES, min_size=2, max_size=4).map(
            lambda times: sorted(set(map(in_ns, times)))
        )
    },
]
OTHERS: dict[str, st.SearchStrategy[Any]] = {
    "lateness": DURATIONS,
    "align_to": TIMES,
    "time_zone": st.sampled_from(["UTC", "Europe/Zurich", "America/New_York"]),
    "partitions": st.integers(1, 65_536),
    "idle": DURATIONS,
    "max_keys": st.integers(1, 2**63 - 1),
    "max_state_bytes": st.integers(1, 2**63 - 1),
}


def in_ns(time: Any) -> np.datetime64:
    return np.datetime64(time).astype("M8[ns]")


@st.composite
def windows(draw: st.DrawFn) -> Window:
    names = draw(st.lists(NAMES, min_size=1, max_size=5, unique=True))
    keys = draw(st.integers(0, min(2, len(names) - 1)))
    arguments = {name: draw(value) for name, value in draw(st.sampled_from(KINDS)).items()}
    if len(arguments.get("bounds", "..")) < 2:
        arguments["bounds"] = [in_ns("2024-01-01"), in_ns("2024-01-02")]
    for name, value in OTHERS.items():
        if draw(st.booleans()):
            arguments[name] = draw(value)
    made = {name: draw(made_aggregates()) for name in names[keys:]}
    return Window(time=draw(NAMES), key=names[:keys], aggregates=made, **arguments)


@given(windows())
def test_a_definition_prints_and_reads_back_equal(window: Window) -> None:
    text = window.to_toml()
    again = Window.from_toml(text)
    assert again.hash == window.hash
    assert again._stream.definition == window._stream.definition
    assert again.to_toml() == text
    assert Window.from_toml(text.replace("\n", "\r\n")).hash == window.hash


DOCUMENT = """\
# Spending, as the shop counts it.
[window]
time = "ts"
key = ["user"]
every = "10s"
lateness = "5s"

[window.aggregates]
n = { function = "count" }
spend = { function = "sum", column = "amount", where = "status == 'ok'" }
p99 = { function = "quantile", column = "amount", q = 0.99 }
both = { function = "correlation", columns = ["price", "amount"] }
slow = { function = "ema", column = "amount", halflife = "1m" }
spread = { function = "stddev", column = "amount", ddof = 0 }
cells = { function = "histogram", column = "amount", bounds = [0.0, 10.0, 100.0] }
bins = { function = "histogram", column = "amount", bins = 20, range = [0.0, 1.0] }
often = { function = "top", column = "status", k = 3 }
"""
SAME = Window(
    time="ts",
    key="user",
    every="10s",
    lateness="5s",
    aggregates={
        "n": kedge.count(),
        "spend": kedge.sum("amount", where="status == 'ok'"),
        "p99": kedge.quantile("amount", 0.99),
        "both": kedge.correlation("price", "amount"),
        "slow": kedge.ema("amount", halflife="60s"),
        "spread": kedge.stddev("amount", ddof=0),
        "cells": kedge.histogram("amount", bounds=[0, 10, 100]),
        "bins": kedge.histogram("amount", bins=20, range=(0, 1)),
        "often": kedge.top("status", k=3),
    },
)


def test_a_document_says_what_the_arguments_say(tmp_path: Path) -> None:
    assert Window.from_toml(DOCUMENT).hash == SAME.hash
    # What is printed is what a person wrote, but for the comment.
    assert SAME.to_toml() == DOCUMENT.partition("\n")[2]
    file = tmp_path / "spending.toml"
    file.write_bytes(b"\xef\xbb\xbf" + DOCUMENT.encode())
    assert Window.from_toml(file).hash == Window.from_toml(str(file)).hash == SAME.hash


def test_tables_of_their_own_are_the_same() -> None:
    dotted = 'window.every = "10s"\nwindow.time = "ts"\n[window.aggregates.n]\nfunction = "count"\n'
    inline = 'window = { every = "10s", time = "ts", aggregates.n.function = "count" }\n'
    assert Window.from_toml(dotted).hash == Window.from_toml(inline).hash


def test_the_readers_example_is_the_modules() -> None:
    assert toml.__doc__ is not None
    example = inspect.cleandoc(toml.__doc__.partition("\n\n")[2].partition("\n\nThe keys")[0])
    assert Window.from_toml(example).to_toml().strip() == example.strip()


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("2024-03-01", datetime(2024, 3, 1)),
        ("2024-03-01T12:00:00.25", datetime(2024, 3, 1, 12, microsecond=250_000)),
        ("2024-03-01T12:00:00+02:00", datetime(2024, 3, 1, 10, tzinfo=timezone.utc)),
        ('"2024-03-01T12:00:00.000000001"', np.datetime64("2024-03-01T12:00:00.000000001")),
        ("2024-03-01T12:00:00.123456000", datetime(2024, 3, 1, 12, microsecond=123_456)),
    ],
)
def test_times_are_tomls_own_or_strings(written: str, meant: Any) -> None:
    document = f'[window]\ntime = "t"\nevery = "1d"\nalign_to = {written} # so\n'
    document += '[window.aggregates]\nn = { function = "count" }\n'
    same = Window(time="t", every="1d", align_to=meant, aggregates={"n": kedge.count()})
    assert Window.from_toml(document).hash == same.hash


def test_numpys_durations_are_no_numbers_of_rows() -> None:
    window = Window(time="t", every=np.timedelta64(10, "s"), aggregates={"n": kedge.count()})
    assert 'every = "10s"' in window.to_toml()


def test_a_restored_window_prints_its_definition() -> None:
    window = Window.from_toml(DOCUMENT)
    columns: dict[str, Any] = {
        "ts": pa.array([1], pa.timestamp("us")),
        "user": ["a"],
        "status": ["ok"],
        "amount": [1.0],
        "price": [2.0],
    }
    window.push(pa.table(columns))
    assert Window.restore(window.snapshot()).to_toml() == window.to_toml()
    assert pickle.loads(pickle.dumps(window)).to_toml() == window.to_toml()


def test_documents_have_every_argument_there_is() -> None:
    arguments = set(inspect.signature(Window.__init__).parameters) - {"self", "aggregates"}
    assert set(toml._WINDOW) == arguments
    used = {name for function in toml._FUNCTIONS for name in toml._parameters(function)}
    assert used | {"x", "y"} == set(toml._ARGUMENTS)


@pytest.mark.parametrize(
    ("line", "wrong", "error"),
    [
        (3, "tme = 'ts'", r"line 3: window\.tme: there is no such key, did you mean 'time'\?"),
        (3, "time = 7", r"line 3: window\.time = 7: expected a string"),
        (4, "key = ['a', 1]", r'line 4: window.key = \["a", 1\]: expected a string or a list of'),
        (5, "every = '10 parsecs'", r'line 5: window.every = "10 parsecs": .* is no duration'),
        (5, "every = 0", r"line 5: window.every = 0: expected a duration .* or a number of rows"),
        (5, "every = '10s'\ngap = '5s'", r"line 5: every and gap: only one of them"),
        (5, "every = 5\nlength = '5s'", r"line 6: length = '5s': every = 5 counts rows"),
        (5, "every = '0s'", "line 5: every and length: must be longer than nothing"),
        (6, "lateness = 5", r'line 6: window.lateness = 5: expected a duration such as "10s"'),
        (6, "partitions = -1", r"line 6: window.partitions = -1: expected a whole number above 0"),
        (6, "partitions = 65537", r"line 6: partitions = 65537 is not between 1 and 65536"),
        (6, "partitions = 99999999999", r"line 6: partitions = 99999999999 does not fit"),
        (6, "max_keys = true", r"line 6: window.max_keys = true: expected a whole number"),
        (6, "time_zone = 'Mars'", r"line 6: time_zone: there is no zone 'Mars'"),
        (6, "align_to = 12:00:00", r"line 6: window.align_to = 12:00:00: expected a time"),
        (6, "align_to = 9999-01-01", r"line 6: window.align_to = 9999-01-01: .* in 64 bits"),
        (6, "align_to = 2024-01-01T00:00:00.1234567", "line 6: .* finer than microseconds"),
        (9, "n = 'count'", r'line 9: window.aggregates.n = "count": expected a table such as'),
        (9, "n = { fn = 'count' }", r"line 9: window.aggregates.n.fn: there is no such key"),
        (9, "n = { column = 'a' }", r"line 9: window.aggregates.n: function is missing"),
        (9, "n = { function = 'cuont' }", r'n.function = "cuont": .*, did you mean .count.\?'),
        (9, "n = { function = 'sum' }", r"line 9: window.aggregates.n: sum needs column"),
        (9, "n = { function = 'sum', column = 'a', q = 1 }", "line 9: .*n.q: there is no such key"),
        (9, "user = { function = 'count' }", 'line 8: aggregates: a column "user" comes out twice'),
        (11, "p = { function = 'quantile', column = 'a' }", r"line 11: .*p: quantile needs q"),
        (
            11,
            "p = { function = 'quantile', column = 'a', q = 2 }",
            'line 11: .*"p".*: q = 2 is not',
        ),
        (
            11,
            "p = { function = 'quantile', column = 'a', q = 'x' }",
            r"p.q = \"x\": expected a num",
        ),
        (
            12,
            "b = { function = 'correlation', columns = ['x'] }",
            r"\[\"x\"\]: expected a list of two",
        ),
        (12, "b = { function = 'correlation', x = 'x' }", r"line 12: .*b.x: there is no such key"),
        (13, "s = 1 2", r"not TOML: .*line 13"),
    ],
)
def test_an_error_says_where_which_key_and_what_is_allowed(
    line: int, wrong: str, error: str, tmp_path: Path
) -> None:
    lines = DOCUMENT.split("\n")
    lines[line - 1] = wrong
    with pytest.raises(kedge.InvalidArgument, match=error):
        Window.from_toml("\n".join(lines))
    file = tmp_path / "spending.toml"
    file.write_text("\n".join(lines))
    with pytest.raises(kedge.InvalidArgument, match=r"spending\.toml:"):
        Window.from_toml(file)


def test_the_line_is_that_on_which_the_statement_begins() -> None:
    bounds = "\n".join(f"  {1900 + year}-01-01," for year in range(60))
    document = f'[window]\ntime = """\na = 1\n"""\nbounds = [\n{bounds}\n  "soon",\n]\n'
    document += '[window.aggregates]\nn = { function = "count" }\n'
    with pytest.raises(
        kedge.InvalidArgument, match=r"^line 5: window\.bounds = .*'soon' is no time"
    ):
        Window.from_toml(document)


@pytest.mark.parametrize(
    ("document", "error"),
    [
        ("\n", r"TOML: there is no \[window\]"),
        ("windw = 1\n", r"line 1: windw: there is no such key, did you mean 'window'\?"),
        ("window = 1\n", "line 1: window = 1: expected a table"),
        ("\n[window]\n", r"line 2: there is no \[window.aggregates\]"),
        ("[window]\n[window.aggregates]\n", "TOML: aggregates: none|line 2: aggregates: none"),
        ("a = " + "[" * 100_000 + "\n", "TOML: not TOML: "),
    ],
)
def test_documents_without_a_window_are_refused(document: str, error: str) -> None:
    with pytest.raises(kedge.InvalidArgument, match=error):
        Window.from_toml(document)


def test_a_file_that_is_missing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(kedge.InvalidArgument, match=r'no\.toml": there is no such file'):
        Window.from_toml(tmp_path / "no.toml")


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "bytes.toml"
    file.write_bytes(b"[window]\n\xff")
    with pytest.raises(kedge.InvalidArgument, match=r"bytes\.toml: not UTF-8 at byte 9"):
        Window.from_toml(file)
