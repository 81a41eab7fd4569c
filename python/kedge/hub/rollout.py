"""What is signed of a bundle beside its bytes: for whom it is, what it replaces, when it stays."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from kedge._core import InvalidArgument

__all__ = ["Gate", "Rollout"]

_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,63}")
_MOST = (1 << 53) - 1  # whole numbers that every JSON reader has
_TERMS = ("replaces", "groups", "percent", "rollout")
_GATE = {  # those of cpp/kedge/edge/gate_bounds.h: a board takes no other
    "rows": (50, 1_000_000_000),
    "seconds": (1, 366 * 86400),
    "disagreement_ppm": (0, 999_999),
    "distance_ppm": (0, 999_999),
    "latency_percent": (0, 100_000),
}


@dataclass(frozen=True)
class Gate:
    """What a board must see of a candidate before it stays.

    Attributes:
        rows: that both models score, at least.
        seconds: within which that happens, else it goes again.
        disagreement_ppm: rows whose predictions differ, at most, in millionths.
        distance_ppm: between the two models' scores, at most, in millionths.
        latency_percent: of the live model's time, at most.
    """

    rows: int = 1000
    seconds: int = 86400
    disagreement_ppm: int = 10_000
    distance_ppm: int = 200_000
    latency_percent: int = 200

    def __post_init__(self) -> None:
        """Refuse what every board would refuse.

        Raises:
            InvalidArgument: it names the member, its value and the bounds.
        """
        for name, (least, most) in _GATE.items():
            value = getattr(self, name)
            if not least <= value <= most:
                raise InvalidArgument(f"gate {name} = {value}: allowed are {least} to {most}")

    @classmethod
    def of(cls, given: Mapping[str, int]) -> Gate:
        """These members, the others as they are by default.

        Raises:
            InvalidArgument: there is no such member, or its value cannot be.
        """
        for name in given:
            if name not in _GATE:
                raise InvalidArgument(f"gate has no {name!r}; it has {', '.join(sorted(_GATE))}")
        return cls(**given)


@dataclass(frozen=True)
class Rollout:
    """Whom a bundle is for.

    Attributes:
        model: its name, the same for all versions.
        version: a board takes none that is lower than the one it has ..
        replaces: .. but for these, a rollback that is signed.
        groups: of devices; empty for all.
        percent: of the devices in them.
        rollout: draws which ones, with the device's name; the model and version by default.
        gate: what must be seen before it stays.
    """

    model: str
    version: int
    replaces: tuple[int, ...] = ()
    groups: tuple[str, ...] = ()
    percent: int = 100
    rollout: str = ""
    gate: Gate = field(default_factory=Gate)

    def __post_init__(self) -> None:
        """Refuse what cannot be.

        Raises:
            InvalidArgument: it says which, and why.
        """
        for name, text in (("model", self.model), ("rollout", self.rollout or "x")):
            if not _NAME.fullmatch(text):
                raise InvalidArgument(
                    f"{name} {text!r}: up to 64 letters, digits, '.', '_' and '-'"
                )
        for name, number in (("version", self.version), *(("replaces", n) for n in self.replaces)):
            if not 1 <= number <= _MOST:
                raise InvalidArgument(f"{name} = {number}: allowed are 1 to {_MOST}")
        if not 0 <= self.percent <= 100:
            raise InvalidArgument(f"percent = {self.percent}: allowed are 0 to 100")
        if any(not group.isprintable() or not group for group in self.groups):
            raise InvalidArgument(f"groups {self.groups!r}: one has no name")
        lower = [number for number in self.replaces if number <= self.version]
        if lower:
            raise InvalidArgument(f"replaces {lower[0]}: not above version {self.version}")

    @classmethod
    def of(cls, model: str, version: int, given: dict[str, Any], signed: dict[str, Any]) -> Rollout:
        """The terms that are given, the others as `custom` has them signed, else by default.

        Raises:
            InvalidArgument: as the class.
        """
        terms = {name: signed[name] for name in _TERMS if name in signed} | given
        for name in ("replaces", "groups"):
            terms[name] = tuple(terms.get(name, ()))
        terms["gate"] = Gate.of(signed.get("gate", {}) | given.get("gate", {}))
        return cls(model, version, **terms)

    @property
    def target(self) -> str:
        """Its name in the repository."""
        return f"{self.model}-{self.version}.kedge"

    def custom(self) -> dict[str, Any]:
        """As the targets' metadata has it: whole numbers and texts alone."""
        return {
            "kedge": {
                "model": self.model,
                "version": self.version,
                "replaces": sorted(self.replaces),
                "groups": sorted(self.groups),
                "percent": self.percent,
                "rollout": self.rollout or f"{self.model}-{self.version}",
                "gate": {one.name: getattr(self.gate, one.name) for one in fields(self.gate)},
            }
        }
