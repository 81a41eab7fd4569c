"""The benchmark of the service runs, and times nobody who is wrong."""

from __future__ import annotations

import json

import pytest

from bench.serve.bench_service import main


def test_it_runs(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--json", "--rounds", "3", "--calls", "5", "--only", "8 at once"]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(line["work"], line["engine"]) for line in lines] == [
        ("one row, 8 at once", "kedge"),
        ("one row, 8 at once", "grpcio echo"),
    ]
