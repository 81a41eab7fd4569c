"""The fairness benchmark: right answers, and wrong ones that are found."""

from __future__ import annotations

import json

import pytest

from bench.quality.bench_fairness import GROUPS, Rates, judge, kedge_rates, main, rows_of


@pytest.mark.parametrize("work", GROUPS)
@pytest.mark.parametrize("answers", [False, True])
def test_kedge_counts_what_is_there(work: str, answers: bool) -> None:
    data = rows_of(work, 3000)
    rates = kedge_rates(data, answers=answers).run()
    for name, (rows, selection, opportunity) in rates.groups.items():
        there = data["group"].astype(str) == name
        positive = there & (data["target"] == 1)
        assert rows == there.sum()
        assert selection == data["decision"][there].mean()
        assert opportunity == data["decision"][positive].mean()


def test_wrong_answers_are_named() -> None:
    right = Rates({"a": (10, 0.5, 0.25)})
    assert judge("x", right, right) == ""
    assert "rows of a is 9" in judge("x", Rates({"a": (9, 0.5, 0.25)}), right)
    assert "true positive rate of a" in judge("x", Rates({"a": (10, 0.5, 0.26)}), right)
    assert "has the groups ['b']" in judge("x", Rates({"b": (10, 0.5, 0.25)}), right)


def test_it_runs_without_its_peer(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--json", "--rows", "500", "--rounds", "3", "--only", "counts/names"]) == 0
    line = json.loads(capsys.readouterr().out)
    assert (line["work"], line["engine"], line["rows"]) == ("counts/names", "kedge", 500)
