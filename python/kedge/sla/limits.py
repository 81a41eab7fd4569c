"""What a service level states, as people write it: "p99<2ms, p999<5ms, errors<0.01%"."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kedge._core import InvalidArgument
from kedge.toml import Document

__all__ = ["Level", "Limit", "duration_ns", "parse_limits", "read_level"]

_UNITS = {"ns": 1, "us": 1_000, "µs": 1_000, "ms": 1_000_000, "s": 1_000_000_000, "min": 60 * 10**9}
_NUMBER = r"(\d+(?:\.\d*)?|\.\d+)"
_DURATION = re.compile(_NUMBER + r"\s*(ns|us|µs|ms|s|min)")
_ITEM = re.compile(r"\s*(p\d+(?:\.\d+)?|errors)\s*<\s*(.*?)\s*")
_SHARE = re.compile(_NUMBER + r"\s*%")
_RATIO = re.compile(_NUMBER + r"\s*x")
_MAXIMUM = re.compile(r"100+")  # read as p999 is, it would be the tenth percentile
_MOST_ITEMS = 64


@dataclass(frozen=True)
class Limit:
    """One item of a service level.

    Attributes:
        text: as it was written.
        quantile: which latency is meant, such as 0.99; None for the share of errors.
        most: what it must stay below: nanoseconds, a share, or times the peer's.
        is_ratio: whether it is held against a peer of the same run, such as a bare echo.
    """

    text: str
    quantile: float | None
    most: float
    is_ratio: bool = False


@dataclass(frozen=True)
class Level:
    """A service level from a file.

    Attributes:
        limits: what must hold.
        scenario: what happens meanwhile, as the file has it.
    """

    limits: tuple[Limit, ...]
    scenario: Mapping[str, Any]


def duration_ns(text: str) -> int:
    """A duration in nanoseconds.

    >>> duration_ns("1.5ms")
    1500000

    Raises:
        InvalidArgument: it is no number with a unit, or is not positive.
    """
    found = _DURATION.fullmatch(text.strip())
    if found is None:
        raise InvalidArgument(f"{text!r}: expected a number and ns, us, ms, s or min, such as 30s")
    ns = round(float(found[1]) * _UNITS[found[2]])
    if not 0 < ns < 1 << 53:
        raise InvalidArgument(f"{text!r}: expected more than zero and less than 100 days")
    return ns


def parse_limits(text: str) -> tuple[Limit, ...]:
    """The items of a service level.

    >>> [(one.quantile, one.most) for one in parse_limits("p999<2ms, errors<0.01%")]
    [(0.999, 2000000), (None, 0.0001)]
    >>> parse_limits("p99<1.5x")[0].is_ratio
    True

    Raises:
        InvalidArgument: names the item.
    """
    items = text.split(",")
    if len(items) > _MOST_ITEMS:
        raise InvalidArgument(f"{len(items)} items, {_MOST_ITEMS} at most")
    limits = tuple(map(_limit, items))
    names = [one.text.partition("<")[0] for one in limits]
    for name in names:
        if names.count(name) > 1:
            raise InvalidArgument(f"{name} is stated twice")
    return limits


def read_level(path: Path) -> Level:
    """A service level: `limits`, and what else the file says.

    Raises:
        InvalidArgument: it is no TOML, has no limits, or one of them is wrong.
        OSError: it cannot be read.
    """
    document = Document.open(path)
    said = dict(document.root)
    limits = said.pop("limits", None)
    if not isinstance(limits, str):
        raise InvalidArgument(f'{path}: limits = {limits!r}: expected a text such as "p99<2ms"')
    try:
        return Level(parse_limits(limits), said)
    except InvalidArgument as error:
        raise InvalidArgument(f"{path}: limits: {error}") from None


def _limit(item: str) -> Limit:
    found = _ITEM.fullmatch(item)
    if found is None:
        raise InvalidArgument(f"{item.strip()!r}: expected p99<2ms, p99<1.5x or errors<0.1%")
    name, bound = found[1], found[2]
    text = f"{name}<{bound}"
    share, ratio = _SHARE.fullmatch(bound), _RATIO.fullmatch(bound)
    if name == "errors":
        if share is None or float(share[1]) > 100:
            raise InvalidArgument(f"{text}: expected a share up to 100%, such as 0.1%")
        return Limit(text, None, round(float(share[1]) / 100, 12))
    quantile = _quantile(name)
    if ratio is not None:
        if not float(ratio[1]) > 0:
            raise InvalidArgument(f"{text}: expected more than 0x")
        return Limit(text, quantile, float(ratio[1]), is_ratio=True)
    try:
        return Limit(text, quantile, duration_ns(bound))
    except InvalidArgument as error:
        raise InvalidArgument(f"{text}: {error}") from None


def _quantile(name: str) -> float:
    """Of p50, p99.9, and p999, which is the same."""
    digits = name[1:]
    if len(digits) > 9:
        raise InvalidArgument(f"{name}: expected at most nine digits")
    if _MAXIMUM.fullmatch(digits):
        raise InvalidArgument(
            f"{name}: no sample bounds the slowest call; state a percentile, such as p999"
        )
    quantile = float(digits) / 100 if "." in digits else int(digits) / 10 ** max(len(digits), 2)
    if not 0 < quantile < 1:
        raise InvalidArgument(f"{name}: expected a percentile between 0 and 100, such as p99")
    return round(quantile, 12)
