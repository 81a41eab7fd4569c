"""The bare echo: what gRPC alone takes on this machine, to hold a server against."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

from kedge._core import InvalidArgument
from kedge.sla.generator import program
from kedge.sla.target import Target

__all__ = ["bare_echo"]


@contextmanager
def bare_echo(model: str = "echo", *script: str) -> Iterator[Target]:
    """A server of its own process that answers a request's bytes, until the end of the context.

    Args:
        model: what calls name; nobody looks.
        script: "PERIOD_MS", "STALL_MS": nobody is answered for so long at the start of each period.

    Raises:
        InvalidArgument: the program was not built.
    """
    path = program()
    if path is None:
        raise InvalidArgument(
            "the bare echo wants kedge-load, which was not built: install gRPC's C++ library"
            " (Debian: libgrpc++-dev, pkg-config) and build anew"
        )
    command = [str(path), "echo", *(["127.0.0.1:0", *script] if script else [])]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        port = json.loads(process.stdout.readline())["port"]
        try:
            yield Target(f"127.0.0.1:{port}", model)
        finally:
            process.communicate()
