"""Verbs that want python-tuf say so where it is missing."""

from __future__ import annotations

from pathlib import Path

import pytest

from kedge.cli import main


@pytest.mark.parametrize(
    "arguments",
    [["hub", "fleet"], ["edge", "sign", "repo", "m.kedge", "--model", "m", "--version", "1"]],
)
def test_what_is_missing_is_named(
    arguments: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("kedge.hub.extra.find_spec", lambda name: None)
    assert main(arguments) != 0
    assert 'needs python-tuf; pip install "kedge[hub]"' in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
