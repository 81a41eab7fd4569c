"""Training sets as serving would have seen them: the features that were there at each label's time.

>>> import kedge, pyarrow as pa
>>> def at(*hours: int) -> pa.Array:
...     return pa.array([hour * 3600 for hour in hours], pa.timestamp("s"))
>>> features = pa.table({"user": ["a", "a", "b"], "ts": at(1, 5, 2), "spend": [10.0, 50.0, 20.0]})
>>> labels = pa.table({"user": ["a", "b", "a"], "ts": at(4, 1, 5), "fraud": [0, 1, 1]})
>>> kedge.as_of(features, labels, by="user", on="ts").to_pydict()["spend"]
[10.0, None, 50.0]

What a window gives is known at its end: with `features_on="window_end"` each label gets the newest
window that was closed by then.

A stream is joined with a table that changes slowly in the same way, batch by batch, on its way into
a window: each row gets what was known at its own time, so a replay over the grown table gives the
same again. The table is read anew for each batch.

    window.push(kedge.as_of(rates, batch, on="ts", by="currency"))
"""

from __future__ import annotations

from collections.abc import Sequence

from kedge import _core
from kedge._core import InvalidArgument, Table
from kedge.window.durations import DurationLike, duration_text, is_whole

__all__ = ["as_of"]


def as_of(
    features: object,
    labels: object,
    *,
    on: str,
    by: str | Sequence[str] = (),
    features_on: str | None = None,
    tolerance: DurationLike | int | None = None,
    strict: bool = False,
    match_nulls: bool = False,
    suffix: str = "",
) -> Table:
    """Each row of `labels` with the newest row of `features` that has its keys, up to its time.

    Neither table needs an order; the rows come out in the labels'. Of feature rows of one key and
    time the last one counts. Where there is none, the features' columns are null. Several feature
    tables are joined one after the other.

    Args:
        features: a table with the columns `by` and `features_on`, and what is wanted of it.
        labels: a table with the columns `by` and `on`; nothing of it is copied.
        on: a column of times or integers; times of different units are compared exactly.
        by: key columns of both tables; without any, all rows have the same key.
        features_on: the features' time, when it is not named as `on`; it comes out too.
        tolerance: features that are older are left out; a number where `on` is an integer.
        strict: only features before the label's time count, not those of that very time.
        match_nulls: a null key is a key like any other; without, it matches nothing.
        suffix: what is put behind a feature's name that the labels have too.

    Raises:
        InvalidArgument: a column is missing, or would come out twice; the text names it.
        Unsupported: the two tables' types cannot be compared, or a feature's cannot be copied.
    """
    if tolerance is not None:
        tolerance = _tolerance(tolerance)
    return _core.as_of(
        features,
        labels,
        [by] if isinstance(by, str) else list(by),
        on,
        on if features_on is None else features_on,
        tolerance,
        strict,
        match_nulls,
        suffix,
    )


def _tolerance(value: DurationLike | int) -> str | int:
    if not is_whole(value):
        return duration_text(value, "tolerance")
    if not 0 <= value < 2**64:
        raise InvalidArgument(f"tolerance = {value} is not between 0 and 2**64")
    return int(value)
