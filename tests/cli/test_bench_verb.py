"""kedge bench: from a target to a verdict, a page and a report."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import kedge
from kedge.cli import main
from kedge.serve import Options, wire
from kedge.serve.server import Server
from kedge.sla.costs import server_pid, usage
from kedge.sla.report import read_rounds
from kedge.sla.requests import Input, inputs_of, mixed, random_requests, row_requests
from kedge.sla.target import Target
from tests.serve.test_service import TWO_LEAVES

SHORT = ["--rate", "200", "--duration", "1s", "--warmup", "100ms", "--most-lag", "100s"]


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "models" / "m" / "1.kedge"
    path.parent.mkdir(parents=True)
    kedge.compile(TWO_LEAVES).save(path)
    return path


@pytest.fixture
def server(model: Path) -> Iterator[Server]:
    made = Server(Options(str(model.parents[1]), port=0))
    yield made
    made.stop(0)


def said(capsys: pytest.CaptureFixture[str]) -> Any:
    return json.loads(capsys.readouterr().out)


def test_a_level_that_holds_and_one_that_cannot(
    server: Server, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = f"grpc://127.0.0.1:{server.port}/m"
    page, report = tmp_path / "page.html", tmp_path / "a.json"
    command = ["bench", target, *SHORT, "--rows", "1,16", "--json"]
    files = ["--html", str(page), "-o", str(report)]
    assert main([*command, "--sla", "p50<100s", "--price", "0.1", *files]) == 0
    found = said(capsys)
    assert (found["verdict"], found["limits"][0]["limit"]) == ("pass", "p50<100s")
    (side,) = found["sides"]
    assert (side["calls"], side["errors"]) == (200, 0)
    assert side["cost"]["cpu_us_per_call"] >= 0
    assert page.read_text().startswith("<!DOCTYPE html>")
    assert "Latency by percentile" in page.read_text()
    assert json.loads(report.read_text())["format"] == "kedge.bench/1"
    assert main([*command, "--sla", "p50<1ns"]) == 1
    assert said(capsys)["verdict"] == "fail"
    assert main(["bench", "diff", str(report), str(report), "--json"]) == 2
    assert {one["verdict"] for one in said(capsys)} == {"not known"}


def test_rows_of_a_file_are_replayed_when_they_came(
    server: Server, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "rows.parquet"
    times = np.datetime64("2026-01-01T00:00:00.000", "ms") + np.arange(50) * 10
    columns = {f"Column_{i}": np.arange(50.0) for i in range(2)}
    pq.write_table(pa.table({"at": times, **columns}), path)
    target = f"grpc://127.0.0.1:{server.port}/m@1"
    command = ["bench", target, "--data", str(path), "--times", "at", "--most-lag", "100s"]
    assert main([*command, "--json"]) == 0
    (side,) = said(capsys)["sides"]
    assert (side["calls"], side["errors"]) == (50, 0)


def test_each_round_of_two_replays_all_rows(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows, report = tmp_path / "rows.parquet", tmp_path / "a.json"
    times = np.arange(20) * 0.01
    pq.write_table(pa.table({"at": times, "a": times, "b": times}), rows)
    command = ["bench", str(model), "--vs", str(model), "--data", str(rows), "--times", "at"]
    assert main([*command, "--rounds", "3", "--most-lag", "100s", "-o", str(report)]) == 0
    assert "60 calls" in capsys.readouterr().out
    rounds = read_rounds(report)
    assert len(rounds) == 3
    for one in rounds:
        assert sorted(one.codes.sum(1))[-20:] == [1] * 20  # each in the slice it was due in
        assert one.slice_s * len(one.codes) == pytest.approx(times[-1])


def test_a_model_is_loaded_in_this_process(model: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", str(model), *SHORT, "--sla", "p50<100s"]) == 0
    text = capsys.readouterr().out
    assert "200 calls" in text
    assert "us of processor a call" in text
    assert text.endswith("pass\n")


def test_the_highest_rate_is_looked_for(model: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["bench", str(model), *SHORT, "--find-rate", "--sla", "p50<1ns", "--json"]
    assert main(command) == 1
    assert said(capsys)["found"]["holds"] == 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nowhere"], "expected grpc://host:port/model"),
        (["grpc://h:1/m", "x"], "2 targets"),
        (["diff", "a"], "expected two reports"),
        (["edge", "a", "b"], "2 programs"),
        (["grpc://h:1/m", "--sla", "p99<"], "p99<"),
        (["grpc://h:1/m", "--duration", "3"], "'3'"),
        (["grpc://h:1/m", "--rows", "1,0"], "--rows '1,0'"),
        (["grpc://h:1/m", "--confidence", "1"], "--confidence 1.0"),
        (["grpc://h:1/m", "--input", "x"], "--input 'x'"),
        (["grpcs://h:1/m"], "--ca go together"),
        (["x.kedge", "--find-rate"], "x.kedge"),
        (["x.kedge", "--find-rate", "--sla", "p99<2ms", "--vs", "echo"], "--vs names another"),
        (["x.kedge", "--find-rate", "--sla", "p99<2ms", "--times", "ts"], "--times says when"),
    ],
)
def test_wrong_use_is_64(
    arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["bench", *arguments]) == 64
    assert words in capsys.readouterr().err


def test_requests_are_what_the_model_takes(server: Server) -> None:
    target = Target(f"127.0.0.1:{server.port}", "m")
    with kedge.Client(target.place) as client:
        inputs = inputs_of(client, target)
        for rows in (1, 16):
            for one in random_requests(target, inputs, rows)[:3]:
                answer = client._call("/inference.GRPCInferenceService/ModelInfer", one)
                raw = [value for field, value in wire.fields(answer) if field == 6]
                assert len(raw[0]) == 8 * rows


def test_rows_go_by_name_or_side_by_side() -> None:
    target = Target("x", "m")
    columns = {"a": np.arange(5.0), "b": np.arange(5.0) * 2}
    named = (Input("a", "FP32", (-1, 1)), Input("b", "INT32", (-1, 1)))
    assert len(row_requests(target, named, columns, 2)) == 2
    whole = row_requests(target, (Input("rows", "FP64", (-1, 2)),), columns, 5)
    raw = [value for field, value in wire.fields(whole[0]) if field == 7]
    assert raw == [np.column_stack(list(columns.values())).tobytes()]
    for inputs, words in (
        ((Input("rows", "FP64", (-1, 3)),), "takes 3 features, the data has 2"),
        ((Input("a", "FP64", (-1,)), Input("c", "FP64", (-1,))), "lacks columns c"),
    ):
        with pytest.raises(kedge.InvalidArgument, match=words):
            row_requests(target, inputs, columns, 1)
    assert mixed([[b"a", b"b"], [b"c"]]) == [b"a", b"c", b"b", b"c"]


def test_who_listens_is_found_and_what_it_used(server: Server, tmp_path: Path) -> None:
    import os

    assert server_pid(f"127.0.0.1:{server.port}") == os.getpid()
    assert usage(os.getpid()).cpu_s > 0
    assert usage(os.getpid()).peak_bytes > 1 << 20
    assert server_pid("elsewhere:1") is None
