"""What happens to rows between source and sink.

A stage takes a table and gives one. What else it has to say (late rows, alarms) waits in `aside`
until the loop takes it. Its state is bytes by name, from which it goes on exactly where it was.
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import asdict

import numpy as np
import pyarrow as pa

from kedge._core import Expression, InvalidArgument, Model
from kedge.drift import Alarm, Monitor
from kedge.window import Window

__all__ = ["MonitorStage", "ScoreStage", "SelectStage", "Stage", "WindowStage"]


class Stage(ABC):
    """One step; `name` is its table in the pipeline's file."""

    name: str

    def __init__(self) -> None:
        self._aside: list[tuple[str, pa.Table]] = []

    @abstractmethod
    def push(self, rows: pa.Table, partition: int) -> pa.Table:
        """What comes of these rows, perhaps none."""

    def finish(self) -> pa.Table | None:
        """What comes at the end of the input."""
        return None

    def snapshot(self) -> dict[str, bytes]:
        """All that a later push depends on."""
        return {}

    def restore(self, state: Mapping[str, bytes]) -> None:  # noqa: B027  some have none
        """Be as when the snapshot was taken."""

    @abstractmethod
    def describe(self) -> dict[str, str]:
        """What it does, its state and the bound of its memory, for people."""

    def take_aside(self) -> list[tuple[str, pa.Table]]:
        """Rows for other sinks, by the sink's name, since the last call."""
        taken, self._aside = self._aside, []
        return taken

    def _put_aside(self, sink: str, rows: pa.Table) -> None:
        if rows.num_rows:
            self._aside.append((sink, rows))


class SelectStage(Stage):
    """Rows that meet a condition, with computed columns."""

    name = "select"

    def __init__(self, where: str, columns: Mapping[str, str]) -> None:
        super().__init__()
        self._where = Expression(where) if where else None
        self._columns = {name: Expression(text) for name, text in columns.items()}

    def push(self, rows: pa.Table, partition: int) -> pa.Table:
        """Columns are computed of the rows that remain; one may replace another."""
        if self._where is not None:
            rows = rows.filter(pa.table(self._where.select(rows)).column(0))
        made = {name: pa.table(it.evaluate(rows)).column(0) for name, it in self._columns.items()}
        for name, column in made.items():
            place = rows.schema.get_field_index(name)
            rows = (
                rows.append_column(name, column)
                if place < 0
                else rows.set_column(place, name, column)
            )
        return rows

    def describe(self) -> dict[str, str]:
        """No state."""
        parts = [f"where {self._where}"] if self._where is not None else []
        parts += [f"{name} = {it}" for name, it in self._columns.items()]
        return {"does": "; ".join(parts), "state": "none", "memory": "one batch"}


class WindowStage(Stage):
    """Rows in, closed windows out."""

    name = "window"

    def __init__(self, window: Window) -> None:
        super().__init__()
        self.window = window
        self._definition = window
        self._is_begun = False

    def push(self, rows: pa.Table, partition: int) -> pa.Table:
        """The windows that these rows close; late rows go aside."""
        closed = pa.table(self.window.push(rows, partition))
        self._is_begun = True
        self._put_aside("late", pa.table(self.window.late()))
        return closed

    def finish(self) -> pa.Table | None:
        """The windows that are open."""
        return pa.table(self.window.finish()) if self._is_begun else None

    def snapshot(self) -> dict[str, bytes]:
        """The window's own; there is none before the first rows, which bring the schema."""
        return {"window": self.window.snapshot()} if self._is_begun else {}

    def restore(self, state: Mapping[str, bytes]) -> None:
        """Refuses the snapshot of another definition, with the differences."""
        self._is_begun = "window" in state
        if self._is_begun:
            self.window = Window.restore(state["window"], self._definition)

    @property
    def watermark(self) -> np.datetime64 | None:
        """Where event time stands."""
        mark, unit = self.window.watermark, self.window.time_unit
        return None if mark is None or unit is None else np.int64(mark).view(f"M8[{unit}]")

    def describe(self) -> dict[str, str]:
        """The definition, and what it holds now."""
        stats = self.window.stats
        made = " ".join(line for line in self.window.to_toml().splitlines() if line)
        bound = self.window.max_state_bytes
        return {
            "does": made,
            "state": f"{stats['keys']} keys, {stats['state_bytes']} bytes",
            "memory": f"{bound} bytes" if bound else "no bound: set max_state_bytes or max_keys",
        }


class ScoreStage(Stage):
    """Adds a model's predictions to the rows."""

    name = "score"

    def __init__(self, model: Model, output: str, raw: bool) -> None:
        super().__init__()
        self._model, self._output, self._raw = model, output, raw
        self._features = [feature.name for feature in model.features]

    def push(self, rows: pa.Table, partition: int) -> pa.Table:
        """One column more for each score."""
        known = [name for name in self._features if name in rows.schema.names]
        scores = pa.table(self._model.predict(rows.select(known), raw=self._raw))
        for place, column in enumerate(scores.columns):
            name = self._output if scores.num_columns == 1 else f"{self._output}_{place}"
            if name in rows.schema.names:
                raise InvalidArgument(f'score.output: the rows have a column "{name}" already')
            rows = rows.append_column(name, column)
        return rows

    def describe(self) -> dict[str, str]:
        """The model does not change."""
        return {"does": repr(self._model), "state": "none", "memory": "one batch"}


class MonitorStage(Stage):
    """Holds rows against a reference; they pass, alarms go aside.

    An update is a fixed number of rows, whatever the batches, so that a replay gives the same
    alarms. Rows that do not make a whole update wait for more, in the snapshot too.
    """

    name = "monitor"

    def __init__(self, monitor: Monitor, rows: int, options: Mapping[str, object]) -> None:
        super().__init__()
        self._monitor, self._rows = monitor, rows
        self._options = {**options, "rows": rows}
        self._columns = monitor.reference.columns
        self._waiting: list[pa.Table] = []
        self.alarms = 0

    def push(self, rows: pa.Table, partition: int) -> pa.Table:
        """The rows as they came."""
        tops = dict.fromkeys(name.split(".")[0] for name in self._wanted())
        missing = [name for name in tops if name not in rows.schema.names]
        if missing:
            raise InvalidArgument(f'monitor: the rows have no column "{missing[0]}"')
        self._waiting.append(rows.select(list(tops)))
        if sum(part.num_rows for part in self._waiting) >= self._rows:
            joined = pa.concat_tables(self._waiting)
            whole = joined.num_rows - joined.num_rows % self._rows
            for start in range(0, whole, self._rows):
                self._look(joined.slice(start, self._rows))
            self._waiting = [joined.slice(whole)] if whole < joined.num_rows else []
        return rows

    def finish(self) -> pa.Table | None:
        """What waits is an update too."""
        if self._waiting:
            self._look(pa.concat_tables(self._waiting))
        self._waiting = []
        return None

    def snapshot(self) -> dict[str, bytes]:
        """The monitor's own, and the rows that wait."""
        options = json.dumps(self._options).encode()
        state = {"monitor": self._monitor.to_bytes(), "options": options}
        if self._waiting:
            rows = pa.concat_tables(self._waiting)
            held = pa.BufferOutputStream()
            with pa.ipc.new_stream(held, rows.schema) as writer:
                writer.write_table(rows)
            state["waiting"] = held.getvalue().to_pybytes()
        return state

    def restore(self, state: Mapping[str, bytes]) -> None:
        """Refuses the snapshot of a monitor with another reference or other options."""
        restored = Monitor.from_bytes(state["monitor"])
        for name, its in json.loads(state["options"]).items():
            if self._options.get(name) != its:
                raise InvalidArgument(
                    f"monitor: {name} = {self._options.get(name)}, the snapshot was made with {its}"
                )
        if restored.reference != self._monitor.reference:
            raise InvalidArgument("monitor: the snapshot was made with another reference")
        self._monitor = restored
        held = state.get("waiting")
        self._waiting = [pa.ipc.open_stream(held).read_all()] if held else []

    def describe(self) -> dict[str, str]:
        """What it watches."""
        return {
            "does": f"{self._monitor!r}, {self._rows} rows each",
            "state": f"{len(self._monitor.to_bytes())} bytes",
            "memory": f"fixed counts, and up to {self._rows} rows that wait",
        }

    def _wanted(self) -> list[str]:
        return [*self._columns, *self._monitor.reference.slices]

    def _look(self, rows: pa.Table) -> None:
        alarms = self._monitor.update(rows)
        self.alarms += len(alarms)
        if alarms:
            self._put_aside("alarms", pa.Table.from_pylist([_plain(it) for it in alarms]))


def _plain(alarm: Alarm) -> dict[str, object]:
    return {**asdict(alarm), "where": alarm.where}
