"""An Arrow IPC stream that is still being written, such as standard input, batch by batch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, BinaryIO

from kedge._core import CorruptData, InvalidArgument

__all__ = ["LiveStream"]


class LiveStream:
    """Batches as they come, each as soon as it is there; read once.

    Attributes:
        share: 0.0; nobody knows how much is to come.

    Raises:
        InvalidArgument: one of `columns` is not there.
        CorruptData: the source is no Arrow IPC stream, or ends in the middle of one.
    """

    share = 0.0

    def __init__(self, source: BinaryIO, name: str, columns: Sequence[str]) -> None:
        import pyarrow as pa
        import pyarrow.ipc

        self._name = name
        try:
            self._reader = pa.ipc.open_stream(source)
        except (pa.ArrowInvalid, OSError) as error:
            raise CorruptData(f'"{name}": not an Arrow IPC stream: {error}') from None
        there = self._reader.schema.names
        for column in columns:
            if column.partition(".")[0] not in there and column not in there:
                raise InvalidArgument(f'"{name}": there is no column "{column}"')

    def to_batches(self) -> Iterator[Any]:
        """The batches that were not read yet."""
        import pyarrow as pa

        while True:
            try:
                batch = self._reader.read_next_batch()
                batch.validate()
            except StopIteration:
                return
            except (pa.ArrowException, OSError) as error:
                raise CorruptData(f'"{self._name}": {error}') from None
            yield batch
