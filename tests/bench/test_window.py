"""The window benchmark's parts: rows, right answers, workers, who sits out; nothing is timed."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from bench import environments
from bench.environments import ENVIRONMENTS, STAGES, interpreter
from bench.peers import MissingPeer
from bench.process import ready
from bench.window import bench_window
from bench.window.bench_window import Answer, Stage, judge
from bench.window.engine import Engine
from bench.window.engines import field
from bench.window.exact import Table, digest, errors, exact, kept, slid
from bench.window.worker import Loaded, answer_all, load
from bench.window.works import LATENESS, SECOND, WORKS, Rows, Work, draw

KEYS = {"work", "engine", "version", "rows", "median_ns", "p99_ns", "rows_per_s", "ratio"}
SMALL = {
    name: replace(work, keys=min(work.keys, 20), length=min(work.length, 60 * SECOND))
    for name, work in WORKS.items()
}


def small(name: str, rows: int = 3000) -> Rows:
    return draw(SMALL[name], rows)


@pytest.mark.parametrize("work", WORKS.values(), ids=WORKS)
def test_rows_are_what_the_work_says(work: Work) -> None:
    rows = draw(work, 20_000)
    again = draw(work, 20_000)
    for name in ("time", "key", "value", "visitor"):
        assert getattr(rows, name).tobytes() == getattr(again, name).tobytes()
    assert len(rows) == 20_000
    assert rows.value.min() > 0
    assert len(rows.visitor) == (20_000 if work.name == "W5" else 0)
    if not work.keys:
        assert rows.time.size == rows.key.size == 0
        return
    behind = np.maximum.accumulate(rows.time) - rows.time
    assert behind.max() <= LATENESS
    assert (behind > 0).mean() == pytest.approx(0.01, abs=0.005)
    assert np.ptp(rows.time) // (10 * SECOND) == 9
    most = np.unique(rows.key, return_counts=True)[1].max()
    assert (most > 1000) == work.zipf


def test_kept_rows_and_answers_are_those_drawn(tmp_path: Path) -> None:
    for _ in range(2):
        rows = Rows.kept(SMALL["W5"], 500, tmp_path)
        assert rows.key.tobytes() == small("W5", 500).key.tobytes()
        for given in (rows, rows.head(100), Rows.kept(SMALL["W5"], 100, tmp_path)):
            assert digest(kept(given, tmp_path)) == digest(exact(given))


def by_hand(rows: Rows) -> dict[tuple[int, int], list[int]]:
    """The places of the rows of every window and key."""
    work = rows.work
    groups: dict[tuple[int, int], list[int]] = {}
    for i, (time, key) in enumerate(zip(rows.time.tolist(), rows.key.tolist(), strict=True)):
        last = time // work.every * work.every
        for start in range(last, time - work.length, -work.every):
            groups.setdefault((start, key), []).append(i)
    return groups


@pytest.mark.parametrize("name", ["W1", "W3", "W5"])
def test_the_right_answer_is_that_of_a_loop(name: str) -> None:
    rows = small(name)
    groups = by_hand(rows)
    makers: dict[str, Callable[[list[int]], float]] = {
        "count": len,
        "sum": lambda i: rows.value[i].sum(),
        "mean": lambda i: rows.value[i].mean(),
        "min": lambda i: rows.value[i].min(),
        "max": lambda i: rows.value[i].max(),
        "stddev": lambda i: rows.value[i].std(ddof=1) if len(i) > 1 else np.nan,
        "p50": lambda i: np.quantile(rows.value[i], 0.5),
        "p99": lambda i: np.quantile(rows.value[i], 0.99),
        "distinct": lambda i: len(set(rows.visitor[i].tolist())),
    }
    table = exact(rows)
    places = list(zip(table["start"].tolist(), table["key"].tolist(), strict=True))
    assert sorted(places) == sorted(groups)
    assert table.keys() == {"start", "key", *rows.work.aggregates}
    for aggregate in rows.work.aggregates:
        expected = [makers[aggregate](groups[place]) for place in places]
        np.testing.assert_allclose(table[aggregate], expected, rtol=1e-11)


@pytest.mark.parametrize("rows", [1000, 1001, 2500])
def test_the_right_answer_of_sliding_windows_is_that_of_a_loop(rows: int) -> None:
    given = small("W4", rows)
    table = exact(given)
    parts = [given.value[i : i + 1000] for i in range(rows - 999)]
    assert table["start"].tolist() == list(range(rows - 999))
    np.testing.assert_allclose(table["mean"], [part.mean() for part in parts], rtol=1e-12)
    np.testing.assert_allclose(table["max"], [part.max() for part in parts], rtol=0)
    np.testing.assert_allclose(table["stddev"], [part.std(ddof=1) for part in parts], rtol=1e-11)


TABLE: Table = {
    "start": np.array([0, 0, 10]),
    "key": np.array([3, 4, 3]),
    "mean": np.array([1.0, 2.0, 4.0]),
    "stddev": np.array([1.0, np.nan, 2.0]),
}


def changed(**columns: list[float]) -> Table:
    return {**TABLE, **{name: np.array(column) for name, column in columns.items()}}


def test_a_digest_knows_no_order_but_each_place() -> None:
    same = {name: column[::-1] for name, column in TABLE.items()}
    assert digest(same) == pytest.approx(digest(TABLE), rel=1e-14)
    assert digest(TABLE)["rows"] == 3
    assert digest(TABLE)["values of stddev"] == 2
    for wrong in (
        changed(mean=[2.0, 1.0, 4.0]),
        changed(mean=[1.0, 4.0, 2.0]),
        changed(key=[4, 3, 3]),
        changed(start=[10, 0, 0]),
        changed(stddev=[1.0, 0.0, 2.0]),
    ):
        assert digest(wrong) != pytest.approx(digest(TABLE), rel=1e-6)


def test_errors_are_summed_over_the_values_of_equal_places() -> None:
    right = {name: TABLE[name] for name in ("start", "key", "mean")}
    off = {**right, "mean": np.array([1.5, 2.0, 3.5])}
    assert errors(off, right) == {"mean_off": pytest.approx(1 / 7)}
    assert errors({**off, "key": np.array([3, 5, 3])}, right) == {"off": np.inf}


def test_a_slid_column_begins_with_the_first_full_window() -> None:
    table = slid(3, mean=np.arange(5.0))
    assert table["start"].tolist() == [0, 1, 2]
    assert table["mean"].tolist() == [2.0, 3.0, 4.0]


ENGINES = [(work, engine) for work in WORKS for engine in field(WORKS[work])]


@pytest.mark.parametrize(("name", "engine"), ENGINES)
def test_an_engine_that_is_installed_here_gives_the_right_answer(name: str, engine: str) -> None:
    rows = small(name, 30_000)
    made = ready(partial(field(SMALL[name])[engine].make, rows))
    if isinstance(made, str):
        pytest.skip(f"{made}: a peer that has an environment of its own")
    table, right = made.table(made.run()), exact(rows)
    if name == "W5":
        assert len(table["start"]) == len(right["start"])
        assert max(errors(table, right).values()) <= 0.25
    else:
        assert digest(table) == pytest.approx(digest(right), rel=1e-9)


def test_a_quick_race_has_kedge_and_columnar_peers() -> None:
    assert list(field(WORKS["W1"], quick=True)) == [
        "kedge",
        "polars",
        "duckdb",
        "pyarrow",
        "pandas",
    ]
    assert {"bytewax", "pathway", "quixstreams", "river"} <= field(WORKS["W1"]).keys()
    assert "duckdb reservoir" not in field(WORKS["W1"])


def test_a_worker_answers_with_time_and_digest(tmp_path: Path) -> None:
    rows = small("W5")
    right = exact(rows)
    half = {name: column * 0.5 if name == "p50" else column for name, column in right.items()}
    loaded = Loaded(Engine("1.0", lambda: right, lambda result: result), rows, half)
    answers = io.StringIO()
    answer_all(loaded, tmp_path, ["digest\n", "run\n", "digest\n"], answers)
    before, run, after = (json.loads(line) for line in answers.getvalue().splitlines())
    assert before["errors"] == {"distinct_off": 0, "p50_off": 0.5, "p99_off": 0}
    assert run["taken_ns"] > 0
    assert after["digest"] == digest(right)
    assert after["errors"] == {"distinct_off": 0, "p50_off": 0, "p99_off": 0}


def test_a_slow_engine_reads_the_first_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Rows] = []

    def make(rows: Rows) -> Engine:
        seen.append(rows)
        return Engine("1.0", lambda: None, lambda result: {})

    slow = replace(field(WORKS["W1"])["river"], make=make, most=100)
    monkeypatch.setattr("bench.window.worker.field", lambda work: {"river": slow})
    assert load("river", "W1", 1000, tmp_path).rows is seen[0]
    assert seen[0].time.tolist() == draw(WORKS["W1"], 1000).time[:100].tolist()


def answer(given: Table, right: Table) -> Answer:
    found = {"digest": digest(given), "errors": {}}
    return Answer(1, lambda: found, digest(right), 3)


def test_a_sum_that_is_off_and_a_large_error_are_named() -> None:
    near = answer(changed(mean=[1.0 + 1e-10, 2.0, 4.0]), TABLE)
    far = answer(changed(mean=[1.0 + 1e-6, 2.0, 4.0]), TABLE)
    assert judge("polars", near, near) == ""
    assert judge("polars", far, far).startswith("mean is ")
    for error, complaint in ((0.25, ""), (0.3, "p99_off is 0.3, expected at most 0.25")):
        found = {"digest": {"rows": 3.0}, "errors": {"p99_off": error}}
        off = Answer(1, lambda found=found: found, {"rows": 3.0}, 3)
        assert judge("polars", off, off) == complaint
    wrong = Answer(1, lambda: {"digest": {"rows": 2.0}, "errors": {}}, {"rows": 3.0}, 3)
    assert judge("polars", wrong, wrong).startswith("rows is 2.0, expected 3.0")


def test_each_engine_has_its_environment(tmp_path: Path) -> None:
    for name in STAGES["window"]:
        (tmp_path / name / "bin").mkdir(parents=True)
        (tmp_path / name / "bin" / "python").touch()
    for engine in ("river", "bytewax"):
        python = interpreter(engine, tmp_path, "columns")
        assert python == tmp_path / engine / "bin" / "python"
    assert interpreter("duckdb", tmp_path, "columns").parts[-3] == "columns"


def test_a_stage_names_all_its_environments(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commands: list[list[str]] = []
    monkeypatch.setattr(environments.venv, "create", lambda path, with_pip: None)
    monkeypatch.setattr(
        environments.subprocess, "call", lambda command: commands.append(command[5:])
    )
    assert environments.main([str(tmp_path), "window", "ydf"]) == 0
    names = [*STAGES["window"], "ydf"]
    assert commands == [list(ENVIRONMENTS[name]) for name in names]
    with pytest.raises(SystemExit):
        environments.main([str(tmp_path), "nobody"])


def lines_of(capsys: pytest.CaptureFixture[str]) -> tuple[list[dict[str, object]], str]:
    out, err = capsys.readouterr()
    return [json.loads(line) for line in out.splitlines()], err


def test_the_benchmark_prints_json_lines(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--rows", "2000", "--rounds", "2", "--json", "--quick", "--peers-only"]
    assert bench_window.main([*arguments, "--only", "W1,W4"]) == 0
    lines, err = lines_of(capsys)
    assert all(line.keys() >= {*KEYS, "of_rows"} for line in lines)
    assert {line["work"] for line in lines} == {"W1", "W4"}
    assert {"polars", "pyarrow"} <= {line["engine"] for line in lines if line["work"] == "W1"}
    assert "W1 without kedge: ratios are those of polars" in err


class FakeProcess:
    """Answers like a worker; the sums of one engine are wrong."""

    wrong = ""

    def __init__(
        self, who: str, python: Path, module: str, arguments: list[str], patience_s: float
    ) -> None:
        engine, work, rows, folder, _ = arguments
        if engine in ("river", "kedge" if self.wrong == "absent" else ""):
            raise MissingPeer(f"{who} sits out: not here")
        given = Rows.kept(WORKS[work], int(rows), Path(folder)).head(1500)
        self.first = {"version": "1.0", "rows": len(given)}
        self._digest = dict(digest(exact(given)))
        if engine == self.wrong:
            self._digest["sum"] *= 1 + 1e-8

    def ask(self, question: str) -> object:
        return {"taken_ns": 3000} if question == "run" else {"digest": self._digest, "errors": {}}

    def close(self) -> None: ...


@pytest.mark.parametrize(
    ("wrong", "code", "said"),
    [
        ("", 0, "river at W1 sits out: not here"),
        ("duckdb", 0, "duckdb at W1 sits out: sum is "),
        ("kedge", 1, "kedge is not timed: sum is "),
        ("absent", 1, "kedge at W1 sits out: not here"),
    ],
)
def test_a_wrong_peer_sits_out_and_a_wrong_kedge_ends_the_race(
    wrong: str,
    code: int,
    said: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    bench_window.say_once.cache_clear()
    monkeypatch.setattr(FakeProcess, "wrong", wrong)
    monkeypatch.setattr(bench_window, "Process", FakeProcess)
    assert bench_window.main(["--rows", "2000", "--rounds", "2", "--json", "--only", "W1"]) == code
    lines, err = lines_of(capsys)
    assert said in err
    names = [line["engine"] for line in lines]
    assert names[:1] == ([] if code else ["kedge"])
    assert ("duckdb" in names) == (not code and wrong != "duckdb")
    # 1500 of 2000 rows took 3000 ns
    assert {(line["of_rows"], line["median_ns"]) for line in lines} <= {(1500, 4000)}


def test_processes_of_the_work_before_are_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended: list[FakeProcess] = []
    monkeypatch.setattr(FakeProcess, "close", lambda self: ended.append(self))
    monkeypatch.setattr(bench_window, "Process", FakeProcess)
    setting = bench_window.Setting(tmp_path, None, 1.0, 0)
    stage = Stage(setting, 2000, quick=True, with_kedge=True)
    stage.race(WORKS["W1"])
    assert not ended
    stage.race(WORKS["W4"])
    assert len(ended) == len(field(WORKS["W1"], quick=True))
