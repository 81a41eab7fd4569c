"""All benchmarks together: the list, the page, and the README's figures."""

from __future__ import annotations

import importlib
import json
import re
from pathlib import Path
from typing import Any

import pytest

from bench import __main__ as command
from bench.figures import BEGIN, END, TABLES, figures, put_figures
from bench.sheet import page, times_as_fast
from bench.sla.bench_levels import levels
from bench.suite import Benchmark, Outcome, benchmarks, merged, results, run

ROOT = Path(__file__).parents[2]
LINE = {"engine": "peer", "version": "1", "rows": 1, "median_ns": 2000, "p99_ns": 3000}


def test_every_benchmark_is_listed_and_is_a_module(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["--list"]) == 0
    listed = capsys.readouterr().out.splitlines()
    assert len(listed) == len(list((ROOT / "bench").glob("*/bench_*.py"))) > 20
    for one in benchmarks():
        assert one.about
        assert importlib.util.find_spec(f"bench.{one.name}") is not None


def test_one_that_takes_too_long_is_stopped_and_one_that_fails_is_said() -> None:
    (stall,) = [one for one in benchmarks() if one.name == "sla.bench_stall"]
    stopped = run(stall, quick=False, patience_s=0.2)
    assert stopped.ended == "stopped after 0 s"
    assert stopped.lines == []


def test_the_page_says_who_is_faster() -> None:
    lines: list[dict[str, Any]] = [
        {"work": "w", **LINE, "engine": "kedge", "ratio": 1.0},
        {"work": "w", **LINE, "ratio": 0.05},
        {"work": "w", **LINE, "engine": "other", "ratio": 2.0},
    ]
    outcome = Outcome("drift.bench_ks", "python -m x", "done", 1.0, lines, ["scipy sits out"])
    whole = json.loads(json.dumps(results([outcome], [])))
    assert [times_as_fast(line) for line in lines] == [None, 20.0, 0.5]
    text = page(whole)
    assert "scipy sits out" in text
    assert text.count("<rect") == 2


def committed() -> dict[str, Any]:
    whole: dict[str, Any] = json.loads((ROOT / "bench" / "results.json").read_text())
    return whole


def tables(text: str) -> list[tuple[str, list[list[str]]]]:
    """The benchmark that stands above each table, and the cells of its rows."""
    found: list[tuple[str, list[list[str]]]] = []
    for line in text.splitlines():
        named = re.match(r"`python -m bench\.([\w.]+)", line)
        if named:
            found.append((named[1], []))
        elif line.startswith("|"):
            found[-1][1].append([cell.strip() for cell in line.strip("|").split("|")])
    return found


def is_said(cell: str, ratio: float) -> bool:
    """Whether a cell says a ratio, to its own digits."""
    digits = cell.removesuffix("x")
    half = 0.5 * 10.0 ** -len(digits.partition(".")[2])
    return cell.endswith("x") and abs(float(digits) - ratio) <= half * 1.001


def wrong_figures(readme: str, whole: dict[str, Any]) -> list[str]:
    """Cells of the README that are not what the file has: of the page, not of its maker."""
    runs = {run["name"]: run["lines"] for run in whole["runs"]}
    words = {table.bench: {said: work for work, said in table.works.items()} for table in TABLES}
    wrong = []
    for bench, (head, _, *rows) in tables(readme.partition(BEGIN)[2].partition(END)[0]):
        for said, _, *cells in rows:
            for peer, cell in zip(head[2:], cells, strict=True):
                ratios = [
                    1 / line["ratio"]
                    for line in runs[bench]
                    if line["work"] == words[bench][said]
                    and f"{line['engine']} {line['version']}" == peer
                ]
                if not (is_said(cell, ratios[0]) if ratios else cell == ""):
                    wrong.append(f"{bench}, {said}, {peer}: {cell}, measured {ratios}")
    return wrong


def test_the_readmes_figures_are_the_committed_ones() -> None:
    readme = (ROOT / "README.md").read_text()
    assert wrong_figures(readme, committed()) == []
    assert f"{BEGIN}\n\n{figures(committed())}\n\n{END}" in readme, "python -m bench --readme"


def test_a_figure_that_nobody_measured_is_found() -> None:
    readme = (ROOT / "README.md").read_text()
    (first,) = [cell for cell in tables(readme)[0][1][2][2:3] if cell]
    assert wrong_figures(readme.replace(f" {first} |", " 999x |", 1), committed())


def test_all_of_the_readmes_figures_come_from_the_file() -> None:
    readme = (ROOT / "README.md").read_text()
    outside = readme.partition(BEGIN)[0] + readme.partition(END)[2]
    assert re.findall(r"^\|.*\d+(?:\.\d+)?x .*\|$", outside, re.MULTILINE) == []
    assert {bench for bench, _ in tables(readme.partition(BEGIN)[2])} == {
        table.bench for table in TABLES
    }


def test_the_readme_is_written_between_its_marks(tmp_path: Path) -> None:
    readme, file = tmp_path / "README.md", tmp_path / "results.json"
    file.write_text(json.dumps(committed()))
    readme.write_text(f"before\n{BEGIN}\nold\n{END}\nbehind\n")
    put_figures(readme, file)
    text = readme.read_text()
    assert text.startswith(f"before\n{BEGIN}\n\n")
    assert text.endswith(f"\n\n{END}\nbehind\n")
    assert "old" not in text
    assert wrong_figures(text, committed()) == []
    readme.write_text("no marks\n")
    with pytest.raises(ValueError, match="lacks"):
        put_figures(readme, file)


def test_runs_of_one_machine_are_merged() -> None:
    first = [Outcome(name, "x", "done", 1.0, [{"work": name}]) for name in ("a.b", "c.d")]
    old = results(first, [Benchmark("e.f", "", None), Benchmark("g.h", "", None)])
    again = Outcome("c.d", "x", "done", 2.0, [])
    whole = merged(old, results([again, Outcome("e.f", "x", "done", 1.0)], []))
    assert [(run["name"], run["seconds"]) for run in whole["runs"]] == [
        ("a.b", 1.0),
        ("c.d", 2.0),
        ("e.f", 1.0),
    ]
    assert whole["left_out"] == ["g.h"]
    with pytest.raises(ValueError, match="run all of them anew"):
        merged({**old, "versions": {"python": "2.7"}}, results([again], []))


def test_every_level_is_understood() -> None:
    found = levels()
    assert {"steady", "burst", "ramp", "soak", "reload", "shadow"} < set(found)
    assert {"slow_client", "overload"} < set(found)
    assert all(level.limits for level in found.values())
