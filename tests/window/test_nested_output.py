"""Lists and bytes that windows give out: others read them through the C stream, let go of once."""

from __future__ import annotations

import gc
import weakref
from typing import Any

import duckdb
import polars as pl
import pyarrow as pa
import pytest

import kedge

BATCH = pa.table({"k": ["a", "b", "a", "c"], "v": [0.5, 11.0, 3.0, None]})
CELLS = [[0, 2, 0], [0, 0, 1], [0, 0, 0]]


def closed() -> Any:
    window = kedge.Window(key="k", aggregates={"cells": kedge.histogram("v", bounds=[0, 10])})
    window.push(BATCH)
    return window.finish()


def test_lists_come_to_pyarrow_polars_and_duckdb() -> None:
    table = pa.table(closed())
    table.validate(full=True)
    assert table["cells"].type == pa.list_(pa.field("item", pa.uint64(), nullable=False))
    assert table["cells"].to_pylist() == CELLS
    assert pl.DataFrame(closed())["cells"].to_list() == CELLS
    connection = duckdb.connect().register("stream", pa.RecordBatchReader.from_stream(closed()))
    given = connection.sql("select cells from stream").fetchall()
    assert given == [(cells,) for cells in CELLS]
    assert closed().to_pydict()["cells"] == CELLS


def test_children_live_as_long_as_anyone_holds_them() -> None:
    table = pa.table(closed())
    inner = table["cells"].chunk(0).values
    del table
    gc.collect()
    assert inner.to_pylist() == [count for cells in CELLS for count in cells]
    batch = pa.table(closed()).to_batches()[0]
    held = weakref.ref(batch)
    column = batch.column("cells").slice(1)
    del batch
    gc.collect()
    assert held() is None
    assert column.to_pylist() == CELLS[1:]


def test_a_stream_is_given_out_as_often_as_it_is_asked_for() -> None:
    table = closed()
    for _ in range(3):
        reader = pa.RecordBatchReader.from_stream(table)
        assert reader.read_all()["cells"].to_pylist() == CELLS
    pa.RecordBatchReader.from_stream(table)  # never read
    del table, reader
    gc.collect()


def test_what_takes_no_nested_columns_says_so() -> None:
    for table in (closed(), pa.table(closed())):
        with pytest.raises(kedge.Unsupported, match=r'"cells": type list is not supported'):
            kedge.Window(aggregates={"n": kedge.count("cells")}).push(table)
        with pytest.raises(kedge.Unsupported, match=r"cells.*list"):
            kedge.profile(table)
    with pytest.raises(kedge.Unsupported, match=r'"cells": type list<uint64>.*Arrow stream'):
        closed().to_ipc()
