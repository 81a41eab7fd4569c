"""`kedge edge push`."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from kedge._core import InvalidArgument
from kedge.cli.answer import PASS, Answer, to_json
from kedge.cli.hub_access import access, hub_options
from kedge.cli.output import check_output, write_whole
from kedge.drift.words import printable

if TYPE_CHECKING:
    from kedge.hub import HubClient

__all__: list[str] = []


def options(parser: argparse.ArgumentParser) -> None:
    """What the verb takes."""
    add = parser.add_argument
    repository = "that `kedge edge sign` signed; --pause and --resume need none"
    add("repository", nargs="?", metavar="REPO", help=repository)
    hub_options(parser, optional=True)
    add("--package", type=Path, metavar="FILE", help="write one file for a stick instead")
    add("--target", action="append", metavar="NAME", help="of a package: these targets alone")
    add("--pause", metavar="ROLLOUT", help="hold a rollout back at the hub, before the push")
    add("--resume", metavar="ROLLOUT", help="no longer, after the push")


def run(options: argparse.Namespace) -> Answer:
    """Send a repository to a hub, hold rollouts of it back, or write it as a package."""
    from kedge.hub.package import files_of

    _find_hub(options)
    if (options.hub is None) == (options.package is None):
        raise InvalidArgument("where to? Name a hub, or --package FILE")
    if options.package is not None:
        return _package(options)
    pushed: list[str] = []
    paused: list[str] = []
    with access(options) as hub:
        late = [(options.resume, True)]
        if options.pause is not None:
            try:  # a rollout that does harm does not wait for a push
                paused = hub.pause(options.pause)
            except LookupError as error:
                if options.repository is None:
                    raise InvalidArgument(str(error)) from None
                late.insert(0, (options.pause, False))  # it comes with the push
        if options.repository is not None:
            files = files_of(Path(options.repository), options.target)
            pushed = hub.push_repository(files.items())
        for rollout, resume in late:
            if rollout is not None:
                paused = _hold(hub, rollout, resume=resume)
    said = {"hub": options.hub, "files": pushed, "paused": paused}
    text = f"{options.hub}: {len(pushed)} files"
    if options.pause is not None or options.resume is not None:
        text += f", paused: {', '.join(map(printable, paused)) or 'nothing'}"
    return Answer(PASS, to_json(said) if options.json else text)


def _find_hub(options: argparse.Namespace) -> None:
    """A single place that is no repository is the hub of a rollout that is to be held back."""
    holds = options.pause is not None or options.resume is not None
    only = options.repository if options.hub is None and options.package is None else None
    if holds and only is not None and not Path(only).is_dir():
        options.hub, options.repository = only, None


def _hold(hub: HubClient, rollout: str, *, resume: bool) -> list[str]:
    try:
        return hub.pause(rollout, resume=resume)
    except LookupError as error:
        raise InvalidArgument(str(error)) from None


def _package(options: argparse.Namespace) -> Answer:
    from kedge.hub.package import files_of, package

    if options.repository is None:
        raise InvalidArgument("--package is made of a repository: name it")
    if options.pause is not None or options.resume is not None:
        raise InvalidArgument("--pause and --resume are told to a hub: name it, not --package")
    files = files_of(Path(options.repository), options.target)
    check_output("--package", options.package, files.values())
    data = package(files)
    write_whole(options.package, data)
    said = {"package": str(options.package), "files": len(files), "bytes": len(data)}
    text = f"{options.package}: {len(files)} files, {len(data):,} bytes"
    return Answer(PASS, to_json(said) if options.json else text)
