"""Two builds are paired work by work; a slower build fails."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from bench import compare

TINY = ["bench.drift.bench_ks", "--rows", "2000", "--rounds", "2", "--alone"]
TWICE = [sys.executable, sys.executable, *TINY, "--only", "ks_bracket/normal"]


def test_ratios_are_paired_by_round_and_work() -> None:
    base = [{"a": 10.0, "b": 1.0}, {"a": 20.0, "b": 1.0}, {"a": 40.0, "b": 1.0}]
    new = [{"a": 20.0, "c": 1.0}, {"a": 20.0, "c": 1.0}, {"a": 20.0, "c": 1.0}]
    found, unpaired = compare.changes(base, new)
    assert found == [compare.Change("a", 1.0, 0.5, 2.0, 3)]
    assert unpaired == ["b", "c"]


def test_two_equal_builds_make_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    assert compare.main(["--rounds", "2", *TWICE]) == 0
    head, row = capsys.readouterr().out.splitlines()
    assert head.split() == ["work", "new/base", "range"]
    assert row.startswith("ks_bracket/normal")


def test_a_ratio_above_the_limit_fails(capsys: pytest.CaptureFixture[str]) -> None:
    assert compare.main(["--rounds", "1", "--limit", "1e-9", "--json", *TWICE]) == 1
    out, err = capsys.readouterr()
    assert json.loads(out).keys() == {"work", "ratio", "low", "high", "rounds"}
    assert "ks_bracket/normal" in err
    assert "exceeds 1e-09" in err


def test_a_failing_benchmark_is_reported_with_its_words(
    capsys: pytest.CaptureFixture[str],
) -> None:
    arguments = ["--rounds", "1", sys.executable, sys.executable, *TINY, "--only", "no_such_work"]
    assert compare.main(arguments) == 1
    assert "no work has 'no_such_work' in its name" in capsys.readouterr().err


def test_a_directory_without_a_build_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert compare.main([str(tmp_path), sys.executable, *TINY]) == 1
    assert "no interpreter, environment or directory with kedge" in capsys.readouterr().err
