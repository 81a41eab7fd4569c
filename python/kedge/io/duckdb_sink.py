"""A table of a DuckDB database as a sink: a row of the same id is replaced.

An epoch's rows and its number are committed together, so the database knows how far it came, and a
run begins with the snapshot of that epoch: every row is there once, whatever died.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from kedge._core import InvalidArgument, Unsupported
from kedge.loop.ports import Options, Sink

if TYPE_CHECKING:
    import duckdb

__all__ = ["DuckdbSink"]

_EPOCHS = "kedge_epochs"


class DuckdbSink(Sink):
    """Upserts rows.

    Of windows that come more than once (mode "update") the last row stays, and one that was
    retracted is deleted.

    Args:
        path: of the database; made when it is not there.
        table: its name; made of the first rows when it is not there.
        id: the columns that are a row's id.
    """

    holds = "the rows of an epoch"

    def __init__(self, path: str, table: str, id: Sequence[str]) -> None:
        if not id:
            raise InvalidArgument("id: at least one column is wanted")
        self._path, self._table, self._id = path, table, list(id)
        self.makes = str(Path(path) / table.lower())  # the database takes names so
        self.keeps = f'table {_EPOCHS} of "{path}"'
        self._waiting: list[pa.Table] = []
        self._opened: duckdb.DuckDBPyConnection | None = None

    @classmethod
    def of(cls, options: Options) -> DuckdbSink:
        """As `[sink]` describes it."""
        id = options.texts("id", ["window_id"])
        return cls(options.path("path"), options.text("table"), id)

    def committed(self) -> int | None:
        """The number that stands in the database."""
        found = self._database.execute(
            f"SELECT max(epoch) FROM {_EPOCHS} WHERE name = ?", [self._table]
        ).fetchone()
        return 0 if found is None or found[0] is None else int(found[0])

    def begin(self, epoch: int) -> None:
        """Rows of an epoch that was not published were never there; those of later ones come again.

        Later ones are in the database when their snapshots were lost: their rows have the same ids.
        """
        self._waiting.clear()
        if (self.committed() or 0) >= epoch:
            with self._transaction():
                self._mark(epoch - 1)

    def write(self, rows: object) -> None:
        """Rows wait for the end of the epoch."""
        self._waiting.append(pa.table(rows))

    def publish(self, epoch: int, note: str) -> None:
        """One transaction: the rows and the number."""
        if (self.committed() or 0) >= epoch:
            return
        with self._transaction():
            for rows in self._waiting:
                self._upsert(rows)
            self._mark(epoch)
        self._waiting.clear()

    def close(self) -> None:
        """Let the database go."""
        if self._opened is not None:
            self._opened.close()

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        database = self._database
        database.begin()
        try:
            yield
            database.commit()
        except BaseException:
            database.rollback()
            raise

    def _mark(self, epoch: int) -> None:
        self._database.execute(f"DELETE FROM {_EPOCHS} WHERE name = ?", [self._table])
        self._database.execute(f"INSERT INTO {_EPOCHS} VALUES (?, ?)", [self._table, epoch])

    @property
    def _database(self) -> duckdb.DuckDBPyConnection:
        if self._opened is None:
            try:
                import duckdb
            except ImportError as error:
                raise Unsupported("a duckdb sink needs duckdb; pip install duckdb") from error
            self._opened = duckdb.connect(self._path)
            self._opened.execute(
                f"CREATE TABLE IF NOT EXISTS {_EPOCHS} (name VARCHAR, epoch BIGINT)"
            )
        return self._opened

    def _upsert(self, rows: pa.Table) -> None:
        missing = [name for name in self._id if name not in rows.schema.names]
        if missing:
            raise InvalidArgument(f'{self._table}: id: the rows have no column "{missing[0]}"')
        database, table = self._database, _quoted(self._table)
        keys = " AND ".join(f"t.{it} IS NOT DISTINCT FROM n.{it}" for it in map(_quoted, self._id))
        rows = _last_of_each(rows, self._id)
        database.register("kedge_rows", rows)
        database.execute(f"CREATE TABLE IF NOT EXISTS {table} AS FROM kedge_rows LIMIT 0")
        database.execute(f"DELETE FROM {table} t USING kedge_rows n WHERE {keys}")
        kept = "WHERE window_update <> 'retracted'" if _has_updates(rows) else ""
        database.execute(f"INSERT INTO {table} BY NAME FROM kedge_rows {kept}")
        database.unregister("kedge_rows")


def _last_of_each(rows: pa.Table, id: Sequence[str]) -> pa.Table:
    """A row of each id, the last: rows of one write may replace each other."""
    numbered: Any = rows.append_column("kedge_row", pa.array(range(rows.num_rows)))
    last = numbered.group_by(list(id), use_threads=False).aggregate([("kedge_row", "max")])
    return rows.take(last["kedge_row_max"].combine_chunks().sort())


def _has_updates(rows: pa.Table) -> bool:
    return "window_update" in rows.schema.names


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
