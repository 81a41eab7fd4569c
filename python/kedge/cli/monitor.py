"""`kedge monitor`."""

from __future__ import annotations

import argparse
import math
from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import Any

from kedge._core import InvalidArgument
from kedge.cli.answer import FAIL, NOT_YET, PASS, Answer, to_json, whole
from kedge.cli.data import Watched, open_for, patiently, profile_file, stored_profile
from kedge.cli.progress import Progress
from kedge.drift import Alarm, Monitor
from kedge.io import FileTable

_VERDICTS = {"no": PASS, "not yet known": NOT_YET}


def options(parser: argparse.ArgumentParser) -> None:
    """What the verb takes."""
    add = parser.add_argument
    add("reference", metavar="REF", type=Path, help="a profile, or data to profile first")
    add("stream", metavar="STREAM", type=Path, help="data, in the order of time")
    add("--rows", type=whole, default=4096, metavar="N", help="of each update (%(default)s)")
    add("--min-effect", type=float, default=0.02, metavar="X", help="what matters (%(default)s)")
    add(
        "--false-alarms",
        type=float,
        default=1e-4,
        metavar="X",
        help="expected for each update (%(default)s)",
    )
    add("--fdr", type=float, metavar="X", help="a list of columns with that share of false ones")
    add("--confidence", type=float, default=0.99, metavar="X", help="(%(default)s)")
    add("--group", type=whole, default=1, metavar="N", help="rows that may depend on each other")
    add("--plan", action="store_true", help="say how many rows it takes to detect which shift")


def run(options: argparse.Namespace) -> Answer:
    """Follow the stream; alarms are printed as they come, the exit code is the verdict."""
    if options.rows < 1:
        raise InvalidArgument("--rows must be at least 1")
    reference = stored_profile(options.reference)
    if reference is None:
        reference = profile_file(options.reference, categorical=[])

    def monitor() -> Monitor:
        return Monitor(
            reference,
            min_effect=options.min_effect,
            false_alarms=options.false_alarms,
            fdr=options.fdr,
            confidence=options.confidence,
            group=options.group,
        )

    if options.plan:
        print(to_json(_plan(monitor())) if options.json else monitor().plan(), flush=True)
    said: list[Alarm] = []

    def follow(table: FileTable) -> Monitor:
        watching = monitor()
        with closing(Progress(options.stream.name)) as progress:
            alarms = _alarms(watching, Watched(table, progress, passes=1), options.rows)
            for count, alarm in enumerate(alarms):
                if count < len(said):
                    continue  # said before the file was read again with other types
                said.append(alarm)
                progress.close()
                if options.json:
                    print(to_json(_plain(alarm)), flush=True)
                elif alarm.is_first:
                    print(alarm, flush=True)
        return watching

    watched = patiently(open_for(options.stream, reference), follow)
    return _answer(watched, said, options.json)


def _alarms(monitor: Monitor, table: Watched, rows: int) -> Iterator[Alarm]:
    for batch in table.to_batches():
        for start in range(0, batch.num_rows, rows):
            yield from monitor.update(batch.slice(start, rows))


def _answer(monitor: Monitor, alarms: list[Alarm], as_json: bool) -> Answer:
    """Without an alarm, all rows together say whether that is a "no" or too few rows to tell."""
    verdict = "yes" if alarms else monitor.report().verdict
    if verdict == "yes" and not alarms:
        verdict = "not yet known"  # one comparison says so; the promise asks for more evidence
    code = FAIL if alarms else _VERDICTS[verdict]
    if as_json:
        found = {"verdict": verdict, "updates": monitor.updates, "alarms": len(alarms)}
        return Answer(code, to_json(found))
    return Answer(code, f"drifted: {verdict} ({len(alarms)} alarms in {monitor.updates} updates)")


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
