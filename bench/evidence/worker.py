"""One of river's detectors over a stream, in a process and under an interpreter of its own.

    PYTHON -m bench.evidence.worker ENGINE VALUES.npy CPU

Says `version` of itself. Then each line that comes in, a parameter or nothing for river's default,
is answered by one run over the values, one `update` for each: `alarms`, the places of the values
that it alarmed at, and `taken_ns`. `river-KSWIN-60` has a window of twice its newest values, so
that it draws nothing by chance.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterable
from importlib.metadata import version
from typing import Any, TextIO

import numpy as np

from bench import process

__all__ = ["ENGINES"]

Make = Callable[[float | None], Any]


def _adwin(delta: float | None) -> Any:
    from river.drift import ADWIN

    return ADWIN() if delta is None else ADWIN(delta=delta)


def _kswin(alpha: float | None) -> Any:
    from river.drift import KSWIN

    return KSWIN(seed=1) if alpha is None else KSWIN(alpha=alpha, seed=1)


def _page_hinkley(threshold: float | None) -> Any:
    from river.drift import PageHinkley

    return PageHinkley() if threshold is None else PageHinkley(threshold=threshold)


def _plain(name: str, **options: int) -> Make:
    def make(_: float | None) -> Any:
        from river import drift

        maker = getattr(drift, name, None) or getattr(drift.binary, name)
        return maker(**options)

    return make


ENGINES: dict[str, Make] = {
    **{f"river-{name}": _plain(name) for name in ("DDM", "EDDM", "HDDMA", "HDDMW")},
    "river-KSWIN-60": _plain("KSWIN", window_size=60, seed=1),
    "river-ADWIN": _adwin,
    "river-KSWIN": _kswin,
    "river-PageHinkley": _page_hinkley,
}


class _Detecting:
    def __init__(self, engine: str, path: str) -> None:
        self.make = ENGINES[engine]
        self.values = np.load(path).tolist()
        self.make(None)

    def run(self, parameter: float | None) -> dict[str, Any]:
        detector = self.make(parameter)
        update, values = detector.update, self.values
        alarms = []
        start = time.perf_counter_ns()
        for place, value in enumerate(values):
            update(value)
            if detector.drift_detected:
                alarms.append(place)
        return {"alarms": alarms, "taken_ns": time.perf_counter_ns() - start}


def _answer_all(engine: _Detecting, questions: Iterable[str], answers: TextIO) -> None:
    for question in questions:
        parameter = float(question) if question.strip() else None
        print(json.dumps(engine.run(parameter)), file=answers)


def main() -> None:
    """Answer until there are no more questions."""
    engine, path, cpu = sys.argv[1:]
    process.serve(
        lambda: process.ready(lambda: _Detecting(engine, path)),
        int(cpu),
        lambda _: {"version": version("river")},
        _answer_all,
    )


if __name__ == "__main__":
    main()
