"""`kedge inspect`."""

from __future__ import annotations

import argparse
import hashlib
from pathlib import Path
from typing import Any

from kedge.cli.answer import PASS, Answer, to_json
from kedge.cli.summary import aligned
from kedge.drift.words import printable
from kedge.model import load

__all__ = ["text_of"]

_MOST_FEATURES = 20  # that are listed for people; JSON has all
_BAR = 24
_LONG = 200  # letters of what is said on a line of its own


def options(parser: argparse.ArgumentParser) -> None:
    """What the verb takes."""
    parser.add_argument("model", metavar="MODEL.kedge", type=Path, help="a compiled model")


def run(options: argparse.Namespace) -> Answer:
    """Load a model, which scores its golden rows, and say what it is."""
    model = load(options.model)
    file = options.model.read_bytes()
    info = {**model.info(), "bytes": len(file), "sha256": hashlib.sha256(file).hexdigest()}
    return Answer(PASS, to_json(info) if options.json else text_of(info))


def text_of(info: dict[str, Any]) -> str:
    """What `Model.info` has, for people."""
    engines = info["engines"]
    rows = [
        ("origin", printable(info["origin"], _LONG)),
        ("size", f"{info['bytes']} bytes"),
        ("sha256", info["sha256"]),
        *_made_of(info),
        ("engines here", f"{engines['one_row']} for one row, {engines['many_rows']} for many"),
        ("golden rows", f"{info['golden_rows']}, all scored as they must be"),
        ("parity", _parity(info["parity"])),
        ("explanations", _explanations(info)),
        ("reference", _reference(info["profile"])),
        *([("background", _rows_kept(info))] if info["background_rows"] else []),
        *((printable(key), printable(value, _LONG)) for key, value in info["metadata"].items()),
    ]
    return "\n".join(
        [*aligned(rows), "", *(_steps(info) if info["steps"] else _features(info["features"]))]
    )


def _made_of(info: dict[str, Any]) -> list[tuple[str, str]]:
    if info["not_native"]:
        why = [("not compiled", printable(reason, _LONG)) for reason in info["not_native"]]
        return [("runs in", info["engines"]["one_row"]), *why, ("outputs", str(info["outputs"]))]
    if info["steps"]:
        return [("steps", str(len(info["steps"]))), ("outputs", str(info["outputs"]))]
    return [
        ("trees", f"{info['trees']}, of {info['nodes']} nodes"),
        ("outputs", f"{info['outputs']}, {info['link']} of {info['sums']} sums"),
    ]


def _steps(info: dict[str, Any]) -> list[str]:
    """What is done to a row, in order."""
    rows = [("step", "width", "numbers"), ("row", str(len(info["features"])), "")]
    rows += [(step["step"], str(step["width"]), step["numbers"]) for step in info["steps"]]
    return aligned(rows, ruled=True)


def _parity(parity: dict[str, Any]) -> str:
    if parity["rows"] == 0:
        return "not compared: the trainer was not there"
    if parity["rows_off"] == 0:
        return f"{parity['rows']} rows score as the trainer says, to the bit"
    largest = parity["largest_difference"]
    by = "not finite" if largest is None else f"up to {largest:.3g}"
    return f"{parity['rows_off']} of {parity['rows']} rows differ from the trainer, by {by}"


def _explanations(info: dict[str, Any]) -> str:
    if info["not_native"]:
        return "none: scores are all that is known of it"
    if info["steps"]:
        return "against a background only: it is a graph of steps"
    if info["linear_leaves"]:
        return "none: its leaves are linear functions"
    if not info["covers"]:
        return "none: it is not known how many training rows came by each leaf"
    return f"exact, by the training rows as {printable(info['origin'])} counted them"


def _reference(profile: dict[str, Any] | None) -> str:
    if profile is None:
        return "none"
    return f"profile of {profile['rows']} rows, {profile['columns']} columns"


def _rows_kept(info: dict[str, Any]) -> str:
    return f"{info['background_rows']} rows of the reference, as they are"


def _features(features: list[dict[str, Any]]) -> list[str]:
    used = sorted((f for f in features if f["uses"]), key=lambda feature: -feature["uses"])
    shown = used[:_MOST_FEATURES]
    most = max((feature["uses"] for feature in shown), default=1)
    rows = [("feature", "kind", "asked", "")]
    for feature in shown:
        kind = feature["kind"]
        if feature["categories"]:
            kind += f" of {feature['categories']}"
        bar = "█" * max(1, round(_BAR * feature["uses"] / most))
        rows.append((printable(feature["name"]), kind, str(feature["uses"]), bar))
    lines = aligned(rows, ruled=True)
    if len(used) > len(shown):
        lines.append(f"and {len(used) - len(shown)} that are asked for less")
    if len(used) < len(features):
        lines.append(f"and {len(features) - len(used)} that are never asked for")
    return lines
