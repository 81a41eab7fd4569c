"""`kedge edge build`."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path

from kedge._core import InvalidArgument
from kedge.cli.answer import FAIL, PASS, WRONG_USE, Answer, to_json

_BUILDER = Path("edge_targets") / "build.py"


def options(parser: argparse.ArgumentParser) -> None:
    """What the verb takes."""
    add = parser.add_argument
    add("--board", required=True, metavar="NAME", help="pi4, zero, gateway: see boards.toml")
    add("-o", "--output", type=Path, default=Path("kedge-edge"), metavar="FILE", help="where to")
    add("--source", type=Path, default=Path(), metavar="DIR", help="kedge's sources (here)")


def run(options: argparse.Namespace) -> Answer:
    """Build by the sources' own builder: what is installed has no C++ in it."""
    if not (options.source / _BUILDER).is_file():
        raise InvalidArgument(
            f"--source {options.source}: there is no {_BUILDER}; name a checkout of kedge"
        )
    command = [sys.executable, "-m", "edge_targets.build", "--json", "--board", options.board]
    command += ["--output", str(options.output.absolute())]
    done = subprocess.run(command, cwd=options.source, stdout=subprocess.PIPE, check=False)
    lines = done.stdout.decode().splitlines()
    if done.returncode != 0 or not lines:
        return Answer(WRONG_USE if done.returncode == WRONG_USE else FAIL, "not built")
    row = json.loads(lines[-1])
    found = {"output": str(options.output), "target": row["target"], "bytes": row["answer"]}
    text = f"{options.output}: {row['answer']:,} bytes for {row['target']}"
    return Answer(PASS, to_json(found) if options.json else text)
