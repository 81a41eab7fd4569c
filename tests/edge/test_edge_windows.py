"""Windows of kedge-edge over a restart: as if there had been none, or a state that says so."""

from __future__ import annotations

import itertools
import subprocess
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

import kedge
from tests.edge.edge_runs import PROGRAM, WINDOWS, configure, connect, lines_of, run
from tests.patience import until

ROWS = 3000
TYPES = {"ts": "timestamp[ms]", "user": "int64", "amount": "float64"}
INPUTS = ["n", "spend", "p90"]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    lightgbm = pytest.importorskip("lightgbm")
    x = np.random.default_rng(1).normal(size=(500, 3)).cumsum(axis=0)
    data = lightgbm.Dataset(x, x.sum(axis=1), feature_name=INPUTS)
    trained = lightgbm.train({"objective": "regression", "verbose": -1, "num_threads": 1}, data, 9)
    path = tmp_path_factory.mktemp("model") / "m.kedge"
    reference = pa.table({name: x[:, i] for i, name in enumerate(INPUTS)})
    kedge.compile(trained, reference=reference).save(path)
    return path


@pytest.fixture(scope="module")
def lines() -> list[bytes]:
    random = np.random.default_rng(3)
    times = np.sort(random.integers(0, 600_000, ROWS)) - random.integers(0, 8_000, ROWS)
    rows = pa.table(
        {
            "ts": np.maximum(times, 0),
            "user": random.integers(0, 7, ROWS),
            "amount": random.normal(size=ROWS),
        }
    )
    return lines_of(rows).splitlines(keepends=True)


def configured(folder: Path, model: Path, definition: str = WINDOWS) -> Path:
    folder.mkdir(exist_ok=True)
    text = f'device = "d"\nmodel = "{model}"\n[output]\nkeep = ["user", "n"]\n'
    text += '[state]\nfolder = "state"\nevery = "1s"\n[metrics]\nto = "unix:m.sock"\n'
    return configure(folder, f"{text}{definition}[input]", TYPES)


def state_of(config: Path) -> bytes:
    return (config.parent / "state" / "windows.state").read_bytes()


def scraped(config: Path) -> dict[str, int]:
    with connect(config.parent / "m.sock") as scrape:
        answer = b"".join(iter(lambda: scrape.recv(4096), b"")).decode()
    told = [line.split() for line in answer.splitlines() if line.startswith("kedge_edge_")]
    return {name.removeprefix("kedge_edge_"): int(value) for name, value in told}


class Board:
    """A run whose rows come while it is looked at."""

    def __init__(self, config: Path) -> None:
        self.config = config
        pipe = subprocess.PIPE
        self.process = subprocess.Popen([PROGRAM, config], stdin=pipe, stdout=pipe, stderr=pipe)

    def send(self, lines: list[bytes]) -> None:
        assert self.process.stdin
        self.process.stdin.write(b"".join(lines))
        self.process.stdin.flush()

    def wait_for(self, name: str, value: int) -> None:
        until(lambda: scraped(self.config).get(name) == value)

    def end(self) -> bytes:
        out, _ = self.process.communicate(timeout=60)
        return out


@pytest.mark.parametrize("stops", [[1500], [1, 2, 700, 2999]])
def test_ends_of_the_input_are_none_of_the_windows(
    tmp_path: Path, model: Path, lines: list[bytes], stops: list[int]
) -> None:
    whole = configured(tmp_path / "whole", model)
    wanted = run(whole, b"".join(lines)).stdout
    parts = configured(tmp_path / "parts", model)
    bounds = [0, *stops, ROWS]
    found = [
        run(parts, b"".join(lines[begin:end])).stdout for begin, end in itertools.pairwise(bounds)
    ]
    assert wanted.count(b"\n") > 100
    assert b"".join(found) == wanted
    assert state_of(parts) == state_of(whole)


def test_sigterm_ends_in_order(tmp_path: Path, model: Path, lines: list[bytes]) -> None:
    wanted = run(configured(tmp_path / "whole", model), b"".join(lines)).stdout
    config = configured(tmp_path / "parts", model)
    board = Board(config)
    board.send(lines[:1000])
    board.wait_for("rows_total", 1000)
    board.process.terminate()
    first = board.end()
    assert board.process.returncode == 0
    assert first + run(config, b"".join(lines[1000:])).stdout == wanted


def test_a_kill_loses_the_rows_since_the_state_and_says_so(
    tmp_path: Path, model: Path, lines: list[bytes]
) -> None:
    wanted = run(configured(tmp_path / "whole", model), b"".join(lines)).stdout
    config = configured(tmp_path / "parts", model)
    board = Board(config)
    board.send(lines[:1000])
    board.wait_for("window_state_rows", 1000)
    told = scraped(config)
    assert told["window_state_behind_rows"] == told["window_state_cuts_total"] == 0
    kept = state_of(config)
    board.process.kill()
    first = board.end()
    assert state_of(config) == kept
    board = Board(config)
    board.wait_for("window_state_cuts_total", 1)
    told = scraped(config)
    assert told["window_state_rows"] == 1000
    assert told["window_state_refused"] == told["window_state_failures_total"] == 0
    board.send(lines[1000:])
    board.wait_for("rows_total", ROWS - 1000)
    board.process.terminate()
    assert first + board.end() == wanted


@pytest.mark.parametrize("harm", ["definition", "columns", "flipped", "cut"])
def test_what_is_no_state_of_these_windows_is_set_aside(
    tmp_path: Path, model: Path, lines: list[bytes], harm: str
) -> None:
    config = configured(tmp_path / "board", model)
    run(config, b"".join(lines[:1000]))
    kept = state_of(config)
    reasons = {"definition": "of another definition: lateness", "columns": '"amount"'}
    if harm == "definition":
        config = configured(tmp_path / "board", model, WINDOWS.replace('"5s"', '"6s"'))
    elif harm == "columns":
        config.write_text(config.read_text().replace('amount = "float64"', 'amount = "float32"'))
    elif harm == "flipped":
        kept = kept[:500] + bytes([kept[500] ^ 1]) + kept[501:]
    else:
        kept = kept[:-7]
    (tmp_path / "board" / "state" / "windows.state").write_bytes(kept)
    done = run(config, b"".join(lines[1000:]))
    message = done.stderr.decode()
    assert reasons.get(harm, "window snapshot") in message
    assert "set aside as windows.refused" in message
    assert (tmp_path / "board" / "state" / "windows.refused").read_bytes() == kept
    assert b"windows.refused" not in run(config, b"").stderr


def test_a_state_without_windows_is_refused(tmp_path: Path, model: Path) -> None:
    config = configured(tmp_path / "board", model, "")
    assert b"state: it keeps windows, and there are none" in run(config, b"", code=64).stderr
