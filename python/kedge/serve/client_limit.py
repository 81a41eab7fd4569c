"""How many calls one client may have at once, on grpcio: `cpp/kedge/serve/client_limit.h`."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import grpc

__all__ = ["ClientLimit"]


class ClientLimit:
    """Counts calls by client; any number of threads."""

    def __init__(self, most: int) -> None:
        """So many of each; 0 for as many as one likes."""
        self.refused = 0
        self._most = most
        self._calls: Counter[str] = Counter()
        self._lock = threading.Lock()

    @contextmanager
    def one_more(self, context: Any, *, has_token: bool) -> Iterator[None]:
        """A call, which is aborted when its client has too many."""
        if self._most == 0:
            yield
            return
        client = _client_of(context, has_token)
        with self._lock:
            is_in = self._calls[client] < self._most
            self._calls[client] += is_in
            self.refused += not is_in
        if not is_in:
            context.abort(
                grpc.StatusCode.RESOURCE_EXHAUSTED,
                f"{self._most} calls of this client are answered or wait, the most one may have",
            )
        try:
            yield
        finally:
            with self._lock:
                self._calls[client] -= 1
                if not self._calls[client]:
                    del self._calls[client]


def _client_of(context: Any, has_token: bool) -> str:
    """By its token if that was checked, else by its certificate, else by its address."""
    if has_token:
        return str(dict(context.invocation_metadata())["authorization"])
    known = context.peer_identities()
    return known[0].decode() if known else str(context.peer().rpartition(":")[0])
