"""A client of any server of the Open Inference Protocol, over NumPy; of ours over Arrow as well."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, final

from kedge._core import (
    CorruptData,
    InvalidArgument,
    KedgeError,
    ResourceExhausted,
    Table,
    Unsupported,
)
from kedge.serve import wire
from kedge.serve.channels import Place, channel_to
from kedge.serve.feedback import Feedback, answer_of, request_of
from kedge.serve.tensors import SERVICE, array_of, infer_request, tensor_of, text_bytes

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["Client"]

_OURS = "/kedge.v1.Kedge/"
_ERRORS: dict[str, type[Exception]] = {
    "DEADLINE_EXCEEDED": TimeoutError,
    "INVALID_ARGUMENT": InvalidArgument,
    "NOT_FOUND": LookupError,
    "PERMISSION_DENIED": PermissionError,
    "RESOURCE_EXHAUSTED": ResourceExhausted,
    "UNAUTHENTICATED": PermissionError,
    "UNAVAILABLE": ConnectionError,
    "UNIMPLEMENTED": Unsupported,
}
_FIRST_PAUSE_S = 0.02  # then twice that, and so on


@final
class Client:
    """Asks a server for scores.

    Calls that find nobody are tried again until they are out of time; any number of threads may
    share one.

    >>> with kedge.Client("127.0.0.1:8001") as client:        # doctest: +SKIP
    ...     client.predict("churn", x)
    """

    def __init__(
        self,
        target: str,
        *,
        token: str = "",
        ca: str = "",
        cert: str = "",
        key: str = "",
        timeout: float = 5.0,
        most_bytes: int = 64 << 20,
        transport: str = "auto",
    ) -> None:
        """Connect when the first call is made.

        Args:
            target: `host:port`, or `unix:/a/path`.
            token: the bearer token to show.
            ca: a file of certificates that the server's must come from; with it, calls are
                encrypted.
            cert: a file of the certificate to show; with `key` and `ca`.
            key: a file of its private key.
            timeout: seconds that a call may take, with all its tries.
            most_bytes: of an answer.
            transport: "grpc++", gRPC's C++ library; "grpcio", Python's; or "auto", the first if
                kedge was built with it.

        Raises:
            InvalidArgument: the timeout is not positive, a certificate comes without its key or
                without `ca`, or there is no such transport.
            OSError: the certificates cannot be read.
        """
        self._timeout = _positive(timeout)
        self._metadata = (("authorization", f"Bearer {token}"),) if token else ()
        if bool(cert) != bool(key) or (cert and not ca):
            raise InvalidArgument("cert, key and ca go together, one is missing")
        read = [Path(file).read_bytes() if file else b"" for file in (ca, key, cert)]
        place = Place(target, ca=read[0], key=read[1], cert=read[2], most_bytes=most_bytes)
        self._channel = channel_to(place, transport)

    def __enter__(self) -> Client:
        """The client itself."""
        return self

    def __exit__(self, *error: object) -> None:
        """Close it."""
        self.close()

    def close(self) -> None:
        """End the connection; calls that are under way fail."""
        self._channel.close()

    def predict(
        self,
        model: str,
        x: Any,
        *,
        version: str = "",
        raw: bool = False,
        timeout: float | None = None,
    ) -> Any:
        """What `Model.predict` gives for these rows, by the latest version unless one is named.

        NumPy in gives NumPy, columns by place; Arrow in gives an Arrow table, columns by name.
        """
        output = "raw" if raw else "score"
        if _is_arrow(x):
            request = wire.part(1, model) + wire.part(2, version) + wire.part(5, _ARROW)
            request += wire.part(6, wire.part(1, output)) + wire.part(
                7, text_bytes(Table(x).to_ipc())
            )
            return _table(self._call(SERVICE + "ModelInfer", request, timeout))
        answer = self.infer(model, {"rows": x}, version=version, outputs=(output,), timeout=timeout)
        if output not in answer:
            raise CorruptData(f"model {model!r} answered without {output!r}")
        scores = answer[output]
        return scores[:, 0] if scores.ndim == 2 and scores.shape[1] == 1 else scores

    def explain(
        self,
        model: str,
        x: ArrayLike,
        *,
        version: str = "",
        timeout: float | None = None,
    ) -> dict[str, NDArray[Any]]:
        """What each feature adds to the raw scores of these rows.

        "contributions" is [rows, outputs, features] and "base" [outputs]; what a row's sum up to
        is its raw scores. The time that is left is the server's too: it stops when it is over.
        """
        request = infer_request(model, version, "", {"rows": tensor_of("rows", x)}, ())
        return _arrays(self._call(_OURS + "Explain", request, timeout))

    def infer(
        self,
        model: str,
        inputs: dict[str, ArrayLike],
        *,
        version: str = "",
        outputs: Sequence[str] = (),
        id: str = "",
        timeout: float | None = None,
    ) -> dict[str, NDArray[Any]]:
        """The outputs that a model has for tensors of numbers or text, all by name.

        Raises:
            InvalidArgument: a tensor has neither, or the server says it does not fit.
            LookupError: no such model or version is served.
            PermissionError: the token is missing or not enough.
            TimeoutError, ConnectionError: there was no answer in time, or nobody to ask.
        """
        tensors = {name: tensor_of(name, values) for name, values in inputs.items()}
        request = infer_request(model, version, id, tensors, outputs)
        return _arrays(self._call(SERVICE + "ModelInfer", request, timeout))

    def feedback(
        self, model: str, labels: Mapping[str, ArrayLike], *, timeout: float | None = None
    ) -> Feedback:
        """What became of rows: for each request's `id` a value for each of its rows.

        Values are 0 or 1, a class's place, or a number. When this returns they are on the server's
        disk; a call that failed may be made again, as no label counts twice.

        Raises:
            InvalidArgument: there are not as many values as the request had rows, or one cannot be;
                then none of them is taken.
            LookupError, PermissionError, TimeoutError, ConnectionError: as `infer`.
        """
        return answer_of(self._call(_OURS + "Feedback", request_of(model, labels), timeout))

    def is_ready(self, model: str = "", version: str = "") -> bool:
        """Whether a model is served; without a name, whether the server takes calls."""
        method = "ModelReady" if model else "ServerReady"
        request = wire.part(1, model) + wire.part(2, version) if model else b""
        answer = self._call(SERVICE + method, request)
        return any(value for field, value in wire.fields(answer) if field == 1)

    def _call(self, path: str, request: bytes, timeout: float | None = None) -> bytes:
        end = time.monotonic() + (self._timeout if timeout is None else _positive(timeout))
        pause = _FIRST_PAUSE_S
        while True:
            left = max(end - time.monotonic(), 0.0)
            code, details, answer = self._channel.call(path, request, left, self._metadata)
            if code == "OK":
                return answer
            if code != "UNAVAILABLE" or time.monotonic() + pause >= end:
                kind = _ERRORS.get(code, KedgeError)
                raise kind(f"{path.rpartition('/')[2]}: {code}: {details}")
            time.sleep(pause)
            pause *= 2


def _positive(timeout: float) -> float:
    if not 0 < timeout < math.inf:
        raise InvalidArgument(f"timeout = {timeout}: expected a positive number of seconds")
    return timeout


def _is_arrow(x: Any) -> bool:
    return hasattr(x, "__arrow_c_stream__") or hasattr(x, "__arrow_c_array__")


_ARROW_TYPE = wire.part(1, "content_type") + wire.part(2, wire.part(3, "arrow"))
_ARROW = (  # one element of BYTES, an IPC stream
    wire.part(1, "rows")
    + wire.part(2, "BYTES")
    + wire.part(3, wire.varint(1))
    + wire.part(4, _ARROW_TYPE)
)


def _table(response: bytes) -> Table:
    raw = [value for field, value in wire.fields(response) if field == 6]
    if len(raw) != 1 or not isinstance(raw[0], bytes):
        raise CorruptData(f"{len(raw)} raw contents where one Arrow stream was to be")
    return Table.from_ipc(raw[0][4:])


def _arrays(response: bytes) -> dict[str, NDArray[Any]]:
    described, raw = [], []
    for field, value in wire.fields(response):
        if field == 5 and isinstance(value, bytes):
            described.append(value)
        if field == 6 and isinstance(value, bytes):
            raw.append(value)
    if len(described) != len(raw):
        raise CorruptData(f"{len(described)} outputs with {len(raw)} raw contents")
    return dict(array_of(*pair) for pair in zip(described, raw, strict=True))
