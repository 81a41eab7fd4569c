"""The command line: the demo finds what it hid, wrong use says so."""

from __future__ import annotations

import json

import pytest

from kedge.cli import main


def test_the_demo_finds_the_shift_and_nothing_else(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["demo"]) == 0
    out = capsys.readouterr().out
    assert "drift in amount" in out
    assert "drifted: yes" in out


def test_json_is_the_same_as_data(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["demo", "--json", "--seed", "11"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert result["found"] is True
    assert [row["drifted"] for row in result["batches"]][-1] == ["amount"]
    assert {row["column"] for row in result["report"]["columns"]} >= {"amount", "items"}


@pytest.mark.parametrize(
    "arguments",
    [[], ["dem"], ["demo", "--sed", "1"], ["demo", "--seed", "x"], ["demo", "--seed", "-1"]],
)
def test_wrong_use_is_64(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        main(arguments)
    assert stop.value.code == 64
    assert "usage: kedge" in capsys.readouterr().err
