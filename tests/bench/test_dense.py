"""The benchmark of nets runs, and times nobody whose predictions are wrong."""

from __future__ import annotations

import json

import numpy as np
import pytest

from bench.score import bench_dense
from bench.score.bench_dense import Answer


def test_small_nets_are_raced(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(bench_dense, "SHAPES", ((3, 1), (4, 5, 2)))
    assert bench_dense.main(["--quick", "--json", "--rows", "16", "--rounds", "1"]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    wanted = {
        f"{what}/{net}/{kind}"
        for what in ("dense", "dense-int8")
        for net in ("3-1", "4-5-2")
        for kind in ("one", "batch")
    }
    assert {line["work"] for line in lines} == wanted
    assert {"kedge", "numpy", "onnxruntime"} <= {line["engine"] for line in lines}


def test_a_peer_with_wrong_predictions_is_not_timed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(bench_dense, "SHAPES", ((3, 1),))
    monkeypatch.setattr(bench_dense, "onnxruntime_call", lambda _: ("1", lambda rows: rows[:, :1]))
    assert bench_dense.main(["--rows", "16", "--rounds", "1"]) == 1
    assert "onnxruntime is off by" in capsys.readouterr().err


def test_predictions_must_have_the_shape_of_the_expected() -> None:
    right = Answer(np.zeros((2, 3), np.float32), [1])
    assert bench_dense.judge("kedge", right, right) == ""
    wrong = Answer(np.zeros((2, 2), np.float32), [1])
    assert "expected (2, 3)" in bench_dense.judge("kedge", wrong, right)
    nan = Answer(np.full((2, 3), np.nan, np.float32), [1])
    assert "off by nan" in bench_dense.judge("kedge", nan, right)
