"""What an engine of the window benchmark is, and kedge as one."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

import numpy as np

from bench.peers import MissingPeer
from bench.window.exact import Table, slid
from bench.window.works import LATENESS, SECOND, Rows, Work

__all__ = ["BATCH", "Engine", "Maker", "arrow_columns", "arrow_table", "kedge"]

BATCH = 65536  # rows that come at a time


@dataclass(frozen=True)
class Engine:
    """An engine that has the rows in the form that it asks for.

    Attributes:
        version: of its release.
        run: windows all rows; this is what is timed.
        table: a result as columns; `start` in microseconds.
    """

    version: str
    run: Callable[[], Any]
    table: Callable[[Any], Table]


Maker = Callable[[Rows], Engine]


def arrow_table(rows: Rows) -> Any:
    """The rows as pyarrow's table, times as timestamps."""
    pa = importlib.import_module("pyarrow")
    columns = {"value": pa.array(rows.value)}
    if rows.work.keys:
        columns["time"] = pa.array(rows.time, pa.timestamp("us"))
        columns["key"] = pa.array(rows.key)
    if rows.work.has_visitors:
        columns["visitor"] = pa.array(rows.visitor)
    return pa.table(columns)


def arrow_columns(table: Any) -> Table:
    """A pyarrow table as columns, nulls as NaN."""
    return {name: table[name].to_numpy() for name in table.column_names}


def kedge(rows: Rows) -> Engine:
    """Batch after batch pushed, each result taken as it comes.

    Raises:
        MissingPeer: it is a build without windows.
    """
    kedge = importlib.import_module("kedge")
    if not hasattr(kedge, "Window"):
        raise MissingPeer("this kedge has no windows")
    pa = importlib.import_module("pyarrow")
    aggregates = {name: _aggregate(kedge, name) for name in rows.work.aggregates}
    definition = _definition(rows.work)
    batches = arrow_table(rows).to_batches(max_chunksize=BATCH)

    def run() -> Any:
        window = kedge.Window(aggregates=aggregates, **definition)
        closed = [pa.table(window.push(batch)) for batch in batches]
        closed.append(pa.table(window.finish()))
        return closed

    def table(closed: Any) -> Table:
        columns = arrow_columns(pa.concat_tables(closed))
        found = {name: columns[name] for name in rows.work.aggregates}
        if rows.work.kind == "sliding":
            return slid(rows.work.length, **found)
        start = columns["window_start"].astype("M8[us]").astype(np.int64)
        return {"start": start, "key": columns["key"], **found}

    return Engine(version("kedge"), run, table)


def _definition(work: Work) -> dict[str, Any]:
    if work.kind == "sliding":
        return {"length": work.length}
    length = {"length": f"{work.length // SECOND}s"} if work.kind == "hopping" else {}
    return {
        "time": "time",
        "key": "key",
        "every": f"{work.every // SECOND}s",
        "lateness": f"{LATENESS // SECOND}s",
        **length,
    }


def _aggregate(kedge: Any, name: str) -> Any:
    if name == "count":
        return kedge.count()
    if name == "distinct":
        return kedge.distinct("visitor")
    if name.startswith("p"):
        return kedge.quantile("value", int(name[1:]) / 100)
    return getattr(kedge, name)("value")
