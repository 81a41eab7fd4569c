"""Streams: a source, stages and sinks that run as one, with an effect that is exactly once."""

from kedge.loop.pipeline import Pipeline
from kedge.loop.run import Counts, Run
from kedge.loop.snapshots import Fenced, Snapshot, Snapshots

__all__ = ["Counts", "Fenced", "Pipeline", "Run", "Snapshot", "Snapshots"]
