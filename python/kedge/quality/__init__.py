"""How good a model is while it runs: performance, calibration, fairness."""

from kedge.quality.calibration import (
    Calibration,
    CalibrationResult,
    Estimate,
    EstimatedPerformance,
    Reliability,
)
from kedge.quality.fairness import Fairness, FairnessResult, GroupRate, Parity, ParityPair
from kedge.quality.late import LateLabels
from kedge.quality.performance import (
    Area,
    BinaryPerformance,
    ClassPerformance,
    Performance,
    RegressionPerformance,
)

__all__ = [
    "Area",
    "BinaryPerformance",
    "Calibration",
    "CalibrationResult",
    "ClassPerformance",
    "Estimate",
    "EstimatedPerformance",
    "Fairness",
    "FairnessResult",
    "GroupRate",
    "LateLabels",
    "Parity",
    "ParityPair",
    "Performance",
    "RegressionPerformance",
    "Reliability",
]
