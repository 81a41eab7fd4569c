"""What the readers of scikit-learn pipelines share: columns on their way through a net."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NoReturn

import numpy as np

from kedge._core import NetBuilder, Unsupported

__all__ = ["Answer", "Building", "Columns", "is_missing", "kind_name", "refuse"]


@dataclass(frozen=True)
class Columns:
    """A slot, and for each of its columns the model's feature that it still is, if any."""

    slot: int
    features: tuple[int | None, ...]


@dataclass(frozen=True)
class Answer:
    """The slots of a model's raw scores and of its predictions."""

    raw: int
    prediction: int


@dataclass
class Building:
    """A net that grows, and what text its features may hold.

    Encoders far behind the first step say what text there is. So a net is built twice: the first
    time fills `texts`, the second time their lengths are known.
    """

    builder: NetBuilder
    texts: dict[int, list[str]] = field(default_factory=dict)
    _codes: dict[int, dict[str, int]] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._codes = {
            feature: {name: code for code, name in enumerate(names)}
            for feature, names in self.texts.items()
        }

    def code(self, feature: int, name: str) -> int:
        """The number by which a row says `name` in a feature of text."""
        names = self.texts.setdefault(feature, [])
        code = self._codes.setdefault(feature, {}).setdefault(name, len(names))
        if code == len(names):
            names.append(name)
        return code

    def select(self, columns: Columns, chosen: Sequence[int]) -> Columns:
        """Some of the columns, in this order."""
        slot = self.builder.select(columns.slot, list(chosen))
        return Columns(slot, tuple(columns.features[i] for i in chosen))

    def concat(self, parts: Sequence[Columns]) -> Columns:
        """All columns side by side."""
        parts = [part for part in parts if part.features]
        if len(parts) == 1:
            return parts[0]
        features = tuple(feature for part in parts for feature in part.features)
        return Columns(self.builder.concat([part.slot for part in parts]), features)

    def made(self, slot: int) -> Columns:
        """A slot whose columns are no feature any more."""
        return Columns(slot, (None,) * self.builder.width(slot))

    def combine(self, how: str, slot: int, constant: Any) -> int:
        """A slot and one constant, or one for each of its columns."""
        return self.builder.combine_with(how, slot, np.atleast_1d(np.asarray(constant, np.float64)))


def is_missing(value: Any) -> bool:
    """Whether this is None, NaN or pandas' NA."""
    if value is None or type(value).__name__ in {"NAType", "NaTType"}:
        return True
    return isinstance(value, float | np.floating) and bool(np.isnan(value))


def kind_name(model: Any) -> str:
    """What scikit-learn calls this object, or what it is derived from."""
    for base in type(model).__mro__:
        if base.__module__.startswith("sklearn."):
            return base.__name__
    return type(model).__name__


def refuse(place: str, model: Any, why: str) -> NoReturn:
    """Say what cannot be compiled, and where in the pipeline it is."""
    where = f"{place}: " if place else ""
    raise Unsupported(f"{where}{type(model).__name__} {why}")
