"""Rows through a pipeline, epoch by epoch; `kedge.loop.ports` says what an epoch is.

A snapshot has the source's position, the state of all stages and the counters together, so that a
run that is killed and one that is not show the same. Nothing here knows what a source or sink is.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass

import pyarrow as pa

from kedge._core import CorruptData, InvalidArgument
from kedge.loop.pipeline import Pipeline
from kedge.loop.ports import Batch, Rejected, Store
from kedge.loop.snapshots import Snapshot, Snapshots

__all__ = ["Counts", "Run"]


@dataclass
class Counts:
    """Since the pipeline first began, over all its runs.

    Attributes:
        rows: that were read.
        late: rows that no window took.
        rejected: records that could not be read.
        alarms: of the monitor.
        written: rows for the main sink.
    """

    rows: int = 0
    late: int = 0
    rejected: int = 0
    alarms: int = 0
    written: int = 0


class Run:
    """A pipeline that runs, from its last snapshot on.

    Args:
        pipeline: what to run; its stages are used up.
        store: where the snapshots are.
        log: told what people may want to know.
        clock: seconds, for snapshots by time.

    Raises:
        InvalidArgument: another process runs it, or the snapshot is of another pipeline.
        CorruptData: no snapshot can be read.
    """

    def __init__(
        self,
        pipeline: Pipeline,
        store: Store,
        log: Callable[[str], None] = lambda text: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.pipeline = pipeline
        self.counts = Counts()
        self._clock = clock
        self._snapshots = Snapshots(store, pipeline.keep, log)
        self._rows = 0
        self._has_news = False
        try:
            self.epoch = self._resume()
        except BaseException:
            self.close()
            raise
        pipeline.source.before_handover = self.snapshot
        pipeline.source.log = log
        self._due = clock() + pipeline.snapshot_seconds

    def step(self, wait: float = 0.2) -> bool:
        """Take one batch to the sinks, and a snapshot when one is due; False at the end."""
        batch = self.pipeline.source.read(self.pipeline.batch_rows, wait)
        if batch is None:
            return False
        self._take(batch)
        if self._is_due():
            self.snapshot()
        return True

    def finish(self) -> None:
        """The input has ended: close windows, if that is wanted, and take a snapshot."""
        if self.pipeline.closes:
            carried: pa.Table | None = None
            for stage in self.pipeline.stages:
                with self.pipeline.placing(stage):
                    parts = [stage.push(carried, 0)] if carried is not None else []
                    last = stage.finish()
                parts += [] if last is None else [last]
                carried = pa.concat_tables(parts) if parts else None
                self._take_aside()
            self._write("sink", carried)
        self.snapshot()

    def snapshot(self) -> None:
        """End the epoch: what was written becomes visible, and stays. Nothing without news.

        Raises:
            Fenced: another process has taken over.
            OSError: the disk is full or broken; the last snapshot is as it was.
        """
        self._due = self._clock() + self.pipeline.snapshot_seconds
        if not self._has_news:
            return
        sinks = self.pipeline.sinks
        notes = {name: sink.prepare(self.epoch) for name, sink in sinks.items()}
        stored = self._stored(self.epoch, notes)
        self._snapshots.put(stored)
        self._publish(self.epoch, notes)
        self.pipeline.source.commit(stored.sections["source"].decode())
        self.epoch += 1
        for sink in sinks.values():
            sink.begin(self.epoch)
        self._rows, self._has_news = 0, False

    def close(self) -> None:
        """Let go of everything; what is after the last snapshot was never there."""
        for sink in self.pipeline.sinks.values():
            sink.close()
        self.pipeline.source.close()
        self._snapshots.close()

    def _take(self, batch: Batch) -> None:
        if batch.rejected:
            self._write("rejected", _rejected_table(batch))
        rows = None if batch.rows is None else pa.table(batch.rows)
        self._has_news |= bool(batch.rejected) or rows is not None
        if rows is None or rows.num_rows == 0:
            return
        self.counts.rows += rows.num_rows
        self._rows += rows.num_rows
        for stage in self.pipeline.stages:
            with self.pipeline.placing(stage):
                rows = stage.push(rows, batch.partition)
            if rows.num_rows == 0:
                break
        self._take_aside()
        self._write("sink", rows)

    def _take_aside(self) -> None:
        for stage in self.pipeline.stages:
            for sink, rows in stage.take_aside():
                self._write(sink, rows)

    def _write(self, sink: str, rows: pa.Table | None) -> None:
        if rows is None or rows.num_rows == 0:
            return
        self._has_news = True
        counter = "written" if sink == "sink" else sink
        setattr(self.counts, counter, getattr(self.counts, counter) + rows.num_rows)
        self.pipeline.sinks[sink].write(rows)

    def _is_due(self) -> bool:
        most = self.pipeline.snapshot_rows
        return (0 < most <= self._rows) or self._clock() >= self._due

    def _publish(self, epoch: int, notes: Mapping[str, str]) -> None:
        """Sinks that say how far they came go first: the others follow them at the next start."""
        self._snapshots.check()
        for name, sink in sorted(
            self.pipeline.sinks.items(), key=lambda it: it[1].committed() is None
        ):
            sink.publish(epoch, notes.get(name, ""))

    def _stored(self, epoch: int, notes: Mapping[str, str]) -> Snapshot:
        sections = {
            "pipeline": self.pipeline.definition,
            "source": self.pipeline.source.position().encode(),
            "counts": json.dumps(asdict(self.counts)).encode(),
            "sinks": json.dumps(notes).encode(),
        }
        for stage in self.pipeline.stages:
            for part, content in stage.snapshot().items():
                sections[f"{stage.name}/{part}"] = content
        return Snapshot(epoch, sections)

    def _resume(self) -> int:
        """Go on from the newest snapshot that no sink is behind of; the epoch that begins."""
        known = [it.committed() for it in self.pipeline.sinks.values()]
        committed = [epoch for epoch in known if epoch is not None]
        chosen = next(
            (it for it in self._snapshots.newest() if all(it.epoch <= at for at in committed)), None
        )
        if chosen is None:
            if any(committed):
                raise CorruptData(
                    f"a sink has epoch {max(committed)}, and there is no snapshot to go on from"
                )
            chosen = self._stored(0, {})
        else:
            self._restore(chosen)
        self._snapshots.put(chosen)
        if chosen.epoch > 0:
            self._publish(chosen.epoch, json.loads(chosen.sections["sinks"]))
        for sink in self.pipeline.sinks.values():
            sink.begin(chosen.epoch + 1)
        return chosen.epoch + 1

    def _restore(self, snapshot: Snapshot) -> None:
        sections = snapshot.sections
        if sections["pipeline"] != self.pipeline.definition:
            raise InvalidArgument(
                f"the snapshot has stages {sections['pipeline'].decode()}, the pipeline "
                f"{self.pipeline.definition.decode()}: another pipeline wants another state"
            )
        self.counts = Counts(**json.loads(sections["counts"]))
        for stage in self.pipeline.stages:
            prefix = f"{stage.name}/"
            stage.restore(
                {
                    name.removeprefix(prefix): content
                    for name, content in sections.items()
                    if name.startswith(prefix)
                }
            )
        self.pipeline.source.seek(sections["source"].decode())


def _rejected_table(batch: Batch) -> pa.Table:
    rejected: list[Rejected] = list(batch.rejected)
    return pa.table(
        {
            "origin": pa.array([it.origin for it in rejected], pa.string()),
            "partition": pa.array([batch.partition] * len(rejected), pa.int32()),
            "offset": pa.array([it.offset for it in rejected], pa.int64()),
            "reason": pa.array([it.reason for it in rejected], pa.string()),
            "value": pa.array([it.value for it in rejected], pa.binary()),
        }
    )
