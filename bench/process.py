"""An engine in a process of its own: the side that asks and the side that answers.

A question is a line, its answer a line of JSON. One answer comes unasked: what the engine says of
itself once it is ready, or `refused` with the reason.
"""

from __future__ import annotations

import atexit
import gc
import json
import os
import select
import signal
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, TextIO, TypeVar

from bench.peers import MissingPeer

__all__ = ["Process", "ready", "serve"]

Engine = TypeVar("Engine")

_ROOT = Path(__file__).resolve().parents[1]


class Process:
    """A module that serves, run by an interpreter from the root of the repository.

    Attributes:
        first: what the engine said of itself.

    Raises:
        MissingPeer: it refuses, ends or is not ready in time; the text begins with `who`.
    """

    def __init__(
        self, who: str, python: Path, module: str, arguments: Sequence[str], patience_s: float
    ) -> None:
        self._who = who
        self._process = subprocess.Popen(
            [str(python), "-m", module, *arguments],
            cwd=_ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            bufsize=1,
            start_new_session=True,  # what it starts, such as compilers, ends with it
        )
        atexit.register(self.close)
        self.first = self._first_line(patience_s)
        if "refused" in self.first:
            self.close()
            raise MissingPeer(f"{who} sits out: {self.first['refused']}")

    def ask(self, question: str) -> Any:
        """The answer.

        Raises:
            MissingPeer: the process has ended.
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            self._process.stdin.write(question + "\n")
        except OSError:
            line = ""
        else:
            line = self._process.stdout.readline()
        if not line:
            raise MissingPeer(f"{self._who} ended with code {self._process.wait()}: {question}")
        return json.loads(line)

    def close(self) -> None:
        """End the process and what it started."""
        atexit.unregister(self.close)
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.communicate()

    def _first_line(self, patience_s: float) -> Mapping[str, Any]:
        assert self._process.stdout is not None
        readable, _, _ = select.select([self._process.stdout], [], [], patience_s)
        if not readable:
            return {"refused": f"not ready within {patience_s:g} s"}
        line = self._process.stdout.readline()
        if not line:
            return {"refused": f"its process ended with code {self._process.wait()}"}
        first: Mapping[str, Any] = json.loads(line)
        return first


def ready(make: Callable[[], Engine]) -> Engine | str:
    """The engine, or why there is none."""
    try:
        return make()
    except ModuleNotFoundError as error:
        return f"{error.name} is not installed (python -m bench.environments)"
    except MissingPeer as error:
        return str(error)
    except Exception as error:  # noqa: BLE001  whatever an engine raises, it refuses the work
        lines = str(error).splitlines() or [""]
        return f"{type(error).__name__}: {lines[0]:.160}"


def serve(
    make: Callable[[], Engine | str],
    cpu: int,
    hello: Callable[[Engine], Mapping[str, Any]],
    answer_all: Callable[[Engine, Iterable[str], TextIO], None],
) -> None:
    """Make the engine and let it answer; from then on the process keeps to one processor."""
    # What the engines print must not be taken for an answer.
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    engine = make()
    if isinstance(engine, str):
        print(json.dumps({"refused": engine}), file=answers)
        return
    os.sched_setaffinity(0, {cpu})
    gc.collect()
    gc.disable()
    print(json.dumps(hello(engine)), file=answers)
    answer_all(engine, sys.stdin, answers)
