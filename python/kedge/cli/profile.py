"""`kedge profile`."""

from __future__ import annotations

import argparse
from pathlib import Path

from kedge._core import InvalidArgument, Profile
from kedge.cli.answer import PASS, Answer, names, to_json, whole
from kedge.cli.data import count_file, profile_file, stored_profile
from kedge.cli.output import check_output, write_whole
from kedge.cli.summary import summary_of, table_of

_MADE_BEFORE = ("columns", "categorical", "cells", "max_categories", "exact", "slices")


def options(parser: argparse.ArgumentParser) -> None:
    """What the verb takes."""
    add = parser.add_argument
    add("data", metavar="DATA", type=Path, help="Parquet, CSV, Arrow or JSON lines; or a folder")
    add("-o", "--output", type=Path, metavar="REF.kprof", help="write the profile to this file")
    add("--columns", type=names, metavar="A,B", help="only these; b of struct a is a.b")
    add("--categorical", type=names, metavar="A,B", help="count these integers by value")
    add("--cells", type=whole, metavar="N", help="of a column of numbers (4096)")
    add("--max-categories", type=whole, metavar="N", help="listed by name (10000)")
    add("--slices", type=names, metavar="A,B", help="count once more for each of their values")
    add("--exact", action="store_true", default=None, help="a counter for each different number")
    add("--like", type=Path, metavar="REF.kprof", help="count over the cells of this profile")


def run(options: argparse.Namespace) -> Answer:
    """Make a profile, write it when there is a place to, and print its summary."""
    if options.output is not None:
        inputs = [path for path in (options.data, options.like) if path is not None]
        check_output("--output", options.output, inputs)
    made = _count(options) if options.like is not None else _make(options)
    if options.output is not None:
        write_whole(options.output, made.to_bytes())
    summary = summary_of(made, counts_distinct=options.like is None)
    return Answer(PASS, to_json(summary) if options.json else table_of(summary))


def _make(options: argparse.Namespace) -> Profile:
    given = {"cells": options.cells, "max_categories": options.max_categories}
    return profile_file(
        options.data,
        columns=options.columns,
        categorical=options.categorical or [],
        slices=options.slices or [],
        exact=bool(options.exact),
        **{name: value for name, value in given.items() if value is not None},
    )


def _count(options: argparse.Namespace) -> Profile:
    for name in _MADE_BEFORE:
        if getattr(options, name) is not None:
            option = name.replace("_", "-")
            raise InvalidArgument(f"--like has its own --{option}; leave one of them out")
    reference = stored_profile(options.like)
    if reference is None:
        what = " is no profile" if options.like.exists() else ": there is no such file"
        raise InvalidArgument(f'--like "{options.like}"{what}')
    return count_file(options.data, reference)
