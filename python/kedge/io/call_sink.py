"""A function of Python as a sink."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from functools import reduce

from kedge.loop.ports import Options, Sink

__all__ = ["CallSink", "imported"]


def imported(name: str, options: Options, key: str) -> Callable[..., object]:
    """What "module:name" is; `key` of the options has it, for the error."""
    module, _, path = name.partition(":")
    try:
        found: object = reduce(getattr, path.split("."), importlib.import_module(module))
    except (ImportError, AttributeError, ValueError) as error:
        raise options.error(key, str(error)) from None
    if not callable(found):
        raise options.error(key, "cannot be called")
    return found


class CallSink(Sink):
    """Calls `function(rows, epoch)` with each table that comes.

    It is called before the snapshot, so no row is lost, and rows after the last snapshot come once
    more when the process died: with the same `window_id`, and the same `epoch` or a later one.
    """

    def __init__(self, function: Callable[..., object]) -> None:
        self._function, self._epoch = function, 0

    def begin(self, epoch: int) -> None:
        """Remember the number."""
        self._epoch = epoch

    def write(self, rows: object) -> None:
        """Call the function."""
        self._function(rows, self._epoch)

    def publish(self, epoch: int, note: str) -> None:
        """All was said."""
