"""The `kedge` command: one verb for each job, `--json` everywhere.

Exit codes: 0 pass, 1 fail, 2 not yet known, 64 wrong use.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from importlib.metadata import version
from typing import Any

from kedge._core import KedgeError
from kedge.cli import (
    bench,
    compare,
    compile,
    demo,
    edge_build,
    edge_header,
    edge_push,
    edge_sign,
    edge_status,
    explain,
    hub,
    inspect,
    monitor,
    predict,
    profile,
    run,
    serve,
)
from kedge.cli.answer import INTERRUPTED, WRONG_USE, Answer, Parser

__all__ = ["main"]


def _parser() -> argparse.ArgumentParser:
    parser = Parser(prog="kedge", description="Holds deployed models against drift.")
    parser.add_argument("--version", action="version", version=f"kedge {version('kedge')}")
    verbs = parser.add_subparsers(metavar="VERB", required=True, parser_class=Parser)

    def verb(
        name: str,
        take: Callable[[argparse.ArgumentParser], None],
        run: Callable[[argparse.Namespace], Answer],
        text: str,
        among: Any = verbs,
    ) -> None:
        added = among.add_parser(name, help=text, description=text)
        added.add_argument("--json", action="store_true", help="print the result as JSON")
        take(added)
        added.set_defaults(run=run)

    verb(
        "profile",
        profile.options,
        profile.run,
        "Summarise every column of a file, as the reference to compare with.",
    )
    verb(
        "compare",
        compare.options,
        compare.run,
        "Say what changed from REF to LIVE. Exit code: 0 no drift, 1 drift, 2 not yet known.",
    )
    verb(
        "monitor",
        monitor.options,
        monitor.run,
        "Follow a stream and print alarms that keep their word. Exit code: 0 no drift, 1 drift,"
        " 2 not yet known.",
    )
    verb(
        "compile",
        compile.options,
        compile.run,
        "Make a .kedge file of a trained model, with a profile of the data it was trained on.",
    )
    verb(
        "inspect",
        inspect.options,
        inspect.run,
        "Say what a .kedge file is, and check that it scores as it must.",
    )
    verb(
        "predict",
        predict.options,
        predict.run,
        "Score the rows of a file; the model finds its columns by their names.",
    )
    verb(
        "explain",
        explain.options,
        explain.run,
        "Say what each feature adds to the raw scores of a file's rows.",
    )
    verb(
        "run",
        run.options,
        run.run,
        "Run the pipeline that a file describes. Exit code: 0 the input has ended or an endless one"
        " was stopped, 1 failed, 2 stopped before the end.",
    )
    verb(
        "serve",
        serve.options,
        serve.run,
        "Answer requests of the Open Inference Protocol over gRPC from a folder of models.",
    )
    verb(
        "hub",
        hub.options,
        hub.run,
        "Keep a fleet's sketches and states, and serve it signed updates; or enrol a device.",
    )
    verb(
        "bench",
        bench.options,
        bench.run,
        "Load a server or a model and say whether a service level holds. Exit code: 0 it does, 1 it"
        " does not, 2 not yet known.",
    )
    verb(
        "demo",
        demo.options,
        demo.run,
        "Watch a synthetic shop's orders and find the shift in them.",
    )
    text = "What boards need: programs, and models as constants."
    boards = verbs.add_parser("edge", help=text, description=text).add_subparsers(
        metavar="VERB", required=True, parser_class=Parser
    )
    verb(
        "build",
        edge_build.options,
        edge_build.run,
        "Build kedge-edge for a board: one static program.",
        among=boards,
    )
    verb(
        "header",
        edge_header.options,
        edge_header.run,
        "Write a model as a C++ header of constants, for microcontrollers.",
        among=boards,
    )
    verb(
        "sign",
        edge_sign.options,
        edge_sign.run,
        "Sign a bundle for some of the fleet's boards, in a TUF repository.",
        among=boards,
    )
    verb(
        "push",
        edge_push.options,
        edge_push.run,
        "Send a signed repository to a hub, or write it as one file for a stick.",
        among=boards,
    )
    verb(
        "status",
        edge_status.options,
        edge_status.run,
        "Show the fleet. Exit code: 0 no drift, 1 drift, 2 not yet known.",
        among=boards,
    )
    return parser


def _say(answer: Answer) -> int:
    try:
        print(answer.text)
        sys.stdout.flush()
    except OSError as error:
        sys.stdout = None  # what is left in it would fail again at exit
        if not isinstance(error, BrokenPipeError):  # there, the reader has seen enough
            raise
    return answer.code


def _spelled(error: KedgeError | OSError) -> str:
    """An error of the system's as one of kedge's own is spelled."""
    if not isinstance(error, OSError) or error.filename is None:
        return str(error)
    missing = isinstance(error, FileNotFoundError)
    return f'"{error.filename}": {"there is no such file" if missing else error.strerror}'


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one verb; the return value is the exit code."""
    options = _parser().parse_args(arguments)
    try:
        return _say(options.run(options))
    except (KedgeError, OSError) as error:
        print(f"kedge: {_spelled(error)}", file=sys.stderr)
        return WRONG_USE
    except KeyboardInterrupt:
        return INTERRUPTED
