"""The core's service behind grpcio: bytes in, bytes out; Python sees no tensor."""

from __future__ import annotations

import logging
import math
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import grpc

from kedge._core import CorruptData, InvalidArgument, Reflection, Service
from kedge.serve import wire
from kedge.serve.client_limit import ClientLimit
from kedge.serve.events import event
from kedge.serve.health import INFERENCE, Health
from kedge.serve.options import DESCRIPTORS, Options
from kedge.serve.scrape import ScrapePort
from kedge.serve.tokens import Tokens, scope_wanted
from kedge.serve.traces import Exporting

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
        if options.batching.max_rows:
            raise InvalidArgument("[batching] is the native server's, see kedge.serve.native")
        self._options = options
        remembered = options.remember_rows if options.state else 0
        self._service = Service(options.models, options.drift.numbers(), remembered)
        rules = [route.rules for route in options.routes]
        self._service.route(
            [route.shares for route in options.routes],
            [one.shadow for one in rules if one.shadow is not None],
            [one.canary for one in rules if one.canary is not None],
        )
        if options.state:
            self._service.keep_in(options.state)
        log = options.request_log
        if log.folder:
            self._service.log_requests(log.folder, log.share, log.most_bytes, list(log.redact))
        self._traced = Exporting(options.traces) if options.traces.endpoint else None
        if self._traced is not None:
            self._service.trace(options.traces.share, self._traced.socket)
        memory = options.shared_memory
        if memory.prefix:
            self._service.share_memory(memory.prefix, memory.most_regions, memory.most_bytes)
        self._service.promise(options.slo_ms / 1000, options.slo_share)
        self._service.answer_at_most(options.most_bytes)
        self._health = Health()
        self._reflection = Reflection(DESCRIPTORS.read_bytes())
        self._tokens = Tokens(Path(options.token_file)) if options.token_file else None
        self._token_stamp = self._stamp()
        self._most_streams = options.threads or _THREADS
        self._streams = threading.Semaphore(self._most_streams)
        # Four may watch its health, and a stream holds a thread as long as it is open. A client
        # that has all the calls it may have leaves a thread which refuses it more.
        of_client = options.most_calls_each if options.most_calls_each < options.most_calls else 0
        self._calls = _Calls(max(self._most_streams * 2 + 4, of_client + 1))
        self._each = ClientLimit(options.most_calls_each)
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
        self._service.stop()
        self._calls.shutdown()  # one that is out of time may still be in the core
        self._watcher.join()
        self._tell()
        if self._scrape is not None:
            # What happened on the way can still be scraped; what is ended below, no more.
            self._scrape.stop()
            self._scrape = None
        self._service.let_go()
        self._service.end_log()
        self._tell()
        if self._traced is not None:
            self._service.end_traces()
            self._traced.wait()

    @property
    def metrics_port(self) -> int | None:
        """Where Prometheus scrapes."""
        return None if self._scrape is None else self._scrape.port

    def service(self, details: Any) -> Any:
        """Who answers a call; grpcio asks, always on the same thread."""
        handler = self._handler(details)
        return None if handler is None else _Offered(handler, self._calls)

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
        return grpc.unary_unary_rpc_method_handler(partial(self._answer, name, time.monotonic()))

    def _answer(self, method: str, came: float, request: bytes, context: Any) -> bytes:
        left, waited = _left(context), time.monotonic() - came
        parent = self._traceparent(context)
        with self._each.one_more(context, has_token=self._tokens is not None):
            code, message, answer = self._service.handle(method, request, left, waited, parent)
        if code != 0:
            context.abort(_CODES[code], message)
        return answer

    def _stream(self, requests: Iterator[bytes], context: Any) -> Iterator[bytes]:
        parent = self._traceparent(context)
        with self._one_stream(context):
            for request in requests:
                code, message, answer = self._service.stream(request, _left(context), 0.0, parent)
                if code != 0:
                    context.abort(_CODES[code], message)
                yield answer

    def _traceparent(self, context: Any) -> str:
        if self._traced is None:
            return ""
        given = [value for key, value in context.invocation_metadata() if key == "traceparent"]
        return given[0] if len(given) == 1 else ""

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
            with self._each.one_more(context, has_token=self._tokens is not None):
                yield
        finally:
            self._streams.release()

    def _metrics(self, accept: str) -> str:
        in_flight = max(self._calls.begun - self._calls.done, 0)
        refused = self._calls.refused, self._each.refused
        return self._service.metrics(in_flight, self._options.most_calls, *refused, accept)

    def _refusal(self, method: str, metadata: Any) -> tuple[Any, str] | None:
        if self._tokens is None:
            return None
        given = [value for key, value in metadata if key == "authorization"]
        scopes = self._tokens.scopes(given[0]) if len(given) == 1 else frozenset()
        if not scopes:
            return grpc.StatusCode.UNAUTHENTICATED, "a known bearer token is wanted"
        wanted = scope_wanted(method)
        if wanted not in scopes:
            return grpc.StatusCode.PERMISSION_DENIED, f"{method} wants a token of scope {wanted}"
        return None

    def _listen(self) -> int:
        options = self._options
        if options.unix and _is_answered(options.unix):
            raise InvalidArgument(f"cannot listen at {options.target}: somebody answers there")
        before = os.umask(0o177)  # a socket is its owner's
        try:
            if not options.tls_cert:
                return int(self._server.add_insecure_port(options.target))
            pair = (Path(options.tls_key).read_bytes(), Path(options.tls_cert).read_bytes())
            ca = Path(options.client_ca).read_bytes() if options.client_ca else None
            credentials = grpc.ssl_server_credentials([pair], ca, require_client_auth=bool(ca))
            return int(self._server.add_secure_port(options.target, credentials))
        except RuntimeError as error:
            why = _why_not_listen(options) or str(error)
            raise InvalidArgument(f"cannot listen at {options.target}: {why}") from None
        finally:
            os.umask(before)

    def _watch(self) -> None:
        said: dict[str, str] = {}
        # Each by itself: a token that is revoked is so wherever the models are.
        looks = {"models": self._service.rescan, "tokens": self._reload_tokens}
        self._tell()
        while not self._stopping.wait(self._options.rescan_s):
            for what, look in looks.items():
                try:
                    look()
                    said.pop(what, None)
                except Exception as error:  # noqa: BLE001  whatever it is, it goes on looking
                    if str(error) != said.get(what):  # once, not every second
                        said[what] = str(error)
                        _LOG.error("%s", event("rescan failed", of=what, reason=str(error)))
            self._tell()

    def _tell(self) -> None:
        for line in self._service.take_events():
            _LOG.warning("%s", line)

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
    """The threads that answer.

    Attributes:
        begun: how many calls were given to them.
        done: how many of these came to their end.
        refused: how many were not given to them, for want of room.
    """

    def __init__(self, threads: int) -> None:
        super().__init__(threads, "kedge-serve")
        self.begun = 0
        self.done = 0
        self.refused = 0
        self._lock = threading.Lock()

    def submit(self, *work: Any, **named: Any) -> Any:
        future = super().submit(*work, **named)
        self.begun += 1
        future.add_done_callback(self._count_done)
        return future

    def _count_done(self, future: Any) -> None:
        with self._lock:
            self.done += 1


class _Offered:
    """Who answers a call, offered to grpcio.

    It refuses calls beyond the bound by itself and says so to nobody but the caller: it drops what
    it was offered unread. Before that, or before a thread has the call, nobody knows which it is.
    """

    def __init__(self, handler: Any, calls: _Calls) -> None:
        self._handler = handler
        self._calls = calls
        self._is_read = False

    def __getattr__(self, name: str) -> Any:
        self._is_read = True
        return getattr(self._handler, name)

    def __del__(self) -> None:
        if not self._is_read:
            self._calls.refused += 1  # by the thread that was offered it, which is always the same


def _is_answered(path: str) -> bool:
    """Whether somebody listens at a socket, from whom gRPC would take it."""
    with socket.socket(socket.AF_UNIX) as tried:
        tried.setblocking(False)
        try:
            tried.connect(path)
        except BlockingIOError:
            return True  # by one for whom others wait
        except OSError:
            return False
    return True


def _why_not_listen(options: Options) -> str:
    """The system's reason, where gRPC has none; empty when somebody could."""
    try:
        if options.unix:
            Path(options.unix).absolute().parent.stat()
            return ""
        family, kind, _, _, at = socket.getaddrinfo(
            options.host, options.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with socket.socket(family, kind) as tried:
            tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            tried.bind(at)
            tried.listen(1)
    except OSError as error:
        return error.strerror or str(error)
    return ""


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
