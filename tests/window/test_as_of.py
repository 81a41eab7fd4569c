"""The point-in-time join equals its definition, and what Polars and DuckDB make of it."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from typing import Any

import duckdb
import numpy as np
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import kedge
from kedge.window.durations import duration_text
from tests.reference.as_of import as_of

KEY_TYPES = {
    "int": [pa.int64(), pa.int8(), pa.uint16()],
    "text": [
        pa.string(),
        pa.large_string(),
        pa.string_view(),
        pa.dictionary(pa.int8(), pa.string()),
    ],
    "bool": [pa.bool_()],
}
KEY_VALUES: dict[str, list[Any]] = {
    "int": [None, 0, 1, 7, 100],
    "text": [None, "", "a", "b", "a name that is not short"],
    "bool": [None, False, True],
}
UNITS = {"s": 1_000_000, "ms": 1000, "us": 1}


@st.composite
def tables(draw: st.DrawFn) -> tuple[dict[str, Any], dict[str, Any]]:
    """Rows of features and of labels, and how to join them; times are in microseconds."""
    kinds = draw(st.lists(st.sampled_from(sorted(KEY_TYPES)), max_size=2))
    by = [f"k{i}" for i in range(len(kinds))]
    sides = []
    for _ in range(2):
        unit = draw(st.sampled_from(sorted(UNITS)))
        types = {
            name: draw(st.sampled_from(KEY_TYPES[kind]))
            for name, kind in zip(by, kinds, strict=True)
        }
        values = {
            name: st.sampled_from(KEY_VALUES[kind]) for name, kind in zip(by, kinds, strict=True)
        }
        times = st.one_of(st.none(), st.integers(-3, 12).map(lambda second: second * 1_000_000))
        rows = draw(st.lists(st.fixed_dictionaries({**values, "ts": times}), max_size=12))
        if draw(st.booleans()):
            rows.sort(key=lambda row: -(10**9) if row["ts"] is None else row["ts"])
        sides.append({"rows": rows, "types": types, "unit": unit})
    how = {
        "by": by,
        "on": "ts",
        "tolerance": draw(st.sampled_from([None, 0, 1, 3])),
        "strict": draw(st.booleans()),
        "match_nulls": draw(st.booleans()),
    }
    return {"features": sides[0], "labels": sides[1]}, how


def in_chunks(table: pa.Table, cuts: list[int]) -> pa.Table:
    """The same rows in several batches, whose dictionaries are not the same ones."""
    bounds = [0, *sorted(min(cut, len(table)) for cut in cuts), len(table)]
    columns = []
    for column in table.columns:
        parts = [column.slice(a, b - a) for a, b in pairwise(bounds)]
        if pa.types.is_dictionary(column.type):
            text = [part.cast(pa.string()) for part in parts]
            parts = [part.dictionary_encode().cast(column.type) for part in text]
        chunks = [chunk for part in parts for chunk in part.chunks]
        columns.append(pa.chunked_array(chunks, column.type))
    return pa.table(columns, names=table.column_names)


def table_of(side: dict[str, Any], extra: dict[str, pa.Array]) -> pa.Table:
    rows, factor = side["rows"], UNITS[side["unit"]]
    columns = {
        name: pa.array([row[name] for row in rows], kind) for name, kind in side["types"].items()
    }
    times = [None if row["ts"] is None else row["ts"] // factor for row in rows]
    return pa.table({**columns, "ts": pa.array(times, pa.timestamp(side["unit"])), **extra})


def features_of(side: dict[str, Any]) -> pa.Table:
    """With a column of each kind, whose values tell the row."""
    count = len(side["rows"])
    numbers = pa.array(range(count), pa.int32())
    texts = [None if i % 5 == 4 else f"{i} " + "long" * (i % 4) for i in range(count)]
    names = pa.array(texts, pa.string())
    stamps = pa.array([i * 10**9 for i in range(count)], pa.timestamp("ns", "UTC"))
    extra = {
        "place": numbers,
        "name": names,
        "kind": pa.array(
            [f"d{i % 3}" for i in range(count)], pa.dictionary(pa.int16(), pa.string())
        ),
        "flag": pa.array([i % 2 == 0 if i % 3 else None for i in range(count)], pa.bool_()),
        "share": pa.array(np.arange(count) / 4),
        "half": pa.array(np.arange(count, dtype=np.float16)),
        "stamp": stamps,
        "view": names.cast(pa.string_view()),
    }
    return table_of(side, extra)


@settings(max_examples=400)
@given(tables(), st.lists(st.integers(0, 12), max_size=3), st.lists(st.integers(0, 12), max_size=2))
def test_it_is_its_definition(
    drawn: tuple[dict[str, Any], dict[str, Any]], cuts: list[int], label_cuts: list[int]
) -> None:
    sides, how = drawn
    seconds = how["tolerance"]
    tolerance = None if seconds is None else seconds * 1_000_000
    places = as_of(
        sides["features"]["rows"], sides["labels"]["rows"], **{**how, "tolerance": tolerance}
    )
    features = features_of(sides["features"])
    labels = table_of(
        sides["labels"], {"y": pa.array(range(len(sides["labels"]["rows"])), pa.int64())}
    )
    arguments = {**how, "tolerance": None if seconds is None else f"{seconds}s"}
    joined = kedge.as_of(in_chunks(features, cuts), in_chunks(labels, label_cuts), **arguments)
    table = pa.table(joined)
    table.validate(full=True)
    assert table.select(labels.column_names).to_pylist() == labels.to_pylist()
    carried = features.drop_columns([*how["by"], "ts"])
    assert table.column_names == labels.column_names + carried.column_names
    nothing = dict.fromkeys(carried.column_names)
    rows = carried.to_pylist()
    expected = [nothing if place is None else rows[place] for place in places]
    assert table.select(carried.column_names).to_pylist() == expected


def random_tables(seed: int, rows: int) -> tuple[pl.DataFrame, pl.DataFrame]:
    rng = np.random.default_rng(seed)

    def table(count: int, name: str) -> pl.DataFrame:
        columns = {
            "user": rng.choice(["ann", "bob", "cid", "a name that is not short"], count),
            "shop": rng.integers(0, 3, count),
            "ts": np.sort(rng.integers(0, 2000, count)).astype("M8[us]"),
            name: rng.normal(size=count),
        }
        return pl.DataFrame(columns).with_columns(
            pl.when(pl.col("shop") == 2).then(None).otherwise(pl.col("shop")).alias("shop")
        )

    return table(rows, "x"), table(rows, "y")


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("tolerance", [None, timedelta(microseconds=40)])
@pytest.mark.parametrize("strict", [False, True])
def test_it_is_polars_join_asof(seed: int, tolerance: timedelta | None, strict: bool) -> None:
    features, labels = random_tables(seed, 3000)
    for by in (["user"], ["user", "shop"], []):
        ours = kedge.as_of(
            features.drop([name for name in ("user", "shop") if name not in by]),
            labels,
            by=by,
            on="ts",
            tolerance=tolerance,
            strict=strict,
        )
        theirs = labels.join_asof(
            features.drop([name for name in ("user", "shop") if name not in by]),
            on="ts",
            by=by or None,
            tolerance=tolerance,
            allow_exact_matches=not strict,
            check_sortedness=False,
        )
        assert pl.DataFrame(pa.table(ours)).equals(theirs)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("strict", [False, True])
def test_it_is_duckdbs_asof_join(seed: int, strict: bool) -> None:
    features, labels = random_tables(seed, 2000)
    # Which of several rows of one time it takes, DuckDB does not say.
    features = features.unique(["user", "ts"], keep="first").sample(
        fraction=1, shuffle=True, seed=1
    )
    labels = labels.sample(fraction=1, shuffle=True, seed=2)
    assert len(labels) == 2000
    ours = kedge.as_of(features.drop("shop"), labels, by="user", on="ts", strict=strict)
    before = ">" if strict else ">="
    with duckdb.connect() as connection:
        theirs = connection.sql(
            "SELECT labels.*, x FROM labels ASOF LEFT JOIN features"
            f" ON labels.user = features.user AND labels.ts {before} features.ts"
        ).pl()
    order = ["ts", "user", "y"]
    assert pl.DataFrame(pa.table(ours)).sort(order).equals(theirs.sort(order))


@given(
    st.lists(st.integers(0, 40), max_size=20), st.lists(st.integers(0, 40), max_size=20), st.data()
)
@pytest.mark.parametrize("kind", [pa.int64(), pa.uint64(), pa.int16(), pa.date32(), pa.date64()])
def test_integers_and_dates_are_times(
    kind: pa.DataType, features: list[int], labels: list[int], data: st.DataObject
) -> None:
    shift = {pa.int64(): -(2**63), pa.uint64(): 2**63 - 20}.get(kind, -20)
    step = 86_400_000 if kind == pa.date64() else 1
    tolerance = data.draw(st.sampled_from([None, 0, 5]))
    tables = [[{"ts": time} for time in side] for side in (features, labels)]
    expected = as_of(*tables, by=[], on="ts", tolerance=tolerance)
    columns = [
        pa.array([(time + shift) * step for time in side], kind) for side in (features, labels)
    ]
    is_date = pa.types.is_date(kind)
    joined = kedge.as_of(
        pa.table({"ts": columns[0], "place": pa.array(range(len(features)), pa.int64())}),
        pa.table({"ts": columns[1]}),
        on="ts",
        tolerance=f"{tolerance}d" if is_date and tolerance is not None else tolerance,
    )
    assert joined.to_pydict()["place"] == expected


def test_extreme_times_have_the_right_age() -> None:
    features = {"ts": np.array([-(2**63), 2**63 - 1]), "x": np.array([1, 2])}
    labels = {"ts": np.array([2**63 - 2, 2**63 - 1])}
    joined = kedge.as_of(features, labels, on="ts", tolerance=2**64 - 2)
    assert joined.to_pydict()["x"] == [1, 2]
    assert kedge.as_of(features, labels, on="ts", tolerance=2**63).to_pydict()["x"] == [None, 2]


def at(*seconds: int | None, unit: str = "s", zone: str | None = None) -> pa.Array:
    return pa.array(seconds, pa.timestamp(unit, zone))


def test_windows_are_features_when_they_are_closed() -> None:
    window = kedge.Window(time="ts", key="user", every="10s", aggregates={"n": kedge.count()})
    rows = pa.table({"ts": at(1, 4, 12, 26), "user": ["a", "a", "a", "a"]})
    closed = pa.concat_tables([pa.table(window.push(rows)), pa.table(window.finish())])
    labels = pa.table({"user": ["a", "a", "a"], "ts": at(9, 10, 29)})
    joined = kedge.as_of(
        closed.drop_columns(["window_start", "window_id"]),
        labels,
        by="user",
        on="ts",
        features_on="window_end",
    )
    assert joined.to_pydict() == {
        "user": ["a", "a", "a"],
        "ts": [9, 10, 29],
        "window_end": [None, 10, 20],
        "n": [None, 2, 1],
    }


def test_several_feature_tables_are_joined_one_after_the_other() -> None:
    first = pa.table({"ts": at(1), "score": [1.0]})
    second = pa.table({"ts": at(2), "score": [2.0]})
    labels = pa.table({"ts": at(1, 3)})
    joined = kedge.as_of(second, kedge.as_of(first, labels, on="ts"), on="ts", suffix="_shop")
    assert joined.to_pydict() == {"ts": [1, 3], "score": [1.0, 1.0], "score_shop": [None, 2.0]}


def test_structs_of_the_labels_are_handed_on() -> None:
    labels = pa.table({"ts": at(2), "both": [{"a": 1}]})
    joined = kedge.as_of({"ts": np.array([1], "M8[s]"), "x": np.array([5])}, labels, on="ts")
    assert pa.table(joined).to_pylist() == [{**labels.to_pylist()[0], "x": 5}]


def test_zones_do_not_matter_when_both_have_one() -> None:
    features = pa.table({"ts": at(1, zone="UTC"), "x": [5]})
    labels = pa.table({"ts": at(1, zone="Europe/Zurich")})
    assert kedge.as_of(features, labels, on="ts").to_pydict()["x"] == [5]


def test_dictionaries_that_differ_become_one() -> None:
    chunks = [pa.array([f"{i}", "same", None]).dictionary_encode() for i in range(60)]
    chunks = [chunk.cast(pa.dictionary(pa.int8(), pa.string())) for chunk in chunks]
    kinds = pa.chunked_array(chunks)
    features = pa.table({"ts": at(*range(180)), "kind": kinds})
    labels = pa.table({"ts": at(*range(180))})
    joined = pa.table(kedge.as_of(features, labels, on="ts"))
    assert joined["kind"].to_pylist() == kinds.to_pylist()
    assert joined.schema.field("kind").type == pa.dictionary(pa.int8(), pa.large_string())
    (chunk,) = joined["kind"].chunks
    assert len(chunk.dictionary) == 61
    many = [pa.array([f"{i}.{j}" for j in range(50)]).dictionary_encode() for i in range(3)]
    narrow = pa.chunked_array([chunk.cast(pa.dictionary(pa.int8(), pa.string())) for chunk in many])
    features = pa.table({"ts": at(*range(150)), "kind": narrow})
    with pytest.raises(
        kedge.InvalidArgument, match=r'"kind": .* 150 entries, .*int8> can count 128'
    ):
        kedge.as_of(features, labels, on="ts")


FEATURES = pa.table({"user": ["a"], "ts": at(1), "x": [1.0]})
LABELS = pa.table({"user": ["a"], "ts": at(1), "y": [1]})
BY_USER: dict[str, Any] = {"on": "ts", "by": "user"}
ZONED = pa.table({"user": [1], "ts": at(1, zone="UTC")})
WIDE = pa.table({"user": pa.array([1], pa.uint64()), "ts": pa.array([2**62], pa.timestamp("s"))})


@pytest.mark.parametrize(
    ("features", "labels", "arguments", "error"),
    [
        (FEATURES, LABELS, {"on": "time"}, r'features: .*"time"; the columns are "user"'),
        (
            FEATURES,
            LABELS,
            {"on": "y", "features_on": "ts"},
            r'"y": int64 in the labels, .*\("ts"\)',
        ),
        (FEATURES, LABELS, {"on": "ts", "by": "usr"}, r'features: .*"usr"'),
        (FEATURES, LABELS, {"on": "ts", "by": ["x"]}, r'labels: .*"x"'),
        (FEATURES, LABELS, {"on": "user"}, "`on` takes two timestamps"),
        (
            FEATURES,
            ZONED,
            {"on": "ts"},
            r"timestamp\[s, UTC\] in the labels, timestamp\[s\] in the fea",
        ),
        (FEATURES, ZONED, BY_USER, "utf8 in the features: such keys are never"),
        (ZONED, WIDE, BY_USER, "uint64 in the labels, int64 in the features"),
        (FEATURES.append_column("y", [[1]]), LABELS, BY_USER, 'column "y" would com'),
        (FEATURES, LABELS, {"on": "ts"}, 'column "user" would come out twice: give a suffix'),
        (FEATURES, LABELS, BY_USER | {"tolerance": 5}, r"tolerance = 5: .*a duration is"),
        (FEATURES, LABELS, BY_USER | {"tolerance": -5}, "tolerance = -5 is not between"),
        (FEATURES, LABELS, BY_USER | {"tolerance": "1mo"}, "1mo"),
        (FEATURES, LABELS, BY_USER | {"tolerance": "soon"}, 'tolerance: "soon" is no'),
        (
            {"t": [1]},
            {"t": [1]},
            {"on": "t", "tolerance": "5s"},
            'tolerance = "5s": "t" is int64, a wh',
        ),
        (FEATURES.append_column("l", [[[1]]]), LABELS, BY_USER, 'column "l"'),
        (FEATURES.append_column("s", [[{"a": 1}]]), LABELS, BY_USER, '"s": struct'),
        (
            {"ts": np.array([1], "M8[ns]")},
            WIDE,
            {"on": "ts"},
            '"ts": row 0 does not fit into 64 bits',
        ),
        (FEATURES, LABELS, {"on": "x", "features_on": "x"}, r'labels: .*"x"'),
        (FEATURES, LABELS.append_column("l", [[[1]]]), {"on": "ts"}, 'column "l": type list'),
        (5, LABELS, {"on": "ts"}, "expected Arrow data"),
    ],
)
def test_what_cannot_be_joined_is_refused_by_name(
    features: Any, labels: Any, arguments: dict[str, Any], error: str
) -> None:
    with pytest.raises(kedge.KedgeError, match=error):
        kedge.as_of(features, labels, **arguments)


def test_durations_that_are_no_whole_numbers_are_refused() -> None:
    for count, unit in (("NaT", "ns"), (1, "M"), (1, "ps"), (2**62, "s")):
        with pytest.raises(kedge.InvalidArgument, match=r"tolerance: .* is no whole number"):
            duration_text(np.timedelta64(count, unit), "tolerance")
    assert duration_text(np.timedelta64(2**53 + 1, "ns"), "every").endswith("993ns")


def test_durations_of_every_library_are_tolerances() -> None:
    features = pa.table({"ts": at(1), "x": [1.0]})
    labels = pa.table({"ts": at(3)})
    for tolerance in ("2s", timedelta(seconds=2), np.timedelta64(2, "s")):
        joined = kedge.as_of(features, labels, on="ts", tolerance=tolerance)
        assert joined.to_pydict()["x"] == [1.0]
    joined = kedge.as_of(features, labels, on="ts", tolerance=np.timedelta64(1, "s"))
    assert joined.to_pydict()["x"] == [None]


@pytest.mark.parametrize(("match_nulls", "expected"), [(False, [1, None, None]), (True, [1, 2, 2])])
def test_a_null_among_a_dictionarys_entries_is_a_null(
    match_nulls: bool, expected: list[int | None]
) -> None:
    keys = pa.DictionaryArray.from_arrays(pa.array([0, 1], pa.int8()), pa.array(["a", None]))
    features = pa.table({"k": keys, "ts": at(1, 1), "x": [1, 2]})
    keys = pa.DictionaryArray.from_arrays(pa.array([1, 0, None], pa.int8()), pa.array([None, "a"]))
    labels = pa.table({"k": keys, "ts": at(2, 2, 2)})
    joined = kedge.as_of(features, labels, by="k", on="ts", match_nulls=match_nulls)
    assert joined.to_pydict()["x"] == expected
    plain = labels.set_column(0, "k", labels["k"].cast(pa.string()))
    joined = kedge.as_of(features, plain, by="k", on="ts", match_nulls=match_nulls)
    assert joined.to_pydict()["x"] == expected
