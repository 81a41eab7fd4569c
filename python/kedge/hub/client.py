"""A client of a hub: for operators with a token, and for devices with a key."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple, final

from kedge._core import InvalidArgument, KedgeError, Profile, ResourceExhausted, Unsupported
from kedge.hub.messages import (
    joined,
    message,
    number_of,
    parse,
    parts_of,
    text_of,
    texts_of,
)
from kedge.hub.schema import Sketch, State

__all__ = ["BundleOffer", "HubClient"]

_SERVICE = "/kedge.v1.Hub/"
_PIECE = 256 << 10
_ERRORS: dict[str, type[Exception]] = {
    "ABORTED": ConnectionError,
    "DEADLINE_EXCEEDED": TimeoutError,
    "INVALID_ARGUMENT": InvalidArgument,
    "NOT_FOUND": LookupError,
    "RESOURCE_EXHAUSTED": ResourceExhausted,
    "UNAUTHENTICATED": PermissionError,
    "UNAVAILABLE": ConnectionError,
    "UNIMPLEMENTED": Unsupported,
}


class BundleOffer(NamedTuple):
    """A bundle that is for a device."""

    name: str
    model: str
    version: int
    bytes: int
    sha256: str
    rollout: str


@final
class HubClient:
    """Asks a hub; calls raise InvalidArgument, LookupError, PermissionError, TimeoutError or
    ConnectionError, each with what the hub said.

    >>> with HubClient("127.0.0.1:8021", token="...") as hub:      # doctest: +SKIP
    ...     hub.status()["devices"]
    """

    def __init__(
        self,
        target: str,
        *,
        token: str = "",
        device: str = "",
        key: str = "",
        ca: str = "",
        timeout: float = 30.0,
    ) -> None:
        """Connect when the first call is made.

        Args:
            target: `host:port`.
            token: an operator's.
            device: or a device's name ..
            key: .. and its key.
            ca: a file of certificates that the hub's must come from; with it, calls are encrypted.
            timeout: seconds that a call may take.

        Raises:
            InvalidArgument: neither token nor device and key are given.
            OSError: the certificates cannot be read.
        """
        import grpc  # a tenth of a second, for those who want no client

        if bool(token) == bool(device and key):
            raise InvalidArgument("a token, or a device and its key")
        self._metadata: list[tuple[str, str]] = [("authorization", f"Bearer {token or key}")]
        if device:
            self._metadata.append(("kedge-device", device))
        self._timeout = timeout
        options = [("grpc.max_receive_message_length", -1)]
        if ca:
            credentials = grpc.ssl_channel_credentials(Path(ca).read_bytes())
            self._channel = grpc.secure_channel(target, credentials, options)
        else:
            self._channel = grpc.insecure_channel(target, options)

    def __enter__(self) -> HubClient:
        """The client itself."""
        return self

    def __exit__(self, *error: object) -> None:
        """Close it."""
        self.close()

    def close(self) -> None:
        """End the connection."""
        self._channel.close()

    def enrol(self, device: str, group: str = "") -> str:
        """Make a device known; its key, told this once."""
        return text_of(parse(self._call("Enrol", message({1: device, 2: group}))), 1)

    def pause(self, rollout: str, *, resume: bool = False) -> list[str]:
        """Hold a rollout back, or no longer; all that are held back."""
        answer = self._call("PauseRollout", message({1: rollout, 2: int(resume)}))
        return texts_of(parse(answer), 1)

    def push_repository(self, files: Iterable[tuple[str, Path]]) -> list[str]:
        """Send files by their paths in the repository; it is in place when this returns."""

        def parts() -> Iterator[bytes]:
            for path, file in files:
                with file.open("rb") as opened:
                    piece = opened.read(_PIECE)
                    yield message({1: path, 2: piece})
                    while piece := opened.read(_PIECE):
                        yield message({1: path, 2: piece})

        return texts_of(parse(self._call("PushRepository", parts(), "stream_unary")), 1)

    def merged(self, model: str, *, group: str | None = None, device: str = "") -> list[Profile]:
        """The merged sketch of the rows of a model, named by its SHA-256.

        Several come when devices count in different cells, that of most rows first.
        """
        request = message({1: bytes.fromhex(model), 3: device})
        if group is not None:
            request += message({2: [group]})
        answer = parse(self._call("MergeSketches", request))
        return [Profile.from_bytes(stored) for stored in parts_of(answer, 1)]

    def status(self) -> dict[str, Any]:
        """How the fleet fares, as `FleetStatus.to_dict` has it."""
        found: dict[str, Any] = json.loads(text_of(parse(self._call("Status", b"")), 1))
        return found

    def push_sketches(self, life: int, sketches: Iterable[Sketch]) -> None:
        """A device's: kept when this returns."""
        sent = [
            message({1: one.model, 2: one.epoch, 3: one.sequence, 4: bytes(one.profile)})
            for one in sketches
        ]
        self._call("PushSketches", message({1: life, 2: sent}))

    def report(self, state: State) -> None:
        """A device's: what is confirmed to run."""
        self._call("Report", message(dict(enumerate(state, 1))))

    def bundles(self) -> list[BundleOffer]:
        """A device's: what is for it."""
        offers = []
        for part in parts_of(parse(self._call("ListBundles", b"")), 1):
            f = parse(part)
            name, model, sha256, rollout = (text_of(f, n) for n in (1, 2, 5, 6))
            offers.append(
                BundleOffer(name, model, number_of(f, 3), number_of(f, 4), sha256, rollout)
            )
        return offers

    def pull(self, sha256: str, offset: int = 0) -> bytes:
        """A device's: the bytes of a bundle from there on."""
        return joined(self._call("PullBundle", message({1: sha256, 2: offset}), "unary_stream"))

    def _call(self, method: str, request: Any, kind: str = "unary_unary") -> Any:
        import grpc

        call = getattr(self._channel, kind)(_SERVICE + method)
        try:
            answer = call(request, timeout=self._timeout, metadata=self._metadata)
            return list(answer) if kind == "unary_stream" else answer
        except grpc.RpcError as error:
            code: str = error.code().name
            raise _ERRORS.get(code, KedgeError)(f"{method}: {code}: {error.details()}") from None
