"""How engines in processes of their own are run: what such a benchmark lets one say, and keeps."""

from __future__ import annotations

import argparse
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from shutil import rmtree

from bench.environments import add_peers_dir

__all__ = ["Setting", "add_options", "made", "opened"]


@dataclass(frozen=True)
class Setting:
    """How the engines are run.

    Attributes:
        folder: keeps what is made for the engines.
        peers_dir: of virtual environments, see bench.environments.
        patience_s: how long an engine may take to get ready.
        cpu: the processor that they all keep to.
        touch: whether every input is read just before its call, as if its caller had made it.
    """

    folder: Path
    peers_dir: Path | None
    patience_s: float
    cpu: int
    touch: bool = False


def add_options(command: argparse.ArgumentParser, *, kept: str) -> None:
    """The options that a setting is made of; `kept` is what `--cache` keeps."""
    add_peers_dir(command)
    command.add_argument("--cache", default="", metavar="DIR", help=f"keeps {kept}")
    command.add_argument(
        "--patience",
        type=float,
        default=10.0,
        metavar="SECONDS",
        help="who needs longer to get ready sits out (%(default)s)",
    )


@contextmanager
def opened(options: argparse.Namespace) -> Iterator[Setting]:
    """The setting, its folder a temporary one unless `--cache` names another."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(options.cache or temporary).absolute()
        folder.mkdir(parents=True, exist_ok=True)
        touch = getattr(options, "touch", False)
        cpu = max(os.sched_getaffinity(0))
        yield Setting(folder, options.peers_dir, options.patience, cpu, touch)


def made(path: Path, make: Callable[[Path], object]) -> Path:
    """`path`, which `make` writes unless it is there; an end halfway leaves no `path`."""
    if not path.exists():
        part = path.with_name(f"part-{path.name}")
        if part.is_dir():
            rmtree(part)
        make(part)
        part.replace(path)
    return path
