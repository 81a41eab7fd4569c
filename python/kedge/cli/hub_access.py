"""How verbs reach a hub as an operator."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from kedge._core import InvalidArgument

if TYPE_CHECKING:
    from kedge.hub import HubClient

__all__ = ["access", "hub_options"]


def hub_options(parser: argparse.ArgumentParser, *, optional: bool = False) -> None:
    """The hub, the token, and whom to trust."""
    add = parser.add_argument
    add("hub", nargs="?" if optional else None, metavar="HOST:PORT", help="of its gRPC")
    add("--token-file", type=Path, metavar="FILE", help="the hub's operator.token, or its copy")
    add("--ca", default="", metavar="FILE", help="certificates that the hub's must come from")


def access(options: argparse.Namespace) -> HubClient:
    """A client with the token of the file.

    Raises:
        InvalidArgument: there is no token.
        OSError: the file cannot be read.
    """
    from kedge.hub import HubClient

    if options.token_file is None:
        raise InvalidArgument("--token-file is missing: the hub made one in its folder")
    lines = options.token_file.read_text().splitlines()
    words = [line.partition("#")[0].split() for line in lines]
    tokens = [line[-1] for line in words if line]
    if not tokens:
        raise InvalidArgument(f"{options.token_file}: has no token")
    return HubClient(options.hub, token=tokens[0], ca=options.ca)
