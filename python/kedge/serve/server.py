"""The core's service behind grpcio: bytes in, bytes out; Python sees no tensor."""

from __future__ import annotations

import logging
import math
import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import astuple
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import grpc

from kedge._core import CorruptData, InvalidArgument, KedgeError, Reflection, Service
from kedge.serve import wire
from kedge.serve.health import INFERENCE, Health
from kedge.serve.options import DESCRIPTORS, Options
from kedge.serve.scrape import ScrapePort
from kedge.serve.tokens import ADMIN_METHODS, Tokens

__all__ = ["Served", "Server"]

_LOG = logging.getLogger("kedge.serve")
_CODES = {code.value[0]: code for code in grpc.StatusCode}
_HEALTH = "/grpc.health.v1.Health/"
_REFLECTION = tuple(
    f"/grpc.reflection.{one}.ServerReflection/ServerReflectionInfo" for one in ("v1", "v1alpha")
)
_OURS = (f"/{INFERENCE}/", "/kedge.v1.Kedge/")
_STREAM = "ModelStreamInfer"
_THREADS = 8


class Served(NamedTuple):
    """One version of a model, and why it is not served if it is not."""

    name: str
    version: str
    state: str
    reason: str


class Server:
    """A folder of models, served until `stop`."""

    def __init__(self, options: Options) -> None:
        """Load what the folder has, and listen.

        Raises:
            InvalidArgument: there is no such folder, or the place is taken.
            OSError: a certificate, a key or the tokens cannot be read.
        """
        self._options = options
        self._service = Service(options.models)
        self._service.route([astuple(route) for route in options.routes])
        self._health = Health()
        self._reflection = Reflection(DESCRIPTORS.read_bytes())
        self._tokens = Tokens(Path(options.token_file)) if options.token_file else None
        self._token_stamp = self._stamp()
        self._most_streams = options.threads or _THREADS
        self._streams = threading.Semaphore(self._most_streams)
        # Four may watch its health, and a stream holds a thread as long as it is open.
        self._calls = _Calls(self._most_streams * 2 + 4)
        self._arrived = 0
        self._server = grpc.server(
            self._calls,
            handlers=[self],
            options=[
                ("grpc.max_receive_message_length", options.most_bytes),
                ("grpc.max_send_message_length", options.most_bytes),
                ("grpc.so_reuseport", 0),  # else two servers share a port and nobody is told
            ],
            maximum_concurrent_rpcs=options.most_calls,
        )
        self.port = self._listen()
        asked = options.metrics_port
        self._scrape = ScrapePort(asked, self._metrics) if asked >= 0 else None
        self._stopping = threading.Event()
        self._watcher = threading.Thread(target=self._watch, name="kedge-rescan", daemon=True)
        self._server.start()
        self._watcher.start()

    def served(self) -> list[Served]:
        """What is in the folder, by name and version."""
        out = []
        for _, model in wire.fields(self._service.handle("RepositoryIndex", b"")[2]):
            assert isinstance(model, bytes)
            said = {
                n: value.decode() for n, value in wire.fields(model) if isinstance(value, bytes)
            }
            out.append(Served(*(said.get(number, "") for number in range(1, 5))))
        return out

    def stop(self, grace_s: float | None = None) -> None:
        """Take no more calls, and return when those that have begun are done or out of time."""
        self._health.stop()
        self._stopping.set()
        self._server.stop(self._options.grace_s if grace_s is None else grace_s).wait()
        self._watcher.join()
        if self._scrape is not None:
            self._scrape.stop()  # last: what happened on the way can still be scraped
            self._scrape = None

    @property
    def metrics_port(self) -> int | None:
        """Where Prometheus scrapes."""
        return None if self._scrape is None else self._scrape.port

    def service(self, details: Any) -> Any:
        """Who answers a call; grpcio asks, always on the same thread."""
        handler = self._handler(details)
        if handler is not None:
            self._arrived += 1
        return handler

    def _handler(self, details: Any) -> Any:
        method: str = details.method
        if method == _HEALTH + "Check":
            return grpc.unary_unary_rpc_method_handler(_telling(self._health.check))
        if method == _HEALTH + "Watch":
            return grpc.unary_stream_rpc_method_handler(self._health.watch)
        if not method.startswith(_OURS) and method not in _REFLECTION:
            return None  # UNIMPLEMENTED
        name = method.rpartition("/")[2]
        refused = self._refusal(name, details.invocation_metadata or ())
        if refused is not None:
            return grpc.unary_unary_rpc_method_handler(partial(_refuse, *refused))
        if name == _STREAM:
            return grpc.stream_stream_rpc_method_handler(self._stream)
        if method in _REFLECTION:
            return grpc.stream_stream_rpc_method_handler(self._reflect)
        return grpc.unary_unary_rpc_method_handler(partial(self._answer, name))

    def _answer(self, method: str, request: bytes, context: Any) -> bytes:
        code, message, answer = self._service.handle(method, request, _left(context))
        if code != 0:
            context.abort(_CODES[code], message)
        return answer

    def _stream(self, requests: Iterator[bytes], context: Any) -> Iterator[bytes]:
        with self._one_stream(context):
            for request in requests:
                code, message, answer = self._service.stream(request, _left(context))
                if code != 0:
                    context.abort(_CODES[code], message)
                yield answer

    def _reflect(self, requests: Iterator[bytes], context: Any) -> Iterator[bytes]:
        with self._one_stream(context):
            answer = _telling(lambda request, context: self._reflection.answer(request))
            for request in requests:
                yield answer(request, context)

    @contextmanager
    def _one_stream(self, context: Any) -> Iterator[None]:
        if not self._streams.acquire(blocking=False):
            context.abort(
                grpc.StatusCode.RESOURCE_EXHAUSTED,
                f"{self._most_streams} streams are open, the most there may be",
            )
        try:
            yield
        finally:
            self._streams.release()

    def _metrics(self) -> str:
        arrived, begun, done = self._arrived, self._calls.begun, self._calls.done
        # grpcio itself refuses calls beyond the bound: those that came and never got here.
        refused = max(arrived - begun, 0)
        return self._service.metrics(max(begun - done, 0), self._options.most_calls, refused)

    def _refusal(self, method: str, metadata: Any) -> tuple[Any, str] | None:
        if self._tokens is None:
            return None
        given = [value for key, value in metadata if key == "authorization"]
        scope = self._tokens.scope(given[0]) if len(given) == 1 else ""
        if not scope:
            return grpc.StatusCode.UNAUTHENTICATED, "a known bearer token is wanted"
        if method in ADMIN_METHODS and scope != "admin":
            return grpc.StatusCode.PERMISSION_DENIED, f"{method} wants a token of scope admin"
        return None

    def _listen(self) -> int:
        options = self._options
        before = os.umask(0o177)  # a socket is its owner's
        try:
            if not options.tls_cert:
                return int(self._server.add_insecure_port(options.target))
            pair = (Path(options.tls_key).read_bytes(), Path(options.tls_cert).read_bytes())
            ca = Path(options.client_ca).read_bytes() if options.client_ca else None
            credentials = grpc.ssl_server_credentials([pair], ca, require_client_auth=bool(ca))
            return int(self._server.add_secure_port(options.target, credentials))
        except RuntimeError as error:
            raise InvalidArgument(f"cannot listen at {options.target}: {error}") from None
        finally:
            os.umask(before)

    def _watch(self) -> None:
        said: str | None = None
        while not self._stopping.wait(self._options.rescan_s):
            try:
                self._service.rescan()
                self._reload_tokens()
                said = None
            except (KedgeError, OSError) as error:
                if str(error) != said:  # once, not every second
                    said = str(error)
                    _LOG.error("what was served goes on: %s", said)

    def _reload_tokens(self) -> None:
        stamp = self._stamp()
        if stamp != self._token_stamp:
            self._tokens = Tokens(Path(self._options.token_file))
            self._token_stamp = stamp

    def _stamp(self) -> tuple[int, int]:
        if not self._options.token_file:
            return 0, 0
        about = Path(self._options.token_file).stat()
        return about.st_mtime_ns, about.st_size


class _Calls(ThreadPoolExecutor):
    """The threads that answer; how many calls were given to them, and came to their end."""

    def __init__(self, threads: int) -> None:
        super().__init__(threads, "kedge-serve")
        self.begun = 0
        self.done = 0
        self._lock = threading.Lock()

    def submit(self, *work: Any, **named: Any) -> Any:
        future = super().submit(*work, **named)
        self.begun += 1
        future.add_done_callback(self._count_done)
        return future

    def _count_done(self, future: Any) -> None:
        with self._lock:
            self.done += 1


def _left(context: Any) -> float:
    """Seconds until the call's deadline; calls may have waited for a thread past it."""
    left: float | None = context.time_remaining()
    return math.inf if left is None else left


def _refuse(code: Any, message: str, request: bytes, context: Any) -> None:
    context.abort(code, message)


def _telling(answer: Callable[[bytes, Any], bytes]) -> Callable[[bytes, Any], bytes]:
    """The same, where bytes that are no message are the caller's own fault."""

    def checked(request: bytes, context: Any) -> bytes:
        try:
            return answer(request, context)
        except CorruptData as error:
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, str(error))
            raise

    return checked
