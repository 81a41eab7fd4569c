"""Two samples in, what changed out: by how much, how surely, and where."""

from kedge._core import ADWIN, CUSUM, DDM, EDDM, HDDMA, HDDMW, KSWIN, PageHinkley, Signals
from kedge.drift.joint import JointDrift, compare_jointly
from kedge.drift.monitor import Alarm, Monitor
from kedge.drift.plan import ColumnPlan, Plan
from kedge.drift.report import ColumnDrift, Report, SliceDrift, compare
from kedge.drift.threshold import Exceeded, FixedThreshold
from kedge.drift.two_sample import ChiSquareResult, KsResult, chi_square_test, ks_test

__all__ = [
    "ADWIN",
    "CUSUM",
    "DDM",
    "EDDM",
    "HDDMA",
    "HDDMW",
    "KSWIN",
    "Alarm",
    "ChiSquareResult",
    "ColumnDrift",
    "ColumnPlan",
    "Exceeded",
    "FixedThreshold",
    "JointDrift",
    "KsResult",
    "Monitor",
    "PageHinkley",
    "Plan",
    "Report",
    "Signals",
    "SliceDrift",
    "chi_square_test",
    "compare",
    "compare_jointly",
    "ks_test",
]
