"""`kedge monitor`: a file followed as a stream, alarms as they come, the verdict as exit code."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest

import kedge
from kedge.cli import main


def orders(rng: np.random.Generator, rows: int, shift: float = 0.0) -> pa.Table:
    city = np.array(["Riga", "Turku", "Gdynia"])[rng.integers(0, 3, rows)]
    return pa.table({"amount": rng.lognormal(3 + shift, 1, rows), "city": city})


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    rng = np.random.default_rng(3)
    monkeypatch.chdir(tmp_path)
    pq.write_table(orders(rng, 50_000), "ref.parquet")
    pq.write_table(orders(rng, 20_000), "same.parquet")
    far = pa.concat_tables([orders(rng, 8000), orders(rng, 8000, 0.5)])
    pq.write_table(far, "far.parquet")
    pyarrow.csv.write_csv(far, "far.csv")
    pq.write_table(orders(rng, 50), "few.parquet")
    main(["profile", "ref.parquet", "-o", "ref.kprof"])
    return tmp_path


@pytest.mark.parametrize(
    ("stream", "code"), [("same.parquet", 0), ("far.parquet", 1), ("few.parquet", 2)]
)
def test_the_exit_code_is_the_verdict(
    folder: Path, stream: str, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    assert main(["monitor", "ref.kprof", stream, "--min-effect", "0.1"]) == code
    last = capsys.readouterr().out.splitlines()[-1]
    assert last.startswith(f"drifted: {['no', 'yes', 'not yet known'][code]}")


def test_the_first_alarm_of_an_episode_is_printed(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    assert main(["monitor", "ref.kprof", "far.parquet", "--rows", "1000"]) == 1
    alarm, verdict = capsys.readouterr().out.splitlines()
    assert alarm.startswith("update 9: amount: values moved by 0.2")
    assert verdict.endswith("alarms in 16 updates)")


def test_json_has_every_alarm_and_then_the_verdict(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    assert main(["monitor", "ref.kprof", "far.parquet", "--rows", "1000", "--json"]) == 1
    *alarms, verdict = map(json.loads, capsys.readouterr().out.splitlines())
    assert verdict == {"verdict": "yes", "updates": 16, "alarms": len(alarms)}
    assert {(alarm["column"], alarm["episode"]) for alarm in alarms} == {("amount", 9)}
    monitor = kedge.Monitor(kedge.profile(pq.read_table("ref.parquet")))
    table = pq.read_table("far.parquet")
    expected = [alarm for i in range(16) for alarm in monitor.update(table.slice(1000 * i, 1000))]
    assert [alarm["update"] for alarm in alarms] == [alarm.update for alarm in expected]
    assert [alarm["evidence"] for alarm in alarms] == [alarm.evidence for alarm in expected]


def test_a_csv_stream_and_a_reference_of_data(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["monitor", "ref.parquet", "far.csv"]) == 1
    assert "amount: values moved" in capsys.readouterr().out


def test_the_plan_is_printed_first(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    main(["monitor", "ref.kprof", "few.parquet", "--plan"])
    assert capsys.readouterr().out.splitlines()[0].split()[:3] == ["column", "tolerance", "shift"]
    main(["monitor", "ref.kprof", "few.parquet", "--plan", "--json"])
    plan = json.loads(capsys.readouterr().out.splitlines()[0])["plan"]
    assert [row["column"] for row in plan] == ["amount", "city"]
    assert plan[0]["rows"]["0.03"] == "inf" or plan[0]["rows"]["0.03"] > plan[0]["rows"]["0.4"]


@pytest.mark.parametrize(
    "arguments",
    [
        ["ref.kprof", "nothing.parquet"],
        ["ref.kprof", "far.parquet", "--rows", "0"],
        ["ref.kprof", "far.parquet", "--false-alarms", "0"],
        ["ref.kprof", "far.parquet", "--min-effect", "1"],
        ["ref.kprof", "far.parquet", "--fdr", "2"],
    ],
)
def test_wrong_use_is_64(
    folder: Path, arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["monitor", *arguments]) == 64
    assert capsys.readouterr().err.startswith("kedge: ")
