"""A profile of data that an engine holds in parts: what each part does, and how parts merge.

A connector says how its engine runs a step; everything else is here. A step's results are bytes
that merge in any order and any grouping, errors among them: a part that fails is told of by name
and not in an engine's own words.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from kedge._core import InvalidArgument, KedgeError, Outline, Profile
from kedge.io.first_look import FirstLook, flat_batches, plain
from kedge.io.row_hash import Hashes, row_hashes
from kedge.sketch import outline_of

Data: TypeAlias = "pa.RecordBatch | pa.Table"
Result: TypeAlias = "FirstLook | Profile | NDArray[np.int64]"


class Step(Protocol):
    """One pass over all parts."""

    def of(self, parts: Iterable[Data]) -> bytes:
        """The result of one partition, whose rows come as batches or tables, or not at all."""

    def merged(self, results: Iterable[bytes]) -> bytes:
        """The result of them together."""


@dataclass(frozen=True)
class Options:
    """As of `kedge.profile`."""

    cells: int
    columns: Sequence[str] | None
    categorical: Sequence[str]
    max_categories: int
    cuts: Mapping[str, Iterable[float]] | None
    slices: Sequence[str]

    def outline(self) -> Outline:
        """Nothing seen."""
        return outline_of(
            cells=self.cells,
            columns=self.columns,
            categorical=self.categorical,
            max_categories=self.max_categories,
            exact=False,
            cuts=self.cuts,
            slices=self.slices,
        )


def profile_of(run: Callable[[Step], bytes], like: Profile | None, options: Options) -> Profile:
    """The profile of the rows that `run` passes a step over, part by part."""
    if like is None:
        options.outline()
        look = _read(run(Look(options)))
        assert isinstance(look, FirstLook)
        if look.is_empty:
            raise InvalidArgument("there is no data: not one partition has a row")
        hashes = look.candidates()
        counts = np.zeros(0, np.int64)
        if len(hashes):
            recounted = _read(run(Recount(hashes, options)))
            assert isinstance(recounted, np.ndarray)
            counts = recounted
        outline = options.outline()
        for table in look.rows(hashes, counts):
            outline.look(table)
        like = outline.profile()
    elif not isinstance(like, Profile):
        raise InvalidArgument(f"like = {type(like).__name__} is no kedge.Profile")
    counted = _read(run(Count(like.like().to_bytes())))
    assert isinstance(counted, Profile)
    return counted


def chosen(names: Sequence[str], like: Profile | None, options: Options) -> list[str]:
    """Of the table's columns those that are read: "a" too when "a.b" is."""
    if like is not None:
        wanted = {*like.columns, *like.slices}
    elif options.columns is None:
        return list(names)
    else:
        wanted = {*options.columns, *options.categorical, *options.slices, *(options.cuts or {})}
    # When a name is missing, the step that sees the schema says so, with the names there are.
    return [
        name for name in names if any(one == name or one.startswith(f"{name}.") for one in wanted)
    ] or list(names)


@dataclass(frozen=True)
class Look:
    """The first pass, which chooses cells and names."""

    options: Options

    def of(self, parts: Iterable[Data]) -> bytes:
        return _result(lambda: self._look(parts))

    def merged(self, results: Iterable[bytes]) -> bytes:
        return _result(lambda: self._merged(results))

    def _empty(self) -> FirstLook:
        named = [*self.options.categorical, *self.options.slices]
        return FirstLook(named, self.options.max_categories)

    def _look(self, parts: Iterable[Data]) -> FirstLook:
        look = self._empty()
        for batch in _batches(parts):
            if look.is_empty:
                # Refuses a column that is missing or cannot be profiled, before any work.
                self.options.outline().look(batch.schema.empty_table())
            look.add(batch.select(chosen(batch.schema.names, None, self.options)))
        look.compact()
        return look

    def _merged(self, results: Iterable[bytes]) -> FirstLook:
        whole = self._empty()
        for result in results:
            look = _read(result)
            assert isinstance(look, FirstLook)
            whole.merge(look)
        return whole


@dataclass(frozen=True)
class Recount:
    """The pass between, when rows may be frequent: how often those with these hashes came."""

    hashes: Hashes  # that rise
    options: Options

    def of(self, parts: Iterable[Data]) -> bytes:
        return _result(lambda: self._count(parts))

    def merged(self, results: Iterable[bytes]) -> bytes:
        return _result(lambda: self._merged(results))

    def _count(self, parts: Iterable[Data]) -> NDArray[np.int64]:
        counts = np.zeros(len(self.hashes), np.int64)
        for batch in _batches(parts):
            rows = batch.select(chosen(batch.schema.names, None, self.options))
            found = row_hashes(plain(rows))
            places = np.searchsorted(self.hashes, found[np.isin(found, self.hashes)])
            counts += np.bincount(places, minlength=len(counts))
        return counts

    def _merged(self, results: Iterable[bytes]) -> NDArray[np.int64]:
        counts = np.zeros(len(self.hashes), np.int64)
        for result in results:
            part = _read(result)
            assert isinstance(part, np.ndarray)
            counts += part
        return counts


@dataclass(frozen=True)
class Count:
    """The last pass, or the only one."""

    like: bytes  # with nothing counted

    def of(self, parts: Iterable[Data]) -> bytes:
        return _result(lambda: self._count(parts))

    def merged(self, results: Iterable[bytes]) -> bytes:
        return _result(lambda: self._merged(results))

    def _count(self, parts: Iterable[Data]) -> Profile:
        counted = Profile.from_bytes(self.like)
        for part in parts:
            counted.update(part)
        return counted

    def _merged(self, results: Iterable[bytes]) -> Profile:
        whole = Profile.from_bytes(self.like)
        for result in results:
            counted = _read(result)
            assert isinstance(counted, Profile)
            whole.merge(counted)
        return whole


def _batches(parts: Iterable[Data]) -> Iterator[pa.RecordBatch]:
    for part in parts:
        yield from flat_batches(part)


def _result(work: Callable[[], Result]) -> bytes:
    try:
        return pickle.dumps(work())
    except KedgeError as error:
        return pickle.dumps(error)


def _read(result: bytes) -> Result:
    value = pickle.loads(result)
    if isinstance(value, KedgeError):
        raise value
    assert isinstance(value, FirstLook | Profile | np.ndarray)
    return value
