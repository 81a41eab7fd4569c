"""The sources and sinks that a pipeline's file can name."""

from __future__ import annotations

import importlib
from functools import reduce

from kedge.io.file_sink import ENDINGS, FileSink
from kedge.io.file_source import FileSource
from kedge.io.folder import Folder
from kedge.loop.ports import Options, Sink, Source, Store

__all__ = ["BuiltIn"]

_SOURCES = {"files": FileSource.of}


class BuiltIn:
    """See `kedge.loop.ports.Connectors`.

    A kind "module:Class" is imported: the class is made of the table's options.
    """

    def source(self, kind: str, options: Options) -> Source:
        """As `[source]` describes it."""
        if ":" in kind:
            made = _imported(kind, options)
            if not isinstance(made, Source):
                raise options.error("kind", "makes no kedge.loop.ports.Source")
            return made
        if kind not in _SOURCES:
            known = ", ".join(_SOURCES)
            raise options.error("kind", f'no such source; there are {known}, or "module:Class"')
        return _SOURCES[kind](options)

    def sink(self, kind: str, options: Options) -> Sink:
        """As `[sink]` or the like describes it."""
        if ":" in kind:
            made = _imported(kind, options)
            if not isinstance(made, Sink):
                raise options.error("kind", "makes no kedge.loop.ports.Sink")
            return made
        if kind in ENDINGS:
            prefix = options.text("prefix", "part")
            return FileSink(self.store(options.path("path")), ENDINGS[kind], prefix)
        known = ", ".join(ENDINGS)
        raise options.error("kind", f'no such sink; there are {known}, or "module:Class"')

    def store(self, path: str) -> Store:
        """A folder."""
        return Folder(path)


def _imported(kind: str, options: Options) -> object:
    module, _, name = kind.partition(":")
    try:
        make = reduce(getattr, name.split("."), importlib.import_module(module))
    except (ImportError, AttributeError) as error:
        raise options.error("kind", str(error)) from None
    return make(options)  # type: ignore[operator]
