"""The benchmark of shared memory runs, and times nobody who is wrong."""

from __future__ import annotations

import json

import pytest

from bench.serve.bench_shared_memory import main
from kedge.serve.native import program


@pytest.mark.skipif(
    program() is None,
    reason="kedge-serve is built where gRPC's C++ library is; .ci/run test installs it",
)
def test_it_runs(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--json", "--rounds", "3", "--only", "64 rows"]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["engine"] for line in lines] == ["region", "message"]
