"""`kedge run`: exit codes, what is said, and that a signal ends it in order."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet
import pytest
from sklearn.linear_model import LinearRegression
from sklearn.tree import DecisionTreeRegressor

import kedge
from kedge.cli import main

PIPELINE = """[pipeline]
state = "state"

[source]
kind = "files"
path = "in"

[window]
time = "ts"
every = "10s"
[window.aggregates]
n = { function = "count" }

[sink]
kind = "ndjson"
path = "out"
"""


def written(folder: Path, text: str = PIPELINE, seconds: int = 100) -> Path:
    (folder / "in").mkdir()
    times = pa.array([s * 1_000_000 for s in range(seconds)], pa.timestamp("us"))
    pa.parquet.write_table(
        pa.table({"ts": times, "x": np.arange(seconds) * 1.0}), folder / "in/a.parquet"
    )
    path = folder / "p.toml"
    path.write_text(text)
    return path


def results(folder: Path) -> list[int]:
    parts = sorted((folder / "out").glob("part-*.ndjson"))
    return [json.loads(line)["n"] for part in parts for line in part.read_text().splitlines()]


def test_runs_to_the_end_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = written(tmp_path)
    for _ in range(2):
        assert main(["run", "--json", str(path)]) == 0
        said = json.loads(capsys.readouterr().out.splitlines()[-1])
        assert said == {
            "run": "ended", "epoch": 1, "rows": 100, "late": 0, "rejected": 0, "alarms": 0,
            "written": 10,
        }  # fmt: skip
        assert results(tmp_path) == [10] * 10


def test_keeps_windows_open_for_what_comes_later(tmp_path: Path) -> None:
    path = written(tmp_path, PIPELINE.replace("[source]", 'at_end = "keep"\n[source]'), 95)
    assert main(["run", str(path)]) == 0
    assert results(tmp_path) == [10] * 9
    times = pa.array([s * 1_000_000 for s in range(95, 101)], pa.timestamp("us"))
    more = pa.table({"ts": times, "x": np.zeros(6)})
    pa.parquet.write_table(more, tmp_path / "in/b.parquet")
    assert main(["run", str(path)]) == 0
    assert results(tmp_path) == [10] * 10


SAID: list[tuple[list[int], int]] = []


def say(rows: object, epoch: int) -> None:
    SAID.append((pa.table(rows)["x"].to_pylist(), epoch))


def test_connectors_of_ones_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ours", sys.modules[__name__])
    path = tmp_path / "p.toml"
    path.write_text(
        """[pipeline]
state = "state"
snapshot_rows = 2
batch_rows = 2
[source]
kind = "tests.loop.rows_source:RowsSource.of"
rows = 5
[sink]
kind = "call"
function = "ours:say"
"""
    )
    assert main(["run", str(path)]) == 0
    assert SAID == [([0, 1], 1), ([2, 3], 2), ([4], 3)]
    path.write_text(
        path.read_text().replace("tests.loop.rows_source:RowsSource.of", "builtins:str")
    )
    assert main(["run", str(path)]) == 64


def test_explains(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = written(tmp_path)
    assert main(["run", "--explain", "--json", str(path)]) == 0
    said = json.loads(capsys.readouterr().out)
    names = ["source", "window", "sink", "late", "rejected", "alarms"]
    assert [it["name"] for it in said["stages"]] == names
    assert all(it["state"] and it["memory"] for it in said["stages"])
    assert "no bound" in said["stages"][1]["memory"]
    assert main(["run", "--explain", str(path)]) == 0
    assert 'every = "10s"' in capsys.readouterr().out
    assert not (tmp_path / "state").exists()


def test_checks_a_sample_and_writes_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = written(tmp_path)
    assert main(["run", "--check", "--json", str(path)]) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["rows"], said["rejected"], said["columns"]["n"]) == (100, 0, "uint64")
    (tmp_path / "in/b.parquet").write_bytes(b"nothing")
    assert main(["run", "--check", str(path)]) == 1
    assert "1 rejected" in capsys.readouterr().out
    for name in ("a", "b"):
        (tmp_path / f"in/{name}.parquet").unlink()
    (tmp_path / "in/c.csv").write_text("ts,x\n")
    assert main(["run", "--check", str(path)]) == 2
    assert not (tmp_path / "state").exists()
    assert not (tmp_path / "out").exists()


FLOT64 = 'p.toml:7: source.columns.y = "flot64": expected one of bool, int8 to int64, '
SOURCE = 'p.toml:6: source.path = "in": this takes what [sink] writes: '
STATE = '"./state": this is the folder of pipeline.state, line 2'
SAME = 'p.toml:19: late.path = "out": [sink] writes the same files: sink.path, line 16'
DECIMAL = 'p.toml:7: source.columns.x = "decimal": expected one of bool, '


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('state = "state"', "state = 3", "p.toml:2: pipeline.state = 3: expected a string"),
        ('state = "state"', 'stat = "x"', "p.toml:1: pipeline: state is missing"),
        ("[source]", "keep = 1\n[source]", "p.toml:4: pipeline.keep = 1: expected a whole number"),
        ("[source]", "kep = 3\n[source]", "p.toml:4: pipeline.kep: there is no such key, did you"),
        ('"files"', '"filez"', 'p.toml:5: source.kind = "filez": expected one of files'),
        ('"files"', '"no.such:Thing"', "p.toml:5: source.kind = "),
        ('path = "in"', 'path = "in"\ncolumns = { x = "float64", y = "flot64" }', FLOT64),
        ('path = "in"', 'path = "in"\ncolumns = { x = "decimal" }', DECIMAL),
        ('path = "in"', 'path = "on"', "p.toml:4: [source]: "),
        ('path = "out"', 'path = "in"', SOURCE + "sink.path, line 16"),
        ('path = "out"', 'path = "in/out"', SOURCE + "sink.path, line 16"),
        ('path = "out"', 'path = "./state"', "p.toml:16: sink.path = " + STATE),
        ('path = "in"', 'path = "."', 'p.toml:6: source.path = ".": this takes what [sink] wr'),
        ('"state"', '"in/state"', 'p.toml:6: source.path = "in": this takes what [late] writes: p'),
        ('path = "out"', 'path = "out"\n[late]\nkind = "ndjson"\npath = "out"', SAME),
        ('"state"', '"p.toml"', 'p.toml:2: pipeline.state = "p.toml": "'),
        ('"state"', '"p.toml/x"', 'p.toml:2: pipeline.state = "p.toml/x": "'),
        ("[window]", "[windoe]", "p.toml:8: [windoe]: there is no such table, did you mean"),
        ('every = "10s"', 'every = "ten"', "p.toml:10: window.every = "),
        ('"count"', '"cuont"', "p.toml:12: window.aggregates.n.function = "),
        ('"ndjson"', '"xml"', 'p.toml:15: sink.kind = "xml": expected one of parquet'),
        ("[sink]", '[monitor]\nreference = "no"\n[sink]', "p.toml:14: [monitor]: "),
        ("[sink]", '[select]\nwhere = "x +"\n[sink]', "p.toml:15: select.where = "),
        ("[pipeline]", "[pipeline", "p.toml:1: not TOML: "),
    ],
)
def test_errors_say_where(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], old: str, new: str, said: str
) -> None:
    path = written(tmp_path, PIPELINE.replace(old, new))
    for check in ([], ["--check"]):
        assert main(["run", *check, str(path)]) == 64
        assert f"{tmp_path}/{said}" in capsys.readouterr().err
    assert not (tmp_path / "state").exists()


def test_another_definition_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = written(tmp_path)
    assert main(["run", str(path)]) == 0
    path.write_text(PIPELINE.replace('"10s"', '"20s"'))
    assert main(["run", str(path)]) == 64
    assert "every" in capsys.readouterr().err
    path.write_text(PIPELINE.replace("[sink]", '[select]\nwhere = "x > 1"\n[sink]'))
    assert main(["run", str(path)]) == 64
    assert "another pipeline wants another state" in capsys.readouterr().err


def test_without_a_whole_snapshot_it_fails(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = written(tmp_path)
    assert main(["run", str(path)]) == 0
    for snapshot in (tmp_path / "state").glob("*.snapshot"):
        if not snapshot.name.startswith("0" * 19):
            snapshot.write_bytes(snapshot.read_bytes()[:-1])
        else:
            snapshot.unlink()
    assert main(["run", "--json", str(path)]) == 1
    said = capsys.readouterr()
    assert "none of 1 snapshots is whole" in json.loads(said.out.splitlines()[-1])["reason"]
    assert "is left out" in said.err
    assert results(tmp_path) == [10] * 10


COUNT = '{ function = "count" }'
SUM = '{ function = "sum", column = "x +", where = "x > 1" }'


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('time = "ts"', 'time = "when"', 'p.toml:9: window.time = "when": there is no column'),
        ('time = "ts"', 'time = "x"', 'p.toml:9: window.time = "x": column "x": expected a time'),
        ("every", 'key = ["x", "user"]\nevery', 'p.toml:10: window.key = ["x", "user"]: '),
        (COUNT, SUM, 'p.toml:12: window.aggregates.n.column = "x +": expression '),
        (COUNT, SUM.replace("x +", "x").replace("x >", "y >"), "p.toml:12: window.aggregates.n.wh"),
        ("[window]", '[select]\nwhere = "x"\n[window]', 'p.toml:9: select.where = "x": expression'),
        ("[window]", '[score]\nmodel = "m.kedge"\n[window]', "p.toml:8: [score]: missing column"),
    ],
)
def test_a_column_that_does_not_fit_ends_it_with_the_place_of_its_key(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], old: str, new: str, said: str
) -> None:
    tree = DecisionTreeRegressor(max_depth=1).fit([[0.0], [1.0]], [0.0, 1.0])
    kedge.compile(tree, reference={"x0": [0.0, 1.0]}).save(tmp_path / "m.kedge")
    path = written(tmp_path, PIPELINE.replace(old, new))
    assert main(["run", "--check", str(path)]) == 64
    assert f"{tmp_path}/{said}" in capsys.readouterr().err
    assert main(["run", str(path)]) == 1
    assert f"{tmp_path}/{said}" in capsys.readouterr().err


def test_models_and_monitors(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    x = rng.normal(size=(200, 1))
    tree = DecisionTreeRegressor(max_depth=3).fit(x, x[:, 0])
    reference = kedge.profile({"x": rng.normal(size=5000)})
    model = kedge.compile(tree, reference={"x0": x[:, 0]})
    model.save(tmp_path / "m.kedge")
    (tmp_path / "x.profile").write_bytes(reference.to_bytes())
    feature = model.features[0].name
    stages = f"""[select]
columns = {{ {feature} = "x / 10" }}
[monitor]
reference = "x.profile"
rows = 64
[score]
model = "m.kedge"
output = "y"
[sink]"""
    text = PIPELINE.replace("[sink]", stages)
    start, end = text.index("[window]"), text.index("[select]")
    path = written(tmp_path, text[:start] + text[end:], 1000)
    assert main(["run", str(path)]) == 0
    rows = [
        json.loads(line)
        for part in sorted((tmp_path / "out").iterdir())
        for line in part.read_text().splitlines()
    ]
    wanted = tree.predict(np.arange(1000).reshape(-1, 1) / 10)
    assert [row["y"] for row in rows] == wanted.tolist()
    alarms = [*(tmp_path / "state/alarms").glob("part-*")]
    assert json.loads(alarms[0].read_text().splitlines()[0])["column"] == "x"


@pytest.mark.parametrize("follow", [True, False])
def test_a_signal_ends_it_after_the_batch(tmp_path: Path, follow: bool) -> None:
    text = PIPELINE.replace('path = "in"', 'path = "in"\nfollow = true\nsettle = "0s"')
    path = written(tmp_path, text if follow else PIPELINE, 100 if follow else 3_000_000)
    if not follow:
        path.write_text(PIPELINE.replace("[source]", "batch_rows = 100\n[source]"))
    command = [sys.executable, "-m", "kedge", "run", "--json", str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        while not json.loads(process.stdout.readline())["progress"]["rows"]:
            pass
        process.send_signal(signal.SIGTERM)
        said = json.loads(process.stdout.read().splitlines()[-1])
        assert process.wait() == (0 if follow else 2)
    assert said["run"] == "stopped"
    assert said["rows"] == (100 if follow else said["rows"]) > 0
    assert results(tmp_path) == [10] * said["written"]


@pytest.mark.parametrize("prefix", [".a", "_a", "a/b", ""])
def test_a_prefix_that_hides_files_is_refused(
    tmp_path: Path, prefix: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = written(tmp_path, PIPELINE + f'prefix = "{prefix}"\n')
    assert main(["run", str(path)]) == 64
    assert "prefix" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_score_does_not_stand_beside_another_of_its_name(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kedge.compile(LinearRegression().fit([[0.0], [1.0]], [0.0, 2.0])).save(tmp_path / "m.kedge")
    text = PIPELINE[: PIPELINE.index("[window]")] + '[select]\ncolumns = { x0 = "x" }\n'
    text += f'[score]\nmodel = "{tmp_path}/m.kedge"\noutput = "x"\n'
    path = written(tmp_path, text + PIPELINE[PIPELINE.index("[sink]") :])
    assert main(["run", str(path)]) == 1
    assert 'score.output: the rows have a column "x" already' in capsys.readouterr().err


@pytest.mark.parametrize("at", [0, 3])
def test_a_column_of_csv_that_is_there_twice_is_refused(tmp_path: Path, at: int) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.csv").write_text("ts,a,a,b\n" + "1,1,2,3\n" * at)
    path = tmp_path / "p.toml"
    text = PIPELINE[: PIPELINE.index("[window]")] + PIPELINE[PIPELINE.index("[sink]") :]
    path.write_text(text)
    main(["run", str(path)])
    shown = [line for part in (tmp_path / "out").glob("*") for line in part.read_text()]
    assert shown == []
