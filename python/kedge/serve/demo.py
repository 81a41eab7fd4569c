"""The service's main job in one run: two versions of a model over gRPC, a candidate that is worse
and gets no more requests, a shift and its alarm.
"""

from __future__ import annotations

import json
import logging
import tempfile
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kedge.demo import feed
from kedge.model import Model, compile, load
from kedge.serve.client import Client
from kedge.serve.drift import Drift
from kedge.serve.native import NativeServer, program
from kedge.serve.options import Options
from kedge.serve.routes import Route
from kedge.serve.server import Server

__all__ = ["ServedResult", "run"]

_FEATURES = ("amount", "discount", "delay_ms")
# Whether an order comes back: a step each, with its place and what is on either side of it.
_STEPS = ((0, 60.0, -0.8, 1.2), (1, 0.25, -0.4, 0.9), (2, 80.0, -0.5, 1.4))
_REFERENCE_ROWS = 50_000
_ROWS = 64  # of a request
_LATE = 20  # requests, until their labels are known
_PATIENCE_S = 60.0
_POLICY = """
[shadow]
promote_if = { loss_better_by = 0.0, loss_bound = 1.0, error = 0.001 }
min_rows = 200
"""


@dataclass(frozen=True)
class ServedResult:
    """What came of it.

    Attributes:
        server: who answered: "kedge-serve (grpc++)" or "grpcio".
        p50_us: of a call with one row, from this process.
        labelled: rows with labels until the candidate was rolled back.
        rolled_back: the version.
        shifted: rows of the shift until its alarm.
        alarmed: columns.
        false_alarms: columns that had one before the shift.
    """

    server: str
    p50_us: float
    labelled: int
    rolled_back: str
    shifted: int
    alarmed: list[str]
    false_alarms: list[str]

    @property
    def found(self) -> bool:
        """Whether the candidate was rolled back, and the shift was found, and nothing else."""
        is_shift = "amount" in self.alarmed and set(self.alarmed) <= {"amount", "score"}
        return self.rolled_back == "2" and is_shift and not self.false_alarms

    def to_dict(self) -> dict[str, Any]:
        """The result as plain data."""
        return {"found": self.found, **asdict(self)}


def _trees(of_amount: float) -> bytes:
    """The steps, that of the amount times a factor, as LightGBM writes trees."""
    ranges = " ".join("[0:1]" for _ in _FEATURES)
    heading = (
        "tree\nversion=v4\nnum_class=1\nnum_tree_per_iteration=1\nlabel_index=0\n"
        f"max_feature_idx={len(_FEATURES) - 1}\nobjective=binary sigmoid:1\n"
        f"feature_names={' '.join(_FEATURES)}\nfeature_infos={ranges}\n"
    )
    trees = [
        f"Tree={number}\nnum_leaves=2\nnum_cat=0\nsplit_feature={feature}\nsplit_gain=1\n"
        f"threshold={at}\ndecision_type=2\nleft_child=-1\nright_child=-2\n"
        f"leaf_value={low * factor} {high * factor}\nleaf_weight=1 1\nleaf_count=1 1\n"
        "internal_value=0\ninternal_weight=0\ninternal_count=2\nis_linear=0\nshrinkage=1\n\n\n"
        for number, (feature, at, low, high) in enumerate(_STEPS)
        for factor in [of_amount if feature == 0 else 1.0]
    ]
    sizes = " ".join(str(len(tree)) for tree in trees)
    return f"{heading}tree_sizes={sizes}\n\n{''.join(trees)}end of trees\n".encode()


def _orders(random: np.random.Generator, rows: int, *, is_dearer: bool) -> NDArray[np.float64]:
    """Of the shop of `kedge.demo`; the shift is a new, dearer product."""
    orders = feed(random, rows, shifted=is_dearer)
    return np.column_stack([orders[name] for name in _FEATURES])


class _Told(logging.Handler):
    """What the server says of itself, line by line."""

    def __init__(self) -> None:
        super().__init__()
        self.events: list[dict[str, Any]] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.events.append(json.loads(record.getMessage()))

    def of(self, event: str) -> list[dict[str, Any]]:
        return [one for one in self.events if one["event"] == event]

    @property
    def alarmed(self) -> list[str]:
        return sorted({one["column"] for one in self.of("drift_alarm")})

    @contextmanager
    def listening(self) -> Iterator[None]:
        logger = logging.getLogger("kedge.serve")
        propagates = logger.propagate
        logger.addHandler(self)
        logger.propagate = False
        try:
            yield
        finally:
            logger.removeHandler(self)
            logger.propagate = propagates


@dataclass
class _Shop:
    """Orders that are asked about, and what became of them."""

    client: Client
    model: Model
    random: np.random.Generator
    requests: int = 0
    open: deque[tuple[str, NDArray[np.float64]]] = field(default_factory=deque)

    def ask(self, *, is_dearer: bool = False) -> None:
        """One request; what became of one some time ago is told."""
        rows = _orders(self.random, _ROWS, is_dearer=is_dearer)
        self.requests += 1
        name = f"orders-{self.requests}"
        self.client.infer("returns", {"rows": rows}, outputs=("score",), id=name)
        came_back = self.random.random(_ROWS) < np.asarray(self.model.predict(rows))
        self.open.append((name, came_back.astype(float)))
        if len(self.open) > _LATE:
            self.client.feedback("returns", dict([self.open.popleft()]))

    def ask_until(self, is_so: Callable[[], bool], *, is_dearer: bool = False) -> int:
        """So many rows that it took, or was tried with."""
        end, before = time.monotonic() + _PATIENCE_S, self.requests
        while not is_so() and time.monotonic() < end:
            self.ask(is_dearer=is_dearer)
        return (self.requests - before) * _ROWS

    def call_us(self) -> float:
        """What a call with one row takes."""
        taken = []
        for row in _orders(self.random, 200, is_dearer=False):
            start = time.perf_counter_ns()
            self.client.predict("returns", row[None], version="1")
            taken.append(time.perf_counter_ns() - start)
        return float(np.median(taken)) / 1e3


def _options(folder: Path, random: np.random.Generator) -> Options:
    """Version 1 knows what makes orders come back; version 2 has the amount the wrong way round."""
    reference = _orders(random, _REFERENCE_ROWS, is_dearer=False)
    table = dict(zip(_FEATURES, reference.T, strict=True))
    (folder / "models" / "returns").mkdir(parents=True)
    (folder / "state").mkdir()
    (folder / "policy.toml").write_text(_POLICY)
    for version, of_amount in (("1", 1.0), ("2", -1.0)):
        model = compile(_trees(of_amount), reference=table)
        model.save(folder / "models" / "returns" / f"{version}.kedge")
    route = Route("returns", "1", "2", 0.2, 1.0, str(folder / "policy.toml"))
    return Options(
        str(folder / "models"),
        port=0,
        routes=(route,),
        state=str(folder / "state"),
        drift=Drift(every_s=0.1, false_alarms="1/30d"),
        rescan_s=0.1,
    )


def run(seed: int = 7) -> ServedResult:
    """Run it: a server of its own on a free port of this machine, until the end."""
    random = np.random.default_rng(seed)
    told = _Told()
    with tempfile.TemporaryDirectory() as made, told.listening():
        options = _options(Path(made), random)
        is_native = program() is not None
        server = NativeServer(options) if is_native else Server(options)
        try:
            with Client(f"127.0.0.1:{server.port}") as client:
                live = Path(options.models) / "returns" / "1.kedge"
                shop = _Shop(client, load(live), random)
                labelled = shop.ask_until(lambda: bool(told.of("rollback")))
                before = told.alarmed
                shifted = shop.ask_until(lambda: "amount" in told.alarmed, is_dearer=True)
                p50_us = shop.call_us()
        finally:
            server.stop(0)
    return ServedResult(
        server="kedge-serve (grpc++)" if is_native else "grpcio",
        p50_us=p50_us,
        labelled=labelled,
        rolled_back=next((one["candidate"] for one in told.of("rollback")), ""),
        shifted=shifted,
        alarmed=told.alarmed,
        false_alarms=before,
    )
