"""`kedge explain`."""

from __future__ import annotations

import argparse
from pathlib import Path

from kedge.cli.answer import Answer, names, whole
from kedge.cli.predict import answer_rows


def options(parser: argparse.ArgumentParser) -> None:
    """What the verb takes."""
    add = parser.add_argument
    add("model", metavar="MODEL.kedge", type=Path, help="a compiled model")
    add("data", metavar="DATA", type=Path, help="Parquet, CSV, Arrow or JSON lines; or a folder")
    add("-o", "--output", type=Path, metavar="PHI", help="a file of these kinds; else printed")
    add("--columns", type=names, metavar="A,B", default=[], help="of DATA, to stand beside them")
    add("--threads", type=whole, default=1, metavar="N", help="explain in so many (%(default)s)")


def run(options: argparse.Namespace) -> Answer:
    """Explain a file's rows, batch by batch."""
    return answer_rows(
        options,
        "contributions",
        lambda model, rows: model.explain(rows, threads=options.threads),
    )
