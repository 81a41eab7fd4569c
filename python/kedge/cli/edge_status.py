"""`kedge edge status`."""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from kedge.cli.answer import FAIL, NOT_YET, PASS, Answer, to_json
from kedge.cli.hub_access import access, hub_options
from kedge.cli.output import check_output, write_whole
from kedge.drift.words import printable

__all__: list[str] = []

_MOST_LEFT_OUT = 12  # devices whose sketches are, by name


def options(parser: argparse.ArgumentParser) -> None:
    """What the verb takes."""
    hub_options(parser)
    parser.add_argument("--html", type=Path, metavar="FILE", help="write a page to look at")


def run(options: argparse.Namespace) -> Answer:
    """Show the fleet. Drift of any model's rows, over the whole fleet, decides the exit code."""
    if options.html is not None:
        check_output("--html", options.html, ())
    with access(options) as hub:
        status = hub.status()
    if options.html is not None:
        from kedge.hub.page import page

        write_whole(options.html, page(status, time.time()).encode())
    return Answer(_code(status), to_json(status) if options.json else _text(status))


def _code(status: dict[str, Any]) -> int:
    verdicts = {model["fleet"]["verdict"] for model in status["models"]}
    if "yes" in verdicts:
        return FAIL
    return PASS if verdicts == {"no"} else NOT_YET  # without rows of any model, nothing is known


def _text(status: dict[str, Any]) -> str:
    parts = [_model(model) for model in status["models"]]
    drifts = {
        name: drift
        for model in status["models"]
        for name, drift in model["devices"].items()
        if drift["verdict"] != "no" or drift["column"]
    }
    rows = [_device(device, drifts.get(device["name"])) for device in status["devices"]]
    head = ("device", "group", "seen", "runs", "state", "events", "lost", "drifted", "where")
    parts.append(_table(head, rows))
    if status["paused"]:
        parts.append(f"paused: {', '.join(map(printable, status['paused']))}")
    return "\n\n".join(parts)


def _model(model: dict[str, Any]) -> str:
    name = f"{model['name']} {model['version']}" if model["name"] else "not in the repository"
    scopes = [("fleet", model["fleet"]), *((f"group {g}", d) for g, d in model["groups"].items())]
    rows = [
        (
            printable(scope),
            f"{drift['devices']:,}",
            f"{drift['rows']:,}",
            drift["verdict"],
            printable(drift["column"]),
            f"{drift['distance']:.4f}" if drift["column"] else "",
        )
        for scope, drift in scopes
    ]
    head = ("rows of", "devices", "rows", "drifted", "column", "distance")
    text = f"model {model['digest'][:12]} ({printable(name)})\n{_table(head, rows)}"
    if model["left_out"]:
        counts = [f"{printable(one)} ({count})" for one, count in sorted(model["left_out"].items())]
        more = [f"{len(counts) - _MOST_LEFT_OUT} more devices"] * (len(counts) > _MOST_LEFT_OUT)
        text += f"\nsketches that cannot be added: {', '.join(counts[:_MOST_LEFT_OUT] + more)}"
    return text


def _device(device: dict[str, Any], drift: dict[str, Any] | None) -> tuple[str, ...]:
    states = device["states"]
    running = ", ".join(f"{one['model']} {one['version']}" for one in states)
    said = ", ".join(
        one["state"] + (f" ({one['reason']})" if one["reason"] else "") for one in states
    )
    where = f"{drift['column']} {drift['where']}" if drift and drift["column"] else ""
    return (
        printable(device["name"]),
        printable(device["group"]),
        _ago(device["seen_ms"]),
        printable(running),
        printable(said),
        f"{device['events']:,}",
        f"{device['lost_events']:,}",
        drift["verdict"] if drift else "",
        printable(where, 48),
    )


def _ago(milliseconds: int) -> str:
    if not milliseconds:
        return "never"
    seconds = max(time.time() - milliseconds / 1000, 0.0)
    for unit, size in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= size:
            return f"{seconds / size:.0f} {unit} ago"
    return f"{seconds:.0f} s ago"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    widths = [max(len(row[i]) for row in [head, *rows]) for i in range(len(head))]
    lines = [head, tuple("-" * width for width in widths), *rows]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )
