"""How soon a change is found, by detectors that were set to the same measured rate of false alarms.

    python -m bench.evidence.bench_power [--json] [--runs N] [--reference N] [--slow N]
        [--only PART] [--peers-dir DIR]

Everyone first sees the same `reference` values, then a stream. On streams without a change the
threshold of each is found at which 10 % of the streams alarm within 5000 values: not what is
promised, what is measured. With these thresholds the streams that change at their 500th value are
followed for 2500 more. `delay` is the median of the values after the change until the first alarm,
`found` how many streams alarmed in time. Streams that alarmed before the change are left out.

kedge looks every 4 values, with min_effect 0; `at 0.5` trusts the reference more, at a confidence
of 0.5 instead of 0.99: then its own sampling error is hardly allowed for, as in the others.
ADWIN, Page-Hinkley and CUSUM are kedge's, whose
decisions are river's (tests/drift/test_detectors.py), KSWIN is both kedge's and, on `slow` streams,
river's own, as is frouros's incremental test: from the environments that
`python -m bench.environments DIR river frouros` makes.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

import kedge
from bench.environments import add_peers_dir, interpreter
from kedge import drift

Values = npt.NDArray[np.float64]
Draw = Callable[[np.random.Generator, tuple[int, ...]], Values]
# The first alarm of each stream, its length where there is none, at a threshold.
First = Callable[[float], npt.NDArray[np.int64]]

_ROOT = Path(__file__).resolve().parents[2]
_CALM, _BEFORE, _AFTER = 5000, 500, 2500
_SHARE = 0.1  # of the calm streams, that may alarm
_EVERY = 4

_NORMAL: Draw = lambda rng, size: rng.normal(size=size)
_CHANGES: Mapping[str, tuple[Draw, Draw]] = {
    "mean + 0.1": (_NORMAL, lambda rng, size: rng.normal(0.1, 1, size)),
    "mean + 0.25": (_NORMAL, lambda rng, size: rng.normal(0.25, 1, size)),
    "mean + 0.5": (_NORMAL, lambda rng, size: rng.normal(0.5, 1, size)),
    "mean + 1": (_NORMAL, lambda rng, size: rng.normal(1, 1, size)),
    "deviation x 1.5": (_NORMAL, lambda rng, size: rng.normal(0, 1.5, size)),
    "two peaks": (
        _NORMAL,
        lambda rng, size: rng.normal(0, 0.4, size) + 0.9165 * (2 * rng.integers(0, 2, size) - 1),
    ),
    "errors 10 % -> 15 %": (
        lambda rng, size: (rng.random(size) < 0.10).astype(float),
        lambda rng, size: (rng.random(size) < 0.15).astype(float),
    ),
}


def crossed(paths: Values, threshold: float) -> npt.NDArray[np.int64]:
    """Where each path first reaches the threshold."""
    above = paths >= threshold
    places = np.where(above.any(axis=1), above.argmax(axis=1), paths.shape[1])
    return np.asarray(places, np.int64)


def evidence(confidence: float, reference: Values, streams: Values) -> First:
    """kedge's monitor: the logarithm of the evidence at its looks."""
    profile = kedge.profile({"x": reference})
    paths = np.full(streams.shape, -np.inf)
    for stream, path in zip(streams, paths, strict=True):
        monitor = kedge.Monitor(profile, min_effect=0.0, false_alarms=1e-100, confidence=confidence)
        for end in range(_EVERY, stream.size + 1, _EVERY):
            monitor.update({"x": stream[end - _EVERY : end]})
            path[end - 1] = np.log(max(monitor.evidence()["x"], 1e-300))
    return partial(crossed, paths)


def classical(name: str, options: Callable[[float], dict[str, Any]], **fixed: Any) -> Any:
    """One of the detectors: threshold t, larger for fewer alarms, is `options(t)`."""

    def follow(reference: Values, streams: Values) -> First:
        def first(threshold: float) -> npt.NDArray[np.int64]:
            warm = getattr(drift, name)(**options(threshold), **fixed)
            warm.update(reference)
            data, places = warm.to_bytes(), []
            for stream in streams:
                found = type(warm).from_bytes(data).update(stream).drifts
                places.append(found[0] if found else stream.size)
            return np.array(places)

        return first

    return follow


def pvalues(engine: str, python: Path) -> Any:
    """A peer's p-values, from its own interpreter."""

    def follow(reference: Values, streams: Values) -> First:
        with tempfile.TemporaryDirectory() as folder:
            files = [Path(folder) / f"{name}.npy" for name in ("reference", "streams", "out")]
            np.save(files[0], reference)
            np.save(files[1], streams)
            command = [str(python), "-m", "bench.evidence.pvalues", engine, *map(str, files)]
            subprocess.run(command, cwd=_ROOT, check=True, capture_output=True)
            paths = -np.log(np.maximum(np.load(files[2]), 1e-300))
        return partial(crossed, paths)

    return follow


def log_level(name: str) -> Callable[[float], dict[str, Any]]:
    """A level as its logarithm."""
    return lambda threshold: {name: float(np.exp(-threshold))}


def engines(options: argparse.Namespace) -> dict[str, tuple[Any, int]]:
    """Everyone, with how many streams they can be asked to follow."""
    many, few = options.runs, options.slow
    plain = lambda threshold: {"threshold": float(threshold)}
    own: dict[str, tuple[Any, int]] = {
        "kedge.Monitor": (partial(evidence, 0.99), many),
        "kedge.Monitor, at 0.5": (partial(evidence, 0.5), many),
        "ADWIN": (classical("ADWIN", log_level("delta")), many),
        "PageHinkley": (classical("PageHinkley", plain), many),
        "CUSUM": (classical("CUSUM", plain, warm_start=options.reference), many),
        "KSWIN": (classical("KSWIN", log_level("alpha")), many),
        "KSWIN 1000/300": (
            classical("KSWIN", log_level("alpha"), window_size=1000, stat_size=300),
            many,
        ),
    }
    for engine, package in (("river-KSWIN", "river"), ("frouros-IncrementalKS", "frouros")):
        python = interpreter(package, options.peers_dir, package)
        probe = [str(python), "-c", f"import {package}"]
        if subprocess.call(probe, stderr=subprocess.DEVNULL):
            print(f"{package} is not installed and sits out", file=sys.stderr)
        elif few:
            own[engine] = (pvalues(engine, python), few)
    return own


def calibrated(first: First, length: int) -> float:
    """The least threshold at which at most the allowed share of calm streams alarms."""
    low, high = 0.0, 600.0
    for _ in range(14):
        middle = (low + high) / 2
        if np.mean(first(middle) < length) > _SHARE:
            low = middle
        else:
            high = middle
    return high


def measure(follow: Any, change: str, runs: int, reference_rows: int) -> dict[str, Any]:
    """Set to the rate, then asked for the change."""
    before, after = _CHANGES[change]
    rng = np.random.default_rng([5, *change.encode()])
    reference = before(rng, (reference_rows,))
    calm = before(rng, (runs, _CALM))
    first = follow(reference, calm)
    threshold = calibrated(first, _CALM)
    moved = np.hstack([before(rng, (runs, _BEFORE)), after(rng, (runs, _AFTER))])
    places = follow(reference, moved)(threshold)
    delays = places[places >= _BEFORE] - _BEFORE
    found = delays < _AFTER
    return {
        "change": change,
        "threshold": threshold,
        "false": float(np.mean(first(threshold) < _CALM)),
        "found": float(np.mean(found)),
        "delay": float(np.median(delays)) if found.mean() > 0.5 else float("inf"),
        "runs": runs,
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Run it; the return value is the exit code."""
    command = argparse.ArgumentParser(
        prog="python -m bench.evidence.bench_power",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.add_argument("--json", action="store_true", help="one JSON object a line")
    command.add_argument("--runs", type=int, default=100, help="streams (%(default)s)")
    command.add_argument("--slow", type=int, default=30, help="for slow peers (%(default)s)")
    command.add_argument("--reference", type=int, default=20_000, help="values (%(default)s)")
    command.add_argument("--only", default="", help="changes, or engines, that contain this")
    add_peers_dir(command)
    options = command.parse_args(arguments)
    everyone = engines(options)
    for change in _CHANGES:
        for engine, (follow, runs) in everyone.items():
            if options.only not in f"{change}/{engine}":
                continue
            line = {"engine": engine, **measure(follow, change, runs, options.reference)}
            if options.json:
                print(json.dumps(line), flush=True)
            else:
                print(
                    f"{change:20} {engine:22} false {line['false']:5.2f}"
                    f"  delay {line['delay']:6.0f}  found {line['found']:5.2f}  ({runs} streams)",
                    flush=True,
                )
    return 0


if __name__ == "__main__":
    sys.exit(main())
