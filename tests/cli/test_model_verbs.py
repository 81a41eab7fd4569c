"""compile, inspect, predict: a trainer's file in, a model and its scores out."""

from __future__ import annotations

import hashlib
import itertools
import json
import os
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import lightgbm
import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest

import kedge
from kedge.cli import main
from kedge.cli.output import write_whole
from kedge.io import FileTable, open_table

ROWS = 3000
FEATURES = ["age", "spend", "plan", "noise"]


def draw(rows: int, seed: int) -> pa.Table:
    rng = np.random.default_rng(seed)
    spend = rng.lognormal(3, 1, rows)
    return pa.table(
        {
            "id": np.arange(rows),
            "age": rng.integers(18, 90, rows),
            "spend": pa.array(spend, mask=rng.random(rows) < 0.1),
            "plan": rng.integers(0, 5, rows),
            "noise": np.zeros(rows),
            "city": pa.array(rng.choice(["Riga", "Oslo"], rows)).dictionary_encode(),
        }
    )


def matrix(table: pa.Table) -> np.ndarray:
    columns = [table[name].to_numpy().astype(np.float64) for name in FEATURES]
    return np.stack(columns, axis=1)


@pytest.fixture(scope="module")
def booster() -> lightgbm.Booster:
    x = matrix(draw(ROWS, 1))
    y = np.log(np.nan_to_num(x[:, 1]) + 1) + (x[:, 2] == 3) * 2 + x[:, 0] / 40 > 5
    data = lightgbm.Dataset(x, y, feature_name=FEATURES, categorical_feature=[2])
    params = {"objective": "binary", "num_leaves": 15, "verbosity": -1, "num_threads": 1}
    return lightgbm.train(params, data, 10)


@pytest.fixture
def folder(booster: lightgbm.Booster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    booster.save_model("churn.txt")
    kedge.compile(booster).save("churn.kedge")
    pq.write_table(draw(ROWS, 1), "train.parquet")
    pq.write_table(draw(ROWS, 2), "live.parquet", row_group_size=1000)
    return tmp_path


@pytest.fixture
def want(booster: lightgbm.Booster) -> np.ndarray:
    return kedge.compile(booster).predict(matrix(draw(ROWS, 2)))


def said(capsys: pytest.CaptureFixture[str]) -> Any:
    out, err = capsys.readouterr()
    assert err == ""
    return json.loads(out, parse_constant=pytest.fail)


def test_compile_keeps_what_it_is_told(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    entries = ["--metadata", "team=harbour", "--metadata", "formula=a=b", "--metadata", "empty="]
    command = ["compile", "churn.txt", "-o", "a.kedge", "--reference", "train.parquet", *entries]
    assert main([*command, "--json"]) == 0
    info = said(capsys)
    model = kedge.load("a.kedge")
    assert model.info() == info
    assert info["metadata"] == {"team": "harbour", "formula": "a=b", "empty": ""}
    assert info["profile"] == {"rows": ROWS, "columns": len(FEATURES)}
    assert model.profile == kedge.profile(pq.read_table("train.parquet").select(FEATURES))
    assert info["sha256"] == hashlib.sha256(Path("a.kedge").read_bytes()).hexdigest()
    assert info["bytes"] == Path("a.kedge").stat().st_size
    assert main(command) == 0
    assert capsys.readouterr().out.startswith("origin        LightGBM")


def test_a_reference_may_be_a_profile(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["profile", "train.parquet", "-o", "ref.kprof", "--slices", "city"]) == 0
    made = ["compile", "churn.txt", "-o", "a.kedge", "--reference", "ref.kprof"]
    assert main(made) == 0
    assert kedge.load("a.kedge").profile_bytes == Path("ref.kprof").read_bytes()
    assert main(["profile", "train.parquet", "-o", "ref.kprof", "--columns", "age,plan"]) == 0
    assert main(made) == 64
    assert 'the profile lacks columns of the model: "spend", "noise"' in capsys.readouterr().err


def test_inspect_prints_info(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["inspect", "churn.kedge", "--json"]) == 0
    info = said(capsys)
    assert info == kedge.load("churn.kedge").info()
    assert main(["inspect", "churn.kedge"]) == 0
    out = capsys.readouterr().out
    lines = dict(line.split(maxsplit=1) for line in out.split("\n\n")[0].splitlines())
    assert lines["sha256"] == info["sha256"]
    assert lines["reference"] == "none"
    explained = "exact, by the training rows as LightGBM v4 counted them"
    assert lines["explanations"] == explained
    assert lines["parity"] == "16 rows score as the trainer says, to the bit"
    assert lines["trees"] == f"10, of {info['nodes']} nodes"
    bars = [line.split() for line in out.splitlines() if "█" in line]
    uses = {row["name"]: row["uses"] for row in info["features"]}
    assert [(bar[0], int(bar[2])) for bar in bars] == sorted(
        ((name, count) for name, count in uses.items() if count), key=lambda use: -use[1]
    )
    assert bars[0][3] == "█" * 24
    assert out.endswith("and 1 that are never asked for\n")


@pytest.mark.parametrize(
    ("linear", "why"),
    [
        (True, "its leaves are linear functions"),
        (False, "it is not known how many training rows came by each leaf"),
    ],
)
def test_inspect_says_why_a_model_cannot_be_explained(
    folder: Path, capsys: pytest.CaptureFixture[str], linear: bool, why: str
) -> None:
    x = np.random.default_rng(0).normal(size=(500, 3))
    params = {"verbosity": -1, "num_threads": 1, "linear_tree": linear}
    booster = lightgbm.train(params, lightgbm.Dataset(x, x.sum(axis=1)), 2)
    text = booster.model_to_string()
    Path("odd.txt").write_text(text if linear else text.replace("leaf_count", "leaf_counts"))
    assert main(["compile", "odd.txt", "-o", "odd.kedge"]) == 0
    lines = [line.split(maxsplit=1) for line in capsys.readouterr().out.splitlines()]
    assert [line[1] for line in lines if line[:1] == ["explanations"]] == [f"none: {why}"]


def test_many_features_are_counted(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(500, 40))
    params = {"verbosity": -1, "num_threads": 1, "num_leaves": 31, "feature_fraction": 0.2}
    wide = lightgbm.train(params, lightgbm.Dataset(x, x.sum(axis=1)), 40)
    kedge.compile(wide).save("wide.kedge")
    assert main(["inspect", "wide.kedge"]) == 0
    out = capsys.readouterr().out
    assert out.count("█\n") == 20
    assert out.endswith("\nand 20 that are asked for less\n")


@pytest.mark.parametrize(
    "name", ["s.parquet", "s.pq", "s.arrow", "s.arrows", "s.feather", "s.csv", "s.tsv", "s.csv.gz"]
)
def test_scores_are_written_in_the_format_of_the_ending(
    folder: Path, want: np.ndarray, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["predict", "churn.kedge", "live.parquet", "-o", name, "--columns", "id,city"]
    assert main([*command, "--json"]) == 0
    assert said(capsys) == {"rows": ROWS, "columns": ["id", "city", "score"], "output": name}
    table = pa.Table.from_batches(list(open_table(name).to_batches()))
    assert table["score"].to_pylist() == want.tolist()
    assert table["id"].to_pylist() == list(range(ROWS))
    assert table["city"].to_pylist() == draw(ROWS, 2)["city"].to_pylist()
    once = Path(name).read_bytes()
    assert main(command) == 0
    assert Path(name).read_bytes() == once


def test_json_lines_are_strict(folder: Path, want: np.ndarray) -> None:
    assert (
        main(["predict", "churn.kedge", "live.parquet", "-o", "s.jsonl", "--columns", "spend"]) == 0
    )
    rows = [json.loads(line) for line in Path("s.jsonl").read_text().splitlines()]
    assert [row["score"] for row in rows] == want.tolist()
    assert [row["spend"] for row in rows] == draw(ROWS, 2)["spend"].to_pylist()


def test_without_a_file_scores_are_printed(
    folder: Path, want: np.ndarray, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["predict", "churn.kedge", "live.parquet", "--columns", "id"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == '"id","score"'
    assert [float(line.split(",")[1]) for line in lines[1:]] == want.tolist()
    assert main(["predict", "churn.kedge", "live.parquet", "--json", "--columns", "city"]) == 0
    result = said(capsys)
    assert result["rows"] == ROWS
    assert [row["score"] for row in result["scores"]] == want.tolist()
    assert result["scores"][0].keys() == {"city", "score"}


def test_raw_scores_and_threads(
    folder: Path, booster: lightgbm.Booster, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["predict", "churn.kedge", "live.parquet", "--raw", "--json"]) == 0
    raw = [row["score"] for row in said(capsys)["scores"]]
    assert raw == booster.predict(matrix(draw(ROWS, 2)), raw_score=True).tolist()
    big = pa.concat_tables([draw(ROWS, 2)] * 8)
    pq.write_table(big, "big.parquet")
    for threads in ("1", "4"):
        command = ["predict", "churn.kedge", "big.parquet", "-o", f"{threads}.arrow"]
        assert main([*command, "--threads", threads]) == 0
    assert Path("1.arrow").read_bytes() == Path("4.arrow").read_bytes()


def test_several_outputs_have_a_column_each(folder: Path) -> None:
    table = draw(ROWS, 1)
    x = matrix(table)
    params = {"objective": "multiclass", "num_class": 3, "verbosity": -1, "num_threads": 1}
    data = lightgbm.Dataset(x, x[:, 2] % 3, feature_name=FEATURES)
    lightgbm.train(params, data, 3).save_model("three.txt")
    assert main(["compile", "three.txt", "-o", "three.kedge"]) == 0
    assert main(["predict", "three.kedge", "live.parquet", "-o", "s.parquet"]) == 0
    scores = pq.read_table("s.parquet")
    assert scores.column_names == ["score_0", "score_1", "score_2"]
    np.testing.assert_allclose(np.stack(scores.columns).sum(axis=0), 1)


def test_csv_is_read_as_numbers_whatever_comes_first(
    folder: Path, booster: lightgbm.Booster, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = 150_000
    spend = [*[str(i % 90) for i in range(rows - 3)], "0.5", "", "7"]
    ids = [str(i) for i in range(rows - 1)] + ["last"]
    lines = [
        f"{who},{i % 70},{s},{i % 4},0" for i, (who, s) in enumerate(zip(ids, spend, strict=True))
    ]
    Path("live.csv").write_text("\n".join(["id,age,spend,plan,noise", *lines]))
    assert main(["predict", "churn.kedge", "live.csv", "-o", "s.parquet", "--columns", "id"]) == 0
    assert '"last" is no int64 as the values before' in capsys.readouterr().err
    values = [float(s or "nan") for s in spend]
    x = np.array([[i % 70, values[i], i % 4, 0] for i in range(rows)])
    scores = pq.read_table("s.parquet")
    assert scores["score"].to_pylist() == kedge.load("churn.kedge").predict(x).tolist()
    assert scores["id"].to_pylist() == ids


def test_columns_of_a_struct_are_features_by_their_path(folder: Path, tmp_path: Path) -> None:
    x = matrix(draw(ROWS, 1))[:, :2]
    names = ["who.age", "who.spend"]
    params = {"verbosity": -1, "num_threads": 1}
    model = lightgbm.train(params, lightgbm.Dataset(x, x[:, 0], feature_name=names), 3)
    kedge.compile(model).save("deep.kedge")
    who = [{"spend": s, "age": a, "more": "?"} for a, s in x]
    pq.write_table(pa.table({"who": who}), "deep.parquet")
    command = ["predict", "deep.kedge", "deep.parquet", "-o", "s.parquet", "--columns", "who.more"]
    assert main(command) == 0
    scores = pq.read_table("s.parquet")
    assert scores.column_names == ["who.more", "score"]
    assert scores["score"].to_pylist() == kedge.load("deep.kedge").predict(x).tolist()


def test_a_file_without_rows_has_no_scores(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pq.write_table(draw(ROWS, 1)[:0], "none.parquet")
    assert main(["predict", "churn.kedge", "none.parquet", "-o", "s.parquet"]) == 0
    assert pq.read_table("s.parquet").schema == pa.schema([("score", pa.float64())])
    capsys.readouterr()
    assert main(["predict", "churn.kedge", "none.parquet"]) == 0
    assert capsys.readouterr().out == '"score"\n'


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["compile", "churn.kedge", "-o", "a.kedge"], "is a compiled model; kedge.load reads it"),
        (["compile", "no.txt", "-o", "a.kedge"], '"no.txt": there is no such file'),
        (["compile", ".", "-o", "a.kedge"], '".": is no file'),
        (["compile", "empty", "-o", "a.kedge"], '"empty": there is nothing in it'),
        (["compile", "torn.txt", "-o", "a.kedge"], '"torn.txt": '),
        (["compile", "pickle", "-o", "a.kedge"], '"pickle": this is a pickle'),
        (["compile", "ref.kprof", "-o", "a.kedge"], "this is a profile; a model is wanted"),
        (["compile", "live.parquet", "-o", "a.kedge"], "no model of a known kind"),
        (["compile", "churn.txt", "-o", "churn.txt"], "is the file that is read"),
        (["compile", "churn.txt", "-o", "no/a.kedge"], 'there is no folder "no"'),
        (["compile", "churn.txt", "-o", "-"], '"-" is no file'),
        (
            ["compile", "churn.txt", "-o", "a.kedge", "--metadata", "a=1", "--metadata", "a=2"],
            "--metadata a=2: a=1 was said before",
        ),
        (
            ["compile", "churn.txt", "-o", "a.kedge", "--reference", "few.csv"],
            'there are no columns "age", "spend", "noise"; the columns are "plan", "x"',
        ),
        (["inspect", "."], '".": is no file'),
        (["inspect", "empty"], '"empty": model file: '),
        (["inspect", "churn.txt"], "no kedge model here"),
        (["inspect", "torn.kedge"], "the header claims"),
        (["inspect", "bad.kedge"], "checksum"),
        (["predict", "churn.kedge", "few.csv"], 'no columns "age", "spend", "noise"; the columns'),
        (["predict", "churn.kedge", "no.csv"], '"no.csv": there is no such file'),
        (["predict", "churn.kedge", "churn.kedge"], "this is a model; data are wanted"),
        (["predict", "churn.kedge", "live.parquet", "--columns", "who"], 'no column "who"'),
        (["predict", "churn.kedge", "live.parquet", "-o", "s.xls"], "the format is unknown"),
        (["predict", "churn.kedge", "live.parquet", "-o", "s.pq.gz"], 'leave ".gz" out'),
        (["predict", "churn.kedge", "live.parquet", "-o", "live.parquet"], "is the file that is"),
        (["predict", "churn.kedge", "odd.parquet", "--columns", "score"], "results are called so"),
        (["predict", "churn.kedge", "odd.parquet", "-o", "s.csv", "--columns", "list"], '"s.csv":'),
        (["explain", "churn.kedge", "live.parquet", "--columns", "age"], "results are called so"),
        (["explain", "churn.kedge", "few.csv"], 'no columns "age", "spend", "noise"; the columns'),
        (["predict", "churn.kedge", "word.csv"], 'column "age": expected numbers, got utf8'),
    ],
)
def test_what_is_wrong_is_one_line_and_64(
    folder: Path, arguments: list[str], text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    whole, trained = Path("churn.kedge").read_bytes(), Path("churn.txt").read_bytes()
    Path("empty").touch()
    Path("torn.txt").write_bytes(trained[: len(trained) // 2])
    Path("torn.kedge").write_bytes(whole[:-64])
    Path("bad.kedge").write_bytes(whole[:-1000] + bytes([whole[-1000] ^ 1]) + whole[-999:])
    Path("pickle").write_bytes(b"\x80\x04K\x01.")
    Path("ref.kprof").write_bytes(kedge.profile({"a": np.arange(3.0)}).to_bytes())
    Path("few.csv").write_text("plan,x\n1,2\n")
    Path("word.csv").write_text("age,spend,plan,noise\nx,2,3,4\n")
    odd = draw(5, 1).append_column("score", pa.array([1] * 5))
    pq.write_table(odd.append_column("list", pa.array([[1]] * 5)), "odd.parquet")
    before = sorted(folder.iterdir())
    assert main(arguments) == 64
    out, err = capsys.readouterr()
    assert out == ""
    assert text in err
    assert err.startswith("kedge: ")
    assert err.count("\n") == 1
    assert sorted(folder.iterdir()) == before


@pytest.mark.parametrize(
    "arguments",
    [
        ["compile", "churn.txt"],
        ["compile", "churn.txt", "-o", "a.kedge", "--metadata", "key"],
        ["compile", "churn.txt", "-o", "a.kedge", "--metadata", "=value"],
        ["inspect"],
        ["predict", "churn.kedge"],
        ["predict", "churn.kedge", "live.parquet", "--threads", "-1"],
        ["predict", "churn.kedge", "live.parquet", "--columns", "a,,b"],
        ["predict", "churn.kedge", "live.parquet", "--columns", "id,id"],
    ],
)
def test_wrong_use_is_64(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        main(arguments)
    assert stop.value.code == 64
    assert "usage: kedge" in capsys.readouterr().err


@pytest.mark.parametrize("when", ["reading", "writing"])
def test_an_interrupt_leaves_no_half_file(
    folder: Path, when: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def stop(*arguments: object) -> None:
        raise KeyboardInterrupt

    def to_batches(self: FileTable) -> Iterator[Any]:
        yield from itertools.islice(read(self), 2)
        stop()

    Path("s.csv").write_text("as before")
    read = FileTable.to_batches
    if when == "writing":
        monkeypatch.setattr(os, "fsync", stop)
    else:
        monkeypatch.setattr(FileTable, "to_batches", to_batches)
    before = sorted(folder.iterdir())
    assert main(["predict", "churn.kedge", "live.parquet", "-o", "s.csv"]) == 130
    assert sorted(folder.iterdir()) == before
    assert Path("s.csv").read_text() == "as before"
    assert capsys.readouterr() == ("", "")


def test_the_commands_of_the_readme_work(folder: Path) -> None:
    pa.csv.write_csv(draw(ROWS, 2), "today.csv")
    section = (Path(__file__).parents[2] / "README.md").read_text().split("## Score it")[1]
    block = section.split("```sh\n")[1].split("```")[0]
    lines = [shlex.split(line)[1:] for line in block.splitlines() if line.startswith("kedge ")]
    verbs = ["compile", "inspect", "predict", "explain", "explain"]
    assert [line[0] for line in lines] == verbs
    assert [main(line) for line in lines] == [0] * len(verbs)


def test_a_file_that_is_replaced_may_be_read_by_whom_it_might(tmp_path: Path) -> None:
    path = tmp_path / "private"
    path.write_bytes(b"a")
    path.chmod(0o600)
    write_whole(path, b"b")
    assert path.read_bytes() == b"b"
    assert path.stat().st_mode & 0o777 == 0o600
