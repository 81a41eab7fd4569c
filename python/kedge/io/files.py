"""A file, or a folder of files, as a table that is read in batches as often as wanted.

pyarrow reads them; it is imported here only, when a file is opened.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from kedge._core import (
    CorruptData,
    InvalidArgument,
    KedgeError,
    ResourceExhausted,
    Unsupported,
)

if TYPE_CHECKING:
    import pyarrow as pa

    from kedge.io.readers import Part

__all__ = [
    "ColumnConflict",
    "FileTable",
    "flat_columns",
    "flat_names",
    "format_of_suffix",
    "open_table",
]

_SUFFIXES = {
    ".parquet": "parquet",
    ".pq": "parquet",
    ".arrow": "arrow",
    ".arrows": "arrow",
    ".feather": "arrow",
    ".ipc": "arrow",
    ".csv": "csv",
    ".tsv": "csv",
    ".jsonl": "json",
    ".ndjson": "json",
}
_FORMATS = tuple(dict.fromkeys(_SUFFIXES.values()))
_WITHOUT_TYPES = ("csv", "json")
_MAGIC = {b"PAR1": "parquet", b"ARROW1": "arrow", b"FEA1": "arrow", b"\xff\xff\xff\xff": "arrow"}
_OURS = {b"KDGE": "a profile", b"KEDGEBDL": "a model"}
_MOST_NAMES = 50  # in an error
_LONGEST_REASON = 300  # pyarrow quotes the line it cannot read, whatever its length
_CONVERSION = re.compile(
    r"CSV column #(\d+): (?:Row #(\d+): )?CSV conversion error to ([^:]+): invalid value '(.*)'"
)


class ColumnConflict(CorruptData):
    """A CSV column has a value that is not of the type its first values have.

    Attributes:
        column: its name.
        wider: the name of a type that takes this value too; `FileTable.with_types` reads with it.
    """

    column: str
    wider: str


class FileTable:
    """A file's rows; made by `open_table`.

    Attributes:
        path: the file or folder.
        schema: the columns that are read, as a `pyarrow.Schema`, in the file's order; a struct with
            all its children.
        row_count: how many rows there are; None where only reading them all would tell.
        share: how much of the files the last `to_batches` has read, from 0 to 1.
    """

    def __init__(
        self,
        path: Path,
        files: Sequence[Path],
        format: str,
        columns: Sequence[str] | None,
        types: Mapping[str, pa.DataType],
    ) -> None:
        first = _part(files[0], format, types)
        if format in _WITHOUT_TYPES:
            types = {field.name: field.type for field in first.schema}
        self._parts = [first, *(_part(file, format, types) for file in files[1:])]
        self.path = path
        self._sources = (path, files, format)
        self._columns = columns
        self._types = types
        self._fields = _chosen(path, first.schema, columns)
        for part in self._parts[1:]:
            _check_alike(self._fields, first, part)
        self.schema = _schema_of(self._fields)
        rows = [part.row_count for part in self._parts]
        self.row_count = None if None in rows else sum(row or 0 for row in rows)
        self.share = 0.0

    @property
    def column_names(self) -> list[str]:
        """What a profile of all columns that are read calls them: "a.b" is column b of struct a."""
        return [name for field in self._fields for name in flat_names(field)]

    def to_batches(self) -> Iterator[pa.RecordBatch]:
        """All rows, some ten thousand at a time; at least one batch, which may have no row.

        Raises:
            CorruptData: what is in the file cannot be read.
            ColumnConflict: a CSV column has a value that is not of its type.
        """
        sizes = [part.path.stat().st_size for part in self._parts]
        before, count = 0, 0
        self.share = 0.0
        for part, size in zip(self._parts, sizes, strict=True):
            with _reading(part.path, part.schema):
                for batch, share in part.read(_places(part.schema, self._fields)):
                    self.share = (before + share * size) / max(1, sum(sizes))
                    count += 1
                    yield batch
            before += size
        self.share = 1.0
        if count == 0:
            yield _empty_batch(self.schema)

    def empty_columns(self) -> list[pa.RecordBatch]:
        """Each column alone, without a row: what it is, to ask of its type."""
        return [_empty_batch(_schema_of([field])) for field in self._fields]

    def with_types(self, types: Mapping[str, str]) -> FileTable:
        """The same with other types for some columns, of a format that has none (CSV, JSON)."""
        return FileTable(*self._sources, self._columns, {**self._types, **_arrow_types(types)})

    def select(self, columns: Sequence[str]) -> FileTable:
        """The same files, only these columns."""
        return FileTable(*self._sources, columns, self._types)


def open_table(
    path: str | os.PathLike[str],
    *,
    format: str | None = None,
    columns: Sequence[str] | None = None,
    types: Mapping[str, str] | None = None,
) -> FileTable:
    """The rows of a file, or of all data files in a folder, to be read in batches.

    `format` is "parquet", "arrow" (IPC files and streams, Feather), "csv" (also with tabs, .tsv,
    and compressed, .csv.gz) or "json" (one object a line); without it, the suffix decides, or how
    the file begins. "a.b" in `columns` is column b of struct a. `types` are those of columns of CSV
    and JSON files, such as "float64" or "string"; the others' come from the first megabyte. In a
    folder, files are read in the order of their names, those in folders below it too; names that
    begin with "_" or "." are left out, and "key=value" in a path is no column.

    Raises:
        InvalidArgument: there is no such file, nothing in the folder, no such column, or a part has
            other columns than the first.
        CorruptData: the file is not what it claims to be.
        Unsupported: pyarrow is not installed, or the format is unknown.
    """
    if isinstance(columns, str):
        raise InvalidArgument(f'columns = "{columns}" is a string; pass a list of names')
    try:
        import pyarrow  # noqa: F401
    except ImportError as error:
        raise Unsupported(
            f'"{os.fspath(path)}": reading files needs pyarrow; pip install kedge[arrow]'
        ) from error
    whole = Path(path)
    files = _files(whole)
    formats = [format or _format(file) for file in files]
    if formats[0] not in _FORMATS:
        raise InvalidArgument(f'format = "{formats[0]}" is none of {", ".join(_FORMATS)}')
    for file, its in zip(files, formats, strict=True):
        if its != formats[0]:
            raise InvalidArgument(
                f'"{whole}": "{files[0].name}" is {formats[0]} and "{file.name}" {its}'
            )
    return FileTable(whole, files, formats[0], columns, _arrow_types(types or {}))


def _files(path: Path) -> list[Path]:
    if path.is_file():
        return [path]
    if not path.is_dir():
        what = "is no file" if path.exists() else "there is no such file"
        raise InvalidArgument(f'"{path}": {what}')
    found = [
        file
        for file in sorted(path.rglob("*"))
        if not any(part[0] in "_." for part in file.relative_to(path).parts)
        and _suffix(file) in _SUFFIXES
        and file.is_file()
    ]
    if not found:
        raise InvalidArgument(f'"{path}": no data file is in this folder ({", ".join(_SUFFIXES)})')
    return found


def _suffix(path: Path) -> str:
    return Path(path.name.lower().removesuffix(".gz")).suffix


def _format(path: Path) -> str:
    with _reading(path), path.open("rb") as file:
        start = file.read(8)
    for magic, format in _MAGIC.items():
        if start.startswith(magic):
            return format
    for magic, what in _OURS.items():
        if start.startswith(magic):
            raise InvalidArgument(f'"{path}": this is {what}; data are wanted')
    return format_of_suffix(path)


def format_of_suffix(path: Path) -> str:
    """What a file of this name holds, by its ending.

    Raises:
        Unsupported: the ending is unknown.
    """
    if _suffix(path) not in _SUFFIXES:
        raise Unsupported(f'"{path}": the format is unknown; known are {", ".join(_SUFFIXES)}')
    return _SUFFIXES[_suffix(path)]


def _part(path: Path, format: str, types: Mapping[str, pa.DataType]) -> Part:
    from kedge.io.readers import READERS

    with _reading(path):
        return READERS[format](path, types)


def flat_names(field: pa.Field) -> list[str]:
    """What a profile calls the column, or the columns that a struct is opened into."""
    import pyarrow as pa

    if not pa.types.is_struct(field.type):
        return [field.name]
    return [f"{field.name}.{child.name}" for child in field.type]


def flat_columns(batch: pa.RecordBatch) -> dict[str, pa.Array]:
    """The columns of a batch by those names."""
    import pyarrow as pa

    columns: dict[str, pa.Array] = {}
    for field, column in zip(batch.schema, batch.columns, strict=True):
        parts = column.flatten() if pa.types.is_struct(field.type) else [column]
        columns.update(zip(flat_names(field), parts, strict=True))
    return columns


def _chosen(path: Path, schema: pa.Schema, columns: Sequence[str] | None) -> list[pa.Field]:
    if columns is None:
        return list(schema)
    names = [dict.fromkeys(flat_names(field)) for field in schema]
    holders = Counter(name for flat in names for name in flat)
    missing = [column for column in columns if column not in holders]
    if missing:
        lack = "is no column" if len(missing) == 1 else "are no columns"
        raise InvalidArgument(
            f'"{path}": there {lack} {_listed(missing)}; '
            f"the columns are {_listed(list(holders)) or 'none'}"
        )
    for column in columns:
        if holders[column] > 1:
            raise InvalidArgument(f'"{path}": there are {holders[column]} columns "{column}"')
    wanted = set(columns)
    return [field for field, flat in zip(schema, names, strict=True) if wanted & flat.keys()]


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(f'"{name}"' for name in names[:_MOST_NAMES])
    more = len(names) - _MOST_NAMES
    return f"{shown} and {more} more" if more > 0 else shown


def _check_alike(fields: Sequence[pa.Field], first: Part, part: Part) -> None:
    for field in fields:
        found = part.schema.get_all_field_indices(field.name)
        if len(found) != 1:
            raise InvalidArgument(
                f'"{part.path}": {len(found) or "no"} column "{field.name}", which is in '
                f'"{first.path}"; choose columns that all have'
            )
        its = part.schema.field(found[0]).type
        if its != field.type:
            raise InvalidArgument(
                f'"{part.path}": column "{field.name}" is {its}, but {field.type} in "{first.path}"'
            )


def _places(schema: pa.Schema, fields: Sequence[pa.Field]) -> list[int]:
    names = {field.name for field in fields}
    return [place for place, name in enumerate(schema.names) if name in names]


def _schema_of(fields: Sequence[pa.Field]) -> pa.Schema:
    import pyarrow as pa

    return pa.schema(fields)


def _empty_batch(schema: pa.Schema) -> pa.RecordBatch:
    import pyarrow as pa

    return pa.RecordBatch.from_arrays([pa.nulls(0, type) for type in schema.types], schema=schema)


def _arrow_types(types: Mapping[str, str]) -> dict[str, pa.DataType]:
    from kedge.io.readers import arrow_type

    found = {}
    for name, type in types.items():
        try:
            found[name] = arrow_type(type)
        except InvalidArgument as error:
            raise InvalidArgument(f'types: column "{name}": "{type}" is no type: {error}') from None
    return found


@contextmanager
def _reading(path: Path, schema: pa.Schema | None = None) -> Iterator[None]:
    """What pyarrow and the system raise, as errors of kedge that name the file."""
    import pyarrow as pa

    try:
        yield
    except KedgeError:
        raise
    except pa.ArrowNotImplementedError as error:
        raise Unsupported(f'"{path}": {_reason(error)}') from error
    except MemoryError as error:
        raise ResourceExhausted(f'"{path}": {_reason(error)}') from error
    except (FileNotFoundError, PermissionError) as error:
        raise InvalidArgument(f'"{path}": {error.strerror or error}') from error
    except (pa.ArrowException, OSError, ValueError) as error:
        conversion = _CONVERSION.search(str(error))
        if schema is None or conversion is None:
            raise CorruptData(f'"{path}": {_reason(error)}') from error
        raise _conflict(path, schema, conversion) from error


def _reason(error: BaseException) -> str:
    text = "".join(c if c.isprintable() else "?" for c in " ".join(str(error).split()))
    return text[:_LONGEST_REASON] or type(error).__name__


def _conflict(path: Path, schema: pa.Schema, found: re.Match[str]) -> ColumnConflict:
    place, line, type, value = found.groups()
    column = schema.names[int(place)]
    conflict = ColumnConflict(
        f'"{path}": column "{column}", line {line}: "{value}" is no {type} as the values before'
    )
    conflict.column = column
    conflict.wider = (
        "float64" if type.startswith(("int", "bool")) and _is_number(value) else "string"
    )
    return conflict


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
