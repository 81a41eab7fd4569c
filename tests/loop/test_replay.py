"""A stream that comes bit by bit and its history at full speed give the same rows and alarms."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kedge.io.file_source import FileSource
from kedge.loop import Pipeline, Run
from tests.loop.disk import OnDisk
from tests.loop.one_pipeline import Bench, Shown, written

TYPES = {"ts": "timestamp[us]", "user": "string", "x": "float64"}


def lines(bench: Bench) -> list[str]:
    rows = bench.tables[0].to_pylist()
    return [f'{{"ts":"{it["ts"]}","user":"{it["user"]}","x":{it["x"]!r}}}\n' for it in rows]


def replayed(pipeline: Path, text: str, folder: Path) -> Shown:
    bench = Bench(pipeline)
    (folder / "all.ndjson").write_text(text)
    connectors = OnDisk(bench.disk, FileSource(str(folder / "all.ndjson"), types=TYPES))
    made = Pipeline.read(pipeline, connectors)
    run = Run(made, connectors.store(made.state))
    while run.step():
        pass
    run.finish()
    run.close()
    return bench.shown()


@settings(max_examples=15)
@given(st.data())
def test_live_is_replay(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    folder = tmp_path_factory.mktemp("replay")
    pipeline = written(folder, data.draw(st.integers(10, 200)), data.draw(st.integers(5, 200)))
    bench = Bench(pipeline)
    text = "".join(lines(bench))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=8), "cuts"))
    (folder / "live").mkdir()
    connectors = OnDisk(bench.disk, FileSource(str(folder / "live"), follow=True, types=TYPES))
    made = Pipeline.read(pipeline, connectors)
    run = Run(made, connectors.store(made.state))
    for start, end in zip([0, *cuts], [*cuts, len(text)], strict=True):
        with (folder / "live" / "a.ndjson").open("a") as file:
            file.write(text[start:end])
        rows = -1
        while rows < run.counts.rows:
            rows = run.counts.rows
            run.step(0.0)
    run.finish()
    run.close()
    assert bench.shown() == replayed(pipeline, text, folder)
