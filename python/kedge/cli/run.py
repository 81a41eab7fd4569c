"""`kedge run`."""

from __future__ import annotations

import argparse
import signal
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kedge._core import CorruptData, KedgeError, Unsupported
from kedge.cli.answer import FAIL, NOT_YET, PASS, Answer, note, to_json, whole
from kedge.cli.progress import Progress

if TYPE_CHECKING:
    from kedge.loop import Pipeline, Run

_PAUSE = 1.0  # seconds between two lines of JSON


def options(parser: argparse.ArgumentParser) -> None:
    """What the verb takes."""
    add = parser.add_argument
    add("pipeline", metavar="PIPELINE", type=Path, help="a file of TOML")
    add("--check", action="store_true", help="try a sample; nothing is written")
    add("--sample", type=whole, default=10_000, metavar="N", help="rows of --check (%(default)s)")
    add("--explain", action="store_true", help="print stages, state and memory")


def run(options: argparse.Namespace) -> Answer:
    """Run until the input ends or a signal comes; the last snapshot is then complete."""
    try:
        from kedge.io.connectors import BuiltIn
        from kedge.loop import Pipeline
    except ImportError as error:
        raise Unsupported("kedge run needs pyarrow; pip install kedge[arrow]") from error
    connectors = BuiltIn()
    pipeline = Pipeline.read(options.pipeline, connectors)
    if options.explain:
        return _explained(pipeline, options.json)
    if options.check:
        from kedge.cli.check import check

        return check(pipeline, options.sample, options.json)
    from kedge.loop import Run

    try:
        begun = Run(pipeline, connectors.store(pipeline.state), log=note)
    except (CorruptData, OSError) as error:
        return Answer(FAIL, _failed(str(error), options.json))
    with _until_told() as told, closing(begun) as running:
        try:
            has_ended = _follow(running, told, options)
        except (OSError, KedgeError) as error:
            note(f"{error}; a new run goes on from the last snapshot")
            return _answer(running, FAIL, "failed", options.json)
    if has_ended:
        return _answer(running, PASS, "ended", options.json)
    code = PASS if pipeline.source.is_endless else NOT_YET
    return _answer(running, code, "stopped", options.json)


class _Told:
    """Whether a signal has come."""

    def __init__(self) -> None:
        self.to_stop = False

    def take(self, signum: int, frame: object) -> None:
        if self.to_stop:
            raise KeyboardInterrupt
        self.to_stop = True


@contextmanager
def _until_told() -> Iterator[_Told]:
    """SIGTERM and SIGINT end the run after its batch; a second one ends it at once."""
    told = _Told()
    before = {it: signal.signal(it, told.take) for it in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield told
    finally:
        for it, handler in before.items():
            signal.signal(it, handler)


def _follow(running: Run, told: _Told, options: argparse.Namespace) -> bool:
    """True when the input has ended."""
    meter = _Meter(running)
    with closing(Progress(options.pipeline.name)) as progress:
        while not told.to_stop:
            if not running.step():
                running.finish()
                return True
            if options.json:
                meter.print_due()
            else:
                progress.say(meter.line)
    running.snapshot()
    return False


class _Meter:
    """How a run goes."""

    def __init__(self, running: Run) -> None:
        self._running = running
        self._start = self._last = time.monotonic()
        self._rows_before = self._last_rows = running.counts.rows
        self._rate = 0.0
        self._lag: tuple[int, str] | None = None
        self._lag_due = 0.0

    def facts(self) -> dict[str, Any]:
        """As JSON has it; the rate is that since the last call."""
        now, rows = time.monotonic(), self._running.counts.rows
        if now > self._last:
            self._rate = (rows - self._last_rows) / (now - self._last)
        self._last, self._last_rows = now, rows
        window = self._running.pipeline.window()
        mark = None if window is None else window.watermark
        if now >= self._lag_due:  # a source may have to look at thousands of files for it
            self._lag, self._lag_due = self._running.pipeline.source.lag(), now + _PAUSE
        lag = self._lag
        return {
            "rows_per_s": round(self._rate),
            "lag": None if lag is None else {"amount": lag[0], "of": lag[1]},
            "watermark": None if mark is None else str(mark),
            "epoch": self._running.epoch,
            **asdict(self._running.counts),
        }

    def line(self) -> str:
        """For people."""
        facts = self.facts()
        lag = facts["lag"]
        parts = [
            f"{facts['rows_per_s']:,} rows/s",
            f"lag {lag['amount']:,} {lag['of']}" if lag else "",
            f"watermark {facts['watermark']}" if facts["watermark"] else "",
            f"late {facts['late']:,}",
            f"rejected {facts['rejected']:,}" if facts["rejected"] else "",
            f"alarms {facts['alarms']:,}",
        ]
        return "  ".join(part for part in parts if part)

    def print_due(self) -> None:
        """A line of JSON each second."""
        if time.monotonic() - self._last >= _PAUSE:
            print(to_json({"progress": self.facts()}), flush=True)


def _answer(running: Run, code: int, what: str, as_json: bool) -> Answer:
    counts = asdict(running.counts)
    if as_json:
        return Answer(code, to_json({"run": what, "epoch": running.epoch - 1, **counts}))
    listed = ", ".join(f"{count:,} {name}" for name, count in counts.items())
    return Answer(code, f"{what} after {running.epoch - 1} epochs: {listed}")


def _failed(reason: str, as_json: bool) -> str:
    return to_json({"run": "failed", "reason": reason}) if as_json else f"failed: {reason}"


def _explained(pipeline: Pipeline, as_json: bool) -> Answer:
    rows = pipeline.describe()
    if as_json:
        return Answer(PASS, to_json({"pipeline": pipeline.name, "stages": rows}))
    lines = []
    for row in rows:
        lines += [row["name"], *(f"  {name}: {row[name]}" for name in ("does", "state", "memory"))]
    return Answer(PASS, "\n".join(lines))
