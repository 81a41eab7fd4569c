"""A profile of each window's rows: that of the same rows counted at once, to the byte."""

from __future__ import annotations

import pickle
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import kedge
from tests.reference.window_aggregates import Aggregate, Closed
from tests.window.agreement import Ask, assert_agree, bits, pair, run
from tests.window.kinds import KINDS, WindowKind
from tests.window.streams import CLOCKS, Stream, make_stream, streams

COLUMNS = ["v", "f", "i", "u", "b", "s", "d"]
TRAIN = make_stream(5, 3000, CLOCKS[0], "none", 0).table.select(COLUMNS)
REFERENCE = kedge.profile(TRAIN, cells=64)


@dataclass(frozen=True)
class ProfileAsk(Ask):
    """The window's rows are taken from the whole table by their numbers, and counted at once."""

    table: pa.Table | None = None
    wanted: int = 1

    def __str__(self) -> str:
        return f"profile of {self.args[0]} {self.wanted}"

    def ours(self) -> Any:
        where = "" if self.wanted == 1 else f"row % {self.wanted} == 0"
        return kedge.profile_of(self.args[0], like=REFERENCE, where=where)

    def plain(self) -> Aggregate:
        def value(window: Closed) -> bytes:
            rows = [row["row"] for row in window.rows if row["row"] % self.wanted == 0]
            counted = REFERENCE.select([self.args[0]]).like()
            counted.update(self.table.select([self.args[0]]).take(pa.array(rows, pa.int64())))
            return counted.to_bytes()

        return value


def asks_of(stream: Stream) -> Sequence[Ask]:
    asks = [ProfileAsk("profile_of", (name,), table=stream.table) for name in COLUMNS]
    return [*asks, ProfileAsk("profile_of", ("v",), table=stream.table, wanted=3)]


@pytest.mark.parametrize("kind", KINDS, ids=str)
@given(stream=streams(max_size=80))
@settings(max_examples=6)
def test_profiles_are_those_of_the_windows_rows(kind: WindowKind, stream: Stream) -> None:
    assert_agree(stream, kind, asks_of(stream))


@pytest.mark.parametrize("kind", KINDS, ids=str)
@given(stream=streams(max_size=60), cuts=st.lists(st.integers(0, 60), max_size=5))
@settings(max_examples=5)
def test_splits_and_snapshots_change_no_byte(
    kind: WindowKind, stream: Stream, cuts: list[int]
) -> None:
    asks = asks_of(stream)
    whole = run(pair(stream, kind, asks)[0], stream.batches(()))
    stored, tables = pair(stream, kind, asks)[0], []
    for batch in stream.batches(tuple(sorted(min(cut, len(stream.table)) for cut in cuts))):
        tables.append(pa.table(stored.push(batch)))
        data = stored.snapshot()
        stored = kedge.Window.restore(data)
        assert stored.snapshot() == data
    tables.append(pa.table(stored.finish()))
    assert bits(pa.concat_tables(tables)) == bits(whole)


def one(data: dict[str, Any], aggregate: Any) -> kedge.Profile:
    window = kedge.Window(aggregates={"p": aggregate})
    window.push(data)
    table = pa.table(window.finish())
    assert table["p"].type == pa.large_binary()
    return kedge.Profile.from_bytes(table["p"][0].as_py())


def test_texts_are_counted_by_their_lengths() -> None:
    texts = [f"order {i} of {'x' * (i % 7)}" for i in range(4000)]
    reference = kedge.profile({"s": texts})
    assert reference.kind("s") == "text"
    expected = reference.like()
    expected.update({"s": texts[:100]})
    assert one({"s": texts[:100]}, kedge.profile_of("s", like=reference)) == expected


def test_many_rows_of_one_key_and_many_keys_are_counted_alike() -> None:
    rng = np.random.default_rng(4)
    values = np.where(rng.random(30_000) < 0.01, np.nan, rng.normal(size=30_000))
    keys = rng.integers(0, 300, len(values))
    reference = kedge.profile({"v": values[:5000]})
    window = kedge.Window(key="k", aggregates={"p": kedge.profile_of("v", like=reference)})
    window.push({"k": keys, "v": values})
    total = reference.like()
    for stored in pa.table(window.finish())["p"].to_pylist():
        total.merge(kedge.Profile.from_bytes(stored))
    assert total == one({"v": values}, kedge.profile_of("v", like=reference))
    assert total.row_count == len(values)


def test_drift_comes_out_of_the_same_pass() -> None:
    rng = np.random.default_rng(1)
    reference = kedge.profile({"amount": rng.normal(size=20_000), "n": np.arange(20_000)})
    times = pa.array(np.arange(20_000) // 100).cast(pa.timestamp("s"))
    amount = rng.normal(size=20_000) + (np.arange(20_000) >= 10_000)
    window = kedge.Window(
        time="t",
        every="100s",
        aggregates={
            "m": kedge.mean("x"),
            "p": kedge.profile_of("x", like=reference, name="amount"),
        },
    )
    tables = [pa.table(window.push({"t": times, "x": amount})), pa.table(window.finish())]
    closed = pa.concat_tables(tables)
    reports = [
        kedge.compare(
            reference.select(["amount"]), kedge.Profile.from_bytes(stored), min_effect=0.1
        )
        for stored in closed["p"].to_pylist()
    ]
    assert [report.verdict for report in reports] == ["no", "yes"]
    metadata = closed.schema.field("p").metadata
    assert metadata[b"kedge.column"] == b"amount"
    assert metadata[b"kedge.reference"].isdigit()


def definition(like: Any, **more: Any) -> kedge.Window:
    return kedge.Window(aggregates={"p": kedge.profile_of("v", like=like, **more)})


def test_another_reference_is_another_definition() -> None:
    other = kedge.profile(TRAIN[:1000], cells=64)
    mine, again, theirs = (definition(like) for like in (REFERENCE, REFERENCE, other))
    assert mine.hash == again.hash != theirs.hash
    mine.push(TRAIN)
    data = mine.snapshot()
    kedge.Window.restore(data, expected=again)
    pickle.loads(pickle.dumps(mine)).push(TRAIN)
    with pytest.raises(kedge.InvalidArgument, match=r'another definition.*"p".*like=the profile'):
        kedge.Window.restore(data, expected=theirs)


def test_what_does_not_fit_the_reference_is_refused() -> None:
    for data, error in (
        ({"v": ["a"]}, "holds float64 as a number, got (large_)?utf8"),
        ({"d": pa.array([1], pa.int64())}, "holds timestamp"),
    ):
        (name,) = data
        window = kedge.Window(aggregates={"p": kedge.profile_of(name, like=REFERENCE)})
        with pytest.raises(kedge.KedgeError, match=rf'aggregates\["p"\].*{error}'):
            window.push(data)
    with pytest.raises(kedge.InvalidArgument, match='no column "x"'):
        kedge.profile_of("x", like=REFERENCE)
    with pytest.raises(FileNotFoundError):
        kedge.profile_of("x", like="nowhere")


def test_a_document_has_the_path_of_the_reference_or_the_reference(tmp_path: Path) -> None:
    path = tmp_path / "train.profile"
    path.write_bytes(REFERENCE.to_bytes())
    here = definition(path, where="v > 0")
    assert here.hash == definition(REFERENCE, where="v > 0").hash
    assert f'like = "{path}"' in here.to_toml()
    assert kedge.Window.from_toml(here.to_toml()).hash == here.hash
    document = tmp_path / "windows.toml"
    document.write_text(
        "[window]\n[window.aggregates]\n"
        'p = { function = "profile_of", column = "w", like = "train.profile", name = "v" }\n'
    )
    read = kedge.Window.from_toml(document)
    text = read.to_toml()
    assert 'like = "' + str(path) in text
    assert 'name = "v"' in text
    read.push({"w": [1.0]})
    held = kedge.Window.restore(read.snapshot()).to_toml()
    assert 'like = "base64:' in held
    assert kedge.Window.from_toml(held).hash == read.hash
    assert kedge.Window.from_toml(held).to_toml() == held


@pytest.mark.parametrize(
    ("like", "error"),
    [
        ("nowhere", "line 3: window.aggregates.p: .*nowhere"),
        ("base64:!", "line 3: window.aggregates.p: like: "),
        ("base64:AAAA", "line 3: window.aggregates.p: profile"),
    ],
)
def test_documents_say_what_is_wrong_with_a_reference(like: str, error: str) -> None:
    line = f'p = {{ function = "profile_of", column = "v", like = "{like}" }}'
    with pytest.raises(kedge.InvalidArgument, match=error):
        kedge.Window.from_toml(f"[window]\n[window.aggregates]\n{line}\n")


def test_select_takes_columns_without_slices() -> None:
    sliced = kedge.profile({"a": [1, 2], "b": ["x", "y"], "c": [0.5, 1.5]}, slices=["b"])
    some = sliced.select(["c", "a"])
    assert (some.columns, some.slices, some.row_count) == (["c", "a"], [], 2)
    assert some.histogram("a") == sliced.histogram("a")
    for names in (["a", "a"], ["nope"]):
        with pytest.raises(kedge.InvalidArgument, match=names[0]):
            sliced.select(names)
