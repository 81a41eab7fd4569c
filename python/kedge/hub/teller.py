"""What a hub tells its operator: lines of JSON, the same one not more than once a minute."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from kedge.serve.events import event

__all__ = ["Teller"]

_LOG = logging.getLogger("kedge.hub")
_PAUSE_S = 60.0
_MOST = 1024  # different lines within a pause; further ones are dropped


class Teller:
    """Whoever connects can cause a line; they must not fill a disk with them."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._said: dict[tuple[str, ...], float] = {}

    def tell(self, name: str, **members: str) -> None:
        """Say what happened, unless it was just said."""
        now = self._clock()
        key = (name, *members.values())
        if now < self._said.get(key, now) + _PAUSE_S and key in self._said:
            return
        if len(self._said) >= _MOST:
            self._said = {k: t for k, t in self._said.items() if now < t + _PAUSE_S}
            if len(self._said) >= _MOST:
                return
        self._said[key] = now
        _LOG.warning("%s", event(name, **members))
