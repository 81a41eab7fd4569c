"""The native server, called by a native client: cpp/apps/kedge_load.cpp, built beside kedge-serve.

A Python client takes longer for a call than the server does. The echo is gRPC's own C++ server that
answers a request's bytes: the ratio to it is what the protocol, the counts and the scoring add.
"""

from __future__ import annotations

import json
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

import kedge
from bench.meanwhile import meanwhile
from bench.peers import MissingPeer
from bench.race import Contender, Race, WrongAnswer
from bench.report import Planned
from bench.serve.mlserver import VERSION as MLSERVER
from bench.serve.mlserver import mlserver
from kedge.serve import Options, wire
from kedge.serve.drift import Drift
from kedge.serve.native import NativeServer
from kedge.serve.routes import Route

__all__ = ["Bench", "Calls", "caller", "swapping"]

_DRIFT = Drift()
_INFER = "/inference.GRPCInferenceService/ModelInfer"
_LOAD = "/inference.GRPCInferenceService/RepositoryModelLoad"
_PACE = 2000  # calls a second that are due, whoever is late: a fifth of what the machine can do


@dataclass(frozen=True)
class Calls:
    """What became of a block of calls."""

    answer: bytes
    failed: int
    taken_ns: Sequence[int]


@dataclass(frozen=True)
class Bench:
    """What all races share.

    Attributes:
        load: the client's program.
        folder: of the models.
        model: the one that is served.
        request: of one row.
        row: that row.
        calls: of a round.
        opened: what ends when the benchmark does.
        peers_dir: where MLServer's environment is, if it has one.
    """

    load: Path
    folder: Path
    model: kedge.Model
    request: bytes
    row: np.ndarray[tuple[int, int], np.dtype[np.float64]]
    calls: int
    opened: ExitStack
    peers_dir: Path | None = None

    def plan(self) -> list[Planned]:
        """The races."""
        return [
            *((f"native, {n} at once", partial(self._against_echo, n)) for n in (1, 8)),
            *((f"MLServer, {n} at once", partial(self._against_mlserver, n)) for n in (1, 8)),
            ("Python's client", self._python_clients),
            ("native, shadow on", self._with_shadow),
            *((f"native, watched, {n} at once", partial(self._watched, n)) for n in (1, 8)),
            ("native, while reloading", self._reloading),
        ]

    def _against_echo(self, at_once: int) -> Race[Calls]:
        peers = [
            self._contender("grpc++ echo", self._echo(), at_once),
            self._contender("kedge grpcio", self._python(), at_once),
        ]
        ours = self._contender("kedge grpc++", self._native(), at_once)
        return Race(f"native, {at_once} at once", 1, ours, peers, self._judge)

    def _against_mlserver(self, at_once: int) -> Race[Calls]:
        booster = self.folder.parent / "booster.txt"
        target = self.opened.enter_context(mlserver(self.peers_dir, booster))
        peers = [
            self._contender("MLServer", target, at_once, release=MLSERVER),
            self._contender("kedge grpcio", self._python(), at_once),
        ]
        ours = self._contender("kedge grpc++", self._native(), at_once)
        return Race(f"MLServer, {at_once} at once", 1, ours, peers, self._judge)

    def _python_clients(self) -> Race[Calls]:
        """The native server, by each of the two ways that kedge.Client has."""
        target = self._native()
        ours, peer = (self._client(target, way) for way in ("grpc++", "grpcio"))
        return Race("Python's client", 1, ours, [peer], self._judge)

    def _client(self, target: str, way: str) -> Contender[Calls]:
        client = self.opened.enter_context(kedge.Client(target, transport=way))

        def run() -> Calls:
            taken = []
            for _ in range(self.calls):
                start = time.perf_counter_ns()
                answer = client._call(_INFER, self.request)
                taken.append(time.perf_counter_ns() - start)
            return Calls(answer, 0, taken)

        name = "kedge.Client" if way == "grpc++" else f"client by {way}"
        return Contender(name, version("kedge"), run, lambda calls: calls.taken_ns)

    def _with_shadow(self) -> Race[Calls]:
        route = Route("m", "1", "2", shadow=1.0)
        shadowed = self._contender("shadow on", self._native(routes=(route,)), 8)
        plain = self._contender("shadow off", self._native(routes=(Route("m", "1", "2"),)), 8)
        return Race("native, shadow on", 1, shadowed, [plain], self._judge)

    def _watched(self, at_once: int) -> Race[Calls]:
        """Drift, a shadow and a scrape every second, against none of them."""
        route = Route("m", "1", "2", shadow=1.0)
        watched = self._contender("watched", self._native((route,), scraped=True), at_once)
        plain = self._contender("unwatched", self._native(drift=Drift(every_s=0)), at_once)
        return Race(f"native, watched, {at_once} at once", 1, watched, [plain], self._judge)

    def _reloading(self) -> Race[Calls]:
        target = self._native()
        paced = self._contender("at rest", target, 0, _PACE)
        client = self.opened.enter_context(kedge.Client(target))

        def run() -> Calls:
            with swapping(client):
                return paced.run()

        reloading = Contender("reloading", version("kedge"), run, lambda calls: calls.taken_ns)
        return Race("native, while reloading", 1, reloading, [paced], self._judge)

    def _contender(
        self, engine: str, target: str, at_once: int, rate: float = 0, *, release: str = ""
    ) -> Contender[Calls]:
        ask = self.opened.enter_context(caller(self.load, target, self.folder, self.request))

        def run() -> Calls:
            calls = ask(self.calls, at_once, rate)
            if calls.failed:
                raise WrongAnswer(f"{engine}: {calls.failed} calls of {self.calls} failed")
            return calls

        return Contender(engine, release or version("kedge"), run, lambda calls: calls.taken_ns)

    def _judge(self, engine: str, calls: Calls, expected: Calls) -> str:
        if "echo" in engine:
            return "" if calls.answer == self.request else f"{engine} is no echo"
        wanted = [np.asarray(self.model.predict(self.row)).tobytes()]
        raw = [value for field, value in wire.fields(calls.answer) if field == 6]
        return "" if raw == wanted else f"{engine} gives {raw}, expected {wanted}"

    def _native(
        self, routes: tuple[Route, ...] = (), drift: Drift = _DRIFT, *, scraped: bool = False
    ) -> str:
        told: dict[str, Any] = {"routes": routes, "drift": drift}
        try:
            options = Options(str(self.folder), port=0, metrics_port=0, transport="grpc++", **told)
            server = NativeServer(options)
        except kedge.InvalidArgument as error:
            raise MissingPeer(str(error)) from None
        self.opened.callback(server.stop, 0)
        if scraped:
            metrics = f"http://127.0.0.1:{server.metrics_port}/metrics"
            self.opened.enter_context(meanwhile(partial(_scrape, metrics), 1))
        return server.target

    def _python(self) -> str:
        from kedge.serve.server import Server

        server = Server(Options(str(self.folder), port=0))
        self.opened.callback(server.stop, 0)
        return f"127.0.0.1:{server.port}"

    def _echo(self) -> str:
        process = subprocess.Popen(
            [self.load, "echo"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        assert process.stdout is not None
        self.opened.callback(process.communicate)
        return f"127.0.0.1:{json.loads(process.stdout.readline())['port']}"


@contextmanager
def caller(
    load: Path, target: str, folder: Path, request: bytes
) -> Iterator[Callable[[int, int, float], Calls]]:
    """Makes so many calls, so many at once or, above 0, at a rate."""
    path = folder.parent / "request"
    path.write_bytes(request)
    command = [str(load), "call", target, str(path)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
    ) as process:
        stdin, stdout = process.stdin, process.stdout
        assert stdin is not None
        assert stdout is not None

        def ask(calls: int, at_once: int, rate: float) -> Calls:
            stdin.write(f"{calls} {at_once} {rate}\n")
            said = json.loads(stdout.readline())
            return Calls(bytes.fromhex(said["answer"]), said["failed"], said["taken_ns"])

        ask(50, 1, 0)  # connects
        yield ask
        process.communicate()


def _scrape(url: str) -> None:
    with urllib.request.urlopen(url, timeout=5) as answer:
        answer.read()


def swapping(client: kedge.Client) -> AbstractContextManager[None]:
    """Load the model anew, over and over."""
    return meanwhile(lambda: client._call(_LOAD, wire.part(2, "m")), 0.01)
