"""Signatures: OpenSSL's are taken, changed ones are not, hard ones go as RFC 8032 says."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import kedge
from kedge._core import verify_ed25519
from tests.reference import ed25519 as reference

ed25519 = pytest.importorskip("cryptography.hazmat.primitives.asymmetric.ed25519")

SMALL = reference.small_points()
KEYS = st.binary(min_size=32, max_size=32)


def signed(seed: bytes, message: bytes) -> tuple[bytes, bytes]:
    private = ed25519.Ed25519PrivateKey.from_private_bytes(seed)
    return private.public_key().public_bytes_raw(), private.sign(message)


@given(KEYS, st.binary(max_size=400))
def test_what_openssl_signs_is_taken(seed: bytes, message: bytes) -> None:
    key, signature = signed(seed, message)
    assert verify_ed25519(key, message, signature)


@pytest.mark.parametrize("length", [0, 1, 47, 48, 63, 64, 111, 112, 127, 128, 175, 176, 177, 5000])
def test_messages_of_every_length_about_a_block(length: int) -> None:
    key, signature = signed(bytes(range(32)), b"x" * length)
    assert verify_ed25519(key, b"x" * length, signature)
    assert not verify_ed25519(key, b"x" * (length + 1), signature)


def test_every_bit_counts() -> None:
    message = b"the anchor holds"
    key, signature = signed(b"k" * 32, message)
    whole = key + message + signature
    for bit in range(8 * len(whole)):
        damaged = bytearray(whole)
        damaged[bit // 8] ^= 1 << bit % 8
        parts = bytes(damaged[:32]), bytes(damaged[32:-64]), bytes(damaged[-64:])
        assert not verify_ed25519(*parts), bit


@settings(deadline=None)
@given(KEYS, KEYS, KEYS, st.binary(max_size=40))
def test_any_bytes_go_as_the_reference_says(k: bytes, r: bytes, s: bytes, message: bytes) -> None:
    assert verify_ed25519(k, message, r + s) == reference.verify(k, message, r + s)


@settings(deadline=None)
@given(st.integers(0, 7), st.integers(0, 7), st.integers(0, 2**252), st.integers(0, 3))
def test_keys_and_points_with_a_part_of_small_order(
    in_key: int, in_r: int, secret: int, more: int
) -> None:
    """Signatures that hold with the cofactor, and those with S beyond the order."""
    number = secret % reference.L
    key = reference.encode(reference.add(reference.times(number, reference.BASE), SMALL[in_key]))
    nonce = (secret * 7 + 5) % reference.L
    r = reference.encode(reference.add(reference.times(nonce, reference.BASE), SMALL[in_r]))
    k = reference.challenge(r, key, b"m")
    s = (nonce + k * number) % reference.L + more * reference.L
    if s >= 2**256:
        return
    signature = r + s.to_bytes(32, "little")
    assert verify_ed25519(key, b"m", signature) == reference.verify(key, b"m", signature)
    if in_key == 0 and in_r == 0 and number:
        assert verify_ed25519(key, b"m", signature) == (more == 0)


def test_second_spellings_are_refused() -> None:
    """0 and 1 may be written as p and p + 1, and x = 0 with a sign; zero S and R fit such keys."""
    spellings = [y + sign * 2**255 for y in range(2**255 - 19, 2**255) for sign in (0, 1)]
    keys = [*(reference.encode(point) for point in SMALL), (2**255 + 1).to_bytes(32, "little")]
    for key in (*keys, *(number.to_bytes(32, "little") for number in spellings)):
        for r in keys:
            assert not verify_ed25519(key, b"", r + bytes(32))


@pytest.mark.parametrize(("key", "signature"), [(31, 64), (33, 64), (32, 63), (32, 65), (0, 0)])
def test_wrong_lengths_are_named(key: int, signature: int) -> None:
    with pytest.raises(kedge.InvalidArgument, match=r"\d+ bytes, \d\d are wanted"):
        verify_ed25519(bytes(key), b"", bytes(signature))
