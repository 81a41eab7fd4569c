"""The benchmark of explanations runs, and times nobody whose contributions are wrong."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest

from bench.score import bench_explain
from bench.score.bench_explain import Answer, Shape


def test_small_models_are_raced(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(bench_explain, "SHAPES", (Shape(2, 4),))
    assert bench_explain.main(["--json", "--rows", "64", "--rounds", "1"]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    works = {line["work"] for line in lines}
    trainers = ("lightgbm", "xgboost")
    wanted = {f"explain/{t}/2x4/{kind}" for t in trainers for kind in ("batch", "one")}
    wanted |= {"explain/lightgbm/2x4/background", "explain/xgboost/2x4/pairs"}
    assert works == wanted
    assert {"kedge", "lightgbm", "xgboost"} <= {line["engine"] for line in lines}


def test_wrong_contributions_are_not_timed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    make = bench_explain.lightgbm_model

    def wrong(shape: Shape) -> bench_explain.Trained:
        trained = make(shape)
        return dataclasses.replace(trained, reference=lambda x: trained.reference(x) * (1 + 1e-8))

    monkeypatch.setattr(bench_explain, "SHAPES", (Shape(2, 4),))
    monkeypatch.setattr(bench_explain, "lightgbm_model", wrong)
    assert bench_explain.main(["--only", "lightgbm/2x4/batch", "--rounds", "1"]) == 1
    assert "kedge is off by" in capsys.readouterr().err


def test_values_must_have_the_shape_of_the_trainers() -> None:
    right = Answer(np.zeros((2, 3)), [1])
    assert bench_explain.judge("lightgbm", "kedge", right, right) == ""
    assert "expected (2, 3)" in bench_explain.judge(
        "lightgbm", "kedge", Answer(np.zeros((2, 2)), [1]), right
    )


def test_contributions_against_a_background_must_add_up() -> None:
    right, wrong = Answer(np.ones((2, 3)), [1]), Answer(np.ones((2, 3)) * 1.001, [1])
    scores = np.full(2, 3.0)
    assert bench_explain.judge_against(scores, "kedge", right, right) == ""
    assert "contributions are off" in bench_explain.judge_against(scores, "kedge", wrong, right)
    assert "sums are off" in bench_explain.judge_against(scores, "kedge", wrong, wrong)
