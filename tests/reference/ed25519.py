"""Ed25519 as RFC 8032 writes it down, in whole numbers, and keys and points that are hard."""

from __future__ import annotations

import hashlib

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT = pow(2, (P - 1) // 4, P)

Point = tuple[int, int]


def add(p: Point, q: Point) -> Point:
    t = D * p[0] * q[0] * p[1] * q[1] % P
    x = (p[0] * q[1] + p[1] * q[0]) * pow(1 + t, P - 2, P)
    y = (p[1] * q[1] + p[0] * q[0]) * pow(1 - t, P - 2, P)
    return x % P, y % P


def times(number: int, point: Point) -> Point:
    total = (0, 1)
    while number:
        if number & 1:
            total = add(total, point)
        point, number = add(point, point), number >> 1
    return total


def decode(data: bytes) -> Point | None:
    """The point of 32 bytes, by the rules of section 5.1.3."""
    number = int.from_bytes(data, "little")
    y, sign = number % 2**255, number >> 255
    if y >= P:
        return None
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * ROOT % P
    if (x * x - square) % P or (x == 0 and sign):
        return None
    return (x if x % 2 == sign else P - x), y


def encode(point: Point) -> bytes:
    return (point[1] | (point[0] & 1) << 255).to_bytes(32, "little")


BASE = decode((4 * pow(5, P - 2, P) % P).to_bytes(32, "little")) or (0, 1)


def small_points() -> list[Point]:
    """The eight points whose multiple by eight is zero."""
    y = 2
    while True:
        found = decode(y.to_bytes(32, "little"))
        y += 1
        if found is None:
            continue
        small = times(L, found)
        if times(4, small) != (0, 1):
            return [times(i, small) for i in range(8)]


def challenge(r: bytes, key: bytes, message: bytes) -> int:
    return int.from_bytes(hashlib.sha512(r + key + message).digest(), "little") % L


def verify(key: bytes, message: bytes, signature: bytes) -> bool:
    """Strict, and without the cofactor: a key of small order and a second spelling are refused."""
    point, s = decode(key), int.from_bytes(signature[32:], "little")
    if point is None or times(8, point) == (0, 1) or s >= L:
        return False
    k = challenge(signature[:32], key, message)
    minus = (-point[0] % P, point[1])
    return encode(add(times(s, BASE), times(k, minus))) == signature[:32]
