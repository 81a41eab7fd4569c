"""A file that is not there is said so in one wording, by whatever it was to be read."""

from __future__ import annotations

from pathlib import Path

import pytest

import kedge
from kedge.cli import main


@pytest.mark.parametrize(
    "arguments",
    [
        ["profile", "no"],
        ["profile", "ref.kprof", "--like", "no"],
        ["compare", "ref.kprof", "no"],
        ["monitor", "ref.kprof", "a.csv", "--policy", "no"],
        ["inspect", "no"],
        ["predict", "no", "a.csv"],
        ["compile", "no", "-o", "a.kedge"],
        ["run", "no"],
        ["bench", "diff", "no", "a"],
        ["edge", "header", "no"],
        ["edge", "status", "a:1", "--token-file", "no"],
    ],
)
def test_what_is_not_there_is_named(
    arguments: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("ref.kprof").write_bytes(kedge.profile({"a": [1.0, 2.0]}).to_bytes())
    assert main(arguments) == 64
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("kedge: ")
    assert err.endswith('"no": there is no such file\n')


def test_what_else_the_system_says_names_the_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["bench", "diff", str(tmp_path), "a"]) == 64
    assert capsys.readouterr().err == f'kedge: "{tmp_path}": Is a directory\n'
