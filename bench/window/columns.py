"""The columnar engines: all rows at once, windows by the number of the second they begin in.

That number is a division on the clock, which is faster everywhere than the engine's own truncation
of times. Hopping windows are combined from panes as long as the hop: by a rolling window over a
grid of panes and keys, or where there is none by giving each pane to all of its windows.
"""

from __future__ import annotations

import importlib
from importlib.metadata import version
from typing import Any

import numpy as np

from bench.window.engine import Engine, arrow_columns, arrow_table
from bench.window.exact import Table, slid
from bench.window.works import Rows

__all__ = [
    "duckdb_hopping",
    "duckdb_reservoir",
    "duckdb_sliding",
    "duckdb_tumbling",
    "pandas_hopping",
    "pandas_sliding",
    "pandas_tumbling",
    "polars_dynamic",
    "polars_hopping",
    "polars_sliding",
    "polars_tumbling",
    "pyarrow_hopping",
    "pyarrow_tumbling",
]


def _polars_frame(rows: Rows) -> tuple[Any, Any]:
    polars = importlib.import_module("polars")
    return polars, polars.from_arrow(arrow_table(rows), rechunk=True)


def _polars_aggregates(polars: Any, rows: Rows) -> list[Any]:
    value = polars.col("value")
    known = {
        "count": polars.len(),
        "sum": value.sum(),
        "mean": value.mean(),
        "min": value.min(),
        "max": value.max(),
        "stddev": value.std(),
        "p50": value.quantile(0.5, "linear"),
        "p99": value.quantile(0.99, "linear"),
        # faster here than approx_n_unique, and exact
        "distinct": polars.col("visitor").n_unique(),
    }
    return [known[name].alias(name) for name in rows.work.aggregates]


def _polars_table(frame: Any) -> Table:
    return {name: frame[name].to_numpy() for name in frame.columns}


def polars_tumbling(rows: Rows) -> Engine:
    """The streaming engine."""
    polars, frame = _polars_frame(rows)
    every = rows.work.every
    start = (polars.col("time").to_physical() // every * every).alias("start")
    query = frame.lazy().group_by(start, "key").agg(_polars_aggregates(polars, rows))
    return Engine(polars.__version__, lambda: query.collect(engine="streaming"), _polars_table)


def polars_dynamic(rows: Rows) -> Engine:
    """`group_by_dynamic`, which asks for sorted times and leaves out windows before the first.

    Keys that are sorted too more than pay for it.
    """
    polars, frame = _polars_frame(rows)
    work = rows.work

    def run() -> Any:
        # Not lazily: the optimiser would make one sort of the two, by both columns and slow.
        ordered = frame.sort("time").sort("key", maintain_order=True)
        dynamic = ordered.group_by_dynamic(
            "time",
            every=f"{work.every}us",
            period=f"{work.length}us",
            offset=f"{work.every - work.length}us",
            group_by="key",
        )
        return dynamic.agg(_polars_aggregates(polars, rows))

    def table(frame: Any) -> Table:
        start = frame["time"].to_physical().alias("start")
        return _polars_table(frame.drop("time").with_columns(start))

    return Engine(polars.__version__, run, table)


def polars_hopping(rows: Rows) -> Engine:
    """Panes by the streaming engine, then a rolling window over the grid."""
    polars, frame = _polars_frame(rows)
    every, panes = rows.work.every, rows.work.length // rows.work.every
    col, value = polars.col, polars.col("value")
    pane = (col("time").to_physical() // every).alias("pane")
    query = (
        frame.lazy()
        .group_by(pane, "key")
        .agg(sum=value.sum(), count=polars.len().cast(polars.Int64), max=value.max())
    )

    def run() -> Any:
        found = query.collect(engine="streaming")
        low, high = found["pane"].min(), found["pane"].max()
        grid = polars.DataFrame({"pane": np.arange(low, high + panes)})
        keys = found.select(col("key").unique())
        return (
            keys.join(grid, how="cross")
            .join(found, on=["pane", "key"], how="left", maintain_order="left")
            .lazy()
            .select(
                ((col("pane") - (panes - 1)) * every).alias("start"),
                "key",
                sum=col("sum").fill_null(0).rolling_sum(panes, min_samples=1).over("key"),
                count=col("count").fill_null(0).rolling_sum(panes, min_samples=1).over("key"),
                max=col("max").rolling_max(panes, min_samples=1).over("key"),
            )
            .filter(col("count") > 0)
            .select("start", "key", "max", mean=col("sum") / col("count"))
            .collect()
        )

    return Engine(polars.__version__, run, _polars_table)


def polars_sliding(rows: Rows) -> Engine:
    """`rolling_mean` and its like; twice as fast when they need not be full."""
    polars, frame = _polars_frame(rows)
    value, length = polars.col("value"), rows.work.length
    query = frame.lazy().select(
        mean=value.rolling_mean(length, min_samples=1),
        max=value.rolling_max(length, min_samples=1),
        stddev=value.rolling_std(length, min_samples=1),
    )
    return Engine(
        polars.__version__, query.collect, lambda frame: slid(length, **_polars_table(frame))
    )


def _duckdb(rows: Rows, query: str) -> Engine:
    """A query of a table of its own, in memory, which is faster than one of Arrow's."""
    duckdb = importlib.import_module("duckdb")
    table = arrow_table(rows)
    connection = duckdb.connect(config={"threads": 1, "preserve_insertion_order": False})
    connection.register("given", table)
    connection.execute("CREATE TABLE stream AS SELECT * FROM given")
    connection.unregister("given")
    return Engine(duckdb.__version__, lambda: connection.sql(query).to_arrow_table(), arrow_columns)


def _duckdb_grouped(rows: Rows, quantile: str) -> Engine:
    known = {
        "count": "count(*)",
        "sum": "sum(value)",
        "mean": "avg(value)",
        "min": "min(value)",
        "max": "max(value)",
        "stddev": "stddev_samp(value)",
        "distinct": "approx_count_distinct(visitor)",
    }
    names = [name for name in rows.work.aggregates if name in known]
    listed = [f'{known[name]} AS "{name}"' for name in names]
    outer = ["start", "key", *(f'"{name}"' for name in names)]
    if rows.work.has_visitors:
        listed.append(f"{quantile}(value, [0.5, 0.99]) AS shares")
        outer += ["shares[1] AS p50", "shares[2] AS p99"]
    every = rows.work.every
    return _duckdb(
        rows,
        f"SELECT {', '.join(outer)} FROM (SELECT epoch_us(time) // {every} * {every} AS start, "
        f"key, {', '.join(listed)} FROM stream GROUP BY ALL)",
    )


def duckdb_tumbling(rows: Rows) -> Engine:
    """GROUP BY."""
    return _duckdb_grouped(rows, "approx_quantile")


def duckdb_reservoir(rows: Rows) -> Engine:
    """GROUP BY, quantiles of a sample."""
    return _duckdb_grouped(rows, "reservoir_quantile")


def duckdb_hopping(rows: Rows) -> Engine:
    """Panes by GROUP BY, then a window over the grid."""
    every, panes = rows.work.every, rows.work.length // rows.work.every
    return _duckdb(
        rows,
        f"""
        WITH panes AS MATERIALIZED (
            SELECT epoch_us(time) // {every} AS pane, key,
                sum(value) AS total, count(*) AS number, max(value) AS largest
            FROM stream GROUP BY ALL),
        grid AS (
            SELECT place, keys.key, total, number, largest
            FROM (SELECT unnest(range(min(pane), max(pane) + {panes})) AS place FROM panes)
            CROSS JOIN (SELECT DISTINCT key FROM panes) AS keys
            LEFT JOIN panes ON panes.pane = place AND panes.key = keys.key),
        slid AS (
            SELECT (place - {panes - 1}) * {every} AS start, key, sum(total) OVER recent AS total,
                sum(number) OVER recent AS number, max(largest) OVER recent AS max
            FROM grid WINDOW recent AS (
                PARTITION BY key ORDER BY place ROWS BETWEEN {panes - 1} PRECEDING AND CURRENT ROW))
        SELECT start, key, total / number AS mean, max FROM slid WHERE number > 0
        """,
    )


def duckdb_sliding(rows: Rows) -> Engine:
    """A window in the order of the rows."""
    length = rows.work.length
    engine = _duckdb(
        rows,
        "SELECT avg(value) OVER recent AS mean, max(value) OVER recent AS max, "
        "stddev_samp(value) OVER recent AS stddev FROM stream "
        f"WINDOW recent AS (ROWS BETWEEN {length - 1} PRECEDING AND CURRENT ROW)",
    )
    return Engine(engine.version, engine.run, lambda result: slid(length, **engine.table(result)))


def _pyarrow(rows: Rows) -> tuple[Any, Any, Any]:
    pa = importlib.import_module("pyarrow")
    pa.set_cpu_count(1)
    return pa, importlib.import_module("pyarrow.compute"), arrow_table(rows)


def pyarrow_tumbling(rows: Rows) -> Engine:
    """`Table.group_by`."""
    pa, compute, table = _pyarrow(rows)
    every = rows.work.every
    shares = compute.TDigestOptions(q=[0.5, 0.99])
    spread = compute.VarianceOptions(ddof=1)
    if rows.work.has_visitors:
        asked = [("value", "tdigest", shares), ("visitor", "count_distinct")]
    else:
        asked = [("value", name) for name in ("count", "sum", "mean", "min", "max")]
        asked.append(("value", "stddev", spread))

    def run() -> Any:
        start = compute.multiply(compute.divide(table["time"].cast(pa.int64()), every), every)
        grouped = table.append_column("start", start).group_by(["start", "key"], use_threads=False)
        return grouped.aggregate(asked)

    def columns(result: Any) -> Table:
        found = {"distinct": "visitor_count_distinct"}
        names = {name: found.get(name, f"value_{name}") for name in rows.work.aggregates}
        if rows.work.has_visitors:
            pairs = result["value_tdigest"].combine_chunks().flatten().to_numpy().reshape(-1, 2)
            plain = {"p50": pairs[:, 0], "p99": pairs[:, 1]}
            names = {"distinct": names["distinct"]}
        else:
            plain = {}
        names = {"start": "start", "key": "key", **names}
        return {**plain, **{name: result[of].to_numpy() for name, of in names.items()}}

    return Engine(version("pyarrow"), run, columns)


def pyarrow_hopping(rows: Rows) -> Engine:
    """Panes by `Table.group_by`, each given to its windows, and `group_by` again."""
    pa, compute, table = _pyarrow(rows)
    every, panes = rows.work.every, rows.work.length // rows.work.every

    def run() -> Any:
        pane = compute.divide(table["time"].cast(pa.int64()), every)
        found = (
            table.append_column("pane", pane)
            .group_by(["pane", "key"], use_threads=False)
            .aggregate([("value", "sum"), ("value", "count"), ("value", "max")])
        )
        count = found.num_rows
        start = np.repeat(found["pane"].to_numpy(), panes) - np.tile(np.arange(panes), count)
        spread = found.take(np.repeat(np.arange(count), panes))
        merged = (
            spread.append_column("start", pa.array(start * every))
            .group_by(["start", "key"], use_threads=False)
            .aggregate([("value_sum", "sum"), ("value_count", "sum"), ("value_max", "max")])
        )
        mean = compute.divide(merged["value_sum_sum"], merged["value_count_sum"])
        return merged.append_column("mean", mean)

    def columns(result: Any) -> Table:
        names = {"start": "start", "key": "key", "mean": "mean", "max": "value_max_max"}
        return {name: result[of].to_numpy() for name, of in names.items()}

    return Engine(version("pyarrow"), run, columns)


def _pandas_frame(rows: Rows) -> tuple[Any, Any]:
    pandas = importlib.import_module("pandas")
    columns: dict[str, Any] = {"value": rows.value}
    if rows.work.keys:
        columns.update(time=rows.time.view("M8[us]"), key=rows.key)
    if rows.work.has_visitors:
        columns["visitor"] = rows.visitor
    return pandas, pandas.DataFrame(columns)


def pandas_tumbling(rows: Rows) -> Engine:
    """`DataFrame.groupby`."""
    pandas, frame = _pandas_frame(rows)
    every = rows.work.every

    def run() -> Any:
        start = frame["time"].to_numpy().view(np.int64) // every * every
        groups = frame.groupby([start, "key"], sort=False)
        values = groups["value"]
        if not rows.work.has_visitors:
            return values.agg(["count", "sum", "mean", "min", "max", "std"])
        shares = values.quantile([0.5, 0.99]).unstack()
        return shares.assign(distinct=groups["visitor"].nunique())

    def table(result: Any) -> Table:
        starts, keys = (result.index.get_level_values(level).to_numpy() for level in (0, 1))
        columns = {
            name: result[of].to_numpy()
            for name, of in zip(rows.work.aggregates, result, strict=True)
        }
        return {"start": starts, "key": keys, **columns}

    return Engine(pandas.__version__, run, table)


def pandas_hopping(rows: Rows) -> Engine:
    """Panes by `groupby`, then a rolling window over the grid."""
    pandas, frame = _pandas_frame(rows)
    every, panes = rows.work.every, rows.work.length // rows.work.every

    def run() -> Any:
        pane = frame["time"].to_numpy().view(np.int64) // every
        groups = frame.groupby([pane, "key"], sort=False)["value"]
        found = groups.agg(["sum", "count", "max"]).unstack()
        grid = found.reindex(np.arange(found.index.min(), found.index.max() + panes))
        sums = grid[["sum", "count"]].rolling(panes, min_periods=1).sum()
        largest = grid["max"].rolling(panes, min_periods=1).max()
        mean = sums["sum"] / sums["count"]
        return pandas.DataFrame({"mean": mean.stack(), "max": largest.stack()}).dropna()

    def table(result: Any) -> Table:
        place, keys = (result.index.get_level_values(level).to_numpy() for level in (0, 1))
        columns = {name: result[name].to_numpy() for name in ("mean", "max")}
        return {"start": (place - panes + 1) * every, "key": keys, **columns}

    return Engine(pandas.__version__, run, table)


def pandas_sliding(rows: Rows) -> Engine:
    """`Series.rolling`."""
    pandas, frame = _pandas_frame(rows)
    length = rows.work.length
    recent = frame["value"].rolling(length)
    return Engine(
        pandas.__version__,
        lambda: {"mean": recent.mean(), "max": recent.max(), "stddev": recent.std()},
        lambda result: slid(length, **{name: result[name].to_numpy() for name in result}),
    )
