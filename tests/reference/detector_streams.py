"""Streams for the classical detectors, the same in every version of Python, and their options.

    python -m tests.reference.detector_streams > tests/golden/detectors/river.json

under an interpreter with river (`python -m bench.environments DIR river`) writes what river says.
"""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

__all__ = ["CASES", "RIVER_WORDS", "Case", "errors", "numbers", "shares", "stream_of"]


@dataclass(frozen=True)
class Case:
    """A detector with options in kedge's words, on one kind of stream."""

    detector: str
    options: Mapping[str, Any]
    stream: str


# What river calls it, where that differs.
RIVER_WORDS = {
    "min_window": "min_window_length",
    "grace": "grace_period",
    "two_sided": "two_sided_test",
    "weight": "lambda_val",
    "min_values": "min_instances",
}

CASES = [
    *(Case("ADWIN", {}, stream) for stream in ("numbers", "errors", "shares")),
    Case("ADWIN", {"delta": 0.2, "clock": 1, "max_buckets": 3, "min_window": 1}, "numbers"),
    Case("DDM", {}, "errors"),
    Case("DDM", {"warm_start": 5, "warning_threshold": 1.0, "drift_threshold": 2.5}, "errors"),
    Case("EDDM", {}, "errors"),
    Case("EDDM", {"warm_start": 10, "alpha": 0.9, "beta": 0.7}, "errors"),
    *(
        Case(name, {"two_sided": two_sided}, stream)
        for name in ("HDDMA", "HDDMW")
        for two_sided in (False, True)
        for stream in ("errors", "shares")
    ),
    Case("HDDMW", {"weight": 0.2, "warning_confidence": 0.1}, "errors"),
    Case("PageHinkley", {}, "numbers"),
    *(Case("PageHinkley", {"threshold": 15.0, "mode": mode}, "numbers") for mode in ("up", "down")),
    # Only here has river's draw nothing to draw.
    Case("KSWIN", {"window_size": 60}, "numbers"),
    Case("KSWIN", {"window_size": 40, "stat_size": 20, "alpha": 0.05}, "errors"),
]

_REGIMES, _LENGTH = 6, 250


def errors(seed: int) -> list[float]:
    """Zeros and ones at a rate that changes."""
    rng = random.Random(seed)
    rates = [0.02 + 0.6 * rng.random() for _ in range(_REGIMES)]
    return [float(rng.random() < rate) for rate in rates for _ in range(_LENGTH)]


def shares(seed: int) -> list[float]:
    """From 0 to 1, around a middle that changes."""
    rng = random.Random(seed)
    exponents = [0.5 + 3 * rng.random() for _ in range(_REGIMES)]
    return [rng.random() ** exponent for exponent in exponents for _ in range(_LENGTH)]


def numbers(seed: int) -> list[float]:
    """Around a mean that changes, some of them equal."""
    rng = random.Random(seed)
    means = [6 * rng.random() for _ in range(_REGIMES)]
    noise = (sum(rng.random() for _ in range(4)) for _ in range(_REGIMES * _LENGTH))
    return [mean + round(next(noise), 2) for mean in means for _ in range(_LENGTH)]


def stream_of(case: Case, seed: int = 1) -> list[float]:
    """The values of a case."""
    return {"errors": errors, "shares": shares, "numbers": numbers}[case.stream](seed)


def _river_says(case: Case) -> dict[str, list[int]]:
    from river import drift

    maker = getattr(drift, case.detector, None) or getattr(drift.binary, case.detector)
    options = {RIVER_WORDS.get(name, name): value for name, value in case.options.items()}
    detector = maker(**options)
    said: dict[str, list[int]] = {"drifts": [], "warnings": []}
    for place, value in enumerate(stream_of(case)):
        detector.update(value)
        if detector.drift_detected:
            said["drifts"].append(place)
        elif getattr(detector, "warning_detected", False):
            said["warnings"].append(place)
    return said


if __name__ == "__main__":
    answers = [_river_says(case) for case in CASES]
    json.dump({"version": version("river"), "answers": answers}, sys.stdout)
    sys.stdout.write("\n")
