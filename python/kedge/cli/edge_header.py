"""`kedge edge header`."""

from __future__ import annotations

import argparse
from pathlib import Path

from kedge._core import model_header
from kedge.cli.answer import PASS, Answer, to_json
from kedge.cli.output import check_output, write_whole
from kedge.drift.words import printable
from kedge.model import load


def options(parser: argparse.ArgumentParser) -> None:
    """What the verb takes."""
    parser.add_argument("model", metavar="MODEL.kedge", type=Path, help="a compiled model of trees")
    parser.add_argument(
        "-o", "--output", metavar="FILE.h", type=Path, help="where to; by default beside the model"
    )
    parser.add_argument(
        "--name", default="model", help="the namespace of the constants; by default %(default)s"
    )
    parser.add_argument(
        "--rows",
        choices=("float32", "float64"),
        default="float32",
        help="what the firmware's rows hold; by default %(default)s",
    )


def run(options: argparse.Namespace) -> Answer:
    """Write the header, and say what it takes of a board."""
    output = options.output or options.model.with_suffix(".h")
    check_output("--output", output, [options.model])
    header = model_header(
        load(options.model), name=options.name, rows_are_double=options.rows == "float64"
    )
    write_whole(output, header.text.encode())
    if options.json:
        sizes = ("forest_bytes", "column_bytes", "counter_bytes", "columns", "uncounted")
        found = {name: getattr(header, name) for name in sizes}
        return Answer(PASS, to_json({"file": str(output), **found}))
    cells = f"{header.column_bytes} for the cells of {len(header.columns)} columns"
    lines = [
        f"{output}: constants of {header.forest_bytes} bytes for the trees, {cells}",
        f"memory for their counters: {header.counter_bytes} bytes",
    ]
    if header.uncounted:
        names = ", ".join(printable(name) for name in header.uncounted)
        lines.append(f"not counted, as they are no numbers: {names}")
    return Answer(PASS, "\n".join(lines))
