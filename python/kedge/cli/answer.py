"""What every verb takes and gives: options that are checked, one text, one exit code."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import dataclass
from typing import Any, NoReturn

__all__ = [
    "FAIL",
    "INTERRUPTED",
    "NOT_YET",
    "PASS",
    "WRONG_USE",
    "Answer",
    "Parser",
    "names",
    "note",
    "to_json",
    "whole",
]

PASS, FAIL, NOT_YET, WRONG_USE = 0, 1, 2, 64
INTERRUPTED = 130  # as a shell reports the signal


@dataclass(frozen=True)
class Answer:
    """What a verb found: the exit code, and the text for standard output."""

    code: int
    text: str


class Parser(argparse.ArgumentParser):
    """Wrong use is exit code 64: argparse's 2 means "not yet known" here."""

    def error(self, message: str) -> NoReturn:
        """Print the usage and the message, then exit."""
        self.print_usage(sys.stderr)
        print(f"{self.prog}: {message}", file=sys.stderr)
        raise SystemExit(WRONG_USE)


def whole(text: str) -> int:
    """An option that is a whole number."""
    if not text.isdecimal() or len(text) > 18:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 0 to 10**18 - 1")
    return int(text)


def names(text: str) -> list[str]:
    """An option that lists columns, each once: "a,b"."""
    found = text.split(",")
    if not all(found):
        raise argparse.ArgumentTypeError(f"{text!r} has an empty name")
    for name in found:
        if found.count(name) > 1:
            raise argparse.ArgumentTypeError(f"{text!r} has {name!r} twice")
    return found


def note(text: str) -> None:
    """Say something on standard error that changes neither answer nor exit code."""
    print(f"kedge: {text}", file=sys.stderr)


def to_json(value: Any) -> str:
    """JSON that every reader takes: a NaN that slipped through fails here, not there."""
    return json.dumps(value, allow_nan=False)
