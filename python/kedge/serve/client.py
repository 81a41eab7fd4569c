"""A client of any server of the Open Inference Protocol, over NumPy."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, final

import numpy as np

from kedge._core import CorruptData, InvalidArgument, KedgeError, ResourceExhausted, Unsupported
from kedge.serve import wire

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["Client"]

_SERVICE = "/inference.GRPCInferenceService/"
_DATATYPES = {
    "bool": "BOOL",
    **{f"uint{bits}": f"UINT{bits}" for bits in (8, 16, 32, 64)},
    **{f"int{bits}": f"INT{bits}" for bits in (8, 16, 32, 64)},
    **{f"float{bits}": f"FP{bits}" for bits in (16, 32, 64)},
}
_DTYPES = {datatype: np.dtype(name).newbyteorder("<") for name, datatype in _DATATYPES.items()}
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

        Raises:
            InvalidArgument: the timeout is not positive, or a certificate comes without its key or
                without `ca`.
            OSError: the certificates cannot be read.
        """
        import grpc  # a tenth of a second, for those who want no client

        self._timeout = _positive(timeout)
        self._metadata = (("authorization", f"Bearer {token}"),) if token else ()
        options = [("grpc.max_receive_message_length", most_bytes)]
        if bool(cert) != bool(key) or (cert and not ca):
            raise InvalidArgument("cert, key and ca go together, one is missing")
        if ca:
            read = [Path(file).read_bytes() if file else None for file in (ca, key, cert)]
            credentials = grpc.ssl_channel_credentials(*read)
            self._channel = grpc.secure_channel(target, credentials, options)
        else:
            self._channel = grpc.insecure_channel(target, options)
        self._methods: dict[str, Any] = {}

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
        x: ArrayLike,
        *,
        version: str = "",
        raw: bool = False,
        timeout: float | None = None,
    ) -> NDArray[Any]:
        """What `Model.predict` gives for these rows, by the latest version unless one is named."""
        output = "raw" if raw else "score"
        answer = self.infer(model, {"rows": x}, version=version, outputs=(output,), timeout=timeout)
        if output not in answer:
            raise CorruptData(f"model {model!r} answered without {output!r}")
        scores = answer[output]
        return scores[:, 0] if scores.ndim == 2 and scores.shape[1] == 1 else scores

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
        tensors = {name: _tensor(name, values) for name, values in inputs.items()}
        request = wire.part(1, model) + wire.part(2, version) + wire.part(3, id)
        for name, tensor in tensors.items():
            request += wire.part(5, _described(name, tensor))
        request += b"".join(wire.part(6, wire.part(1, name)) for name in outputs)
        request += b"".join(wire.part(7, _contents(tensor)) for tensor in tensors.values())
        return _arrays(self._call("ModelInfer", request, timeout))

    def is_ready(self, model: str = "", version: str = "") -> bool:
        """Whether a model is served; without a name, whether the server takes calls."""
        method = "ModelReady" if model else "ServerReady"
        request = wire.part(1, model) + wire.part(2, version) if model else b""
        return any(value for field, value in wire.fields(self._call(method, request)) if field == 1)

    def _call(self, method: str, request: bytes, timeout: float | None = None) -> bytes:
        import grpc

        call = self._methods.get(method)
        if call is None:
            call = self._methods[method] = self._channel.unary_unary(_SERVICE + method)
        end = time.monotonic() + (self._timeout if timeout is None else _positive(timeout))
        pause = _FIRST_PAUSE_S
        while True:
            try:
                left = max(end - time.monotonic(), 0.0)
                answer: bytes = call(request, timeout=left, metadata=self._metadata)
                return answer
            except grpc.RpcError as error:
                code: str = error.code().name
                if code != "UNAVAILABLE" or time.monotonic() + pause >= end:
                    kind = _ERRORS.get(code, KedgeError)
                    raise kind(f"{method}: {code}: {error.details()}") from None
            time.sleep(pause)
            pause *= 2


def _positive(timeout: float) -> float:
    if not 0 < timeout < math.inf:
        raise InvalidArgument(f"timeout = {timeout}: expected a positive number of seconds")
    return timeout


def _tensor(name: str, values: ArrayLike) -> NDArray[Any]:
    array = np.asarray(values)
    if array.dtype.kind in "UO" and all(isinstance(one, str) for one in array.flat):
        return array
    if array.dtype.name not in _DATATYPES:
        raise InvalidArgument(f"tensor {name!r}: expected numbers or text, got {array.dtype}")
    return array.astype(array.dtype.newbyteorder("<"), order="C", copy=False)


def _contents(tensor: NDArray[Any]) -> bytes:
    if tensor.dtype.kind not in "UO":
        return tensor.tobytes()
    texts = [text.encode() for text in tensor.flat]
    return b"".join(len(text).to_bytes(4, "little") + text for text in texts)


def _described(name: str, tensor: NDArray[Any]) -> bytes:
    shape = b"".join(wire.varint(length) for length in tensor.shape)
    datatype = _DATATYPES.get(tensor.dtype.name, "BYTES")
    return wire.part(1, name) + wire.part(2, datatype) + wire.part(3, shape)


def _arrays(response: bytes) -> dict[str, NDArray[Any]]:
    described, raw = [], []
    for field, value in wire.fields(response):
        if field == 5 and isinstance(value, bytes):
            described.append(value)
        if field == 6 and isinstance(value, bytes):
            raw.append(value)
    if len(described) != len(raw):
        raise CorruptData(f"{len(described)} outputs with {len(raw)} raw contents")
    return dict(_array(*pair) for pair in zip(described, raw, strict=True))


def _array(described: bytes, raw: bytes) -> tuple[str, NDArray[Any]]:
    said: dict[int, bytes] = {}
    shape: list[int] = []
    for field, value in wire.fields(described):
        if isinstance(value, int):
            shape += [value] if field == 3 else []
        elif field == 3:
            shape += wire.varints(value)
        else:
            said[field] = value
    name, datatype = said.get(1, b"").decode(), said.get(2, b"").decode()
    if datatype not in _DTYPES:
        raise Unsupported(f"output {name!r} is of {datatype}")
    dtype = _DTYPES[datatype]
    if len(raw) != math.prod(shape) * dtype.itemsize:
        raise CorruptData(f"output {name!r} of {datatype} {shape} has {len(raw)} bytes")
    return name, np.frombuffer(raw, dtype).reshape(shape)
