"""`kedge run --check`: the pipeline over a sample, with nothing written."""

from __future__ import annotations

import pyarrow as pa

from kedge.cli.answer import FAIL, NOT_YET, PASS, Answer, note, to_json
from kedge.loop import Pipeline
from kedge.loop.ports import Rejected

__all__ = ["check"]

_WAIT = 2.0  # seconds in which a source that is remote has something, or nothing


def check(pipeline: Pipeline, rows: int, as_json: bool) -> Answer:
    """0: all rows of the sample fit; 1: some could not be read; 2: there were none.

    Raises:
        KedgeError: a stage does not take the rows: a column is missing or of another type.
    """
    pipeline.source.log = note
    seen = 0
    rejected: list[Rejected] = []
    out: pa.Schema | None = None
    while seen < rows:
        batch = pipeline.source.read(min(rows - seen, pipeline.batch_rows), _WAIT)
        if batch is None or (batch.rows is None and not batch.rejected):
            break
        rejected += batch.rejected
        if batch.rows is not None:
            carried = pa.table(batch.rows)
            seen += carried.num_rows
            out = _pushed(pipeline, carried, batch.partition)
    if seen:
        out = _finished(pipeline) or out
    pipeline.source.close()
    code = NOT_YET if seen + len(rejected) == 0 else FAIL if rejected else PASS
    columns = {} if out is None else {field.name: str(field.type) for field in out}
    if as_json:
        reasons = [it.reason for it in rejected[:10]]
        found = {"rows": seen, "rejected": len(rejected), "reasons": reasons, "columns": columns}
        return Answer(code, to_json(found))
    lines = [f"{seen:,} rows, {len(rejected):,} rejected"]
    lines += [f"  {it.origin}:{it.offset}: {it.reason}" for it in rejected[:10]]
    lines += [f"  {name}: {type}" for name, type in columns.items()]
    return Answer(code, "\n".join(lines))


def _pushed(pipeline: Pipeline, rows: pa.Table, partition: int) -> pa.Schema:
    for stage in pipeline.stages:
        with pipeline.placing(stage):
            rows = stage.push(rows, partition)
    return rows.schema


def _finished(pipeline: Pipeline) -> pa.Schema | None:
    """What the windows of the sample come to, scored and watched."""
    carried: pa.Table | None = None
    for stage in pipeline.stages:
        with pipeline.placing(stage):
            parts = [stage.push(carried, 0)] if carried is not None else []
            last = stage.finish()
        parts += [] if last is None else [last]
        carried = pa.concat_tables(parts) if parts else None
    return None if carried is None else carried.schema
