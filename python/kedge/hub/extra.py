"""What `pip install "kedge[hub]"` brings, asked for by name where it is missing."""

from __future__ import annotations

from importlib.util import find_spec

from kedge._core import Unsupported

__all__ = ["need_tuf"]


def need_tuf(verb: str) -> None:
    """Nothing, where python-tuf is.

    Raises:
        Unsupported: it is not.
    """
    if find_spec("tuf") is None:
        raise Unsupported(f'{verb} needs python-tuf; pip install "kedge[hub]"')
