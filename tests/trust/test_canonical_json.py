"""Canonical bytes are securesystemslib's, for all that may be signed; the rest is refused."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from securesystemslib.formats import encode_canonical

import kedge
from kedge._core import canonical_json

TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
INTEGERS = st.integers(-(2**63), 2**63 - 1)
VALUES = st.recursive(
    st.none() | st.booleans() | INTEGERS | TEXTS,
    lambda inner: st.lists(inner) | st.dictionaries(TEXTS, inner),
    max_leaves=30,
)


@given(VALUES, st.booleans())
def test_bytes_are_those_of_securesystemslib(value: object, ascii_only: bool) -> None:
    spelled = json.dumps(value, ensure_ascii=ascii_only, indent=1).encode()
    assert canonical_json(spelled) == encode_canonical(value).encode()


def test_names_go_by_code_points_and_not_by_halves_of_pairs() -> None:
    assert canonical_json('{"\U00010000": 1, "\uffff": 2}'.encode()) == (
        '{"\uffff":2,"\U00010000":1}'.encode()
    )


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('{"a": 1.0}', "a: expected an integer, got a number"),
        ('{"a": [1, 2.5]}', r"a\[0\]: expected an integer"),
        ('{"a": 1e2}', "a: expected an integer"),
        ('{"a": -0}', "a: expected an integer"),
        ('{"a": NaN}', "a: expected an integer"),
        ('{"a": 9223372036854775808}', "a: expected an integer"),
        ('{"a": 1, "a": 1}', 'the object has "a" twice'),
        ('{"a": "\\ud800"}', "half a surrogate pair"),
        ('{"a": 1} x', "expected the end"),
        ("[" * 65 + "]" * 65, "nested deeper than 64"),
    ],
)
def test_what_nobody_signs_is_refused(text: str, reason: str) -> None:
    with pytest.raises(kedge.KedgeError, match=reason):
        canonical_json(text.encode())
