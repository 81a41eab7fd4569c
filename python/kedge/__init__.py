"""kedge holds deployed models against drift."""

from kedge._core import (
    CorruptData,
    Histogram,
    InvalidArgument,
    KedgeError,
    Profile,
    ResourceExhausted,
    Unsupported,
)
from kedge.drift import ColumnDrift, KsResult, Report, compare, ks_test
from kedge.sketch import profile

__all__ = [
    "ColumnDrift",
    "CorruptData",
    "Histogram",
    "InvalidArgument",
    "KedgeError",
    "KsResult",
    "Profile",
    "Report",
    "ResourceExhausted",
    "Unsupported",
    "compare",
    "ks_test",
    "profile",
]
