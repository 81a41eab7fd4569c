"""Files as a source: one, many, or a folder that grows; resumable by file and offset.

Files are read in the order of their names, text from any byte on, columnar files from any row on.
With `follow` the folder is looked at again and again: new files are read, and text files go on
where they ended; columnar ones are taken when they have not changed for `settle`, because they
can be read only when they are whole. What cannot be read is rejected, a record at a time in text
and the rest of the file in columnar ones; the stream goes on.
"""

from __future__ import annotations

import base64
import json
import time
import zlib
from collections.abc import Iterator, Mapping
from contextlib import closing, suppress
from pathlib import Path
from typing import Any, Protocol

import pyarrow as pa

from kedge._core import CorruptData, InvalidArgument
from kedge.io.columnar import ColumnarReader
from kedge.io.files import format_of_suffix
from kedge.io.readers import arrow_type
from kedge.io.records import (
    CsvDecoder,
    Decoder,
    JsonDecoder,
    RecordFile,
    decode,
    header_of,
    rejected_records,
)
from kedge.loop.ports import Batch, Options, Rejected, Source

__all__ = ["FileSource"]

_TEXT = ("csv", "json")
_FORMATS = ("parquet", "arrow", *_TEXT)
_WAIT_STEP = 0.05


class _Reader(Protocol):
    schema: pa.Schema | None

    @property
    def offset(self) -> int: ...

    def read(self, rows: int) -> tuple[pa.Table | None, list[Rejected]] | None: ...

    def close(self) -> None: ...


class _TextReader:
    """The records of one text file."""

    def __init__(self, source: FileSource, path: Path, offset: int) -> None:
        self.schema = source.schema
        self._source, self._path = source, path
        self._file = RecordFile(path, offset, source.quoted)
        self._is_whole = not (source.follow and source.grows(path.name))
        self._decoder: Decoder | None = None
        self._header: list[str] = []
        self._lacks_header = source.format_of(path) == "csv"
        self._delimiter = "\t" if ".tsv" in path.name.lower() else ","

    @property
    def offset(self) -> int:
        return self._file.offset

    def read(self, rows: int) -> tuple[pa.Table | None, list[Rejected]] | None:
        if self._lacks_header and not self._take_header():
            return None
        block = self._file.read(rows, self._is_whole)
        rejected, self._file.too_long = self._file.too_long, []
        if block is None:
            return (None, rejected) if rejected else None
        block = block.without_mark()
        if self._decoder is None:
            try:
                self._decoder = self._decoder_of(block)
            except pa.ArrowException as error:
                if self.schema is not None:
                    raise
                return None, rejected + rejected_records(block, str(self._path), error)
            self.schema = self._decoder.schema
        table, wrong_ones = decode(self._decoder, block, str(self._path))
        return table, [*rejected, *wrong_ones]

    def close(self) -> None:
        self._file.close()

    def _take_header(self) -> bool:
        """Also of a file whose records are read from further on; False when none is whole yet."""
        with closing(RecordFile(self._path, 0, self._source.quoted)) as first:
            block = first.read(1, self._is_whole)
        if block is None:
            return False
        self._header = header_of(block.data, self._delimiter)
        if self.offset == 0:
            self._file.read(1, True)
        self._lacks_header = False
        return True

    def _decoder_of(self, block: Any) -> Decoder:
        types = self._source.types
        if self._source.format_of(self._path) == "json":
            return JsonDecoder(self.schema) if self.schema else JsonDecoder.of(block, types)
        if self.schema is not None:
            return CsvDecoder(self.schema, self._header, self._delimiter)
        return CsvDecoder.of(block, types, self._header, self._delimiter)


class FileSource(Source):
    """See the module's text.

    Args:
        path: a file, a folder (all data files in it and below), or a pattern such as "in/*.csv".
        format: "parquet", "arrow", "csv" or "json"; without it, the ending decides.
        follow: go on looking for more; the source is endless.
        types: of columns of text; the others' come from the first records, once for all runs.
        quoted: whether records of CSV may have line breaks between quotes.
        settle: seconds for which a columnar file must not have changed, with `follow`.
    """

    def __init__(
        self,
        path: str,
        *,
        format: str = "",
        follow: bool = False,
        types: Mapping[str, str] | None = None,
        quoted: bool = False,
        settle: float = 1.0,
    ) -> None:
        self.follow = self.is_endless = follow
        self.types, self.quoted = types or {}, quoted
        self.schema: pa.Schema | None = None
        self._format, self._settle = format, settle
        self._path = Path(path)
        self._root, self._pattern = _split(self._path)
        self._offsets: dict[str, int] = {}
        self._whole: set[str] = set()
        self._seen: dict[str, int] = {}
        self._queue: Iterator[str] | None = None
        self._reader: _Reader | None = None
        self._name = ""
        self._has_said_lack = False
        if not follow and not self._names():
            raise InvalidArgument(self._lack())

    @classmethod
    def of(cls, options: Options) -> FileSource:
        """As `[source]` describes it."""
        format = options.text("format", "")
        if format and format not in _FORMATS:
            raise options.error("format", f"expected one of {', '.join(_FORMATS)}")
        return cls(
            options.path("path"),
            format=format,
            follow=options.flag("follow"),
            types=options.table("columns", arrow_type),
            quoted=options.flag("quoted"),
            settle=options.seconds("settle", "1s"),
        )

    def format_of(self, path: Path) -> str:
        """What a file holds."""
        return self._format or format_of_suffix(path)

    def grows(self, name: str) -> bool:
        """Text goes on where it ended; a compressed file is one piece."""
        return self.format_of(Path(name)) in _TEXT and not name.lower().endswith(".gz")

    def read(self, rows: int, wait: float) -> Batch | None:
        """The next rows of the file that is open, or of the next one."""
        until = time.monotonic() + wait
        while True:
            if self._reader is None and not self._open_next():
                if not self.follow:
                    return None
                if time.monotonic() >= until:
                    return Batch()
                time.sleep(_WAIT_STEP)
                continue
            batch = self._read_open(rows)
            if batch is not None:
                return batch

    def _open_next(self) -> bool:
        if self._queue is None:
            names = self._names()
            if not names and not self._has_said_lack:
                self.log(f"{self._lack()} yet")
                self._has_said_lack = True
            self._queue = iter(names)
        for name in self._queue:
            try:
                if self._has_news(name):
                    self._name = name
                    self._reader = self._opened(self._root / name)
                    return True
            except FileNotFoundError:  # removed since it was listed; another may get its name
                self._seen.pop(name, None)
        if self.follow:
            self._queue = None
        return False

    def _has_news(self, name: str) -> bool:
        if name in self._whole:
            return False
        status = (self._root / name).stat()
        offset = self._offsets.get(name, 0)
        if self.grows(name):
            if status.st_size < offset:
                raise CorruptData(
                    f'"{self._root / name}": has {status.st_size} bytes, and {offset} were read'
                )
            is_new = self._seen.get(name) != status.st_size
            self._seen[name] = status.st_size
            return is_new and status.st_size > offset
        return not self.follow or time.time() - status.st_mtime >= self._settle

    def _opened(self, path: Path) -> _Reader:
        offset = self._offsets.get(self._name, 0)
        if self.format_of(path) in _TEXT:
            return _TextReader(self, path, offset)
        return ColumnarReader(path, self.format_of(path), offset, self.schema)

    def _read_open(self, rows: int) -> Batch | None:
        """The next rows of the open file; None at its end."""
        assert self._reader is not None
        path = str(self._root / self._name)
        try:
            read = self._reader.read(rows)
        except FileNotFoundError:  # some readers open it only now
            self._end_file(is_whole=False)
            return None
        except (pa.ArrowException, OSError, EOFError, ValueError, zlib.error) as error:
            if isinstance(error, OSError) and error.errno is not None:
                raise  # it is the system that fails, not the file that is wrong
            reason = " ".join(str(error).split())[:300]
            wrong = Rejected(path, self._reader.offset, f"the rest of the file: {reason}", b"")
            self._end_file(is_whole=True)
            return Batch(rejected=[wrong])
        if read is None:
            self._end_file(is_whole=not self.grows(self._name))
            return None
        table, rejected = read
        self._offsets[self._name] = self._reader.offset
        if self._reader.schema is not None:
            self.schema = self._reader.schema
        return Batch(rows=table, rejected=rejected)

    def _end_file(self, is_whole: bool) -> None:
        assert self._reader is not None
        self._offsets[self._name] = self._reader.offset
        if is_whole:
            self._whole.add(self._name)
        self._reader.close()
        self._reader = None

    def _names(self) -> list[str]:
        self._root, self._pattern = _split(self._path)  # a folder may have been made since
        found = self._root.glob(self._pattern)
        names = (path.relative_to(self._root) for path in found if path.is_file())
        with suppress(FileNotFoundError):
            return sorted(it.as_posix() for it in names if self._is_data(it))
        return self._names()  # a folder was removed while it was looked at

    def _is_data(self, name: Path) -> bool:
        is_hidden = any(part[0] in "._" for part in name.parts)
        is_chosen = self._pattern != "**/*" or bool(self._format) or _is_known(name)
        return is_chosen and not is_hidden

    def takes(self, path: str) -> bool:
        """Also one in a folder that is not there yet."""
        file, folder = Path(path).resolve(), self._path.resolve()
        root, pattern = (folder, "**/*") if folder in file.parents else _split(folder)
        if not file.is_relative_to(root) or not self._is_data(name := file.relative_to(root)):
            return False
        _, deep, last = pattern.rpartition("**/")
        return name.match(last) and (bool(deep) or len(name.parts) == len(Path(last).parts))

    def _lack(self) -> str:
        what = "no data file in this folder" if self._path.is_dir() else "no such file"
        return f'"{self._path}": there is {what}'

    def position(self) -> str:
        """Offset of each file, which of them are done, and the schema of text."""
        schema = None if self.schema is None else self.schema.serialize().to_pybytes()
        held = {
            "offsets": self._offsets,
            "whole": sorted(self._whole),
            "schema": None if schema is None else base64.b64encode(schema).decode(),
        }
        return json.dumps(held, sort_keys=True)

    def seek(self, position: str) -> None:
        """Go on from there."""
        held = json.loads(position)
        self._offsets = held["offsets"]
        self._whole = set(held["whole"])
        if held["schema"] is not None:
            self.schema = pa.ipc.read_schema(pa.py_buffer(base64.b64decode(held["schema"])))

    def lag(self) -> tuple[int, str] | None:
        """Bytes of files that were not read; of a columnar file, all until it is done."""
        left = 0
        for name in self._names():
            if name not in self._whole:
                with suppress(FileNotFoundError):
                    size = (self._root / name).stat().st_size
                    left += max(0, size - (self._offsets.get(name, 0) if self.grows(name) else 0))
        return left, "bytes"

    def close(self) -> None:
        """Let the open file go."""
        if self._reader is not None:
            self._reader.close()


def _split(path: Path) -> tuple[Path, str]:
    """The folder, and the pattern of files in it."""
    if path.is_dir():
        return path, "**/*"
    parts = path.parts
    magic = next((i for i, part in enumerate(parts) if set(part) & set("*?[")), len(parts) - 1)
    return Path(*parts[:magic]), str(Path(*parts[magic:]))


def _is_known(path: Path) -> bool:
    try:
        format_of_suffix(path)
    except NotImplementedError:
        return False
    return True
