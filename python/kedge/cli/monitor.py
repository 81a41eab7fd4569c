"""`kedge monitor`."""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

from kedge._core import InvalidArgument, Profile
from kedge.cli.answer import FAIL, NOT_YET, PASS, Answer, to_json, whole
from kedge.cli.data import Watched, open_for, patiently, profile_file, stored_profile
from kedge.cli.progress import Progress
from kedge.decide import Policy
from kedge.drift import Alarm, Monitor, compare
from kedge.io import FileTable, LiveStream

_STANDARD_INPUT = Path("-")
_VERDICTS = {"no": PASS, "not yet known": NOT_YET}


def options(parser: argparse.ArgumentParser) -> None:
    """What the verb takes."""
    add = parser.add_argument
    add("reference", metavar="REF", type=Path, help="a profile, or data to profile first")
    add("stream", metavar="STREAM", type=Path, help="data in the order of time; - reads Arrow IPC")
    add(
        "--rows",
        type=whole,
        default=4096,
        metavar="N",
        help="of each update, of a stream at most (%(default)s)",
    )
    add("--policy", type=Path, metavar="FILE", help="a policy whose trigger.drift says the rest")
    add("--clock", metavar="COLUMN", help="event times, for a rate or a window in time")
    add("--min-effect", type=float, metavar="X", help="what matters (0.02)")
    add("--false-alarms", type=_rate, metavar="X", help='for each update (0.0001), or "1/30d"')
    add("--fdr", type=float, metavar="X", help="a list of columns with that share of false ones")
    add("--confidence", type=float, metavar="X", help="(0.99)")
    add("--group", type=whole, metavar="N", help="rows that may depend on each other (1)")
    add("--window", type=_length, metavar="X", help='newest rows to report: 20 updates, or "7d"')
    add(
        "--tumbling",
        action="store_const",
        const=True,
        help="the window begins anew instead of sliding",
    )
    add("--plan", action="store_true", help="say how many rows it takes to detect which shift")


def run(options: argparse.Namespace) -> Answer:
    """Follow the stream; alarms are printed as they come, the exit code is the verdict."""
    if options.rows < 1:
        raise InvalidArgument("--rows must be at least 1")
    make, is_timed = _maker(options)
    reference = stored_profile(options.reference)
    if reference is None:
        reference = profile_file(options.reference, categorical=[])
    plan = make(reference)
    if plan.is_clocked and options.clock is None:
        raise InvalidArgument("false alarms have a rate in time: name the event times, --clock")
    if options.clock is not None and not (plan.is_clocked or is_timed):
        raise InvalidArgument(f"--clock {options.clock}: false alarms have a rate for each update")
    if options.plan:
        print(to_json(_plan(plan)) if options.json else plan.plan(), flush=True)
    said: list[Alarm] = []

    def follow(table: FileTable | LiveStream) -> Monitor:
        watching = make(reference)
        with closing(Progress(options.stream.name)) as progress:
            alarms = _alarms(watching, Watched(table, progress, passes=1), options)
            for count, alarm in enumerate(alarms):
                if count < len(said):
                    continue  # said before the file was read again with other types
                said.append(alarm)
                progress.close()
                _say(alarm, options.json)
        return watching

    times = [options.clock] if options.clock else []
    if options.stream == _STANDARD_INPUT:
        wanted = [*reference.columns, *reference.slices, *times]
        watched = follow(LiveStream(sys.stdin.buffer, "-", wanted))
    else:
        watched = patiently(open_for(options.stream, reference, times), follow)
    return _answer(watched, said, options.json)


def _rate(text: str) -> float | str:
    if "/" in text:
        return text
    try:
        return float(text)
    except ValueError:
        expected = "expected a number for each update, or a rate in time such as 1/30d"
        raise argparse.ArgumentTypeError(f"{text!r}: {expected}") from None


def _length(text: str) -> int | str:
    return int(text) if text.isdecimal() else text


def _maker(options: argparse.Namespace) -> tuple[Callable[[Profile], Monitor], bool]:
    """What makes the monitor that was asked for, and whether its window is a length of time."""
    names = ("min_effect", "false_alarms", "fdr", "confidence", "group", "window", "tumbling")
    asked = {name: getattr(options, name) for name in names}
    given = {name: value for name, value in asked.items() if value is not None}
    if {"fdr", "false_alarms"} <= given.keys():
        raise InvalidArgument("--fdr is instead of --false-alarms; leave one of them out")
    if options.policy is None:
        is_timed = isinstance(options.window, str)
        return partial(Monitor, clock=options.clock, **given), is_timed
    if given:
        option = next(iter(given)).replace("_", "-")
        raise InvalidArgument(f"--{option}: --policy says that already")
    policy = Policy.load(options.policy)
    drift = policy.definition["drift"]
    if drift is None:
        raise InvalidArgument(f'"{options.policy}": there is no [trigger.drift]')
    return partial(policy.monitor, clock=options.clock), isinstance(drift["window"], str)


def _say(alarm: Alarm, as_json: bool) -> None:
    if as_json:
        print(to_json(_plain(alarm)), flush=True)
    elif alarm.is_first:
        print(alarm, flush=True)


def _alarms(monitor: Monitor, table: Watched, options: argparse.Namespace) -> Iterator[Alarm]:
    for update in _updates(table, options.rows, waits=options.stream != _STANDARD_INPUT):
        yield from monitor.update(update)


def _updates(table: Watched, rows: int, *, waits: bool) -> Iterator[object]:
    """Of so many rows, wherever a file's blocks end; what a live stream has brought never waits."""
    parts: list[Any] = []
    have = 0
    for batch in table.to_batches():
        start = 0
        while start < batch.num_rows:
            parts.append(batch.slice(start, rows - have))
            start += parts[-1].num_rows
            have += parts[-1].num_rows
            if have == rows or not waits:
                yield _joined(parts)
                parts, have = [], 0
    if parts:
        yield _joined(parts)


def _joined(parts: list[Any]) -> object:
    import pyarrow as pa

    return parts[0] if len(parts) == 1 else pa.Table.from_batches(parts)


def _answer(monitor: Monitor, alarms: list[Alarm], as_json: bool) -> Answer:
    """Without an alarm, all rows together say whether that is a "no" or too few rows to tell."""
    report = monitor.report()
    asked = {"min_effect": report.min_effect, "confidence": report.confidence}
    everything = compare(monitor.reference, monitor.counted, **asked)
    verdict = "yes" if alarms else everything.verdict
    if verdict == "yes" and not alarms:
        verdict = "not yet known"  # one comparison says so; the promise asks for more evidence
    code = FAIL if alarms else _VERDICTS[verdict]
    found: dict[str, Any] = {"verdict": verdict, "updates": monitor.updates, "alarms": len(alarms)}
    text = f"drifted: {verdict} ({len(alarms)} alarms in {monitor.updates} updates)"
    if monitor.newest is not None:
        rows = monitor.newest.row_count
        found["newest"] = {"rows": rows, "verdict": report.verdict}
        text += f"\nthe newest {rows} rows: {report.verdict}"
    return Answer(code, to_json(found) if as_json else text)


def _plain(alarm: Alarm) -> dict[str, Any]:
    """JSON has no infinities and no NaN."""
    fields = {name: _number(value) for name, value in asdict(alarm).items()}
    return {**fields, "where": alarm.where}


def _number(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return None if math.isnan(value) else repr(value)
    return value


def _plan(monitor: Monitor) -> dict[str, Any]:
    columns = [
        {
            "column": plan.column,
            "by": plan.by,
            "slice": plan.slice,
            "tolerance": plan.tolerance,
            "rows": {f"{shift:g}": _number(rows) for shift, rows in plan.rows.items()},
        }
        for plan in monitor.plan().columns
    ]
    return {"plan": columns}
