"""Every Python block in README, docs and docstrings runs; every command in them exists."""

from __future__ import annotations

import doctest
import importlib
import re
from pathlib import Path

import pytest

from kedge.cli import main

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)


def blocks(language: str) -> list[tuple[str, str]]:
    return [
        (f"{path.name}:{path.read_text()[: match.start()].count(chr(10)) + 1}", match.group(2))
        for path in PAGES
        for match in BLOCK.finditer(path.read_text())
        if match.group(1) == language
    ]


@pytest.mark.parametrize(("place", "code"), blocks("python"), ids=lambda value: value[:20])
def test_python_blocks_run(
    place: str, code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    exec(compile(code, place, "exec"), {})  # noqa: S102  running them is the test


@pytest.mark.parametrize(
    "line",
    [
        line
        for _, code in blocks("sh")
        for line in re.findall(r"^(?:.*&& )?kedge ([a-z].*)$", code, re.MULTILINE)
    ],
)
def test_commands_are_understood(line: str) -> None:
    with pytest.raises(SystemExit) as stop:
        main([line.split()[0], "--help"])
    assert stop.value.code == 0


@pytest.mark.parametrize(
    "module",
    [
        *(
            "cli",
            "cli.progress",
            "decide.policy",
            "demo",
            "drift",
            "expr",
            "hub.repository",
            "hub.repository_port",
            "loop.options",
            "model",
            "model.importance",
            "records",
            "sketch",
        ),
        *("toml.places", "udf", "udf.aggregate", "udf.column", "window.as_of"),
    ],
)
def test_docstrings_say_what_happens(module: str) -> None:
    assert doctest.testmod(importlib.import_module(f"kedge.{module}")).failed == 0


def test_no_page_links_to_nothing() -> None:
    for path in PAGES:
        for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", path.read_text()):
            if "://" not in target:
                assert (path.parent / target).exists(), f"{path.name}: {target}"
