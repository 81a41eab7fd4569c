"""The committed stub of the compiled core is current."""

from __future__ import annotations

from tests.laws.stub import COMMITTED, generate


def test_the_stub_is_current() -> None:
    assert COMMITTED.read_text() == generate(), "run `.ci/run generate`"
