"""A file's rows into profiles, with progress, and with CSV types that grow when they must."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, TypeVar

from kedge._core import InvalidArgument, KedgeError, Profile, Unsupported
from kedge.cli.answer import note
from kedge.cli.progress import Progress
from kedge.io import ColumnConflict, FileTable, LiveStream, flat_names, open_table
from kedge.sketch import profile

__all__ = ["Watched", "count_file", "open_for", "patiently", "profile_file", "stored_profile"]

_Result = TypeVar("_Result")
_MAGIC = b"KDGE"


def stored_profile(path: Path) -> Profile | None:
    """The profile in a file; None when it is no profile's."""
    if not path.is_file():
        return None
    with path.open("rb") as file:
        if file.read(len(_MAGIC)) != _MAGIC:
            return None
    try:
        return Profile.from_bytes(path.read_bytes())
    except KedgeError as error:
        raise type(error)(f'"{path}": {error}') from error


def profile_file(
    path: Path,
    *,
    columns: list[str] | None = None,
    categorical: list[str],
    slices: list[str] | None = None,
    **options: Any,
) -> Profile:
    """The profile of a file's columns, or of all that can be profiled."""
    by = slices or []
    table = open_table(path, columns=columns and _with(columns, by))
    chosen = columns or _readable(table, categorical)
    table = table.select(_with(chosen, by))

    def make(table: FileTable) -> Profile:
        with closing(Progress(path.name)) as progress:
            watched = Watched(table, progress, passes=2)
            return profile(watched, columns=chosen, categorical=categorical, slices=by, **options)

    return patiently(table, make)


def open_for(path: Path, reference: Profile, more: Sequence[str] = ()) -> FileTable:
    """A file's columns that a profile has, with its types; and some more."""
    wanted = _with(reference.columns, [*reference.slices, *more])
    table = open_table(path, columns=wanted)
    there = [name for name in reference.columns if name in table.schema.names]
    return table.with_types({name: reference.type(name) for name in there})


def count_file(path: Path, reference: Profile) -> Profile:
    """A file's rows, counted over the cells of a profile."""
    table = open_for(path, reference)

    def count(table: FileTable) -> Profile:
        counted = reference.like()
        with closing(Progress(path.name)) as progress:
            for batch in Watched(table, progress, passes=1).to_batches():
                counted.update(batch)
        return counted

    return patiently(table, count)


def _with(columns: list[str], more: list[str]) -> list[str]:
    return [*columns, *(name for name in more if name not in columns)]


def patiently(table: FileTable, use: Callable[[FileTable], _Result]) -> _Result:
    """Start again with a wider type when a CSV column has a value that its first ones did not."""
    while True:
        try:
            return use(table)
        except ColumnConflict as conflict:
            note(f"{conflict}; it is read as {conflict.wider}")
            table = table.with_types({conflict.column: conflict.wider})


class Watched:
    """A table whose reading is shown; `profile` reads it twice."""

    def __init__(self, table: FileTable | LiveStream, progress: Progress, *, passes: int) -> None:
        self._table = table
        self._progress = progress
        self._passes = passes
        self._done = 0
        self._rows = 0

    def to_batches(self) -> Iterator[Any]:
        """The table's batches; what follows one shows how far its reading is."""
        for batch in self._table.to_batches():
            yield batch
            self._rows += batch.num_rows
            share = (self._done + self._table.share) / self._passes
            self._progress.show(share, self._rows)
        self._done += 1


def _readable(table: FileTable, categorical: list[str]) -> list[str]:
    """The columns that can be profiled; each other one is named on standard error."""
    times = Counter(table.column_names)
    kept = []
    for field in table.empty_columns():
        for name in flat_names(field.schema.field(0)):
            flaw = (
                f"there are {times[name]} of this name" if times[name] > 1 else _flaw(field, name)
            )
            if flaw and name not in categorical:
                note(f'"{table.path}": column "{name}" is left out: {flaw}')
            else:
                kept.append(name)
    if not kept:
        raise InvalidArgument(f'"{table.path}": no column can be profiled')
    return kept


def _flaw(empty: Any, name: str) -> str:
    """Why a column cannot be profiled; empty when it can."""
    try:
        profile(empty, columns=[name])
    except Unsupported as error:
        return str(error).removeprefix(f'column "{name}": ').partition(";")[0]
    return ""
