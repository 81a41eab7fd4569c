"""Snapshots in a store: written whole, found whole, and never by two processes at once.

A snapshot is a file `<epoch>.<generation>.snapshot`. It is written under another name, synced, and
renamed; the names are synced; only then are older ones removed, all but the last few. Each section
has a checksum (CRC-32C), and so has the list of them: docs/formats.md, "Snapshot of a pipeline".

Who opens the snapshots holds the store's lock and takes the next generation: a number in a file's
name, which is checked again before anything is stored or published. A process that was thought dead
and has lost its lock (or never had one, where the file system has no locks) finds a higher number
and stops. Snapshots of a higher generation come before all others, and a new generation begins with
a snapshot of its own, so what such a process may still have stored is not taken for the newest.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass

from kedge._core import CorruptData, InvalidArgument, KedgeError, crc32c
from kedge.loop.ports import Store

__all__ = ["Fenced", "Snapshot", "Snapshots"]

_MAGIC = b"KDSN"
_VERSION = 1
_HEAD = struct.Struct("<4sIIQQI")  # magic, checksum of the rest, version, epoch, generation, count
_CHECKED_FROM = 8
_ENTRY = struct.Struct("<HQI")  # bytes of the name, which follows; bytes of the content; checksum
_MOST_SECTIONS = 1000
_NAME = re.compile(r"(\d{1,19})\.(\d{1,19})\.snapshot")
_FENCE = re.compile(r"generation\.(\d{1,19})")
_UNFINISHED = ".unfinished"


class Fenced(KedgeError):
    """Another process has taken over; what this one knows is out of date."""


@dataclass(frozen=True)
class Snapshot:
    """State at the end of an epoch.

    Attributes:
        epoch: its number.
        sections: bytes by name.
    """

    epoch: int
    sections: Mapping[str, bytes]

    def parts(self, generation: int) -> Iterator[bytes]:
        """The stored form, section by section: a window's state may be hundreds of megabytes."""
        head = [struct.pack("<IQQI", _VERSION, self.epoch, generation, len(self.sections))]
        for name, content in self.sections.items():
            stored = name.encode()
            head += [_ENTRY.pack(len(stored), len(content), crc32c(content)), stored]
        listed = b"".join(head)
        yield _MAGIC + struct.pack("<I", crc32c(listed)) + listed
        yield from self.sections.values()

    def to_bytes(self, generation: int) -> bytes:
        """The same in one piece."""
        return b"".join(self.parts(generation))

    @classmethod
    def from_bytes(cls, data: bytes) -> Snapshot:
        """Read the stored form.

        Raises:
            CorruptData: these bytes are no snapshot, or not all of one.
        """
        if len(data) < _HEAD.size or data[:4] != _MAGIC:
            raise CorruptData(f"{len(data)} bytes that do not begin as a snapshot does")
        _, checksum, version, epoch, _, count = _HEAD.unpack_from(data)
        if version != _VERSION:
            raise CorruptData(f"version {version}, known is {_VERSION}")
        if count > _MOST_SECTIONS:
            raise CorruptData(f"{count} sections, at most {_MOST_SECTIONS}")
        entries, end = _entries(data, count)
        if crc32c(data[_CHECKED_FROM:end]) != checksum:
            raise CorruptData("the list of sections does not have its checksum")
        sections = {}
        for name, length, crc in entries:
            content = data[end : end + length]
            if len(content) != length or crc32c(content) != crc:
                raise CorruptData(f'section "{name}" does not have its checksum')
            sections[name] = content
            end += length
        if end != len(data):
            raise CorruptData(f"{len(data) - end} bytes after the last section")
        return cls(epoch, sections)


def _entries(data: bytes, count: int) -> tuple[list[tuple[str, int, int]], int]:
    entries, at = [], _HEAD.size
    for _ in range(count):
        if len(data) < at + _ENTRY.size:
            raise CorruptData("the list of sections is cut off")
        name_length, length, crc = _ENTRY.unpack_from(data, at)
        at += _ENTRY.size
        name = data[at : at + name_length].decode(errors="replace")
        at += name_length
        entries.append((name, length, crc))
    return entries, at


class Snapshots:
    """The snapshots of one pipeline.

    Args:
        store: where they are; held alone until `close`.
        keep: how many are kept.
        log: told, in a sentence, of each snapshot that is not whole.

    Raises:
        InvalidArgument: another process holds the store.
    """

    def __init__(self, store: Store, keep: int, log: Callable[[str], None]) -> None:
        if keep < 1:
            raise InvalidArgument(f"keep = {keep} is not above 0")
        self._store, self._keep, self._log = store, keep, log
        self._held = ExitStack()
        self._held.enter_context(store.lock())
        try:
            self.generation = self._take_generation()
        except BaseException:
            self._held.close()
            raise

    def newest(self) -> Iterator[Snapshot]:
        """All that are whole, the newest first.

        Raises:
            CorruptData: there are snapshots, and none of them is whole.
        """
        found, broken = 0, []
        for _, epoch, name in self._names():
            try:
                snapshot = Snapshot.from_bytes(self._store.read(name))
                if snapshot.epoch != epoch:
                    raise CorruptData(f"epoch {snapshot.epoch} under this name")
            except (CorruptData, OSError) as error:
                broken.append(epoch)
                self._log(f'snapshot "{name}" is left out: {error}')
                continue
            found += 1
            yield snapshot
        # Before the end of the first epoch nothing was published, so nothing is lost by beginning.
        if found == 0 and any(broken):
            raise CorruptData(f"none of {len(broken)} snapshots is whole: move them away to begin")

    def put(self, snapshot: Snapshot) -> None:
        """Store one; it is durable on return.

        Raises:
            Fenced: another process has taken over.
            OSError: the store could not; the snapshots before are as they were.
        """
        name = f"{snapshot.epoch:019}.{self.generation}.snapshot"
        self._put(name, snapshot.parts(self.generation))
        for generation, epoch, old in self._names()[self._keep :]:
            if (generation, epoch) < (self.generation, snapshot.epoch):
                self._store.remove(old)

    def check(self) -> None:
        """Raise Fenced when another process has taken over."""
        newest = max(self._generations(), default=0)
        if newest > self.generation:
            raise Fenced(
                f"generation {newest} has taken over from {self.generation}: nothing is published"
            )

    def close(self) -> None:
        """Let the store go."""
        self._held.close()

    def _put(self, name: str, parts: Iterator[bytes]) -> None:
        unfinished = name + _UNFINISHED
        file = self._store.create(unfinished)
        try:
            for part in parts:
                file.write(part)
            self._store.sync(file)
        finally:
            file.close()
        self.check()
        self._store.rename(unfinished, name)
        self._store.sync_names()

    def _take_generation(self) -> int:
        older = self._generations()
        generation = max(older, default=0) + 1
        self._store.sync(self._store.create(f"generation.{generation}"))
        self._store.sync_names()
        for name in self._store.names():
            if name.endswith(_UNFINISHED):
                self._store.remove(name)
        for old in older:
            self._store.remove(f"generation.{old}")
        return generation

    def _generations(self) -> list[int]:
        found = (_FENCE.fullmatch(name) for name in self._store.names())
        return [int(match[1]) for match in found if match is not None]

    def _names(self) -> list[tuple[int, int, str]]:
        found = (_NAME.fullmatch(name) for name in self._store.names())
        listed = [(int(m[2]), int(m[1]), m[0]) for m in found if m is not None]
        return sorted(listed, reverse=True)
