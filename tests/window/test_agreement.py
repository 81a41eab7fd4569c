"""kedge.Window gives what the definition gives, for every kind of window and column."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.window.agreement import Ask, assert_agree
from tests.window.asks import FIRST
from tests.window.kinds import EXPIRING, KINDS, UPDATING, WindowKind
from tests.window.streams import Stream, streams


@pytest.mark.parametrize("kind", [*KINDS, *UPDATING, *EXPIRING], ids=str)
@given(stream=streams())
@settings(max_examples=30)
def test_windows_of_every_kind_are_as_defined(kind: WindowKind, stream: Stream) -> None:
    assert_agree(stream, kind, [Ask("count"), Ask("sum", ("v",)), Ask("max", ("i",))])


@pytest.mark.parametrize("kind", [*KINDS, *UPDATING, *EXPIRING], ids=str)
@given(stream=streams(max_size=100))
@settings(max_examples=12)
def test_aggregates_are_as_defined(kind: WindowKind, stream: Stream) -> None:
    assert_agree(stream, kind, FIRST)


@given(
    stream=streams(max_size=60),
    kind=st.sampled_from(KINDS),
    asks=st.lists(st.sampled_from(FIRST), min_size=1, max_size=4, unique_by=str),
)
@settings(max_examples=60)
def test_any_few_aggregates_are_as_defined_together(
    stream: Stream, kind: WindowKind, asks: list[Ask]
) -> None:
    assert_agree(stream, kind, asks)


@given(stream=streams(keys=("int64", "string"), max_size=2000))
@settings(max_examples=6)
def test_long_batches_are_as_defined(stream: Stream) -> None:
    for kind in KINDS[:2]:
        assert_agree(stream, kind, [Ask("count"), Ask("mean", ("v",)), Ask("last", ("i",))])
