"""The p-value of a peer's detector after each value, in an interpreter of its own.

    PYTHON -m bench.evidence.pvalues ENGINE REFERENCE.npy STREAMS.npy OUT.npy

REFERENCE has what came before every stream; OUT gets the p-values of each stream's values, or 1
where there was none. The threshold is so low that nothing alarms, as an alarm makes it begin anew:
any other threshold's first alarm can be read off one run.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from importlib.metadata import version

import numpy as np
import numpy.typing as npt

__all__ = ["ENGINES"]

Values = npt.NDArray[np.float64]
_WINDOW = 100
_MOST_FROUROS = 5000  # of the reference: beyond, its p-values are approximate, and do not work


def _river_kswin(reference: Values, stream: Values) -> Iterable[float]:
    from river.drift import KSWIN

    detector = KSWIN(alpha=1e-300, seed=1)
    for value in reference[-_WINDOW:].tolist():
        detector.update(value)
    for value in stream.tolist():
        detector.update(value)
        yield detector.p_value


def _frouros_incremental_ks(reference: Values, stream: Values) -> Iterable[float]:
    from frouros.detectors.data_drift import IncrementalKSTest

    detector = IncrementalKSTest(window_size=_WINDOW)
    detector.fit(X=reference[-_MOST_FROUROS:])
    for value in stream.tolist():
        result, _ = detector.update(value=value)
        yield 1.0 if result is None else float(result.p_value)


ENGINES: dict[str, tuple[str, Callable[[Values, Values], Iterable[float]]]] = {
    "river-KSWIN": ("river", _river_kswin),
    "frouros-IncrementalKS": ("frouros", _frouros_incremental_ks),
}


def main() -> None:
    """Say which release it is, then follow the streams."""
    engine, reference, streams, out = sys.argv[1:]
    package, follow = ENGINES[engine]
    print(version(package), flush=True)
    before = np.load(reference)
    paths = [np.fromiter(follow(before, stream), float) for stream in np.load(streams)]
    np.save(out, np.array(paths))


if __name__ == "__main__":
    main()
