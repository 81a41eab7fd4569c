"""The sources and sinks that a pipeline's file can name."""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable, Mapping
from typing import Any

from kedge._core import Unsupported
from kedge.io.call_sink import CallSink, imported
from kedge.io.duckdb_sink import DuckdbSink
from kedge.io.file_sink import ENDINGS, FileSink
from kedge.io.file_source import FileSource
from kedge.io.folder import Folder
from kedge.loop.ports import Options, Sink, Source, Store

__all__ = ["BuiltIn"]


def _files(options: Options) -> Sink:
    """A kind of file, as the kind says."""
    ending, path = ENDINGS[options.text("kind")], options.path("path")
    prefix = options.text("prefix", "part")
    if not re.fullmatch(r"[^._/\0][^/\0]*", prefix):
        raise options.error("prefix", 'expected a name that begins with neither "." nor "_"')
    return FileSink(Folder(path), ending, prefix, path)


def _call(options: Options) -> Sink:
    return CallSink(imported(options.text("function"), options, "function"))


def _kafka(options: Options) -> Source:
    module = _client("kafka", "confluent-kafka", "kedge.io.kafka_source")
    made: Source = module.KafkaSource.of(options)
    return made


def _mqtt(options: Options) -> Source:
    made: Source = _client("mqtt", "paho-mqtt", "kedge.io.mqtt_source").MqttSource.of(options)
    return made


def _redis(options: Options) -> Source:
    made: Source = _client("redis", "redis", "kedge.io.redis_source").RedisSource.of(options)
    return made


def _client(kind: str, package: str, module: str) -> Any:
    """What is imported only where it is used, for its package may not be there."""
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise Unsupported(f"{kind} needs {package}; pip install kedge[io]") from error


SOURCES: Mapping[str, Callable[[Options], Source]] = {
    "files": FileSource.of,
    "kafka": _kafka,
    "mqtt": _mqtt,
    "redis": _redis,
}
SINKS: Mapping[str, Callable[[Options], Sink]] = {
    **dict.fromkeys(ENDINGS, _files),
    "duckdb": DuckdbSink.of,
    "call": _call,
}


class BuiltIn:
    """See `kedge.loop.ports.Connectors`.

    A kind "module:name" is imported and called with the table's options.
    """

    def __init__(self) -> None:
        self._transactions: Any = None
        self._sinks = {**SINKS, "kafka": self._kafka_sink}

    def source(self, kind: str, options: Options) -> Source:
        """As `[source]` describes it."""
        made = _maker(kind, options, SOURCES)(options)
        if not isinstance(made, Source):
            raise options.error("kind", "makes no kedge.loop.ports.Source")
        return made

    def sink(self, kind: str, options: Options) -> Sink:
        """As `[sink]` or the like describes it."""
        made = _maker(kind, options, self._sinks)(options)
        if not isinstance(made, Sink):
            raise options.error("kind", "makes no kedge.loop.ports.Sink")
        return made

    def store(self, path: str) -> Store:
        """A folder."""
        return Folder(path)

    def _kafka_sink(self, options: Options) -> Sink:
        sinks = _client("kafka", "confluent-kafka", "kedge.io.kafka_sink")
        if self._transactions is None:
            self._transactions = sinks.Transactions()
        made: Sink = sinks.KafkaSink.of(options, self._transactions)
        return made


def _maker(
    kind: str, options: Options, known: Mapping[str, Callable[[Options], object]]
) -> Callable[[Options], object]:
    if ":" in kind:
        return imported(kind, options, "kind")
    if kind not in known:
        raise options.error("kind", f'expected one of {", ".join(known)}, or "module:name"')
    return known[kind]
