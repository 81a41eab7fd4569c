"""Rates and lengths of time, as a monitor takes them."""

from __future__ import annotations

import re
from datetime import timedelta

from kedge._core import InvalidArgument

__all__ = ["rate_per_second", "seconds_of"]

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_RATE = re.compile(r"\s*(\d+(?:\.\d+)?)\s*/\s*(\d+(?:\.\d+)?)?\s*([smhdw])\s*")
_LENGTH = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([smhdw])\s*")


def rate_per_second(rate: str) -> float:
    """Of a text such as "1/30d".

    Raises:
        InvalidArgument: says what is allowed.
    """
    found = _RATE.fullmatch(rate)
    if found is None:
        raise InvalidArgument('expected a rate such as "1/30d", in s, m, h, d or w')
    seconds = float(found[2] or 1) * _SECONDS[found[3]]
    if not (float(found[1]) > 0 and seconds > 0):
        raise InvalidArgument("expected a rate above 0")
    return float(found[1]) / seconds


def seconds_of(length: str | timedelta) -> float:
    """Of a timedelta, or a text such as "7d"; above 0.

    Raises:
        InvalidArgument: says what is allowed.
    """
    if isinstance(length, timedelta):
        seconds = length.total_seconds()
    else:
        found = _LENGTH.fullmatch(length)
        if found is None:
            raise InvalidArgument('expected a length such as "7d", in s, m, h, d or w')
        seconds = float(found[1]) * _SECONDS[found[2]]
    if not seconds > 0:
        raise InvalidArgument("expected a length above 0")
    return seconds
