"""Profiles of Dask DataFrames: each partition counts where it lies, and only counts travel."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from kedge._core import InvalidArgument, Profile, Unsupported

try:
    import dask.dataframe
    import pandas
    import pyarrow as pa
except ImportError as error:
    raise Unsupported(f'kedge.io.dask: {error}; pip install "kedge[dask]"') from error

from kedge.io.partitions import Options, Step, chosen, profile_of

# Results of so many tasks are merged by one, level by level.
_FAN_IN = 16


def profile(
    ddf: dask.dataframe.DataFrame,
    *,
    like: Profile | None = None,
    cells: int = 4096,
    columns: Sequence[str] | None = None,
    categorical: Sequence[str] = (),
    max_categories: int = 10_000,
    cuts: Mapping[str, Iterable[float]] | None = None,
    slices: Sequence[str] = (),
) -> Profile:
    """Profile a Dask DataFrame: over the cells of `like`, in one pass, or its own, in two or three.

    As `kedge.io.spark.profile`, whose text says what is exact and what comes from a sample. The
    index is not profiled; columns of objects must hold strings. `ddf` is computed once for each
    pass, by the scheduler that is set.

    Raises:
        Unsupported: a column has a type that cannot be profiled, or not as in `like`.
        InvalidArgument: as of `kedge.profile`, `like` has a column that `ddf` lacks, or a
            partition holds values that are not of its column's type.
    """
    options = Options(cells, columns, categorical, max_categories, cuts, slices)
    chosen_columns = ddf[chosen(list(ddf.columns), like, options)]
    # From an example of each type, because a partition without a value has no types of its own.
    meta = dask.dataframe.utils.meta_nonempty(chosen_columns._meta)
    for name in meta.columns[meta.dtypes == object]:
        meta[name] = "text"
    schema = pa.Schema.from_pandas(meta, preserve_index=False)

    def run(step: Step) -> bytes:
        count = dask.delayed(_count, pure=False)
        merge = dask.delayed(step.merged, pure=False)
        results = [count(step, part, schema) for part in chosen_columns.to_delayed()]
        while len(results) > 1:
            groups = range(0, len(results), _FAN_IN)
            results = [merge(results[start : start + _FAN_IN]) for start in groups]
        return step.merged(dask.compute(*results))

    return profile_of(run, like, options)


def _count(step: Step, part: pandas.DataFrame, schema: pa.Schema) -> bytes:
    return step.of(_tables(part, schema))


def _tables(part: pandas.DataFrame, schema: pa.Schema) -> Iterable[pa.Table]:
    try:
        yield pa.Table.from_pandas(part, schema=schema, preserve_index=False)
    except pa.ArrowException as error:
        raise InvalidArgument(f"a partition is not as its meta says: {error}") from error
