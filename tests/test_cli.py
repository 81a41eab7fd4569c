"""The command line: files in, verdicts out; what is wrong is said in one line."""

from __future__ import annotations

import itertools
import json
import os
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest

import kedge
from kedge.cli import main
from kedge.io import FileTable


def test_the_demo_finds_the_shift_and_nothing_else(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["demo"]) == 0
    out = capsys.readouterr().out
    assert "drift in amount" in out
    assert "drifted: yes" in out
    assert "rolled back: 2.\nAlarms before the shift: none." in out


def test_json_is_the_same_as_data(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["demo", "--json", "--seed", "11"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert result["found"] is True
    assert [row["drifted"] for row in result["batches"]][-1] == ["amount"]
    assert {row["column"] for row in result["report"]["columns"]} >= {"amount", "items"}
    assert result["served"]["found"] is True


@pytest.mark.parametrize(
    "arguments",
    [[], ["dem"], ["demo", "--sed", "1"], ["demo", "--seed", "x"], ["demo", "--seed", "-1"]],
)
def test_wrong_use_is_64(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        main(arguments)
    assert stop.value.code == 64
    assert "usage: kedge" in capsys.readouterr().err


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Orders, later orders that are the same and that are not, and too few orders."""
    rng = np.random.default_rng(3)
    for name, rows, shift in [("ref", 20_000, 0), ("same", 20_000, 0), ("far", 20_000, 1)]:
        pq.write_table(orders(rng, rows, shift), tmp_path / f"{name}.parquet")
    pq.write_table(orders(rng, 30, 0), tmp_path / "few.parquet")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def orders(rng: np.random.Generator, rows: int, shift: float) -> pa.Table:
    return pa.table(
        {
            "amount": rng.lognormal(3 + shift, 1, rows),
            "items": rng.poisson(2, rows),
            "at": pa.array(1_700_000_000 + np.arange(rows), pa.timestamp("s")),
            "city": np.array(["Riga", "Turku", "Gdynia"])[rng.integers(0, 3, rows)],
            "receipt": [f"{i:x}" for i in rng.integers(0, 2**40, rows)],
        }
    )


def strict(text: str) -> Any:
    """JSON that has no NaN and no infinities."""

    def refuse(name: str) -> None:
        raise AssertionError(f"{name} is no JSON")

    return json.loads(text, parse_constant=refuse)


def test_a_profile_is_written_and_printed(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["profile", "ref.parquet", "-o", "ref.kprof"]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    lines = out.splitlines()
    assert lines[0] == "20000 rows"
    assert [line.split()[0] for line in lines[3:]] == ["amount", "items", "at", "city", "receipt"]
    assert "2023-11-14T22:13:20" in lines[5]
    assert "Riga 33" in lines[6]
    stored = kedge.Profile.from_bytes((folder / "ref.kprof").read_bytes())
    assert stored == kedge.profile(pq.read_table("ref.parquet"))
    assert sorted(path.name for path in folder.iterdir() if path.suffix != ".parquet") == [
        "ref.kprof"
    ]


def test_the_summary_as_json(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = pa.table(
        {
            "v": [None, float("nan"), float("inf"), 1.0, 2.0, 3.0, 5.0],
            "nothing": pa.nulls(7, pa.float64()),
            "c": ["x", "x", "y", "x", None, "y", "z"],
        }
    )
    pq.write_table(table, "odd.parquet")
    assert main(["profile", "odd.parquet", "--json"]) == 0
    result = strict(capsys.readouterr().out)
    v, nothing, c = result["columns"]
    assert result["rows"] == v["rows"] == 7
    assert (v["null"], v["nan"], v["min"], v["median"], v["above"]) == (1, 1, 1.0, 3.0, 1)
    assert (nothing["null"], nothing["min"], nothing["mean"], nothing["distinct"]) == (
        7,
        *[None] * 2,
        0,
    )
    assert c["top"] == [
        {"name": "x", "rows": 3},
        {"name": "y", "rows": 2},
        {"name": "z", "rows": 1},
    ]
    assert main(["profile", "odd.parquet"]) == 0
    assert "28.6%" in capsys.readouterr().out


def test_options_reach_the_profile(folder: Path) -> None:
    table = pq.read_table("ref.parquet")
    given = ["--columns", "items,city", "--categorical", "items", "--max-categories", "2"]
    assert main(["profile", "ref.parquet", "-o", "a.kprof", *given]) == 0
    assert Path("a.kprof").read_bytes() == (
        kedge.profile(
            table, columns=["items", "city"], categorical=["items"], max_categories=2
        ).to_bytes()
    )
    assert main(["profile", "ref.parquet", "-o", "b.kprof", "--cells", "64"]) == 0
    assert Path("b.kprof").read_bytes() == kedge.profile(table, cells=64).to_bytes()
    assert main(["profile", "ref.parquet", "-o", "c.kprof", "--columns", "amount", "--exact"]) == 0
    assert Path("c.kprof").read_bytes() == (
        kedge.profile(table, columns=["amount"], exact=True).to_bytes()
    )


def test_profiles_made_like_another_merge(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["profile", "ref.parquet", "-o", "ref.kprof"])
    main(["profile", "far.parquet", "-o", "far.kprof", "--like", "ref.kprof"])
    amount = capsys.readouterr().out.splitlines()[-5]
    assert amount.startswith("amount")
    assert ">" in amount  # than all of the reference's
    far = kedge.Profile.from_bytes(Path("far.kprof").read_bytes())
    reference = kedge.profile(pq.read_table("ref.parquet"))
    expected = reference.like()
    expected.update(pq.read_table("far.parquet"))
    assert far == expected
    reference.merge(far)
    assert main(["profile", "far.parquet", "--like", "ref.kprof", "--cells", "9"]) == 64
    assert "--cells" in capsys.readouterr().err
    assert main(["profile", "far.parquet", "--like", "ref.parquet"]) == 64
    assert '"ref.parquet" is no profile' in capsys.readouterr().err


@pytest.mark.parametrize(
    ("live", "code"), [("same.parquet", 0), ("far.parquet", 1), ("few.parquet", 2)]
)
def test_the_exit_code_is_the_verdict(
    folder: Path, live: str, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    columns = ["amount", "items", "city"]
    main(["profile", "ref.parquet", "-o", "ref.kprof", "--columns", ",".join(columns)])
    main(["profile", live, "-o", "live.kprof", "--like", "ref.kprof"])
    capsys.readouterr()
    wide = ["--json", "--min-effect", "0.2"]
    assert main(["compare", "ref.kprof", live, *wide]) == code
    printed = capsys.readouterr().out
    result = strict(printed)
    assert result["verdict"] == {0: "no", 1: "yes", 2: "not yet known"}[code]
    assert {row["column"] for row in result["columns"]} == set(columns)
    assert main(["compare", "ref.kprof", "live.kprof", *wide]) == code
    assert capsys.readouterr().out == printed
    assert main(["compare", "ref.kprof", live, "--min-effect", "0.9"]) in (0, 2)
    assert "(change above 0.9, confidence 0.99)" in capsys.readouterr().out


def test_a_reference_may_be_data(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compare", "ref.parquet", "far.parquet"]) == 1
    assert capsys.readouterr().out.splitlines()[-1].startswith("drifted: yes")


def test_the_page_is_written(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        kedge.Report, "to_html", lambda self: f"<p>{self.verdict}</p>", raising=False
    )
    assert main(["compare", "ref.parquet", "far.parquet", "--html", "a.html"]) == 1
    assert Path("a.html").read_text() == "<p>yes</p>"


def test_live_csv_is_read_as_the_reference(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    codes = [f"{i % 7:02}" for i in range(5000)]
    pq.write_table(pa.table({"code": codes, "v": np.arange(5000) / 2}), "coded.parquet")
    rows = [f"{code},{i // 2},0" for i, code in enumerate(codes)]
    Path("live.csv").write_text("\n".join(["code,v,more", *rows]))
    assert main(["compare", "coded.parquet", "live.csv", "--min-effect", "0.2"]) == 0
    assert capsys.readouterr().err == ""


def test_csv_types_grow(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [f"{i},{i % 9}" for i in range(200_000)]
    rows[190_000] = "1.5,?"
    Path("a.csv").write_text("\n".join(["a,b", *rows]))
    assert main(["profile", "a.csv", "--json"]) == 0
    out, err = capsys.readouterr()
    assert [row["type"] for row in strict(out)["columns"]] == ["float64", "utf8"]
    said = (
        '"a.csv": column "{}", line 190002: "{}" is no int64 as the values before; it is read as {}'
    )
    assert err.splitlines() == [
        "kedge: " + said.format(*words) for words in [("a", "1.5", "float64"), ("b", "?", "string")]
    ]


def test_what_cannot_be_profiled_is_left_out_unless_it_was_asked_for(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = pa.table(
        {
            "a": [1, 2],
            "list": [[1], [2]],
            "price": pa.array([1, 2], pa.decimal128(5, 2)),
            "raw": [b"x", b"y"],
            "s": [{"x": 1.0, "deep": {"z": 1}}, {"x": 2.0, "deep": {"z": 1}}],
        }
    )
    pq.write_table(table, "mixed.parquet")
    assert main(["profile", "mixed.parquet", "--json"]) == 0
    out, err = capsys.readouterr()
    assert [row["column"] for row in strict(out)["columns"]] == ["a", "s.x"]
    for column, type in [("list", "list"), ("price", "decimal"), ("raw", "binary"), ("s.deep", "")]:
        assert f'column "{column}" is left out: {type}' in err
    assert len(err.splitlines()) == 4
    assert main(["profile", "mixed.parquet", "--columns", "a,price"]) == 64
    out, err = capsys.readouterr()
    assert out == ""
    assert 'column "price": decimal' in err


def test_a_name_that_two_columns_have_is_left_out(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("twice.csv").write_text("a,b,a\n1,2,3\n")
    assert main(["profile", "twice.csv", "--json"]) == 0
    out, err = capsys.readouterr()
    assert [row["column"] for row in strict(out)["columns"]] == ["b"]
    assert 'column "a" is left out: there are 2 of this name' in err
    assert main(["profile", "twice.csv", "--columns", "a"]) == 64
    assert 'there are 2 columns "a"' in capsys.readouterr().err


def test_a_file_without_rows_is_not_yet_known(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pq.write_table(pq.read_table("ref.parquet")[:0], "none.parquet")
    assert main(["profile", "none.parquet", "-o", "none.kprof"]) == 0
    assert capsys.readouterr().out.startswith("0 rows")
    assert main(["compare", "ref.parquet", "none.parquet"]) == 2
    assert main(["compare", "none.kprof", "ref.parquet", "--json"]) == 2
    strict(capsys.readouterr().out.splitlines()[-1])


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["profile", "no.csv"], '"no.csv": there is no such file'),
        (["profile", "."], "no column"),
        (
            ["profile", "ref.parquet", "--columns", "a"],
            'no column "a"; the columns are "amount", "',
        ),
        (["profile", "ref.parquet", "--categorical", "amount"], '"amount": float64 has no categor'),
        (["profile", "ref.parquet", "--categorical", "town"], '"town" is no column'),
        (["profile", "ref.parquet", "--cells", "1"], "cells = 1 is not from 8 to 1048576"),
        (["profile", "ref.parquet", "-o", "no/ref.kprof"], 'no folder "no"'),
        (["profile", "ref.parquet", "-o", "."], "is a folder"),
        (["profile", "ref.parquet", "-o", "ref.parquet"], "is the file that is read"),
        (["profile", "torn.kprof"], '"torn.kprof": this is a profile'),
        (["compare", "torn.kprof", "ref.parquet"], '"torn.kprof": '),
        (["compare", "ref.parquet", "no.parquet"], '"no.parquet": there is no such file'),
        (["compare", "ref.parquet", "other.csv"], 'other.csv": there are no columns "am'),
        (["compare", "ref.parquet", "same.parquet", "--min-effect", "1"], "min_effect"),
        (["compare", "ref.parquet", "same.parquet", "--confidence", "nan"], "confidence"),
    ],
)
def test_what_is_wrong_is_one_line_and_64(
    folder: Path, arguments: list[str], text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("torn.kprof").write_bytes(b"KDGE" + bytes(30))
    Path("other.csv").write_text("a,b\n1,2\n")
    if arguments == ["profile", "."]:
        Path("other.csv").unlink()
        for path in folder.glob("*.parquet"):
            path.unlink()
        pq.write_table(pa.table({"l": [[1]]}), "l.parquet")
    assert main(arguments) == 64
    out, err = capsys.readouterr()
    assert out == ""
    assert text in err.splitlines()[-1]
    assert err.splitlines()[-1].startswith("kedge: ")


@pytest.mark.parametrize("when", ["first", "second", "writing"])
def test_an_interrupt_leaves_no_half_file(
    folder: Path, when: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupt(*arguments: object) -> None:
        raise KeyboardInterrupt

    Path("ref.kprof").write_bytes(b"as before")
    if when == "writing":
        monkeypatch.setattr(os, "fsync", interrupt)
    else:
        monkeypatch.setattr(
            FileTable, "to_batches", interrupted(FileTable.to_batches, passes=when == "second")
        )
    before = sorted(folder.iterdir())
    assert main(["profile", "ref.parquet", "-o", "ref.kprof"]) == 130
    assert sorted(folder.iterdir()) == before
    assert Path("ref.kprof").read_bytes() == b"as before"
    assert capsys.readouterr() == ("", "")


def interrupted(read: Callable[[FileTable], Iterator[Any]], passes: int) -> Callable[..., Any]:
    """Reads so many times, then stops in the middle."""
    calls = itertools.count()

    def to_batches(self: FileTable) -> Iterator[Any]:
        call = next(calls)
        for batch in read(self):
            yield batch
            if call == passes:
                raise KeyboardInterrupt

    return to_batches


def test_the_command_in_a_process_of_its_own(folder: Path) -> None:
    command = [sys.executable, "-m", "kedge"]
    made = subprocess.run(
        [*command, "profile", "ref.parquet", "-o", "ref.kprof"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (made.returncode, made.stderr) == (0, "")
    piped = subprocess.run(
        f"{shlex.join([*command, 'compare', 'ref.kprof', 'far.parquet'])} | true; "
        "exit ${PIPESTATUS[0]}",
        shell=True,
        executable="/bin/bash",
        capture_output=True,
        text=True,
        check=False,
    )
    assert (piped.returncode, piped.stdout, piped.stderr) == (1, "", "")
    with Path("/dev/full").open("w") as full:
        lost = subprocess.run(
            [*command, "profile", "ref.parquet"], stdout=full, stderr=subprocess.PIPE, check=False
        )
    assert (lost.returncode, lost.stderr.count(b"\n")) == (64, 1)


def test_the_commands_of_the_readme_work(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kedge.Report, "to_html", lambda self: "<p>", raising=False)
    Path("ref.parquet").rename("train.parquet")
    Path("same.parquet").rename("monday.parquet")
    pa.csv.write_csv(pq.read_table("far.parquet"), "today.csv")
    readme = Path(__file__).parents[1] / "README.md"
    section = readme.read_text().split("## From the command line")[1].split("```")[1]
    lines = [shlex.split(line)[1:] for line in section.splitlines() if line.startswith("kedge ")]
    assert [main(line) for line in lines] == [0, 1, 0, 2]  # of so few rows nothing is known yet


def test_profiles_are_sliced_from_the_command_line(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rng = np.random.default_rng(1)
    for name, shift in (("then", 0), ("now", 1)):
        region = rng.choice(["north", "south"], 20_000)
        value = rng.normal(size=20_000) + (region == "south") * shift
        pq.write_table(pa.table({"region": region, "v": value}), f"{name}.parquet")
    wanted = ["--columns", "v", "--slices", "region", "-o", "then.kprof"]
    assert main(["profile", "then.parquet", *wanted]) == 0
    capsys.readouterr()
    assert main(["compare", "then.kprof", "now.parquet"]) == 1
    assert "in region = south: v" in capsys.readouterr().out
    assert main(["profile", "now.parquet", "--slices", "nothing"]) == 64
    assert 'no column "nothing"' in capsys.readouterr().err
