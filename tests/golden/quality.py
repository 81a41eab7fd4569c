"""What the golden files of quality and decisions hold."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import kedge
from kedge._core import BestArm, CalibrationCounts, CanaryTest, QualityCounts, ShadowTest

__all__ = ["QUALITY", "holds_quality", "quality"]

# How each format is read, and what is to be seen of it.
QUALITY: dict[str, tuple[Callable[[bytes], Any], Callable[[Any], Any]]] = {
    "quality": (
        QualityCounts.from_bytes,
        lambda read: {
            # Version 1 had neither probabilities nor weights.
            "definition": {
                name: value
                for name, value in read.definition.items()
                if value or name not in ("probabilities", "weight")
            },
            "parts": [[read.counts(i), read.sums(i)] for i in range(len(read.parts) + 1)],
        },
    ),
    "calibration": (
        CalibrationCounts.from_bytes,
        lambda read: {"evidence": read.log_evidence, "most": read.most_log_evidence},
    ),
    "shadow": (
        ShadowTest.from_bytes,
        lambda read: {**read.decision(), "mean": read.mean_difference},
    ),
    "arms": (BestArm.from_bytes, lambda read: {"arms": read.arms, "best": read.best}),
    "canary": (CanaryTest.from_bytes, lambda read: {**read.decision(), "counts": read.outcomes}),
}


def holds_quality(format_name: str, data: bytes) -> Any:
    """What a file of that format holds, as plain data."""
    read, look = QUALITY[format_name]
    return look(read(data))


def quality() -> dict[str, dict[str, bytes]]:
    """Files of each format by name."""
    rng = np.random.default_rng(2)
    rows = {
        "p": rng.random(500) ** 2,
        "y": (rng.random(500) < 0.3).astype(float),
        "n": rng.normal(size=500),
        "c": rng.choice(["a", "b", "c"], 500),
    }
    rows["y"][::9] = np.nan
    parts = {"by": "c", "values": ["a", "b"]}
    rows |= {"w": rows["p"] * 3, "q": 1 - rows["p"]}
    # What has neither is stored as version 1 is.
    counted = {
        "binary": kedge.Performance("binary", prediction="p", target="y", weight="w", **parts),
        "classes": kedge.Performance(
            "classes",
            prediction="c",
            target="c",
            classes=["b", "a"],
            probabilities={"a": "p", "b": "q"},
        ),
        "regression": kedge.Performance(
            "regression", prediction="p", target="n", quantiles=[0.1], weight="w"
        ),
    }
    for one in counted.values():
        one.update(rows)
    calibration = kedge.Calibration(score="p", target="y", bins=5)
    calibration.update(rows)
    shadow = kedge.Shadow(live="p", candidate="y", bound=1, delta=0.01)
    shadow.update(rows)
    canary = kedge.Canary(arm="y", error="y", latency="n", latency_limit=1.5)
    canary.update(rows)
    arms = kedge.ABTest(arm="c", outcome="y", arms=["a", "b", "c"])
    arms.update(rows)
    core = {"shadow": shadow._core, "canary": canary._core, "arms": arms._core}
    return {
        "quality": {f"{name}.qlty": one.to_bytes() for name, one in counted.items()},
        "calibration": {"five.calb": calibration.to_bytes()},
        **{name: {f"one.{name[:4]}": one.to_bytes()} for name, one in core.items()},
    }
