"""The memory benchmark measures the process it started, and fails above its bound."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import pytest

from bench.io import bench_memory


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(bench_memory, "GROUP_ROWS", 1000)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_the_outcome_is_stated_and_nothing_is_left(
    small: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert bench_memory.main(["--gigabytes", "0.0002", "--json"]) == 0
    outcome = json.loads(capsys.readouterr().out)
    assert outcome["held"] is True
    assert outcome["rows"] % 1000 == 0
    assert outcome["file_megabytes"] >= 0.2
    assert 20 < outcome["peak_megabytes"] < outcome["most_megabytes"] == 300
    assert list(small.iterdir()) == []


def test_too_much_memory_is_exit_code_1(
    small: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(bench_memory, "MOST_MEGABYTES", 10)
    assert bench_memory.main(["--gigabytes", "0", "--keep"]) == 1
    out, err = capsys.readouterr()
    assert "of 10" in out
    assert Path(err.strip()).is_file()


def test_a_run_that_fails_is_exit_code_1(
    small: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(bench_memory, "write", lambda path, *_: path.write_text("x") or 1)
    assert bench_memory.main(["--gigabytes", "0"]) == 1
    assert "orders.parquet" in capsys.readouterr().err
