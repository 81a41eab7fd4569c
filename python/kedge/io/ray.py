"""Profiles of Ray datasets: each block counts where it lies, and only counts travel."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from kedge._core import Profile, Unsupported

try:
    import pyarrow as pa
    from ray.data import Dataset
except ImportError as error:
    raise Unsupported(f'kedge.io.ray: {error}; pip install "kedge[ray]"') from error

from kedge.io.partitions import Options, Step, chosen, profile_of


def profile(
    dataset: Dataset,
    *,
    like: Profile | None = None,
    cells: int = 4096,
    columns: Sequence[str] | None = None,
    categorical: Sequence[str] = (),
    max_categories: int = 10_000,
    cuts: Mapping[str, Iterable[float]] | None = None,
    slices: Sequence[str] = (),
) -> Profile:
    """Profile a Ray dataset: over the cells of `like`, in one pass, or its own, in two or three.

    As `kedge.io.spark.profile`, whose text says what is exact and what comes from a sample.
    `dataset` is executed once for each pass; `dataset.materialize()` computes it once.

    Raises:
        Unsupported: a column has a type that cannot be profiled, or not as in `like`.
        InvalidArgument: as of `kedge.profile`, or `like` has a column that `dataset` lacks.
    """
    options = Options(cells, columns, categorical, max_categories, cuts, slices)
    names = dataset.columns() or []
    rows = dataset.select_columns(chosen(names, like, options)) if names else dataset

    def run(step: Step) -> bytes:
        def count(block: pa.Table) -> pa.Table:
            return pa.table({"result": pa.array([step.of([block])], pa.large_binary())})

        results = rows.map_batches(count, batch_size=None, batch_format="pyarrow")
        return step.merged(_each(results))

    return profile_of(run, like, options)


def _each(results: Dataset) -> Iterator[bytes]:
    for batch in results.iter_batches(batch_size=None, batch_format="pyarrow"):
        yield from batch.column("result").to_pylist()
