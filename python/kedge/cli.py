"""The `kedge` command: one verb for each job, `--json` everywhere.

Exit codes: 0 pass, 1 fail, 2 not yet known, 64 wrong use.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from importlib.metadata import version
from typing import NoReturn

from kedge import demo
from kedge._core import KedgeError

_PASS, _FAIL, _WRONG_USE = 0, 1, 64


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        print(f"{self.prog}: {message}", file=sys.stderr)
        raise SystemExit(_WRONG_USE)


def _whole(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 0")
    return int(text)


def _demo(options: argparse.Namespace) -> int:
    result = demo.run(options.seed)
    if options.json:
        print(json.dumps(result.to_dict()))
        return _PASS if result.found else _FAIL
    print("A shop's orders arrive in batches of 50 000. The reference is 200 000 earlier orders.")
    print("From batch 7 on, a tenth of the orders is a new product at about 250.\n")
    print("batch  truth    verdict on the last three batches")
    for row in result.batches:
        truth = "shifted" if row.shifted else "same"
        calm = "no drift that matters" if row.verdict == "no" else row.verdict
        verdict = f"drift in {', '.join(row.drifted)}" if row.drifted else calm
        print(
            f"{row.batch:5}  {truth:7}  {verdict:24}"
            f"  farthest: {row.farthest} {row.lower:.4f} .. {row.upper:.4f}"
        )
    print(f"\nThe last window against the reference:\n{result.report}")
    return _PASS if result.found else _FAIL


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="kedge", description="Holds deployed models against drift.")
    parser.add_argument("--version", action="version", version=f"kedge {version('kedge')}")
    verbs = parser.add_subparsers(metavar="VERB", required=True, parser_class=_Parser)

    def verb(name: str, run: Callable[[argparse.Namespace], int], text: str) -> _Parser:
        added = verbs.add_parser(name, help=text, description=text)
        added.add_argument("--json", action="store_true", help="print the result as JSON")
        added.set_defaults(run=run)
        return added

    added = verb("demo", _demo, "Watch a synthetic shop's orders and find the shift in them.")
    added.add_argument("--seed", type=_whole, default=7, help="seed of the synthetic data")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one verb; the return value is the exit code."""
    options = _parser().parse_args(arguments)
    try:
        code: int = options.run(options)
        sys.stdout.flush()
    except BrokenPipeError:  # the reader has seen enough
        sys.stdout = None
        return _PASS
    except (KedgeError, OSError) as error:
        print(f"kedge: {error}", file=sys.stderr)
        return _WRONG_USE
    return code


if __name__ == "__main__":
    sys.exit(main())
