"""The field: the engines that run one case, each a worker process, and what they answer."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from bench.environments import interpreter
from bench.peers import MissingPeer
from bench.process import Process
from bench.race import Contender
from bench.score.models import Case, Scores
from bench.score.training import TRAINERS
from bench.setting import Setting

__all__ = ["Answer", "Field", "Worker", "write_model"]

_ROUND_NS = 20_000_000
_TRAINING = 20  # times as patient with those that train

# Those that take the trainer's model, and at LightGBM's side those that train their own.
_IMPORTERS: Mapping[str, tuple[str, ...]] = {
    "lightgbm": ("onnxruntime", "onedal", "lleaves", "tl2cgen", "treelite", "catboost", "ydf"),
    "xgboost": ("xgboost DMatrix", "onnxruntime", "onedal", "tl2cgen", "treelite"),
}


@dataclass(frozen=True)
class Answer:
    """What one round of an engine gives.

    Attributes:
        taken_ns: of each call.
        fetch: the scores of the first rows.
        reference: what the model's trainer says of the rows.
        probability: whether the scores are probabilities of the classes.
    """

    taken_ns: Sequence[int]
    fetch: Callable[[], Scores]
    reference: Scores
    probability: bool

    @cached_property
    def scores(self) -> Scores:
        """The scores of the first rows, a column for every class."""
        return self.fetch()

    @cached_property
    def expected(self) -> Scores:
        """The reference of the same rows, in the same form."""
        raw = self.reference[: len(self.scores)]
        if not self.probability:
            return raw
        if raw.shape[1] == 1:
            return 1 / (1 + np.exp(-raw))
        powers = np.exp(raw - raw.max(axis=1, keepdims=True))
        shares: Scores = powers / powers.sum(axis=1, keepdims=True)
        return shares


class Worker:
    """bench.score.worker with one engine and one case.

    Raises:
        MissingPeer: the engine is not installed, refuses the model, or is not ready in time.
    """

    def __init__(self, engine: str, case: Case, setting: Setting) -> None:
        self._verb = "touch" if setting.touch else "time"
        self._process = Process(
            f"{engine} with {case.shape.name} of {case.trainer}",
            interpreter(engine, setting.peers_dir, "trees"),
            "bench.score.worker",
            [engine, case.to_json(), str(setting.cpu)],
            setting.patience_s * (_TRAINING if engine in TRAINERS else 1),
        )
        self.version: str = self._process.first["version"]
        self._probability: bool = self._process.first["probability"]
        self._reference = case.reference()

    def contender(self, engine: str, rows: int) -> Contender[Answer]:
        """The engine at batches of `rows`."""

        def run() -> Answer:
            taken_ns = self._process.ask(f"{self._verb} {rows} {_ROUND_NS}")["taken_ns"]
            return Answer(taken_ns, lambda: self._scores(rows), self._reference, self._probability)

        return Contender(engine, self.version, run, lambda answer: answer.taken_ns)

    def close(self) -> None:
        """End the process and what it started."""
        self._process.close()

    def _scores(self, rows: int) -> Scores:
        with tempfile.TemporaryDirectory() as folder:
            path = self._process.ask(f"scores {rows} {folder}/scores.npy")["scores"]
            scores: Scores = np.load(path)
        return scores


def write_model(case: Case, setting: Setting) -> None:
    """Let the trainer write the case's model and its reference, unless they are there.

    Raises:
        MissingPeer: it is not installed.
    """
    if not (case.model.exists() and case.file("npy").exists()):
        Worker(case.trainer, case, setting).close()


class Field:
    """All engines of one case, started together and kept until `close`.

    Of peers that cannot take part, `missing` hears.

    Raises:
        MissingPeer: the trainer, or kedge when it is to run, cannot take part.
    """

    def __init__(
        self, case: Case, setting: Setting, *, with_kedge: bool, missing: Callable[[str], None]
    ) -> None:
        self._workers: dict[str, Worker] = {case.trainer: Worker(case.trainer, case, setting)}
        others = (["kedge"] if with_kedge else []) + list(_IMPORTERS[case.trainer])

        def start(engine: str) -> Worker | MissingPeer:
            own = engine in TRAINERS
            try:
                of = Case(case.shape, engine, case.folder) if own else case
                return Worker(engine, of, setting)
            except MissingPeer as error:
                return error

        with ThreadPoolExecutor(os.cpu_count()) as pool:
            for engine, worker in zip(others, pool.map(start, others), strict=True):
                if isinstance(worker, Worker):
                    self._workers[engine] = worker
                elif engine == "kedge":
                    self.close()
                    raise worker
                else:
                    missing(str(worker))

    def dismiss(self, engine: str) -> None:
        """Go on without an engine."""
        self._workers.pop(engine).close()

    def contenders(self, rows: int) -> list[Contender[Answer]]:
        """Everyone at batches of `rows`: kedge first, if it runs, then the trainer."""
        names = sorted(self._workers, key=lambda engine: engine != "kedge")
        trainer = next(name for name in self._workers)
        return [
            self._workers[name].contender(
                f"{name} (own)" if name in TRAINERS and name != trainer else name, rows
            )
            for name in names
        ]

    def close(self) -> None:
        """End all processes."""
        for worker in self._workers.values():
            worker.close()
