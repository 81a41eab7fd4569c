"""The example connector in the docs is the one that the tests run, and it stays short."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_docs_show_the_connector_of_the_tests() -> None:
    text = (ROOT / "tests" / "loop" / "rows_source.py").read_text()
    assert len(text.splitlines()) <= 41
    assert text.rstrip() in (ROOT / "docs" / "pipelines.md").read_text()
