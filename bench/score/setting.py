"""How the engines are run: what a benchmark of this stage lets the command line say."""

from __future__ import annotations

import argparse
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Setting", "add_options", "opened"]


@dataclass(frozen=True)
class Setting:
    """How the engines are run.

    Attributes:
        folder: keeps models and what is made of them.
        peers_dir: of virtual environments, see bench.score.environments.
        patience_s: how long an engine may take to convert, compile and load.
        cpu: the processor that they all keep to.
        touch: whether every input is read just before its call, as if its caller had made it.
    """

    folder: Path
    peers_dir: Path | None
    patience_s: float
    cpu: int
    touch: bool = False


def add_options(command: argparse.ArgumentParser) -> None:
    """The options that a setting is made of."""
    command.add_argument(
        "--peers-dir",
        default=os.environ.get("KEDGE_PEERS", ""),
        metavar="DIR",
        help="made by bench.score.environments (KEDGE_PEERS)",
    )
    command.add_argument("--cache", default="", metavar="DIR", help="keeps the models")
    command.add_argument(
        "--patience",
        type=float,
        default=10.0,
        metavar="SECONDS",
        help="who needs longer to convert, compile and load sits out (%(default)s)",
    )


@contextmanager
def opened(options: argparse.Namespace) -> Iterator[Setting]:
    """The setting, its folder a temporary one unless `--cache` names another."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(options.cache or temporary).absolute()
        folder.mkdir(parents=True, exist_ok=True)
        peers_dir = Path(options.peers_dir) if options.peers_dir else None
        touch = getattr(options, "touch", False)
        cpu = max(os.sched_getaffinity(0))
        yield Setting(folder, peers_dir, options.patience, cpu, touch)
