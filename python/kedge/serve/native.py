"""The native server: the same service on gRPC's C++ library, by a program that is installed beside
this package where that library was found when it was built.
"""

from __future__ import annotations

import json
import logging
import os
import subprocess
import threading
from importlib.metadata import version
from pathlib import Path
from typing import Any

from kedge._core import InvalidArgument
from kedge.serve.options import DESCRIPTORS, Options
from kedge.serve.traces import Exporting

__all__ = ["NativeServer", "arguments", "program"]

_LOG = logging.getLogger("kedge.serve")
_FIRST_ANSWER_S = 10.0
_ENDING_S = 30.0  # to write what waits, once calls are out of time, where others want to run too


def program() -> Path | None:
    """The program, if it is there, runs, and is of this version."""
    path = Path(__file__).parents[1] / "bin" / "kedge-serve"
    if not path.is_file():
        return None
    try:
        asked = subprocess.run(
            [path, "--version"],
            capture_output=True,
            check=False,
            text=True,
            timeout=_FIRST_ANSWER_S,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return path if asked.returncode == 0 and asked.stdout.strip() == version("kedge") else None


def chosen_program(options: Options) -> Path | None:
    """The program, if it is what the options ask for.

    Raises:
        InvalidArgument: they ask for nothing else, and it is not there.
    """
    if options.transport == "grpcio":
        return None
    path = program()
    if path is None and options.transport == "grpc++":
        raise InvalidArgument(
            "transport = 'grpc++': kedge-serve was not built, or does not run; install gRPC's C++"
            " library (Debian: libgrpc++-dev, pkg-config) and build anew"
        )
    return path


def arguments(options: Options, traced: Exporting | None = None) -> list[str]:
    """The options as the program takes them, with who gets its spans."""
    told = [options.models, "--descriptors", str(DESCRIPTORS)]
    for name in _TOLD:
        value = getattr(options, name)
        if value is True:
            told.append(_flag(name))
        elif value is not False and value != "":
            told += [_flag(name), str(value)]
    told += ["--drift", *map(str, options.drift.numbers())]
    if traced is not None:
        told += ["--traces", str(options.traces.share), str(traced.socket)]
    log = options.request_log
    if log.folder:
        told += ["--request-log", log.folder, str(log.share), str(log.most_bytes)]
        for name in log.redact:
            told += ["--redact", name]
    memory = options.shared_memory
    if memory.prefix:
        told += ["--shared-memory", memory.prefix, str(memory.most_regions), str(memory.most_bytes)]
    if options.batching.max_rows:
        told += ["--batching", str(options.batching.max_wait_us), str(options.batching.max_rows)]
    for route in options.routes:
        told += ["--route", *map(str, route.shares)]
        if route.rules.shadow is not None:
            told += ["--shadow-rule", *map(str, route.rules.shadow)]
        if route.rules.canary is not None:
            *numbers, of_errors = route.rules.canary
            told += ["--canary-rule", *map(str, numbers), str(int(of_errors))]
    return told


class NativeServer:
    """A folder of models, served by the program until `stop`."""

    def __init__(self, options: Options) -> None:
        """Start the program, and wait until it listens.

        Raises:
            InvalidArgument: the program is not there, or says why it cannot.
        """
        path = chosen_program(options)
        if path is None:
            raise InvalidArgument("there is no native server, see kedge.serve.server for the other")
        self._grace_s = options.grace_s
        self._traced = Exporting(options.traces) if options.traces.endpoint else None
        self._process = subprocess.Popen(
            [path, *arguments(options, self._traced), "--json"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            pass_fds=() if self._traced is None else (self._traced.socket,),
        )
        if self._traced is not None:
            os.close(self._traced.socket)
        assert self._process.stdout is not None
        first = self._process.stdout.readline()
        if not first:
            raise InvalidArgument(self._process.communicate()[1].partition(": ")[2].strip())
        said = json.loads(first)
        self.target: str = said["target"]
        self.port = 0 if options.unix else int(self.target.rpartition(":")[2])
        self.metrics_port = _port_of(said["metrics"])
        self._logger = threading.Thread(target=self._log, name="kedge-serve-log", daemon=True)
        self._logger.start()

    def stop(self, grace_s: float | None = None) -> None:
        """Take no more calls, and return when those that have begun are done or out of time.

        The program has the grace of its options; with less here it may be ended before its own end.
        """
        grace_s = self._grace_s if grace_s is None else grace_s
        self._process.terminate()
        try:
            self._process.wait(grace_s + _ENDING_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._logger.join()
        for pipe in (self._process.stdout, self._process.stderr):
            if pipe is not None:
                pipe.close()
        if self._traced is not None:
            self._traced.wait()

    def _log(self) -> None:
        assert self._process.stderr is not None
        for line in self._process.stderr:
            level = logging.WARNING if line.startswith("{") else logging.ERROR
            _LOG.log(level, "%s", line.rstrip())


_TOLD = (
    *("host", "port", "unix", "tls_cert", "tls_key", "client_ca", "token_file", "insecure_public"),
    *(
        "most_bytes",
        "threads",
        "most_calls",
        "most_calls_each",
        "metrics_port",
        "rescan_s",
        "grace_s",
    ),
    *("state", "remember_rows", "slo_ms", "slo_share"),
)


def _flag(name: str) -> str:
    return "--" + name.replace("_", "-")


def _port_of(place: Any) -> int | None:
    return None if place is None else int(place.rpartition(":")[2])
