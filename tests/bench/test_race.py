"""The race refuses wrong answers and reckons right; no test here depends on a real clock."""

from __future__ import annotations

import gc
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version

import pytest

import kedge
from bench import peers
from bench.drift import bench_ks
from bench.kernels import bench_cell_count
from bench.race import Contender, Race, WrongAnswer, difference, run
from kedge import _core

KEYS = {"work", "engine", "version", "rows", "median_ns", "p99_ns", "rows_per_s", "ratio"}


@dataclass
class Track:
    """A clock that only moves when a contender runs, and what ran."""

    now: int = 0
    ran: list[str] = field(default_factory=list)

    def contender(
        self, engine: str, answer: float, takes: Callable[[int], int]
    ) -> Contender[float]:
        def go() -> float:
            self.now += takes(self.ran.count(engine))
            self.ran.append(engine)
            return answer

        return Contender(engine, "1.0", go)

    def clock(self) -> int:
        return self.now


def judge(engine: str, answer: float, expected: float) -> str:
    return difference("sum", answer, expected, absolute=1e-12)


def race_of(
    ours: Contender[float], *others: Contender[float], expected: float | None = None
) -> Race[float]:
    return Race("sum/all", 1000, ours, others, judge, expected)


def test_a_wrong_peer_is_refused_by_name_with_both_values_and_never_timed() -> None:
    track = Track()
    ours = track.contender("kedge", 2.0, lambda run: 1)
    right = track.contender("right", 2.0, lambda run: 1)
    wrong = track.contender("wrong", 2.5, lambda run: 1)
    with pytest.raises(WrongAnswer, match=r"sum/all: wrong .*sum is 2\.5, expected 2\.0"):
        run(race_of(ours, right, wrong), rounds=5, budget_s=1, clock=track.clock)
    assert track.ran == ["kedge", "right", "wrong"]


def test_our_own_wrong_answer_is_refused_too() -> None:
    track = Track()
    ours = track.contender("kedge", 3.0, lambda run: 1)
    peer = track.contender("peer", 2.0, lambda run: 1)
    with pytest.raises(WrongAnswer, match="kedge"):
        run(race_of(ours, peer), rounds=5, budget_s=1, clock=track.clock)


def test_an_expected_answer_goes_before_the_first_peers() -> None:
    track = Track()
    ours = track.contender("kedge", 2.0, lambda run: 1)
    peer = track.contender("peer", 2.0, lambda run: 1)
    with pytest.raises(WrongAnswer, match=r"expected 7\.0"):
        run(race_of(ours, peer, expected=7.0), rounds=5, budget_s=1, clock=track.clock)


def test_ratio_is_our_median_over_the_engines() -> None:
    track = Track()
    ours = track.contender("kedge", 2.0, lambda run: 100 if run != 3 else 900)
    peer = track.contender("peer", 2.0, lambda run: 400)
    lines = run(race_of(ours, peer), rounds=5, budget_s=1, clock=track.clock)
    assert [(line.engine, line.ratio) for line in lines] == [("kedge", 1.0), ("peer", 0.25)]
    assert [(line.median_ns, line.p99_ns) for line in lines] == [(100, 900), (400, 400)]
    assert lines[0].rows_per_s == 1e10


def test_rounds_are_interleaved_and_the_order_rotates() -> None:
    track = Track()
    everyone = [track.contender(name, 2.0, lambda run: 1) for name in "abc"]
    run(race_of(*everyone), rounds=3, budget_s=1, clock=track.clock)
    assert "".join(track.ran) == "abc" + "abc" + "bca" + "cab"


def test_a_slow_contender_sits_rounds_out_but_not_below_three() -> None:
    track = Track()
    ours = track.contender("kedge", 2.0, lambda run: 1)
    slow = track.contender("slow", 2.0, lambda run: 200_000_000)
    slower = track.contender("slower", 2.0, lambda run: 9_000_000_000)
    lines = run(race_of(ours, slow, slower), rounds=30, budget_s=1, clock=track.clock)
    assert [line.rounds for line in lines] == [30, 5, 3]


def test_every_call_of_a_round_is_a_reading_by_the_engines_own_clock() -> None:
    track = Track()
    ours = track.contender("kedge", 2.0, lambda run: 10)
    calls = Contender("calls", "1.0", lambda: 2.0, lambda answer: [20, 30, 700_000_000])
    lines = run(race_of(ours, calls), rounds=5, budget_s=1, clock=track.clock)
    assert [(line.rounds, line.median_ns, line.p99_ns) for line in lines] == [
        (5, 10, 10),
        (3, 30, 700_000_000),
    ]


def test_alone_times_only_ours_but_compares_everyone() -> None:
    track = Track()
    ours = track.contender("kedge", 2.0, lambda run: 1)
    peer = track.contender("peer", 2.0, lambda run: 1)
    lines = run(race_of(ours, peer), rounds=2, budget_s=1, alone=True, clock=track.clock)
    assert [line.engine for line in lines] == ["kedge"]
    assert track.ran == ["kedge", "peer", "kedge", "kedge"]


def test_collection_is_off_in_the_race_and_on_after_it() -> None:
    seen: list[bool] = []

    def go() -> float:
        seen.append(gc.isenabled())
        return 2.0

    run(race_of(Contender("kedge", "1.0", go)), rounds=2, budget_s=1)
    assert seen == [True, False, False]
    assert gc.isenabled()


def test_the_ks_benchmark_prints_json_lines(capsys: pytest.CaptureFixture[str]) -> None:
    code = bench_ks.main(["--rows", "20000", "--rounds", "2", "--json"])
    out, err = capsys.readouterr()
    assert (code, err) == (0, "")
    lines = [json.loads(line) for line in out.splitlines()]
    assert all(line.keys() >= KEYS for line in lines)
    assert {line["ratio"] for line in lines if line["engine"] == "kedge"} == {1.0}
    works = [f"{part}/{name}" for part in ("ks_bracket", "ks_exact") for name in bench_ks.COLUMNS]
    assert {line["work"] for line in lines} == {*works, "ks_float32/normal", "ks_nulls/normal"}
    widths = [line["width"] for line in lines if line["engine"] == "kedge" and "width" in line]
    assert len(widths) == len(bench_ks.COLUMNS) + 2
    assert max(widths) <= 0.002


@pytest.mark.parametrize(
    ("bracket", "complaint"),
    [
        (peers.Bracket(0.5, 0.6), "kedge .* 0.5 .. 0.6, the exact distance 0.0"),
        (peers.Bracket(0.0, 1.0), "kedge .* 1.000000 wide, expected at most 0.002"),
    ],
)
def test_a_bracket_that_is_wrong_or_wide_fails_the_benchmark(
    bracket: peers.Bracket,
    complaint: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    made = Contender("kedge", "1.0", lambda: bracket)
    monkeypatch.setattr(bench_ks, "kedge_bracket", lambda reference, current: made)
    assert bench_ks.main(["--rows", "1000", "--rounds", "2", "--only", "ks_bracket/normal"]) == 1
    out, err = capsys.readouterr()
    assert len(out.splitlines()) == 1  # the head of the table
    assert re.search(complaint, err)


def test_a_missing_peer_names_the_extra_and_the_others_go_on(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def without_scipy(package: str) -> str:
        if package == "scipy":
            raise PackageNotFoundError(package)
        return version(package)

    monkeypatch.setattr(peers, "version", without_scipy)
    arguments = ["--rows", "1000", "--rounds", "2", "--json", "--only", "ks_exact/"]
    assert bench_ks.main(arguments) == 0
    out, err = capsys.readouterr()
    assert err.count('scipy is not installed and sits out: pip install ".[bench]"') == 1
    assert {json.loads(line)["engine"] for line in out.splitlines()} == {"kedge", "numpy.sort"}


def test_every_variant_of_the_kernel_is_raced(capsys: pytest.CaptureFixture[str]) -> None:
    assert bench_cell_count.main(["--rows", "3000", "--rounds", "2", "--json"]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {line["work"] for line in lines} == {f"cell_count/{k}" for k in bench_cell_count.COLUMNS}
    assert {line["engine"] for line in lines} == {"kedge", *_core.cell_variants()[:-1]}


def test_a_variant_that_cannot_run_is_refused_by_name() -> None:
    histogram = kedge.profile([1.0, 2.0]).histogram("")
    with pytest.raises(kedge.InvalidArgument, match='no variant "bogus" that runs here'):
        _core.count_with("bogus", histogram, [1.0])
