"""Streams of Redis as a source.

    [source]
    kind = "redis"
    servers = "redis://one:6379/0"
    streams = ["orders"]
    field = "value"                # of an entry: the record
    format = "json"                # or as Kafka's values

`start`, `follow` and `in_step` are as Kafka's. Each stream is a partition. A snapshot has the id of
the last entry of each that was read, and how many were added before it. Redis counts what is added,
so entries that were trimmed before they were read are known when the end is reached, and are an
error. Redis 7 or later.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

from redis import Redis, RedisError, ResponseError

from kedge._core import CorruptData, KedgeError, Unsupported
from kedge.io.in_step import InStep
from kedge.io.values import Values, values_of
from kedge.loop.ports import Batch, Options, Rejected, Source

__all__ = ["RedisSource"]

_LAST = "$"  # an id behind all
_FETCH = 4096  # entries of a stream at once
_NOTHING: dict[str, Any] = {"entries-added": 0, "length": 0, "last-generated-id": b"0-0"}


class _Entry(NamedTuple):
    id: str
    number: int  # of those that were ever added
    value: bytes | None

    def timestamp(self) -> tuple[int, int]:
        return 1, _key(self.id)[0]


class RedisSource(Source):
    """See the module's text."""

    def __init__(
        self,
        url: str,
        streams: Sequence[str],
        values: Values,
        *,
        field: str = "value",
        start: str = "earliest",
        follow: bool = True,
        in_step: float = 60.0,
    ) -> None:
        self.is_endless, self.partitions = follow, len(streams)
        self._redis: Any = Redis.from_url(url, protocol=2, socket_timeout=30)
        self._streams, self._values, self._field = list(streams), values, field.encode()
        self._waiting: InStep[str] = InStep(1000 * in_step)
        with _as_ours():
            about = {stream: self._ask(stream, _LAST)[1] for stream in self._streams}
        self._ends = {stream: it["last-generated-id"].decode() for stream, it in about.items()}
        self._read = {
            stream: (self._ends[stream], it["entries-added"])
            if start == "latest"
            else ("0-0", it["entries-added"] - it["length"])
            for stream, it in about.items()
        }
        self._fetched = dict(self._read)
        self._added = {stream: it["entries-added"] for stream, it in about.items()}
        self._waiting.assign(self._streams)

    @classmethod
    def of(cls, options: Options) -> RedisSource:
        """As `[source]` describes it."""
        streams, start = options.texts("streams"), options.text("start", "earliest")
        if start not in ("earliest", "latest"):
            raise options.error("start", 'expected "earliest" or "latest"')
        return cls(
            options.text("servers"),
            streams,
            values_of(options, streams),
            field=options.text("field", "value"),
            start=start,
            follow=options.flag("follow", True),
            in_step=options.seconds("in_step", "1m"),
        )

    def read(self, rows: int, wait: float) -> Batch | None:
        """What is fetched of one stream."""
        until = time.monotonic() + wait
        while (found := self._waiting.next(rows)) is None:
            with _as_ours():
                has_more = self._fetch()
            if has_more:
                continue
            if not self.is_endless and not self._waiting:
                return None
            left = until - time.monotonic()
            if left <= 0:
                return Batch()
            with _as_ours():
                ids = {stream: id for stream, (id, _) in self._fetched.items()}
                self._redis.xread(ids, count=1, block=max(1, int(1000 * left)))
        return self._decoded(*found)

    def position(self) -> str:
        """The last id of each stream and its number, and the schema."""
        return json.dumps({"read": self._read, **self._values.position()}, sort_keys=True)

    def seek(self, position: str) -> None:
        """Go on behind them; streams that were not there yet begin where `start` says."""
        held = json.loads(position)
        self._values.seek(held)
        known = {stream: (id, number) for stream, (id, number) in held["read"].items()}
        self._read |= {stream: it for stream, it in known.items() if stream in self._read}
        self._fetched = dict(self._read)

    def lag(self) -> tuple[int, str] | None:
        """As of the last fetch."""
        left = sum(self._added[stream] - number for stream, (_, number) in self._read.items())
        return max(0, left), "entries"

    def close(self) -> None:
        """Nothing is kept there."""
        self._redis.close()

    def _fetch(self) -> bool:
        """More of each stream that has no crowd waiting; whether there was any."""
        has_more = False
        crowded = self._waiting.crowded(_FETCH)
        for stream in (it for it in self._streams if it not in crowded):
            id, number = self._fetched[stream]
            found, about = self._ask(stream, id)
            entries = [
                _Entry(name.decode(), number + place, fields.get(self._field))
                for place, (name, fields) in enumerate(self._in_bounds(stream, found, about), 1)
            ]
            self._added[stream] = about["entries-added"]
            if entries:
                self._waiting.add(stream, entries)
                self._fetched[stream] = entries[-1].id, entries[-1].number
                has_more = True
            if len(entries) < _FETCH:
                self._waiting.caught_up(stream)
        return has_more

    def _ask(self, stream: str, id: str) -> tuple[list[Any], dict[str, Any]]:
        """Entries behind an id, and at the same moment what the stream is."""
        both = self._redis.pipeline(transaction=True).xread({stream: id}, count=_FETCH)
        read, about = both.xinfo_stream(stream).execute(raise_on_error=False)
        if isinstance(about, ResponseError) and "no such key" in str(about):
            return [], _NOTHING
        for it in (read, about):
            if isinstance(it, Exception):
                raise it
        if "entries-added" not in about:
            raise Unsupported("redis: Redis 7 or later is wanted: it counts entries")
        return (read[0][1] if read else []), about

    def _in_bounds(self, stream: str, found: list[Any], about: dict[str, Any]) -> list[Any]:
        """Without what came after a run began that does not follow; refuses a gap."""
        id, number = self._fetched[stream]
        last, added = about["last-generated-id"].decode(), about["entries-added"]
        if _key(last) < _key(id):
            raise CorruptData(f'stream "{stream}" ends at {last}, and {id} was read')
        if len(found) < _FETCH and added != number + len(found):
            lost = added - number - len(found)
            raise CorruptData(
                f'stream "{stream}": {lost} entries behind {id} are not there any more'
            )
        if self.is_endless:
            return found
        return [it for it in found if _key(it[0].decode()) <= _key(self._ends[stream])]

    def _decoded(self, stream: str, entries: list[_Entry]) -> Batch:
        values = [it.value for it in entries]
        table, wrong = self._values.decode(values)
        self._read[stream] = entries[-1].id, entries[-1].number
        rejected = [
            Rejected(stream, entries[place].number, reason, values[place] or b"")
            for place, reason in wrong.items()
        ]
        return Batch(table, self._streams.index(stream), rejected)


def _key(id: str) -> tuple[int, int]:
    milliseconds, _, sequence = id.partition("-")
    return int(milliseconds), int(sequence)


@contextmanager
def _as_ours() -> Iterator[None]:
    try:
        yield
    except RedisError as error:
        raise KedgeError(f"redis: {error}") from error
