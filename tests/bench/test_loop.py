"""The benchmark of pipelines: the right answer in every format, and wrong ones that are found."""

from __future__ import annotations

import json

import pytest

from bench.loop.bench_files import FORMATS, Windows, judge, main


def test_wrong_answers_are_named() -> None:
    right = Windows(3, 10, 1.0)
    assert judge("x", Windows(3, 10, 1.0 + 1e-9), right) == ""
    for wrong in (Windows(2, 10, 1.0), Windows(3, 9, 1.0), Windows(3, 10, 1.1)):
        assert "expected Windows(windows=3" in judge("x", wrong, right)


def test_both_agree(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--json", "--rows", "3000", "--rounds", "1"]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    found = {(line["work"], line["engine"]) for line in lines}
    assert found == {(name, engine) for name in FORMATS for engine in ("kedge", "polars")}
