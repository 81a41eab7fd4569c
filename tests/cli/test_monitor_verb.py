"""`kedge monitor`: a file followed as a stream, alarms as they come, the verdict as exit code."""

from __future__ import annotations

import io
import json
import sys
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


def test_where_a_files_blocks_end_changes_nothing(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pq.write_table(pq.read_table("far.parquet"), "blocks.parquet", row_group_size=700)
    said = []
    for stream in ("far.parquet", "blocks.parquet"):
        capsys.readouterr()
        assert main(["monitor", "ref.kprof", stream, "--rows", "1000", "--json"]) == 1
        said.append(capsys.readouterr().out)
    assert said[0] == said[1]


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
        ["ref.kprof", "far.parquet", "--false-alarms", "2"],
        ["ref.kprof", "far.parquet", "--false-alarms", "0.01", "--fdr", "0.05"],
        ["ref.kprof", "far.parquet", "--min-effect", "1"],
        ["ref.kprof", "far.parquet", "--fdr", "2"],
    ],
)
def test_wrong_use_is_64(
    folder: Path, arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["monitor", *arguments]) == 64
    assert capsys.readouterr().err.startswith("kedge: ")


def test_a_rate_that_is_none_says_what_one_is(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="64"):
        main(["monitor", "ref.kprof", "far.parquet", "--false-alarms", "abc"])
    said = "argument --false-alarms: 'abc': expected a number for each update, or a rate in time"
    assert said in capsys.readouterr().err


def follow_stdin(monkeypatch: pytest.MonkeyPatch, data: bytes, *options: str) -> int:
    class Stdin:
        buffer = io.BytesIO(data)

    monkeypatch.setattr(sys, "stdin", Stdin)
    return main(["monitor", "ref.kprof", "-", *options])


def stream_of(table: pa.Table) -> bytes:
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table, max_chunksize=1000)
    return sink.getvalue()


POLICY = "[trigger]\ndrift = { min_effect = 0.1, false_alarms = 1e-3 }\n"


def test_a_policy_says_what_is_watched(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("policy.toml").write_text(POLICY)
    main(["monitor", "ref.kprof", "far.parquet", "--min-effect", "0.1", "--false-alarms", "1e-3"])
    expected = capsys.readouterr().out
    assert main(["monitor", "ref.kprof", "far.parquet", "--policy", "policy.toml"]) == 1
    assert capsys.readouterr().out == expected
    assert main(["monitor", "ref.kprof", "same.parquet", "--policy", "policy.toml"]) == 0
    data = stream_of(pq.read_table("far.parquet"))
    capsys.readouterr()
    assert follow_stdin(monkeypatch, data, "--policy", "policy.toml", "--json") == 1
    *alarms, verdict = map(json.loads, capsys.readouterr().out.splitlines())
    assert (verdict["verdict"], verdict["updates"]) == ("yes", 16)
    assert {alarm["column"] for alarm in alarms} == {"amount"}


def test_event_times_are_the_clock(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("policy.toml").write_text(POLICY.replace("1e-3", '"1/30d"'))
    far = pq.read_table("far.parquet")
    start = np.datetime64("2024-01-01T00:00:00")
    late = np.arange(far.num_rows) - 30 * (np.arange(far.num_rows) % 7 == 3)
    far = far.append_column("ts", pa.array(start + 60 * late.astype("timedelta64[s]")))
    pq.write_table(far, "timed.parquet")
    options = ["--policy", "policy.toml", "--clock", "ts", "--rows", "1000"]
    assert main(["monitor", "ref.kprof", "timed.parquet", *options]) == 1
    out = capsys.readouterr().out
    assert out.startswith("update 9: amount: values moved by 0.2") or "since update 9" in out
    assert follow_stdin(monkeypatch, stream_of(far), *options) == 1
    assert capsys.readouterr().out.splitlines() == out.splitlines()
    for arguments, error in (
        (["--false-alarms", "1/30d"], "name the event times, --clock"),
        (["--false-alarms", "1/30d", "--clock", "amount"], "has no times of events but float64"),
        (["--false-alarms", "1/30d", "--clock", "when"], "when"),
        (["--clock", "ts"], "false alarms have a rate for each update"),
    ):
        assert main(["monitor", "ref.kprof", "timed.parquet", *arguments]) == 64
        assert error in capsys.readouterr().err


def test_the_newest_rows_have_a_verdict_of_their_own(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    far, same = pq.read_table("far.parquet"), pq.read_table("same.parquet")
    back = pa.concat_tables([far, same])
    hours = 3600 * np.arange(back.num_rows).astype("timedelta64[s]")
    pq.write_table(
        back.append_column("ts", pa.array(np.datetime64("2024-01-01T00:00:00") + hours)),
        "back.parquet",
    )
    policy = POLICY.replace(" }", ', window = "416d" }')
    Path("policy.toml").write_text(policy)
    for options, rows, newest in (
        (["--min-effect", "0.1", "--window", "10"], 10_000, "no"),
        (["--min-effect", "0.06", "--window", "28"], 28_000, "not yet known"),
        (["--min-effect", "0.1", "--window", "416d", "--clock", "ts"], 10_000, "no"),
        (["--min-effect", "0.1", "--window", "30", "--tumbling"], 6000, "no"),
        (["--policy", "policy.toml", "--clock", "ts"], 10_000, "no"),
    ):
        capsys.readouterr()
        arguments = ["monitor", "ref.kprof", "back.parquet", "--rows", "1000", *options]
        assert main(arguments) == 1
        first, *_, found, last = capsys.readouterr().out.splitlines()
        assert first.startswith("update ")
        assert found.startswith("drifted: yes (")
        assert last == f"the newest {rows} rows: {newest}"
        main([*arguments, "--json"])
        found = json.loads(capsys.readouterr().out.splitlines()[-1])
        assert found["newest"] == {"rows": rows, "verdict": newest}
    for options, error in (
        (["--window", "0"], "window = 0 is neither"),
        (["--window", "7y"], "expected a length such as"),
        (["--window", "7d"], "window: a time wants a clock"),
        (["--window", "5", "--clock", "ts"], "false alarms have a rate for each update"),
        (["--tumbling"], "tumbling is of a window; there is none"),
        (["--policy", "policy.toml", "--window", "5"], "--window: --policy says that already"),
    ):
        assert main(["monitor", "ref.kprof", "back.parquet", *options]) == 64
        assert error in capsys.readouterr().err


def test_a_wrong_policy_says_where(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for text, options, error in (
        ("[trigger]\ndrift = { min_efect = 1 }", [], "policy.toml:2: trigger.drift.min_efect: "),
        ("[shadow]\npromote_if = { loss_bound = 1 }", [], "there is no [trigger.drift]"),
        (POLICY, ["--group", "2"], "--group: --policy says that already"),
        ("[trigger", [], "policy.toml:1: not TOML: "),
    ):
        Path("policy.toml").write_text(text)
        arguments = ["ref.kprof", "same.parquet", "--policy", "policy.toml", *options]
        assert main(["monitor", *arguments]) == 64
        assert error in capsys.readouterr().err
    assert main(["monitor", "ref.kprof", "same.parquet", "--policy", "nothing.toml"]) == 64
    data = stream_of(pq.read_table("same.parquet"))
    assert follow_stdin(monkeypatch, b"amount,city\n1,Riga\n") == 64
    assert follow_stdin(monkeypatch, data[:-2000]) == 64
    assert follow_stdin(monkeypatch, stream_of(pa.table({"city": ["Riga"]}))) == 64
    said = capsys.readouterr().err.splitlines()[1:]
    assert len(said) == 3
    wanted = ("not an Arrow IPC stream", "Expected to be able to read", 'column "amount"')
    assert [part for part, line in zip(wanted, said, strict=True) if part not in line] == []
