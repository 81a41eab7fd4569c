"""Profiles and windows of Spark DataFrames.

A profile: each partition counts where it lies, and only counts travel. Windows: each partition has
all rows of its keys (`spark_windows`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from kedge._core import Profile, Unsupported

try:
    import pyarrow as pa
    from pyspark.sql import DataFrame
except ImportError as error:
    raise Unsupported(f'kedge.io.spark: {error}; pip install "kedge[spark]"') from error

from kedge.io.partitions import Options, Step, chosen, profile_of
from kedge.io.spark_windows import late_rows, windows

__all__ = ["late_rows", "profile", "windows"]

# Results go through so many tasks that merge them, so that the driver receives no more.
_MERGERS = 8


def profile(
    df: DataFrame,
    *,
    like: Profile | None = None,
    cells: int = 4096,
    columns: Sequence[str] | None = None,
    categorical: Sequence[str] = (),
    max_categories: int = 10_000,
    cuts: Mapping[str, Iterable[float]] | None = None,
    slices: Sequence[str] = (),
) -> Profile:
    """Profile a DataFrame: over the cells of `like`, in one pass, or its own, in two or three.

    The options are those of `kedge.profile`, and the other options are not used with `like`.

    - **exact**: every count. They are those of one machine that counts all rows, whatever the
      number of partitions and their order, to the last byte.
    - **of all rows**: the range of each column of numbers, the longest text, and the list of names
      while there are at most `max_categories` of them.
    - **of a sample**: where the cells lie within that range, which names are the most frequent when
      there are more, and what is text. The sample has the 32 768 different rows with the smallest
      hashes of their values, each with the number of times it came; a table with no more rows than
      that has the profile `kedge.profile` gives. Rows that come often, one of 4096 or more, are
      counted in a pass between and are there with their share.

    `df` is computed once for each pass, so a costly one is better cached, and one that is random is
    only counted right when it is. The executors need kedge. A timestamp has the time zone of
    `spark.sql.session.timeZone`, which must be that of the profile it is compared with.

    Raises:
        Unsupported: a column has a type that cannot be profiled, or not as in `like`.
        InvalidArgument: as of `kedge.profile`, or `like` has a column that `df` lacks.
    """
    options = Options(cells, columns, categorical, max_categories, cuts, slices)
    names = [name.replace("`", "``") for name in chosen(df.columns, like, options)]
    rows = df.select(*[f"`{name}`" for name in names])

    def run(step: Step) -> bytes:
        results = rows.mapInArrow(_each(step.of), "result binary")
        together = results.repartition(_MERGERS).mapInArrow(_each(_merging(step)), "result binary")
        return step.merged(bytes(row.result) for row in together.collect())

    return profile_of(run, like, options)


def _each(
    work: Callable[[Iterator[pa.RecordBatch]], bytes],
) -> Callable[[Iterator[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    def rows(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        yield pa.record_batch({"result": pa.array([work(batches)], pa.binary())})

    return rows


def _merging(step: Step) -> Callable[[Iterator[pa.RecordBatch]], bytes]:
    return lambda batches: step.merged(
        result.as_py() for batch in batches for result in batch.column(0)
    )
