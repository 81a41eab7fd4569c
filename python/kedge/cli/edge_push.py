"""`kedge edge push`."""

from __future__ import annotations

import argparse
from pathlib import Path

from kedge._core import InvalidArgument
from kedge.cli.answer import PASS, Answer, to_json
from kedge.cli.hub_access import access, hub_options
from kedge.cli.output import check_output, write_whole

__all__: list[str] = []


def options(parser: argparse.ArgumentParser) -> None:
    """What the verb takes."""
    add = parser.add_argument
    add("repository", type=Path, metavar="REPO", help="that `kedge edge sign` signed")
    hub_options(parser, optional=True)
    add("--package", type=Path, metavar="FILE", help="write one file for a stick instead")
    add("--target", action="append", metavar="NAME", help="of a package: these targets alone")
    add("--pause", metavar="ROLLOUT", help="hold a rollout back at the hub, after the push")
    add("--resume", metavar="ROLLOUT", help="and no longer")


def run(options: argparse.Namespace) -> Answer:
    """Send a repository to a hub, or write it as a package."""
    from kedge.hub.package import files_of, package

    if (options.hub is None) == (options.package is None):
        raise InvalidArgument("where to? Name a hub, or --package FILE")
    files = files_of(options.repository, options.target)
    if options.package is not None:
        check_output("--package", options.package, files.values())
        data = package(files)
        write_whole(options.package, data)
        said = {"package": str(options.package), "files": len(files), "bytes": len(data)}
        text = f"{options.package}: {len(files)} files, {len(data):,} bytes"
        return Answer(PASS, to_json(said) if options.json else text)
    with access(options) as hub:
        pushed = hub.push_repository(files.items())
        paused: list[str] = []
        for rollout, resume in ((options.pause, False), (options.resume, True)):
            if rollout is not None:
                paused = hub.pause(rollout, resume=resume)
    said = {"hub": options.hub, "files": pushed, "paused": paused}
    text = f"{options.hub}: {len(pushed)} files"
    return Answer(PASS, to_json(said) if options.json else text)
