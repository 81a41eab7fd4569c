"""kedge holds deployed models against drift."""

from kedge._core import (
    Categories,
    CorruptData,
    Histogram,
    InvalidArgument,
    KedgeError,
    Profile,
    ResourceExhausted,
    Unsupported,
)
from kedge.drift import (
    ChiSquareResult,
    ColumnDrift,
    JointDrift,
    KsResult,
    Report,
    SliceDrift,
    chi_square_test,
    compare,
    compare_jointly,
    ks_test,
)
from kedge.expr import Expression
from kedge.model import Model, compile, load
from kedge.sketch import profile

__all__ = [
    "Categories",
    "ChiSquareResult",
    "ColumnDrift",
    "CorruptData",
    "Expression",
    "Histogram",
    "InvalidArgument",
    "JointDrift",
    "KedgeError",
    "KsResult",
    "Model",
    "Profile",
    "Report",
    "ResourceExhausted",
    "SliceDrift",
    "Unsupported",
    "chi_square_test",
    "compare",
    "compare_jointly",
    "compile",
    "ks_test",
    "load",
    "profile",
]
