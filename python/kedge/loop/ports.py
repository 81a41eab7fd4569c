"""What the loop asks of the outside: where rows come from, where they go, where state is kept.

A connector is a class of one of these kinds. The loop runs in one thread and pulls: it reads a
batch, pushes it through the stages and writes what comes out, so that no more than a batch is ever
on the way, and a sink that is slow slows the source down.

**Epochs.** What is written between two snapshots is an epoch, numbered from 1. At its end

1. every sink's `prepare(epoch)` makes its rows durable where no reader sees them, and returns a
   note: where that is;
2. the snapshot is stored: where the source stands, all state of the stages, and the notes;
3. every sink's `publish(epoch, note)` shows the rows.

A run that begins takes the newest snapshot that is whole, calls `publish` for its epoch once more,
then `begin(epoch + 1)`, which drops what there is of later ones, and seeks the source. So a process
may die anywhere: what is shown is what an uninterrupted run shows.

A sink that cannot hide rows between 1 and 3 has two ways. One with transactions writes the epoch's
number in the transaction that `publish` commits and says in `committed` how far it came: the run
then begins with that epoch's snapshot. Where that cannot be, `begin` takes back what was committed
since, or the sink says that it cannot (`can_go_back`) and the run refuses to begin. One without
writes in `prepare`, where rows may come again after a crash; the ids of windows (`window_id`) are
the same then, so that it can tell.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import BinaryIO, Protocol

__all__ = ["Batch", "Connectors", "Options", "Rejected", "Sink", "Source", "Store"]


@dataclass(frozen=True)
class Rejected:
    """A record that could not be read.

    Attributes:
        origin: the file, topic or the like that it came from.
        offset: where in it.
        reason: what is wrong.
        value: its bytes.
    """

    origin: str
    offset: int
    reason: str
    value: bytes


@dataclass(frozen=True)
class Batch:
    """What one read brings: rows, records that are none, or nothing yet.

    Attributes:
        rows: anything with an Arrow protocol method; None when there are none.
        partition: which of the source's partitions they are of, from 0.
        rejected: the records among them that could not be read.
    """

    rows: object | None = None
    partition: int = 0
    rejected: Sequence[Rejected] = ()


class Source(ABC):
    """Where rows come from."""

    partitions: int = 1
    """How many there are; rows keep their order within each. Known once it was made."""

    is_endless: bool = False
    """Whether `read` never returns None."""

    moves: bool = False
    """Whether partitions come from and go to other processes while it runs. State that is kept of
    their rows does not go with them, so there can be no window."""

    before_handover: Callable[[], None] = staticmethod(lambda: None)
    """Set by the loop: takes a snapshot. To be called within `read` before a partition goes to
    another process, while `position` is still that after all that was returned."""

    log: Callable[[str], None] = staticmethod(lambda text: None)
    """Set by the loop: told what people may want to know, in a line."""

    @abstractmethod
    def read(self, rows: int, wait: float) -> Batch | None:
        """The next rows, `rows` at most; without any for `wait` seconds, an empty batch.

        None when there will be no more, ever.
        """

    @abstractmethod
    def position(self) -> str:
        """Where it stands: after all that `read` has returned. Any text."""

    @abstractmethod
    def seek(self, position: str) -> None:
        """Go on from there; called once, before the first `read`."""

    def takes(self, path: str) -> bool:
        """Whether a file that comes there would be read, as that of a sink must not be."""
        return False

    def commit(self, position: str) -> None:  # noqa: B027  most sources have nobody to tell
        """A snapshot with this position is stored. Advice, to show how far one is."""

    def lag(self) -> tuple[int, str] | None:
        """How much is there that was not read, and of what: (4096, "bytes"). None: not known."""
        return None

    def close(self) -> None:  # noqa: B027
        """Nothing more will be read."""


class Sink(ABC):
    """Where rows go; the module's text says when each is called."""

    holds: str = "a batch"
    """What it keeps in memory, for `kedge run --explain`."""

    makes: str = ""
    """The path of what it makes, a file as others would be; no other sink may make the same."""

    keeps: str = ""
    """Where the number that `committed` reads stands, for people who have to set it."""

    can_go_back: bool = True
    """Whether `begin` can drop an epoch that is committed. Who cannot publishes after those who
    can, which then never have to follow a sink that stays ahead."""

    def committed(self) -> int | None:
        """The last epoch that was published, of a sink that knows better than the snapshots."""
        return None

    def begin(self, epoch: int) -> None:  # noqa: B027  a sink that drops nothing
        """Rows that are written belong to `epoch`; drop what there is of it and of later ones."""

    @abstractmethod
    def write(self, rows: object) -> None:
        """Take rows: anything with an Arrow protocol method."""

    def prepare(self, epoch: int) -> str:
        """Make all rows since `begin` durable, if possible where no reader sees them.

        What it returns is kept in the snapshot for `publish`; any text.
        """
        return ""

    @abstractmethod
    def publish(self, epoch: int, note: str) -> None:
        """Show the rows of `epoch`. Once more changes nothing, also after another start."""

    def close(self) -> None:  # noqa: B027
        """Nothing more will be written; rows that were not prepared need not be kept."""


class Store(Protocol):
    """A place for files by name, and every way in which state reaches a disk.

    All of it goes through here so that tests can stop, tear and refuse each step.
    """

    def names(self) -> list[str]:
        """Of all files, sorted."""

    def read(self, name: str) -> bytes:
        """The whole of a file."""

    def create(self, name: str) -> BinaryIO:
        """A file to write, empty, not durable before `sync`."""

    def sync(self, file: BinaryIO) -> None:
        """Write what is pending, fsync and close."""

    def rename(self, old: str, new: str) -> None:
        """Give a file a name, which another file may have had. Durable after `sync_names`."""

    def remove(self, name: str) -> None:
        """Delete a file, if it is there."""

    def sync_names(self) -> None:
        """Make names durable: fsync of the folder."""

    def lock(self) -> AbstractContextManager[None]:
        """Hold the store alone, as long as the process lives; raises when another holds it."""


class Options(Protocol):
    """A table of the pipeline's file. Each key is asked for once; what is wrong has its line."""

    def text(self, key: str, default: str | None = None) -> str:
        """A string; without a default it must be there."""

    def texts(self, key: str, default: Sequence[str] | None = None) -> list[str]:
        """A string or a list of them."""

    def whole(self, key: str, default: int | None = None, *, least: int = 1) -> int:
        """A whole number."""

    def number(self, key: str, default: float | None = None) -> float:
        """A number."""

    def flag(self, key: str, default: bool = False) -> bool:
        """True or false."""

    def seconds(self, key: str, default: str | None = None) -> float:
        """A duration such as "10s"."""

    def table(self, key: str, check: Callable[[str], object] = str) -> dict[str, str]:
        """A table of strings; empty when it is not there.

        `check` raises `InvalidArgument` with what is allowed, for a string that is not.
        """

    def path(self, key: str, default: str | None = None) -> str:
        """A path, seen from the pipeline file's folder."""

    def error(self, key: str, what: str) -> Exception:
        """An error to raise that says where `key` stands, what it is and what is wrong with it."""


class Connectors(Protocol):
    """What makes sources, sinks and stores; `kedge.io` has the one that `kedge run` uses."""

    def source(self, kind: str, options: Options) -> Source:
        """A source as `[source]` describes it."""

    def sink(self, kind: str, options: Options) -> Sink:
        """A sink as `[sink]` or the like describes it."""

    def store(self, path: str) -> Store:
        """A place for state, made when it is not there."""
