"""A pipeline as a file of TOML says it: one source, stages, sinks.

    [pipeline]
    state = "state"                # a folder for snapshots, seen from this file, as all paths are
    snapshot_every = "10s"         # and snapshot_rows = 1000000, whichever comes first
    keep = 3                       # snapshots
    batch_rows = 65536             # at most on the way
    at_end = "close"               # or "keep" what windows are open for a later run

    [source]
    kind = "files"                 # or "module:Class" of a connector of yours
    path = "events/*.ndjson"

    [select]
    where = "amount > 0"
    columns = { total = "amount * rate" }

    [window]                       # see kedge.window.toml

    [monitor]
    reference = "train.profile"
    on = "windows"                 # or "rows", before the window
    rows = 4096                    # of each update

    [score]
    model = "churn.kedge"
    output = "score"

    [sink]
    kind = "parquet"
    path = "out"

`[late]` (rows that no window took), `[rejected]` (records that could not be read) and `[alarms]`
are sinks too; without them these rows go to files in folders of the same names beside the
snapshots. Stages that are not there are left out.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from kedge._core import InvalidArgument, KedgeError, Profile
from kedge.drift import Monitor
from kedge.loop.options import Document, Table
from kedge.loop.ports import Connectors, Sink, Source
from kedge.loop.stages import MonitorStage, ScoreStage, SelectStage, Stage, WindowStage
from kedge.model import load
from kedge.toml.places import line_of
from kedge.toml.text import path_text
from kedge.window import Window
from kedge.window.toml import read_part

__all__ = ["ASIDE", "Pipeline"]

ASIDE = {"late": "parquet", "rejected": "parquet", "alarms": "ndjson"}
"""The sinks beside the main one, and what each is when the file does not say."""

_TABLES = ("pipeline", "source", "select", "window", "monitor", "score", "sink", *ASIDE)
_Made = TypeVar("_Made")


@dataclass
class Pipeline:
    """What a file describes, ready to run.

    Attributes:
        name: of the file, for people.
        state: the folder of snapshots.
        source: where rows come from.
        stages: what happens to them, in order.
        sinks: where they go: "sink" and each of `ASIDE`.
        kinds: what source and sinks are, for people.
        snapshot_seconds: a snapshot is taken when so much time has passed,
        snapshot_rows: or when there were so many rows; 0: never for that.
        keep: how many snapshots are kept.
        batch_rows: how many rows are read at once, at most.
        closes: whether windows are closed at the end of the input.
        document: the file.
    """

    name: str
    state: str
    source: Source
    stages: list[Stage]
    sinks: dict[str, Sink]
    kinds: dict[str, str]
    snapshot_seconds: float
    snapshot_rows: int
    keep: int
    batch_rows: int
    closes: bool
    document: Document

    @classmethod
    def read(cls, path: str | os.PathLike[str], connectors: Connectors) -> Pipeline:
        """The pipeline of a file.

        Raises:
            InvalidArgument: with file, line, key, value and what is allowed.
        """
        return _Reader(Document.open(path), connectors).read()

    @property
    def definition(self) -> bytes:
        """What of it state depends on: with another one, a snapshot is refused."""
        return json.dumps([stage.name for stage in self.stages]).encode()

    @contextmanager
    def placing(self, stage: Stage) -> Iterator[None]:
        """What a stage refuses in here gets the place of the key that led to it."""
        try:
            yield
        except KedgeError as error:
            raise type(error)(str(self.document.placed(stage.name, str(error)))) from error

    def window(self) -> WindowStage | None:
        """The window among the stages."""
        return next((stage for stage in self.stages if isinstance(stage, WindowStage)), None)

    def describe(self) -> list[dict[str, str]]:
        """Source, stages and sinks in order: name, what it does, state and memory."""
        batch = f"one batch of up to {self.batch_rows} rows"
        source = {"name": "source", "does": self.kinds["source"], "state": "its position"}
        rows = [{**source, "memory": batch}]
        rows += [{"name": stage.name, **stage.describe()} for stage in self.stages]
        for name, sink in self.sinks.items():
            held = {"state": "the epoch", "memory": sink.holds}
            rows.append({"name": name, "does": self.kinds[name], **held})
        return rows


class _Reader:
    def __init__(self, document: Document, connectors: Connectors) -> None:
        self._document, self._connectors = document, connectors
        self._kinds: dict[str, str] = {}

    def read(self) -> Pipeline:
        document = self._document
        document.check_names(_TABLES)
        run = document.table("pipeline")
        state = run.path("state")
        try:
            self._connectors.store(state)
        except (KedgeError, OSError) as error:
            raise run.error("state", str(error)) from None
        ends = run.text("at_end", "close")
        if ends not in ("close", "keep"):
            raise run.error("at_end", 'expected "close" or "keep"')
        settings: dict[str, Any] = {
            "snapshot_seconds": run.seconds("snapshot_every", "10s"),
            "snapshot_rows": run.whole("snapshot_rows", 0, least=0),
            "keep": run.whole("keep", 3, least=2),
            "batch_rows": run.whole("batch_rows", 65536),
            "closes": ends == "close",
        }
        run.finish()
        source = self._connector("source", "", {}, self._connectors.source)
        stages, sinks = self._stages(source), self._sinks(state)
        self._check_apart(source, sinks, state)
        return Pipeline(
            name=Path(document.file).stem,
            state=state,
            source=source,
            stages=stages,
            sinks=sinks,
            kinds=self._kinds,
            document=document,
            **settings,
        )

    def _stages(self, source: Source) -> list[Stage]:
        root = self._document.root
        stages: list[Stage] = []
        if "select" in root:
            stages.append(self._made("select", _select))
        if "window" in root:
            stages.append(WindowStage(self._window(source.partitions)))
            if source.moves:
                raise self._document.error(
                    ("window",), "[window]: a source that shares its partitions cannot have one"
                )
        if "monitor" in root:
            monitor, where = self._made("monitor", _monitor)
            has_window = isinstance(stages[-1] if stages else None, WindowStage)
            stages.insert(len(stages) - (has_window and where == "rows"), monitor)
        if "score" in root:
            stages.append(self._made("score", _score))
        return stages

    def _window(self, partitions: int) -> Window:
        def make(**arguments: Any) -> Window:
            return Window(**{"partitions": partitions, **arguments})

        return read_part(self._document, make)

    def _sinks(self, state: str) -> dict[str, Sink]:
        sinks = {"sink": self._connector("sink", "", {}, self._connectors.sink)}
        for name, kind in ASIDE.items():
            default = {"path": str(Path(state).absolute() / name)}
            sinks[name] = self._connector(name, kind, default, self._connectors.sink)
        return sinks

    def _check_apart(self, source: Source, sinks: Mapping[str, Sink], state: str) -> None:
        """Refuse a folder in which one would read, drop or replace what is another's."""
        held: dict[Path, str] = {}
        for name, sink in sinks.items():
            if not sink.makes:
                continue
            makes = Path(sink.makes).resolve()
            if makes.parent == Path(state).resolve():
                raise self._wrong(name, f"this is the folder of {self._line('pipeline')}")
            if source.takes(sink.makes):
                raise self._wrong("source", f"this takes what [{name}] writes: {self._line(name)}")
            if makes in held:
                pair = (name, held[makes])
                told, other = pair if name in self._document.root else pair[::-1]
                raise self._wrong(told, f"[{other}] writes the same files: {self._line(other)}")
            held[makes] = name

    def _wrong(self, name: str, what: str) -> InvalidArgument:
        return self._document.table(name).error("path", what)

    def _line(self, name: str) -> str:
        """Of the folder of a connector; without one of its own it is below that of state."""
        is_told = name in self._document.root and name != "pipeline"
        path = (name, "path") if is_told else ("pipeline", "state")
        return f"{path_text(path)}, line {line_of(self._document.text, path)}"

    def _connector(
        self,
        name: str,
        kind: str,
        default: Mapping[str, str],
        make: Callable[[str, Table], _Made],
    ) -> _Made:
        if name not in self._document.root and kind:
            table = Table(self._document, (name,), {"kind": kind, **default})
        else:
            table = self._document.table(name)
        what = table.text("kind")
        made = self._guarded(name, lambda: make(what, table))
        table.finish()
        self._kinds[name] = f"{what} {table.text('path', '')}".rstrip()
        return made

    def _made(self, name: str, make: Callable[[Table], _Made]) -> _Made:
        table = self._document.table(name)
        made = self._guarded(name, lambda: make(table))
        table.finish()
        return made

    def _guarded(self, name: str, make: Callable[[], _Made]) -> _Made:
        """What a maker refuses without knowing where it stands gets the place of its key."""
        try:
            return make()
        except (KedgeError, OSError) as error:
            if str(error).startswith(self._document.file):
                raise
            raise self._document.placed(name, str(error)) from None


def _select(table: Table) -> SelectStage:
    return SelectStage(table.text("where", ""), table.table("columns"))


def _score(table: Table) -> ScoreStage:
    return ScoreStage(load(table.path("model")), table.text("output", "score"), table.flag("raw"))


def _monitor(table: Table) -> tuple[MonitorStage, str]:
    where = table.text("on", "rows")
    if where not in ("rows", "windows"):
        raise table.error("on", 'expected "rows" or "windows"')
    options: dict[str, Any] = {
        "min_effect": table.number("min_effect", 0.02),
        "false_alarms": table.number("false_alarms", 1e-4),
        "fdr": table.number("fdr") if "fdr" in table else None,
        "confidence": table.number("confidence", 0.99),
        "group": table.whole("group", 1),
    }
    monitor = Monitor(_reference(table.path("reference")), **options)
    return MonitorStage(monitor, table.whole("rows", 4096), options), where


def _reference(path: str) -> Profile:
    """A stored profile, or the one in a model."""
    if not path.endswith(".kedge"):
        return Profile.from_bytes(Path(path).read_bytes())
    profile = load(path).profile
    if profile is None:
        raise InvalidArgument(f'"{path}" was compiled without a reference')
    return profile
