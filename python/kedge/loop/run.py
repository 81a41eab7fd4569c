"""Rows through a pipeline, epoch by epoch; `kedge.loop.ports` says what an epoch is.

A snapshot has the source's position, the state of all stages and the counters together, so that a
run that is killed and one that is not show the same. Nothing here knows what a source or sink is.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
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
        CorruptData: no snapshot can be read, or none fits how far the sinks came.
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
        """Sinks that say how far they came go first: the others follow them at the next start.

        Among them the last is one that cannot go back to where a sink before it has failed.
        """
        self._snapshots.check()
        for name, sink in sorted(
            self.pipeline.sinks.items(),
            key=lambda it: (it[1].committed() is None, not it[1].can_go_back),
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
        """Go on from the snapshot that fits; the epoch that begins."""
        chosen = self._chosen()
        if chosen is None:
            chosen = self._stored(0, {})
        else:
            self._restore(chosen)
        self._snapshots.put(chosen)
        if chosen.epoch > 0:
            self._publish(chosen.epoch, json.loads(chosen.sections["sinks"]))
        for sink in self.pipeline.sinks.values():
            sink.begin(chosen.epoch + 1)
        return chosen.epoch + 1

    def _chosen(self) -> Snapshot | None:
        """The newest snapshot that no sink is behind of; None where nothing was ever published."""
        known = {name: sink.committed() for name, sink in self.pipeline.sinks.items()}
        committed = {name: epoch for name, epoch in known.items() if epoch is not None}
        passed: list[int] = []
        for snapshot in self._snapshots.newest():
            if all(snapshot.epoch <= at for at in committed.values()):
                self._check_ahead(committed, snapshot.epoch)
                return snapshot
            passed.append(snapshot.epoch)
        if any(passed):
            # To begin at the start would drop all that the other sinks have published.
            name = min(committed, key=lambda it: committed[it])
            raise self._apart(name, committed[name], f"snapshots are of {_listed(passed)}")
        if any(committed.values()):
            name = max(committed, key=lambda it: committed[it])
            raise self._apart(name, committed[name], "there is no snapshot to go on from")
        return None

    def _check_ahead(self, committed: Mapping[str, int], epoch: int) -> None:
        """Refuse to write an epoch once more that a sink would take for the one that it has."""
        for name, at in committed.items():
            if at > epoch and not self.pipeline.sinks[name].can_go_back:
                fits = f"the newest snapshot that fits is of {epoch}"
                raise self._apart(name, at, f"{fits}, to which it cannot go back")

    def _apart(self, name: str, epoch: int, but: str) -> CorruptData:
        where = self.pipeline.sinks[name].keeps
        return CorruptData(
            f"[{name}] has epoch {epoch}, and {but}. Nothing was dropped. Either set the number of "
            f"[{name}]{where and f' ({where})'} to the epoch of a snapshot that is there: rows of "
            f"epochs between the two are then missing in [{name}], or come twice; or begin anew: "
            f'move the snapshots in "{self.pipeline.state}" and what the sinks have shown away'
        )

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


def _listed(epochs: Sequence[int]) -> str:
    return ", ".join(str(it) for it in sorted(set(epochs)))


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
