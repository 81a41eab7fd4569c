"""kedge.v1.Hub over grpcio: who may call what, and what becomes of it."""

from __future__ import annotations

import hashlib
import hmac
import json
import struct
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import grpc

from kedge._core import (
    CorruptData,
    InvalidArgument,
    KedgeError,
    ResourceExhausted,
    Unsupported,
)
from kedge.hub.fleet import Fleet
from kedge.hub.ledger import Ledger
from kedge.hub.messages import (
    Fields,
    bytes_of,
    message,
    number_of,
    parse,
    parts_of,
    text_of,
)
from kedge.hub.options import HubOptions
from kedge.hub.push import Incoming
from kedge.hub.records import Sketches, state_from
from kedge.hub.repository import Bundle, Repository
from kedge.hub.schema import Change, Device
from kedge.serve.tokens import Tokens

__all__ = ["SERVICE", "HubService"]

SERVICE = "/kedge.v1.Hub/"
_THREADS = 8
_OPERATOR_THREADS = 4
_MOST_PULLS = 4  # at once: each keeps a thread for as long as its device does not read
_MOST_BYTES = 64 << 20
_MOST_SKETCHES = 1024  # of one call
_MOST_NUMBER = 1 << 62
_PIECE = 256 << 10
_CODES = {
    CorruptData: grpc.StatusCode.INVALID_ARGUMENT,
    InvalidArgument: grpc.StatusCode.INVALID_ARGUMENT,
    ResourceExhausted: grpc.StatusCode.RESOURCE_EXHAUSTED,
    Unsupported: grpc.StatusCode.UNIMPLEMENTED,
}


class _Refused(Exception):
    def __init__(self, code: Any, message: str) -> None:
        super().__init__(message)
        self.code = code


@contextmanager
def _told(context: Any) -> Iterator[None]:
    """Refusals as the status of a call."""
    try:
        yield
    except _Refused as refused:
        context.abort(refused.code, str(refused))
    except KedgeError as error:
        context.abort(_CODES.get(type(error), grpc.StatusCode.INTERNAL), str(error))


class _Method(NamedTuple):
    """Who may call it, and what answers: bytes, or for a stream an iterator of them."""

    is_for_devices: bool
    takes_stream: bool
    gives_stream: bool
    answer: Callable[[Any, Any], Any]  # Device or None, Fields or an iterator of bytes


class HubService:
    """Answers until it is stopped."""

    def __init__(
        self,
        options: HubOptions,
        ledger: Ledger,
        sketches: Sketches,
        repository: Repository,
        tokens: Tokens,
    ) -> None:
        """Listen.

        Raises:
            InvalidArgument: the place is taken.
            OSError: a certificate cannot be read.
        """
        self._options, self._ledger, self._sketches = options, ledger, sketches
        self._repository, self._tokens = repository, tokens
        self._fleet = Fleet(ledger, repository)
        self._pushing = threading.Lock()
        self._looking = threading.Lock()  # Sketches is one thread's at a time
        self._pulls = threading.BoundedSemaphore(_MOST_PULLS)
        self._operators = ThreadPoolExecutor(_OPERATOR_THREADS, "kedge-operators")
        self._methods = self._by_name()
        self._server = grpc.server(
            ThreadPoolExecutor(_THREADS, "kedge-hub"),
            handlers=[self],
            options=[
                ("grpc.max_receive_message_length", _MOST_BYTES),
                ("grpc.max_send_message_length", -1),
                ("grpc.so_reuseport", 0),
            ],
            maximum_concurrent_rpcs=256,
        )
        self.port = self._listen()

    def _by_name(self) -> dict[str, _Method]:
        return {
            "Enrol": _Method(False, False, False, self._enrol),
            "PauseRollout": _Method(False, False, False, self._pause),
            "PushRepository": _Method(False, True, False, self._push_repository),
            "MergeSketches": _Method(False, False, False, self._merge),
            "Status": _Method(False, False, False, self._status),
            "PushSketches": _Method(True, False, False, self._push_sketches),
            "Report": _Method(True, False, False, self._report),
            "ListBundles": _Method(True, False, False, self._list_bundles),
            "PullBundle": _Method(True, False, True, self._pull_bundle),
        }

    def start(self) -> None:
        """Answer."""
        self._server.start()

    def stop(self) -> None:
        """Answer no more."""
        self._server.stop(1.0).wait()
        self._operators.shutdown(wait=False)

    def _listen(self) -> int:
        options = self._options
        host = f"[{options.host}]" if ":" in options.host else options.host
        target = f"{host}:{options.grpc_port}"
        try:
            if not options.tls_cert:
                return int(self._server.add_insecure_port(target))
            pair = (Path(options.tls_key).read_bytes(), Path(options.tls_cert).read_bytes())
            return int(self._server.add_secure_port(target, grpc.ssl_server_credentials([pair])))
        except RuntimeError as error:
            raise InvalidArgument(f"cannot listen at {target}: {error}") from None

    def service(self, details: Any) -> Any:
        """Who answers a call; grpcio asks."""
        name = details.method.removeprefix(SERVICE)
        method = self._methods.get(name)
        if method is None or not details.method.startswith(SERVICE):
            return None  # UNIMPLEMENTED
        metadata = dict(details.invocation_metadata or ())

        def one(request: Any, context: Any) -> Any:
            with _told(context):
                device = self._caller(method, name, metadata)
                given = request if method.takes_stream else parse(request)
                return method.answer(device, given)

        def many(request: Any, context: Any) -> Iterator[bytes]:
            with _told(context):
                yield from method.answer(self._caller(method, name, metadata), parse(request))

        answer: Any = many if method.gives_stream else one
        if self._is_operator(metadata):
            # A call waits for its request on a thread, so whoever connects can keep all the others.
            answer.experimental_thread_pool = self._operators
        if method.gives_stream:
            return grpc.unary_stream_rpc_method_handler(answer)
        if method.takes_stream:
            return grpc.stream_unary_rpc_method_handler(answer)
        return grpc.unary_unary_rpc_method_handler(answer)

    def _is_operator(self, metadata: dict[str, Any]) -> bool:
        return "operator" in self._tokens.scopes(str(metadata.get("authorization", "")))

    def _caller(self, method: _Method, name: str, metadata: dict[str, Any]) -> Device | None:
        if not method.is_for_devices:
            if not self._is_operator(metadata):
                raise _Refused(grpc.StatusCode.UNAUTHENTICATED, f"{name} wants an operator's token")
            return None
        shown = str(metadata.get("authorization", ""))
        device = self._ledger.device(str(metadata.get("kedge-device", "")))
        key = device.key.hex() if device is not None and device.key else ""
        if not key or not hmac.compare_digest(_digest(f"Bearer {key}"), _digest(shown)):
            raise _Refused(grpc.StatusCode.UNAUTHENTICATED, f"{name} wants a device and its key")
        return device

    def _enrol(self, _: None, request: Fields) -> bytes:
        key = self._ledger.enrol(text_of(request, 1), text_of(request, 2))
        return message({1: key})

    def _pause(self, _: None, request: Fields) -> bytes:
        rollout = text_of(request, 1)
        known = {one.rollout for one in self._repository.bundles()} | self._ledger.paused()
        if rollout not in known:
            raise _Refused(grpc.StatusCode.NOT_FOUND, f"no bundle is of rollout {rollout!r}")
        self._ledger.pause(rollout, is_paused=not number_of(request, 2))
        return message({1: sorted(self._ledger.paused())})

    def _push_repository(self, _: None, requests: Iterator[bytes]) -> bytes:
        if not self._pushing.acquire(blocking=False):
            raise _Refused(grpc.StatusCode.ABORTED, "another repository is being pushed")
        try:
            incoming = Incoming(self._repository.folder, self._options.most_file_bytes)
            try:
                for request in requests:
                    part = parse(request)
                    incoming.add(text_of(part, 1), bytes_of(part, 2))
                return message({1: incoming.publish()})
            finally:
                incoming.give_up()
        finally:
            self._pushing.release()

    def _merge(self, _: None, request: Fields) -> bytes:
        group = text_of(request, 2) if 2 in request else None
        found = self._fleet.merged(bytes_of(request, 1), group=group, device=text_of(request, 3))
        return message({1: [profile.to_bytes() for profile in found]})

    def _status(self, _: None, request: Fields) -> bytes:
        return message({1: json.dumps(self._fleet.status().to_dict())})

    def _push_sketches(self, device: Device, request: Fields) -> bytes:
        life = number_of(request, 1)
        sent = parts_of(request, 2)
        if life >= _MOST_NUMBER or len(sent) > _MOST_SKETCHES:
            raise InvalidArgument(f"life {life}, {len(sent)} sketches")
        change = Change(device.id, life)
        for part in sent:
            fields = parse(part)
            model, sequence = bytes_of(fields, 1), number_of(fields, 3)
            if len(model) != 32 or sequence >= _MOST_NUMBER:
                raise InvalidArgument(f"a model of {len(model)} bytes, sequence {sequence}")
            record = struct.pack("<Q", number_of(fields, 2)) + model + bytes_of(fields, 4)
            with self._looking:
                sketch = self._sketches.read(sequence, record)
            had = change.sketches.get((sketch.model, sketch.epoch))
            if had is None or had.sequence <= sequence:
                change.sketches[sketch.model, sketch.epoch] = sketch
        self._ledger.commit([change])
        return b""

    def _report(self, device: Device, request: Fields) -> bytes:
        numbers = {"version": 2, "slot": 4, "candidate_version": 7}
        texts = {"model": 1, "digest": 3, "state": 5, "reason": 6, "candidate_digest": 8}
        said: dict[str, Any] = {name: number_of(request, n) for name, n in numbers.items()}
        said |= {name: text_of(request, n) for name, n in texts.items()}
        state = state_from(said)
        self._ledger.commit([Change(device.id, 0, states={state.model: state})])
        return b""

    def _bundles_for(self, device: Device) -> list[Bundle]:
        paused = self._ledger.paused()
        return [
            one
            for one in self._repository.bundles()
            if one.rollout not in paused and one.is_for(device.name, device.group)
        ]

    def _list_bundles(self, device: Device, request: Fields) -> bytes:
        return message(
            {
                1: [
                    message(
                        {1: b.name, 2: b.model, 3: b.version, 4: b.bytes, 5: b.sha256, 6: b.rollout}
                    )
                    for b in self._bundles_for(device)
                ]
            }
        )

    def _pull_bundle(self, device: Device, request: Fields) -> Iterator[bytes]:
        wanted, offset = text_of(request, 1), number_of(request, 2)
        found = [one for one in self._bundles_for(device) if one.sha256 == wanted]
        if not found:
            raise _Refused(grpc.StatusCode.NOT_FOUND, "there is no such bundle for this device")
        return self._pieces(self._repository.folder / found[0].path, offset)

    def _pieces(self, path: Path, offset: int) -> Iterator[bytes]:
        if not self._pulls.acquire(blocking=False):
            raise _Refused(
                grpc.StatusCode.RESOURCE_EXHAUSTED,
                f"{_MOST_PULLS} bundles are being pulled, try again later",
            )
        try:
            with path.open("rb") as file:
                file.seek(min(offset, path.stat().st_size))
                while piece := file.read(_PIECE):
                    yield message({1: piece})
        finally:
            self._pulls.release()


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode(errors="surrogateescape")).digest()
