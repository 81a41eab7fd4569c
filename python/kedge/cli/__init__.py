"""The `kedge` command: one verb for each job, `--json` everywhere.

Exit codes: 0 pass, 1 fail, 2 not yet known, 64 wrong use.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from importlib.metadata import version

from kedge._core import KedgeError
from kedge.cli import (
    compare,
    compile,
    demo,
    explain,
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
    ) -> None:
        added = verbs.add_parser(name, help=text, description=text)
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
        "demo",
        demo.options,
        demo.run,
        "Watch a synthetic shop's orders and find the shift in them.",
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


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one verb; the return value is the exit code."""
    options = _parser().parse_args(arguments)
    try:
        return _say(options.run(options))
    except (KedgeError, OSError) as error:
        print(f"kedge: {error}", file=sys.stderr)
        return WRONG_USE
    except KeyboardInterrupt:
        return INTERRUPTED
