"""Exact contributions of features to the scores of tree ensembles (TreeSHAP, path-dependent).

    python -m bench.score.bench_explain [--json] [--rows N] [--rounds R] [--only PART]

explain/<trainer>/<trees>x<leaves>/batch: `--rows` rows of 100 x 31 in one call, fewer of larger
    models, but at least 64.
explain/<trainer>/<trees>x<leaves>/one: 64 rows, a call for each; the p99 is of calls.
explain/lightgbm/<trees>x<leaves>/background: as the batch, against a background of 100 rows that
    is made ready before; the peer is shap.
explain/xgboost/<trees>x<leaves>/pairs: interaction values of 16 rows in one call.

Models of 30 columns, one score: 100 trees of 31 leaves, 500 of 127, 1000 of 63 at a depth of twelve
and more; `depth` says how deep. LightGBM and XGBoost train them. Peers: the trainer's own
contributions; the shap package's C code ("shap C"; left to itself shap calls the trainer), where
shap is installed and reads the model. kedge and LightGBM give doubles, XGBoost floats.

kedge's and shap's contributions must be LightGBM's to 1e-9 of the largest, and XGBoost's, which
adds up floats, to 1e-3 of it; against a background, where shap has floats, all to 1e-4, and sums
must be the scores. Everybody has one thread. Seeded; a wrong answer is not timed and
makes the exit code 1.
"""

from __future__ import annotations

import argparse
import importlib
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from importlib.metadata import version
from typing import Any

import numpy as np
import numpy.typing as npt

import kedge
from bench.peers import MissingPeer, installed
from bench.race import Contender, Race
from bench.report import Planned, parser, run_all

_COLUMNS = 30
_ONES = 64
_FEWEST = 64
_BACKGROUND = 100
_PAIRED = 16  # rows: XGBoost takes seconds for them
_TOLERANCE: Mapping[str, float] = {"lightgbm": 1e-9, "xgboost": 1e-3}

_FLOATS = 1e-4

Values = npt.NDArray[np.float64]
Call = Callable[[Values], Values]


@dataclass(frozen=True)
class Shape:
    """How large a model is, and whether its trees are to be deep."""

    trees: int
    leaves: int
    deep: bool = False

    @property
    def name(self) -> str:
        """What the works call it."""
        return f"{self.trees}x{self.leaves}"


SHAPES = (Shape(100, 31), Shape(500, 127), Shape(1000, 63, deep=True))


@dataclass(frozen=True)
class Trained:
    """A model: for kedge, for its trainer, and how deep its trees are."""

    booster: Any
    trainer: str
    depth: int
    reference: Call
    compiled: kedge.Model


@dataclass(frozen=True)
class Answer:
    """Contributions of rows x features, and how long each call took."""

    values: Values
    taken_ns: Sequence[int]


def draw(rows: int, seed: int) -> Values:
    """Rows of normal numbers, exact in float32."""
    table = np.random.default_rng([2024, seed]).normal(size=(rows, _COLUMNS))
    return table.astype(np.float32).astype(np.float64)


def target(table: Values, *, deep: bool) -> Values:
    """What a model is to learn; a heavy tail makes trees deep."""
    rng = np.random.default_rng([2024, 7])
    score: Values = table @ rng.normal(size=_COLUMNS) / 3 + np.tanh(2 * table[:, 0] * table[:, 1])
    score += np.sin(3 * table[:, 2]) * table[:, 3] + rng.normal(size=len(table)) / 2
    return np.exp(2 * score) if deep else score


@cache
def lightgbm_model(shape: Shape) -> Trained:
    """A model of LightGBM."""
    lightgbm = _module("lightgbm")
    table = draw(20_000, 0)
    params = {"objective": "regression", "num_leaves": shape.leaves, "min_data_in_leaf": 5}
    params |= {"verbosity": -1, "num_threads": 1, "deterministic": True, "seed": 1}
    data = lightgbm.Dataset(table, target(table, deep=shape.deep))
    booster = lightgbm.train(params, data, shape.trees)
    depth = max(_depth(tree["tree_structure"]) for tree in booster.dump_model()["tree_info"])

    def reference(rows: Values) -> Values:
        found: Values = booster.predict(rows, pred_contrib=True, num_threads=1)
        return found[:, :-1]

    return Trained(booster, "lightgbm", depth, reference, kedge.compile(booster))


@cache
def xgboost_model(shape: Shape) -> Trained:
    """A model of XGBoost, equally large."""
    xgboost = _module("xgboost")
    table = draw(20_000, 0)
    params = {"max_leaves": shape.leaves, "max_depth": 0, "grow_policy": "lossguide"}
    params |= {"tree_method": "hist", "nthread": 1, "seed": 1, "eta": 0.1}
    data = xgboost.DMatrix(table, target(table, deep=shape.deep), nthread=1)
    booster = xgboost.train(params, data, shape.trees)
    lines = "\n".join(booster.get_dump()).split("\n")
    depth = max(len(line) - len(line.lstrip("\t")) for line in lines)

    def reference(rows: Values) -> Values:
        matrix = xgboost.DMatrix(rows, nthread=1)
        return np.asarray(booster.predict(matrix, pred_contribs=True)[:, :-1], np.float64)

    return Trained(booster, "xgboost", depth, reference, kedge.compile(booster))


def _module(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise MissingPeer(f'{name} is not installed: pip install ".[bench]" brings it') from error


def _depth(node: Mapping[str, Any]) -> int:
    children = (node.get("left_child"), node.get("right_child"))
    return max((1 + _depth(child) for child in children if child is not None), default=0)


def shap_call(trained: Trained) -> tuple[str, Call]:
    """The shap package's own C code, and its version."""
    shap = _module("shap")
    explainer = shap.TreeExplainer(trained.booster, feature_perturbation="tree_path_dependent")
    explainer.model.model_type = "internal"  # else it calls the trainer

    def call(rows: Values) -> Values:
        return np.asarray(explainer.shap_values(rows, check_additivity=False), np.float64)

    return version("shap"), call


def contender(
    engine: str, release: str, call: Call, rows: Values, *, ones: bool
) -> Contender[Answer]:
    """An engine at work: one call for all rows, or one for each."""
    parts = [rows[i : i + 1] for i in range(len(rows))] if ones else [rows]

    def run() -> Answer:
        found, taken = [], []
        for part in parts:
            start = time.perf_counter_ns()
            values = call(part)
            taken.append(time.perf_counter_ns() - start)
            found.append(values)
        return Answer(np.concatenate(found), taken)

    return Contender(engine, release, run, lambda answer: answer.taken_ns)


def judge(trainer: str, engine: str, answer: Answer, expected: Answer) -> str:
    """Contributions must be the trainer's, within what it gives."""
    if answer.values.shape != expected.values.shape:
        return f"values are {answer.values.shape}, expected {expected.values.shape}"
    tolerance = _TOLERANCE[trainer] * float(np.abs(expected.values).max())
    off = float(np.abs(answer.values - expected.values).max())
    return f"{engine} is off by {off:g}, tolerance {tolerance:g}" if off > tolerance else ""


def race(work: str, make: Callable[[Shape], Trained], shape: Shape, rows: int) -> Race[Answer]:
    """Explain `rows` rows in one call, or, for one, many rows by a call each.

    Raises:
        MissingPeer: the trainer is not installed.
    """
    trained = make(shape)
    ones = rows == 1
    table = draw(_ONES if ones else rows, 1)
    explain = trained.compiled.explain
    ours = contender("kedge", version("kedge"), lambda x: explain(x).values, table, ones=ones)

    def of_trainer() -> Contender[Answer]:
        # xgboost-cpu, too, is imported as xgboost.
        release = importlib.import_module(trained.trainer).__version__
        return contender(trained.trainer, release, trained.reference, table, ones=ones)

    def of_shap() -> Contender[Answer]:
        release, call = shap_call(trained)
        return contender("shap C", release, call, table, ones=ones)

    peers = installed(of_trainer, of_shap)
    facts: dict[str, float] = {"depth": trained.depth}
    return Race(work, rows, ours, peers, partial(judge, trained.trainer), facts=lambda _: facts)


def race_pairs(work: str, shape: Shape, rows: int) -> Race[Answer]:
    """Interaction values of `rows` rows in one call.

    Raises:
        MissingPeer: XGBoost is not installed.
    """
    trained = xgboost_model(shape)
    xgboost = _module("xgboost")
    table = draw(rows, 1)

    def explain(x: Values) -> Values:
        found = trained.compiled.explain(x, interactions=True).interactions
        assert found is not None
        return found

    def theirs(x: Values) -> Values:
        matrix = xgboost.DMatrix(x, nthread=1)
        found = trained.booster.predict(matrix, pred_interactions=True)
        return np.asarray(found[:, :-1, :-1], np.float64)

    ours = contender("kedge", version("kedge"), explain, table, ones=False)
    peer = contender("xgboost", xgboost.__version__, theirs, table, ones=False)
    facts: dict[str, float] = {"depth": trained.depth}
    return Race(work, rows, ours, [peer], partial(judge, "xgboost"), facts=lambda _: facts)


def shap_against(trained: Trained, sample: Values) -> tuple[str, Call]:
    """The shap package against a background, and its version."""
    shap = _module("shap")
    explainer = shap.TreeExplainer(trained.booster, sample, feature_perturbation="interventional")

    def call(rows: Values) -> Values:
        return np.asarray(explainer.shap_values(rows, check_additivity=False), np.float64)

    return version("shap"), call


def judge_against(scores: Values, _: str, answer: Answer, expected: Answer) -> str:
    """Contributions must add up to the scores, in shap's floats, and be the other's."""
    largest = float(np.abs(expected.values).max())
    off = float(np.abs(answer.values - expected.values).max())
    if off > _FLOATS * largest:
        return f"contributions are off by {off:g}, tolerance {_FLOATS * largest:g}"
    off = float(np.abs(answer.values.sum(axis=1) - scores).max())
    bound = _FLOATS * float(np.abs(scores).max())
    return f"sums are off by {off:g}, tolerance {bound:g}" if off > bound else ""


def race_against(work: str, shape: Shape, rows: int) -> Race[Answer]:
    """Explain `rows` rows in one call against a background.

    Raises:
        MissingPeer: the trainer is not installed.
    """
    trained = lightgbm_model(shape)
    table, sample = draw(rows, 1), draw(_BACKGROUND, 2)
    model = trained.compiled
    background = model.background(sample)
    scores = model.predict(table, raw=True) - model.explain(table, background=background).base

    def explain(x: Values) -> Values:
        return model.explain(x, background=background).values

    def of_shap() -> Contender[Answer]:
        release, call = shap_against(trained, sample)
        return contender("shap", release, call, table, ones=False)

    ours = contender("kedge", version("kedge"), explain, table, ones=False)
    facts: dict[str, float] = {"depth": trained.depth}
    peers = installed(of_shap)
    return Race(work, rows, ours, peers, partial(judge_against, scores), facts=lambda _: facts)


def plan(options: argparse.Namespace) -> list[Planned]:
    """Every work's name and what makes its race."""
    works: list[Planned] = []
    for trainer, make in (("lightgbm", lightgbm_model), ("xgboost", xgboost_model)):
        for shape in SHAPES:
            share = SHAPES[0].trees * SHAPES[0].leaves / (shape.trees * shape.leaves)
            batch = max(_FEWEST, int(options.rows * share))
            for kind, rows in (("batch", batch), ("one", 1)):
                work = f"explain/{trainer}/{shape.name}/{kind}"
                works.append((work, partial(race, work, make, shape, rows)))
            if trainer == "xgboost":
                work = f"explain/{trainer}/{shape.name}/pairs"
                works.append((work, partial(race_pairs, work, shape, _PAIRED)))
            else:
                work = f"explain/{trainer}/{shape.name}/background"
                works.append((work, partial(race_against, work, shape, batch)))
    return works


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark; the return value is the exit code."""
    command = parser("bench.score.bench_explain", __doc__, rows=512)
    command.set_defaults(rounds=7)
    options = command.parse_args(arguments)
    return run_all(plan(options), options)


if __name__ == "__main__":
    sys.exit(main())
