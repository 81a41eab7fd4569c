"""The scoring benchmark's parts: rows, workers, who sits out, what is wrong; nothing is timed."""

from __future__ import annotations

import io
import json
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bench.environments import STAGES, interpreter
from bench.peers import MissingPeer
from bench.race import Contender
from bench.score import bench_load, bench_threads, bench_trees, engines, field
from bench.score.bench_trees import judge, off
from bench.score.engines import Engine
from bench.score.field import Answer, Worker
from bench.score.models import LEVELS, SHAPES, Case, Scores, Shape, draw, targets
from bench.score.worker import MOST_CALLS, Track, answer_all, ready
from bench.setting import Setting, made

TINY = Shape("tiny", 3, 2, 3, most=130)
KEYS = {"work", "engine", "version", "rows", "median_ns", "p99_ns", "rows_per_s", "ratio"}
FAKE_KEDGE = """
class Model:
    def __init__(self, path):
        self.booster = __import__("lightgbm").Booster(model_file=path)
    def predict(self, rows, raw):
        return self.booster.predict(rows, raw_score=raw){change}
compile = Model
"""


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.name)
def test_rows_are_what_the_shape_says(shape: Shape) -> None:
    table = draw(shape, 2000, seed=1)
    assert (table.shape, table.dtype) == ((2000, shape.features), np.float32)
    assert table.tobytes() == draw(shape, 2000, seed=1).tobytes()
    assert np.isnan(table).mean() == pytest.approx(shape.missing, abs=0.01)
    known = table[:, shape.numbers :][~np.isnan(table[:, shape.numbers :])]
    assert set(known) == (set(range(LEVELS)) if shape.categories else set())
    labels = set(targets(shape, table))
    assert len(labels) == (2 if shape.binary else shape.classes if shape.classes > 1 else 2000)


def test_a_case_survives_the_way_to_its_worker(tmp_path: Path) -> None:
    case = Case(SHAPES[2], "xgboost", tmp_path)
    assert Case.from_json(case.to_json()) == case


def test_what_ended_halfway_is_made_anew(tmp_path: Path) -> None:
    def half(path: Path) -> None:
        path.write_text("half")
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        made(tmp_path / "model.txt", half)
    assert made(tmp_path / "model.txt", lambda path: path.write_text("whole")).read_text() == (
        "whole"
    )
    assert made(tmp_path / "model.txt", half).read_text() == "whole"


class Clock:
    """A clock that only moves when an engine is called, and the inputs of the calls."""

    def __init__(self, takes: int) -> None:
        self.now = 0
        self.calls: list[list[float]] = []
        self.takes = takes

    def engine(self) -> Engine:
        def call(rows: np.ndarray) -> Scores:
            self.now += self.takes
            self.calls.append(rows[:, 0].tolist())
            return rows[:, 0].astype(np.float64)

        return Engine("1.0", call)

    def track(self, rows: int, size: int) -> Track:
        table = np.arange(rows, dtype=np.float32)[:, None]
        return Track(self.engine(), table, size, lambda: self.now)


def test_no_call_has_the_rows_of_the_call_before_and_rounds_go_on_where_they_ended() -> None:
    clock = Clock(takes=10)
    track = clock.track(rows=7, size=2)
    track.time(40)
    track.time(20)
    assert clock.calls == [[0, 1], [2, 3], [4, 5], [0, 1], [2, 3], [4, 5]]


def test_a_round_leaves_out_its_first_eighth_and_has_at_least_one_call() -> None:
    assert Clock(takes=10).track(rows=4, size=1).time(160) == [10] * 14
    assert Clock(takes=10).track(rows=4, size=1).time(1) == [10]
    assert len(Clock(takes=0).track(rows=4, size=1).time(1)) == MOST_CALLS * 7 // 8


def test_inputs_are_read_before_the_clock_starts_when_that_is_asked_for() -> None:
    clock = Clock(takes=10)
    track = clock.track(rows=8, size=2)

    class Read:
        def tobytes(self) -> bytes:
            clock.now += 1000
            return b""

    for given in ([Read(), Read()], [{"a": Read(), "b": Read()}] * 2):
        track.inputs, track.place = given, 0
        track.engine = Engine("1.0", lambda given: setattr(clock, "now", clock.now + 10))
        assert track.time(2 * 10, touch=True) == [10]
    assert track.time(1) == [10]


def test_scores_are_those_of_the_first_rows_as_far_as_time_goes() -> None:
    assert Clock(takes=1).track(rows=7, size=2).scores(1).tolist() == [[i] for i in range(6)]
    assert Clock(takes=10**9).track(rows=7, size=2).scores(1).tolist() == [[0], [1]]


def test_a_worker_answers_each_question_with_a_line(tmp_path: Path) -> None:
    engine = Engine("1.0", lambda rows: rows[:, 0])
    case = Case(TINY, "lightgbm", tmp_path)
    path = tmp_path / "with space" / "scores.npy"
    path.parent.mkdir()
    answers = io.StringIO()
    answer_all(engine, case, ["time 64 0\n", f"scores 64 {path}\n", "touch 64 0\n"], answers)
    first, second, third = (json.loads(line) for line in answers.getvalue().splitlines())
    assert len(first["taken_ns"]) == len(third["taken_ns"]) == 1
    assert second == {"scores": str(path)}
    assert np.load(path).tolist() == case.rows()[:128, :1].tolist()


def refuse(error: Exception) -> Engine:
    raise error


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (
            ModuleNotFoundError("No module", name="lleaves"),
            "lleaves is not installed (python -m bench.environments)",
        ),
        (MissingPeer("no gcc"), "no gcc"),
        (ValueError("no sets\nmore"), "ValueError: no sets"),
        (TypeError(), "TypeError: "),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_an_engine_that_refuses_says_why(
    error: Exception, reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(engines.ENGINES, "lleaves", lambda case: refuse(error))
    assert ready("lleaves", Case(TINY, "lightgbm", tmp_path)) == reason


def stub(folder: Path, script: str) -> tuple[Case, Setting]:
    """A case, and a setting whose interpreter is a shell script."""
    python = folder / "peers" / "trees" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(f"#!/bin/sh\n{script}\n")
    python.chmod(0o755)
    case = Case(TINY, "lightgbm", folder)
    np.save(case.file("npy"), np.zeros((TINY.most, 1)))
    return case, Setting(folder, folder / "peers", 30, min(os.sched_getaffinity(0)))


@pytest.mark.parametrize(
    ("script", "patience_s", "reason"),
    [
        ("""echo '{"refused": "no sets"}'""", 30.0, "no sets"),
        ("sleep 60", 0.1, r"not ready within 0\.1 s"),
        ("exit 3", 30.0, "its process ended with code 3"),
    ],
)
def test_who_sits_out_is_named_with_model_and_reason(
    script: str, patience_s: float, reason: str, tmp_path: Path
) -> None:
    case, setting = stub(tmp_path, script)
    with pytest.raises(MissingPeer, match=f"^onedal with tiny of lightgbm sits out: {reason}$"):
        Worker("onedal", case, replace(setting, patience_s=patience_s))


def test_a_worker_that_ends_in_the_race_is_named(tmp_path: Path) -> None:
    case, setting = stub(tmp_path, """echo '{"version": "1.0", "probability": false}'; exit 4""")
    contender = Worker("onedal", case, setting).contender("onedal", 64)
    with pytest.raises(MissingPeer, match="onedal with tiny of lightgbm ended with code 4"):
        contender.run()


def test_each_engine_has_its_environment_and_kedge_this_one(tmp_path: Path) -> None:
    for name in STAGES["score"]:
        (tmp_path / name / "bin").mkdir(parents=True)
        (tmp_path / name / "bin" / "python").touch()
    assert interpreter("onedal", tmp_path, "trees") == tmp_path / "trees" / "bin" / "python"
    assert interpreter("lleaves", tmp_path, "trees") == tmp_path / "lleaves" / "bin" / "python"
    here = interpreter("lleaves", None, "trees")
    assert interpreter("kedge", tmp_path, "trees") == here
    assert interpreter("lleaves", tmp_path / "nowhere", "trees") == here


def answer(scores: Scores, reference: Scores, *, probability: bool = False) -> Answer:
    return Answer([1], lambda: scores, reference, probability)


def complaint(engine: str, given: Answer) -> str:
    return judge(engine, given, given)


RAW = np.random.default_rng(1).normal(size=(1000, 1))


@pytest.mark.parametrize("engine", ["kedge", "lightgbm", "xgboost", "xgboost DMatrix"])
def test_one_bit_is_wrong_where_all_must_be_equal(engine: str) -> None:
    wrong = RAW.copy()
    wrong[7] = np.nextafter(wrong[7], np.inf)
    text = complaint(engine, answer(wrong, RAW))
    assert text.startswith("1 of 1000 scores differ, first row 7, class 0: ")
    assert complaint(engine, answer(RAW[:64].copy(), RAW)) == ""
    assert "scores are (1000, 2)" in complaint(engine, answer(np.tile(RAW, 2), RAW))


def test_a_converter_may_be_off_in_a_hundredth_of_the_rows() -> None:
    few, many = RAW.copy(), RAW.copy()
    few[:10] += 0.5
    many[:11] += 0.5
    assert complaint("onedal", answer(RAW + 9e-5, RAW)) == ""
    assert complaint("onedal", answer(few, RAW)) == ""
    assert off(answer(few, RAW)) == pytest.approx(0.01)
    assert (
        complaint("onedal", answer(many, RAW)) == "1.10% of 1000 rows are off by more than 0.0001"
    )


def test_probabilities_are_held_to_the_reference_of_their_form() -> None:
    assert complaint("onedal", answer(1 / (1 + np.exp(-RAW)), RAW, probability=True)) == ""
    classes = np.random.default_rng(2).normal(size=(50, 5))
    shares = np.exp(classes) / np.exp(classes).sum(axis=1, keepdims=True)
    assert complaint("onedal", answer(shares, classes, probability=True)) == ""
    assert complaint("onedal", answer(shares[:, ::-1], classes, probability=True)) != ""


def test_a_peer_that_is_wrong_sits_out_and_the_others_race(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _, setting = stub(tmp_path, "exit")

    class Fake:
        version = "1.0"

        def __init__(self, engine: str, case: Case, setting: Setting) -> None:
            self.scores = np.ones((TINY.most, 1)) * (engine == "onedal")

        def contender(self, engine: str, rows: int) -> Contender[Answer]:
            given = answer(self.scores, np.zeros((TINY.most, 1)))
            return Contender(engine, "1.0", lambda: given, lambda given: given.taken_ns)

        def close(self) -> None: ...

    monkeypatch.setattr(field, "Worker", Fake)
    stage = bench_trees.Stage(setting, with_kedge=True)
    race = stage.race("trees/tiny/lightgbm/64", Case(TINY, "lightgbm", tmp_path), 64)
    assert race.ours.engine == "kedge"
    assert [peer.engine for peer in race.peers] == [
        *("lightgbm", "onnxruntime", "lleaves", "tl2cgen", "treelite"),
        *("catboost (own)", "ydf (own)"),
    ]
    assert "onedal with tiny of lightgbm sits out: 100.00% of 130" in capsys.readouterr().err


def test_eight_threads_score_every_batch_once_and_in_order() -> None:
    batches = np.split(np.arange(128, dtype=np.float32)[:, None], 64)
    contender = bench_threads.under_threads("kedge", "1.0", lambda rows: rows[:, 0], batches, 8)
    scores = contender.run()
    assert scores.tolist() == [[i] for i in range(128)]
    assert bench_threads.judge("kedge", scores, scores) == ""
    assert "row 3 is [3.]" in bench_threads.judge("kedge", scores, np.where(scores == 3, 4, scores))


def test_a_kedge_without_models_fails_the_small_benchmarks(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def missing() -> None:
        raise MissingPeer("this kedge compiles no models")

    for module in (bench_load, bench_threads):
        monkeypatch.setattr(module, "kedge_that_compiles", missing)
        monkeypatch.setattr(module, "write_model", lambda case, setting: None)
        monkeypatch.setattr(Case, "reference", lambda case: RAW)
        assert module.main(["--only", "/T1/"]) == 1
        assert "this kedge compiles no models" in capsys.readouterr().err


@pytest.mark.parametrize(("change", "code"), [("", 0), (" + 1e-15", 1)], ids=["right", "wrong"])
def test_kedge_is_raced_only_when_its_scores_are_the_trainers(
    change: str,
    code: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    pytest.importorskip("lightgbm")
    (tmp_path / "kedge.py").write_text(FAKE_KEDGE.format(change=change))
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=os.pathsep)
    monkeypatch.setattr(bench_trees, "SHAPES", [TINY])
    monkeypatch.setattr(field, "_IMPORTERS", {"lightgbm": ["lleaves"]})
    arguments = ["--json", "--rounds", "2", "--rows", "64", "--only", "lightgbm"]
    assert bench_trees.main([*arguments, "--peers-dir", str(tmp_path)]) == code
    out, err = capsys.readouterr()
    lines = [json.loads(line) for line in out.splitlines()]
    assert ("kedge is not timed" in err) == bool(code)
    assert all(line.keys() >= KEYS for line in lines)
    expected = {"trees/tiny/lightgbm/1", "trees/tiny/lightgbm/64"}
    assert {line["work"] for line in lines if line["engine"] == "kedge"} == (
        set() if code else expected
    )
