# What stubgen cannot see: the exceptions are made by hand, under the name users catch them by.
kedge._core.KedgeError$:
    class KedgeError(Exception):
        """What every error of kedge derives from."""

kedge._core.InvalidArgument$:
    class InvalidArgument(KedgeError, ValueError):
        """A value is out of its bounds."""

kedge._core.CorruptData$:
    class CorruptData(KedgeError, ValueError):
        """Bytes are not what they claim to be."""

kedge._core.Unsupported$:
    class Unsupported(KedgeError, NotImplementedError):
        """Understood, and deliberately not handled."""

kedge._core.ResourceExhausted$:
    class ResourceExhausted(KedgeError):
        """A stated limit was reached."""

kedge._core.(Histogram|Profile|Categories|Distinct|StreamMonitor|QualityCounts|CalibrationCounts|LateCounts|ShadowTest|ADWIN|CUSUM|DDM|EDDM|HDDMA|HDDMW|KSWIN|PageHinkley).__hash__$:
    __hash__: None  # type: ignore[assignment]

# And this method, which nanobind does not call.
kedge._core.Model.predict$:
    \from typing import Any
    def predict(self, x: object, *, raw: bool = False, out: object | None = None, threads: int = 1) -> Any:
        \doc
