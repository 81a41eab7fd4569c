"""kedge-edge gives what the Python package gives, to the bit, whatever way rows come and go."""

from __future__ import annotations

import io
import json
import os
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pytest

import kedge
from tests.edge.edge_runs import (
    PROGRAM,
    WINDOWS,
    compile_model,
    configure,
    connect,
    features,
    lines_of,
    names,
    records_of,
    run,
    table,
)
from tests.patience import until

ROWS = 3000


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, Path]:
    path = tmp_path_factory.mktemp("model") / "m.kedge"
    return compile_model(path), path


def bits(values: object) -> bytes:
    return np.asarray(values, dtype=np.float64).tobytes()


def predicted(model: Any, rows: pa.Table, raw: bool = False) -> Any:
    return pa.table(model.predict(rows, raw=raw)).column(0)


def printed(out: bytes) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out.splitlines()]


def as_csv(rows: pa.Table) -> bytes:
    out = io.BytesIO()
    pyarrow.csv.write_csv(rows, out)
    return out.getvalue()


def as_arrow(rows: pa.Table) -> bytes:
    out = io.BytesIO()
    with pa.ipc.new_stream(out, rows.schema) as writer:
        writer.write_table(rows, max_chunksize=700)
    return out.getvalue()


ENCODERS = {"ndjson": lines_of, "csv": as_csv, "arrow": as_arrow}


@pytest.mark.parametrize("form", ENCODERS)
@pytest.mark.parametrize("raw", [False, True])
def test_scores_are_those_of_the_package(
    model: tuple[Any, Path], tmp_path: Path, form: str, raw: bool
) -> None:
    rows = table(features(ROWS, 2))
    text = f'device = "d"\nmodel = "{model[1]}"\n[output]\nraw = {str(raw).lower()}\n'
    config = configure(tmp_path, f'{text}[input]\nformat = "{form}"', names())
    scores = [row["score"] for row in printed(run(config, ENCODERS[form](rows)).stdout)]
    assert bits(scores) == bits(predicted(model[0], rows, raw))


def test_csv_and_arrow_go_out(model: tuple[Any, Path], tmp_path: Path) -> None:
    rows = table(features(600, 2)).append_column("user", pa.array([f'u"{i},' for i in range(600)]))
    wanted = bits(predicted(model[0], rows.select(names())))
    types = {**dict.fromkeys(names(), "float64"), "user": "utf8"}
    for form in ("csv", "arrow"):
        text = f'device = "d"\nmodel = "{model[1]}"\n[output]\nformat = "{form}"\nkeep = ["user"]\n'
        out = run(configure(tmp_path, text + "[input]", types), lines_of_users(rows)).stdout
        if form == "csv":
            back = pyarrow.csv.read_csv(io.BytesIO(out))
        else:
            back = pa.ipc.open_stream(out).read_all()
        assert bits(back["score"]) == wanted
        assert back["user"].to_pylist() == rows["user"].to_pylist()


def lines_of_users(rows: pa.Table) -> bytes:
    return b"".join(
        json.dumps(
            {
                k: v if v is None or isinstance(v, str) or np.isfinite(v) else None
                for k, v in row.items()
            }
        ).encode()
        + b"\n"
        for row in rows.to_pylist()
    )


def test_windows_are_those_of_the_package(tmp_path: Path) -> None:
    lightgbm = pytest.importorskip("lightgbm")
    count = 4000
    random = np.random.default_rng(3)
    rows = pa.table(
        {
            "ts": np.sort(random.integers(0, 600_000, count)),
            "user": random.integers(0, 7, count),
            "amount": random.normal(size=count),
        }
    )
    timed = rows.set_column(0, "ts", rows["ts"].cast(pa.timestamp("ms")))
    window = kedge.Window.from_toml(WINDOWS)
    closed = pa.concat_tables([pa.table(window.push(timed)), pa.table(window.finish())])
    inputs = closed.select(["n", "spend", "p90"])
    y = np.asarray(inputs["n"]) + np.nan_to_num(np.asarray(inputs["spend"], dtype=float))
    x = np.column_stack([np.asarray(inputs[name], dtype=float) for name in inputs.column_names])
    data = lightgbm.Dataset(x, y, feature_name=inputs.column_names)
    trained = lightgbm.train({"objective": "regression", "verbose": -1, "num_threads": 1}, data, 20)
    model = kedge.compile(trained, reference=inputs)
    model.save(tmp_path / "m.kedge")
    text = 'device = "d"\nmodel = "m.kedge"\n[output]\nkeep = ["user", "n"]\n'
    types = {"ts": "timestamp[ms]", "user": "int64", "amount": "float64"}
    config = configure(tmp_path, text + WINDOWS + "[input]", types)
    out = printed(run(config, lines_of(rows)).stdout)
    assert [row["user"] for row in out] == closed["user"].to_pylist()
    assert [row["n"] for row in out] == closed["n"].to_pylist()
    assert bits([row["score"] for row in out]) == bits(predicted(model, inputs))
    plan = run(config, b"", "--plan").stdout.decode()
    assert str(window.hash) in plan


DEFINITIONS = [
    'gap = "30s"\ntime = "ts"\nkey = "k"',
    "every = 100\nkey = ['k']",
    'length = "60s"\ntime = "ts"',
    'bounds = [2024-01-01T00:00:00, "2024-02-01"]\ntime = "ts"',
    'every = "1d"\ntime = "ts"\nalign_to = "2024-01-01T06:00"\nmode = "update"\ntrigger = "1h"',
    'mode = "update"\ntrigger = 1000',
]
AGGREGATES = """
[window.aggregates]
a = { function = "count" }
b = { function = "variance", column = "x", ddof = 0 }
c = { function = "quantile", column = "x + y", q = 0.25, error = 0.001 }
d = { function = "distinct", column = "x", exact = true }
e = { function = "correlation", columns = ["x", "y"] }
f = { function = "histogram", column = "x", bins = 8, range = [0, 2] }
g = { function = "top", column = "k", k = 3, where = "x > 1" }
h = { function = "argmax", column = "x", of = "y" }
"""


@pytest.mark.parametrize("definition", DEFINITIONS)
def test_definitions_are_read_as_in_python(
    model: tuple[Any, Path], tmp_path: Path, definition: str
) -> None:
    text = f"[window]\n{definition}\n{AGGREGATES}"
    hash_ = kedge.Window.from_toml(text).hash
    config = configure(tmp_path, f'device = "d"\nmodel = "{model[1]}"\n{text}[input]', names())
    assert str(hash_) in run(config, b"", "--plan").stdout.decode()


def test_malformed_lines_are_set_aside(model: tuple[Any, Path], tmp_path: Path) -> None:
    good = lines_of(table(features(500, 4))).splitlines(keepends=True)
    bad = [b"{]\n", b'{"f0": "x"}\n', b"\xff\xfe\n", b"[1]\n", b'{"f0": 1' + b"0" * 70_000 + b"}\n"]
    mixed = b"".join(line + (bad[i % 5] if i % 2 else b"") for i, line in enumerate(good))
    text = f'device = "d"\nmodel = "{model[1]}"\n[quarantine]\npath = "bad.jsonl"\nbytes = 20000\n'
    text += '[metrics]\nto = "file:metrics.prom"\n'
    done = run(configure(tmp_path, text + "[input]", names()), mixed)
    assert len(printed(done.stdout)) == 500
    assert b"500 scored, 250 malformed" in done.stderr
    kept = printed((tmp_path / "bad.jsonl").read_bytes())
    assert (tmp_path / "bad.jsonl").stat().st_size <= 20000
    assert kept[0]["number"] == 1
    assert {entry["field"] for entry in kept} == {"", "f0"}
    assert "kedge_edge_malformed_total 250\n" in (tmp_path / "metrics.prom").read_text()


@pytest.mark.parametrize("form", ENCODERS)
def test_an_output_that_is_full_is_no_fault_of_the_input(
    model: tuple[Any, Path], tmp_path: Path, form: str
) -> None:
    text = f'device = "d"\nmodel = "{model[1]}"\n[output]\nto = "file:/dev/full"\n'
    text += f'[quarantine]\npath = "bad.jsonl"\n[input]\nformat = "{form}"'
    given = ENCODERS[form](table(features(ROWS, 2)))
    assert b"No space left" in run(configure(tmp_path, text, names()), given, code=64).stderr
    assert (tmp_path / "bad.jsonl").read_bytes() == b""


def test_reasons_are_those_of_the_package(model: tuple[Any, Path], tmp_path: Path) -> None:
    rows = table(features(50, 5))
    text = f'device = "d"\nmodel = "{model[1]}"\n[output]\nreasons = 2\n[input]'
    out = printed(run(configure(tmp_path, text, names()), lines_of(rows)).stdout)
    wanted = model[0].reasons(rows, top=2)
    for row, reasons in zip(out, wanted, strict=True):
        assert row["reasons"] == "; ".join(reason.condition for reason in reasons)


def test_what_does_not_fit_is_refused_by_name(model: tuple[Any, Path], tmp_path: Path) -> None:
    text = f'device = "d"\nmodel = "{model[1]}"\n'
    few = configure(tmp_path, text + "[input]", names()[:3])
    assert b'"f3"' in run(few, b"", code=64).stderr
    wrong = configure(tmp_path, text + '[input]\nfrom = "tcp:10.0.0.1:80"', names())
    assert b"input.from: expected tcp:127.0.0.1:PORT" in run(wrong, b"", code=64).stderr
    small = configure(tmp_path, text + '[spool]\nfolder = "s"\nbytes = 9\n[input]', names())
    assert b"spool.bytes = 9 is below" in run(small, b"", code=64).stderr
    short = 'batch_rows = 4096\n[spool]\nfolder = "s"\nbuffer_bytes = 32_000\n'
    batch = configure(tmp_path, f"{text}[input]\n{short}", names())
    refusal = run(batch, b"", code=64).stderr
    assert b"spool.buffer_bytes = 32000 is below 65536, twice what the scores" in refusal
    far = configure(tmp_path, text + "[inputs]\n[input]", names())
    assert b'there is no "inputs"' in run(far, b"", code=64).stderr


def test_sockets_take_and_tell(model: tuple[Any, Path], tmp_path: Path) -> None:
    rows = table(features(300, 6))
    text = f'device = "d"\nmodel = "{model[1]}"\n[output]\nto = "file:out.jsonl"\n'
    text += '[metrics]\nto = "unix:m.sock"\n[input]\nfrom = "unix:in.sock"'
    config = configure(tmp_path, text, names())
    with subprocess.Popen([PROGRAM, config], stderr=subprocess.PIPE) as program:
        for part in (rows.slice(0, 100), rows.slice(100)):
            with connect(tmp_path / "in.sock") as sender:
                sender.sendall(lines_of(part)[:-1])  # the last line ends with the connection
        out = tmp_path / "out.jsonl"
        until(lambda: out.read_bytes().count(b"\n") == 300)
        with connect(tmp_path / "m.sock") as scrape:
            answer = b"".join(iter(lambda: scrape.recv(4096), b""))
        program.terminate()
        assert program.wait(timeout=20) == 0
    assert b"kedge_edge_scored_total 300\n" in answer
    assert bits([row["score"] for row in printed(out.read_bytes())]) == bits(
        predicted(model[0], rows)
    )
    assert not os.path.lexists(tmp_path / "in.sock")


def test_sketches_are_those_of_the_package(model: tuple[Any, Path], tmp_path: Path) -> None:
    rows = table(features(ROWS, 7))
    text = f'device = "d"\nmodel = "{model[1]}"\n[spool]\nfolder = "spool"\n[input]'
    config = configure(tmp_path, text, names())
    for part in (rows.slice(0, 1000), rows.slice(1000)):
        run(config, lines_of(part))
    records = records_of(tmp_path / "spool")
    assert [kind for kind, _, _ in records].count(0) == 2
    scores = b"".join(payload for kind, _, payload in records if kind == 1)
    wanted = predicted(model[0], rows)
    assert scores == bits(wanted)
    assert sum(events for _, events, _ in records) == ROWS
    stored = kedge.Profile.from_bytes([p for kind, _, p in records if kind == 2][-1][40:])
    current = stored.like()
    current.update(rows.append_column("score", wanted))
    assert stored.to_bytes() == current.to_bytes()
    reference = model[0].profile.like()
    reference.update(rows)
    assert stored.select(names()).to_bytes() == reference.to_bytes()


def peak_and_plan(config: Path, given: bytes) -> tuple[int, int]:
    peak = run(config, given, "--peak-memory").stderr.decode().partition("peak memory:")[2]
    plan = run(config, b"", "--plan").stdout.decode().partition("together, bytes")[2]
    return int(peak.split()[0]) * 1024, int(plan.split()[0])


def test_a_run_takes_what_its_plan_says(tmp_path: Path) -> None:
    """Beside a small one, as what libraries take is in no plan, and a board's program has none."""
    found = []
    for trees, width, kept in ((1, 2, ""), (100, 32, "[spool]\nbuffer_bytes = 1_000_000\n")):
        folder = tmp_path / str(trees)
        folder.mkdir()
        compile_model(folder / "m.kedge", trees, 31, width, cells=256)
        text = 'device = "d"\nmodel = "m.kedge"\n[output]\nto = "file:scores"\n'
        if kept:
            kept += f'folder = "{folder / "spool"}"\n'
        config = configure(folder, text + kept + "[input]", names(width))
        found.append(peak_and_plan(config, lines_of(table(features(20_000, 2, width)))))
    (small, small_plan), (large, large_plan) = found
    assert large <= 8_000_000
    assert large - small <= large_plan - small_plan
    # Of records that did not wait, and a segment that nobody was sent.
    unused = 2_000_000 + 1_200_000
    assert large_plan - small_plan <= 4 * (large - small) + unused


def test_a_start_has_one_segment_in_memory(tmp_path: Path) -> None:
    compile_model(tmp_path / "m.kedge", trees=1, cells=16)
    text = 'device = "d"\nmodel = "m.kedge"\n[output]\nto = "file:/dev/null"\n'
    text += '[spool]\nfolder = "spool"\nbuffer_bytes = 131_072\n[input]\nformat = "arrow"'
    config = configure(tmp_path, text, names())
    empty, _ = peak_and_plan(config, b"")
    run(config, as_arrow(table(features(2_000_000, 2))))
    assert sum(segment.stat().st_size for segment in (tmp_path / "spool").iterdir()) > 16_000_000
    full, _ = peak_and_plan(config, b"")
    assert full - empty < 6_000_000


def test_fine_cells_take_more_than_a_small_board_has(tmp_path: Path) -> None:
    """32 features of 4096 cells: their sketch is no fit for 1 MB, and the peak none for 8 MB."""
    compile_model(tmp_path / "m.kedge", 100, 31, 32, cells=4096)
    text = 'device = "d"\nmodel = "m.kedge"\n[output]\nto = "file:scores"\n'
    text += '[spool]\nfolder = "spool"\nbuffer_bytes = '
    refusal = run(configure(tmp_path, text + "1_000_000\n[input]", names(32)), b"", code=64).stderr
    assert b"spool.buffer_bytes = 1000000: a sketch may take 12" in refusal
    config = configure(tmp_path, text + "1_250_000\n[input]", names(32))
    peak, plan = peak_and_plan(config, lines_of(table(features(20_000, 2, 32))))
    assert 8_000_000 < peak <= min(plan + 1_000_000, 14_000_000)


def test_times_are_of_each_event(model: tuple[Any, Path], tmp_path: Path) -> None:
    rows = lines_of(table(features(500, 2)))
    config = configure(tmp_path, f'device = "d"\nmodel = "{model[1]}"\n[input]', names())
    timed = run(config, rows, "--times")
    assert timed.stdout == run(config, rows).stdout
    assert "events: 500, p50 " in timed.stderr.decode()
    assert float(timed.stderr.decode().partition("p99.9 ")[2].split()[0]) > 0
    text = f'device = "d"\nmodel = "{model[1]}"\n[input]\nformat = "arrow"'
    refusal = run(configure(tmp_path, text, names()), b"", "--times", code=64).stderr
    assert b'--times is of lines: input.format = "arrow"' in refusal
