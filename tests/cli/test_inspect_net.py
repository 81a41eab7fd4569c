"""`kedge inspect` of a model that is no forest."""

from __future__ import annotations

from pathlib import Path

import pytest

import kedge
from kedge.cli import main
from tests.model.nets import mlp


def test_inspect_shows_the_steps(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "net.kedge"
    compiled = kedge.compile(mlp([6, 20, 2], "Tanh"))
    compiled.save(path)
    info = compiled.info()
    assert info["steps"] == [
        {"step": "affine", "width": 20, "numbers": "float32"},
        {"step": "activate: tanh", "width": 20, "numbers": "float32"},
        {"step": "affine", "width": 2, "numbers": "float32"},
    ]
    assert info["covers"] is False
    assert repr(compiled).endswith(": 3 steps, 6 features, 2 outputs")
    assert main(["inspect", str(path)]) == 0
    text = capsys.readouterr().out
    assert "activate: tanh  20" in text
    assert "trees" not in text
