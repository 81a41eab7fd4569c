"""Users' columns, as a test's own module has them."""

from __future__ import annotations

import kedge


@kedge.column
def margin(price, cost):
    """What is left of a price; nothing when there is none."""
    return (price - cost) / price if price != 0 else None


@kedge.column
def doubled(x):
    return x + x


@kedge.column
def is_above(x, y):
    return x > y
