from collections.abc import Sequence


class NativeChannel:
    """A connection to a server of gRPC."""

    def __init__(self, target: str, pem: tuple[bytes, bytes, bytes], most_bytes: int) -> None:
        """
        Connect when the first call is made. `pem` are the certificates to trust, a private key and its certificate, empty where there is none.
        """

    def call(self, path: str, request: bytes, timeout: float, metadata: Sequence[tuple[str, str]]) -> tuple[int, str, bytes]:
        """
        The code, its message and the answer to a call of one message, made within so many seconds.
        """

    def close(self) -> None:
        """End it; calls that are under way are cancelled."""
