"""What the command line names as targets, made ready to be loaded."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kedge._core import InvalidArgument
from kedge.model import load
from kedge.serve import Client
from kedge.sla.costs import server_pid
from kedge.sla.echo import bare_echo
from kedge.sla.generator import Progress, Run
from kedge.sla.in_process import allocations, measure_calls
from kedge.sla.requests import (
    Input,
    columns_of,
    inputs_of,
    mixed,
    random_requests,
    row_requests,
)
from kedge.sla.session import Side, server_side
from kedge.sla.target import Target

__all__ = ["Asked", "open_side"]

_DIFFERENT = 64  # inputs of each size
_TIMED = 256


@dataclass(frozen=True)
class Asked:
    """What every side is asked.

    Attributes:
        rows: of a call, in turn.
        columns: of the data to send; None for random rows.
        times: which of them says when.
        inputs: that the model takes, where it does not say.
        options: of the generators.
        files: of the client: certificates, token.
        pid: of the server, where it was told.
    """

    rows: tuple[int, ...]
    columns: Mapping[str, NDArray[Any]] | None
    times: str
    inputs: tuple[Input, ...]
    options: Mapping[str, str]
    files: Mapping[str, str]
    pid: int | None

    @classmethod
    def of(
        cls,
        *,
        rows: tuple[int, ...],
        data: Path | None,
        times: str,
        inputs: Sequence[str],
        connections: int,
        timeout_s: float,
        pid: int | None,
        files: Mapping[str, str],
    ) -> Asked:
        """From what the command line says."""
        if times and len(rows) > 1:
            raise InvalidArgument("what is replayed has one size: --rows of one number")
        options = {"--connections": str(connections), "--timeout": str(timeout_s)}
        options |= {f"--{name.replace('_', '-')}": file for name, file in files.items()}
        columns = columns_of(data) if data is not None else None
        made = tuple(map(Input.parse, inputs))
        return cls(rows, columns, times, made, options, files, pid)

    @property
    def sent(self) -> dict[str, NDArray[Any]] | None:
        """The columns without the times."""
        if self.columns is None:
            return None
        return {name: values for name, values in self.columns.items() if name != self.times}

    def requests(self, target: Target, inputs: Sequence[Input]) -> list[bytes]:
        """Of all sizes, in turn."""
        wanted = self.inputs or inputs
        columns = self.sent
        if columns is None:
            return mixed([random_requests(target, wanted, rows) for rows in self.rows])
        return mixed([row_requests(target, wanted, columns, rows) for rows in self.rows])


@contextmanager
def open_side(name: str, asked: Asked) -> Iterator[Side]:
    """A server, a bare echo, or a model in this process."""
    if name.endswith(".kedge"):
        yield _model_side(name, asked)
        return
    if name == "echo":
        with bare_echo() as target:
            bodies = [bytes(256 * rows) for rows in asked.rows]
            yield _server(name, target, bodies, asked)
        return
    target = Target.parse(name)
    if target.is_encrypted != ("ca" in asked.files):
        raise InvalidArgument(f"{name}: grpcs:// and --ca go together")
    token_file = asked.files.get("token_file")
    token = Path(token_file).read_text().strip() if token_file else ""
    ca, cert, key = (asked.files.get(name, "") for name in ("ca", "cert", "key"))
    with Client(target.place, token=token, ca=ca, cert=cert, key=key) as client:
        inputs = asked.inputs or inputs_of(client, target)
    yield _server(name, target, asked.requests(target, inputs), asked)


def _server(name: str, target: Target, requests: Sequence[bytes], asked: Asked) -> Side:
    pid = asked.pid or server_pid(target.place)
    rows = float(np.mean(asked.rows))
    return server_side(name, target, requests, asked.options, rows=rows, pid=pid)


def _model_side(name: str, asked: Asked) -> Side:
    model = load(name)
    inputs = _inputs(model, asked)

    def run(due: NDArray[np.int64], warm_s: float, seconds: float, progress: Progress) -> Run:
        return measure_calls(model.predict, inputs, due, warm_s, seconds, progress)

    side = Side(name, run, float(np.mean(asked.rows)))
    begun = time.process_time()
    for i in range(_TIMED):
        model.predict(inputs[i % len(inputs)])
    spent = time.process_time() - begun
    side.cost = {"cpu_s": spent, "calls": _TIMED, **allocations(model.predict, inputs)}
    return side


def _inputs(model: Any, asked: Asked) -> list[Any]:
    columns = asked.sent
    width = len(model.features)
    if columns is None:
        random = np.random.default_rng(0)
        groups = [
            [random.normal(size=(rows, width)) for _ in range(_DIFFERENT)] for rows in asked.rows
        ]
    else:
        if len(columns) != width:
            raise InvalidArgument(f"the model takes {width} features, the data has {len(columns)}")
        matrix = np.column_stack([np.asarray(one, np.float64) for one in columns.values()])
        groups = [
            [matrix[at : at + rows] for at in range(0, len(matrix) - rows + 1, rows)]
            for rows in asked.rows
        ]
        if not all(groups):
            raise InvalidArgument(f"the data has {len(matrix)} rows, a call {max(asked.rows)}")
    longest = max(map(len, groups))
    return [group[i % len(group)] for i in range(longest) for group in groups]
