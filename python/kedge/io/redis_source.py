"""Streams of Redis as a source; docs/pipelines.md has its `[source]`.

Each stream is a partition. A snapshot has the id of the last entry of each that was read, and how
many were added up to it. Redis counts what is added, so entries that were trimmed before they were
read are known when the end is reached, and are an error. Redis 7 or later.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

from redis import Redis, RedisError, ResponseError

from kedge._core import CorruptData, KedgeError, Unsupported
from kedge.io.stepped import Reading, SteppedSource
from kedge.io.values import Values, values_of
from kedge.loop.ports import Options

__all__ = ["RedisSource"]

_FETCH = 4096  # entries of a stream at once


class _Entry(NamedTuple):
    id: str
    number: int  # of those that were ever added
    record: bytes | None

    def value(self) -> bytes | None:
        return self.record

    def offset(self) -> int:
        return self.number

    def timestamp(self) -> tuple[int, int]:
        return 1, _key(self.id)[0]


class RedisSource(SteppedSource[str]):
    """See the module's text."""

    def __init__(
        self, url: str, streams: Sequence[str], field: str, values: Values, reading: Reading
    ) -> None:
        super().__init__(streams, values, reading)
        self._redis: Any = Redis.from_url(url, protocol=2, socket_timeout=30)
        self._field, self._has_all = field.encode(), False
        about = {it: self._ask(it, "0-0", "0-0")[1:] for it in streams}
        self._ends = {it: (last, added) for it, (last, added, _) in about.items()}
        first = {it: ("0-0", added - left) for it, (_, added, left) in about.items()}
        self._read = dict(self._ends if reading.start == "latest" else first)
        self._fetched = dict(self._read)
        self._waiting.assign(streams)

    @classmethod
    def of(cls, options: Options) -> RedisSource:
        """As `[source]` describes it."""
        streams, reading = options.texts("streams"), Reading.of(options)
        field, values = options.text("field", "value"), values_of(options, streams)
        return cls(options.text("servers"), streams, field, values, reading)

    def position(self) -> str:
        """The last id of each stream and its number, and the schema."""
        return json.dumps({"read": self._read, **self._values.position()}, sort_keys=True)

    def seek(self, position: str) -> None:
        """Go on behind them; streams that were not there yet begin where `start` says."""
        held = json.loads(position)
        self._values.seek(held)
        self._read |= {it: (*at,) for it, at in held["read"].items() if it in self._read}
        self._fetched = dict(self._read)

    def lag(self) -> tuple[int, str] | None:
        """As of the last fetch."""
        return sum(self._ends[it][1] - self._read[it][1] for it in self._place), "entries"

    def close(self) -> None:
        """Nothing is kept there."""
        self._redis.close()

    def _fetch(self, rows: int, wait: float) -> None:
        crowded = self._waiting.crowded(_FETCH)
        if sum(self._fetch_of(it) for it in self._place if it not in crowded):
            return
        self._has_all = not crowded
        if self.is_endless:
            ids = {stream: id for stream, (id, _) in self._fetched.items()}
            with _as_ours():
                self._redis.xread(ids, count=1, block=max(1, int(1000 * wait)))

    def _fetch_of(self, stream: str) -> int:
        """More of a stream, up to its end or, without `follow`, what that was; how many."""
        id, number = self._fetched[stream]
        until = "+" if self.is_endless else self._ends[stream][0]
        found, last, added, _ = self._ask(stream, id, until)
        if _key(last) < _key(id):
            raise CorruptData(f'stream "{stream}" ends at {last}, and {id} was read')
        if self.is_endless:
            self._ends[stream] = last, added
        lost = self._ends[stream][1] - number - len(found)
        if len(found) < _FETCH and lost:
            raise CorruptData(f'stream "{stream}": {lost} entries behind {id} are not there')
        entries = [
            _Entry(name.decode(), number + place, fields.get(self._field))
            for place, (name, fields) in enumerate(found, 1)
        ]
        if entries:
            self._waiting.add(stream, entries)
            self._fetched[stream] = entries[-1].id, entries[-1].number
        if len(entries) < _FETCH:
            self._waiting.caught_up(stream)
        return len(entries)

    def _ask(self, stream: str, behind: str, end: str) -> tuple[list[Any], str, int, int]:
        """Entries behind an id; of that moment the last id, how many were added, and are there."""
        both = self._redis.pipeline(transaction=True)
        both.xrange(stream, f"({behind}", end, _FETCH).xinfo_stream(stream)
        with _as_ours():
            found, about = both.execute(raise_on_error=False)
            if isinstance(about, ResponseError) and "no such key" in str(about):
                return [], "0-0", 0, 0
            if isinstance(about, Exception):
                raise about
        if "entries-added" not in about:
            raise Unsupported("redis: Redis 7 or later is wanted: it counts entries")
        return found, about["last-generated-id"].decode(), about["entries-added"], about["length"]

    def _has_ended(self) -> bool:
        return not self.is_endless and self._has_all and not self._waiting

    def _passed(self, part: str, messages: Sequence[Any], size: int) -> None:
        self._read[part] = messages[-1].id, messages[-1].number


def _key(id: str) -> tuple[int, int]:
    milliseconds, _, sequence = id.partition("-")
    return int(milliseconds), int(sequence)


@contextmanager
def _as_ours() -> Iterator[None]:
    try:
        yield
    except RedisError as error:
        raise KedgeError(f"redis: {error}") from error
