"""`kedge edge sign`."""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from kedge._core import InvalidArgument
from kedge.cli.answer import PASS, Answer, to_json, whole

__all__: list[str] = []


def options(parser: argparse.ArgumentParser) -> None:
    """What the verb takes."""
    add = parser.add_argument
    add("repository", type=Path, metavar="REPO", help="a folder; begun when it has no root")
    add("bundle", type=Path, nargs="?", metavar="MODEL.kedge", help="to add, or with other terms")
    add("--keys", type=Path, action="append", metavar="DIR", help="of private keys (REPO.keys)")
    add("--model", metavar="NAME", help="the model's name, the same for all its versions")
    add("--version", type=whole, metavar="N", help="of it; boards take none that is lower")
    add("--retire", action="append", metavar="TARGET", help="offer it no longer")
    add("--rotate", action="append", metavar="ROLE", help="new keys for it")
    add("--refresh", action="store_true", help="only renew the snapshot and the timestamp")
    add("--expires", action="append", metavar="ROLE=DAYS", help="root 365, targets 90, snapshot 30")
    add("--key-count", action="append", metavar="ROLE=N", help="in a new repository (root 3)")
    add("--threshold", action="append", metavar="ROLE=N", help="in a new repository (root 2)")
    add = parser.add_argument_group(
        "terms of a version", "When it is signed again, those that are not named stay as they are."
    ).add_argument
    add(
        "--replaces",
        type=whole,
        action="append",
        metavar="N",
        help="a higher one: roll it back; 0 for none",
    )
    add("--group", action="append", metavar="G", help="of devices; '' for all, as by default")
    add("--percent", type=whole, metavar="P", help="of the devices in them (100)")
    add("--rollout", metavar="NAME", help="draws which ones (MODEL-VERSION)")
    add("--gate", action="append", metavar="NAME=N", help="rows, seconds, disagreement_ppm, ...")


def run(options: argparse.Namespace) -> Answer:
    """Sign a bundle for some of the fleet, or renew signatures."""
    _check(options)

    from kedge.hub.extra import need_tuf
    from kedge.hub.keys import Keys
    from kedge.hub.rollout import Rollout
    from kedge.hub.sign import Author, Terms
    from kedge.model import load

    need_tuf("kedge edge sign")
    terms = Terms.of(
        *(_numbers(given) for given in (options.expires, options.key_count, options.threshold))
    )
    given = _given(options)
    target = ""
    if options.model is not None:  # what cannot be is refused before there are keys
        target = Rollout.of(options.model, options.version, given, {}).target
    if options.bundle is not None:
        load(options.bundle)
    beside = options.repository.with_name(options.repository.name + ".keys")
    author = Author(options.repository, Keys(options.keys or [beside]), terms)
    if target:
        rollout = Rollout.of(options.model, options.version, given, author.terms(target))
        if options.bundle is not None:
            author.add(options.bundle, rollout)
        else:
            author.change(rollout)
    for name in options.retire or ():
        author.retire(name)
    for role in options.rotate or ():
        author.rotate(role)
    versions = author.publish(targets=not options.refresh)
    said = {"repository": str(options.repository), "target": target, "versions": versions}
    text = ", ".join(f"{role} {version}" for role, version in versions.items())
    text = f"{options.repository}: {target + ', ' if target else ''}{text}"
    return Answer(PASS, to_json(said) if options.json else text)


def _check(options: argparse.Namespace) -> None:
    if (options.model is None) != (options.version is None):
        raise InvalidArgument("--model and --version go together, one is missing")
    if options.bundle is not None and options.model is None:
        raise InvalidArgument(f"{options.bundle}: --model and --version say what it is")
    if options.refresh and (options.model or options.retire or options.rotate):
        raise InvalidArgument("--refresh renews, and changes nothing else")


def _given(options: argparse.Namespace) -> dict[str, Any]:
    """The terms that are named."""
    terms = {
        "replaces": [] if options.replaces == [0] else options.replaces,
        "groups": [] if options.group == [""] else options.group,
        "percent": options.percent,
        "rollout": options.rollout,
        "gate": _numbers(options.gate) or None,
    }
    return {name: value for name, value in terms.items() if value is not None}


def _numbers(given: Iterable[str] | None) -> dict[str, int]:
    out = {}
    for text in given or ():
        name, _, number = text.partition("=")
        if not number.isdecimal():
            raise InvalidArgument(f"{text!r}: expected NAME=NUMBER")
        out[name] = int(number)
    return out
